"""People who commit on both sides, and under which keys.

One human is told by what cannot be anybody else: the same key on both sides (one login, or one
address under the snapshot's key), or the same login on both hubs, if the two projects belong
together anyway. Names alone prove nothing: there are many people of a name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow.compute as pc

from graph.store import GraphWriter
from graph.tables import END, START
from ingest.evidence import Found, same_contributor
from ingest.evidence.same_contributor import is_bot
from ingest.load.rows import relationships
from ingest.names import login_host
from ingest.records import Side
from ingest.snapshot import ProjectHistory

_GITHUB, _HUB = login_host(Side.UPSTREAM), login_host(Side.DOWNSTREAM)
_IN_GRAPH = "MATCH (a:Contributor)-[s:SAME_PERSON]->(b:Contributor) RETURN a.key, b.key, s.method"


@dataclass
class People:
    """Who committed to which project; read when first asked for."""

    histories: Mapping[str, ProjectHistory]
    same: set[tuple[str, str, str]] = field(default_factory=set)
    """Two keys of one human and how that is known, as far as pairs were asked for."""
    _of: dict[str, frozenset[str]] = field(default_factory=dict)

    def of_pair(self, variant: str, repository: str, *, likely: bool) -> Found | None:
        """Return the evidence that somebody committed to both.

        `likely` is True if the two belong together anyway: then a login means the same human on
        both hubs.
        """
        on_hub, on_github = self._keys(variant), self._keys(repository)
        shared = set(on_hub & on_github)
        if likely:
            for key in on_hub:
                host, _, login = key.partition(":")
                if host == _HUB and f"{_GITHUB}:{login}" in on_github:
                    shared.add(key)
                    self.same.add((key, f"{_GITHUB}:{login}", "same_login"))
        return same_contributor(repository, len(shared), min(shared, default=""))

    def _keys(self, project: str) -> frozenset[str]:
        if project not in self._of:
            column = self.histories[project].commits(["contributor"])["contributor"]
            keys = pc.unique(column).to_pylist()
            self._of[project] = frozenset(key for key in keys if key and not is_bot(key))
        return self._of[project]


def write_people(writer: GraphWriter, same: set[tuple[str, str, str]]) -> None:
    """Replace who is the same human under two keys, where it differs."""
    known = set(writer.ask(_IN_GRAPH).rows())
    if known == same:
        return
    writer.remove_relationships("SAME_PERSON", "Contributor", sorted({a for a, _, _ in known}))
    rows = ({START: a, END: b, "method": method} for a, b, method in sorted(same))
    table = relationships("SAME_PERSON", rows)
    writer.put_relationships("SAME_PERSON", "Contributor", "Contributor", table)
