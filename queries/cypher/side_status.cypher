// name: side_status
// what: whether a family is active, dormant, or abandoned on one side, and what proves it
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     abandon_after (integer, seconds) = 15552000
// returns: family (string), status (string), until (integer, epoch seconds),
//     upstream_last_at (integer or null, epoch seconds), upstream_last_sha (string or null),
//     downstream_last_at (integer or null, epoch seconds), downstream_last_sha (string or null)
//
// Committer times, as everywhere in docs/design.md, section 3. The first rule that matches wins; a
// family that is silent on one side from the start says so, as in the pattern. The last commit of
// a side is the one with the largest committer time; of several, the one with the largest sha. A
// family without any commit has no row.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND coalesce(h.settled_at, c.committed_at) <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f, until, max(CASE WHEN p:Repository THEN [coalesce(h.settled_at, c.committed_at), c.sha] END) AS upstream,
     max(CASE WHEN p:Variant THEN [coalesce(h.settled_at, c.committed_at), c.sha] END) AS downstream
WITH f.name AS family, until, upstream[0] AS upstream_last_at, upstream[1] AS upstream_last_sha,
     downstream[0] AS downstream_last_at, downstream[1] AS downstream_last_sha
RETURN family,
       CASE WHEN upstream_last_at IS NULL THEN 'no_upstream_commits'
            WHEN downstream_last_at IS NULL THEN 'no_variant_commits'
            WHEN until - upstream_last_at >= $abandon_after
             AND until - downstream_last_at >= $abandon_after THEN 'dormant'
            WHEN until - upstream_last_at >= $abandon_after
             AND downstream_last_at > upstream_last_at THEN 'upstream_abandoned'
            WHEN until - downstream_last_at >= $abandon_after
             AND upstream_last_at > downstream_last_at THEN 'downstream_abandoned'
            ELSE 'active' END AS status,
       until, upstream_last_at, upstream_last_sha, downstream_last_at, downstream_last_sha
ORDER BY family
