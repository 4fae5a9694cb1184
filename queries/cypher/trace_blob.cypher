// name: trace_blob
// what: the variants that carry files of these blob ids, and where they are in them
// params: blobs (list of strings) = []
// returns: blob (string), variant (string), name (string or null), path (string)
//
// blobs: git blob ids; of large files those of their LFS pointers. The query origins tells the rest.

UNWIND $blobs AS blob
MATCH (c:Copy {blob: blob})<-[:HAS_COPY]-(v:Variant)
RETURN DISTINCT blob, v.key AS variant, v.name AS name, c.path AS path
ORDER BY blob, variant, path
