"""`audit`: one model of a large graph, by `hubtrace audit` in a fresh process, start-up included.

Families as in the other benchmarks, with evidence, copies and large files for every variant, so
that a graph of this size weighs what a real one would.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.families import Size
from benchmarks.measuring import BenchmarkFailed, Taken, cpu_seconds, measure
from benchmarks.reporting import Report, Row
from benchmarks.worlds import Workshop
from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START, node_schema, relationship_schema
from hubtrace.queries.audit import audit

GOAL_SECONDS = 2.0
FORMATS = ("text", "html", "json", "cyclonedx", "in-toto")
COPIES, EVIDENCE, FILES = 5, 3, 2
"""Of every variant."""

_MEMBERS = """
MATCH (v:Variant)<-[:RELEASES]-(:Family)-[:UPSTREAM]->(r:Repository)
MATCH (v)-[own:HAS_COMMIT]->(c:Commit) WHERE own.on_default
WITH v, r, collect(c.sha)[0] AS own
MATCH (r)-[theirs:HAS_COMMIT]->(o:Commit) WHERE theirs.on_default
RETURN v.key AS variant, r.key AS repository, own, collect(o.sha)[0] AS origin
ORDER BY variant
"""


def dress(graph: str, dressed: str) -> Taken:
    """Copy a graph and give every variant evidence, copies and large files."""
    begin = time.perf_counter()
    Path(dressed).write_bytes(Path(graph).read_bytes())
    store = EmbeddedStore(dressed)
    members = store.run(_MEMBERS).data()
    with store.write() as writer:
        _links(writer, members)
        _things(writer, members)
    return Taken(time.perf_counter() - begin, {"variants": len(members)})


def audit_fresh(graph: str, variant: str, format_: str) -> Taken:
    """Audit a variant as a person does: a new process, its start and its end included."""
    command = [sys.executable, "-m", "hubtrace", "audit", variant, "--graph", graph]
    return _timed([*command, "--format", format_])


def start_fresh() -> Taken:
    """Start `hubtrace` and do nothing."""
    return _timed([sys.executable, "-m", "hubtrace", "--version"])


def open_graph(graph: str) -> Taken:
    """Open the graph and ask how many variants it has."""
    begin, worked = time.perf_counter(), cpu_seconds()
    with open_store(graph) as store:
        store.run("MATCH (v:Variant) RETURN count(v)").evaluate()
        return _clock(begin, worked)


def ask_only(graph: str, variant: str) -> Taken:
    """Audit a variant of a graph that is open already."""
    with open_store(graph) as store:
        store.run("MATCH (v:Variant) RETURN count(v)").evaluate()
        begin, worked = time.perf_counter(), cpu_seconds()
        audit(store, variant)
        return _clock(begin, worked)


def run(workshop: Workshop, size: Size, repeat: int) -> Iterator[Report]:
    """Measure audits on a world of this size."""
    plain = workshop.graph(size)
    path = workshop.made(
        f"audits-{size.families}-{size.commits}",
        lambda made: measure(dress, {"graph": str(plain), "dressed": str(made)}),
    )
    graph = str(path)
    with EmbeddedStore(path).write():  # the copy for questions is of a file by its last name
        pass
    report = Report(f"audit: one of {size.variants:,} models, {size.commits:,} commits")
    usual, busiest = _variants(path)
    rows = [(usual, "text"), *((busiest, format_) for format_ in FORMATS)]
    for (variant, commits), format_ in rows:
        arguments = {"graph": graph, "variant": variant, "format_": format_}
        asked = measure(audit_fresh, arguments, repeat=repeat)
        note = f"processor time {asked.facts['cpu']:.2f} s; {asked.facts['bytes']:,} bytes"
        what = f"`audit -f {format_}`, a fresh process; {commits:,} commits upstream"
        report.rows.append(Row.of(what, asked, goal=f"< {GOAL_SECONDS:g} s", note=note))
    report.rows.append(_row("… starting up alone", start_fresh, repeat))
    report.rows.append(_row("… opening the graph alone", open_graph, repeat, graph=graph))
    for (variant, commits), _ in rows[:2]:
        what = f"… the questions alone; {commits:,} commits upstream"
        report.rows.append(_row(what, ask_only, repeat, graph=graph, variant=variant))
    yield report


def _row(what: str, function: Callable[..., Taken], repeat: int, **arguments: str) -> Row:
    asked = measure(function, arguments, repeat=repeat)
    return Row.of(what, asked, note=f"processor time {asked.facts['cpu']:.2f} s")


def _variants(graph: Path) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return a variant of the repository in the middle, and of that with the most commits."""
    question = """
    MATCH (r:Repository)-[h:HAS_COMMIT]->(:Commit)
    WITH r, count(h) AS commits
    MATCH (r)<-[:UPSTREAM]-(:Family)-[:RELEASES]->(v:Variant)
    RETURN min(v.key) AS variant, commits ORDER BY commits, variant
    """
    with EmbeddedStore(graph) as store:
        found = store.run(question).rows()
    middle, last = found[len(found) // 2], found[-1]
    return (middle[0], middle[1]), (last[0], last[1])


def _clock(begin: float, worked: float) -> Taken:
    """Return what has passed since: on a busy machine the processor time is the firmer figure."""
    return Taken(time.perf_counter() - begin, {"cpu": cpu_seconds() - worked})


def _timed(command: Sequence[str]) -> Taken:
    begin, worked = time.perf_counter(), cpu_seconds()
    done = subprocess.run(command, capture_output=True, check=False)
    taken = _clock(begin, worked)
    if done.returncode:
        raise BenchmarkFailed(done.stderr.decode())
    return Taken(taken.seconds, {**taken.facts, "bytes": len(done.stdout)})


def _links(writer: GraphWriter, members: Sequence[dict[str, Any]]) -> None:
    rows = [
        {START: m["variant"], END: m["repository"], "confidence": 0.9, "role": "upstream"}
        for m in members
    ]
    _join(writer, "LINKS_TO", "Variant", "Repository", rows)


def _things(writer: GraphWriter, members: Sequence[dict[str, Any]]) -> None:
    """Write the nodes that hang on each variant."""
    for label, type_, number in (
        ("Evidence", "HAS_EVIDENCE", EVIDENCE),
        ("Copy", "HAS_COPY", COPIES),
        ("File", "HAS_FILE", FILES),
    ):
        owned = [(m, f"{m['variant']} {label} {n}") for m in members for n in range(number)]
        nodes = [{"key": key, **_FACTS[label](key)} for _, key in owned]
        writer.put_nodes(label, pa.Table.from_pylist(nodes, node_schema(MODEL.node(label))))
        _join(writer, type_, "Variant", label, [{START: m["variant"], END: k} for m, k in owned])
        if label == "Evidence":
            ends = [{START: key, END: m["repository"]} for m, key in owned]
            _join(writer, "POINTS_TO", label, "Repository", ends)
        if label == "Copy":
            for end, target, column in _COPIED:
                ends = [{START: key, END: m[column]} for m, key in owned]
                _join(writer, end, label, target, ends)


_COPIED = (
    ("COPIED_FROM", "Repository", "repository"),
    ("COPIED_IN", "Commit", "own"),
    ("ORIGINATES_IN", "Commit", "origin"),
)
_FACTS = {
    "Evidence": lambda key: {"method": "same_blob", "rank": 1, "place": key, "strength": 0.5},
    "Copy": lambda key: {"blob": key, "path": key, "origin_path": key, "kind": "blob"},
    "File": lambda key: {"path": key, "sha256": "0" * 64, "size": 1},
}


def _join(
    writer: GraphWriter, type_: str, start: str, end: str, rows: Sequence[dict[str, Any]]
) -> None:
    schema = relationship_schema(MODEL.relationship(type_))
    writer.put_relationships(type_, start, end, pa.Table.from_pylist(list(rows), schema))
