"""Which commit of its upstream a revision was made from, and what proves it."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from queries.audit.asking import Answers, Row
from queries.audit.facts import CommitFact, Copy, Link, Origin, Reference, Revision
from queries.audit.names import commit_fact


@dataclass(frozen=True, slots=True, order=True)
class _Proved:
    """An upstream commit that the revision holds something of; the newest is the largest."""

    landed_at: int
    basis: str
    sha: str
    commit: CommitFact
    landed: int | None


def origin_of(
    answers: Answers,
    variant: str,
    upstream: Link | None,
    revision: Revision | None,
    carried: Set[str],
    until: int,
) -> Origin:
    """Return the newest upstream commit that a revision provably holds something of.

    `carried` are the commits that the revision was made on, itself included: what another branch
    brought proves nothing. Nor does a file that the default branch has lost since, one that is in
    everybody's repositories, or one that upstream had later than the variant: it flowed back.
    """
    links = {row["repository"]: row["url"] for row in answers.of("variant_links", variant)}
    url = next((row["url"] for row in answers.of("variant_facts", variant)), None)
    copies = [
        _copy(row, url, links, until)
        for row in answers.of("variant_copies", variant)
        if row["sha"] in carried and _is_there(row, revision, until)
    ]
    references = [
        _reference(row, url, links)
        for row in answers.of("variant_references", variant)
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
