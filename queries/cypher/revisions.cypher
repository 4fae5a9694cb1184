// name: revisions
// what: the branches and tags of a project, and the moment of the commit that each points to
// params: project (string or null) = null
// returns: project (string), ref (string), sha (string), at (integer, epoch seconds)
//
// project: a key; null for all. at: the commit's time on the project's side.

MATCH (p:Repository|Variant)
WHERE $project IS NULL OR p.key = $project
MATCH (p)-[:HAS_BRANCH|HAS_TAG]->(ref)-[:HEAD|TAGS]->(c:Commit)<-[h:HAS_COMMIT]-(p)
RETURN p.key AS project, ref.name AS ref, c.sha AS sha, h.at AS at
ORDER BY project, ref
