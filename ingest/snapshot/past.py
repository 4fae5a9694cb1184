"""A snapshot as it was at an earlier time: what was observed by then, and nothing else.

What is derived from it is what was derived then, whatever was observed since
(docs/decisions/0053-a-question-about-the-past.md).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.urls import Project, key_of
from hubtrace.ingest.derive.dag import history_of
from hubtrace.ingest.records import Family, HostData, Membership, Observation
from hubtrace.ingest.snapshot.format import SCHEMAS, File
from hubtrace.ingest.snapshot.reader import Pointer, ProjectHistory, Seen, Snapshot


class PastHistory(ProjectHistory):
    """What a snapshot held of one project at an earlier time."""

    def __init__(self, whole: ProjectHistory, kept: int, until: int) -> None:
        """Keep the first observations of `whole`, so many as are `kept`; there are more."""
        self._whole, self._kept, self._until = whole, kept, until
        generations, seen, before = [], [], 0
        self._is_cut = False
        """True if a compacted generation has observations from before and after."""
        times = {observation.observed_at for observation in whole.observations[:kept]}
        for generation, file in zip(whole.pointer.generations, whole.seen, strict=True):
            if before >= kept:
                break
            events = tuple(event for event in file.events if event.observed_at in times)
            seen.append(Seen(file.observations[: kept - before], events))
            before += len(file.observations)
            generations.append(generation)
            self._is_cut = before > kept
        looked_at = _last_look(whole, kept, until)
        pointer = msgspec.structs.replace(
            whole.pointer,
            generations=tuple(generations),
            observed_at=looked_at,
            failed_at=_last_failure(whole.pointer, looked_at, until),
            validators={},
            aliases=tuple(sorted({*whole.pointer.aliases, key_of(whole.project.url)} - {""})),
        )
        super().__init__(whole.folder, pointer)
        self._read_before = dict(zip((g.number for g in generations), seen, strict=True))
        self.project = self._named()

    def _named(self) -> Project:
        """Return the project under the name that it had."""
        now, name = self.project, self.details.facts.name if self.details else None
        if not name or name == now.name or not now.url.endswith(now.name):
            return now
        return replace(now, name=name, url=now.url.removesuffix(now.name) + name)

    @cached_property
    def fingerprint(self) -> str:
        """A hash over everything seen but the time of the last observation."""
        own = super().fingerprint
        return f"{own}.{self._kept}" if self._is_cut else own

    @property
    def has_commits(self) -> bool:
        """As of all that was read."""
        return super().has_commits and (not self._is_cut or self._has_rows(File.COMMITS))

    @property
    def tells_changes(self) -> bool:
        """As of all that was read."""
        return super().tells_changes and (not self._is_cut or self._has_rows(File.CHANGES))

    def _has_rows(self, name: str) -> bool:
        return bool(self._rows(name, ["sha"]).num_rows)

    @cached_property
    def details(self) -> HostData | None:
        """The newest metadata from its host by then."""
        if not self._is_cut:
            return super().details
        return self.answers[-1].details if self.answers else None

    def answers_as_json(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield all that its host had said."""
        for number, body in self._whole.answers_as_json():
            if number < self._kept:
                yield number, body

    def change_types(self, rules: str) -> pa.Table | None:
        """Return the types of all commits, as of all that was read; None of a part of a table."""
        return None if self._is_cut else super().change_types(rules)

    def _rows(self, name: str, columns: list[str] | None = None) -> pa.Table:
        if not self._is_cut or "sha" not in SCHEMAS[name].names:
            return super()._rows(name, columns)
        rows = super()._rows(name, columns if columns is None else list({*columns, "sha"}))
        rows = rows.filter(pc.is_in(rows["sha"], self._shas))
        return rows if columns is None else rows.select(columns)

    @cached_property
    def _shas(self) -> pa.Array:
        """The commits that a ref had reached; of those that none ever did, what is older."""
        rows = super()._rows(File.COMMITS, ["sha", "parents", "committed_at"])
        history = history_of(rows)

        def reached(looks: Sequence[Observation]) -> list[bool]:
            refs = (ref.target for look in looks for ref in look.refs)
            return history.ancestors({history.number[r] for r in refs if r in history.number})

        then, ever = (reached(self._whole.observations[:end]) for end in (self._kept, None))
        known = zip(history.shas, history.committed_at, then, ever, strict=True)
        shas = [sha for sha, at, old, seen in known if old or (not seen and at <= self._until)]
        return pa.array(shas, pa.string())


def _last_look(whole: ProjectHistory, kept: int, until: int) -> int:
    known = whole.pointer
    again = (at for at in (*known.again_at, known.observed_at) if at <= until)
    return max([whole.observations[kept - 1].observed_at, *again])


