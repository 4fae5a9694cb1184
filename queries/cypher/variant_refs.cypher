// name: variant_refs
// what: the branches and tags of variants, and the commits that they point to
// params: variants (list of strings) = []
// returns: variant (string), ref (string), kind (string), sha (string),
//     vanished_at (integer or null, epoch seconds)
//
// variants: keys. ref: the full name. kind: `tag`, or what the branch is. Refs are as observed.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[:HAS_BRANCH|HAS_TAG]->(ref:Branch|Tag)
OPTIONAL MATCH (ref)-[:TAGS]->(c:Commit)
WITH v, ref, coalesce(c.sha, ref.head) AS sha
WHERE sha IS NOT NULL
RETURN v.key AS variant, ref.name AS ref,
       CASE WHEN ref:Tag THEN 'tag' ELSE coalesce(ref.kind, 'branch') END AS kind, sha,
       ref.vanished_at AS vanished_at
ORDER BY variant, ref
