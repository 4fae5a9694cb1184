"""The files that differ between two revisions, as a pull request shows them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people, to_text
from hubtrace.graph.urls import Side
from hubtrace.ingest.sources.git.cache import CloneCache
from hubtrace.ingest.sources.git.location import parse_location
from hubtrace.ingest.sources.git.runner import Git
from hubtrace.ingest.sources.git.source import refspecs

_REVISION = re.compile(r"(?!-)(?!.*\.\.)[^\x00-\x20\x7f~^:?*\[\\+]+")
"""A sha or the name of a ref: nothing that git would take for an option or a pattern."""
_STATUS = {b"A": "added", b"D": "deleted", b"M": "modified", b"R": "renamed", b"T": "modified"}
_SUBMODULE = b"160000"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs."""

    status: str
    """`added`, `deleted`, `modified` or `renamed`."""
    path: str
    before: str
    """Its path before; the same unless it was renamed."""
    old: str | None
    """Git blob id before; None of a file that is new."""
    new: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a head changes since it left its base."""

    base: str
    """The commit at which it left."""
    head: str
    files: tuple[FileChange, ...]
    git: Git

    def blob(self, commit: str, path: str) -> str | None:
        """Return the blob id of a file in a commit; None if it is unknown."""
        try:
            listed = self.git.run("--literal-pathspecs", "ls-tree", "-z", commit, "--", path)
        except SourceError:  # upstream lost the commit
            return None
        return listed.split(b"\t")[0].split(b" ")[2].decode() if listed else None


def compare(clones: CloneCache, place: str, base: str, head: str) -> Comparison:
    """Return what `head` changes since it left `base`; both are shas or refs there.

    Raises:
        SourceError: a revision is not there, they have no commit in common, or git fails.
    """
    for name in (base, head):
        if not _REVISION.fullmatch(name):
            raise SourceError(f"{for_people(name)!r} is not a revision: give a sha or a branch")
    location = parse_location(place)
    clones.update(location, refspecs(Side.UPSTREAM))
    git = clones.fetch_commits(location, (base, head)).git
    names = [f"refs/compared/{number}^{{commit}}" for number in range(2)]
    shas = git.run("rev-parse", "--verify", *names[:1]), git.run("rev-parse", "--verify", names[1])
    tips = [sha.decode().strip() for sha in shas]
    try:
        left = git.run("merge-base", *tips).decode().strip()
    except SourceError as error:
        raise SourceError(f"{base} and {head} of {place} have no commit in common") from error
    # Blobs are not there: only equal ids can be told to be one file under a new name.
    options = ("-r", "-z", "--raw", "--no-abbrev", "--find-renames=100%", "-l0")
    listed = git.run("diff-tree", *options, left, tips[1])
    return Comparison(left, tips[1], tuple(_changes(iter(listed.split(b"\0")))), git)


def _changes(parts: Iterable[bytes]) -> Iterator[FileChange]:
    fields = iter(parts)
    for head in filter(None, fields):
        modes, (old, new, status) = head[1:].split(b" ")[:2], head.split(b" ")[2:]
        before = path = next(fields)
        if status[:1] == b"R":
            path = next(fields)
        if _SUBMODULE in modes:
            continue
        word = _STATUS.get(status[:1], "modified")
        shas = [None if not sha.strip(b"0") else sha.decode() for sha in (old, new)]
        yield FileChange(word, to_text(path), to_text(before), *shas)
