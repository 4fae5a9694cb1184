// name: switch_summary
// what: count, mean, median and 90th percentile of the lags of switches, by family and direction
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), from_side (string), switches (integer), mean_days (float),
//     median_days (float), p90_days (integer)
//
// In whole days, as the study counts them. Median: the mean of the two middle values. p90: the
// nearest rank, the smallest lag that at least 90 % of the lags do not exceed. The mean is a sum of
// integers over their count, because avg() rounds on its way, and differently on each engine.

UNWIND $families AS name
MATCH (f:Family {name: name})-[:HAS_SWITCH]->(s:Switch)
WHERE s.to_at <= coalesce($until, f.observed_at)
WITH f.name AS family, s.from_side AS from_side, s.lag_seconds / 86400 AS days
ORDER BY family, from_side, days
WITH family, from_side, sum(days) * 1.0 / count(days) AS mean_days, collect(days) AS days
RETURN family, from_side, size(days) AS switches, mean_days,
       (days[(size(days) - 1) / 2] + days[size(days) / 2]) / 2.0 AS median_days,
       days[(size(days) * 9 + 9) / 10 - 1] AS p90_days
ORDER BY family, from_side
