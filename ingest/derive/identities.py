"""People who commit on both sides, and under which keys.

One human is told by what cannot be anybody else: the same key on both sides; an address (under the
snapshot's key) that a host told to be a login's; or the same login on both hubs, if the two
projects belong together anyway. Names alone prove nothing: there are many people of a name.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow.compute as pc

from hubtrace.graph.urls import Side, login_host
from hubtrace.ingest.evidence import Evidence, same_contributor
from hubtrace.ingest.evidence.owners import is_bot
from hubtrace.ingest.snapshot import ProjectHistory

_GITHUB, _HUB = login_host(Side.UPSTREAM), login_host(Side.DOWNSTREAM)

Same = tuple[str, str, str]
"""Two keys of one human, and how that is known."""


@dataclass
class People:
    """Who committed to which project; read when first asked for."""

    histories: Mapping[str, ProjectHistory]
    same: set[Same] = field(default_factory=set)
    """What is known of addresses, and of the pairs that were asked for."""
    _login_of: dict[str, str] = field(default_factory=dict)
    _of: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._login_of = _logins(self.histories)
        self.same |= {(key, login, "same_address") for key, login in self._login_of.items()}

    def of_pair(self, variant: str, repository: str, *, likely: bool) -> Evidence | None:
        """Return the evidence that somebody committed to both.

        `likely` is True if the two belong together anyway: then a login means the same human on
        both hubs.
        """
        on_hub, on_github = self._people(variant), self._people(repository)
        shared = set(on_hub & on_github)
        if likely:
            for key in on_hub:
                host, _, login = key.partition(":")
                if host == _HUB and f"{_GITHUB}:{login}" in on_github:
                    shared.add(key)
                    self.same.add((key, f"{_GITHUB}:{login}", "same_login"))
        return same_contributor(repository, shared)

    def keys(self) -> set[str]:
        """Return the keys of all people that were looked at."""
        return set(self._login_of).union(*self._of.values())

    def _people(self, project: str) -> frozenset[str]:
        """Return the authors of a project's commits, by their logins where these are known."""
        if project not in self._of:
            column = self.histories[project].commits(["contributor"])["contributor"]
            keys = [key for key in pc.unique(column).to_pylist() if key]
            logins = (self._login_of.get(key, key) for key in keys)
            self._of[project] = frozenset(key for key in logins if not is_bot(key))
        return self._of[project]


def _logins(histories: Mapping[str, ProjectHistory]) -> dict[str, str]:
    """Return whose login an address is; one that several logins commit under is nobody's."""
    logins: dict[str, set[str]] = defaultdict(set)
    for history in histories.values():
        for row in history.people().to_pylist():
            logins[row["address"]].add(row["login"])
    return {key: min(found) for key, found in logins.items() if len(found) == 1}
