// name: variant_attestations
// what: the attestations of variants' large files, and those files of which none was found
// params: variants (list of strings) = []
// returns: variant (string), sha256 (string), place (string), verdict (string),
//     why (string or null), repository (string or null), source_sha (string or null),
//     workflow (string or null), predicate (string or null),
//     observed_at (integer, epoch seconds)
//
// variants: keys. verdict: `verified`, `claimed`, `refused` or `none`. place: the page of an owner on
// GitHub who was asked, or the path of a bundle in the variant.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[:HAS_ATTESTATION]->(a:Attestation)
RETURN v.key AS variant, a.sha256 AS sha256, a.place AS place, a.verdict AS verdict, a.why AS why,
       a.repository AS repository, a.source_sha AS source_sha, a.workflow AS workflow,
       a.predicate AS predicate, a.observed_at AS observed_at
ORDER BY variant, place, sha256, verdict, repository, source_sha, workflow, predicate
