"""The paths of a repository that a family is limited to, as one model of a monorepo is.

A path that holds nothing is said: a typo, another case or a moved folder would look like an
upstream that stands still.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.errors import SourceError
from hubtrace.graph.format import closest, date, did_you_mean, short_sha
from hubtrace.ingest.derive.dag import history_of
from hubtrace.ingest.derive.landed import default_head
from hubtrace.ingest.snapshot import ProjectHistory


def path_prefix(text: str) -> str:
    """Return a path in a repository as git writes it: `./t5/` is `t5`.

    Raises:
        SourceError: it is empty, leads out of the repository, or is not one that git can hold.
    """
    parts = [part for part in text.strip().split("/") if part not in ("", ".")]
    if not parts:
        raise SourceError(
            f"the path {text!r} is the whole repository; leave it out, or name a folder in it"
        )
    if "\\" in text:
        raise SourceError(f"the path {text!r} has a backslash; git separates folders by `/`")
    if ".." in parts or "\0" in text:
        raise SourceError(f"the path {text!r} is not in the repository")
    return "/".join(parts)


def in_scope(project: ProjectHistory, prefixes: Sequence[str]) -> set[str]:
    """Return the shas of the commits that change a path under one of `prefixes`."""
    changes = project.changes(["sha", "path"])
    shas: set[str] = set()
    for prefix in prefixes:
        folder, path = prefix.rstrip("/"), changes["path"]
        under = pc.or_(pc.equal(path, folder), pc.starts_with(path, f"{folder}/"))
        shas.update(pc.unique(changes.filter(under)["sha"]).to_pylist())
    return shas


def empty_scopes(project: ProjectHistory, prefixes: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each of `prefixes` that holds no file at the default branch's head."""
    name = project.project.name
    if not (project.tells_changes and project.last.ancestry):
        yield f"{name}: the paths that its commits changed are not known, so that none is followed"
        return
    commits = project.commits(["sha", "parents", "committed_at"])
    history = history_of(commits)
    head = default_head(history, project.last)
    chain = [] if head is None else history.first_parent_chain(head)
    age = {history.shas[commit]: number for number, commit in enumerate(chain)}
    changes = project.changes(["sha", "path", "blob"])
    rows = changes.filter(pc.is_in(changes["sha"], pa.array(age, pa.string()))).to_pylist()
    rows.sort(key=lambda row: -age[row["sha"]])  # oldest first
    newest = {row["path"]: row for row in rows}
    there = {path for path, row in newest.items() if row["blob"] is not None}
    for prefix in (prefix.rstrip("/") for prefix in prefixes):
        if any(_holds(prefix, path) for path in there):
            continue
        lost = [row for path, row in newest.items() if _holds(prefix, path)]
        if not lost:
            like = closest(prefix, _folders(there) | there)
            yield f"{name} never had a path `{prefix}`{did_you_mean(like)}"
            continue
        last = min(lost, key=lambda row: age[row["sha"]])["sha"]
        at = date(history.committed_at[history.number[last]])
        moved = sorted(_moved_to(prefix, last, rows))
        where = f", moved to {' and '.join(f'`{path}`' for path in moved[:3])}" if moved else ""
        yield f"{name} has no path `{prefix}` any more since {short_sha(last)} ({at}){where}"


def _moved_to(prefix: str, sha: str, rows: Sequence[Mapping[str, str | None]]) -> set[str]:
    """Return the folders in which a commit put files that were under `prefix` before."""
    blobs = {row["blob"] for row in rows if _holds(prefix, row["path"] or "")} - {None}
    added = (row["path"] or "" for row in rows if row["sha"] == sha and row["blob"] in blobs)
    return {str(PurePosixPath(path).parent) for path in added if not _holds(prefix, path)}


def _holds(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _folders(paths: Iterable[str]) -> set[str]:
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents} - {"."}
