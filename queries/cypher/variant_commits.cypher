// name: variant_commits
// what: the commits of variants, newest first, and what each was made on
// params: variants (list of strings) = []
// returns: variant (string), sha (string), at (integer, epoch seconds),
//     committed_at (integer or null, epoch seconds), on_default (boolean or null),
//     vanished_at (integer or null, epoch seconds), entered_at (integer or null, epoch seconds),
//     left_at (integer or null, epoch seconds), author (string or null),
//     subject (string or null), parents (list of strings), made_on (string or null),
//     reverts (string or null)
//
// variants: keys. at: the commit's time on its side; of two at the same moment the larger sha is
// first, as where the last commit of a side is told. made_on: the first parent. reverts: the commit that it takes back.
// entered_at, left_at: when a look first found it on the default branch although it seems to be
// older than another look, and when one first missed it there.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[h:HAS_COMMIT]->(c:Commit)
OPTIONAL MATCH (c)-[p:PARENT]->(parent:Commit)
WITH v, h, c, p.position AS position, parent.sha AS parent
ORDER BY position
WITH v, h, c, collect(parent) AS parents, min(position) AS nearest
RETURN v.key AS variant, c.sha AS sha, h.at AS at, coalesce(h.settled_at, c.committed_at) AS committed_at,
       h.on_default AS on_default, h.vanished_at AS vanished_at, h.entered_at AS entered_at,
       h.left_at AS left_at, c.author AS author, c.subject AS subject, parents,
       CASE WHEN nearest = 0 THEN parents[0] END AS made_on, h.reverts AS reverts
ORDER BY variant, at DESC, sha DESC
