"""`queries`: every query of the catalogue on both stores, cold and warm.

Cold is the first question that a fresh process asks of an embedded graph, or that a freshly started
server gets; warm is the best of some more. Both must answer the same rows.
"""

import hashlib
import time
from collections.abc import Iterator

from benchmarks.families import Size
from benchmarks.measuring import BenchmarkFailed, Measured, Taken, measure
from benchmarks.neo4j_load import export, run_importer
from benchmarks.reporting import Report, Row, times
from benchmarks.servers import Login, login, opened, stopped_server
from benchmarks.worlds import Workshop
from graph.result import Result
from graph.store import GraphStore, open_store
from queries.catalogue import ask_in_batches, catalogue
from tests.neo4j.server import FromMaven

_WARM = 3


def ask_embedded(graph: str, name: str) -> Taken:
    """Ask a stored query of an embedded graph that was opened just now."""
    with open_store(graph) as store:
        store.run("MATCH (f:Family) RETURN count(f)")  # opens the file
        return _asked(store, name)


def ask_server(login: Login, name: str) -> Taken:
    """Ask a stored query of a server that was started just now."""
    with opened(login) as store:
        store.run("MATCH (f:Family) RETURN count(f)")
        return _asked(store, name)


def run(workshop: Workshop, size: Size) -> Iterator[Report]:
    """Measure every query on a world of this size."""
    graph = str(workshop.graph(size))
    report = Report(f"queries: {size.families:,} families, {size.commits:,} commits")
    with stopped_server() as server:
        folder = server.home / "exported"
        measure(export, {"graph": graph, "folder": str(folder)})
        bin_ = str(server.admin_program().parent)
        measure(run_importer, {"folder": str(folder), "bin_": bin_})
        _finish_import(server)
        for name in catalogue():
            embedded = measure(ask_embedded, {"graph": graph, "name": name})
            report.rows.extend(_rows(name, embedded, _on_server(server, name)))
    yield report


def _finish_import(server: FromMaven) -> None:
    """Make the constraints that the importer does not."""
    server.start()
    try:
        with opened(login(server)) as store, store.write() as writer:
            writer.run("CALL db.awaitIndexes()")
    finally:
        server.kill()


def _on_server(server: FromMaven, name: str) -> Measured:
    server.start()
    try:
        return measure(ask_server, {"login": login(server), "name": name})
    finally:
        server.kill()


def _rows(name: str, embedded: Measured, neo4j: Measured) -> Iterator[Row]:
    for what in ("rows", "sum"):
        if embedded.facts[what] != neo4j.facts[what]:
            raise BenchmarkFailed(f"{name}: the stores answer different {what}")
    warm = times(neo4j.facts["warm"], embedded.facts["warm"])
    for store, asked in (("embedded", embedded), ("Neo4j", neo4j)):
        note = f"warm {asked.facts['warm']:.3f} s; {asked.facts['rows']:,} rows"
        ratio = f"warm {warm} of embedded" if store == "Neo4j" else ""
        yield Row.of(f"`{name}`, {store}, cold", asked, note=note, ratio=ratio)


def _asked(store: GraphStore, name: str) -> Taken:
    begin = time.perf_counter()
    found = list(ask_in_batches(store, name))
    cold = time.perf_counter() - begin
    warm = min(_seconds(store, name) for _ in range(_WARM))
    return Taken(cold, {"warm": warm, "rows": sum(map(len, found)), "sum": _sum(found)})


def _seconds(store: GraphStore, name: str) -> float:
    begin = time.perf_counter()
    list(ask_in_batches(store, name))
    return time.perf_counter() - begin


def _sum(results: list[Result]) -> str:
    """Return what two answers have in common only if they are the same."""
    return hashlib.sha256(repr([result.rows() for result in results]).encode()).hexdigest()
