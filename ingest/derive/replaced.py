"""Which project was behind a name, and when: evidence of a former one ends with its tenure.

A host's own id tells projects of one name apart (docs/decisions/0043). What was first observed
while another project had the name is evidence of that one. It ends when the name was first seen to
have changed hands; if that other project is observed elsewhere, it counts there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.derive.evidence import Pair, Seen
from hubtrace.ingest.derive.observations import first_seen
from hubtrace.ingest.derive.project_index import ProjectIndex
from hubtrace.ingest.evidence import Evidence, in_repository, in_variant
from hubtrace.ingest.records import Event, HostData
from hubtrace.ingest.snapshot import ProjectHistory

_ALWAYS = -1
"""Before any observation: what rests on names alone."""
_OF_CARDS = frozenset({"card_code", "card_link", "paper_repository"})
_OF_REPOSITORIES = frozenset({"readme_link", "ci_workflow"})
_OF_CONTENT = frozenset({"same_blob", "same_lfs"})


class Tenures:
    """The projects whose names changed hands, and when what was first observed of them."""

    def __init__(self, histories: Mapping[str, ProjectHistory], directory: ProjectIndex) -> None:
        self._histories, self._directory = histories, directory
        self._replaced = {
            # With a subject: it was ours under another name, and what was seen of it is its own.
            key: [e for e in history.events if e.kind == "replaced" and not e.subject]
            for key, history in histories.items()
        }
        self._by_id = {
            (history.project.side, history.details.facts.host_id): key
            for key, history in histories.items()
            if history.details is not None and history.details.facts.host_id
        }
        self._named: dict[str, dict[str, int]] = {}
        self._held: dict[str, dict[str, int]] = {}

    def end(self, pairs: dict[Pair, list[Seen]]) -> None:
        """End the evidence of former projects; add it to them where they are known elsewhere."""
        for pair in [pair for pair in pairs if any(map(self._replaced.get, pair))]:
            for position, one in enumerate(pairs[pair]):
                ends = [self._end(key, one.found, pair) for key in pair]
                times = [event.observed_at for event in ends if event is not None]
                if not times:
                    continue
                gone_at = min(times) if one.gone_at is None else min(one.gone_at, *times)
                pairs[pair][position] = replace(one, gone_at=gone_at)
                variant = self._meant(Side.DOWNSTREAM, pair[0], ends[0])
                repository = self._meant(Side.UPSTREAM, pair[1], ends[1])
                if variant and repository and (variant, repository) != pair:
                    found = replace(one.found, repository=repository)
                    pairs[variant, repository].append(replace(one, found=found))

    def _end(self, key: str, one: Evidence, pair: Pair) -> Event | None:
        """Return the event that ended an observation of a project; None if it still counts."""
        events = self._replaced.get(key)
        if not events:
            return None
        since = self._since(one, pair, key)
        ended = next((event for event in events if since < event.observed_at), None)
        return None if ended is None or ended.before == events[-1].after else ended

    def _meant(self, side: Side, key: str, ended: Event | None) -> str | None:
        """Return the key of the project that was meant; None if it is not in the snapshot."""
        return key if ended is None else self._by_id.get((side, ended.before or ""))

    def _since(self, one: Evidence, pair: Pair, key: str) -> int:
        """Return when an observation was first made, as far as the project `key` is concerned.

        A text that named the other side before says nothing new in other words; nor does one that
        says, or a file that is, what a former project of the name said or had.
        """
        variant, repository = pair
        elders, last = self._former(key), one.place.rpartition(" ")[2]
        if one.method in _OF_CONTENT:
            former = any(last in self._holds(elder) for elder in elders)
            return _ALWAYS if former else self._holds(key).get(last, _ALWAYS)
        if one.method == "commit_reference":
            known = [self._histories[side] for side in pair if side in self._histories]
            times = [at for each in known if (at := first_seen(each).get(last)) is not None]
            return min(times, default=_ALWAYS)
        source, other = variant, repository
        if one.method in _OF_REPOSITORIES:
            source, other = repository, variant
        elif one.method not in _OF_CARDS:
            return _ALWAYS
        former = source == key and any(other in self._names(elder) for elder in elders)
        return _ALWAYS if former else self._names(source).get(other, _ALWAYS)

    def _former(self, key: str) -> list[str]:
        """Return the former projects of a name that are in the snapshot under another key."""
        side, events = self._histories[key].project.side, self._replaced[key]
        elders = [self._by_id.get((side, event.before or "")) for event in events]
        return [elder for elder in elders if elder not in (None, key)]

    def _names(self, key: str) -> dict[str, int]:
        """Return since when the texts of a project name each project of the other side."""
        if key not in self._named:
            found = self._named[key] = {}
            history = self._histories[key]
            for seen, details in history.answers:
                for other in self._in_texts(history.project, details):
                    found.setdefault(other, seen.observed_at)
        return self._named[key]

    def _in_texts(self, project: Project, details: HostData) -> Iterator[str]:
        name = details.facts.name
        if project.side is Side.DOWNSTREAM:
            for one in in_variant(name, details):
                yield self._directory.repository(one.repository)
            return
        for written, _ in in_repository(name, details):
            if (variant := self._directory.variant(written)) is not None:
                yield variant

    def _holds(self, key: str) -> dict[str, int]:
        """Return since when a project is known to hold each blob that it ever held."""
        if key not in self._held:
            history = self._histories[key]
            commits = first_seen(history)
            changes = history.changes(["sha", "blob"])
            found = self._held[key] = {}
            rows = zip(changes["sha"].to_pylist(), changes["blob"].to_pylist(), strict=True)
            listed = (
                (file.blob, seen.observed_at)
                for seen, details in history.answers
                for file in details.files
            )
            for blob, at in chain(((blob, commits[sha]) for sha, blob in rows), listed):
                found[blob] = min(at, found.get(blob, at))
        return self._held[key]
