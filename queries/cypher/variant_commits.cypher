// name: variant_commits
// what: the commits of variants, newest first, and what each was made on
// params: variants (list of strings) = []
// returns: variant (string), sha (string), at (integer, epoch seconds),
//     committed_at (integer or null, epoch seconds), on_default (boolean or null),
//     vanished_at (integer or null, epoch seconds), author (string or null),
//     subject (string or null), parents (list of strings)
//
// variants: keys. at: the commit's time on its side; of two at the same moment the larger sha is
// first, as where the last commit of a side is told.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[h:HAS_COMMIT]->(c:Commit)
OPTIONAL MATCH (c)-[:PARENT]->(parent:Commit)
WITH v, h, c, parent
ORDER BY parent.sha
WITH v, h, c, collect(parent.sha) AS parents
RETURN v.key AS variant, c.sha AS sha, h.at AS at, coalesce(h.settled_at, c.committed_at) AS committed_at,
       h.on_default AS on_default, h.vanished_at AS vanished_at, c.author AS author,
       c.subject AS subject, parents
ORDER BY variant, at DESC, sha DESC
