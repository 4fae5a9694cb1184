"""Which project and revision of the graph a text means; `graph/identity.py` reads the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubtrace.graph.errors import CatalogueError, SourceError
from hubtrace.graph.format import closest, did_you_mean
from hubtrace.graph.identity import (
    GITHUB,
    Address,
    Hosts,
    NotHosted,
    Side,
    commit_url,
    key_of,
    parse_address,
)
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import Row

if TYPE_CHECKING:
    from hubtrace.queries.audit.records import CommitFact, Revision

_NAMED = """
MATCH (p:{labels})
OPTIONAL MATCH (e:Event)-[:ABOUT]->(p)
WHERE e.kind IN ['renamed', 'transferred'] AND toLower(e.before) = toLower($name)
WITH p, count(e) AS renamings
WITH p, CASE WHEN p.key IN $keys THEN 0
             WHEN toLower(p.name) = toLower($name) THEN 1
             WHEN p.host_id = $name THEN 2
             WHEN renamings > 0 THEN 3 END AS rank
WHERE rank IS NOT NULL
RETURN p.key AS key, coalesce(p.name, p.key) AS name,
       CASE WHEN p:Repository THEN 'upstream' ELSE 'downstream' END AS side, p.url AS url, rank
ORDER BY rank, side, key
"""
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


def resolve(store: GraphStore, text: str, side: Side | None = None) -> Resolved:
    """Return the project that a name, a former name, a key, an id or a URL means.

    A name that both sides have means the variant, if neither `side` nor the text says which.

    Raises:
        CatalogueError: the graph has no such project, or several; names the closest ones.
    """
    text = text.strip()
    found = _named(store, side, text, [text, text.lower()])
    if found is not None:  # also a key or a name that is on no host
        return Resolved(found, Address(None, found.name))
    try:
        address, hosts = _address(store, text)
    except SourceError as error:
        raise CatalogueError(str(error)) from None
    if side is not None and address.side not in (None, side):
        raise CatalogueError(f"{text!r} is a {_WORDS[address.side]}, not a {_WORDS[side]}")
    side = side or address.side
    keys = [key_of(hosts.url(side, address.name))] if side else []
    found = _named(store, side, address.name, keys)
    if found is None:
        raise _unknown(store, text, address.name, side)
    return Resolved(found, address)


def find_project(store: GraphStore, text: str, side: Side | None = None) -> ProjectName:
    """Return the project that a text means, for a question that is not about one revision.

    Raises:
        CatalogueError: as `resolve`, or the text points at a revision or a file.
    """
    found = resolve(store, text, side)
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
    rows = store.run(_NAMED.format(labels=_LABELS[side]), name=name, keys=keys).data()
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


def _unknown(store: GraphStore, text: str, name: str, side: Side | None) -> CatalogueError:
    names = [name for (name,) in store.run(_NAMES.format(labels=_LABELS[side])).rows()]
    return CatalogueError(f"the graph has no {_WORDS[side]} {text!r}{_near(name, names)}")


_SHORTEST = 4
"""Characters of a sha that are taken for its beginning."""
_LISTED = 8
"""Branches and tags that are named where none is near."""


@dataclass(frozen=True, slots=True)
class History:
    """What revisions of a variant are found in."""

    url: str | None
    default_branch: str | None
    commits: Sequence[Row]
    refs: Sequence[Row]

    @property
    def head(self) -> str | None:
        """The sha of the head of the default branch, as last observed."""
        found = (row["sha"] for row in self.refs if row["ref"] == self.default_branch)
        return next(found, None)

    def ancestors(self, sha: str) -> set[str]:
        """Return a commit and all that it was made on, as far as they were read."""
        parents = {row["sha"]: row["parents"] for row in self.commits}
        found: set[str] = set()
        waiting = [sha]
        while waiting:
            here = waiting.pop()
            if here in parents and here not in found:
                found.add(here)
                waiting.extend(parents[here])
        return found


def find_revision(history: History, asked: str | None, until: int) -> "Revision | None":
    """Return the revision that was asked for, or the default branch's newest up to `until`.

    None if nothing was asked for and there is no commit.

    Raises:
        CatalogueError: there is no such revision, or several, or it is younger than `until`.
    """
    if asked is None:
        return _newest(history, until)
    how, sha = _resolve(asked, history)
    row = next((row for row in history.commits if row["sha"] == sha), None)
    if row is None:
        raise CatalogueError(f"the commit of the {how} {asked!r}, {sha}, was not read")
    if row["at"] > until:
        raise CatalogueError(
            f"the revision {asked!r} is younger than the moment that the audit is asked for"
        )
    return _revision(row, history, until, asked, how)


def _near(name: str, known: Sequence[str]) -> str:
    last = name.lower().rpartition("/")[2]
    same_end = [text for text in dict.fromkeys(known) if last and last in text.lower()]
    return did_you_mean(closest(name, known, limit=3) or same_end[:3])


def _resolve(asked: str, history: History) -> tuple[str, str]:
    """Return what the text is (`tag`, `branch`, `sha`) and the sha that it stands for."""
    for kind, beginning in (("tag", "refs/tags/"), ("branch", "refs/heads/"), ("branch", "refs/")):
        for row in history.refs:
            is_tag = row["kind"] == "tag"
            if is_tag == (kind == "tag") and row["ref"] in (asked, beginning + asked):
                return kind, row["sha"]
    begun = asked.lower()
    shas = [row["sha"] for row in history.commits if row["sha"].startswith(begun)]
    if len(asked) < _SHORTEST or not shas:
        names = [row["ref"].split("/", 2)[-1] for row in history.refs]
        has = f"; it has {', '.join(names[:_LISTED])}" if names else ""
        raise CatalogueError(f"the variant has no revision {asked!r}{_near(asked, names) or has}")
    if len(shas) > 1:
        raise CatalogueError(f"{asked!r} is the beginning of {len(shas)} commits; give more of it")
    return "sha", shas[0]


def _newest(history: History, until: int) -> "Revision | None":
    known = [row for row in history.commits if row["on_default"] and row["at"] <= until]
    if not known:
        return None
    head = next((row for row in known if row["sha"] == history.head), None)
    row = head or max(known, key=lambda row: (row["at"], row["sha"]))
    return _revision(row, history, until, None, "default_head" if head else "newest")


def _revision(row: Row, history: History, until: int, asked: str | None, how: str) -> "Revision":
    from hubtrace.queries.audit.records import Revision  # the package imports this module

    vanished_at = row["vanished_at"]
    return Revision(
        commit=commit_fact(row, history.url),
        asked=asked,
        how=how,
        on_default=row["on_default"],
        is_head=row["sha"] == history.head,
        vanished_at=vanished_at if vanished_at is not None and vanished_at <= until else None,
    )


def commit_fact(row: Row, url: str | None, prefix: str = "") -> "CommitFact":
    """Return the commit of a row; its columns may begin with a prefix such as `origin_`."""
    from hubtrace.queries.audit.records import CommitFact  # the package imports this module

    sha = row[f"{prefix}sha"]
    return CommitFact(
        sha=sha,
        at=row[f"{prefix}at"],
        author=row.get(f"{prefix}author"),
        subject=row.get(f"{prefix}subject"),
        url=commit_url(url, sha),
    )
