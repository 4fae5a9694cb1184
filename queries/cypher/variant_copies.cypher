// name: variant_copies
// what: files of variants that are, byte for byte, files of a repository, and where they come from
// params: variants (list of strings) = []
// returns: variant (string), repository (string), blob (string), path (string),
//     origin_path (string or null), kind (string or null), boilerplate (boolean or null),
//     lag_seconds (integer or null), sha (string), at (integer, epoch seconds),
//     author (string or null), subject (string or null), origin_sha (string),
//     origin_at (integer, epoch seconds), origin_landed_at (integer or null, epoch seconds),
//     origin_author (string or null), origin_subject (string or null), holders (integer)
//
// variants: keys. holders: how many repositories are known to hold the file, forks counted with what
// they were forked from. A commit that forks share is a row for each of them.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[h:HAS_COMMIT]->(c:Commit)<-[:COPIED_IN]-(x:Copy)
MATCH (x)-[:ORIGINATES_IN]->(o:Commit)<-[from:HAS_COMMIT]-(r:Repository)
WITH v, h, c, x, o, from, r
MATCH (other:Copy {blob: x.blob})-[:ORIGINATES_IN]->(:Commit)<-[:HAS_COMMIT]-(holder:Repository)
WITH v, h, c, x, o, from, r, count(DISTINCT toLower(coalesce(holder.fork_of, holder.name))) AS holders
RETURN v.key AS variant, r.key AS repository, x.blob AS blob, x.path AS path,
       x.origin_path AS origin_path, x.kind AS kind, x.boilerplate AS boilerplate,
       x.lag_seconds AS lag_seconds, c.sha AS sha, h.at AS at, c.author AS author,
       c.subject AS subject, o.sha AS origin_sha, from.at AS origin_at,
       from.landed_at AS origin_landed_at, o.author AS origin_author, o.subject AS origin_subject,
       holders
ORDER BY variant, path, at DESC, repository, origin_sha
