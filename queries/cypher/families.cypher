// name: families
// what: the names of all families in the graph
// params: none
// returns: family (string)

MATCH (f:Family)
RETURN f.name AS family
ORDER BY family
