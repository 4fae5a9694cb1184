// name: branch_status
// what: every branch of the projects of a family, its status and what proves it
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     abandon_after (integer, seconds) = 15552000
// returns: family (string), side (string), project (string), name (string or null), branch (string),
//     kind (string or null), status (string), head (string or null),
//     head_committed_at (integer or null, epoch seconds), merge_base (string or null),
//     ahead (integer or null), behind (integer or null),
//     default_committed_at (integer or null, epoch seconds)
//
// Refs are as observed: until moves the clock, not the refs. A branch stays `open` if its head is
// not among the commits, so that its age is not known. All of the repository counts here, also
// where the upstream is limited to paths. `undecided`: it would be abandoned, if it did not land,
// which nothing could decide (decision 0038), or if the default branch, of which no commit is known,
// went on. default_committed_at: the last commit on the default branch by committer time.

UNWIND $families AS name
MATCH (f:Family {name: name})-[:UPSTREAM|RELEASES]->(p)
WITH f, p, coalesce($until, f.observed_at) AS until
OPTIONAL MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND coalesce(h.settled_at, c.committed_at) <= until
WITH f, p, until, max(coalesce(h.settled_at, c.committed_at)) AS default_committed_at
MATCH (p)-[:HAS_BRANCH]->(b:Branch)
WHERE b.vanished_at IS NULL
RETURN f.name AS family,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side,
       p.key AS project, p.name AS name, b.name AS branch, b.kind AS kind,
       CASE WHEN b.status <> 'open' OR b.head_committed_at IS NULL THEN b.status
            WHEN until - b.head_committed_at < $abandon_after THEN 'active'
            WHEN default_committed_at IS NULL
              OR default_committed_at > b.head_committed_at AND b.landing = 'unknown' THEN 'undecided'
            WHEN default_committed_at > b.head_committed_at THEN 'abandoned'
            ELSE 'dormant' END AS status,
       b.head AS head, b.head_committed_at AS head_committed_at, b.merge_base AS merge_base,
       b.ahead AS ahead, b.behind AS behind, default_committed_at
ORDER BY family, side DESC, project, branch