def _last_failure(known: Pointer, looked_at: int, until: int) -> int | None:
    times = (*known.failed_before, *([known.failed_at] if known.failed_at is not None else []))
    return max((at for at in times if looked_at < at <= until), default=None)


def history_at(whole: ProjectHistory, until: int) -> ProjectHistory | None:
    """Return what was known of a project at a time; None if it had not been observed."""
    times = [observation.observed_at for observation in whole.observations]
    kept = max((n for n, at in enumerate(times, start=1) if at <= until), default=0)
    if not kept:
        return None
    latest = max(whole.pointer.observed_at, whole.pointer.failed_at or 0)
    return whole if kept == len(times) and latest <= until else PastHistory(whole, kept, until)


class PastSnapshot(Snapshot):
    """A snapshot as it was at an earlier time, to be loaded into a graph.

    What is `asked` about, families by name (None: all), and was not known yet, is as it was first
    read, and changes nothing of what was known (docs/decisions/0063-which-answers-are-of-then.md).
    """

    def __init__(self, snapshot: Snapshot, until: int, asked: Collection[str] | None = ()) -> None:
        super().__init__(snapshot.path)
        self._until = until
        self._whole = super().check(), super().families()
        self._first: dict[str, int] = {}
        """Family, or project, that was not known yet → when it was first read."""
        self._read_first(asked)
        self._then = {key: self._history(key, whole) for key, whole in self._whole[0].items()}

    def _read_first(self, asked: Collection[str] | None) -> None:
        histories, families = self._whole
        first = {key: one.observations[0].observed_at for key, one in histories.items()}
        members: set[str] = set()
        for family in families:
            members.update(*map(_members, family.memberships))
            at = _recorded(family, first)
            unknown = at is not None and family_at(family, self._until) is None
            if at is not None and unknown and (asked is None or family.name in asked):
                self._first[family.name] = at
                for key in _members(family.memberships[0]):
                    self._first[key] = min(at, self._first.get(key, at))
        if asked is None:
            self._first |= {key: at for key, at in first.items() if key not in members}

    def _history(self, key: str, whole: ProjectHistory) -> ProjectHistory | None:
        then = history_at(whole, self._until)
        return then or (history_at(whole, self._first[key]) if key in self._first else None)

    def differs(self) -> bool:
        """Return True if anything was looked at since."""
        histories, families = self._whole
        return self._then != histories or self.families() != families

    def check(self) -> dict[str, ProjectHistory]:
        """Return the projects that had been observed; see `Snapshot.check`."""
        return {key: history for key, history in self._then.items() if history is not None}

    def families(self) -> list[Family]:
        """Return the families that there were, with the members that they had."""
        then = (
            family_at(family, self._until)
            or (family_at(family, self._first[family.name]) if family.name in self._first else None)
            for family in self._whole[1]
        )
        return [family for family in then if family is not None]


def _members(membership: Membership) -> Iterator[str]:
    yield from membership.variants
    yield from (upstream.project for upstream in membership.upstreams)


def family_at(family: Family, until: int) -> Family | None:
    """Return a family as it was at a time; None if there was none of the name."""
    then = [one for one in family.memberships if one.since is None or one.since <= until]
    if not then:
        return None
    _, upstreams, variants, found = then[-1]
    return replace(family, upstreams=upstreams, variants=variants, found=found)


def known_from(
    snapshot: Snapshot, variants: Collection[str], families: Collection[str], until: int
) -> int:
    """Return the time from which variants and their families are known, at or after `until`.

    A question about the time before a variant was first observed is answered from the first
    reading of its family, as a whole: the projects of one reading are observed one after another.
    """
    histories, known = snapshot.check(), snapshot.families()
    first = {key: history.observations[0].observed_at for key, history in histories.items()}
    asked = (family for family in known if family.name in families)
    began = [until, *(_recorded(family, first) or 0 for family in asked)]
    for base in {key.partition("#")[0] for key in variants}:
        named = {  # whoever has, or had, its name
            key
            for key, history in histories.items()
            if base in (key.partition("#")[0], *history.pointer.aliases)
        }
        seen = min((first[key] for key in named), default=until)
        if seen > until:
            times = [_recorded(family, first, named) for family in known]
            began += [seen, min((at for at in times if at is not None), default=0)]
    return max(began)


def _recorded(
    family: Family, first: Mapping[str, int], variants: Collection[str] = ()
) -> int | None:
    """Return when a family was first recorded with one of some variants; None if it never was.

    An earlier version did not say when that was: then it is when the last member was first seen.
    """
    for since, upstreams, members, _ in family.memberships:
        if not variants or not set(variants).isdisjoint(members):
            projects = (*members, *(up.project for up in upstreams))
            last = max((first.get(key, 0) for key in projects), default=0)
            return last if since is None else since
    return None
