"""The git source: what `ingest` reads of a repository on either side."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import Project
from hubtrace.ingest.records import Commit, Observation
from hubtrace.ingest.source import Cursor, Progress, ProjectData, no_progress
from hubtrace.ingest.sources.git.cache import Clone, CloneCache
from hubtrace.ingest.sources.git.location import parse_location
from hubtrace.ingest.sources.git.log import read_log
from hubtrace.ingest.sources.git.patches import landings
from hubtrace.ingest.sources.git.refs import default_branch, existing_commits, list_refs, refspecs
from hubtrace.ingest.sources.git.runner import Git

_REPORT_EVERY = 1000  # commits; a tenth of a second or so


class GitSource:
    """Reads projects by git, from any place that git can clone, through a cache of bare clones.

    `tokens` are by host (`huggingface.co`) and sent to that host only, if it asks. `clock` tells
    the seconds since the epoch.
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
        clone = self._clones.update(place, refspecs(project.side))
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
        return ProjectData(project, observation, commits, warnings)

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
        yield "no default branch: HEAD names no branch, and none is called main or master"
