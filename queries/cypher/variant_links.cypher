// name: variant_links
// what: the repositories that variants come from or are linked to, the likeliest first
// params: variants (list of strings) = []
// returns: variant (string), repository (string), name (string or null), url (string or null),
//     confidence (float or null), best_method (string or null), role (string or null),
//     families (list of strings), licence (string or null), host_id (string or null),
//     archived (boolean or null), fork_of (string or null),
//     gone_at (integer or null, epoch seconds), moved_to (string or null),
//     observed_at (integer or null, epoch seconds), shallow (boolean or null),
//     looks (list of strings or null)
//
// variants: keys. families: those that release the variant from this repository. A repository of
// the family without any evidence has no confidence: only the families file says so. Nor has one
// for which all evidence is gone; it has neither role nor families. looks: as in `variant_facts`.

UNWIND $variants AS key
MATCH (v:Variant {key: key})
OPTIONAL MATCH (v)-[:LINKS_TO]->(linked:Repository)
WITH v, collect(DISTINCT linked.key) AS linked
OPTIONAL MATCH (v)-[:HAS_EVIDENCE]->(e:Evidence)-[:POINTS_TO]->(former:Repository)
WHERE e.gone_at IS NOT NULL AND NOT former.key IN linked
WITH v, linked, collect(DISTINCT former.key) AS former
WITH v, linked + former AS keys
OPTIONAL MATCH (v)<-[:RELEASES]-(:Family)-[:UPSTREAM]->(own:Repository)
WITH v, keys, collect(DISTINCT own.key) AS more
UNWIND keys + [other IN more WHERE NOT other IN keys] AS repository
MATCH (r:Repository {key: repository})
OPTIONAL MATCH (v)-[l:LINKS_TO]->(r)
OPTIONAL MATCH (v)<-[:RELEASES]-(f:Family)-[:UPSTREAM]->(r)
WITH v, r, l, f
ORDER BY f.name
WITH v, r, l, collect(f.name) AS families
RETURN v.key AS variant, r.key AS repository, r.name AS name, r.url AS url,
       l.confidence AS confidence, l.best_method AS best_method, l.role AS role, families,
       r.licence AS licence, r.host_id AS host_id, r.archived AS archived, r.fork_of AS fork_of,
       r.gone_at AS gone_at, r.moved_to AS moved_to, r.observed_at AS observed_at,
       r.shallow AS shallow, r.looks AS looks
ORDER BY variant, coalesce(l.confidence, -1.0) DESC, repository
