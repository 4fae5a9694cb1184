"""Which project, variant or revision a name means."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.address import DOWNSTREAM, UPSTREAM, parse_address
from hubtrace.queries.catalogue import Row, ask
from hubtrace.queries.pages import commit_url

if TYPE_CHECKING:
    from hubtrace.queries.audit.records import CommitFact, Revision

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


_BEST_FIRST = ("key", "name", "host_id", "former_name")
_SHORTEST = 4
"""Characters of a sha that are taken for its beginning."""
_LISTED = 8
"""Branches and tags that are named where none is near."""


def find_variant(store: GraphStore, target: str) -> str:
    """Return the key of the variant that a name, URL, former name or Hub id stands for.

    Raises:
        CatalogueError: there is none, or several; names the nearest ones.
    """
    found = ask(store, "variants", target=_plain(target)).data()
    for how in _BEST_FIRST:
        keys = [row["variant"] for row in found if row["how"] == how]
        if len(keys) == 1:
            return str(keys[0])
        if keys:
            raise CatalogueError(f"{target!r} can be any of {', '.join(keys)}; give its URL")
    known = [row["name"] or row["variant"] for row in ask(store, "variants")]
    raise CatalogueError(f"the graph has no variant {target!r}{_near(_name(target), known)}")


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


def _plain(target: str) -> str:
    """Return a target without what people copy along with it: a slash, `hf.co`, a page's path."""
    text = target.strip().rstrip("/")
    for beginning in ("https://hf.co/", "http://huggingface.co/", "hf.co/", "huggingface.co/"):
        if text.lower().startswith(beginning):
            text = "https://huggingface.co/" + text[len(beginning) :]
    for page in ("/tree/", "/blob/", "/resolve/", "/commit/"):
        text = text.partition(page)[0]
    return text.removesuffix(".git")


def _name(target: str) -> str:
    return _plain(target).removeprefix("https://huggingface.co/")


def _near(name: str, known: Sequence[str]) -> str:
    folded = {text.lower(): text for text in known}
    last = name.lower().rpartition("/")[2]
    close = get_close_matches(name.lower(), folded, n=3, cutoff=0.7)
    close = close or [text for text in folded if last and last in text][:3]
    names = [f"`{folded[text]}`" for text in close]
    return f"; did you mean {' or '.join(names)}?" if names else ""


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


def is_web(url: str | None) -> bool:
    """Return True if a URL leads to a page; what a source told could be anything."""
    return url is not None and url.startswith(("https://", "http://"))


def commit_fact(row: Row, url: str | None, prefix: str = "") -> "CommitFact":
    """Return the commit of a row; its columns may begin with a prefix such as `origin_`."""
    from hubtrace.queries.audit.records import CommitFact  # the package imports this module

    sha = row[f"{prefix}sha"]
    return CommitFact(
        sha=sha,
        at=row[f"{prefix}at"],
        author=row.get(f"{prefix}author"),
        subject=row.get(f"{prefix}subject"),
        url=commit_url(url, sha) if is_web(url) else None,
    )
