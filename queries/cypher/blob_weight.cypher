// name: blob_weight
// what: how much a file says of where it comes from: who holds it, and the weight that gives
// params: blobs (list of strings or null) = null
// returns: blob (string), boilerplate (boolean), weight (float), repositories (list of strings),
//     variants (list of strings)
//
// blobs: git blob ids; null for all. docs/design.md, section 4: weight is 1 / the repositories that hold
// the file, forks counted once; 0 for boilerplate, of which only the families' repositories are known.

MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository)
WHERE $blobs IS NULL OR c.blob IN $blobs
WITH v.key AS variant, r.key AS repository, c.blob AS blob, c.boilerplate AS boilerplate
ORDER BY repository, variant
WITH blob, boilerplate, collect(DISTINCT repository) AS repositories,
     collect(DISTINCT variant) AS variants
RETURN blob, boilerplate,
       CASE WHEN boilerplate THEN 0.0 ELSE 1.0 / size(repositories) END AS weight,
       repositories, variants
ORDER BY blob
