// name: projects
// what: the projects of a family: where people find them, their commits, what their hosts told
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), side (string), project (string), name (string or null),
//     url (string or null), commits (integer), first_at (integer or null, epoch seconds),
//     last_at (integer or null, epoch seconds), gone_at (integer or null, epoch seconds),
//     moved_to (string or null), observed_at (integer or null, epoch seconds)
//
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope. gone_at and moved_to are as last told.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
OPTIONAL MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f, p, count(c) AS commits, min(h.at) AS first_at, max(h.at) AS last_at
RETURN f.name AS family,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
       p.key AS project, p.name AS name, p.url AS url, commits, first_at, last_at,
       p.gone_at AS gone_at, p.moved_to AS moved_to, p.observed_at AS observed_at
ORDER BY family, side DESC, project
