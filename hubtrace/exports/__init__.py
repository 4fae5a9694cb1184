"""A graph, or a family of it, as files for other programs.

- `part`: what is exported: all of a graph, or all that hangs on some families
- `graphml`, `node_link`: the nodes and relationships as one file
- `tables`: the answers to every stored question, as Parquet
"""
