// name: families_between
// what: the families that release a variant and are built in a repository
// params: variant (string or null) = null, repository (string or null) = null
// returns: variant (string), repository (string), family (string), paths (list of strings or null)
//
// paths: what of the repository the family is limited to; null for all of it.
// variant and repository: a key or a name; null for all.

MATCH (v:Variant)<-[:RELEASES]-(f:Family)-[u:UPSTREAM]->(r:Repository)
WHERE ($variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant))
  AND ($repository IS NULL OR r.key = toLower($repository)
       OR toLower(r.name) = toLower($repository))
RETURN v.key AS variant, r.key AS repository, f.name AS family, u.paths AS paths
ORDER BY variant, repository, family
