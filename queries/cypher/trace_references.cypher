// name: trace_references
// what: the commits that name these commits, or that they name, and the projects that have them
// params: commits (list of strings) = []
// returns: sha (string), direction (string), other_sha (string), subject (string or null),
//     project (string), name (string or null), side (string), at (integer, epoch seconds),
//     method (string or null)
//
// commits: full shas. direction: `names` if the commit's own message names the other one, else
// `named_by`. at: the other commit's time on its side.

MATCH (c:Commit)-[x:REFERENCES]-(o:Commit)
WHERE c.sha IN $commits
MATCH (p:Repository|Variant)-[h:HAS_COMMIT]->(o)
RETURN DISTINCT c.sha AS sha,
       CASE WHEN EXISTS { (c)-[:REFERENCES]->(o) } THEN 'names' ELSE 'named_by' END AS direction,
       o.sha AS other_sha, o.subject AS subject, p.key AS project, p.name AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side, h.at AS at,
       x.method AS method
ORDER BY sha, direction, at, project, other_sha
