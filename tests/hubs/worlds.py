"""Real git repositories for tests, made in a few milliseconds by `git fast-import`.

    world = World(tmp_path / "yi.git")
    first = world.commit({b"config.json": b"{}"}, message=b"Add config", at=1_700_000_000)
    second = world.commit({b"config.json": None}, parents=[first])
    world.tag("v1", first, annotated=True)

Everything is fixed (identity, dates, configuration), so shas are the same on every machine.
"""

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START = 1_600_000_000
"""When the first commit of a world is made, unless told otherwise; each next one an hour later."""

IDENTITY = b"Ada Lovelace <ada@example.org>"


@dataclass(frozen=True, slots=True)
class File:
    """A file with a mode; plain bytes stand for an ordinary file (`100644`)."""

    content: bytes
    """What is in it; for a symbolic link its target, for a submodule the sha of its commit."""
    mode: str = "100644"


Changes = Mapping[bytes, bytes | File | None]
"""Path → what is there from now on; None deletes it."""


def git(directory: Path, *arguments: str, feed: bytes = b"") -> bytes:
    """Run git in `directory` with no configuration but the repository's, and return its output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(directory.parent),
        "GIT_AUTHOR_NAME": "Ada Lovelace",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": f"{START} +0000",
        "GIT_COMMITTER_NAME": "Ada Lovelace",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_COMMITTER_DATE": f"{START} +0000",
        "LC_ALL": "C",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=environment,
        input=feed,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@dataclass
class World:
    """One bare repository at `path`, and the shas of what was put into it, in order."""

    path: Path
    commits: list[str] = field(default_factory=list)
    tips: dict[str, str] = field(default_factory=dict)
    """Full ref name → sha, of the branches that were moved through this object."""

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True)
        git(self.path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")

    def commit(
        self,
        changes: Changes | None = None,
        *,
        ref: str = "refs/heads/main",
        parents: Sequence[str] | None = None,
        message: bytes = b"A commit\n",
        at: int | None = None,
        committed_at: int | None = None,
        author: bytes = IDENTITY,
    ) -> str:
        """Add a commit, move `ref` to it, and return its sha.

        The changes are against the first parent. Without `parents` it continues `ref`, or is a
        root if `ref` does not exist; with an empty sequence it is a root.
        """
        if parents is None:
            parents = [self.tips[ref]] if ref in self.tips else []
        authored = START + 3600 * len(self.commits) if at is None else at
        committed = authored if committed_at is None else committed_at
        stream = [
            b"feature done\n",
            b"commit %b\nmark :1\n" % ref.encode(),
            b"author %b %d +0000\n" % (author, authored),
            b"committer %b %d +0000\n" % (IDENTITY, committed),
            _data(message),
            *(
                b"%b %b\n" % (b"merge" if position else b"from", parent.encode())
                for position, parent in enumerate(parents)
            ),
            *(_change(path, new) for path, new in (changes or {}).items()),
            b"get-mark :1\n",
            b"done\n",
        ]
        options = ("--quiet", "--force", "--cat-blob-fd=1")
        sha = git(self.path, "fast-import", *options, feed=b"".join(stream)).decode().strip()
        self.commits.append(sha)
        self.tips[ref] = sha
        return sha

    def grow(
        self, steps: Sequence[tuple[Changes, bytes, int]], author: bytes = IDENTITY
    ) -> list[str]:
        """Begin `main` with a row of commits, each of (changes, message, time); return their shas.

        One git makes all of them, which takes a tenth of the time.
        """
        stream = [b"feature done\n"]
        for mark, (changes, message, at) in enumerate(steps, start=1):
            stream += [
                b"commit refs/heads/main\nmark :%d\n" % mark,
                b"author %b %d +0000\ncommitter %b %d +0000\n" % (author, at, author, at),
                _data(message),
                *(_change(path, new) for path, new in changes.items()),
                b"get-mark :%d\n" % mark,
            ]
        options = ("--quiet", "--force", "--cat-blob-fd=1")
        shas = git(self.path, "fast-import", *options, feed=b"".join([*stream, b"done\n"]))
        made = shas.decode().split()
        self.commits += made
        self.tips["refs/heads/main"] = made[-1]
        return made

    def raw_commit(self, content: bytes, ref: str = "refs/heads/main") -> str:
        """Write a commit object byte by byte, however malformed, move `ref` to it; its sha."""
        arguments = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
        sha = git(self.path, *arguments, feed=content).decode().strip()
        self.branch(ref, sha)
        self.commits.append(sha)
        return sha

    def tree_of(self, sha: str) -> str:
        """Return the tree of a commit."""
        return git(self.path, "rev-parse", f"{sha}^{{tree}}").decode().strip()

    def delete_object(self, sha: str) -> None:
        """Remove an object from the object store; only while it is loose, as in small worlds."""
        (self.path / "objects" / sha[:2] / sha[2:]).unlink()

    def branch(self, ref: str, sha: str | None) -> None:
        """Point the full ref name `ref` to `sha`, however far away; None deletes it."""
        git(self.path, "update-ref", *((ref, sha) if sha else ("-d", ref)))
        self.tips.pop(ref, None)
        if sha:
            self.tips[ref] = sha

    def tag(self, name: str, target: str, *, annotated: bool = False) -> None:
        """Tag any object."""
        options = ("--annotate", "--message=A tag") if annotated else ()
        git(self.path, "tag", "--force", *options, name, target)

    def point_head(self, ref: str) -> None:
        """Let HEAD name the branch `ref`, which need not exist."""
        git(self.path, "symbolic-ref", "HEAD", ref)


def blob_id(content: bytes) -> str:
    """Return the id that git gives to a file of this content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: bytes) -> bytes:
    return b'"%b"' % b"".join(b"\\%03o" % byte for byte in path)


def _change(path: bytes, new: bytes | File | None) -> bytes:
    if new is None:
        return b"D %b\n" % _quoted(path)
    file = new if isinstance(new, File) else File(new)
    if file.mode == "160000":
        return b"M 160000 %b %b\n" % (file.content, _quoted(path))
    return b"M %b inline %b\n%b" % (file.mode.encode(), _quoted(path), _data(file.content))
