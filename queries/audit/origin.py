"""Which revision is audited, which upstream commit it was made from, and what came after that."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
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
from hubtrace.queries.audit.trees import Trees
from hubtrace.queries.catalogue import Row
from hubtrace.queries.lookup import near

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
    looks: Sequence[str] = ()
    """As the column `looks` of `variant_facts`."""

    def head(self, until: int) -> str | None:
        """Return the head of the default branch as last observed, or as observed at `until`."""
        past = looks(self.looks)
        if past and past[-1][0] > until:
            return next((head for at, head in reversed(past) if at <= until), past[0][1]) or None
        found = (row["sha"] for row in self.refs if row["ref"] == self.default_branch)
        return next(found, None)

    def first_look_at(self, sha: str) -> int | None:
        """Return when a look first found a commit on the default branch; None if none did."""
        past = looks(self.looks)
        reach = {head: self.ancestors(head) for _, head in past}
        return next((at for at, head in past if sha in reach[head]), None)

    def taken_back(self, carried: Set[str]) -> set[str]:
        """Return those of the commits `carried` that a later one reverted, and none again."""
        reverts = {row["sha"]: row["reverts"] for row in self.commits if row["reverts"]}
        gone: set[str] = set()
        # Whoever reverts was made on it, so that the youngest has the most ancestors.
        by_age = {sha: self.ancestors(sha) for sha in reverts if sha in carried}
        for sha, made_on in sorted(by_age.items(), key=lambda one: (-len(one[1]), one[0])):
            if sha not in gone and reverts[sha] in made_on:
                gone.add(reverts[sha])
        return gone

    def ancestors(self, sha: str) -> set[str]:
        """Return a commit and all that it was made on, as far as they were read."""
        return _reached({row["sha"]: row["parents"] for row in self.commits}, sha)


def looks(texts: Sequence[str] | None) -> list[tuple[int, str]]:
    """Return the time of each look and the head of the default branch that it found."""
    pairs = (text.partition(" ") for text in texts or ())
    return [(int(at), head) for at, _, head in pairs]


_MOVES = frozenset({"history_rewritten", "tag_moved", "branch_deleted", "tag_deleted"})


def refs_at(history: History, events: Sequence[Row], until: int) -> list[Row]:
    """Return the refs as they were at `until`, as far as events and looks tell."""
    refs = {row["ref"]: row for row in history.refs}
    for event in sorted(events, key=lambda event: event["observed_at"], reverse=True):
        if event["observed_at"] > until and event["kind"] in _MOVES and event["subject"] in refs:
            then = {"sha": event["before"], "vanished_at": None}
            refs[event["subject"]] = {**refs[event["subject"]], **then}
    default = refs.get(history.default_branch or "")
    if default is not None:
        refs[default["ref"]] = {**default, "sha": history.head(until) or default["sha"]}
    return list(refs.values())


def _is_on_default(row: Row, until: int) -> bool | None:
    """Return True if a commit was on the default branch at `until`."""
    if (row["entered_at"] or 0) > until:
        return False
    return True if (row["left_at"] or 0) > until else row["on_default"]


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
    known = [row for row in history.commits if _is_on_default(row, until) and row["at"] <= until]
    if not known:
        return None
    head = next((row for row in known if row["sha"] == history.head(until)), None)
    row = head or max(known, key=lambda row: (row["at"], row["sha"]))
    return _revision(row, history, until, None, "default_head" if head else "newest")


def _revision(row: Row, history: History, until: int, asked: str | None, how: str) -> Revision:
    vanished_at = row["vanished_at"]
    return Revision(
        commit=CommitFact.of(row, history.url),
        asked=asked,
        how=how,
        on_default=_is_on_default(row, until),
        is_head=row["sha"] == history.head(until),
        vanished_at=vanished_at if vanished_at is not None and vanished_at <= until else None,
    )


WEIGHTY = frozenset({"code", "tokenizer", "config", "weights"})
"""Areas of paths that decide what the weights are and how they answer."""
LISTED_COMMITS = 50
"""Weighty commits that an audit lists; it counts all of them."""

_BASES = {"files": "origin", "commit_reference": "origin", "none": "revision"}


@dataclass(frozen=True, slots=True)
class Mark:
    """What drift is counted from: one repository that a revision of a variant follows."""

    key: str
    """A name for it: the keys of both."""
    repository: str
    family: str | None
    """Whose paths count; None for all of the repository."""
    origin: Origin
    url: str | None
    since: int
    """When the origin landed; where nothing proves one, when the revision was made."""
    made_at: int
    """When the revision was made: it cannot have what landed later."""
    until: int

    @classmethod
    def of(cls, link: Link, revision: Revision, origin: Origin, variant: str, until: int) -> "Mark":
        """Return the mark of a variant's revision in a repository that it is linked to."""
        made_at = revision.commit.at
        since = made_at
        if origin.commit is not None:
            since = origin.commit.at if origin.landed_at is None else origin.landed_at
            if any(
                r.origin == origin.commit and r.commit == revision.commit for r in origin.references
            ):
                made_at = min(made_at, since)  # the revision itself names what it was made from
        family = link.families[0] if is_member(link) and link.families else None
        key = f"{variant} {link.repository}"
        return cls(key, link.repository, family, origin, link.url, since, made_at, until)

    def asked(self) -> dict[str, Any]:
        """Return what `commits_since` is asked."""
        named = {"mark": self.key, "repository": self.repository, "family": self.family}
        return {**named, "since": min(self.since, self.made_at), "until": self.until}

    def neighbours(self) -> Iterator[dict[str, Any]]:
        """Yield what `landed_together` is asked: what landed with the origin, and last before."""
        for name, moment in (("origin", self.since), ("made", self.made_at)):
            place = {"mark": f"{self.key} {name}", "repository": self.repository}
            yield {**place, "at": moment}


