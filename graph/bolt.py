"""The store on a server that speaks Bolt: Neo4j, alone or as a cluster (docs/decisions/0006)."""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import neo4j
import neo4j.exceptions
import neo4j.graph
import pyarrow as pa

from hubtrace.graph import schema
from hubtrace.graph.errors import GraphError, QueryFailed, QueryTimedOut, WriteRefused
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore, Node, Relationship, Result, missing, too_new
from hubtrace.graph.tables import END, START, check_nodes, check_relationships

_DATABASE = "database"
# Nothing of a broken address is repeated: where a password holds a `/`, `?` or `#` that was not
# escaped, any part of the address can be a part of the password.
_BROKEN = (
    "the address of the graph is broken; write it like neo4j://host:7687?database=neo4j. "
    "A password belongs into NEO4J_PASSWORD; in an address its `/`, `?`, `#`, `[` and `@` are "
    "written %2F, %3F, %23, %5B and %40"
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server, a database on it, and a user. The password is left out of its `repr`."""

    url: str
    """Without user, password and query: fit to be shown."""
    user: str
    password: str = field(repr=False)
    database: str | None

    @classmethod
    def parse(cls, url: str) -> "ServerAddress":
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


REFUSED = "this statement changes the graph, which was opened for reading"

# Error codes of Neo4j.
_SECURITY = "Neo.ClientError.Security"
_READING = "Neo.ClientError.Statement.AccessMode"
_READ_ONLY = (
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
)
_NO_DATABASE = "Neo.ClientError.Database.DatabaseNotFound"
_TIMED_OUT = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
)
_OUT_OF_MEMORY = (
    "Neo.ClientError.General.TransactionOutOfMemoryError",
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
    "Neo.TransientError.General.OutOfMemoryError",
    "Neo.DatabaseError.General.OutOfMemoryError",
)
_TOO_LONG = "too large to index"
_INTEGERS = range(-(2**63), 2**63)


def answer_of(result: neo4j.Result) -> Result:
    """Return all rows of an answer as ours."""
    rows = [tuple(ours(value) for value in record.values()) for record in result]
    return Result(result.keys(), rows)


def ours(value: Any) -> Any:
    """Return a value as `graph/store.py` has it; a path is a map of nodes and relationships."""
    if isinstance(value, neo4j.graph.Node):
        return Node(value.element_id, min(value.labels, default=""), dict(value))
    if isinstance(value, neo4j.graph.Relationship):
        # A node that was not returned is without properties, and so false, but it has an identity.
        ends = [None if node is None else node.element_id for node in value.nodes]
        return Relationship(value.element_id, value.type, ends[0], ends[1], dict(value))
    if isinstance(value, neo4j.graph.Path):
        return {
            "nodes": [ours(node) for node in value.nodes],
            "relationships": [ours(relationship) for relationship in value.relationships],
        }
    if isinstance(value, list):
        return [ours(item) for item in value]
    if isinstance(value, dict):
        return {key: ours(item) for key, item in value.items()}
    return value


@contextmanager
def sending(parameters: Mapping[str, Any]) -> Iterator[None]:
    """Raise QueryFailed, with the parameter's name, where a value has no form in Bolt."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        odd = [name for name, value in parameters.items() if not _plain(value)]
        names = ", ".join(f"${name}" for name in odd or parameters)
        raise QueryFailed(f"{names or 'the statement'} cannot be sent: {error}") from None


def _plain(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, int):
        return value in _INTEGERS
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_plain, value.values()))
    return value is None or isinstance(value, float | bytes)


@contextmanager
def translated(url: str, user: str, database: str | None) -> Iterator[None]:
    """Turn what the driver raises into one clear sentence that never holds a password."""
    try:
        yield
    except neo4j.exceptions.Neo4jError as error:
        raise _of_server(error, url, user, database) from None
    except (neo4j.exceptions.ServiceUnavailable, neo4j.exceptions.SessionExpired) as error:
        words = _first_line(error)
        refused = next(_certificate_errors(error), None)
        if refused is not None:
            raise GraphError(
                f"the certificate of {url} is not trusted: {refused.verify_message}; name its "
                "authority in SSL_CERT_FILE, or use a +ssc address to take it as it is"
            ) from None
        if "defunct" in words:
            raise GraphError(f"the connection to {url} was lost; run it again") from None
        raise GraphError(f"no server answers at {url}: {words}") from None
    except neo4j.exceptions.DriverError as error:
        raise GraphError(f"{url} cannot be used: {_first_line(error)}") from None


