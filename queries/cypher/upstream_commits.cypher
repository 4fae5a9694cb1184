// name: upstream_commits
// what: how many commits of each upstream count for its family: none is a history that is not known
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), repository (string), paths (list of strings or null),
//     commits (integer)
//
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM]->(r:Repository)
WITH f, r, u.paths AS paths, coalesce($until, f.observed_at) AS until
OPTIONAL MATCH (r)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
RETURN f.name AS family, r.key AS repository, paths, count(c) AS commits
ORDER BY family, repository
