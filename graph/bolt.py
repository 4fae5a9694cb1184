"""The store on a server that speaks Bolt: Neo4j, alone or as a cluster (docs/decisions/0006)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import neo4j

from graph.bolt_values import ours, translated
from graph.bolt_writer import BoltWriter
from graph.errors import GraphError, GraphMissing, GraphTooNew, QueryFailed
from graph.model import MODEL
from graph.result import Result
from graph.statements import constraints, indexes, stamp, stamped_version, stamps

_OLDEST = 5
"""The oldest major version of Neo4j whose Cypher the catalogue speaks."""
_PATIENCE = 15.0
"""Seconds in which a server must take a connection, and for which a statement is tried again."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database on it, and who asks. The password is in no text of it."""

    url: str
    """Without user, password and query: fit to be shown."""
    user: str
    password: str = field(repr=False)
    database: str | None

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read a URL; user, password and database come from it or from `NEO4J_…` variables.

        Raises:
            GraphError: the URL names no host, or something that is not known.
        """
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if not parts.hostname or parts.path.strip("/") or set(query) - {"database"}:
            raise GraphError(
                f"{shown} is no server; write it like neo4j://host:7687?database=neo4j"
            )
        environment = os.environ.get
        return cls(
            shown,
            unquote(parts.username or "") or environment("NEO4J_USERNAME", "neo4j"),
            unquote(parts.password or "") or environment("NEO4J_PASSWORD", ""),
            query.get("database", [environment("NEO4J_DATABASE") or None])[0],
        )


class BoltStore:
    """A graph on a server. One store serves one thread; its questions see its own writes."""

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url)
        self.url = self._address.url
        self._driver: neo4j.Driver | None = None
        self._there = False

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphStore.run`."""
        if not self.exists():
            raise GraphMissing(
                f"there is no graph at {self.url}; "
                "make one with `hubtrace ingest` or `hubtrace load`"
            )
        return self._ask(cypher, parameters)

    @contextmanager
    def write(self) -> Iterator[BoltWriter]:
        """Open the graph for writing; see `GraphStore.write`.

        A block of few rows is one transaction. A larger one is committed in batches, each of which
        can be repeated: if the block breaks, running it again finishes it.
        """
        there = self.exists()
        with self._translated(), self._session(neo4j.WRITE_ACCESS) as session:
            for statement in (*constraints(MODEL), *indexes(MODEL)):
                session.run(statement).consume()
        writer = BoltWriter(self._connect(), self._address.database, self._ask, self._translated)
        yield writer
        writer.flush()
        if not there:
            with self._translated(), self._session(neo4j.WRITE_ACCESS) as session:
                session.run(stamp(MODEL)).consume()
            self._there = True

    def exists(self) -> bool:
        """Return True if there is a graph to ask: the server answers, and a write has ended.

        Raises:
            GraphError: the server does not answer, or refuses us.
            GraphTooNew: a newer version of hubtrace made the graph.
        """
        if not self._there:
            found = [stamped_version(name) for (name,) in self._ask(stamps(), {}).rows()]
            version = max((number for number in found if number is not None), default=None)
            if version is not None and version > MODEL.version:
                raise GraphTooNew(
                    f"{self.url} was made by a newer hubtrace (model {version}, "
                    f"this one knows {MODEL.version}); update hubtrace"
                )
            self._there = version is not None
        return self._there

    def close(self) -> None:
        """Close the connections."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None
        self._there = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, cypher: str, parameters: dict[str, Any]) -> Result:
        """Run a reading statement where the cluster sends readers, with the driver's retries."""

        @neo4j.unit_of_work(timeout=_query_timeout())
        def read(transaction: neo4j.ManagedTransaction) -> Result:
            answer = transaction.run(cypher, parameters)
            rows = [tuple(ours(value) for value in record.values()) for record in answer]
            return Result(answer.keys(), rows)

        with self._translated(), self._session(neo4j.READ_ACCESS) as session:
            try:
                return session.execute_read(read)
            except (TypeError, ValueError, OverflowError) as error:
                names = ", ".join(f"${name}" for name in parameters)
                raise QueryFailed(f"one of the parameters {names} is no value: {error}") from None

    def _session(self, access: str) -> neo4j.Session:
        driver = self._connect()
        return driver.session(
            database=self._address.database,
            default_access_mode=access,
            # Lets a question wait, on whichever server answers it, for the load before it.
            bookmark_manager=driver.execute_query_bookmark_manager,
        )

    def _connect(self) -> neo4j.Driver:
        if self._driver is None:
            driver = neo4j.GraphDatabase.driver(
                self.url,
                auth=(self._address.user, self._address.password),
                connection_timeout=_PATIENCE,
                max_transaction_retry_time=_PATIENCE,
                user_agent="hubtrace",
                notifications_min_severity="OFF",
            )
            try:
                with self._translated():
                    _check_version(driver.get_server_info().agent)
            except BaseException:
                driver.close()
                raise
            self._driver = driver
        return self._driver

    def _translated(self) -> Any:
        return translated(self.url, self._address.user, self._address.database)


def _check_version(agent: str) -> None:
    name, _, version = agent.partition("/")
    major = version.split(".")[0]
    if name == "Neo4j" and major.isdigit() and int(major) < _OLDEST:
        raise GraphError(f"the server is {agent}; hubtrace needs Neo4j {_OLDEST} or newer")


def _query_timeout() -> float | None:
    """Return how many seconds a question may take; by default as long as the server allows."""
    text = os.environ.get("HUBTRACE_QUERY_TIMEOUT", "")
    try:
        return float(text) if text else None
    except ValueError:
        raise GraphError(f"HUBTRACE_QUERY_TIMEOUT is {text!r}, not a number of seconds") from None
