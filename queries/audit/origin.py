"""Which revision is audited, which upstream commit it was made from, and what came after that."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import DAY
from hubtrace.queries.audit.records import (
    CommitFact,
    Copy,
    Count,
    Drift,
    Link,
    Missing,
    Origin,
    Reference,
    Revision,
    is_member,
)
from hubtrace.queries.catalogue import Row
from hubtrace.queries.resolve import near

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


def find_revision(history: History, asked: str | None, until: int) -> Revision | None:
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
        raise CatalogueError(f"the variant has no revision {asked!r}{near(asked, names) or has}")
    if len(shas) > 1:
        raise CatalogueError(f"{asked!r} is the beginning of {len(shas)} commits; give more of it")
    return "sha", shas[0]


def _newest(history: History, until: int) -> Revision | None:
    known = [row for row in history.commits if row["on_default"] and row["at"] <= until]
    if not known:
        return None
    head = next((row for row in known if row["sha"] == history.head), None)
    row = head or max(known, key=lambda row: (row["at"], row["sha"]))
    return _revision(row, history, until, None, "default_head" if head else "newest")


def _revision(row: Row, history: History, until: int, asked: str | None, how: str) -> Revision:
    vanished_at = row["vanished_at"]
    return Revision(
        commit=CommitFact.of(row, history.url),
        asked=asked,
        how=how,
        on_default=row["on_default"],
        is_head=row["sha"] == history.head,
        vanished_at=vanished_at if vanished_at is not None and vanished_at <= until else None,
    )


WEIGHTY = frozenset({"code", "tokenizer", "config", "weights"})
"""Areas of paths that decide what the weights are and how they answer."""
LISTED_COMMITS = 50
"""Weighty commits that an audit lists; it counts all of them."""

_BASES = {"files": "origin", "commit_reference": "origin", "none": "revision"}


def mark_of(
    variant: str, upstream: Link | None, origin: Origin, revision: Revision | None, until: int
) -> Mapping[str, Any] | None:
    """Return what the query `commits_since` is asked for a variant; None if nothing can be."""
    if upstream is None or revision is None:
        return None
    since = revision.commit.at
    if origin.commit is not None:
        since = origin.commit.at if origin.landed_at is None else origin.landed_at
    family = upstream.families[0] if is_member(upstream) and upstream.families else None
    return {
        "mark": variant,
        "repository": upstream.repository,
        "family": family,
        "since": since,
        "until": until,
    }


def drift_of(
    mark: Mapping[str, Any], rows: Sequence[Row], origin: Origin, url: str | None
) -> Drift:
    """Return the drift that the rows of `commits_since` show."""
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    types = (row["change_types"][0] if row["change_types"] else None for row in rows)
    areas = (area for row in rows for area in ([None] if row["areas"] is None else row["areas"]))
    known_bots = [row["bot"] for row in rows if row["bot"] is not None]
    weighty = [row for row in rows if row["areas"] and WEIGHTY & set(row["areas"])]
    return Drift(
        repository=mark["repository"],
        since=mark["since"],
        basis=_BASES[origin.basis],
        commits=len(rows),
        by_bots=sum(known_bots) if known_bots or not rows else None,
        by_type=_counts(Counter(types)),
        by_area=_counts(Counter(areas)),
        first=CommitFact.of(first, url) if first else None,
        last=CommitFact.of(last, url) if last else None,
        behind_since=first["landed_at"] if first else None,
        days_behind=(mark["until"] - first["landed_at"]) // DAY if first else 0,
        distance_days=(last["landed_at"] - mark["since"]) // DAY if last else 0,
        weighty=tuple(_missing(row, url) for row in reversed(weighty[-LISTED_COMMITS:])),
        weighty_commits=len(weighty),
    )


def _counts(found: Counter[str | None]) -> tuple[Count, ...]:
    order = sorted(found.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(Count(name, commits) for name, commits in order)


def _missing(row: Row, url: str | None) -> Missing:
    lists = (row["change_types"], row["areas"])
    types, areas = (None if found is None else tuple(found) for found in lists)
    return Missing(CommitFact.of(row, url), row["landed_at"], types, areas)


def origin_of(
    answers: Mapping[str, Sequence[Row]],
    upstream: Link | None,
    revision: Revision | None,
    carried: Set[str],
    until: int,
    places: Set[str | None] | None = None,
) -> Origin:
    """Return the newest upstream commit that a revision provably holds something of.

    `answers` are the variant's rows of the stored queries about it, by query. `carried` are the
    commits that the revision was made on, itself included: what another branch brought proves
    nothing. Nor does a file that the default branch has lost since, one that is in everybody's
    repositories, or one that upstream had later than the variant: it flowed back. `places` are
    those of the evidence that counts, if a name changed hands: all else is a former project's.
    """
    links = {row["repository"]: row["url"] for row in answers["variant_links"]}
    url = next((row["url"] for row in answers["variant_facts"]), None)
    copies = [
        _copy(row, url, links, until)
        for row in answers["variant_copies"]
        if row["sha"] in carried and _is_there(row, revision, until)
    ]
    references = [
        _reference(row, url, links)
        for row in answers["variant_references"]
        if row["sha"] in carried and row["origin_at"] <= until
    ]
    source = upstream.repository if upstream else None
    proofs: list[tuple[str, CommitFact, int | None]] = [
        ("files", copy.origin, copy.landed_at)
        for copy in copies
        if copy.repository == source and copy.origin and copy.proves
        if places is None or f"{copy.path} {copy.blob}" in places
    ]
    proofs += [
        ("commit_reference", named.origin, named.landed_at)
        for named in references
        if named.repository == source
        if places is None or f"commit {named.commit.sha}" in places
    ]
    copies.sort(key=lambda c: (-(c.origin.at if c.origin else 0), c.path, c.repository))
    shown = tuple(copies), tuple(references)
    if not proofs:
        return Origin("none", None, None, None, *shown)
    basis, commit, landed_at = max(proofs, key=_came_at)
    return Origin(basis, source, commit, landed_at, *shown)


def _came_at(proof: tuple[str, CommitFact, int | None]) -> tuple[int, str, str]:
    basis, commit, landed_at = proof
    return commit.at if landed_at is None else landed_at, basis, commit.sha


def _is_there(row: Row, revision: Revision | None, until: int) -> bool:
    """Return True if the revision has the file, as far as the default branch tells."""
    if row["origin_at"] is not None and row["origin_at"] > until:
        return False
    gone_at = row["gone_at"]
    return gone_at is None or revision is None or gone_at > revision.commit.at


def _copy(row: Row, url: str | None, links: Mapping[str, str | None], until: int) -> Copy:
    origin_url = links.get(row["repository"])
    gone_at = row["gone_at"]
    return Copy(
        path=row["path"],
        origin_path=row["origin_path"],
        blob=row["blob"],
        kind=row["kind"],
        repository=row["repository"],
        commit=CommitFact.of(row, url),
        origin=None if row["origin_sha"] is None else CommitFact.of(row, origin_url, "origin_"),
        landed_at=row["origin_landed_at"],
        gone_at=gone_at if gone_at is not None and gone_at <= until else None,
        lag_seconds=row["lag_seconds"],
        weight=0.0 if row["boilerplate"] else 1 / max(row["holders"], 1),
    )


def _reference(row: Row, url: str | None, links: Mapping[str, str | None]) -> Reference:
    return Reference(
        repository=row["repository"],
        commit=CommitFact.of(row, url),
        origin=CommitFact.of(row, links.get(row["repository"]), "origin_"),
        landed_at=row["origin_landed_at"],
        method=row["method"],
    )
