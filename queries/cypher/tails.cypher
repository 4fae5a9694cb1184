// name: tails
// what: left behind: the commits of the side that moved last, after the last commit of the other side
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), side (string), other_last_at (integer, epoch seconds),
//     first_at (integer, epoch seconds), last_at (integer, epoch seconds), commits (integer),
//     days (integer)
//
// Only the side that moved last has a tail (docs/design.md, section 2); a family with one silent
// side has none. A commit that several projects share counts once. days: whole days from the other
// side's last commit to the last one.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

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
WITH f.name AS family, upstream_is_last, other_last_at,
     min(h.at) AS first_at, max(h.at) AS last_at, count(DISTINCT c.sha) AS commits
RETURN family, CASE WHEN upstream_is_last THEN 'upstream' ELSE 'downstream' END AS side,
       other_last_at, first_at, last_at, commits, (last_at - other_last_at) / 86400 AS days
ORDER BY family
