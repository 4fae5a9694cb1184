// name: orphan_variants
// what: variants in no family that have lost their upstream or never had one, and what proves it
// params: until (integer or null, epoch seconds) = null
// returns: variant (string), name (string or null), status (string), until (integer, epoch seconds),
//     repositories (list of strings), gone_at (integer or null, epoch seconds),
//     moved_to (string or null)
//
// docs/design.md, section 3. A variant that was never observed itself (a base model that another
// one names) is left out: nothing is known of its evidence. until null: the variant's observed_at.

MATCH (v:Variant)
WHERE v.observed_at IS NOT NULL AND NOT EXISTS { (:Family)-[:RELEASES]->(v) }
WITH v, coalesce($until, v.observed_at) AS until
OPTIONAL MATCH (v)-[:LINKS_TO]->(r:Repository)
OPTIONAL MATCH (r)<-[:ABOUT]-(e:Event)
WHERE e.kind IN ['archived', 'unarchived', 'renamed', 'transferred']
WITH v, until, r,
     min(CASE WHEN e.kind = 'archived' AND e.observed_at > until THEN e.observed_at END) AS archived_at,
     min(CASE WHEN e.kind = 'unarchived' AND e.observed_at > until THEN e.observed_at END) AS unarchived_at,
     sum(CASE WHEN e.kind IN ['renamed', 'transferred'] AND e.observed_at > until THEN 1 ELSE 0 END) AS moved_later,
     sum(CASE WHEN e.kind IN ['renamed', 'transferred'] AND e.observed_at <= until THEN 1 ELSE 0 END) AS moves
WITH v, until, r,
     CASE WHEN archived_at IS NULL AND unarchived_at IS NULL THEN coalesce(r.archived, false)
          WHEN unarchived_at IS NULL THEN false
          WHEN archived_at IS NULL THEN true
          ELSE unarchived_at < archived_at END AS archived,
     CASE WHEN moved_later = 0 OR moves > 0 THEN r.moved_to END AS moved_to
ORDER BY r.key
WITH v, until, collect(r.key) AS repositories, count(r) AS total,
     max(r.gone_at) AS gone_at, min(moved_to) AS moved_to,
     sum(CASE WHEN r.gone_at <= until THEN 1 ELSE 0 END) AS gone,
     sum(CASE WHEN r.gone_at <= until OR archived THEN 1 ELSE 0 END) AS frozen,
     sum(CASE WHEN r.gone_at <= until OR archived OR moved_to IS NOT NULL
              THEN 1 ELSE 0 END) AS lost
WHERE lost = total
RETURN v.key AS variant, v.name AS name,
       CASE WHEN total = 0 THEN 'unlinked'
            WHEN gone = total THEN 'dead_link'
            WHEN frozen = total THEN 'archived_upstream'
            ELSE 'moved_upstream' END AS status,
       until, repositories, CASE WHEN gone_at <= until THEN gone_at END AS gone_at, moved_to
ORDER BY variant
