// name: trace_commit
// what: what came of commits of repositories: the variants that carry their files, and since when
// params: commits (list of strings) = []
// returns: origin_sha (string), variant (string), name (string or null), path (string),
//     blob (string), kind (string), boilerplate (boolean), weight (float), repository (string),
//     repository_name (string or null), origin_path (string), copied_sha (string),
//     copied_at (integer, epoch seconds), gone_at (integer or null, epoch seconds),
//     lag_seconds (integer or null)
//
// commits: full shas. The columns mean what they mean in the query origins. A file that the commit
// brought and an earlier one had brought before comes from that one. Asked by `IN`: for {sha: sha} the
// embedded engine would first build an index of all commits.

MATCH (o:Commit)<-[:ORIGINATES_IN]-(c:Copy)-[:COPIED_FROM]->(r:Repository)
WHERE o.sha IN $commits
MATCH (c)<-[:HAS_COPY]-(v:Variant)
MATCH (c)-[:COPIED_IN]->(x:Commit)<-[carried:HAS_COMMIT]-(v)
MATCH (v)-[:HAS_COPY]->(same:Copy)-[:COPIED_FROM]->(holder:Repository)
WHERE same.blob = c.blob
WITH o, c, r, v, x, carried, count(DISTINCT holder.key) AS holders
RETURN o.sha AS origin_sha, v.key AS variant, v.name AS name, c.path AS path, c.blob AS blob,
       c.kind AS kind, c.boilerplate AS boilerplate,
       CASE WHEN c.boilerplate THEN 0.0 ELSE 1.0 / holders END AS weight,
       r.key AS repository, r.name AS repository_name, c.origin_path AS origin_path,
       x.sha AS copied_sha, carried.at AS copied_at, c.gone_at AS gone_at,
       c.lag_seconds AS lag_seconds
ORDER BY origin_sha, copied_at, variant, path, blob
