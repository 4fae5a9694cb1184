"""`neo4j`: rows into Neo4j, by our loader and by the ways that people write who have no loader.

All write the same recorded rows into an empty database of the same server, and all have the same
constraints: without them every `MERGE` would search the whole label, and the peers' times would
grow with the square of the rows.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import neo4j

from benchmarks.families import Size
from benchmarks.measuring import BenchmarkFailed, Measured, Taken, has_module, measure
from benchmarks.recording import Put, recorded
from benchmarks.reporting import Report, Row, times
from benchmarks.servers import Login, empty_server, opened, stopped_server
from benchmarks.worlds import Workshop
from hubtrace.exports.neo4j_import import COMMAND_FILE, export_neo4j_import
from hubtrace.graph import open_store
from hubtrace.graph.model import MODEL
from hubtrace.graph.schema import schema
from hubtrace.graph.store import GraphStore
from hubtrace.graph.tables import END, START
from hubtrace.ingest.load import load
from hubtrace.ingest.snapshot import Snapshot

GOAL = 5
_PY2NEO_BATCH = 10_000
"""What py2neo's manual shows, and what ours sends."""
_LOOP_ROWS = 1_000


def load_ours(snapshot: str, login: Login) -> Taken:
    """Load a snapshot: read, check, derive, write."""
    begin = time.perf_counter()
    with opened(login) as store:
        load(Snapshot(Path(snapshot)), store)
    return Taken(time.perf_counter() - begin)


def write_ours(recording: str, login: Login) -> Taken:
    """Write recorded rows by our store, and do nothing else."""
    puts = list(recorded(Path(recording)))
    with opened(login) as store:
        with store.write():
            pass  # makes the constraints, which the peers have before their clocks start, too
        begin = time.perf_counter()
        _write(store, puts)
        seconds = time.perf_counter() - begin
    return Taken(seconds, _counted(login))


def _write(store: GraphStore, puts: list[Put]) -> None:
    with store.write() as writer:
        for put in puts:
            if len(put.into) == 1:
                writer.put_nodes(put.into[0], put.rows)
            else:
                type_, start, end = put.into
                writer.put_relationships(type_, start, end, put.rows)


def merge_loop(recording: str, login: Login, rows_per_transaction: int) -> Taken:
    """Write recorded rows by a statement for every row."""
    puts = list(recorded(Path(recording)))
    with _driver(login) as driver, driver.session() as session:
        _constrain(session)
        begin = time.perf_counter()
        for put in puts:
            statement, rows = _plain(put), iter(_parameters(put))
            while batch := list(islice(rows, rows_per_transaction)):
                with session.begin_transaction() as transaction:
                    for row in batch:
                        transaction.run(statement, row).consume()
                    transaction.commit()
        seconds = time.perf_counter() - begin
    return Taken(seconds, _counted(login))


def py2neo_bulk(recording: str, login: Login) -> Taken:
    """Write recorded rows by py2neo's `merge_nodes` and `merge_relationships`."""
    from py2neo import Graph
    from py2neo.bulk import merge_nodes, merge_relationships

    puts = list(recorded(Path(recording)))
    with _driver(login) as driver, driver.session() as session:
        _constrain(session)
    graph = Graph(login[0], auth=("neo4j", login[1]))
    begin = time.perf_counter()
    for put in puts:
        rows = iter(_parameters(put))
        while batch := list(islice(rows, _PY2NEO_BATCH)):
            if len(put.into) == 1:
                data = [row["properties"] for row in batch]
                merge_nodes(graph.auto(), data, _key(put.into[0]))
            else:
                type_, start, end = put.into
                triples = [(row["start"], row["properties"], row["end"]) for row in batch]
                merge_relationships(
                    graph.auto(),
                    triples,
                    type_,
                    start_node_key=_key(start),
                    end_node_key=_key(end),
                )
    return Taken(time.perf_counter() - begin, _counted(login))


def export(graph: str, folder: str) -> Taken:
    """Write the importer's files."""
    begin = time.perf_counter()
    with open_store(graph) as store:
        export_neo4j_import(store, Path(folder))
    return Taken(time.perf_counter() - begin)


