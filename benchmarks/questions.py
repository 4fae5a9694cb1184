"""`queries`: every query of the catalogue on both stores, cold and warm.

Cold is the first question that a fresh process asks, of a graph that was opened just now or of a
server that has forgotten all its plans; warm is the best of some more. Queries about families ask
for all of them; the others are given what `_GIVEN` says. Both stores must answer the same rows.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.families import Size
from benchmarks.measuring import BenchmarkFailed, Measured, Taken, measure
from benchmarks.neo4j_load import export, run_importer
from benchmarks.reporting import Report, Row, times
from benchmarks.servers import Login, login, opened, stopped_server
from benchmarks.worlds import Workshop
from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore, Result
from hubtrace.queries.catalogue import ask_in_batches, catalogue, query

_WARM = 3
_MANY = 50
_GIVEN = {
    "variants": "MATCH (v:Variant) RETURN v.key AS key ORDER BY key LIMIT $many",
    "projects": "MATCH (r:Repository) RETURN r.key AS key ORDER BY key LIMIT $many",
    "commits": "MATCH (c:Commit) RETURN c.sha AS sha ORDER BY sha LIMIT $many",
    "contributors": "MATCH (c:Contributor) RETURN c.key AS key ORDER BY key LIMIT $many",
    "variant": "MATCH (v:Variant) RETURN v.key AS key ORDER BY key LIMIT 1",
    "repository": "MATCH (r:Repository) RETURN r.key AS key ORDER BY key LIMIT 1",
    "project": "MATCH (r:Repository) RETURN r.key AS key ORDER BY key LIMIT 1",
    "sha": "MATCH (c:Commit) RETURN c.sha AS sha ORDER BY sha LIMIT 1",
}
"""Parameter → the question whose answer it is given."""


def ask_embedded(graph: str, name: str) -> Taken:
    """Ask a stored query of an embedded graph that was opened just now."""
    with open_store(graph) as store:
        return _asked(store, name)


def ask_server(login: Login, name: str) -> Taken:
    """Ask a stored query of a server that knows no plan for it."""
    with opened(login) as store:
        with store.write() as writer:
            writer.run("CALL db.clearQueryCaches()")
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
        server.start()
        with opened(login(server)) as store, store.write() as writer:
            writer.run("CALL db.awaitIndexes()")  # the importer made none of them
        for name in catalogue():
            embedded = measure(ask_embedded, {"graph": graph, "name": name})
            answered = measure(ask_server, {"login": login(server), "name": name})
            report.rows.extend(_rows(name, embedded, answered))
    yield report


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
    given = _parameters(store, name)
    seconds, found = _timed(store, name, given)
    warm = min(_timed(store, name, given)[0] for _ in range(_WARM))
    return Taken(seconds, {"warm": warm, "rows": sum(map(len, found)), "sum": _sum(found)})


def _parameters(store: GraphStore, name: str) -> dict[str, Any]:
    """Return what a query is asked with; this also opens the file, or the connection."""
    given: dict[str, Any] = {}
    for parameter in query(name).parameters:
        if parameter.name in _GIVEN:
            many = {"many": _MANY} if "$many" in _GIVEN[parameter.name] else {}
            found = [value for (value,) in store.run(_GIVEN[parameter.name], **many).rows()]
            given[parameter.name] = found if many else found[0]
    store.run("MATCH (f:Family) RETURN count(f)")
    return given


def _timed(store: GraphStore, name: str, given: dict[str, Any]) -> tuple[float, list[Result]]:
    begin = time.perf_counter()
    found = list(ask_in_batches(store, name, **given))
    return time.perf_counter() - begin, found


def _sum(results: list[Result]) -> str:
    """Return what two answers have in common only if they are the same; a map has no order."""
    rows = [result.rows() for result in results]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
