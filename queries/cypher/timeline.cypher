// name: timeline
// what: the merged timeline of a family: its commits on both sides, oldest first
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), at (integer, epoch seconds), side (string), project (string),
//     name (string or null), sha (string), author (string or null), subject (string or null)
//
// At equal times upstream stands before downstream; then the order is by project and sha: the
// order in which switches are found.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
RETURN f.name AS family, h.at AS at,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
       p.key AS project, p.name AS name, c.sha AS sha, c.author AS author, c.subject AS subject
ORDER BY family, at, side DESC, project, sha
