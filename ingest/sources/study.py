"""The *study table* source: a folder with `families.jsonl` and `repository_commits.csv.gz`.

`families.jsonl` holds one JSON object per line: `family`, `repository` (`owner/name`),
`variant_commit_days` (variant → days `YYYY-MM-DD`, UTC), `until` (ISO 8601) and, optionally,
`published` labels. `repository_commits.csv.gz` holds `repository,sha,authored_at`, one line per
commit of a default branch. Only days are known downstream, and no parents anywhere: a variant's
day counts as 00:00:00Z and is the commit `day:<variant>:<date>`; a repository's committer dates are
taken to be its author dates.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from hubtrace.graph.decoding import convert
from hubtrace.graph.errors import SourceError, TableError
from hubtrace.graph.urls import Project, Side, key_of, repository_url, variant_url
from hubtrace.ingest.input_files import csv_rows, in_words, lines_of, read_json
from hubtrace.ingest.records import Commit, Family, Observation, Upstream
from hubtrace.ingest.source import ProjectData

FAMILIES_FILE = "families.jsonl"
COMMITS_FILE = "repository_commits.csv.gz"
_HEADER = ["repository", "sha", "authored_at"]
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LABELS = ("lag", "sync", "intensity", "code")

Rows = dict[str, list[tuple[str, int]]]
"""Repository in lower case → sha and author time of each commit."""
_Text = Annotated[str, Meta(pattern=r"\S")]
_Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d\Z")]


class _Line(Struct):
    family: _Text
    repository: _Text
    variant_commit_days: dict[str, list[_Day]]
    until: _Text
    published: dict[str, Any] | None = None


def read_study(folder: Path) -> Iterator[tuple[Family, list[ProjectData]]]:
    """Yield every family of a study table with its projects, after checking the whole table.

    Raises:
        TableError: a line is broken; the message names file and line.
    """
    families = list(_families(folder / FAMILIES_FILE))
    commits = _commits(folder / COMMITS_FILE)
    return ((family, list(_readings(family, projects, commits))) for family, projects in families)


def _readings(
    family: Family, projects: dict[Project, list[Commit]], commits: Rows
) -> Iterator[ProjectData]:
    # Refs and parents are not known, only what lies on the default branches.
    seen = Observation(family.until or 0, default_branch=None, refs=(), ancestry=False)
    for project, days in projects.items():
        rows = commits.get(project.name.lower(), []) if project.side is Side.UPSTREAM else []
        yield ProjectData(project, seen, chain(days, (_commit(sha, at) for sha, at in rows)))


def _commit(sha: str, at: int) -> Commit:
    return Commit(sha, (), "", "", at, at, "")


def _families(file: Path) -> Iterator[tuple[Family, dict[Project, list[Commit]]]]:
    """Yield every family, and its projects with the commits that are known by their days."""
    seen: dict[str, tuple[Family, dict[Project, list[Commit]]]] = {}
    for number, text in enumerate(_lines(file, compressed=False), start=1):
        if not text.strip():
            continue
        try:
            line = convert(read_json(text), _Line)
            family = _family(line)
        except (ValueError, OverflowError, SourceError) as error:
            raise TableError(f"{file}:{number}: {in_words(error)}") from None
        if seen.get(line.family, family) != family:
            raise TableError(f"{file}:{number}: family {line.family} stands here twice")
        if line.family not in seen:
            yield family
        seen[line.family] = family


def _family(line: _Line) -> tuple[Family, dict[Project, list[Commit]]]:
    url = repository_url(line.repository)
    upstream = Project(key_of(url), Side.UPSTREAM, line.repository, url)
    projects: dict[Project, list[Commit]] = {upstream: []}
    keys = {upstream.key}
    for name, days in line.variant_commit_days.items():
        url = variant_url(name)
        key = key_of(url)
        if key in keys:
            raise SourceError(f"{name} stands twice in family {line.family}")
        keys.add(key)
        projects[Project(key, Side.DOWNSTREAM, name, url)] = [
            _commit(f"day:{name}:{day}", _seconds(f"{day}T00:00:00Z")) for day in sorted(set(days))
        ]
    variants = tuple(project.key for project in projects if project is not upstream)
    published = line.published or {}
    labels = {name: str(published[name]) for name in _LABELS if published.get(name)}
    members = (Upstream(upstream.key),), variants
    return Family(line.family, *members, labels, _seconds(line.until)), projects


def _commits(file: Path) -> Rows:
    found: dict[str, dict[str, int]] = {}
    rows = csv_rows(file, _lines(file, compressed=True))
    if next(rows, (1, None))[1] != _HEADER:
        raise TableError(f"{file}:1: the header is not {','.join(_HEADER)}")
    for number, row in rows:
        try:
            if len(row) != len(_HEADER):
                raise ValueError(f"{len(row)} columns, not {len(_HEADER)}")
            repository, sha, at = row
            if not _SHA.fullmatch(sha):
                raise ValueError(f"{sha[:80]!r} is not a commit id")
            known = found.setdefault(repository.lower(), {})
            seconds = _seconds(at)
            if known.setdefault(sha, seconds) != seconds:
                raise ValueError(f"{sha} of {repository} stands here twice, with another time")
        except ValueError as error:
            raise TableError(f"{file}:{number}: {error}") from None
    return {repository: list(times.items()) for repository, times in found.items()}


def _lines(file: Path, *, compressed: bool) -> Iterator[str]:
    try:
        yield from lines_of(file, compressed=compressed)
    except FileNotFoundError:
        raise TableError(
            f"{file} is missing; a study table has {FAMILIES_FILE} and {COMMITS_FILE}"
        ) from None
    except OSError as error:
        raise TableError(f"{file} cannot be read: {error.strerror or error}") from None


def _seconds(at: str) -> int:
    try:
        parsed = datetime.fromisoformat(at)
        return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError(f"{at[:80]!r} is not a date or a time") from None
