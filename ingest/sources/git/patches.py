"""Whether the patches of a branch are on the default branch although its commits are not.

A squash, a rebase or a cherry-pick that git merged with other changes of the same file makes a blob
that neither side had, so blob ids cannot find it (`ingest/derive/landed.py`). Contents can: a
change is in a later version of its file if merging it into that version changes nothing, or if
merging it into the version before gives that version (docs/decisions/0038).

A branch landed if all that it changed since its merge base is in versions that default had after
that, file by file; or else if all changes of each of its commits are. Only files that both sides
changed need their contents, which are fetched for these branches alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import to_bytes, to_text
from hubtrace.ingest.records import Landing, LandingState, Observation, RefKind
from hubtrace.ingest.sources.git.runner import Git

MOST_HEADS = 1_000
"""Branches that are compared; those beyond it are undecided."""
MOST_PATHS = 500
"""Files that a branch changed; one that changed more is left to blob ids."""
MOST_BLOBS = 20_000
"""Contents that are fetched of one project."""
MOST_BYTES = 1 << 20
"""Of one file; a larger one is compared by its id alone."""

_BRANCHES = (RefKind.BRANCH, RefKind.PULL_REQUEST)
_RAW = ("-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")
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

    def is_edit(self) -> bool:
        """Return True if its content can be merged: a regular file before and after."""
        return all(one is not None and one.mode.startswith("100") for one in self[1:])


@dataclass(frozen=True, slots=True)
class _Branch:
    head: str
    net: list[Change]
    """What it changed since its merge base with the default branch."""
    commits: list[list[Change]]
    """What each of its commits changed, merges aside."""
    made: dict[str, list[Change]]
    """By path: what default changed after the merge base, oldest first."""

    def blobs(self) -> Iterator[str]:
        """Yield the contents that it takes to decide; none if blob ids do."""
        if all(map(self.has, self.net)):
            return
        for change in (*self.net, *(one for commit in self.commits for one in commit)):
            if change.is_edit() and not self.has(change):
                edits = [one for one in self.made.get(change.path, ()) if one.is_edit()]
                for one in (change, *edits) if edits else ():
                    yield from (entry.blob for entry in one[1:] if isinstance(entry, Entry))

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
    if default is None or seen.shallow:
        return ()
    tips = {ref.target for ref in seen.refs if ref.kind in _BRANCHES} - {default}
    off = git.run("rev-list", "--no-walk", "--stdin", feed=_lines(*tips, f"^{default}"))
    heads = sorted(off.decode().split()) if tips else []
    branches = [_read(git, default, head) for head in heads[:MOST_HEADS]]
    wanted = dict.fromkeys(blob for branch in branches if branch for blob in branch.blobs())
    contents = _Contents(git, list(wanted)[:MOST_BLOBS], fetch)
    states = {one.head: _state(one, contents) for one in branches if one}
    states |= dict.fromkeys(heads[MOST_HEADS:], LandingState.UNKNOWN)
    return tuple(Landing(head, state) for head, state in sorted(states.items()))


def _state(branch: _Branch, contents: "_Contents") -> LandingState:
    def landed(changes: Iterable[Change]) -> bool:
        return all(
            branch.has(one) or contents.hold(one, branch.made.get(one.path, ())) for one in changes
        )

    if landed(branch.net) or (branch.commits and all(map(landed, branch.commits))):
        return LandingState.LANDED
    unread = not contents.there.issuperset(branch.blobs())
    return LandingState.UNKNOWN if unread else LandingState.ABSENT


def _read(git: Git, default: str, head: str) -> _Branch | None:
    """Return a head with the changes on both sides; None if the sides share no ancestor."""
    try:
        base = git.run("merge-base", default, head).decode().strip()
    except SourceError:  # it fails if there is none
        return None
    net = [one for _, one in _changes(git, "diff-tree", "-r", *_RAW, base, head)]
    if len(net) > MOST_PATHS:
        return _Branch(head, net, [], {})
    commits: dict[str, list[Change]] = {}
    for sha, one in _changes(git, *_LOG, "--no-merges", feed=_lines(head, f"^{default}")):
        commits.setdefault(sha, []).append(one)
    paths = {one.path for one in net} | {one.path for found in commits.values() for one in found}
    made: dict[str, list[Change]] = {}
    # A path with a line break cannot be asked for here, and then nothing of it is found.
    asked = _lines(default, f"^{base}", "--", *(path for path in paths if "\n" not in path))
    log = ("--literal-pathspecs", *_LOG, "--full-history", "--diff-merges=first-parent")
    for _, one in _changes(git, *log, "--reverse", feed=asked) if len(paths) <= MOST_PATHS else ():
        made.setdefault(one.path, []).append(one)
    return _Branch(head, net, list(commits.values()), made)


def _lines(*words: str) -> bytes:
    return to_bytes("".join(f"{word}\n" for word in words))


def _changes(git: Git, *arguments: str, feed: bytes = b"") -> Iterator[tuple[str, Change]]:
    """Yield the sha of a commit (empty in a plain diff) with each change that git prints."""
    tokens = iter(git.run(*arguments, feed=feed).split(b"\0"))
    sha = ""
    for token in tokens:
        if b":" not in token[:2]:
            sha = token.decode() or sha
            continue
        old_mode, mode, old, new, status = token.decode().strip().removeprefix(":").split(" ")
        before = None if status == "A" else Entry(old_mode, old)
        after = None if status == "D" else Entry(mode, new)
        yield sha, Change(to_text(next(tokens)), before, after)


class _Contents:
    """Contents of files, and which changes they hold."""

    def __init__(
        self, git: Git, blobs: Sequence[str], fetch: Callable[[Sequence[str]], None]
    ) -> None:
        self._git = git
        self._text: dict[str, bytes | None] = {}
        self.there: set[str] = set()
        """The ids of what was read."""
        if blobs:
            try:
                fetch(blobs)
                self._text = dict(git.blobs(blobs, MOST_BYTES))
            except SourceError:
                return
            self.there = {blob for blob, text in self._text.items() if text is not None}

    def hold(self, change: Change, made: Iterable[Change]) -> bool:
        """Return True if a version that default made holds the change."""
        if not change.is_edit():
            return False
        base, head = self._sides(change)
        if base is None or head is None:
            return False
        added = set(head.split(b"\n")) - set(base.split(b"\n"))
        for one in made:
            before, version = self._sides(one) if one.is_edit() else (None, None)
            if version is None or before is None or not added.issubset(version.split(b"\n")):
                continue
            if any(self._git.merged(ours, base, head) == version for ours in (version, before)):
                return True
        return False

    def _sides(self, change: Change) -> tuple[bytes | None, bytes | None]:
        before, after = (self._text.get(one.blob) if one else None for one in change[1:])
        return before, after
