"""Which upstream commit a revision was made from, and what came into the upstream since."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

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
from hubtrace.queries.resolve import commit_fact

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
        first=_commit(first, url),
        last=_commit(last, url),
        behind_since=first["landed_at"] if first else None,
        days_behind=(mark["until"] - first["landed_at"]) // DAY if first else 0,
        distance_days=(last["landed_at"] - mark["since"]) // DAY if last else 0,
        weighty=tuple(_missing(row, url) for row in reversed(weighty[-LISTED_COMMITS:])),
        weighty_commits=len(weighty),
    )


def _counts(found: Counter[str | None]) -> tuple[Count, ...]:
    order = sorted(found.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(Count(name, commits) for name, commits in order)


def _commit(row: Row | None, url: str | None) -> CommitFact | None:
    return None if row is None else commit_fact(row, url)


def _missing(row: Row, url: str | None) -> Missing:
    types = None if row["change_types"] is None else tuple(row["change_types"])
    areas = None if row["areas"] is None else tuple(row["areas"])
    return Missing(commit_fact(row, url), row["landed_at"], types, areas)


@dataclass(frozen=True, slots=True, order=True)
class _Proved:
    """An upstream commit that the revision holds something of; the newest is the largest."""

    landed_at: int
    basis: str
    sha: str
    commit: CommitFact
    landed: int | None


def origin_of(
    answers: Mapping[str, Sequence[Row]],
    upstream: Link | None,
    revision: Revision | None,
    carried: Set[str],
    until: int,
) -> Origin:
    """Return the newest upstream commit that a revision provably holds something of.

    `answers` are the variant's rows of the stored queries about it, by query. `carried` are the
    commits that the revision was made on, itself included: what another branch brought proves
    nothing. Nor does a file that the default branch has lost since, one that is in everybody's
    repositories, or one that upstream had later than the variant: it flowed back.
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
    proved = max(_proved(upstream, copies, references), default=None)
    shown = tuple(sorted(copies, key=_newest_first)), tuple(references)
    if upstream is None or proved is None:
        return Origin("none", None, None, None, *shown)
    return Origin(proved.basis, upstream.repository, proved.commit, proved.landed, *shown)


def _proved(
    upstream: Link | None, copies: list[Copy], references: list[Reference]
) -> Iterator[_Proved]:
    for copy in copies:
        if upstream and copy.repository == upstream.repository and copy.origin and copy.proves:
            yield _dated("files", copy.origin, copy.landed_at)
    for named in references:
        if upstream and named.repository == upstream.repository:
            yield _dated("commit_reference", named.origin, named.landed_at)


def _dated(basis: str, commit: CommitFact, landed_at: int | None) -> _Proved:
    came_at = commit.at if landed_at is None else landed_at
    return _Proved(came_at, basis, commit.sha, commit, landed_at)


def _is_there(row: Row, revision: Revision | None, until: int) -> bool:
    """Return True if the revision has the file, as far as the default branch tells."""
    if row["origin_at"] is not None and row["origin_at"] > until:
        return False
    gone_at = row["gone_at"]
    return gone_at is None or revision is None or gone_at > revision.commit.at


def _newest_first(copy: Copy) -> tuple[int, str, str]:
    return -(copy.origin.at if copy.origin else 0), copy.path, copy.repository


def _copy(row: Row, url: str | None, links: Mapping[str, str | None], until: int) -> Copy:
    place = links.get(row["repository"])
    gone_at = row["gone_at"]
    return Copy(
        path=row["path"],
        origin_path=row["origin_path"],
        blob=row["blob"],
        kind=row["kind"],
        repository=row["repository"],
        commit=commit_fact(row, url),
        origin=None if row["origin_sha"] is None else commit_fact(row, place, "origin_"),
        landed_at=row["origin_landed_at"],
        gone_at=gone_at if gone_at is not None and gone_at <= until else None,
        lag_seconds=row["lag_seconds"],
        weight=0.0 if row["boilerplate"] else 1 / max(row["holders"], 1),
    )


def _reference(row: Row, url: str | None, links: Mapping[str, str | None]) -> Reference:
    return Reference(
        repository=row["repository"],
        commit=commit_fact(row, url),
        origin=commit_fact(row, links.get(row["repository"]), "origin_"),
        landed_at=row["origin_landed_at"],
        method=row["method"],
    )
