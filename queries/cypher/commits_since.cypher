// name: commits_since
// what: the commits that came into repositories at or after certain moments, oldest first
// params: marks (list of maps) = []
// returns: mark (string), repository (string), sha (string), at (integer, epoch seconds),
//     landed_at (integer, epoch seconds), author (string or null), subject (string or null),
//     change_types (list of strings or null), areas (list of strings or null),
//     bot (boolean or null), settled_at (integer or null, epoch seconds)
//
// marks: each with `mark` (a name for it), `repository` (a key), `family` (its name, or null), `since`
// and `until` (epoch seconds). What counts is when a commit landed on the default branch, because
// what it brings was not there before; of a family that is limited to paths only what is in scope.

UNWIND $marks AS m
MATCH (r:Repository {key: m.repository})
OPTIONAL MATCH (f:Family {name: m.family})-[u:UPSTREAM]->(r)
WITH m, r, f, u.paths AS paths
MATCH (r)-[h:HAS_COMMIT]->(c:Commit)
WHERE h.on_default AND coalesce(h.landed_at, h.at) >= m.since
  AND coalesce(h.landed_at, h.at) <= m.until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
RETURN m.mark AS mark, r.key AS repository, c.sha AS sha, h.at AS at,
       coalesce(h.landed_at, h.at) AS landed_at, c.author AS author, c.subject AS subject,
       h.change_types AS change_types, h.areas AS areas, h.bot AS bot,
       h.settled_at AS settled_at
ORDER BY mark, landed_at, at, sha
