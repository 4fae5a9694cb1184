"""A Neo4j server to measure: the one that the tests start, with their modest memory settings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measuring import BenchmarkFailed, say
from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from tests.neo4j.artifacts import Unavailable
from tests.neo4j.server import FromMaven

Login = list[str]
"""Where a server is, and its user's password: what a measured process is told."""


@contextmanager
def stopped_server() -> Iterator[FromMaven]:
    """Yield a server that was not started yet; it goes with its data afterwards.

    Raises:
        BenchmarkFailed: none can be had; the message says why.
    """
    try:
        server = FromMaven(started=False)
    except Unavailable as missing:
        raise BenchmarkFailed(f"there is no Neo4j to measure: {missing}") from None
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def empty_server() -> Iterator[Login]:
    """Yield the login of a started server with an empty database."""
    with stopped_server() as server:
        server.start()
        say("  a fresh Neo4j")
        yield login(server)


def login(server: FromMaven) -> Login:
    """Return what a measured process needs to reach a server."""
    return [server.uri, server.password]


def opened(login: Login) -> GraphStore:
    """Open a server as a store, in the measured process."""
    uri, password = login
    os.environ.update(NEO4J_USERNAME="neo4j", NEO4J_PASSWORD=password)
    return open_store(uri)
