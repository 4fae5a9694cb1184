"""How a Bolt server's values and errors become ours."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import neo4j
import neo4j.exceptions
import neo4j.graph

from hubtrace.graph.errors import GraphError, QueryFailed, WriteRefused
from hubtrace.graph.result import Node, Relationship, Result

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
_TOO_LONG = "too large to index"
_INTEGERS = range(-(2**63), 2**63)


def answer_of(result: neo4j.Result) -> Result:
    """Return all rows of an answer as ours."""
    rows = [tuple(ours(value) for value in record.values()) for record in result]
    return Result(result.keys(), rows)


def ours(value: Any) -> Any:
    """Return a value as `graph/result.py` has it; a path is a map of nodes and relationships."""
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
        return QueryFailed("the question took longer than HUBTRACE_QUERY_TIMEOUT allows")
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