def _of_server(
    error: neo4j.exceptions.Neo4jError, url: str, user: str, database: str | None
) -> GraphError:
    code, message = error.code or "", error.message or str(error)
    first = message.partition("\n")[0]
    if code == _READING:
        return WriteRefused(REFUSED)
    if code in _READ_ONLY:
        return GraphError(f"{url} is read-only: {first}")
    if code.startswith(_SECURITY):
        return _of_security(code.removeprefix(f"{_SECURITY}."), first, url, user)
    if code == _NO_DATABASE:
        return GraphError(f"{url} has no database {database or '(default)'}")
    if code in _TIMED_OUT:
        return QueryTimedOut("the question took longer than HUBTRACE_QUERY_TIMEOUT allows")
    if code in _OUT_OF_MEMORY:
        return QueryFailed(
            f"this takes more memory than {url} allows; narrow it, or raise the server's "
            "db.memory.transaction.max"
        )
    if _TOO_LONG in message:
        return GraphError(f"{url} cannot index so long a value as one of these keys or names")
    if isinstance(error, neo4j.exceptions.ClientError):
        return QueryFailed(message)
    return GraphError(f"{url} failed: {first}")


def _of_security(kind: str, words: str, url: str, user: str) -> GraphError:
    if kind == "Forbidden":
        return GraphError(f"user {user} may not do this at {url}: {words}")
    if kind == "CredentialsExpired":
        return GraphError(f"user {user} has to choose a new password at {url} first")
    if kind == "AuthenticationRateLimit":
        return GraphError(f"{url} was given too many wrong passwords; wait, then try again")
    return GraphError(
        f"{url} refused user {user or '(none)'}; set NEO4J_USERNAME and NEO4J_PASSWORD"
    )


def _certificate_errors(error: BaseException) -> Iterator[ssl.SSLCertVerificationError]:
    """Yield what the driver has wrapped, for a cluster in groups of errors."""
    if isinstance(error, ssl.SSLCertVerificationError):
        yield error
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _certificate_errors(inner)
    if error.__cause__ is not None:
        yield from _certificate_errors(error.__cause__)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


ROWS_PER_TRANSACTION = 10_000
"""Measured on two cores: 5,000, 10,000 and 20,000 rows differ less than two runs do."""
_KEYS_PER_DELETION = 1_000
_WORKERS = 2
"""Transactions at once. The server retries the loser of two that meet at one node."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A statement on its way, and how many rows it must find its nodes for."""

    statement: str
    parameters: dict[str, Any]
    rows: int
    what: str
    must_match: bool = False


