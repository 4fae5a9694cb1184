// name: variant_status
// what: the status of each variant of a family, and what proves it
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null,
//     abandon_after (integer, seconds) = 15552000
// returns: family (string), variant (string), name (string or null), status (string),
//     until (integer, epoch seconds), last_at (integer or null, epoch seconds),
//     last_sha (string or null), upstream_last_at (integer or null, epoch seconds),
//     upstream_last_sha (string or null), repositories (list of strings),
//     gone_at (integer or null, epoch seconds), moved_to (string or null)
//
// The first rule that matches wins. A variant has lost its upstream only if that holds for every
// repository of the family: all gone, else all gone or archived, else all gone, archived or moved.
// What was archived or moved after until was not so then; what was unarchived after it was.
// Variants in no family are in `orphan_variants`.

UNWIND $families AS name
MATCH (f:Family {name: name})
WITH f, coalesce($until, f.observed_at) AS until
OPTIONAL MATCH (f)-[u:UPSTREAM]->(r:Repository)
WITH f, until, r, u.paths AS paths
OPTIONAL MATCH (r)<-[:ABOUT]-(e:Event)
WHERE e.kind IN ['archived', 'unarchived', 'renamed', 'transferred']
WITH f, until, r, paths,
     min(CASE WHEN e.kind = 'archived' AND e.observed_at > until THEN e.observed_at END) AS archived_at,
     min(CASE WHEN e.kind = 'unarchived' AND e.observed_at > until THEN e.observed_at END) AS unarchived_at,
     sum(CASE WHEN e.kind IN ['renamed', 'transferred'] AND e.observed_at > until THEN 1 ELSE 0 END) AS moved_later,
     sum(CASE WHEN e.kind IN ['renamed', 'transferred'] AND e.observed_at <= until THEN 1 ELSE 0 END) AS moves
WITH f, until, r, paths,
     CASE WHEN archived_at IS NULL AND unarchived_at IS NULL THEN coalesce(r.archived, false)
          WHEN unarchived_at IS NULL THEN false
          WHEN archived_at IS NULL THEN true
          ELSE unarchived_at < archived_at END AS archived,
     CASE WHEN moved_later = 0 OR moves > 0 THEN r.moved_to END AS moved_to
OPTIONAL MATCH (r)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND coalesce(h.settled_at, c.committed_at) <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
WITH f, until, r, archived, moved_to, max(CASE WHEN c.sha IS NOT NULL THEN [coalesce(h.settled_at, c.committed_at), c.sha] END) AS latest
ORDER BY r.key
WITH f, until, max(latest) AS upstream, collect(r.key) AS repositories,
     count(r) AS total, max(r.gone_at) AS gone_at, min(moved_to) AS moved_to,
     sum(CASE WHEN r.gone_at <= until THEN 1 ELSE 0 END) AS gone,
     sum(CASE WHEN r.gone_at <= until OR archived THEN 1 ELSE 0 END) AS frozen,
     sum(CASE WHEN r.gone_at <= until OR archived OR moved_to IS NOT NULL
              THEN 1 ELSE 0 END) AS lost
MATCH (f)-[:RELEASES]->(v:Variant)
OPTIONAL MATCH (v)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND coalesce(h.settled_at, c.committed_at) <= until
WITH f, until, upstream, repositories, total, gone_at, moved_to, gone, frozen, lost, v,
     max(CASE WHEN c.sha IS NOT NULL THEN [coalesce(h.settled_at, c.committed_at), c.sha] END) AS downstream
WITH f.name AS family, v.key AS variant, v.name AS name, until, repositories, total, gone, frozen,
     lost, gone_at, moved_to, upstream[0] AS upstream_last_at, upstream[1] AS upstream_last_sha,
     downstream[0] AS last_at, downstream[1] AS last_sha
RETURN family, variant, name,
       CASE WHEN total = 0 THEN 'unlinked'
            WHEN gone = total THEN 'dead_link'
            WHEN frozen = total THEN 'archived_upstream'
            WHEN lost = total THEN 'moved_upstream'
            WHEN upstream_last_at IS NULL THEN 'no_upstream_commits'
            WHEN last_at IS NULL THEN 'no_variant_commits'
            WHEN until - upstream_last_at >= $abandon_after
             AND until - last_at >= $abandon_after THEN 'dormant'
            WHEN until - upstream_last_at >= $abandon_after
             AND last_at > upstream_last_at THEN 'upstream_abandoned'
            WHEN until - last_at >= $abandon_after
             AND upstream_last_at > last_at THEN 'downstream_abandoned'
            ELSE 'active' END AS status,
       until, last_at, last_sha, upstream_last_at, upstream_last_sha, repositories,
       CASE WHEN gone_at <= until THEN gone_at END AS gone_at, moved_to
ORDER BY family, variant
