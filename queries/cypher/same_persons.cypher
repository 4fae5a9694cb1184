// name: same_persons
// what: the other keys of contributors, and how it is known that they are the same person
// params: contributors (list of strings) = []
// returns: contributor (string), other (string), method (string or null)
//
// contributors: keys. One step along SAME_PERSON, in either direction.

UNWIND $contributors AS key
MATCH (who:Contributor {key: key})-[same:SAME_PERSON]-(other:Contributor)
RETURN who.key AS contributor, other.key AS other, min(same.method) AS method
ORDER BY contributor, other