class BoltWriter:
    """Collects what is written and sends it in transactions that the driver repeats if need be."""

    def __init__(self, store: "BoltStore") -> None:
        self._session, self._ask, self._translated = store._session, store._ask, store._translated
        self._steps: list[_Step] = []
        self._open: tuple[neo4j.Session, neo4j.Transaction] | None = None

    def ask(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphWriter.ask`."""
        if self._open is None and not self._steps:
            return self._ask(cypher, parameters)
        return self.run(cypher, **parameters)

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Run a statement that may write; see `GraphWriter.run`.

        Its answer is needed before it is known whether the block ends well. So it runs in a
        transaction that stays open until then, and that the driver cannot repeat.
        """
        with self._translated(), sending(parameters):
            transaction = self._transaction()
            _execute(transaction, self._collected())
            return answer_of(transaction.run(cypher, parameters))

    def put_nodes(self, label: str, rows: pa.Table) -> None:
        """Add or replace nodes; see `GraphWriter.put_nodes`."""
        node = MODEL.node(label)
        check_nodes(node, rows)
        statement = schema.merge_nodes(node)

        def step(batch: pa.Table) -> _Step:
            found = [_known(row) for row in batch.to_pylist()]
            values = [{"key": row[node.key], "properties": row} for row in found]
            return _Step(statement, {"rows": values}, len(values), label)

        self._put(rows, step)

    def put_relationships(self, type_: str, start: str, end: str, rows: pa.Table) -> None:
        """Add or replace relationships; see `GraphWriter.put_relationships`."""
        relationship = MODEL.relationship(type_)
        check_relationships(relationship, start, end, rows)
        statement = schema.merge_relationships(relationship, MODEL.node(start), MODEL.node(end))

        def step(batch: pa.Table) -> _Step:
            values = [
                {"from_key": row.pop(START), "to_key": row.pop(END), "properties": _known(row)}
                for row in batch.to_pylist()
            ]
            what = f"{type_} from {start} to {end}"
            return _Step(statement, {"rows": values}, len(values), what, must_match=True)

        self._put(rows, step)

    def remove_relationships(self, type_: str, start: str, keys: Sequence[str]) -> None:
        """Remove relationships, and nodes that they own; see `GraphWriter.remove_relationships`."""
        statement = schema.delete_relationships(MODEL.relationship(type_), MODEL.node(start))
        for first in range(0, len(keys), _KEYS_PER_DELETION):
            batch = list(keys[first : first + _KEYS_PER_DELETION])
            self._add(_Step(statement, {"keys": batch}, len(batch), type_))

    def flush(self) -> None:
        """Send what was collected, as one transaction."""
        if self._open is not None:
            with self._translated():
                _execute(self._open[1], self._collected())
                self._open[1].commit()
            self.close()
        elif self._steps:
            self._send(self._collected())

    def close(self) -> None:
        """Give up what was not flushed."""
        if self._open is not None:
            session, self._open = self._open[0], None
            # The connection may be gone; the server then rolls back by itself.
            with suppress(GraphError), self._translated():
                session.close()

    def _put(self, rows: pa.Table, step: Callable[[pa.Table], _Step]) -> None:
        if rows.num_rows <= ROWS_PER_TRANSACTION:
            if rows.num_rows:
                self._add(step(rows))
            return
        self.flush()
        size = ROWS_PER_TRANSACTION
        batches = (rows.slice(first, size) for first in range(0, rows.num_rows, size))
        with ThreadPoolExecutor(_WORKERS) as pool:
            sent = [pool.submit(lambda b: self._send([step(b)]), b) for b in batches]
            try:
                for batch in sent:
                    batch.result()
            except BaseException:
                # Without a server every other batch would wait in vain, too.
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _add(self, step: _Step) -> None:
        self._steps.append(step)
        if sum(waiting.rows for waiting in self._steps) > ROWS_PER_TRANSACTION:
            self.flush()

    def _send(self, steps: Sequence[_Step]) -> None:
        with self._translated(), self._session(neo4j.WRITE_ACCESS) as session:
            session.execute_write(_execute, steps)

    def _collected(self) -> list[_Step]:
        steps, self._steps = self._steps, []
        return steps

    def _transaction(self) -> neo4j.Transaction:
        if self._open is None:
            session = self._session(neo4j.WRITE_ACCESS)
            try:
                self._open = session, session.begin_transaction()
            except BaseException:
                session.close()
                raise
        return self._open[1]


def _execute(
    transaction: neo4j.ManagedTransaction | neo4j.Transaction, steps: Sequence[_Step]
) -> None:
    for step in steps:
        answer = transaction.run(step.statement, step.parameters)
        if not step.must_match:
            answer.consume()
        elif missing := step.rows - answer.single(strict=True)[0]:
            raise GraphError(f"{step.what}: {missing} of {step.rows} name a node that is not there")


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


_OLDEST = 5
"""The oldest major version of Neo4j whose Cypher the catalogue speaks."""
_PATIENCE = 15.0
"""Seconds in which a server must take a connection, and for which a statement is tried again."""


class BoltStore(GraphStore):
    """A graph on a server. One store serves one thread; its questions see its own writes."""

    def __init__(self, url: str) -> None:
        self._address = ServerAddress.parse(url)
        self.url = self._address.url
        self.deadline: float | None = None
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
        known = {name for (name,) in self._ask(schema.INDEX_NAMES, {}).rows()}
        self._change([text for name, text in schema.schema(MODEL).items() if name not in known])
        writer = BoltWriter(self)
        try:
            yield writer
            writer.flush()
        finally:
            writer.close()
        if not there:
            self._change([schema.stamp(MODEL)])
            self._there = True

    def exists(self) -> bool:
        """Return True if there is a graph to ask: the server answers, and a write has ended.

        Raises:
            GraphError: the server does not answer, or refuses us.
            GraphTooNew: a newer version of hubtrace made the graph.
        """
        if not self._there:
            found = [
                schema.stamped_version(name) for (name,) in self._ask(schema.stamps(), {}).rows()
            ]
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

        @neo4j.unit_of_work(timeout=self.deadline or _query_timeout())
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