_CLOCKS_DIFFER = DAY
"""Two people's clocks: a date that is older by less than this says nothing."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """The commits that landed at one moment by their dates; ancestry orders them."""

    landed_at: int
    parents: Mapping[str, Sequence[str]]
    backdated: frozenset[str]
    """What came by a commit of the default branch that is dated before what it was made on."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Plateau | None":
        """Return what the rows of `landed_together` about one mark show; None if there are none."""
        if not rows:
            return None
        landed_at = rows[0]["landed_at"]
        parents = {row["sha"]: row["parents"] for row in rows}
        dates = {row["sha"]: row["committed_at"] for row in rows}
        chain = _chain(parents)
        late: set[str] = set()
        seen: set[str] = set()
        for sha in chain:
            came = _reached(parents, sha) - seen
            seen |= came
            if dates[sha] is not None and dates[sha] < landed_at - _CLOCKS_DIFFER:
                late |= came
        return cls(landed_at, parents, frozenset(late))

    def after(self, sha: str) -> set[str]:
        """Return what came into the default branch after a commit of these did."""
        with_it: set[str] = set()
        for step in _chain(self.parents):
            with_it = _reached(self.parents, step)
            if sha in with_it:
                break
        return self.parents.keys() - with_it


def _chain(parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the commits of the default branch itself among these, oldest first."""
    named = {parent for known in parents.values() for parent in known}
    newest = sorted(parents.keys() - named)
    chain: list[str] = []
    step = newest[0] if len(newest) == 1 else None  # else parents are not known: no order
    while step is not None and step in parents:
        chain.append(step)
        step = next(iter(parents[step]), None)
    return chain[::-1]


def _reached(parents: Mapping[str, Sequence[str]], sha: str) -> set[str]:
    found: set[str] = set()
    waiting = [sha]
    while waiting:
        here = waiting.pop()
        if here in parents and here not in found:
            found.add(here)
            waiting.extend(parents[here])
    return found


def drift_of(mark: Mark, rows: Sequence[Row], together: Mapping[str, Sequence[Row]]) -> Drift:
    """Return the drift that the rows of `commits_since` and `landed_together` show."""
    origin, until = mark.origin, mark.until
    beside = Plateau.of(near := together.get(f"{mark.key} origin", ()))
    before = Plateau.of(together.get(f"{mark.key} made", ()))
    # Where a clock was put right, times are likely, no facts.
    corrected = {row["sha"] for row in near if row["settled_at"] is not None}
    later: set[str] = set()
    if origin.commit is not None and beside is not None and origin.commit.sha in beside.parents:
        later = beside.after(origin.commit.sha)
    unsure = set(before.backdated) if before else set()
    if before is not None and origin.commit is not None and origin.commit.sha in before.parents:
        unsure &= before.after(origin.commit.sha)
    # What upstream published late it has all the same, up to its origin.
    made_at = max(mark.made_at, mark.since)
    surely = [row for row in rows if row["landed_at"] > made_at]
    missed = [row for row in rows if row["landed_at"] > mark.since or row["sha"] in later]
    if origin.commit is None:
        missed = surely
    else:
        settled = {row["sha"] for row in missed if row["settled_at"] is not None}
        unsure |= {row["sha"] for row in missed} if origin.commit.sha in corrected else settled
    doubted = [row for row in rows if row["sha"] in unsure and row["landed_at"] <= mark.made_at]
    first, last = (missed[0], missed[-1]) if missed else (None, None)
    least, doubt = (next((row["landed_at"] for row in each), None) for each in (surely, doubted))
    types = (row["change_types"][0] if row["change_types"] else None for row in missed)
    areas = (area for row in missed for area in ([None] if row["areas"] is None else row["areas"]))
    known_bots = [row["bot"] for row in missed if row["bot"] is not None]
    weighty = [row for row in missed if row["areas"] and WEIGHTY & set(row["areas"])]
    days = _days(first["landed_at"] if first else None, until)
    return Drift(
        repository=mark.repository,
        since=mark.since,
        basis=_BASES[origin.basis],
        commits=len(missed),
        by_bots=sum(known_bots) if known_bots or not missed else None,
        by_type=_counts(Counter(types)),
        by_area=_counts(Counter(areas)),
        first=CommitFact.of(first, mark.url) if first else None,
        last=CommitFact.of(last, mark.url) if last else None,
        behind_since=first["landed_at"] if first else None,
        days_behind=days,
        distance_days=(last["landed_at"] - mark.since) // DAY if last else 0,
        weighty=tuple(_missing(row, mark.url) for row in reversed(weighty[-LISTED_COMMITS:])),
        weighty_commits=len(weighty),
        least_days=_days(least, until),
        least_since=least,
        most_days=None if origin.commit is None else days,
        most_since=first["landed_at"] if first and origin.commit else None,
        unsure_days=_days(doubt, until),
    )


def _days(since: int | None, until: int) -> int:
    return 0 if since is None else (until - since) // DAY


def _counts(found: Counter[str | None]) -> tuple[Count, ...]:
    order = sorted(found.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(Count(name, commits) for name, commits in order)


def _missing(row: Row, url: str | None) -> Missing:
    lists = (row["change_types"], row["areas"])
    types, areas = (None if found is None else tuple(found) for found in lists)
    return Missing(CommitFact.of(row, url), row["landed_at"], types, areas)


def origin_of(
    answers: Mapping[str, Sequence[Row]],
    links: Mapping[str, str | None],
    upstream: Link | None,
    revision: Revision | None,
    history: History,
    until: int,
    places: Set[str | None] | None = None,
) -> Origin:
    """Return the newest upstream commit that a revision provably holds something of.

    Of what commit messages name, that of the revision's newest commit counts: it may go back. What
    a commit names that was reverted does not count.

    `answers` are the variant's rows of the stored queries about it, by query; `links` the
    URLs of repositories. What the revision was not made on proves nothing, nor does a file that it
    does not hold, one that is in everybody's repositories, or one that upstream had later than the
    variant: it flowed back. `places` are those of the evidence that counts, if a name changed
    hands: all else is a former project's.
    """
    carried = history.ancestors(revision.commit.sha) if revision else set()
    standing = carried - history.taken_back(carried)
    moment = moment_of(history, revision, until)
    url = history.url
    copies = [
        _copy(row, url, links, until)
        for row in _as_of(_held(answers, revision, history, carried, until), moment)
        if row["origin_at"] is None or _was_known(row, until)
    ]
    references = [
        _reference(row, url, links)
        for row in answers["variant_references"]
        if row["sha"] in standing and _was_known(row, until)
    ]
    source = upstream.repository if upstream else None
    proofs: list[tuple[str, CommitFact, int | None]] = [
        ("files", copy.origin, copy.landed_at)
        for copy in copies
        if copy.repository == source and copy.origin and copy.proves
        if places is None or f"{copy.path} {copy.blob}" in places
    ]
    named_by = [
        named
        for named in references
        if named.repository == source
        if places is None or f"commit {named.commit.sha}" in places
    ]
    last = _last_made({named.commit for named in named_by}, history)
    proofs += [
        ("commit_reference", named.origin, named.landed_at)
        for named in named_by
        if named.commit == last
    ]
    copies.sort(key=lambda c: (-(c.origin.at if c.origin else 0), c.path, c.repository))
    shown = tuple(copies), tuple(references)
    if not proofs:
        return Origin("none", None, None, None, *shown)
    basis, commit, landed_at = max(proofs, key=_came_at)
    return Origin(basis, source, commit, landed_at, *shown)


def _last_made(commits: Set[CommitFact], history: History) -> CommitFact | None:
    """Return the commit of these that none of the others was made on; of several the latest."""
    made_on = {one.sha: history.ancestors(one.sha) for one in commits}
    last = [
        one
        for one in commits
        if not any(one.sha in made_on[other.sha] for other in commits - {one})
    ]
    return max(last, key=lambda one: (one.at, one.sha), default=None)


def _came_at(proof: tuple[str, CommitFact, int | None]) -> tuple[int, str, str]:
    basis, commit, landed_at = proof
    return commit.at if landed_at is None else landed_at, basis, commit.sha


def moment_of(history: History, revision: Revision | None, until: int) -> int:
    """Return the time whose evidence and origins are those of a revision: mostly `until`.

    What was seen when a look found the revision stays true of it, if it is asked for by name.
    """
    if revision is None or revision.asked is None:
        return until
    return min(until, history.first_look_at(revision.commit.sha) or until)


def _was_known(row: Row, until: int) -> bool:
    """Return False if the origin was made after `until`, or missed by a look since."""
    return bool(row["origin_at"] <= until and (row["origin_absent_at"] or 0) < until)


def _as_of(rows: Iterable[Row], moment: int) -> Iterator[Row]:
    """Yield one row for each file: of several origins the one that it can be of, at `moment`.

    One that the file was not older than, that had not landed after the file was there, and that
    stood upstream at `moment`: the first of these that tells two apart decides.
    """
    best: dict[tuple[str, str, str], tuple[tuple[bool, bool, bool, str], Row]] = {}
    for row in rows:
        landed, left, lag = row["origin_landed_at"], row["origin_left_at"], row["lag_seconds"]
        stood = (
            landed is not None and landed <= moment and (row["origin_entered_at"] or 0) <= moment
        )
        stood = stood and (left is None or left > moment)
        fits = landed is None or landed <= row["at"]
        rank = lag is None or lag >= 0, fits, stood, row["origin_sha"] or ""
        file = row["repository"], row["path"], row["blob"]
        if file not in best or rank > best[file][0]:
            best[file] = rank, row
    yield from (row for _, row in best.values())


_NOTHING: Row = {"blob": None}


def _held(
    answers: Mapping[str, Sequence[Row]],
    revision: Revision | None,
    history: History,
    carried: Set[str],
    until: int,
) -> Iterator[Row]:
    """Yield the rows of `variant_copies` that a revision holds, as it came by each."""
    if revision is None:
        return
    trees = Trees(answers["variant_files"], history.commits)
    tree, head = trees.of(revision.commit.sha), history.head(until)
    there = trees.of(head) if head is not None else {}
    commits = {row["sha"]: row for row in history.commits}
    for row in answers["variant_copies"]:
        path, blob, gone_at = row["path"], row["blob"], row["gone_at"]
        if path not in trees.paths:  # of a graph that an earlier version loaded
            if row["sha"] in carried and (gone_at is None or gone_at > revision.commit.at):
                yield row
            continue
        sha = trees.brought(path, blob, carried)
        if path not in tree or tree[path]["blob"] != blob or sha is None:
            continue
        if there.get(path, _NOTHING)["blob"] == blob:
            gone_at = None
        elif head is not None:
            gone_at = trees.lost_at(path, blob, head) or gone_at
        new = {name: commits[sha][name] for name in ("sha", "at", "author", "subject")}
        lag = row["lag_seconds"]
        # What the variant had before upstream flowed back, by whatever commit the revision has it.
        new["lag_seconds"] = lag if lag is None or lag < 0 else lag + new["at"] - row["at"]
        yield {**row, **new, "gone_at": gone_at}


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
