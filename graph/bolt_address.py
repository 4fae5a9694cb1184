"""Which server, which database on it, and who asks."""

import os
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from graph.errors import GraphError

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
        try:
            parts = urlsplit(url)
            database = _database(parts)
        except ValueError:  # a port or a host that is none
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
