// name: published
// what: the names of the projects of a family, and the labels that a publication gave it
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), until (integer or null, epoch seconds), repositories (list of strings),
//     variants (list of strings), lag (string or null), sync (string or null),
//     intensity (string or null), code (string or null)
//
// What stands beside a computed pattern; no commit is read.

UNWIND $families AS name
MATCH (f:Family {name: name})
OPTIONAL MATCH (f)-[:UPSTREAM|RELEASES]->(p)
WITH f, p, coalesce(p.name, p.key) AS project
ORDER BY project
RETURN f.name AS family, coalesce($until, f.observed_at) AS until,
       collect(CASE WHEN p:Repository THEN project END) AS repositories,
       collect(CASE WHEN p:Variant THEN project END) AS variants,
       f.published_lag AS lag, f.published_sync AS sync, f.published_intensity AS intensity,
       f.published_code AS code
ORDER BY family
