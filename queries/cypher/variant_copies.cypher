// name: variant_copies
// what: files of variants that are, byte for byte, files of a repository, and where they come from
// params: variants (list of strings) = []
// returns: variant (string), repository (string), blob (string), path (string),
//     origin_path (string or null), kind (string or null), boilerplate (boolean or null),
//     lag_seconds (integer or null), gone_at (integer or null, epoch seconds), sha (string),
//     at (integer, epoch seconds), author (string or null), subject (string or null),
//     origin_sha (string or null), origin_at (integer or null, epoch seconds),
//     origin_landed_at (integer or null, epoch seconds), origin_author (string or null),
//     origin_subject (string or null), origin_entered_at (integer or null, epoch seconds),
//     origin_left_at (integer or null, epoch seconds),
//     origin_absent_at (integer or null, epoch seconds), holders (integer)
//
// A file of which the origin was rewritten, or landed as another commit, has a row for each: entered
// and left are as in `variant_commits`, absent is when a look missed the origin after its own date.
// variants: keys. holders: how many repositories are known to hold the file; of a network of forks
// one. gone_at: when the variant's default branch lost the file. An asset of a release whose tag is
// not known has no origin commit.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[:HAS_COPY]->(x:Copy)-[:COPIED_FROM]->(r:Repository)
WITH v, x.blob AS blob, count(DISTINCT r.key) AS holders, collect({copy: x, repository: r}) AS held
UNWIND held AS one
WITH v, blob, holders, one.copy AS x, one.repository AS r
MATCH (x)-[:COPIED_IN]->(c:Commit)<-[h:HAS_COMMIT]-(v)
OPTIONAL MATCH (x)-[:ORIGINATES_IN]->(o:Commit)<-[from:HAS_COMMIT]-(r)
RETURN v.key AS variant, r.key AS repository, blob, x.path AS path, x.origin_path AS origin_path,
       x.kind AS kind, x.boilerplate AS boilerplate, x.lag_seconds AS lag_seconds,
       x.gone_at AS gone_at, c.sha AS sha, h.at AS at, c.author AS author, c.subject AS subject,
       o.sha AS origin_sha, from.at AS origin_at, from.landed_at AS origin_landed_at,
       o.author AS origin_author, o.subject AS origin_subject,
       from.entered_at AS origin_entered_at, from.left_at AS origin_left_at,
       from.absent_at AS origin_absent_at, holders
ORDER BY variant, path, at DESC, repository, blob
