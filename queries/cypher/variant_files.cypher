// name: variant_files
// what: the files that commits of variants put where a large file or a copy is or was
// params: variants (list of strings) = []
// returns: variant (string), path (string), sha256 (string or null),
//     size (integer or null, bytes), blob (string or null), sha (string or null)
//
// variants: keys. sha: a commit that put the file there. Along the first parents of a revision the
// nearest of them tells what it has at the path. blob: null for no file, and for one that is neither
// large nor a copy. sha256: of a large file, as the Hub listed it once.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[:HAS_FILE]->(file:File)
OPTIONAL MATCH (file)-[:ADDED_IN]->(c:Commit)
RETURN v.key AS variant, file.path AS path, file.sha256 AS sha256, file.size AS size,
       file.blob AS blob, c.sha AS sha
ORDER BY variant, path, sha
