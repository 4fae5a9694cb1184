"""Whether the patches of a branch are on the default branch although its commits are not.

A squash, a rebase or a cherry-pick that git merged with other changes of the same file makes a blob
that neither side had, so blob ids cannot find it (`ingest/derive/landed.py`). Contents can: a
change is in a later version of its file if merging it into that version changes nothing, or if
merging it into the version before gives that version (docs/decisions/0038).

A branch landed if all that it changed since its merge base is in versions that default had after
that, file by file; or else if all changes of each of its commits are. Only files that both sides
changed need their contents, which are fetched for these branches alone.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.derive.dag import History
from hubtrace.ingest.records import Landing, LandingState, Observation, RefKind
from hubtrace.ingest.sources.git.log import token_lists
from hubtrace.ingest.sources.git.runner import Git

MOST_HEADS = 1_000
"""Branches that are compared; those beyond it are undecided."""
MOST_PATHS = 500
"""Files that a branch changed; one that changed more is undecided, unless blob ids find it."""
MOST_BLOBS = 20_000
"""Contents that are fetched of one project."""
MOST_MERGES = 10_000
"""Of versions of files; each takes git some milliseconds."""
MOST_BYTES = 1 << 20
"""Of one file; a larger one is compared by its id alone."""

_BRANCHES = (RefKind.BRANCH, RefKind.PULL_REQUEST)
_RAW = ("-z", "--raw", "--no-abbrev", "--no-ext-diff", "--no-textconv")
_LOG = ("log", *_RAW, "--no-show-signature", "--no-color", "--format=%H", "--stdin")


class Entry(NamedTuple):
    """A file in a tree."""

    mode: str
    blob: str


class Change(NamedTuple):
    """What a commit, or a whole branch, did to a file; None where there is no file."""

    path: str
    before: Entry | None
    after: Entry | None
    moved_from: str | None = None
    """The path that it had before, where a log follows moves."""

    def is_edit(self) -> bool:
        """Return True if its content can be merged: a regular file before and after."""
        before, after = self.before, self.after
        return (
            before is not None
            and after is not None
            and before.mode.startswith("100")
            and after.mode.startswith("100")
        )


@dataclass(frozen=True, slots=True)
class _Branch:
    head: str
    base: str
    """Its merge base with the default branch."""
    net: list[Change]
    """What it changed since then."""
    commits: list[list[Change]]
    """What each of its commits changed, merges aside."""
    made: dict[str, list[Change]] = field(default_factory=dict)
    """By path: what default changed after the merge base, oldest first."""

    def changes(self) -> Iterator[Change]:
        """Yield all that it changed, as a whole and commit by commit."""
        return chain(self.net, *self.commits)

    def paths(self) -> set[str]:
        """Return the files that it changed."""
        return {change.path for change in self.changes()}

    def blobs(self) -> Iterator[str]:
        """Yield the contents that it takes to decide; none if blob ids do."""
        if all(map(self.has, self.net)):
            return
        for change in self.changes():
            if change.is_edit() and not self.has(change):
                edits = [one for one in self.made.get(change.path, ()) if one.is_edit()]
                for one in (change, *edits) if edits else ():
                    yield from (entry.blob for entry in (one.before, one.after) if entry)

    def has(self, change: Change) -> bool:
        """Return True if default came to the same file, or the same lack of it."""
        return any(one.after == change.after for one in self.made.get(change.path, ()))


def landings(
    git: Git, seen: Observation, fetch: Callable[[Sequence[str]], None]
) -> tuple[Landing, ...]:
    """Return for each head off the default branch whether its patches are on it, by sha.

    `fetch` brings the blobs of these ids into the clone. Heads without a common ancestor are left
    out, and all if history is cut or there is no default branch.

    Raises:
        SourceError: git cannot read the clone. (If `fetch` raises it, what needs contents is
            unknown.)
    """
    default = {ref.name: ref.target for ref in seen.refs}.get(seen.default_branch or "")
    tips = {ref.target for ref in seen.refs if ref.kind in _BRANCHES} - {default}
    if default is None or seen.shallow or not tips:
        return ()
    forks = _Forks.of(git, default, tips)
    branches = _read(git, forks)
    small = [one for one in branches if len(one.paths()) <= MOST_PATHS]
    _follow(git, forks, small)
    wanted = dict.fromkeys(blob for branch in small for blob in branch.blobs())
    contents = _Contents(git, list(wanted)[:MOST_BLOBS], fetch)
    states = dict.fromkeys(forks.beyond, LandingState.UNKNOWN)
    states |= dict.fromkeys((one.head for one in branches), LandingState.UNKNOWN)
    states |= {one.head: _state(one, contents) for one in small}
    return tuple(Landing(head, state) for head, state in sorted(states.items()))


def _state(branch: _Branch, contents: "_Contents") -> LandingState:
    def landed(changes: Iterable[Change]) -> bool:
        return all(
            branch.has(one) or contents.hold(one, branch.made.get(one.path, ())) for one in changes
        )

    if landed(branch.net) or (branch.commits and all(map(landed, branch.commits))):
        return LandingState.LANDED
    unread = contents.is_spent or not contents.there.issuperset(branch.blobs())
    return LandingState.UNKNOWN if unread else LandingState.ABSENT


@dataclass(frozen=True, slots=True)
class _Forks:
    """Where heads left the default branch, of all heads in one pass over the commits."""

    history: History
    default: str
    heads: list[str]
    """Those off the default branch, in order of their names."""
    beyond: list[str]
    """More of them than are compared."""
    on_default: list[bool]
    reaching: list[int]
    """For each commit the `heads` that reach it, by their bits."""

    @classmethod
    def of(cls, git: Git, default: str, tips: Collection[str]) -> "_Forks":
        """Read the commits that `default` and `tips` reach; their times do not matter."""
        listing = ("rev-list", "--topo-order", "--parents", "--stdin")
        listed = git.run(*listing, feed=_lines(default, *tips)).decode()
        rows = [line.split(" ") for line in listed.splitlines()]
        shas, parents = [row[0] for row in rows], [row[1:] for row in rows]
        history = History.from_columns(shas, parents, [0] * len(rows))
        on_default = history.ancestors([history.number[default]])
        off = sorted(tip for tip in tips if not on_default[history.number[tip]])
        heads, beyond = off[:MOST_HEADS], off[MOST_HEADS:]
        reaching = history.masks([history.number[head] for head in heads])
        return cls(history, default, heads, beyond, on_default, reaching)

    def bases(self, git: Git) -> dict[str, str]:
        """Return the merge base of each head that shares an ancestor with the default branch."""
        history, count = self.history, len(self.history.shas)
        left = [0] * count  # the heads that left the default branch at this commit
        below = [0] * count  # those that left it at a commit of which this one is an ancestor
        found: dict[str, list[str]] = {}
        for commit in reversed(history.order):
            if self.on_default[commit]:
                for head in self._named(left[commit] & ~below[commit]):
                    found.setdefault(head, []).append(history.shas[commit])
                if gone := left[commit] | below[commit]:
                    for parent in history.parents[commit]:
                        below[parent] |= gone
            else:
                for parent in history.parents[commit]:
                    left[parent] |= self.reaching[commit]
        for head, shas in found.items():
            if len(shas) > 1:  # which of several is git's choice
                shas[:] = git.run("merge-base", self.default, head).decode().split()
        return {head: found[head][0] for head in self.heads if head in found}

    def heads_of(self, sha: str) -> Iterator[str]:
        """Yield the heads that reach a commit."""
        return self._named(self.reaching[self.history.number[sha]])

    def _named(self, bits: int) -> Iterator[str]:
        while bits:
            yield self.heads[(bits & -bits).bit_length() - 1]
            bits &= bits - 1


def _read(git: Git, forks: _Forks) -> list[_Branch]:
    """Return each head that shares an ancestor with the default branch, with what it changed."""
    bases = forks.bases(git)
    branches = {head: _Branch(head, base, [], []) for head, base in bases.items()}
    if not branches:
        return []
    pairs = [f"{head} {base}" for head, base in bases.items()]
    diff = ("diff-tree", "--stdin", "-r", "--no-renames", *_RAW)
    for head, one in _changes(git, *diff, feed=_lines(*pairs)):
        branches[head].net.append(one)
    commits: dict[str, list[Change]] = {}
    log = (*_LOG, "--no-renames", "--no-merges")
    for sha, one in _changes(git, *log, feed=_lines(*branches, f"^{forks.default}")):
        commits.setdefault(sha, []).append(one)
    for sha, changes in commits.items():
        for head in forks.heads_of(sha):
            if head in branches:
                branches[head].commits.append(changes)
    return list(branches.values())


def _follow(git: Git, forks: _Forks, branches: Sequence[_Branch]) -> None:
    """Find what default changed of the branches' files, in one pass over its history.

    A file that default moved without a change is followed under its new name.
    """
    if not branches:
        return
    history = forks.history
    bits = {base: 1 << bit for bit, base in enumerate({one.base: 0 for one in branches})}
    before = history.masks([history.number[base] for base in bits])
    names: dict[str, set[str]] = {}
    for path in {path for branch in branches for path in branch.paths()}:
        names[path] = {path}
    made: dict[str, list[tuple[int, Change]]] = {}
    log = (*_LOG, "--find-renames=100%", "--diff-merges=first-parent", "--reverse")
    common = _common(history, before, (1 << len(bits)) - 1)
    since = _lines(forks.default, *(f"^{sha}" for sha in common))
    for sha, one in _changes(git, *log, feed=since):
        seen = before[history.number[sha]]
        for name in names.get(one.path, ()):
            made.setdefault(name, []).append((seen, one))
        if one.moved_from is not None:
            for name in names.get(one.moved_from, ()):
                names.setdefault(one.path, set()).add(name)
                gone = Change(one.moved_from, one.before, None)
                made.setdefault(name, []).append((seen, gone))
    for branch in branches:
        for path in branch.paths():
            changes = made.get(path, ())
            branch.made[path] = [one for seen, one in changes if not seen & bits[branch.base]]


def _common(history: History, before: Sequence[int], bases: int) -> list[str]:
    """Return the newest commits that all bases reach: nothing from there on is news of a branch."""
    common = [reached == bases for reached in before]
    found = {
        parent
        for commit, parents in enumerate(history.parents)
        if not common[commit]
        for parent in parents
        if common[parent]
    }
    return [history.shas[commit] for commit in found]


def _lines(*words: str) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()


def _changes(git: Git, *arguments: str, feed: bytes = b"") -> Iterator[tuple[str, Change]]:
    """Yield the sha of a commit (empty in a plain diff) with each change that git prints."""
    sha = ""
    tokens = chain.from_iterable(token_lists(git.stream(*arguments, feed=feed)))
    for token in tokens:
        if ":" not in token[:2]:
            sha = token or sha
            continue
        old_mode, mode, old, new, status = token[token.index(":") + 1 :].split(" ")
        before = None if status == "A" else Entry(old_mode, old)
        after = None if status == "D" else Entry(mode, new)
        moved_from = next(tokens) if status[0] == "R" else None
        yield sha, Change(next(tokens), before, after, moved_from)


class _Contents:
    """Contents of files, and which changes they hold."""

    def __init__(
        self, git: Git, blobs: Sequence[str], fetch: Callable[[Sequence[str]], None]
    ) -> None:
        self._git = git
        self._text: dict[str, bytes | None] = {}
        self._lines: dict[bytes, Counter[bytes]] = {}
        self._merged: dict[tuple[bytes, bytes, bytes], bytes | None] = {}
        self._merges = 0
        self.there: set[str] = set()
        """The ids of what was read."""
        if blobs:
            try:
                fetch(blobs)
                self._text = dict(git.blobs(blobs, MOST_BYTES))
            except SourceError:
                return
            self.there = {blob for blob, text in self._text.items() if text is not None}

    @property
    def is_spent(self) -> bool:
        """True if no more merges are made, so that what is not found may still be there."""
        return self._merges >= MOST_MERGES

    def hold(self, change: Change, made: Iterable[Change]) -> bool:
        """Return True if a version that default made holds the change."""
        if not change.is_edit():
            return False
        base, head = self._sides(change)
        if base is None or head is None:
            return False
        old, new = self._lines_of(base), self._lines_of(head)
        added, gone = new.keys() - old, {line: old[line] for line in old.keys() - new}
        for one in made:
            before, version = self._sides(one) if one.is_edit() else (None, None)
            if version is None or before is None or self.is_spent:
                continue
            # Most versions lack what was added, or have what was taken away: git need not be asked.
            # What was only taken away may stand elsewhere in the file: then it has become rarer.
            were, lines = self._lines_of(before), self._lines_of(version)
            if not added <= lines.keys():
                continue
            rarer = all(were[line] - lines[line] >= count for line, count in gone.items())
            if not (added or rarer or lines.keys().isdisjoint(gone)):
                continue
            if any(self._merge(ours, base, head) == version for ours in (version, before)):
                return True
        return False

    def _merge(self, ours: bytes, base: bytes, head: bytes) -> bytes | None:
        """Return what git makes of three texts; branches share many of their changes."""
        texts = ours, base, head
        if texts not in self._merged:
            self._merges += 1
            self._merged[texts] = self._git.merged(*texts)
        return self._merged[texts]

    def _lines_of(self, text: bytes) -> Counter[bytes]:
        if text not in self._lines:
            self._lines[text] = Counter(text.split(b"\n"))
        return self._lines[text]

    def _sides(self, change: Change) -> tuple[bytes | None, bytes | None]:
        before, after = change.before, change.after
        return (
            self._text.get(before.blob) if before else None,
            self._text.get(after.blob) if after else None,
        )
