// name: variant_facts
// what: what is known of variants: names, licence, access, and the families that release them
// params: variants (list of strings) = []
// returns: variant (string), name (string or null), url (string or null), host_id (string or null),
//     licence (string or null), library (string or null), task (string or null),
//     gated (string or null), private (boolean or null), disabled (boolean or null),
//     downloads (integer or null), created_at (integer or null, epoch seconds),
//     observed_at (integer or null, epoch seconds), gone_at (integer or null, epoch seconds),
//     moved_to (string or null), default_branch (string or null), shallow (boolean or null),
//     families (list of strings), looks (list of strings or null),
//     card (list of strings or null)
//
// variants: keys. looks: of each observation the time, a space, the head of the default branch. What a host was not asked, or did not tell, is null.

UNWIND $variants AS key
MATCH (v:Variant {key: key})
OPTIONAL MATCH (f:Family)-[:RELEASES]->(v)
WITH v, f
ORDER BY f.name
WITH v, collect(f.name) AS families
RETURN v.key AS variant, v.name AS name, v.url AS url, v.host_id AS host_id, v.licence AS licence,
       v.library AS library, v.task AS task, v.gated AS gated, v.private AS private,
       v.disabled AS disabled, v.downloads AS downloads, v.created_at AS created_at,
       v.observed_at AS observed_at, v.gone_at AS gone_at, v.moved_to AS moved_to,
       v.default_branch AS default_branch, v.shallow AS shallow, families,
       v.looks AS looks, v.card AS card
ORDER BY variant
