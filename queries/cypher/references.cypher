// name: references
// what: commits of one side whose messages name a commit of the other, with the time between
// params: variant (string or null) = null, repository (string or null) = null
// returns: variant (string), repository (string), from_side (string), from_sha (string),
//     subject (string or null), to_sha (string), lag_seconds (integer)
//
// from_side: the side whose message names the other one. lag_seconds: the variant's commit minus
// the repository's, each at its time on its side; negative if the variant's is the earlier one.
// variant and repository: a key or a name; null for all.

MATCH (v:Variant)
WHERE $variant IS NULL OR v.key = toLower($variant) OR toLower(v.name) = toLower($variant)
MATCH (v)-[in_variant:HAS_COMMIT]->(x:Commit)
MATCH (x)-[:REFERENCES]-(y:Commit)
MATCH (r:Repository)-[in_repository:HAS_COMMIT]->(y)
WHERE $repository IS NULL OR r.key = toLower($repository)
   OR toLower(r.name) = toLower($repository)
WITH v, r, x, y, in_variant.at - in_repository.at AS lag_seconds,
     EXISTS { (x)-[:REFERENCES]->(y) } AS names_upstream,
     EXISTS { (y)-[:REFERENCES]->(x) } AS names_downstream
UNWIND CASE WHEN names_upstream AND names_downstream THEN ['downstream', 'upstream']
            WHEN names_upstream THEN ['downstream'] ELSE ['upstream'] END AS from_side
RETURN DISTINCT v.key AS variant, r.key AS repository, from_side,
       CASE from_side WHEN 'downstream' THEN x.sha ELSE y.sha END AS from_sha,
       CASE from_side WHEN 'downstream' THEN x.subject ELSE y.subject END AS subject,
       CASE from_side WHEN 'downstream' THEN y.sha ELSE x.sha END AS to_sha, lag_seconds
ORDER BY variant, repository, from_side, from_sha, to_sha
