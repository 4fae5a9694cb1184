// name: activity
// what: the projects of each family, and when their default branches moved
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), until (integer or null, epoch seconds), project (string),
//     upstream (boolean), times (list of strings or null)
//
// What labels are made of, without a walk to the commits (`Activity` in the schema, `hubtrace
// schema`). times is null where the commits themselves have to be asked, by `commit_times`: the
// family is limited to paths of this project, or nothing was kept.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
OPTIONAL MATCH (p)-[:HAS_ACTIVITY]->(a:Activity)
RETURN f.name AS family, coalesce($until, f.observed_at) AS until, p.key AS project,
       p:Repository AS upstream,
       CASE WHEN u.paths IS NOT NULL OR a IS NULL THEN null
            ELSE coalesce(a.times, []) END AS times
ORDER BY family, project
