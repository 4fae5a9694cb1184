"""What somebody should look at, with its proofs as dates and links to commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.text import for_people
from queries.pages import commit_url
from queries.pages.links import is_safe
from queries.pages.rendering import date, short

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Proof:
    """A fact with its date, and where people can see it."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Flagged:
    """A side, a variant or a branch that is orphaned or abandoned."""

    kind: str
    """`family`, `variant` or `branch`."""
    family: int | None
    """Position of its family in the document; None for a variant in no family."""
    what: str
    status: str
    proofs: tuple[Proof, ...]


def flagged(document: Mapping[str, Any]) -> list[Flagged]:
    """Return what is flagged, family by family, then the variants in no family.

    A family's only variant that is in the same state is not told of twice.
    """
    found: list[Flagged] = []
    for i, family in enumerate(document["families"]):
        links = _Links(family["projects"])
        side = family["side"]
        if side is not None and side["flagged"]:
            proofs = _both(side, "downstream_last_at", "downstream_last_sha", links, None)
            found.append(Flagged("family", i, family["family"], side["status"], proofs))
        found += [_variant(v, i, links) for v in family["variant_flags"] if _tells(v, family)]
        found += [_branch(b, i, links) for b in family["branches"] if b["flagged"]]
    no_links = _Links([])
    found += [_variant(variant, None, no_links) for variant in document["orphans"]]
    return found


def _tells(variant: Mapping[str, Any], family: Mapping[str, Any]) -> bool:
    """Return True if a variant is flagged and says more than its family does."""
    alone = len(family["variant_flags"]) == 1 and variant["status"] == family["status"]
    return bool(variant["flagged"] and not alone)


class _Links:
    """Where the commits of a family's projects can be seen."""

    def __init__(self, projects: Sequence[Mapping[str, Any]]) -> None:
        self._urls = {project["project"]: project["url"] for project in projects}
        self._sides: dict[str, list[str]] = {"upstream": [], "downstream": []}
        for project in projects:
            self._sides[project["side"]].append(project["project"])

    def of(self, project: str | None, sha: str | None) -> str | None:
        url = self._urls.get(project or "")
        place = commit_url(url, sha)
        return place if place is not None and url and is_safe(place, (url,)) else None

    def of_side(self, side: str, sha: str | None) -> str | None:
        """Return the commit's place if the side has one project, so that it must be there."""
        projects = self._sides[side]
        return self.of(projects[0], sha) if len(projects) == 1 else None


def _both(
    flag: Mapping[str, Any], at: str, sha: str, links: _Links, project: str | None
) -> tuple[Proof, ...]:
    up_sha, down_sha = flag["upstream_last_sha"], flag[sha]
    down = links.of_side("downstream", down_sha) if project is None else links.of(project, down_sha)
    return (
        _last(
            "upstream's last commit",
            flag["upstream_last_at"],
            up_sha,
            links.of_side("upstream", up_sha),
        ),
        _last(
            "downstream's last commit" if project is None else "its last commit",
            flag[at],
            down_sha,
            down,
        ),
    )


def _variant(flag: Mapping[str, Any], family: int | None, links: _Links) -> Flagged:
    proofs: list[Proof] = []
    if family is not None:
        proofs += _both(flag, "last_at", "last_sha", links, flag["variant"])
    if flag["gone_at"] is not None:
        proofs.append(Proof(f"its repository is gone since {date(flag['gone_at'])}"))
    if flag["moved_to"]:
        proofs.append(Proof(f"its repository moved to {_shown(flag['moved_to'])}"))
    what = flag["name"] or flag["variant"]
    return Flagged("variant", family, what, flag["status"], tuple(proofs))


def _branch(flag: Mapping[str, Any], family: int, links: _Links) -> Flagged:
    head = flag["head"]
    proofs = [_last("head", flag["head_committed_at"], head, links.of(flag["project"], head))]
    if flag["ahead"] is not None:
        proofs.append(Proof(f"{flag['ahead']:,} ahead, {flag['behind']:,} behind"))
    if flag["default_committed_at"] is not None:
        proofs.append(Proof(f"default branch moved {date(flag['default_committed_at'])}"))
    name = f"{flag['name'] or flag['project']} {flag['branch'].removeprefix('refs/heads/')}"
    return Flagged("branch", family, name, flag["status"], tuple(proofs))


def _last(what: str, at: int | None, sha: str | None, url: str | None) -> Proof:
    if at is None:
        return Proof(f"{what}: none")
    # A day known without its commit names itself: `day:<variant>:<date>`.
    commit = "" if sha is None or sha.startswith("day:") else f" {_shown(sha[:10])}"
    return Proof(f"{what} {date(at)}{commit}", url)


def _shown(text: str) -> str:
    return short(for_people(text), _LONGEST)
