// name: project_events
// what: what happened to projects between two looks at them
// params: projects (list of strings) = [], until (integer or null, epoch seconds) = null
// returns: project (string), observed_at (integer, epoch seconds), kind (string), subject (string),
//     before (string or null), after (string or null)
//
// projects: keys of repositories and variants. Dated by when it was noticed.

UNWIND $projects AS key
MATCH (e:Event)-[:ABOUT]->(p:Repository|Variant {key: key})
WHERE $until IS NULL OR e.observed_at <= $until
RETURN p.key AS project, e.observed_at AS observed_at, e.kind AS kind, e.subject AS subject,
       e.before AS before, e.after AS after
ORDER BY project, observed_at, subject, kind
