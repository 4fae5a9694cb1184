// name: history
// what: what happened to a project, or to the projects of a family, between two looks at it
// params: target (string or null) = null
// returns: project (string), name (string or null), observed_at (integer, epoch seconds),
//     kind (string), subject (string), before (string or null), after (string or null)
//
// target: a family's name, or a project's key or its last name; null for every project.
// Renames, transfers, deletion, archiving, gating, rewritten history, deleted branches and tags:
// dated by when they were noticed.

MATCH (p:Repository|Variant)
WHERE $target IS NULL OR p.key = toLower($target) OR p.key = $target OR p.name = $target
   OR EXISTS { (:Family {name: $target})-[:UPSTREAM|RELEASES]->(p) }
MATCH (e:Event)-[:ABOUT]->(p)
RETURN p.key AS project, p.name AS name, e.observed_at AS observed_at, e.kind AS kind,
       e.subject AS subject, e.before AS before, e.after AS after
ORDER BY observed_at, project, subject, kind
