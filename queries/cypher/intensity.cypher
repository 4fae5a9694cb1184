// name: intensity
// what: how often the variants move, and in step with upstream: R, S or F
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     grids (list of maps) = [{"grid": "base", "period_days": 14, "offset_days": 0, "part": "whole"}],
//     rare_periods (integer) = 3, frequent_periods (integer) = 5
// returns: family (string), grid (string), intensity (string or null),
//     most_periods (integer), frequent_variants (list of strings)
//
// docs/design.md, section 2. Read from the top: the commits that count; each project's distinct
// days since the family's earliest commit, time of day kept; then every grid puts the days into its
// periods: (day + offset_days) / period_days. A null variant stands for upstream.
// part: 'whole', or the 'early' or 'late' half of the family's life, cut at the period boundary
// nearest to its middle; if the middle lies inside a period, that period is in the early half.
// most_periods: the periods of the most active variant. frequent_variants: keys of the variants
// that share frequent_periods consecutive periods with upstream. A sorted list of n distinct
// periods is without a gap if its last one is n - 1 after its first. The null stands for the
// periods in which upstream is alone. intensity is null where one side is silent.

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
WITH family, grid, (day + offset_days) / period_days AS period,
     max(CASE WHEN variant IS NULL THEN 1 ELSE 0 END) AS upstream_active,
     collect(DISTINCT variant) AS variants
WITH family, grid, period, upstream_active,
     CASE WHEN size(variants) = 0 THEN [null] ELSE variants END AS variants
UNWIND variants AS variant
WITH family, grid, variant, period, upstream_active
ORDER BY family, grid, variant, period
WITH family, grid, variant, max(upstream_active) AS meets_upstream, count(period) AS periods,
     collect(CASE WHEN upstream_active = 1 THEN period END) AS shared
WITH family, grid, variant, meets_upstream,
     CASE WHEN variant IS NULL THEN 0 ELSE periods END AS periods,
     variant IS NOT NULL AND size([
       i IN range(0, size(shared) - $frequent_periods)
       WHERE shared[i + $frequent_periods - 1] - shared[i] = $frequent_periods - 1
     ]) > 0 AS in_step
ORDER BY family, grid, variant
WITH family, grid, max(meets_upstream) AS upstream_active, count(variant) AS active_variants,
     max(periods) AS most_periods, collect(CASE WHEN in_step THEN variant END) AS in_step
RETURN family, grid,
       CASE WHEN upstream_active = 0 OR active_variants = 0 THEN null
            WHEN most_periods <= $rare_periods THEN 'R'
            WHEN size(in_step) > 0 THEN 'F'
            ELSE 'S' END AS intensity,
       most_periods, in_step AS frequent_variants
ORDER BY family, grid
