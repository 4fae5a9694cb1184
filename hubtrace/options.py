"""Options that several commands share, and how their texts become values."""

import functools
import inspect
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, cast

import typer

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.store import GraphStore
from hubtrace.output import VIEW, Format, View


def as_date(text: str) -> int | None:
    """Return epoch seconds for an ISO date (its last second, UTC) or time; None for other text."""
    from hubtrace.queries.catalogue import epoch_seconds

    try:
        return epoch_seconds(text)
    except ValueError:
        return None


def parse_until(text: str) -> int:
    """Return epoch seconds as `as_date` does.

    Raises:
        HubtraceError: the text is neither a date nor a time.
    """
    until = as_date(text)
    if until is None:
        raise HubtraceError(
            f"--until: invalid date {text!r} (example: 2024-10-06 or 2024-10-06T12:00Z)"
        )
    return until


Graph = Annotated[
    str,
    typer.Option(
        "--graph",
        envvar="HUBTRACE_GRAPH",
        metavar="URL",
        help="The graph: a file, or a server like neo4j://host:7687.",
    ),
]
GRAPH = "hubtrace.kgl"

SnapshotDir = Annotated[
    Path, typer.Option("--snapshot", metavar="DIR", help="The snapshot that `ingest` writes.")
]
SNAPSHOT = Path("hubtrace-snapshot")
SnapshotArgument = Annotated[
    Path, typer.Argument(metavar="SNAPSHOT", help="The snapshot's folder.")
]

Cache = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", envvar="HUBTRACE_CACHE", help="Where clones are kept."),
]
GitHubUrl = Annotated[
    str | None,
    typer.Option(
        "--github-url",
        envvar="GITHUB_API_URL",
        metavar="URL",
        help="A GitHub of your own, e.g. https://git.example.com.",
    ),
]
HubEndpoint = Annotated[
    str | None,
    typer.Option(
        "--hf-endpoint", envvar="HF_ENDPOINT", metavar="URL", help="A mirror of Hugging Face."
    ),
]

OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")]
_P = ParamSpec("_P")
_R = TypeVar("_R")
_COLUMNS = typer.Option("--columns", metavar="NAME,...", help="Show these, in this order.")
_LIMIT = typer.Option("--limit", metavar="N", min=1, help="Show so many rows at most.")
_NO_PAGER = typer.Option("--no-pager", help="Print long tables whole, also on a terminal.")
_SORT = typer.Option("--sort", metavar="COLUMN", help="Sort by it; -COLUMN: largest first.")


def table_options(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Give a command that prints a table the options of every table."""

    @functools.wraps(command)
    def shaped(
        *args: Any,
        columns: str | None = None,
        limit: int | None = None,
        sort: str | None = None,
        no_pager: bool = False,
        **options: Any,
    ) -> Any:
        names = [] if columns is None else [name.strip() for name in columns.split(",")]
        if "" in names or sort in ("", "-"):
            raise HubtraceError("--columns and --sort need the names of columns")
        token = VIEW.set(View(tuple(dict.fromkeys(names)), limit, sort, not no_pager))
        try:
            return command(*args, **options)
        finally:
            VIEW.reset(token)

    own = inspect.signature(command)
    more = {
        "columns": Annotated[str | None, _COLUMNS],
        "limit": Annotated[int | None, _LIMIT],
        "sort": Annotated[str | None, _SORT],
        "no_pager": Annotated[bool, _NO_PAGER],
    }
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name == "no_pager" else None,
            annotation=type_,
        )
        for name, type_ in more.items()
    ]
    # `inspect.signature` looks here first, and typer reads the options from what it returns.
    vars(shaped)["__signature__"] = own.replace(parameters=[*own.parameters.values(), *added])
    shaped.__annotations__ = {**command.__annotations__, **more}
    return cast(Callable[_P, _R], shaped)


OutputFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: stdout.")
]

Until = Annotated[
    int | None,
    typer.Option(
        parser=parse_until,
        metavar="DATE",
        help="State at this time, e.g. 2024-10-06 (to its end) or 2024-10-06T12:00Z. "
        "Default: when each family was last observed.",
    ),
]
Families = Annotated[
    list[str] | None, typer.Argument(metavar="[FAMILY]...", help="Default: all families.")
]
PeriodDays = Annotated[int, typer.Option(metavar="DAYS", help="Length of a period.")]
RarePeriods = Annotated[
    int,
    typer.Option(metavar="N", help="Pattern R: periods in which a variant may be active at most."),
]
FrequentPeriods = Annotated[
    int,
    typer.Option(
        metavar="N", help="Pattern F: consecutive periods a variant must share with upstream."
    ),
]
AbandonAfter = Annotated[
    int,
    typer.Option(
        "--abandon-after",
        metavar="DAYS",
        help="Days without a commit after which something is abandoned.",
    ),
]


class Bound(StrEnum):
    """Which end of the range that a model may be behind counts (docs/decisions/0041)."""

    LOWER = "lower"
    UPPER = "upper"


_DURATION = re.compile(r"([0-9]{1,6})(?:d| days?)?")


def parse_days(text: str) -> int:
    """Return the number of days that `30d`, `30 days` or `30` means.

    Raises:
        ValueError: it is none, in words.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"invalid number of days {text!r} (example: 30d)")
    return int(match[1])


def parse_areas(text: str) -> tuple[str, ...]:
    """Return the areas of a list with commas.

    Raises:
        ValueError: there is none, or one is unknown: it would let every commit pass.
    """
    from hubtrace.ingest.change_types import Area

    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ValueError("it is empty; leave it out to count all commits")
    known = [str(area) for area in Area]
    wrong = next((word for word in words if word not in known), None)
    if wrong is not None:
        raise ValueError(f"unknown area {wrong!r}; the areas are {', '.join(known)}")
    return words


def default_cache() -> Path:
    """Return where clones are kept by default."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "hubtrace" / "git"


_AT = re.compile(r"(?P<location>.*)@(?P<date>\d{4}-\d{2}-\d{2}[^/\\@]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GraphAt:
    """A graph or a snapshot, and the time to query it at."""

    name: str
    """As it was given."""
    location: str
    until: int | None
    """None: when each family was last observed."""

    @classmethod
    def parse(cls, text: str) -> "GraphAt":
        """Return what `LOCATION` or `LOCATION@DATE` names; a date means its last second, in UTC.

        Raises:
            HubtraceError: the date is invalid.
        """
        match = _AT.fullmatch(text)
        if match is None or Path(text).exists():
            return cls(text, text, None)
        until = as_date(match["date"])
        if until is None:
            raise HubtraceError(f"{text!r}: invalid date {match['date']!r} (example: 2024-10-06)")
        return cls(text, match["location"], until)

    @contextmanager
    def open(
        self, families: Collection[str] | None = None, snapshot: Path = SNAPSHOT
    ) -> Iterator[GraphStore]:
        """Open the graph as it was then; a snapshot is loaded into a temporary one.

        `families`: what is asked about, all by default. `snapshot`: where that of a graph may be.

        Raises:
            HubtraceError: there is no such graph or snapshot.
        """
        from hubtrace.past import loaded_at, open_at

        if Path(self.location).is_dir():
            with loaded_at(Path(self.location), self.until, families) as store:
                yield store
        else:
            with open_at(self.location, self.until, families, snapshot) as store:
                yield store
