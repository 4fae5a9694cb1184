// name: releases
// what: the releases of a family's repositories, as GitHub tells them
// params: families (list of strings) = all, until (integer or null, epoch seconds) = null
// returns: family (string), project (string), name (string or null), release (string or null),
//     published_at (integer or null, epoch seconds)
//
// Tags are in `tags`: a release has one, and git knows tags where no host was asked.

UNWIND $families AS name
MATCH (f:Family {name: name})-[:UPSTREAM]->(p:Repository)-[:HAS_RELEASE]->(e:Release)
WHERE e.published_at <= coalesce($until, f.observed_at)
RETURN f.name AS family, p.key AS project, p.name AS name, e.name AS release,
       e.published_at AS published_at
ORDER BY family, project, published_at, release
