// name: assessments
// what: the stored assessments of a family: what its pattern was, at which moment
// params: families (list of strings) = all
// returns: family (string), until (integer, epoch seconds), lag (string or null), sync (string or null),
//     intensity (string or null), code (string or null), pattern (string or null),
//     reason (string or null), stability (float or null), runner_up (string or null),
//     code_7_days (string or null), code_28_days (string or null), early_code (string or null),
//     late_code (string or null), thresholds (string),
//     assessed_at (integer or null, epoch seconds)

UNWIND $families AS name
MATCH (f:Family {name: name})-[:HAS_ASSESSMENT]->(a:Assessment)
RETURN f.name AS family, a.until AS until, a.lag AS lag, a.sync AS sync, a.intensity AS intensity,
       a.code AS code, a.pattern AS pattern, a.reason AS reason, a.stability AS stability,
       a.runner_up AS runner_up, a.code_7_days AS code_7_days, a.code_28_days AS code_28_days,
       a.early_code AS early_code, a.late_code AS late_code, a.thresholds AS thresholds,
       a.assessed_at AS assessed_at
ORDER BY family, until
