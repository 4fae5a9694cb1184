// name: vanished_commits
// what: the commits that no ref of their project reaches any more; rewriting cannot erase them here
// params: target (string or null) = null
// returns: project (string), name (string or null), sha (string), vanished_at (integer, epoch seconds),
//     at (integer, epoch seconds), author (string or null), subject (string or null)
//
// target: a family's name, or a project's key or its last name; null for every project.
// vanished_at: when no ref was first seen to reach the commit. at: its time on the project's side.

MATCH (p:Repository|Variant)
WHERE $target IS NULL OR p.key = toLower($target) OR p.key = $target OR p.name = $target
   OR EXISTS { (:Family {name: $target})-[:UPSTREAM|RELEASES]->(p) }
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE h.vanished_at IS NOT NULL
RETURN p.key AS project, p.name AS name, c.sha AS sha, h.vanished_at AS vanished_at, h.at AS at,
       c.author AS author, c.subject AS subject
ORDER BY vanished_at, project, at, sha
