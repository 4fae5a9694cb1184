// name: contributors_shared
// what: people who commit on both sides of a family
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), upstream_contributor (string), downstream_contributor (string),
//     login (string or null), method (string), upstream_commits (integer),
//     downstream_commits (integer)
//
// The same person under one key, or under two that SAME_PERSON joins directly; method says which.
// The commits that count are those of the pattern: on the default branch, at most at until, and,
// where the upstream is limited to paths, in scope.

UNWIND $families AS name
MATCH (f:Family {name: name})-[u:UPSTREAM|RELEASES]->(p)
WITH f, p, u.paths AS paths, coalesce($until, f.observed_at) AS until
MATCH (p)-[h:HAS_COMMIT]->(c:Commit)
WHERE h.on_default AND h.at <= until
  AND (paths IS NULL OR EXISTS { (f)-[:IN_SCOPE]->(c) })
MATCH (c)-[:AUTHORED_BY]->(person:Contributor)
WITH f.name AS family, person,
     count(DISTINCT CASE WHEN p:Repository THEN c.sha END) AS upstream_commits,
     count(DISTINCT CASE WHEN p:Variant THEN c.sha END) AS downstream_commits
WITH family, collect({key: person.key, commits: upstream_commits}) AS people,
     collect(CASE WHEN downstream_commits > 0
                  THEN {person: person, commits: downstream_commits} END) AS shippers
UNWIND shippers AS entry
WITH family, people, entry.person AS shipper, entry.commits AS downstream_commits
OPTIONAL MATCH (shipper)-[same:SAME_PERSON]-(other:Contributor)
WITH family, people, shipper, downstream_commits,
     [{key: shipper.key, login: shipper.login, method: 'same_key'}]
       + collect(CASE WHEN other.key <> shipper.key THEN
           {key: other.key, login: other.login, method: coalesce(same.method, 'same_person')}
         END) AS identities
UNWIND identities AS identity
UNWIND people AS builder
WITH family, shipper, downstream_commits, identity, builder
WHERE builder.key = identity.key AND builder.commits > 0
RETURN DISTINCT family, builder.key AS upstream_contributor, shipper.key AS downstream_contributor,
       coalesce(shipper.login, identity.login) AS login, identity.method AS method,
       builder.commits AS upstream_commits, downstream_commits
ORDER BY family, downstream_contributor, upstream_contributor, method
