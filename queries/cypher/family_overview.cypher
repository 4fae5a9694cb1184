// name: family_overview
// what: one row per family: its projects, its commits on both sides, its switches
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), repositories (list of strings), variants (list of strings),
//     upstream_commits (integer), downstream_commits (integer),
//     upstream_first_at (integer or null, epoch seconds),
//     upstream_last_at (integer or null, epoch seconds),
//     downstream_first_at (integer or null, epoch seconds),
//     downstream_last_at (integer or null, epoch seconds), switches (integer),
//     until (integer or null, epoch seconds), published_code (string or null)
//
// Projects by name, or by key where the name is not known. A commit counts once per project.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})
WITH f, coalesce($until, f.observed_at) AS until
OPTIONAL MATCH (f)-[:HAS_SWITCH]->(s:Switch)
WHERE s.to_at <= until
WITH f, until, count(s) AS switches
OPTIONAL MATCH (f)-[u:UPSTREAM|RELEASES]->(p)
WITH f, until, switches, p, u.paths AS paths
OPTIONAL MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f, until, switches, p, coalesce(p.name, p.key) AS project,
     count(c) AS commits, min(h.at) AS first_at, max(h.at) AS last_at
ORDER BY project
WITH f, until, switches,
     collect(CASE WHEN p:Repository THEN project END) AS repositories,
     collect(CASE WHEN p:Variant THEN project END) AS variants,
     sum(CASE WHEN p:Repository THEN commits ELSE 0 END) AS upstream_commits,
     sum(CASE WHEN p:Variant THEN commits ELSE 0 END) AS downstream_commits,
     min(CASE WHEN p:Repository THEN first_at END) AS upstream_first_at,
     max(CASE WHEN p:Repository THEN last_at END) AS upstream_last_at,
     min(CASE WHEN p:Variant THEN first_at END) AS downstream_first_at,
     max(CASE WHEN p:Variant THEN last_at END) AS downstream_last_at
RETURN f.name AS family, repositories, variants, upstream_commits, downstream_commits,
       upstream_first_at, upstream_last_at, downstream_first_at, downstream_last_at, switches,
       until, f.published_code AS published_code
ORDER BY family
