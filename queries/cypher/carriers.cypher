// name: carriers
// what: the variants that hold files of a repository now, by their paths there or by their blob ids
// params: repository (string or null) = null, paths (list of strings) = [], blobs (list of strings) = []
// returns: variant (string), name (string or null), path (string), blob (string), kind (string),
//     boilerplate (boolean), repository (string), origin_path (string),
//     origin_sha (string or null), origin_at (integer or null, epoch seconds),
//     copied_at (integer, epoch seconds)
//
// repository: a key. A file at one of the paths counts whatever version the variant holds; one of the
// blob ids counts wherever it is from. What the variant's default branch lost is left out.

MATCH (c:Copy)-[:COPIED_FROM]->(r:Repository)
WHERE c.gone_at IS NULL
  AND (c.blob IN $blobs OR (r.key = $repository AND c.origin_path IN $paths))
MATCH (v:Variant)-[:HAS_COPY]->(c)-[:COPIED_IN]->(x:Commit)<-[carried:HAS_COMMIT]-(v)
OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(o:Commit)
RETURN v.key AS variant, v.name AS name, c.path AS path, c.blob AS blob, c.kind AS kind,
       c.boilerplate AS boilerplate, r.key AS repository, c.origin_path AS origin_path,
       o.sha AS origin_sha, carried.at - c.lag_seconds AS origin_at, carried.at AS copied_at
ORDER BY variant, path, repository, origin_path
