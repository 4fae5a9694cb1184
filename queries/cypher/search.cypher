// name: search
// what: the models, repositories and families whose name or key has a text in it, the shortest first
// params: text (string) = "", most (integer) = 200
// returns: kind (string), key (string), name (string)
//
// kind: `model`, `repository` or `family`. Capitals do not count. A family's key is its name.

MATCH (p:Repository|Variant|Family)
WHERE toLower(coalesce(p.name, '')) CONTAINS toLower($text)
   OR toLower(coalesce(p.key, '')) CONTAINS toLower($text)
RETURN CASE WHEN p:Family THEN 'family' WHEN p:Repository THEN 'repository' ELSE 'model' END AS kind,
       coalesce(p.key, p.name) AS key, coalesce(p.name, p.key) AS name
ORDER BY size(name), kind, key
LIMIT $most
