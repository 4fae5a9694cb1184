// name: orphan_variants
// what: variants in no family that have lost their upstream or never had one, and what proves it
// params: until (integer or null, epoch seconds) = null
// returns: variant (string), name (string or null), status (string), until (integer, epoch seconds),
//     repositories (list of strings), gone_at (integer or null, epoch seconds),
//     moved_to (string or null)
//
// DESIGN.md section 3. A variant that was never observed itself (a base model that another one
// names) is left out: nothing is known of its evidence. until null: the variant's observed_at.

MATCH (v:Variant)
WHERE v.observed_at IS NOT NULL AND NOT EXISTS { (:Family)-[:RELEASES]->(v) }
WITH v, coalesce($until, v.observed_at) AS until
OPTIONAL MATCH (v)-[:LINKS_TO]->(r:Repository)
WITH v, until, r
ORDER BY r.key
WITH v, until, collect(r.key) AS repositories, count(r) AS total,
     max(r.gone_at) AS gone_at, min(r.moved_to) AS moved_to,
     sum(CASE WHEN r.gone_at <= until THEN 1 ELSE 0 END) AS gone,
     sum(CASE WHEN r.gone_at <= until OR r.archived THEN 1 ELSE 0 END) AS frozen,
     sum(CASE WHEN r.gone_at <= until OR r.archived OR r.moved_to IS NOT NULL
              THEN 1 ELSE 0 END) AS lost
WHERE lost = total
RETURN v.key AS variant, v.name AS name,
       CASE WHEN total = 0 THEN 'unlinked'
            WHEN gone = total THEN 'dead_link'
            WHEN frozen = total THEN 'archived_upstream'
            ELSE 'moved_upstream' END AS status,
       until, repositories, CASE WHEN gone_at <= until THEN gone_at END AS gone_at, moved_to
ORDER BY variant
