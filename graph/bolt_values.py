"""How a Bolt server's values and errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import neo4j.exceptions
import neo4j.graph

from graph.errors import GraphError, QueryFailed, WriteRefused
from graph.result import Node, Relationship

_READ_ONLY = (
    "Neo.ClientError.Statement.AccessMode",
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
)
_FORBIDDEN = "Neo.ClientError.Security.Forbidden"
_NO_DATABASE = "Neo.ClientError.Database.DatabaseNotFound"
_TIMED_OUT = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
)


def ours(value: Any) -> Any:
    """Return a value as `graph.result` has it; a path is a map of its nodes and relationships."""
    if isinstance(value, neo4j.graph.Node):
        return Node(value.element_id, next(iter(value.labels), ""), dict(value))
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
def translated(url: str, user: str, database: str | None) -> Iterator[None]:
    """Turn what the driver raises into one clear sentence that never holds a password."""
    try:
        yield
    except neo4j.exceptions.AuthError:
        raise GraphError(
            f"{url} refused user {user or '(none)'}; set NEO4J_USERNAME and NEO4J_PASSWORD"
        ) from None
    except neo4j.exceptions.ClientError as error:
        raise _of_client(error, url, user, database) from None
    except (neo4j.exceptions.ServiceUnavailable, neo4j.exceptions.SessionExpired) as error:
        raise GraphError(f"no server answers at {url}: {_first_line(error)}") from None
    except neo4j.exceptions.ConfigurationError as error:
        raise GraphError(f"{url} cannot be used: {_first_line(error)}") from None
    except (neo4j.exceptions.Neo4jError, neo4j.exceptions.DriverError) as error:
        raise GraphError(f"{url}: {_first_line(error)}") from None


def _of_client(
    error: neo4j.exceptions.ClientError, url: str, user: str, database: str | None
) -> GraphError:
    code, message = error.code or "", error.message or str(error)
    if code in _READ_ONLY:
        return WriteRefused("this statement changes the graph, which was opened for reading")
    if code == _FORBIDDEN:
        return GraphError(f"user {user} may not do this at {url}: {message.splitlines()[0]}")
    if code == _NO_DATABASE:
        return GraphError(f"{url} has no database {database or '(default)'}")
    if code in _TIMED_OUT:
        return QueryFailed("the question took longer than HUBTRACE_QUERY_TIMEOUT allows")
    return QueryFailed(message)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
