// name: dimensions
// what: lag, sync type and intensity of each family in one pass, for many grids
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     grids (list of maps) = [{"grid": "base", "period_days": 14, "offset_days": 0, "part": "whole"}],
//     rare_periods (integer) = 3, frequent_periods (integer) = 5,
//     vs_periods (integer) = 3, vs_variants (integer) = 3
// returns: family (string), grid (string), first_upstream_period (integer or null),
//     first_downstream_period (integer or null), lag (string or null), sync (string or null),
//     intensity (string or null)
//
// docs/design.md, section 2. Read from the top: the commits that count; each project's distinct
// days since the family's earliest commit, time of day kept; then every grid puts the days into its
// periods: (day + offset_days) / period_days. A null variant stands for upstream.
// part: 'whole', or the 'early' or 'late' half of the family's life, cut at the period boundary
// nearest to its middle; if the middle lies inside a period, that period is in the early half.
// The same answers as lag, sync_type and intensity, which are written to be read (a test holds
// them equal): their rows per period are the costly part, so here a side keeps a list of periods.
// The dimensions are null where one side is silent: its first period is then null as well.

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
WITH family, grid, period_days, offset_days, variant, min(day) AS first_day,
     collect(DISTINCT (day + offset_days) / period_days) AS periods
WITH family, grid, variant, periods, (first_day + offset_days) / period_days AS first_period
WITH family, grid,
     min(CASE WHEN variant IS NULL THEN first_period END) AS first_upstream_period,
     min(CASE WHEN variant IS NOT NULL THEN first_period END) AS first_downstream_period,
     coalesce(head(collect(CASE WHEN variant IS NULL THEN periods END)), []) AS upstream,
     collect(CASE WHEN variant IS NOT NULL THEN periods END) AS variants
WITH family, grid, first_upstream_period, first_downstream_period, variants,
     first_upstream_period IS NULL OR first_downstream_period IS NULL AS silent,
     [periods IN variants | [x IN periods WHERE x IN upstream]] AS shared
RETURN family, grid, first_upstream_period, first_downstream_period,
       CASE WHEN silent THEN null
            WHEN first_upstream_period < first_downstream_period THEN 'upstream_first'
            WHEN first_upstream_period > first_downstream_period THEN 'downstream_first'
            ELSE 'simultaneous' END AS lag,
       CASE WHEN silent THEN null
            WHEN all(i IN range(0, size(variants) - 1)
                     WHERE size(shared[i]) = size(variants[i])) THEN 'CS'
            WHEN any(periods IN shared WHERE size(periods) > 0) THEN 'PS'
            WHEN size(variants) >= $vs_variants
             AND size(reduce(crowded = [], x IN reduce(seen = [], v IN variants | seen + v) |
                   CASE WHEN x IN crowded
                          OR size([v IN variants WHERE x IN v]) < $vs_variants
                        THEN crowded ELSE crowded + x END)) >= $vs_periods THEN 'VS'
            ELSE 'AS' END AS sync,
       CASE WHEN silent THEN null
            WHEN all(periods IN variants WHERE size(periods) <= $rare_periods) THEN 'R'
            WHEN any(periods IN shared WHERE size(periods) >= $frequent_periods
              AND any(x IN periods WHERE all(i IN range(1, $frequent_periods - 1)
                WHERE x + i IN periods))) THEN 'F'
            ELSE 'S' END AS intensity
ORDER BY family, grid
