// name: bases_between
// what: the models that a variant was made from, up to four steps, and what joins them to repositories
// params: variant (string or null) = null, repository (string or null) = null
// returns: variant (string), steps (integer), chain (list of strings), relations (list of strings),
//     repository (string), confidence (float or null), families (list of strings), files (integer)
//
// chain: the variant, its base, that one's base and so on. confidence: of the last one's link to the
// repository. families: those that release the last one and are built there. files: of the last one
// that the repository holds, boilerplate left out. A chain without any of the three is left out.
// variant and repository: a key or a name; null for all.

MATCH (v:Variant)
WHERE $variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant)
MATCH path = (v)-[steps:DERIVED_FROM*1..4]->(base:Variant)
WITH v, base, [step IN steps | coalesce(step.relation, 'derived')] AS relations,
     [model IN nodes(path) | coalesce(model.name, model.key)] AS chain
MATCH (r:Repository)
WHERE $repository IS NULL OR r.key = toLower($repository)
   OR toLower(r.name) = toLower($repository)
OPTIONAL MATCH (base)-[l:LINKS_TO]->(r)
OPTIONAL MATCH (base)<-[:RELEASES]-(f:Family)-[:UPSTREAM]->(r)
WITH v, base, relations, chain, r, l.confidence AS confidence, f.name AS family
ORDER BY family
WITH v, base, relations, chain, r, confidence, collect(family) AS families
OPTIONAL MATCH (base)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r)
WHERE NOT c.boilerplate
WITH v, relations, chain, r, confidence, families, count(DISTINCT c.blob) AS files
WHERE confidence IS NOT NULL OR size(families) > 0 OR files > 0
RETURN v.key AS variant, size(relations) AS steps, chain, relations, r.key AS repository,
       confidence, families, files
ORDER BY variant, steps, chain, repository
