// name: contributors_shared
// what: people who commit on both sides of a family
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), upstream_contributor (string), downstream_contributor (string),
//     login (string or null), method (string), upstream_commits (integer),
//     downstream_commits (integer)
//
// The same person under one key, or under two that SAME_PERSON joins directly; method says which.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope. The builders of a family are collected first: to
// walk from a shipper to all that they ever built anywhere takes minutes for 1,000 families.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM]->(p:Repository)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
MATCH (c)-[:AUTHORED_BY]->(builder:Contributor)
WITH f, until, builder, count(DISTINCT c.sha) AS commits
WITH f, until, collect({key: builder.key, commits: commits}) AS builders
MATCH (f)-[:RELEASES]->(v:Variant)
MATCH (v)-[h:HAS_COMMIT]->(c:Commit)
WHERE (h.on_default OR h.left_at > until) AND coalesce(h.entered_at, until) <= until
  AND h.at <= until
MATCH (c)-[:AUTHORED_BY]->(shipper:Contributor)
WITH f, builders, shipper, count(DISTINCT c.sha) AS downstream_commits
MATCH (shipper)-[same:SAME_PERSON*0..1]-(builder:Contributor)
WITH f.name AS family, builder, shipper, downstream_commits,
     CASE WHEN builder.key = shipper.key THEN 'same_key'
          ELSE coalesce(head([r IN same | r.method]), 'same_person') END AS method,
     head([b IN builders WHERE b.key = builder.key]) AS built
WHERE built IS NOT NULL
RETURN DISTINCT family, builder.key AS upstream_contributor, shipper.key AS downstream_contributor,
       coalesce(shipper.login, builder.login) AS login, method,
       built.commits AS upstream_commits, downstream_commits
ORDER BY family, downstream_contributor, upstream_contributor, method
