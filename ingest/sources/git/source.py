"""The git source: refs and commits of a repository on either side."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import to_text
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.derive.blobs import information
from hubtrace.ingest.records import Commit, Observation, Ref, RefKind
from hubtrace.ingest.source import Cursor, Progress, ProjectData, no_progress
from hubtrace.ingest.sources.git.cache import SMALL, Clone, CloneCache, RemoteHead
from hubtrace.ingest.sources.git.location import parse_location
from hubtrace.ingest.sources.git.log import read_log
from hubtrace.ingest.sources.git.patches import landings
from hubtrace.ingest.sources.git.runner import Git

_PREFIXES: Mapping[Side, tuple[str, ...]] = {
    Side.UPSTREAM: ("refs/heads/", "refs/tags/"),
    # Hub-only kinds. GitHub's pull-request heads (`refs/pull/`) are the `github` source's.
    Side.DOWNSTREAM: ("refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/"),
}


def refspecs(side: Side) -> list[str]:
    """Return what is fetched of a project on `side`; rewritten refs follow (`+`)."""
    return [f"+{prefix}*:{prefix}*" for prefix in _PREFIXES[side]]


def list_refs(git: Git, side: Side) -> tuple[Ref, ...]:
    """Return the refs of `side` that point to a commit, by name; annotated tags are peeled.

    Refs to trees and blobs are left out: they have no place in a history.

    Raises:
        SourceError: git cannot list them.
    """
    listed = git.run(
        "for-each-ref", "--format=%(refname)%00%(objectname)%00%(objecttype)", *_PREFIXES[side]
    )
    found = [line.split(b"\0") for line in listed.split(b"\n") if line]
    annotated = [sha.decode() for _, sha, kind in found if kind == b"tag"]
    peeled = dict(zip(annotated, _peel(git, annotated), strict=True))
    refs = []
    for raw_name, raw_sha, kind in found:
        name, sha = to_text(raw_name), raw_sha.decode()
        target = sha if kind == b"commit" else peeled.get(sha)
        ref_kind = RefKind.of(name)
        if target is not None and ref_kind is not None:
            refs.append(Ref(name, ref_kind, target))
    return tuple(refs)


def existing_commits(git: Git, shas: Sequence[str]) -> list[str]:
    """Return those of `shas` that are commits in the clone, each once.

    Raises:
        SourceError: git cannot look them up.
    """
    distinct = list(dict.fromkeys(sha for sha in shas if _is_sha(sha)))
    kinds = _look_up(git, distinct)
    return [sha for sha, found in zip(distinct, kinds, strict=True) if found == sha]


def small_contents(git: Git) -> dict[str, int]:
    """Return how much the small contents in the clone say: bytes, when compressed, by blob id.

    Raises:
        SourceError: git cannot read them.
    """
    check = "--batch-check=%(objecttype) %(objectname) %(objectsize)"
    listed = git.run("cat-file", "--batch-all-objects", "--unordered", check)
    objects = (line.split() for line in listed.decode().splitlines())
    small = [name for kind, name, size in objects if kind == "blob" and int(size) <= SMALL]
    feed = "".join(f"{name}\n" for name in small).encode()
    printed = BytesIO(git.run("cat-file", "--batch", feed=feed) if small else b"")
    found: dict[str, int] = {}
    while head := printed.readline().split():
        found[head[0].decode()] = information(printed.read(int(head[2])))
        printed.read(1)
    return found


def default_branch(head: RemoteHead, refs: Iterable[Ref]) -> str | None:
    """Return the full name of the default branch, or None if it is not known.

    It is the branch that `HEAD` names. Where `HEAD` names none but a commit (it is detached, or was
    put into a bundle), it is a branch that ends there, which is the same history: `main`, `master`
    or the only one. Whatever else there is was not chosen, even alone: docs/decisions/0062.
    """
    branches = {ref.name: ref.target for ref in refs if ref.kind is RefKind.BRANCH}
    if head.ref in branches:
        return head.ref
    at_head = [name for name, target in branches.items() if target == head.sha]
    usual = [name for name in ("refs/heads/main", "refs/heads/master") if name in at_head]
    return next(iter(usual or (at_head if len(at_head) == 1 else ())), None)


def _is_sha(text: str) -> bool:
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


def _peel(git: Git, tags: Sequence[str]) -> list[str | None]:
    # Not `%(*objectname)`: before git 2.45 that peels a tag of a tag only once.
    return _look_up(git, [f"{tag}^{{}}" for tag in tags])


def _look_up(git: Git, names: Sequence[str]) -> list[str | None]:
    if not names:
        return []
    listed = git.run(
        "cat-file",
        "--batch-check=%(objecttype) %(objectname)",
        feed="".join(f"{name}\n" for name in names).encode(),
    )
    return [
        sha if kind == "commit" else None
        for kind, _, sha in (line.partition(" ") for line in listed.decode().splitlines())
    ]


_REPORT_EVERY = 1000  # commits; a tenth of a second or so


class GitSource:
    """Reads projects by git, from any place that git can clone, through a cache of bare clones.

    `tokens` are by origin (`https://huggingface.co:443`) and sent there only, if it requires one.
    `clock` returns the seconds since the epoch.
    """

    def __init__(
        self,
        cache_dir: Path,
        progress: Progress = no_progress,
        *,
        tokens: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clones = CloneCache(cache_dir, progress, tokens)
        self._progress = progress
        self._clock = clock

    def read(self, project: Project, location: str, cursor: Cursor) -> ProjectData:
        """Clone or update `location`, and read what its refs reach and `cursor.heads` did not.

        A head that is no longer in the clone excludes nothing, so after a rewritten history and
        a lost cache commits can come that were read before.

        Raises:
            SourceError: there is no repository at `location`, or git cannot read it. The stream
                of commits raises it too, if git fails later.
        """
        place = parse_location(location)
        downstream = project.side is Side.DOWNSTREAM
        clone = self._clones.update(place, refspecs(project.side), small=downstream)
        refs = list_refs(clone.git, project.side)
        observation = Observation(
            observed_at=int(self._clock()),
            default_branch=default_branch(clone.head, refs),
            refs=refs,
            shallow=bool(clone.boundary),
        )
        warnings = list(_warnings(clone, observation))
        fetch = partial(self._clones.fetch_blobs, place)
        observation = _compared(clone.git, observation, cursor.last, fetch, warnings)
        tips = list(dict.fromkeys(ref.target for ref in refs))
        commits = self._commits(project, clone, tips, cursor.heads, warnings)
        small = partial(small_contents, clone.git) if downstream else dict[str, int]
        return ProjectData(project, observation, commits, warnings, small=small)

    def _commits(
        self,
        project: Project,
        clone: Clone,
        tips: Sequence[str],
        seen: Sequence[str],
        warnings: list[str],
    ) -> Iterator[Commit]:
        what = f"{project.name}: reading commits"
        count = 0
        exclude = existing_commits(clone.git, seen)
        with closing(read_log(clone.git, tips, exclude, warnings.append)) as commits:
            for commit in commits:
                count += 1
                if count % _REPORT_EVERY == 0:
                    self._progress(what, count, None)
                yield commit
        self._progress(what, count, count)


def _compared(
    git: Git,
    seen: Observation,
    last: Observation | None,
    fetch: Callable[[Sequence[str]], None],
    warnings: list[str],
) -> Observation:
    """Return the observation with what is known of its branches by contents."""
    same = last and (last.refs, last.default_branch) == (seen.refs, seen.default_branch)
    if last and same and last.landings is not None:
        return replace(seen, landings=last.landings)
    try:
        return replace(seen, landings=landings(git, seen, fetch))
    except SourceError as error:
        warnings.append(f"its branches could not be compared by contents: {error}")
        return seen


def _warnings(clone: Clone, observation: Observation) -> Iterator[str]:
    if clone.boundary:
        more = ", …" if len(clone.boundary) > 3 else ""
        yield f"shallow clone: history ends at {', '.join(clone.boundary[:3])}{more}"
    if clone.head.sha and not observation.refs:
        yield f"no branch: HEAD is detached at {clone.head.sha}, and only branches are read"
    elif observation.refs and observation.default_branch is None:
        where = f"is detached at {clone.head.sha}" if clone.head.sha else "names no branch"
        yield f"no default branch: HEAD {where}, and another is not taken for it"
