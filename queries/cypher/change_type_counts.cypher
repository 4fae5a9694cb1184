// name: change_type_counts
// what: how often each of the study's change types occurs on each side of a family
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), side (string), change_type (string), commits (integer),
//     primary_commits (integer), classified (integer)
//
// A commit counts once per project, and for each of its types; primary_commits: those where the
// type stands first. classified: all commits of the side that have types.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until AND size(h.change_types) > 0
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f.name AS family, CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
     count(*) AS classified, collect(h.change_types) AS lists
UNWIND lists AS types
UNWIND types AS change_type
RETURN family, side, change_type, count(*) AS commits,
       sum(CASE WHEN types[0] = change_type THEN 1 ELSE 0 END) AS primary_commits, classified
ORDER BY family, side DESC, change_type
