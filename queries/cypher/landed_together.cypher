// name: landed_together
// what: the commits that landed in repositories at the last moment up to others, and their parents
// params: marks (list of maps) = []
// returns: mark (string), sha (string), landed_at (integer, epoch seconds),
//     committed_at (integer or null, epoch seconds), settled_at (integer or null, epoch seconds),
//     parents (list of strings)
//
// marks: each with `mark` (a name for it), `repository` (a key) and `at` (epoch seconds). When a
// commit landed is the largest committer time so far, so one with an older date landed "at" the
// moment of one before it: among these only ancestry says which came later. parents: first one first.

UNWIND $marks AS m
MATCH (r:Repository {key: m.repository})-[h:HAS_COMMIT]->(:Commit)
WHERE h.on_default AND coalesce(h.landed_at, h.at) <= m.at
WITH m, r, max(coalesce(h.landed_at, h.at)) AS landed_at
MATCH (r)-[h:HAS_COMMIT]->(c:Commit)
WHERE h.on_default AND coalesce(h.landed_at, h.at) = landed_at
OPTIONAL MATCH (c)-[p:PARENT]->(parent:Commit)
WITH m, landed_at, h.settled_at AS settled_at, c, parent, p
ORDER BY p.position
WITH m, landed_at, settled_at, c, collect(parent.sha) AS parents
RETURN m.mark AS mark, c.sha AS sha, landed_at, c.committed_at AS committed_at,
       settled_at, parents
ORDER BY mark, sha
