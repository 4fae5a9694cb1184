// name: tags
// what: the tags of a family's projects and the commits that they point to
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), side (string), project (string), name (string or null), tag (string),
//     sha (string), committed_at (integer or null, epoch seconds)
//
// Tags are as observed; those of commits made after until are left out.

UNWIND $families AS name
MATCH (f:Family {name: name})-[:UPSTREAM|RELEASES]->(p)-[:HAS_TAG]->(t:Tag)-[:TAGS]->(c:Commit)
OPTIONAL MATCH (p)-[h:HAS_COMMIT]->(c)
WITH f, p, t, c, coalesce(h.settled_at, c.committed_at) AS committed_at
WHERE committed_at <= coalesce($until, f.observed_at)
RETURN f.name AS family,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
       p.key AS project, p.name AS name, t.name AS tag, c.sha AS sha,
       committed_at
ORDER BY family, side DESC, project, committed_at, tag
