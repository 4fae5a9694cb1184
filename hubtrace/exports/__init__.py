"""A graph, or some of its families, as files for other programs.

- `part`: what is exported: all of a graph, or all that hangs on some families
- `graphml`, `node_link`: the nodes and relationships as one file
- `tables`: the rows of every stored query, as Parquet
"""
