"""Derivations: from the records of a snapshot to the facts of the graph.

No module here writes anything (docs/decisions/0037). Each works in sorted passes over one
project's commits (`dag`, `landed`, `branches`), over the merged
timelines of families (`switches`) or over what joins projects (`copies`, `links`), so that two
million commits are a matter of seconds (docs/design.md, section 5: ancestry facts and nearest
neighbours are derived once, at load, and stored).
"""
