// name: links
// what: the repositories that variants come from, with confidence, role and runners-up
// params: variant (string or null) = null, repository (string or null) = null
// returns: variant (string), name (string or null), repository (string), confidence (float),
//     best_method (string or null), role (string or null), methods (list of strings),
//     observations (integer), gone_at (integer or null, epoch seconds),
//     moved_to (string or null), archived (boolean or null)
//
// The best link of a variant comes first. role: `upstream` (the variant is of the repository's
// family), `derived` (its best link, but not enough to be of the family) or `weaker`.
// variant and repository: a key or a name; null for all.

MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository)
WHERE ($variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant))
  AND ($repository IS NULL OR r.key = toLower($repository)
       OR toLower(r.name) = toLower($repository))
OPTIONAL MATCH (v)-[:HAS_EVIDENCE]->(e:Evidence)-[:POINTS_TO]->(r)
WHERE e.gone_at IS NULL
WITH v, l, r, e
ORDER BY e.rank, e.method
WITH v, l, r, collect(DISTINCT e.method) AS methods, count(e) AS observations
RETURN v.key AS variant, v.name AS name, r.key AS repository, l.confidence AS confidence,
       l.best_method AS best_method, l.role AS role, methods, observations,
       r.gone_at AS gone_at, r.moved_to AS moved_to, r.archived AS archived
ORDER BY variant, confidence DESC, repository
