"""The *study table* source: a folder with `families.jsonl` and `repository_commits.csv.gz`.

`families.jsonl` holds one JSON object per line: `family`, `repository` (`owner/name`),
`variant_commit_days` (variant → days `YYYY-MM-DD`, UTC), `until` (ISO 8601) and, optionally,
`published` labels. `repository_commits.csv.gz` holds `repository,sha,authored_at`, one line per
commit of a default branch. Only days are known downstream, and no parents anywhere: a variant's
day counts as 00:00:00Z and is the commit `day:<variant>:<date>`; a repository's committer dates are
taken to be its author dates.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from hubtrace.graph.errors import SourceError, TableError
from hubtrace.graph.identity import Project, Side, key_of, repository_url, variant_url
from hubtrace.ingest.records import Commit, Family, Observation, Upstream
from hubtrace.ingest.source import ProjectData

FAMILIES_FILE = "families.jsonl"
COMMITS_FILE = "repository_commits.csv.gz"
_HEADER = ["repository", "sha", "authored_at"]
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_Value = TypeVar("_Value", str, dict[str, Any])
_JSON_NAMES: dict[type, str] = {str: "string", dict: "JSON object"}
_LABELS = ("lag", "sync", "intensity", "code")

Rows = dict[str, list[tuple[str, int]]]
"""Repository in lower case → sha and author time of each commit."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One valid line of `families.jsonl`."""

    family: str
    repository: Project
    variants: dict[str, tuple[Project, list[str]]]
    until: int
    published: dict[str, str]


def read_study(folder: Path) -> Iterator[tuple[Family, list[ProjectData]]]:
    """Yield every family of a study table with its projects, after checking the whole table.

    Raises:
        TableError: a line is broken; the message names file and line.
    """
    lines = list(_families(folder / FAMILIES_FILE))
    commits = _commits(folder / COMMITS_FILE)
    return ((_family(line), list(_readings(line, commits))) for line in lines)


def _family(line: _Line) -> Family:
    variants = tuple(project.key for project, _ in line.variants.values())
    upstream = Upstream(line.repository.key)
    return Family(line.family, (upstream,), variants, line.published, line.until)


def _readings(line: _Line, commits: Rows) -> Iterator[ProjectData]:
    # Refs and parents are not known, only what lies on the default branches.
    seen = Observation(line.until, default_branch=None, refs=(), ancestry=False)
    rows = commits.get(line.repository.name.lower(), [])
    yield ProjectData(line.repository, seen, (_commit(sha, at) for sha, at in rows))
    for name, (project, days) in line.variants.items():
        yield ProjectData(project, seen, iter([_day(name, day) for day in days]))


def _day(variant: str, day: str) -> Commit:
    return _commit(f"day:{variant}:{day}", _seconds(f"{day}T00:00:00Z"))


def _commit(sha: str, at: int) -> Commit:
    return Commit(sha, (), "", "", at, at, "")


def _families(file: Path) -> Iterator[_Line]:
    seen: set[str] = set()
    for number, text in enumerate(_text(file, compressed=False), start=1):
        if not text.strip():
            continue
        try:
            line = _line(json.loads(text))
        except (ValueError, KeyError, SourceError) as error:
            raise TableError(f"{file}:{number}: {_reason(error)}") from None
        if line.family in seen:
            raise TableError(f"{file}:{number}: family {line.family} stands here twice")
        seen.add(line.family)
        yield line


def _line(body: object) -> _Line:
    if not isinstance(body, dict):
        raise ValueError("not a JSON object")
    repository = _field(body, "repository", str)
    published = _field(body, "published", dict) if body.get("published") else {}
    return _Line(
        family=_field(body, "family", str),
        repository=_project(Side.UPSTREAM, repository, repository_url(repository)),
        variants={
            name: (_project(Side.DOWNSTREAM, name, variant_url(name)), _days(name, days))
            for name, days in _field(body, "variant_commit_days", dict).items()
        },
        until=_seconds(_field(body, "until", str)),
        published={name: str(published[name]) for name in _LABELS if published.get(name)},
    )


def _field(body: dict[str, Any], name: str, type_: type[_Value]) -> _Value:
    value = body[name]
    if not isinstance(value, type_):
        raise ValueError(f"`{name}` is not a {_JSON_NAMES[type_]}")
    if type_ is str and not str(value).strip():
        raise ValueError(f"`{name}` is empty")
    return value


def _project(side: Side, name: str, url: str) -> Project:
    return Project(key_of(url), side, name, url)


def _days(variant: str, days: object) -> list[str]:
    if not isinstance(days, list):
        raise ValueError(f"the days of {variant} are not a list")
    for day in days:
        if not isinstance(day, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            raise ValueError(f"{day!r} of {variant} is not a day (YYYY-MM-DD)")
        _seconds(f"{day}T00:00:00Z")
    return sorted(set(days))


def _commits(file: Path) -> Rows:
    commits: Rows = {}
    lines = csv.reader(_text(file, compressed=True))
    for row in lines:
        if lines.line_num == 1:
            if row != _HEADER:
                raise TableError(f"{file}:1: the header is not {','.join(_HEADER)}")
            continue
        try:
            if len(row) != len(_HEADER):
                raise ValueError(f"{len(row)} columns, not {len(_HEADER)}")
            repository, sha, moment = row
            if not _SHA.fullmatch(sha):
                raise ValueError(f"{sha!r} is not a commit id")
            commits.setdefault(repository.lower(), []).append((sha, _seconds(moment)))
        except ValueError as error:
            raise TableError(f"{file}:{lines.line_num}: {_reason(error)}") from None
    return commits


def _text(file: Path, *, compressed: bool) -> Iterator[str]:
    try:
        handle = (gzip.open if compressed else open)(file, "rt", encoding="utf-8", newline="")
        with handle as lines:
            yield from lines
    except FileNotFoundError:
        raise TableError(
            f"{file} is missing; a study table has {FAMILIES_FILE} and {COMMITS_FILE}"
        ) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TableError(f"{file} cannot be read: {error}") from None


def _seconds(moment: str) -> int:
    parsed = datetime.fromisoformat(moment)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    return str(error)
