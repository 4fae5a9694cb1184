"""The store on a server that speaks Bolt: Neo4j, alone or as a cluster (docs/decisions/0006)."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import neo4j
import neo4j.exceptions
import neo4j.graph

from hubtrace.graph.bolt_values import REFUSED, answer_of, sending, translated
from hubtrace.graph.bolt_writer import BoltWriter
from hubtrace.graph.errors import GraphError, WriteRefused
from hubtrace.graph.model import MODEL
from hubtrace.graph.result import Result
from hubtrace.graph.schema import INDEX_NAMES, schema, stamp, stamped_version, stamps
from hubtrace.graph.store import GraphStore, missing, too_new

_DATABASE = "database"
# Nothing of a broken address is repeated: where a password holds a `/`, `?` or `#` that was not
# escaped, any part of the address can be a part of the password.
_BROKEN = (
    "the address of the graph is broken; write it like neo4j://host:7687?database=neo4j. "
    "A password belongs into NEO4J_PASSWORD; in an address its `/`, `?`, `#`, `[` and `@` are "
    "written %2F, %3F, %23, %5B and %40"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database on it, and a user. The password is left out of its `repr`."""

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
        try:
            parts = urlsplit(url)
            database = _database(parts)
        except ValueError:  # an invalid port or host
            raise GraphError(_BROKEN) from None
        environment = os.environ.get
        return cls(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            unquote(parts.username or "") or environment("NEO4J_USERNAME", "neo4j"),
            unquote(parts.password or "") or environment("NEO4J_PASSWORD", ""),
            database or environment("NEO4J_DATABASE") or None,
        )


def _database(parts: SplitResult) -> str | None:
    """Return the database that is named; raise ValueError for whatever else is there."""
    options = parse_qs(parts.query, keep_blank_values=True)
    names = options.pop(_DATABASE, [None])
    if parts.port == 0 or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError
    if options or len(names) > 1 or "@" in (names[0] or ""):
        raise ValueError
    return names[0]


_OLDEST = 5
"""The oldest major version of Neo4j whose Cypher the catalogue speaks."""
_PATIENCE = 15.0
"""Seconds in which a server must take a connection, and for which a statement is tried again."""


class BoltStore(GraphStore):
    """A graph on a server. One store serves one thread; its questions see its own writes."""

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url)
        self.url = self._address.url
        self._driver: neo4j.Driver | None = None
        self._there = False

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphStore.run`."""
        if not self.exists():
            raise missing(self.url)
        return self._ask(cypher, parameters)

    @contextmanager
    def write(self) -> Iterator[BoltWriter]:
        """Open the graph for writing; see `GraphStore.write`.

        A block of few rows is one transaction. A larger one is committed in batches, each of which
        can be repeated: if the block breaks, running it again finishes it.
        """
        there = self.exists()
        known = {name for (name,) in self._ask(INDEX_NAMES, {}).rows()}
        self._change([text for name, text in schema(MODEL).items() if name not in known])
        writer = BoltWriter(self._session, self._ask, self._translated)
        try:
            yield writer
            writer.flush()
        finally:
            writer.close()
        if not there:
            self._change([stamp(MODEL)])
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
                raise too_new(self.url, version)
            self._there = version is not None
        return self._there

    def close(self) -> None:
        """Close the connections."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None
        self._there = False

    def _ask(self, cypher: str, parameters: dict[str, Any]) -> Result:
        """Run a reading statement where the cluster sends readers, with the driver's retries."""

        @neo4j.unit_of_work(timeout=_query_timeout())
        def read(transaction: neo4j.ManagedTransaction) -> Result:
            result = transaction.run(cypher, parameters)
            answer = answer_of(result)
            if result.consume().counters.contains_updates:
                # Neo4j has refused it by now, other servers that speak Bolt do not; what is
                # raised here takes it back.
                raise WriteRefused(REFUSED)
            return answer

        with self._translated(), sending(parameters), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(read)

    def _change(self, statements: Sequence[str]) -> None:
        """Run statements that change what the database is made of, each on its own."""
        for statement in statements:
            with self._translated(), self._session(neo4j.WRITE_ACCESS) as session:
                session.execute_write(lambda t, text: t.run(text).consume(), statement)

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
                telemetry_disabled=True,
            )
            try:
                with self._translated():
                    check_version(driver.get_server_info().agent)
            except BaseException:
                driver.close()
                raise
            self._driver = driver
        return self._driver

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.url, self._address.user, self._address.database)


def check_version(agent: str) -> None:
    """Raise GraphError if the server is a Neo4j that does not speak our Cypher yet."""
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
