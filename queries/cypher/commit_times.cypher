// name: commit_times
// what: the times of the commits that count for a family, by project
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), project (string), upstream (boolean), times (list of integers)
//
// The commits that count are those of docs/design.md, section 2: on the default branch at `until`,
// and on the paths that the family is limited to, if it is.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f, p, h.at AS at
ORDER BY at
RETURN f.name AS family, p.key AS project, p:Repository AS upstream, collect(at) AS times
ORDER BY family, project
