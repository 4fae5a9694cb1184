"""What is on a loopback GitHub: repositories with releases, pull requests and people."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..projects import HostedProject, ProjectRegister
from ..worlds import START, World, git


@dataclass(slots=True)
class Asset:
    """A file attached to a release."""

    name: str
    size: int
    digest: str | None


@dataclass(slots=True)
class Release:
    """A release of a repository."""

    number: int
    tag: str
    name: str | None
    published_at: int | None
    draft: bool
    assets: list[Asset]


@dataclass(slots=True)
class Pull:
    """A pull request; its head is also the git ref `refs/pull/NUMBER/head`."""

    number: int
    head: str
    state: str
    """`open`, `closed` or `merged`."""
    updated_at: int
    base: str | None = None
    """The branch that it is to be merged into; None for the default one."""


@dataclass
class Repository(HostedProject):
    """A repository, as GitHub knows it."""

    number: int
    name: str
    git: World
    blocked: int | None = None
    private: bool = False
    description: str | None = None
    homepage: str | None = None
    licence: str | None = None
    """A key of GitHub's, e.g. `apache-2.0`."""
    topics: Sequence[str] = ()
    archived: bool = False
    disabled: bool = False
    stars: int = 0
    fork_of: "Repository | None" = None
    created_at: int = START
    releases: list[Release] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    _pushed: tuple[object, int] = ((), START)
    _asked: dict[object, bytes] = field(default_factory=dict)

    def release(
        self,
        tag: str,
        *,
        name: str | None = None,
        at: int | None = START,
        draft: bool = False,
        assets: Mapping[str, bytes] | None = None,
        digests: bool = True,
    ) -> Release:
        """Publish a release; GitHub tells no digests for what was uploaded before mid-2025."""
        files = [
            Asset(
                file,
                len(content),
                f"sha256:{hashlib.sha256(content).hexdigest()}" if digests else None,
            )
            for file, content in (assets or {}).items()
        ]
        made = Release(len(self.releases) + 1, tag, name, at, draft, files)
        self.releases.append(made)
        return made

    def pull(
        self, head: str, state: str = "open", *, at: int = START, base: str | None = None
    ) -> Pull:
        """Open a pull request from a commit of this repository's git, into the default branch."""
        made = Pull(len(self.pulls) + 1, head, state, at, base)
        self.pulls.append(made)
        self.git.branch(f"refs/pull/{made.number}/head", head)
        return made

    @property
    def default_branch(self) -> str:
        """The short name of the branch that HEAD names."""
        head = (self.git.path / "HEAD").read_text()
        return head.strip().removeprefix("ref: refs/heads/")

    @property
    def pushed_at(self) -> int:
        """The moment of the last push: it moves with every change of a branch or tag."""
        refs, (told, moment) = self._refs(), self._pushed
        if self.git.commits and refs != told:
            self._pushed = refs, moment + 3600
        return self._pushed[1]

    def asked(self, *arguments: str) -> str:
        """Return what git says of this repository, asked once for every state of its refs."""
        question = self._refs(), arguments
        if question not in self._asked:
            self._asked[question] = git(self.git.path, *arguments)
        return self._asked[question].decode("utf-8", "replace").strip("\n")

    def _refs(self) -> tuple[object, ...]:
        """Return what differs whenever a ref does: the files that hold them, and when."""
        files = [self.git.path / "packed-refs", *(self.git.path / "refs").rglob("*")]
        known = [(file, file.stat()) for file in files if file.is_file()]
        times = [(str(file), stat.st_mtime_ns, stat.st_size, stat.st_ino) for file, stat in known]
        return ((self.git.path / "HEAD").read_text(), *times)


class GitHubWorld(ProjectRegister[Repository]):
    """Repositories by name, and people by e-mail address."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.people: dict[str, str] = {"ada@example.org": "ada-l"}
        """E-mail address → login: how GitHub tells whose account a commit's author has."""
        self.attestations: dict[tuple[str, str], list[bytes]] = {}
        """Owner in lower case, SHA-256 of a file → the bundles that are listed for it."""
        self.bundles_inline = False
        """True to send them inside a list, as GitHub did until July 2026."""

    def repository(self, name: str, **facts: object) -> Repository:
        """Make a repository; `facts` are fields of `Repository`."""
        made = self.add(name, Repository)
        for field_name, value in facts.items():
            assert hasattr(made, field_name), field_name
            setattr(made, field_name, value)
        return made


def iso(moment: int) -> str:
    """Return a moment as GitHub writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
