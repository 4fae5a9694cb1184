// name: contributors
// what: how many people commit on each side of a family
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), side (string), contributors (integer), commits (integer)
//
// People on both sides are in `contributors_shared`. A side whose commits name nobody has no row.
// commits: those with a known contributor, each once.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
MATCH (c)-[:AUTHORED_BY]->(who:Contributor)
WITH f.name AS family, CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
     count(DISTINCT who.key) AS contributors, count(DISTINCT c.sha) AS commits
RETURN family, side, contributors, commits
ORDER BY family, side DESC
