// name: left_behind
// what: the newest commits of a family's tail: those after the last commit of the other side
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     most (integer) = 20
// returns: family (string), side (string), other_last_at (integer, epoch seconds),
//     commits (integer), newest (list of maps)
//
// What `tails` counts, by name. newest: at most `most` of them, the latest first, each with project,
// sha, at, author and subject. A commit that several projects of the side share is listed with each.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f, until, paths, p, max(h.at) AS last_at
WITH f, until, max(CASE WHEN p:Repository THEN last_at END) AS upstream_last_at,
     max(CASE WHEN p:Variant THEN last_at END) AS downstream_last_at,
     collect({project: p, upstream: p:Repository, paths: paths}) AS projects
WHERE upstream_last_at <> downstream_last_at
WITH f, until, projects, upstream_last_at > downstream_last_at AS upstream_is_last,
     CASE WHEN upstream_last_at > downstream_last_at THEN downstream_last_at
          ELSE upstream_last_at END AS other_last_at
UNWIND projects AS entry
WITH f, until, upstream_is_last, other_last_at, entry.upstream AS upstream,
     entry.project AS p, entry.paths AS paths
WHERE upstream = upstream_is_last
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at > other_last_at AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f.name AS family, upstream_is_last, other_last_at, p.key AS project, h.at AS at, c
ORDER BY family, at DESC, project, c.sha
WITH family, upstream_is_last, other_last_at, count(DISTINCT c.sha) AS commits,
     collect({project: project, sha: c.sha, at: at, author: c.author, subject: c.subject}) AS found
RETURN family, CASE WHEN upstream_is_last THEN 'upstream' ELSE 'downstream' END AS side,
       other_last_at, commits, found[0..$most] AS newest
ORDER BY family
