// name: variant_evidence
// what: why variants may come from repositories, one row per observation, the strongest first
// params: variants (list of strings) = []
// returns: variant (string), repository (string), method (string), rank (integer or null),
//     strength (float or null), place (string or null), said (string or null),
//     reason (string or null), observed_at (integer or null, epoch seconds),
//     gone_at (integer or null, epoch seconds)
//
// variants: keys. docs/design.md, section 4: rank 1 is the strongest. reason: why this one is worth less
// than its method; null if it is not. gone_at: when it was first missed.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[:HAS_EVIDENCE]->(e:Evidence)-[:POINTS_TO]->(r:Repository)
RETURN v.key AS variant, r.key AS repository, e.method AS method, e.rank AS rank,
       e.strength AS strength, e.place AS place, e.said AS said, e.reason AS reason,
       e.observed_at AS observed_at, e.gone_at AS gone_at
ORDER BY variant, repository, coalesce(strength, 0.0) DESC, rank, method, place
