// name: people_between
// what: people who commit both to a variant and to a repository
// params: variant (string or null) = null, repository (string or null) = null
// returns: variant (string), repository (string), downstream_contributor (string),
//     upstream_contributor (string), login (string or null), method (string),
//     downstream_commits (integer), upstream_commits (integer)
//
// The same person under one key, or under two that SAME_PERSON joins directly; method says which.
// variant and repository: a key or a name; null for those of one family.

MATCH (v:Variant)
WHERE $variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant)
MATCH (v)-[:HAS_COMMIT]->(x:Commit)-[:AUTHORED_BY]->(shipper:Contributor)
WITH v, shipper, count(DISTINCT x.sha) AS downstream_commits
MATCH (shipper)-[same:SAME_PERSON*0..1]-(builder:Contributor)
WITH v, shipper, downstream_commits, builder,
     CASE WHEN builder.key = shipper.key THEN 'same_key'
          ELSE coalesce(head([one IN same | one.method]), 'same_person') END AS method
MATCH (r:Repository)
WHERE ($repository IS NULL AND EXISTS { (v)<-[:RELEASES]-(:Family)-[:UPSTREAM]->(r) })
   OR r.key = toLower($repository) OR toLower(r.name) = toLower($repository)
MATCH (r)-[:HAS_COMMIT]->(y:Commit)-[:AUTHORED_BY]->(builder)
WITH v, r, shipper, builder, method, downstream_commits, count(DISTINCT y.sha) AS upstream_commits
RETURN v.key AS variant, r.key AS repository, shipper.key AS downstream_contributor,
       builder.key AS upstream_contributor, coalesce(shipper.login, builder.login) AS login,
       method, downstream_commits, upstream_commits
ORDER BY variant, repository, upstream_commits DESC, downstream_contributor, upstream_contributor
