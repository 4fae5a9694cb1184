// name: switches
// what: every switch of side in a family's merged timeline, with its lag
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), from_side (string), from_at (integer, epoch seconds),
//     to_at (integer, epoch seconds), lag_seconds (integer), lag_days (integer),
//     from_sha (string or null), to_sha (string or null)
//
// Switches are derived at load (docs/design.md, section 1); cutting the timeline at until only
// drops those whose later commit lies behind it.

UNWIND $families AS name
MATCH (f:Family {name: name})-[:HAS_SWITCH]->(s:Switch)
WHERE s.to_at <= coalesce($until, f.observed_at)
OPTIONAL MATCH (s)-[:FROM]->(earlier:Commit)
OPTIONAL MATCH (s)-[:TO]->(later:Commit)
RETURN f.name AS family, s.from_side AS from_side, s.from_at AS from_at, s.to_at AS to_at,
       s.lag_seconds AS lag_seconds, s.lag_seconds / 86400 AS lag_days,
       earlier.sha AS from_sha, later.sha AS to_sha
ORDER BY family, from_at, to_at, from_sha, to_sha
