"""Derivations: pure functions from the records of a snapshot to the facts of the graph.

No module here reads or writes anything. Each works in sorted passes over one project's commits
(`dag`, `membership`, `divergence`, `branches`, `landed`) or over the merged timelines of
families (`switches`), so that two million commits are a matter of seconds (DESIGN.md section 5:
ancestry facts and nearest neighbours are derived once, at load, and stored).
"""
