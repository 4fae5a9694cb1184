"""Where a variant comes from: its links with their evidence, and the licences on both sides."""

from collections.abc import Sequence

from queries.audit.asking import Answers, Row
from queries.audit.facts import Evidence, Identity, Licences, Link
from queries.audit.past import as_of

_SAYS_NOTHING = frozenset({"other", "noassertion", "unknown"})
"""What both hosts answer where there is a licence text that they cannot name."""


def links_of(answers: Answers, variant: str, until: int) -> list[Link]:
    """Return the repositories of a variant: that of its family first, then the likeliest."""
    evidence = answers.of("variant_evidence", variant)
    found = [_link(row, evidence, answers, until) for row in answers.of("variant_links", variant)]
    return sorted(found, key=_likeliest)


def is_member(link: Link) -> bool:
    """Return True if the variant belongs to the repository's family (DESIGN.md section 1)."""
    return bool(link.families) or link.role == "upstream"


def licences(identity: Identity, upstream: Link | None) -> Licences:
    """Return the licences of a variant and its upstream, and whether they agree."""
    ours, theirs = identity.licence, upstream.licence if upstream else None
    agree: bool | None = None
    if upstream is None:
        why = "no upstream is known"
    elif ours is None or theirs is None:
        silent = "either side" if ours is theirs else "the variant" if ours is None else "upstream"
        why = f"no licence is known of {silent}"
    elif {ours, theirs} & _SAYS_NOTHING:
        why = "one side has a licence that its host cannot name; compare the texts"
    else:
        agree = _plain(ours) == _plain(theirs)
        why = "the same on both sides" if agree else f"{ours} downstream, {theirs} upstream"
    return Licences(ours, theirs, agree, why)


def _link(row: Row, evidence: Sequence[Row], answers: Answers, until: int) -> Link:
    own = [seen for seen in evidence if seen["repository"] == row["repository"]]
    known = [seen for seen in own if (seen["observed_at"] or 0) <= until]
    later = [seen for seen in own if seen not in known]
    then = as_of(row, answers.of("project_events", row["repository"]), until)
    return Link(
        **{
            name: then[name]
            for name in (
                "repository",
                "name",
                "url",
                "host_id",
                "confidence",
                "best_method",
                "role",
                "licence",
                "archived",
                "fork_of",
                "gone_at",
                "moved_to",
                "observed_at",
                "shallow",
            )
        },
        families=tuple(row["families"]),
        evidence=tuple(_evidence(seen) for seen in known),
        later_evidence=tuple(_evidence(seen) for seen in later),
    )


def _evidence(row: Row) -> Evidence:
    names = ("method", "rank", "strength", "place", "said", "reason", "observed_at")
    return Evidence(**{name: row[name] for name in names})


def _likeliest(link: Link) -> tuple[bool, float, str]:
    return not is_member(link), -(link.confidence or 0.0), link.repository


def _plain(licence: str) -> str:
    """Return a licence without SPDX's suffixes: hosts write `gpl-3.0` and `gpl-3.0-only`."""
    return licence.lower().removesuffix("-only").removesuffix("-or-later")
