// name: variant_files
// what: the large files at the head of variants, with their SHA-256
// params: variants (list of strings) = []
// returns: variant (string), path (string), sha256 (string), size (integer or null, bytes),
//     blob (string or null)
//
// variants: keys. As the Hub told them when the variant was last observed.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[:HAS_FILE]->(file:File)
RETURN v.key AS variant, file.path AS path, file.sha256 AS sha256, file.size AS size,
       file.blob AS blob
ORDER BY variant, path
