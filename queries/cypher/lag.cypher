// name: lag
// what: who moves first in each family: the side or sides active in its first active period
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     grids (list of maps) = [{"grid": "base", "period_days": 14, "offset_days": 0, "part": "whole"}]
// returns: family (string), grid (string), lag (string or null),
//     first_upstream_period (integer or null), first_downstream_period (integer or null)
//
// docs/design.md, section 2. Read from the top: the commits that count; each project's distinct
// days since the family's earliest commit, time of day kept; then every grid puts the days into its
// periods: (day + offset_days) / period_days. A null variant stands for upstream.
// part: 'whole', or the 'early' or 'late' half of the family's life, cut at the period boundary
// nearest to its middle; if the middle lies inside a period, that period is in the early half.
// lag is null where one side is silent.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f.name AS family, p.key AS project, p:Repository AS upstream,
     min(h.at) AS earliest, max(h.at) AS latest, collect(h.at) AS times
WITH family, min(earliest) AS start, max(latest) AS stop,
     collect({key: project, upstream: upstream, times: times}) AS projects
UNWIND projects AS project
UNWIND project.times AS at
WITH family, (stop - start) / 86400 AS last_day,
     project.key AS project, project.upstream AS upstream,
     collect(DISTINCT (at - start) / 86400) AS days
UNWIND $grids AS grid
WITH family, CASE WHEN upstream THEN null ELSE project END AS variant, days, last_day,
     grid.grid AS grid, grid.period_days AS period_days, grid.offset_days AS offset_days,
     grid.part AS part
WITH family, variant, days, grid, period_days, offset_days, part,
     (offset_days / period_days + (last_day + offset_days) / period_days + 2) / 2
       * period_days - offset_days AS cut
WITH family, variant, grid, period_days, offset_days,
     CASE part WHEN 'early' THEN [day IN days WHERE day < cut]
               WHEN 'late' THEN [day IN days WHERE day >= cut]
               ELSE days END AS days
UNWIND days AS day
WITH family, grid, period_days, offset_days,
     min(CASE WHEN variant IS NULL THEN day END) AS first_upstream_day,
     min(CASE WHEN variant IS NOT NULL THEN day END) AS first_downstream_day
WITH family, grid,
     (first_upstream_day + offset_days) / period_days AS first_upstream_period,
     (first_downstream_day + offset_days) / period_days AS first_downstream_period
RETURN family, grid,
       CASE WHEN first_upstream_period IS NULL OR first_downstream_period IS NULL THEN null
            WHEN first_upstream_period < first_downstream_period THEN 'upstream_first'
            WHEN first_upstream_period > first_downstream_period THEN 'downstream_first'
            ELSE 'simultaneous' END AS lag,
       first_upstream_period, first_downstream_period
ORDER BY family, grid
