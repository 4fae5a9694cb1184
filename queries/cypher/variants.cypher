// name: variants
// what: the variants that a key, a name, a former name or the Hub's own id stands for; all without one
// params: target (string or null) = null
// returns: variant (string), name (string or null), url (string or null), how (string),
//     observed_at (integer or null, epoch seconds)
//
// how: `key`, `name`, `former_name` (it was renamed or moved since), `host_id`; `all` without a target.
// A variant that was never observed is known only because another one names it as its base.

MATCH (v:Variant)
OPTIONAL MATCH (e:Event)-[:ABOUT]->(v)
WHERE e.kind IN ['renamed', 'transferred'] AND toLower(e.before) = toLower($target)
WITH v, count(e) AS renamings, toLower($target) AS target
WITH v,
     CASE WHEN target IS NULL THEN 'all'
          WHEN v.key = target OR v.key = $target THEN 'key'
          WHEN toLower(v.name) = target THEN 'name'
          WHEN v.host_id = $target THEN 'host_id'
          WHEN renamings > 0
            OR size([a IN v.aliases WHERE a = target OR a = 'https://huggingface.co/' + target]) > 0
            THEN 'former_name' END AS how
WHERE how IS NOT NULL
RETURN v.key AS variant, v.name AS name, v.url AS url, how, v.observed_at AS observed_at
ORDER BY variant
