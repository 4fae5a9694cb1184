// name: family_periods
// what: the periods in which each project of a family is active
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     period_days (integer, days) = 14, offset_days (integer, days) = 0
// returns: family (string), side (string), project (string), name (string or null), period (integer),
//     from_at (integer, epoch seconds), commits (integer)
//
// period = (whole days since the family's earliest commit + offset_days) / period_days
// (docs/design.md, section 1). from_at is the beginning of the period.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f.name AS family, p, min(h.at) AS earliest, collect(h.at) AS times
WITH family, min(earliest) AS start, collect({project: p, times: times}) AS projects
UNWIND projects AS entry
UNWIND entry.times AS at
WITH family, start, entry.project AS p,
     ((at - start) / 86400 + $offset_days) / $period_days AS period, count(*) AS commits
RETURN family,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
       p.key AS project, p.name AS name, period,
       start + (period * $period_days - $offset_days) * 86400 AS from_at, commits
ORDER BY family, side DESC, project, period
