"""What needs attention: flags as people read them, with the dated facts that prove each status."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hubtrace.graph.format import DAY, date_time
from hubtrace.graph.urls import commit_url
from hubtrace.queries.flags import BranchFlag, Flag, SideFlag, VariantFlag
from hubtrace.queries.pages import is_safe
from hubtrace.queries.report.records import FamilyReport, ProjectReport, Report


@dataclass(frozen=True, slots=True)
class Proof:
    """A fact with its date, and the page of its commit."""

    text: str
    url: str | None = None
    known: bool = True
    """False if the fact is that there is no such commit."""


@dataclass(frozen=True, slots=True)
class Described:
    """The status of a side, a variant or a branch, in words."""

    kind: str
    """`family`, `variant` or `branch`."""
    family: str
    """Empty for a variant in no family."""
    what: str
    status: str
    proofs: tuple[Proof, ...]
    silent_days: int | None = None
    """Since the last commit of what was left alone; None where no commit of it is known."""


class Links:
    """The pages of commits of a family's projects; None where a page must not lead."""

    def __init__(self, projects: Sequence[ProjectReport] = ()) -> None:
        self._projects = projects

    def commit(self, project: str | None, sha: str | None) -> str | None:
        """Return the page of a project's commit."""
        urls = [found.url for found in self._projects if found.project == project]
        page = commit_url(urls[0], sha) if urls else None
        return page if page is not None and is_safe(page, [url for url in urls if url]) else None

    def side(self, side: str, sha: str | None) -> str | None:
        """Return the page of a side's commit if the side has one project, which must have it."""
        projects = [found.project for found in self._projects if found.side == side]
        return self.commit(projects[0], sha) if len(projects) == 1 else None


_NO_LINKS = Links()
MOST = 20
"""How many flags a page lists at its top; each stands with its family as well."""


def attention(report: Report) -> list[tuple[int | None, Described]]:
    """Return what is flagged, with the position of its family: what is silent longest first."""
    found: list[tuple[int | None, Described]] = [
        (position, flag)
        for position, family in enumerate(report.families)
        for flag in family_attention(family)
    ]
    for variant in report.orphans:
        flag = describe(variant)
        known = tuple(proof for proof in flag.proofs if proof.known)
        found.append((None, replace(flag, proofs=known)))
    return sorted(
        found,
        key=lambda one: -1 if one[1].silent_days is None else one[1].silent_days,
        reverse=True,
    )


def family_attention(family: FamilyReport) -> Iterator[Described]:
    """Yield what is flagged in a family; its only variant is not repeated in the same state."""
    links = Links(family.projects)
    if family.side is not None and family.side.flagged:
        yield describe(family.side, links)
    alone = len(family.variant_flags) == 1
    for variant in family.variant_flags:
        if variant.flagged and not (alone and variant.status == family.status):
            yield describe(variant, links)
    for branch in family.branches:
        if branch.flagged:
            yield describe(branch, links, family.until)


def describe(flag: Flag, links: Links = _NO_LINKS, until: int | None = None) -> Described:
    """Return a flag in words; `until` is the moment that is asked about, of a branch."""
    if isinstance(flag, SideFlag):
        up, down = flag.upstream_last_sha, flag.downstream_last_sha
        proofs = (
            _commit("upstream", flag.upstream_last_at, up, links.side("upstream", up)),
            _commit("downstream", flag.downstream_last_at, down, links.side("downstream", down)),
        )
        ends = [at for at in (flag.upstream_last_at, flag.downstream_last_at) if at is not None]
        silent = _days(flag.until, min(ends, default=None))
        return Described("family", flag.family, flag.family, flag.status, proofs, silent)
    if isinstance(flag, VariantFlag):
        name, of_upstream = flag.name or flag.variant, flag.status == "upstream_abandoned"
        silent = _days(flag.until, flag.upstream_last_at if of_upstream else flag.last_at)
        proved = tuple(_of_variant(flag, links))
        return Described("variant", flag.family or "", name, flag.status, proved, silent)
    name = f"{flag.name or flag.project} {flag.branch.removeprefix('refs/heads/')}"
    silent = _days(until, flag.head_committed_at)
    proved = tuple(_of_branch(flag, links))
    return Described("branch", flag.family, name, flag.status, proved, silent)


def _days(until: int | None, last_at: int | None) -> int | None:
    return None if until is None or last_at is None else max(until - last_at, 0) // DAY


def _of_variant(flag: VariantFlag, links: Links) -> Iterator[Proof]:
    own, up = flag.last_sha, flag.upstream_last_sha
    yield _commit("last commit", flag.last_at, own, links.commit(flag.variant, own))
    yield _commit("upstream", flag.upstream_last_at, up, links.side("upstream", up))
    if flag.gone_at is not None:
        yield Proof(f"gone since {date_time(flag.gone_at)}")
    if flag.moved_to:
        yield Proof(f"moved to {flag.moved_to}")


def _of_branch(flag: BranchFlag, links: Links) -> Iterator[Proof]:
    page = links.commit(flag.project, flag.head)
    yield _commit("head", flag.head_committed_at, flag.head, page)
    if flag.ahead is not None:
        yield Proof(f"{flag.ahead} ahead, {flag.behind} behind")
    if flag.default_committed_at is not None:
        yield Proof(f"default branch moved {date_time(flag.default_committed_at)}")


def _commit(what: str, at: int | None, sha: str | None, url: str | None) -> Proof:
    if at is None:
        return Proof(f"{what}: nothing", known=False)
    # A commit that is known by its day alone has no sha: `day:<variant>:<date>`.
    shown = "" if sha is None or sha.startswith("day:") else f" {sha[:10]}"
    return Proof(f"{what} {date_time(at, 'never')}{shown}", url)
