"""A real Neo4j server for the tests: one that is there, one in Docker, or one from Maven."""
