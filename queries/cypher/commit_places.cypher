// name: commit_places
// what: the commits whose sha begins like this, and the projects that they are in
// params: sha (string or null) = null
// returns: sha (string), subject (string or null), project (string), name (string or null),
//     side (string), at (integer, epoch seconds), on_default (boolean),
//     landed_at (integer or null, epoch seconds)
//
// sha: the first letters, or all; null for none. Forks share commits, so one can be in several places.

MATCH (c:Commit)
WHERE c.sha STARTS WITH $sha
MATCH (p:Repository|Variant)-[h:HAS_COMMIT]->(c)
RETURN c.sha AS sha, c.subject AS subject, p.key AS project, p.name AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
       h.at AS at, h.on_default AS on_default, h.landed_at AS landed_at
ORDER BY sha, side DESC, project
LIMIT 100