def run_importer(folder: str, bin_: str) -> Taken:
    """Run the importer of the engine on the exported files."""
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    begin = time.perf_counter()
    subprocess.run(
        ["sh", str(Path(folder) / COMMAND_FILE)],
        env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return Taken(time.perf_counter() - begin)


def run(workshop: Workshop, size: Size, sample: Size, python: str) -> Iterator[Report]:
    """Measure every way on a world, and the statement for every row on a smaller one."""
    recording = str(workshop.recording(size))
    ours = _on_a_server(load_ours, snapshot=str(workshop.snapshot(size)))
    rows = _rows(recording)
    written = _on_a_server(write_ours, recording=recording)
    report = Report(f"neo4j: {size.families:,} families, {size.commits:,} commits, {rows:,} rows")
    report.rows.extend(_bulk(workshop, size, rows))
    report.rows.append(_row("hubtrace load, reading and deriving included", ours, rows))
    report.rows.append(_row("hubtrace's writer, the rows ready in memory", written, rows))
    smaller = str(workshop.recording(sample))
    fewer = _rows(smaller)
    for each in (_LOOP_ROWS, 1):
        loop = _on_a_server(merge_loop, recording=smaller, rows_per_transaction=each)
        faster = times(loop.seconds / fewer, ours.seconds / rows)
        what = f"a MERGE for every row, {each:,} rows a transaction"
        report.rows.append(
            _row(what, loop, fewer, ratio=f"hubtrace load is {faster} as fast", goal=f"≥ {GOAL}x")
        )
    if has_module(python, "py2neo"):
        peer = _on_a_server(py2neo_bulk, python=python, recording=recording)
        if peer.facts != written.facts:
            raise BenchmarkFailed(f"py2neo wrote {peer.facts}, hubtrace {written.facts}")
        faster = times(peer.seconds, written.seconds)
        ratio = f"hubtrace's writer is {faster} as fast"
        report.rows.append(_row("py2neo's bulk helpers", peer, rows, ratio=ratio))
    yield report


def _bulk(workshop: Workshop, size: Size, rows: int) -> Iterator[Row]:
    graph = str(workshop.graph(size))
    with stopped_server() as server:
        folder = server.home / "exported"
        written = measure(export, {"graph": graph, "folder": str(folder)})
        arguments = {"folder": str(folder), "bin_": str(server.admin_program().parent)}
        yield _row("hubtrace export neo4j-import", written, rows)
        yield _row(
            "the engine's own importer of these files", measure(run_importer, arguments), rows
        )


def _on_a_server(function: Any, python: str = sys.executable, **arguments: Any) -> Measured:
    """Measure once, in an empty database: a second run would find every row there."""
    with empty_server() as where:
        return measure(function, {**arguments, "login": where}, python=python)


def _row(what: str, measured: Measured, rows: int, **rest: str) -> Row:
    return Row.of(what, measured, note=f"{rows / measured.seconds:,.0f} rows/s of {rows:,}", **rest)


def _rows(recording: str) -> int:
    return sum(put.rows.num_rows for put in recorded(Path(recording)))


def _parameters(put: Put) -> Iterator[dict[str, Any]]:
    for row in put.rows.to_pylist():
        known = {name: value for name, value in row.items() if value is not None}
        if len(put.into) == 1:
            yield {"key": row[MODEL.node(put.into[0]).key], "properties": known}
        else:
            start, end = known.pop(START), known.pop(END)
            yield {"start": start, "end": end, "properties": known}


def _plain(put: Put) -> str:
    if len(put.into) == 1:
        label = put.into[0]
        key = MODEL.node(label).key
        return f"MERGE (n:{label} {{{key}: $key}}) SET n = $properties"
    type_, start, end = put.into
    return (
        f"MATCH (s:{start} {{{MODEL.node(start).key}: $start}}) "
        f"MATCH (e:{end} {{{MODEL.node(end).key}: $end}}) "
        f"MERGE (s)-[r:{type_}]->(e) SET r = $properties"
    )


def _key(label: str) -> tuple[str, str]:
    return label, MODEL.node(label).key


def _driver(login: Login) -> neo4j.Driver:
    return neo4j.GraphDatabase.driver(login[0], auth=("neo4j", login[1]))


def _constrain(session: neo4j.Session) -> None:
    for statement in schema(MODEL).values():
        session.run(statement).consume()
    session.run("CALL db.awaitIndexes()").consume()


def _counted(login: Login) -> dict[str, int]:
    with _driver(login) as driver, driver.session() as session:
        nodes = session.run("MATCH (n) RETURN count(n)").single(strict=True)[0]
        relationships = session.run("MATCH ()-[r]->() RETURN count(r)").single(strict=True)[0]
    return {"nodes": nodes, "relationships": relationships}
