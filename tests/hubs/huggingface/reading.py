"""What the Hub shows of a git repository, read from it by git: commits, refs, trees, files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..worlds import git

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
"""https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the canonical pointer."""
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:(\w+)\nsize (\d+)"
)
_NOREPLY = re.compile(r"(?:\d+\+)?([\w.-]+)@users\.noreply\.huggingface\.co")
_POINTER_SIZES = range(120, 150)


def pointer(content: bytes) -> bytes:
    """Return the file that git has in place of a large one."""
    return POINTER.format(sha256(content).hexdigest(), len(content)).encode()


@dataclass(frozen=True, slots=True)
class Shown:
    """A commit as the Hub tells it."""

    sha: str
    user: str
    date: str
    title: str
    message: str


def resolve(repository: Path, revision: str) -> str | None:
    """Return the commit of a branch, a tag, a full ref name or a sha."""
    listed = git(
        repository, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)"
    ).decode()
    tips = {name: (peeled or sha) for name, sha, peeled in map(_three, listed.splitlines())}
    for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
        if name in tips:
            return tips[name]
    known = git(repository, "cat-file", "--batch-check", feed=f"{revision}\n".encode()).split()
    return revision if known[1:2] == [b"commit"] and len(revision) == 40 else None


def refs(repository: Path) -> dict[str, list[dict[str, str]]]:
    """Return the refs in the Hub's four groups."""
    groups: dict[str, list[dict[str, str]]] = {
        "branches": [],
        "tags": [],
        "converts": [],
        "pullRequests": [],
    }
    kinds = (("refs/heads/", "branches"), ("refs/tags/", "tags"), ("refs/convert/", "converts"))
    listed = git(
        repository, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)"
    ).decode()
    for ref, sha, peeled in map(_three, listed.splitlines()):
        prefix, group = next((k for k in kinds if ref.startswith(k[0])), ("refs/", "pullRequests"))
        name = ref.removeprefix(prefix)
        groups[group].append({"name": name, "ref": ref, "targetCommit": peeled or sha})
    return groups


@lru_cache(maxsize=64)
def commits(repository: Path, sha: str) -> tuple[Shown, ...]:
    """Return the commits that `sha` reaches, newest first."""
    shown = "--format=%H%x00%an%x00%ae%x00%ct%x00%s%x00%b%x01"
    log = git(repository, "log", shown, sha).decode(errors="replace")
    return tuple(_shown(*record.lstrip("\n").split("\0")) for record in log.split("\x01")[:-1])


def _shown(sha: str, name: str, mail: str, at: str, title: str, body: str) -> Shown:
    account = _NOREPLY.fullmatch(mail)
    return Shown(sha, account[1] if account else name, iso(int(at)), title, body)


def last_commit(repository: Path, sha: str, path: str) -> Shown:
    """Return the last commit that changed a path."""
    found = git(repository, "log", "-1", "--format=%H", sha, "--", path).decode().strip()
    return commits(repository, found)[0]


@lru_cache(maxsize=64)
def tree(repository: Path, sha: str) -> tuple[dict[str, Any], ...]:
    """Return the whole tree of a commit, folders too."""
    listed = git(repository, "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", sha)
    entries = [_entry(line) for line in listed.split(b"\0")[:-1]]
    small = [e["oid"] for e in entries if e["type"] == "file" and e["size"] in _POINTER_SIZES]
    pointers = dict(zip(small, _contents(repository, small), strict=True))
    for entry in entries:
        found = _POINTER.match(pointers.get(entry["oid"], b""))
        if found:
            entry["lfs"] = {
                "oid": found[1].decode(),
                "size": int(found[2]),
                "pointerSize": entry["size"],
            }
            entry["size"] = int(found[2])
    return tuple(entries)


def _entry(line: bytes) -> dict[str, Any]:
    about, _, path = line.partition(b"\t")
    _, kind, oid, size = about.split()
    folder = kind == b"tree"
    return {
        "type": "directory" if folder else "file",
        "oid": oid.decode(),
        "size": 0 if folder else int(size),
        "path": path.decode(errors="replace"),
    }


def content(repository: Path, oid: str) -> bytes:
    """Return a file by its blob id."""
    return git(repository, "cat-file", "blob", oid)


def _contents(repository: Path, oids: list[str]) -> Iterator[bytes]:
    told = git(repository, "cat-file", "--batch", feed="".join(f"{o}\n" for o in oids).encode())
    while told:
        head, _, rest = told.partition(b"\n")
        size = int(head.split()[2])
        yield rest[:size]
        told = rest[size + 1 :]


def iso(seconds: int) -> str:
    """Return a time as the Hub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _three(line: str) -> tuple[str, str, str]:
    name, sha, *peeled = line.split(" ")
    return name, sha, peeled[0] if peeled else ""
