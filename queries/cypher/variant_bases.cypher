// name: variant_bases
// what: the models that variants say they were made from, one step up
// params: variants (list of strings) = []
// returns: variant (string), base (string), name (string or null), url (string or null),
//     relation (string or null), licence (string or null),
//     observed_at (integer or null, epoch seconds)
//
// variants: keys. relation: `finetune`, `adapter`, `merge` or `quantized`. One step at a time: cards
// can name each other in circles.

UNWIND $variants AS key
MATCH (v:Variant {key: key})-[d:DERIVED_FROM]->(b:Variant)
RETURN v.key AS variant, b.key AS base, b.name AS name, b.url AS url, d.relation AS relation,
       b.licence AS licence, b.observed_at AS observed_at
ORDER BY variant, base
