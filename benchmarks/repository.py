"""A git repository to read: realistic in shape, the same on every machine, made in a minute.

Several hundred text files in nested folders; commits that change one to ten of them by a few lines,
on a main line and on side lines that are merged into it; authors, a few branches, and tags.
"""

import keyword
import os
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_START = 1_500_000_000
_STEP = 7_200  # seconds between two commits, on average
_AUTHORS = 120
_SIDE_REFS = tuple(f"refs/heads/topic/{number}" for number in range(6))
_FIRST_FILES = 400
_WORDS = keyword.kwlist
"""What files, folders and messages are made of."""


@dataclass
class _Line:
    """The main line or a side line: where it stands, and what changed since it left the main."""

    ref: str
    tip: int = 0
    changed: dict[str, int] = field(default_factory=dict)


class _Stream:
    """Writes one repository in the language of `git fast-import`."""

    def __init__(self, out: IO[bytes], seed: int) -> None:
        self._out = out
        self._random = random.Random(seed)
        self._files: dict[str, list[str]] = {}
        self._mark = 0
        self._at = _START
        self._main = _Line("refs/heads/main")
        self._open: list[_Line] = []

    def write(self, commits: int) -> None:
        """Write the whole repository."""
        self._commit(self._main, {self._new_path(): None for _ in range(_FIRST_FILES)})
        for number in range(1, commits):
            self._one()
            if number % 500 == 0:
                self._tag(number)
        self._out.write(b"done\n")

    def _one(self) -> None:
        chance = self._random.random()
        if self._open and chance < 0.085:
            self._merge(self._open.pop(self._random.randrange(len(self._open))))
        elif len(self._open) < len(_SIDE_REFS) and chance < 0.18:
            self._open.append(_Line(self._free_ref(), self._main.tip))
            self._commit(self._open[-1], self._edits())
        else:
            chosen = [self._main, self._main, *self._open]
            self._commit(self._random.choice(chosen), self._edits())

    def _free_ref(self) -> str:
        used = {line.ref for line in self._open}
        return next(ref for ref in _SIDE_REFS if ref not in used)

    def _edits(self) -> dict[str, None]:
        count = min(10, 1 + int(self._random.expovariate(0.55)))
        edits = dict.fromkeys(self._random.choices(list(self._files), k=count))
        if self._random.random() < 0.06:
            edits[self._new_path()] = None
        return edits

    def _merge(self, line: _Line) -> None:
        header = b"merge :%d\n" % line.tip
        self._head(self._main, b"Merge branch '%b'\n" % line.ref[11:].encode(), header)
        self._put(self._main, line.changed)

    def _commit(self, line: _Line, edits: dict[str, None]) -> None:
        marks = {path: self._blob(path) for path in edits}
        words = " ".join(self._random.choices(_WORDS, k=self._random.randint(3, 9)))
        self._head(line, f"{words.capitalize()}\n\n{words}\n".encode())
        self._put(line, marks)
        line.changed |= marks

    def _head(self, line: _Line, message: bytes, merge: bytes = b"") -> None:
        self._at += int(self._random.expovariate(1 / _STEP)) + 1
        number = int(_AUTHORS * self._random.random() ** 3)
        person = b"Author %d <author%d@example.org> %d +0000" % (number, number, self._at)
        parent = b"from :%d\n" % line.tip if line.tip else b""
        line.tip = self._next_mark()
        self._out.write(
            b"commit %b\nmark :%d\nauthor %b\ncommitter %b\ndata %d\n%b\n%b%b"
            % (line.ref.encode(), line.tip, person, person, len(message), message, parent, merge)
        )

    def _put(self, line: _Line, marks: dict[str, int]) -> None:
        for path, mark in marks.items():
            self._out.write(b"M 100644 :%d %b\n" % (mark, path.encode()))
        self._out.write(b"\n")

    def _blob(self, path: str) -> int:
        lines = self._files[path]
        for _ in range(self._random.randint(1, 12)):
            lines[self._random.randrange(len(lines))] = self._text()
        if self._random.random() < 0.5:
            lines.insert(self._random.randrange(len(lines)), self._text())
        content = "\n".join(lines).encode()
        mark = self._next_mark()
        self._out.write(b"blob\nmark :%d\ndata %d\n%b\n" % (mark, len(content), content))
        return mark

    def _new_path(self) -> str:
        folders = "/".join(self._random.choices(_WORDS[:12], k=self._random.randint(1, 3)))
        path = f"src/{folders}/{self._random.choice(_WORDS)}_{len(self._files)}.py"
        length = int(self._random.lognormvariate(4.6, 0.8)) + 10
        self._files[path] = [self._text() for _ in range(length)]
        return path

    def _text(self) -> str:
        return "    " + " ".join(self._random.choices(_WORDS, k=5))

    def _tag(self, number: int) -> None:
        if number % 1000:
            self._out.write(b"reset refs/tags/v%d\nfrom :%d\n\n" % (number, self._main.tip))
            return
        tagger = b"Author 0 <author0@example.org> %d +0000" % self._at
        self._out.write(
            b"tag v%d\nfrom :%d\ntagger %b\ndata 8\nRelease\n\n" % (number, self._main.tip, tagger)
        )

    def _next_mark(self) -> int:
        self._mark += 1
        return self._mark


def make_repository(path: Path, commits: int, seed: int = 1) -> None:
    """Make a bare, packed repository of so many commits at `path`."""
    path.mkdir(parents=True)
    _git(path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    command = ["git", "fast-import", "--quiet", "--done"]
    with subprocess.Popen(command, cwd=path, stdin=subprocess.PIPE, env=environment()) as process:
        assert process.stdin is not None
        _Stream(process.stdin, seed).write(commits)
        process.stdin.close()
    if process.returncode != 0:
        raise RuntimeError("git fast-import failed")
    _git(path, "repack", "-adfq", "--window=5", "--depth=50")


def _git(path: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=path, env=environment(), check=True)


def environment() -> dict[str, str]:
    """Return an environment in which git reads no settings of this machine."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**inherited, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
