// name: project_contributors
// what: who wrote the commits of projects, and how many
// params: projects (list of strings) = [], until (integer or null, epoch seconds) = null
// returns: project (string), contributor (string), login (string or null), author (string or null),
//     commits (integer), first_at (integer, epoch seconds), last_at (integer, epoch seconds)
//
// projects: keys of repositories and variants. Commits on the default branch. author: the name that
// their commits bear, of several the first by the alphabet; e-mail addresses are not in the graph.
// Two patterns: of one the embedded engine begins at the contributors, of whom there are many.

UNWIND $projects AS key
MATCH (p:Repository|Variant {key: key})-[h:HAS_COMMIT]->(c:Commit)
MATCH (c)-[:AUTHORED_BY]->(who:Contributor)
WHERE (h.on_default OR h.left_at > $until)
  AND ($until IS NULL OR h.at <= $until AND coalesce(h.entered_at, $until) <= $until)
RETURN p.key AS project, who.key AS contributor, who.login AS login, min(c.author) AS author,
       count(c) AS commits, min(h.at) AS first_at, max(h.at) AS last_at
ORDER BY project, commits DESC, contributor
