"""Real git as the judge: sketches become commits, and git is asked about them."""

import os
import subprocess
from pathlib import Path

import pyarrow as pa

from hubtrace.ingest.derive.dag import Changes, History
from tests.ingest.derive.sketches import Sketch

_SCHEMA = pa.schema([("sha", pa.string()), ("path", pa.string()), ("blob", pa.string())])
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


class Git:
    """A bare repository that takes any number of sketches."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ask("init", "--quiet", "--bare", ".")

    def ask(self, *arguments: str, given: str = "", expect: tuple[int, ...] = (0,)) -> str:
        """Run one git command in the repository and return what it prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self._folder,
            env=_ENVIRONMENT,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in expect, done.stderr
        return done.stdout

    def says(self, *arguments: str) -> bool:
        """Run a git command that answers by its exit code, 0 for yes and 1 for no."""
        done = subprocess.run(["git", *arguments], cwd=self._folder, env=_ENVIRONMENT, check=False)
        assert done.returncode in (0, 1)
        return done.returncode == 0

    def commit(self, graph: list[Sketch]) -> list[str]:
        """Make the commits of `graph` by `git fast-import`; return their shas by position."""
        marks = "".join(f"get-mark :{position + 1}\n" for position in range(len(graph)))
        stream = "".join(_fast_import(graph, position) for position in range(len(graph))) + marks
        return self.ask("fast-import", "--quiet", "--force", given=stream).split()

    def history(self, graph: list[Sketch], shas: list[str]) -> History:
        """Return the history of `graph` under the shas that git gave its commits."""
        parents = [[shas[parent] for parent in commit.parents] for commit in graph]
        return History.from_columns(shas, parents, [commit.at for commit in graph])

    def changes(self, shas: list[str]) -> Changes:
        """Return the changes of `shas` against first parents, as ingestion reads them."""
        return Changes(
            pa.Table.from_pylist(
                [
                    {"sha": sha, "path": path, "blob": blob}
                    for sha, path, blob in self._raw("--no-walk=unsorted", *shas)
                ],
                schema=_SCHEMA,
            )
        )

    def made(self, wanted: str, unwanted: str) -> set[tuple[str, str | None]]:
        """Return the changes that the ancestors of `wanted` but not of `unwanted` made."""
        after = set(self.ask("rev-list", wanted).split())
        after -= set(self.ask("rev-list", unwanted).split())
        return {(path, blob) for sha, path, blob in self._raw(wanted) if sha in after}

    def net(self, old: str, new: str) -> set[tuple[str, str | None]]:
        """Return the files that differ between two commits, with their blobs in the newer one."""
        lines = self.ask("diff-tree", "-r", "--no-renames", old, new).splitlines()
        return {_change(line) for line in lines}

    def fork_point(self, head: str, default: str) -> str | None:
        """Return the first commit on the first-parent chain of `head` that `default` reaches."""
        known = set(self.ask("rev-list", default).split())
        chain = self.ask("rev-list", "--first-parent", head).split()
        return next((sha for sha in chain if sha in known), None)

    def _raw(self, *commits: str) -> list[tuple[str, str, str | None]]:
        options = ("--raw", "--no-abbrev", "--no-renames", "--diff-merges=first-parent")
        rows: list[tuple[str, str, str | None]] = []
        sha = ""
        for line in self.ask("log", *options, "--format=%H", *commits).splitlines():
            if line.startswith(":"):
                rows.append((sha, *_change(line)))
            elif line:
                sha = line
        return rows


def _change(line: str) -> tuple[str, str | None]:
    """Parse a line of `--raw`: `:100644 100644 OLD NEW M<tab>path`."""
    facts, path = line.split("\t")
    *_, blob, status = facts.split(" ")
    return path, None if status == "D" else blob


def _fast_import(graph: list[Sketch], position: int) -> str:
    commit = graph[position]
    lines = [
        f"commit refs/heads/{position}",
        f"mark :{position + 1}",
        f"committer Ada <ada@example.org> {commit.at} +0000",
        f"data {len(str(position))}\n{position}",
    ]
    for word, parent in zip(("from", *["merge"] * 9), commit.parents, strict=False):
        lines.append(f"{word} :{parent + 1}")
    for path, content in commit.edits.items():
        if content is None:
            lines.append(f"D {path}")
        else:
            lines.append(f"M 100644 inline {path}\ndata {len(content)}\n{content}")
    return "\n".join(lines) + "\n\n"
