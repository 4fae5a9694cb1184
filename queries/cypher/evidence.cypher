// name: evidence
// what: every observation that a variant comes from a repository, strongest first
// params: variant (string or null) = null, repository (string or null) = null
// returns: variant (string), name (string or null), repository (string), method (string),
//     rank (integer), strength (float), reason (string or null), place (string), said (string),
//     observed_at (integer, epoch seconds), gone_at (integer or null, epoch seconds)
//
// docs/design.md, section 4, docs/evidence.md. variant and repository: a key or a name; null for all.
// reason: why an observation is worth less than its method; null if it is not. gone_at: when it was
// first missed, as in a card that was rewritten; such an observation counts for nothing now.

MATCH (v:Variant)-[:HAS_EVIDENCE]->(e:Evidence)
WHERE $variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant)
MATCH (e)-[:POINTS_TO]->(r:Repository)
WHERE $repository IS NULL OR r.key = toLower($repository)
   OR toLower(r.name) = toLower($repository)
RETURN v.key AS variant, v.name AS name, r.key AS repository, e.method AS method, e.rank AS rank,
       e.strength AS strength, e.reason AS reason, e.place AS place, e.said AS said,
       e.observed_at AS observed_at, e.gone_at AS gone_at
ORDER BY variant, strength DESC, rank, repository, method, place, observed_at DESC, said
