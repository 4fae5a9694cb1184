// name: origins
// what: every file of a variant that repositories hold, with its origin in each, its lag and its weight
// params: variant (string or null) = null
// returns: variant (string), name (string or null), path (string), blob (string), kind (string),
//     boilerplate (boolean), weight (float), repository (string), repository_name (string or null),
//     origin_path (string), origin_sha (string or null), origin_at (integer or null, epoch seconds),
//     landed_at (integer or null, epoch seconds), copied_sha (string),
//     copied_at (integer, epoch seconds), gone_at (integer or null, epoch seconds),
//     lag_seconds (integer or null), first (boolean)
//
// docs/design.md, section 4. variant: a key or a name; null for all. weight: 1 / the repositories that hold
// the file, forks counted once; 0 for boilerplate. landed_at: null if the origin never landed.
// first: the repository's origin is the earliest of all: landed before not landed, then by time.
// A release asset is dated by its release. gone_at: since when the variant's head lacks the file.

MATCH (v:Variant)
WHERE $variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant)
MATCH (v)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository)
MATCH (c)-[:COPIED_IN]->(x:Commit)<-[carried:HAS_COMMIT]-(v)
OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(o:Commit)<-[held:HAS_COMMIT]-(r)
WITH v, c, r, x, carried.at AS copied_at, carried.at - c.lag_seconds AS origin_at,
     o.sha AS origin_sha, held.landed_at AS landed_at,
     CASE WHEN held.landed_at IS NULL AND c.kind <> 'asset' THEN 1 ELSE 0 END AS never
ORDER BY never, coalesce(landed_at, origin_at), origin_at, r.key, c.path
WITH v, c.blob AS blob, collect(DISTINCT r.key) AS holders,
     collect({copy: c, repository: r, sha: x.sha, copied_at: copied_at, origin_at: origin_at,
              origin_sha: origin_sha, landed_at: landed_at}) AS copies
UNWIND copies AS one
WITH v, blob, holders, one, one.copy AS c, one.repository AS r
RETURN v.key AS variant, v.name AS name, c.path AS path, blob, c.kind AS kind,
       c.boilerplate AS boilerplate,
       CASE WHEN c.boilerplate THEN 0.0 ELSE 1.0 / size(holders) END AS weight,
       r.key AS repository, r.name AS repository_name, c.origin_path AS origin_path,
       one.origin_sha AS origin_sha, one.origin_at AS origin_at, one.landed_at AS landed_at,
       one.sha AS copied_sha, one.copied_at AS copied_at, c.gone_at AS gone_at,
       c.lag_seconds AS lag_seconds, r.key = holders[0] AS first
ORDER BY variant, path, copied_at, blob, first DESC, repository
