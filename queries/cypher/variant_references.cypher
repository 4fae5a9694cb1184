// name: variant_references
// what: commits of variants whose message names a commit of a repository, the newest first
// params: variants (list of strings) = [], until (integer or null, epoch seconds) = null
// returns: variant (string), repository (string), method (string or null), sha (string),
//     at (integer, epoch seconds), origin_sha (string), origin_at (integer, epoch seconds),
//     origin_landed_at (integer or null, epoch seconds), origin_subject (string or null),
//     origin_author (string or null), origin_absent_at (integer or null, epoch seconds)
//
// origin_absent_at: when a look missed it after its own date. variants: keys. A commit that forks share is a row for each of them.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[h:HAS_COMMIT]->(c:Commit)-[x:REFERENCES]->(o:Commit)<-[from:HAS_COMMIT]-(r:Repository)
WHERE $until IS NULL OR (h.at <= $until AND from.at <= $until)
RETURN v.key AS variant, r.key AS repository, x.method AS method, c.sha AS sha, h.at AS at,
       o.sha AS origin_sha, from.at AS origin_at, from.landed_at AS origin_landed_at,
       o.subject AS origin_subject, o.author AS origin_author,
       from.absent_at AS origin_absent_at
ORDER BY variant, at DESC, sha, repository, origin_sha
