"""Which project of the graph a text means; `graph/urls.py` reads the text."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hubtrace.graph.errors import CatalogueError, ProjectMissing, SourceError
from hubtrace.graph.format import closest, did_you_mean
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import (
    GITHUB,
    Address,
    Hosts,
    NotHosted,
    Side,
    key_of,
    parse_address,
)

_NAMED = """
MATCH (p:{labels})
WHERE toLower(p.url) IN $keys OR p.key IN $keys OR toLower(p.name) = toLower($name)
      OR p.host_id = $name
RETURN p.key AS key, coalesce(p.name, p.key) AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side, p.url AS url,
       CASE WHEN toLower(p.url) IN $keys THEN 0
            WHEN p.key IN $keys THEN 1
            WHEN toLower(p.name) = toLower($name) THEN 2
            ELSE 3 END AS rank
ORDER BY rank, side, key
"""
_ONCE_NAMED = """
MATCH (p:{labels})
OPTIONAL MATCH (e:Event)-[:ABOUT]->(p)
WHERE e.kind IN ['renamed', 'transferred'] AND toLower(e.before) = toLower($name)
WITH p, count(e) AS renamings
WHERE renamings > 0 OR size([a IN p.aliases WHERE a IN $keys]) > 0
RETURN p.key AS key, coalesce(p.name, p.key) AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side, p.url AS url, 0 AS rank
ORDER BY side, key
"""
"""A present name goes before a key and before former names: another project may have those. Former
names are asked for where nothing has the name now; that takes ten times as long."""
_NAMES = "MATCH (p:{labels}) RETURN DISTINCT coalesce(p.name, p.key) AS name ORDER BY name"
_ELSEWHERE = """
MATCH (r:Repository) WHERE r.key STARTS WITH 'http' AND NOT r.key STARTS WITH $public
RETURN DISTINCT r.key
"""
_LABELS = {Side.UPSTREAM: "Repository", Side.DOWNSTREAM: "Variant", None: "Repository|Variant"}
_WORDS = {Side.UPSTREAM: "repository", Side.DOWNSTREAM: "variant", None: "project"}


@dataclass(frozen=True, slots=True)
class ProjectName:
    """A repository or variant of the graph."""

    key: str
    name: str
    side: str
    """`upstream` or `downstream`."""
    url: str | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A project of the graph, and where in it a text points at."""

    project: ProjectName
    address: Address


def resolve(
    store: GraphStore, text: str, side: Side | None = None, families: Sequence[str] = ()
) -> Resolved:
    """Return the project that a name, a former name, a key, an id or a URL means.

    A name that both sides have means the variant, if neither `side` nor the text says which.
    `families` are the names of those that could be meant, too.

    Raises:
        ProjectMissing: the graph has no such project; names the closest ones.
        CatalogueError: it has several, or the text is none of a project.
    """
    found, side, name = _looked_up(store, text.strip(), side)
    if found is not None:
        return found
    names = [known for (known,) in store.run(_NAMES.format(labels=_LABELS[side])).rows()]
    close = near(name, [*names, *families])
    what = f"{_WORDS[side]} or family" if families else _WORDS[side]
    raise ProjectMissing(f"the graph has no {what} {text.strip()!r}{close}", name)


def recognised(store: GraphStore, text: str) -> Resolved | None:
    """Return what `resolve` does, and None where it raises an error: nothing like it is sought."""
    try:
        return _looked_up(store, text.strip(), None)[0]
    except CatalogueError:
        return None


def _looked_up(
    store: GraphStore, text: str, side: Side | None
) -> tuple[Resolved | None, Side | None, str]:
    """Return what a text means, on which side, and the name in it."""
    found = _named(store, side, text, [text, text.lower()])
    if found is not None:  # also a key or a name that is on no host
        return Resolved(found, Address(None, found.name)), side, text
    try:
        address, hosts = _address(store, text)
    except SourceError as error:
        raise CatalogueError(str(error)) from None
    if side is not None and address.side not in (None, side):
        raise CatalogueError(f"{text!r} is a {_WORDS[address.side]}, not a {_WORDS[side]}")
    side = side or address.side
    keys = list(_keys(hosts, (side,) if side else tuple(Side), address.name))
    found = _named(store, side, address.name, keys)
    return None if found is None else Resolved(found, address), side, address.name


def _keys(hosts: Hosts, sides: Sequence[Side], name: str) -> Iterator[str]:
    """Yield the keys that a name would have; a host need not allow the name."""
    for side in sides:
        with suppress(SourceError):
            yield key_of(hosts.url(side, name))


def find_project(
    store: GraphStore, text: str, side: Side | None = None, families: Sequence[str] = ()
) -> ProjectName:
    """Return the project that a text means, for a question that is not about one revision.

    Raises:
        CatalogueError: as `resolve`, or the text points at a revision or a file.
    """
    found = resolve(store, text, side, families)
    if found.address.at or found.address.path:
        name = found.project.url or found.project.name
        raise CatalogueError(
            f"{text!r} points into {found.project.name}, and only the whole of it can be asked "
            f"about here; give {name}"
        )
    return found.project


def find_variant(store: GraphStore, target: str) -> tuple[str, str | None]:
    """Return the key of the variant that a text means, and the revision that it names.

    Raises:
        CatalogueError: as `resolve`.
    """
    found = resolve(store, target, Side.DOWNSTREAM)
    return found.project.key, found.address.at


def _named(store: GraphStore, side: Side | None, name: str, keys: list[str]) -> ProjectName | None:
    for question in (_NAMED, _ONCE_NAMED):
        rows = store.run(question.format(labels=_LABELS[side]), name=name, keys=keys).data()
        if rows:
            break
    best = [row for row in rows if (row["rank"], row["side"]) == (rows[0]["rank"], rows[0]["side"])]
    if len(best) > 1:
        some = ", ".join(row["key"] for row in best)
        raise CatalogueError(f"{name!r} can be any of {some}; give its URL")
    return ProjectName(*(best[0][key] for key in ("key", "name", "side", "url"))) if best else None


def _address(store: GraphStore, text: str) -> tuple[Address, Hosts]:
    """Return what a text points at; a company's GitHub is known by the graph's repositories."""
    try:
        return parse_address(text), Hosts()
    except NotHosted:
        for (key,) in store.run(_ELSEWHERE, public=f"{GITHUB}/").rows():
            hosts = Hosts(github=key.rsplit("/", 2)[0])
            if f"{hosts.github.partition('://')[2]}/" in text.lower():
                return parse_address(text, hosts), hosts
        raise


def near(name: str, known: Sequence[str]) -> str:
    """Return the end of an error message: the known names that are like it, or end like it."""
    last = name.lower().rpartition("/")[2]
    same_end = [text for text in dict.fromkeys(known) if last and last in text.lower()]
    return did_you_mean(closest(name, known, limit=3) or same_end[:3])
