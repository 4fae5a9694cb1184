"""A graph, or some of its families, as files for other programs.

- `subgraph`: what is exported: a whole graph, or what belongs to some families
- `graphml`, `node_link`: the nodes and relationships as one file
- `neo4j_import`: files for `neo4j-admin database import`
- `tables`: the rows of every stored query, as Parquet
"""
