"""Readings without a source: what a test says a project looked like."""

from collections.abc import Iterable, Sequence

from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Commit, Observation, PathChange, Ref, RefKind
from hubtrace.ingest.source import ProjectData

REPOSITORY = Project("https://github.com/o/r", Side.UPSTREAM, "o/r", "https://github.com/o/r")
VARIANT = Project(
    "https://huggingface.co/o/v", Side.DOWNSTREAM, "o/v", "https://huggingface.co/o/v"
)
NOW = 2_000_000_000


def sha(name: str) -> str:
    """Return a commit id that can be recognised by its first letters."""
    return name.encode().hex().ljust(40, "0")


def commit(
    name: str,
    *parents: str,
    at: int = 1_000,
    committed_at: int | None = None,
    email: str = "ada@example.org",
    paths: Iterable[str] = (),
) -> Commit:
    """Return a commit called `name`."""
    changes = tuple(PathChange("M", path, sha(f"{name}{path}"[:20]), "100644") for path in paths)
    committed = at if committed_at is None else committed_at
    known = tuple(sha(parent) for parent in parents)
    return Commit(sha(name), known, "Ada", email, at, committed, f"Do {name}", changes)


def reading(
    project: Project,
    commits: Sequence[Commit],
    *,
    observed_at: int = NOW,
    default: str | None = "refs/heads/main",
    **refs: str,
) -> ProjectData:
    """Return a reading; `refs` are branches by name, or tags if it starts with `v`."""
    seen = tuple(
        Ref(f"refs/tags/{name}", RefKind.TAG, sha(target))
        if name.startswith("v")
        else Ref(f"refs/heads/{name}", RefKind.BRANCH, sha(target))
        for name, target in sorted(refs.items())
    )
    return ProjectData(project, Observation(observed_at, default, seen), iter(commits))
