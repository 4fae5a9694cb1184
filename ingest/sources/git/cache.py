"""The clone cache: our own bare clone of every location that is read, without file contents.

`<directory>/<slug>-<hash>.git` is a finished clone, only ever renamed into place; a clone that was
killed half way is an `….new` beside it, and is thrown away by the next call. Updates are fetches,
which move refs only when all objects have come. A lock file per clone keeps two processes apart.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import to_text
from hubtrace.ingest.source import Progress, no_progress
from hubtrace.ingest.sources.git.location import Kind, Location
from hubtrace.ingest.sources.git.runner import CLONING, Git, serving_command, trusted_directories

_PROGRESS = re.compile(r"(?:remote: )?([A-Z][a-z ]+): +\d+% \((\d+)/(\d+)\)")


SMALL = 512
"""Bytes of a content that is small."""


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """What `HEAD` of a location was when it was cloned or updated."""

    ref: str | None = None
    """The branch it names; None if it is detached, unborn, or the location is a bundle."""
    sha: str | None = None
    """The commit it points to; None if it is unborn or dangling."""


@dataclass(frozen=True, slots=True)
class Clone:
    """Our clone of one location, ready to be read."""

    git: Git
    """git on this clone; it speaks no protocol, so it can only read."""
    head: RemoteHead
    boundary: tuple[str, ...]
    """The commits at which a shallow history ends; empty if the history is whole."""


class CloneCache:
    """A directory of bare clones, one per location, made and updated on demand."""

    def __init__(
        self,
        directory: Path,
        progress: Progress = no_progress,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = directory
        self._progress = progress
        self._tokens = tokens or {}

    def path_of(self, location: Location) -> Path:
        """Return where the clone of `location` is, or will be."""
        stem = unquote(location.url).rstrip("/").removesuffix(".git").removesuffix("/")
        slug = "-".join(re.findall(r"[a-z0-9][a-z0-9._-]*", stem.lower())[-2:])[-60:].strip("-._")
        digest = hashlib.sha256(os.fsencode(location.url)).hexdigest()[:12]
        return self._directory.absolute() / f"{slug or 'clone'}-{digest}.git"

    def update(self, location: Location, refspecs: Sequence[str], *, small: bool = False) -> Clone:
        """Make the clone of `location`, or bring the refs of `refspecs` up to date in it.

        With `small`, contents of up to `SMALL` bytes come from a folder, too; else none.

        Raises:
            SourceError: there is no repository at `location`, git cannot read it, or the cache
                cannot be written.
        """
        path = self.path_of(location)
        with self._locked(path, location) as lock:
            options = _filter(location, small=small)
            head = self._fetch(self._remote(path, location, lock), location, options, refspecs)
            return Clone(Git(path, location.shown), head, _boundary(path))

    def fetch_commits(self, location: Location, names: Sequence[str]) -> Clone:
        """Bring commits into the clone, which `update` made, by sha or name of a ref.

        They are found as `refs/compared/0` and so on, which no update reads or prunes.

        Raises:
            SourceError: the place does not give them.
        """
        path = self.path_of(location)
        with self._locked(path, location) as lock:
            specs = [f"+{name}:refs/compared/{number}" for number, name in enumerate(names)]
            git = self._remote(path, location, lock)
            options = [*_serving(git, location), *_filter(location), "--no-tags", "--refmap="]
            git.run("fetch", *options, "--no-write-fetch-head", "origin", *specs)
            return Clone(Git(path, location.shown), RemoteHead(), _boundary(path))

    def fetch_blobs(self, location: Location, blobs: Sequence[str]) -> None:
        """Bring the contents of these ids into the clone, which `update` made without any.

        Raises:
            SourceError: the place does not give them.
        """
        if location.kind is Kind.BUNDLE:
            return  # it came with all of them
        path = self.path_of(location)
        with self._locked(path, location) as lock:
            git = self._remote(path, location, lock)
            # As git itself fetches what a partial clone lacks: nothing needs to be negotiated.
            quick = replace(git, settings=(*git.settings, ("fetch.negotiationAlgorithm", "noop")))
            options = [*_serving(git, location), *_filter(location), "--no-tags", "--refmap="]
            feed = "".join(f"{blob}\n" for blob in blobs).encode()
            quick.run("fetch", *options, "--no-write-fetch-head", "--stdin", "origin", feed=feed)

    def _remote(self, path: Path, location: Location, lock: int) -> Git:
        settings, secrets = location.authorized(self._tokens)
        return Git(path, location.shown, CLONING, settings, secrets, held=(lock,))

    def _fetch(
        self, git: Git, location: Location, filtered: Sequence[str], refspecs: Sequence[str]
    ) -> RemoteHead:
        serving = _serving(git, location)
        head = _remote_head(git, location, serving)
        options = [*serving, *filtered]
        if git.git_dir.exists():
            _sweep(git.git_dir)
            self._update(git, location, options, refspecs)
        else:
            self._clone(git, location, options, refspecs)
        return head

    def _clone(
        self, git: Git, location: Location, options: Sequence[str], refspecs: Sequence[str]
    ) -> None:
        # Not init and fetch: only a clone writes its refs as one file, which matters for
        # thousands of them. It takes branches and tags anyway, and none twice.
        aside = git.git_dir.with_suffix(".git.new")
        if aside.exists():
            shutil.rmtree(aside)
        more = [spec for spec in refspecs if not spec.startswith(("+refs/heads/", "+refs/tags/"))]
        wanted = tuple(("remote.origin.fetch", refspec) for refspec in more)
        cloning = replace(git, settings=git.settings + wanted)
        arguments = ("--bare", "--template=", *options, "--", location.url, str(aside))
        self._watch(cloning, location, "clone", *arguments)
        aside.rename(git.git_dir)

    def _update(
        self, git: Git, location: Location, options: Sequence[str], refspecs: Sequence[str]
    ) -> None:
        chosen = ["--prune", "--no-tags", "--force", "--refmap=", "--no-write-fetch-head", *options]
        if location.kind is not Kind.BUNDLE:
            chosen.append("--update-shallow")
            if _boundary(git.git_dir):
                chosen.append("--unshallow")  # the remote may have been completed since
        self._watch(git, location, "fetch", *chosen, "origin", *refspecs)

    def _watch(self, git: Git, location: Location, command: str, *arguments: str) -> None:
        with closing(git.watch(command, "--progress", *arguments)) as lines:
            for found in filter(None, map(_PROGRESS.match, lines)):
                what = f"{location.shown}: {found[1].lower()}"
                self._progress(what, int(found[2]), int(found[3]))

    @contextmanager
    def _locked(self, path: Path, location: Location) -> Iterator[int]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".lock").open("wb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._progress(f"{location.shown}: waiting for another hubtrace", 0, None)
                    fcntl.flock(file, fcntl.LOCK_EX)
                yield file.fileno()
        except OSError as error:
            raise SourceError(f"the clone cache {path.parent} failed: {error}") from error


def _filter(location: Location, *, small: bool = False) -> list[str]:
    # A server that cannot filter says so and sends everything; a bundle is what it is. Not every
    # server that can filters by size.
    if location.kind is Kind.BUNDLE:
        return []
    by_size = small and location.kind is Kind.DIRECTORY
    return [f"--filter=blob:limit={SMALL + 1}" if by_size else "--filter=blob:none"]


def _serving(git: Git, location: Location) -> list[str]:
    if location.kind is not Kind.DIRECTORY:
        return []
    return [f"--upload-pack={serving_command(trusted_directories(git.git_dir.parent))}"]


def _remote_head(git: Git, location: Location, serving: Sequence[str]) -> RemoteHead:
    nowhere = replace(git, git_dir=git.git_dir.with_suffix(".none"))
    listed = nowhere.run("ls-remote", "--symref", *serving, "--", location.url, "HEAD")
    ref = sha = None
    for line in listed.split(b"\n"):
        value, _, name = to_text(line).partition("\t")
        if name == "HEAD" and value.startswith("ref: "):
            ref = value.removeprefix("ref: ")
        elif name == "HEAD":
            sha = value
    return RemoteHead(ref, sha)


def _boundary(git_dir: Path) -> tuple[str, ...]:
    try:
        return tuple((git_dir / "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return ()


def _sweep(git_dir: Path) -> None:
    # We hold the lock, so whatever is half-written was left by a git that was killed.
    for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/??/tmp_obj_*"):
        for left in git_dir.glob(pattern):
            left.unlink(missing_ok=True)
