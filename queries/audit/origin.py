"""Which commit of its upstream a revision was made from, and what proves it."""

from collections.abc import Mapping, Set

from queries.audit.asking import Answers, Row
from queries.audit.facts import CommitFact, Copy, Link, Origin, Reference
from queries.audit.names import commit_fact

_Dated = tuple[int, str, CommitFact, int | None]
"""When a commit came into the upstream, what proves it, the commit, when it landed."""


def origin_of(
    answers: Answers,
    variant: str,
    url: str | None,
    upstream: Link | None,
    carried: Set[str],
    until: int,
) -> Origin:
    """Return the newest upstream commit that a revision provably holds something of.

    `carried` are the commits that the revision was made on, itself included: what another branch
    brought proves nothing. A file that was brought again counts as it was brought last; a file
    that is in everybody's repositories proves nothing.
    """
    links = {row["repository"]: row["url"] for row in answers.of("variant_links", variant)}
    copies = _copies(answers.of("variant_copies", variant), url, links, carried, until)
    references = [
        _reference(row, url, links)
        for row in answers.of("variant_references", variant)
        if row["sha"] in carried and row["origin_at"] <= until
    ]
    proved: list[_Dated] = []
    if upstream is not None:
        proved += [
            (copy.landed_at or copy.origin.at, "files", copy.origin, copy.landed_at)
            for copy in copies
            if copy.repository == upstream.repository and copy.weight > 0
        ]
        proved += [
            (named.landed_at or named.origin.at, "commit_reference", named.origin, named.landed_at)
            for named in references
            if named.repository == upstream.repository
        ]
    if upstream is None or not proved:
        return Origin("none", None, None, None, tuple(copies), tuple(references))
    _, basis, commit, landed_at = max(proved, key=lambda each: (each[0], each[1], each[2].sha))
    repository = upstream.repository
    return Origin(basis, repository, commit, landed_at, tuple(copies), tuple(references))


def _copies(
    rows: list[Row],
    url: str | None,
    links: Mapping[str, str | None],
    carried: Set[str],
    until: int,
) -> list[Copy]:
    """Return the copies that the revision has, the newest origin first."""
    newest: dict[tuple[str, str], Copy] = {}
    for row in rows:
        if row["sha"] not in carried or row["origin_at"] > until:
            continue
        copy = _copy(row, url, links)
        place = (copy.path, copy.repository)
        if place not in newest or newest[place].commit.at < copy.commit.at:
            newest[place] = copy
    return sorted(newest.values(), key=lambda copy: (-copy.origin.at, copy.path, copy.repository))


def _copy(row: Row, url: str | None, links: Mapping[str, str | None]) -> Copy:
    return Copy(
        path=row["path"],
        origin_path=row["origin_path"],
        blob=row["blob"],
        kind=row["kind"],
        repository=row["repository"],
        commit=commit_fact(row, url),
        origin=commit_fact(row, links.get(row["repository"]), "origin_"),
        landed_at=row["origin_landed_at"],
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
