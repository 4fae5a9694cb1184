// name: trace_path
// what: what came of a file of a repository, by its path: the commits that brought what variants carry
// params: repository (string or null) = null, path (string or null) = null
// returns: origin_sha (string), repository (string), origin_path (string), copies (integer)
//
// repository: a key or a name; null for all, as for the path. The query trace_commit tells the rest.

MATCH (r:Repository)
WHERE $repository IS NULL OR r.key = toLower($repository)
   OR toLower(r.name) = toLower($repository)
MATCH (r)<-[:COPIED_FROM]-(c:Copy)-[:ORIGINATES_IN]->(o:Commit)
WHERE $path IS NULL OR c.origin_path = $path
WITH o.sha AS origin_sha, r.key AS repository, c.origin_path AS origin_path, count(c) AS copies
RETURN origin_sha, repository, origin_path, copies
ORDER BY repository, origin_path, origin_sha
