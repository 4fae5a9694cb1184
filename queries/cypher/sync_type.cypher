// name: sync_type
// what: whether the variants are active only when upstream is: CS, PS, AS or the detail VS
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     grids (list of maps) = [{"grid": "base", "period_days": 14, "offset_days": 0, "part": "whole"}],
//     vs_periods (integer) = 3, vs_variants (integer) = 3
// returns: family (string), grid (string), sync (string or null), upstream_periods (integer),
//     variant_periods (integer), shared_periods (integer), crowded_periods (integer)
//
// docs/design.md, section 2. Read from the top: the commits that count; each project's distinct
// days since the family's earliest commit, time of day kept; then every grid puts the days into its
// periods: (day + offset_days) / period_days. A null variant stands for upstream.
// part: 'whole', or the 'early' or 'late' half of the family's life, cut at the period boundary
// nearest to its middle; if the middle lies inside a period, that period is in the early half.
// A period counts once for every variant active in it. crowded_periods have at least vs_variants
// active variants: vs_periods of them turn AS into VS. sync is null where one side is silent.

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
WITH family, grid, sum(upstream_active) AS upstream_periods,
     sum(size(variants)) AS variant_periods,
     sum(upstream_active * size(variants)) AS shared_periods,
     sum(CASE WHEN size(variants) >= $vs_variants THEN 1 ELSE 0 END) AS crowded_periods
RETURN family, grid,
       CASE WHEN upstream_periods = 0 OR variant_periods = 0 THEN null
            WHEN shared_periods = variant_periods THEN 'CS'
            WHEN shared_periods > 0 THEN 'PS'
            WHEN crowded_periods >= $vs_periods THEN 'VS'
            ELSE 'AS' END AS sync,
       upstream_periods, variant_periods, shared_periods, crowded_periods
ORDER BY family, grid
