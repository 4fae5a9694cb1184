"""What came into the upstream after the revision was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from queries.audit.asking import Row
from queries.audit.facts import CommitFact, Count, Drift, Link, Missing, Origin, Revision
from queries.audit.links import is_member
from queries.audit.names import commit_fact
from queries.thresholds import DAY

WEIGHTY = frozenset({"code", "tokenizer", "config", "weights"})
"""Areas of paths that decide what the weights are and how they answer."""
LISTED = 50
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
        weighty=tuple(_missing(row, url) for row in reversed(weighty[-LISTED:])),
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
