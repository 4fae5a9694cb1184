"""Which project a name means."""

from dataclasses import dataclass
from difflib import get_close_matches

from graph.errors import CatalogueError
from graph.store import GraphStore
from queries.addresses import DOWNSTREAM, UPSTREAM, parse_address

_NAMED = """
MATCH (p:{labels})
WHERE p.key = toLower($name) OR p.key = $name OR toLower(p.name) = toLower($name)
RETURN p.key AS key, coalesce(p.name, p.key) AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side, p.url AS url
ORDER BY side, key
"""
_FORMER = """
MATCH (e:Event)-[:ABOUT]->(p:{labels})
WHERE e.kind IN ['renamed', 'transferred'] AND toLower(e.before) = toLower($name)
RETURN DISTINCT p.key AS key, coalesce(p.name, p.key) AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side, p.url AS url
ORDER BY side, key
"""
_NAMES = "MATCH (p:{labels}) WHERE p.name IS NOT NULL RETURN DISTINCT p.name ORDER BY p.name"
_LABELS = {UPSTREAM: "Repository", DOWNSTREAM: "Variant", None: "Repository|Variant"}
_WORDS = {UPSTREAM: "repository", DOWNSTREAM: "variant", None: "project"}


@dataclass(frozen=True, slots=True)
class ProjectName:
    """A repository or variant of the graph."""

    key: str
    name: str
    side: str
    """`upstream` or `downstream`."""
    url: str | None


def find_project(store: GraphStore, text: str, side: str | None = None) -> ProjectName:
    """Return the project that a name, a former name, a key or the URL of its page means.

    A name that both sides have means the variant, if `side` does not say which.

    Raises:
        CatalogueError: the graph has no such project; names the closest one.
    """
    found = store.run(_NAMED.format(labels=_LABELS[side]), name=text).data()
    if not found and "/" in text:
        found = _by_address(store, text, side)
    found = found or store.run(_FORMER.format(labels=_LABELS[side]), name=text).data()
    if found:
        return ProjectName(**found[0])
    names = [name for (name,) in store.run(_NAMES.format(labels=_LABELS[side])).rows()]
    close = get_close_matches(text, names, n=1)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    raise CatalogueError(f"there is no {_WORDS[side]} `{text}` in the graph{hint}")


def _by_address(store: GraphStore, text: str, side: str | None) -> list[dict[str, str]]:
    address = parse_address(text)
    if address.project is None or address.path is not None or address.project == text:
        return []
    if side is not None and address.side not in (None, side):
        raise CatalogueError(f"{text!r} is a {_WORDS[address.side]}, not a {_WORDS[side]}")
    labels = _LABELS[side or address.side]
    return store.run(_NAMED.format(labels=labels), name=address.project).data()
