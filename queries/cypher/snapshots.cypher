// name: snapshots
// what: the snapshots that the graph was loaded from
// params: none
// returns: snapshot (string), digest (string), tool (string),
//     observed_at (integer or null, epoch seconds)

MATCH (s:Snapshot)
RETURN s.key AS snapshot, s.digest AS digest, s.tool AS tool, s.observed_at AS observed_at
ORDER BY snapshot
