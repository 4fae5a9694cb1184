"""The Python API: a graph in a notebook; results are data frames and HTML tables too."""

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, date, datetime
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from hubtrace.graph.errors import HubtraceError, extra
from hubtrace.graph.format import shorten
from hubtrace.graph.store import GraphStore, GraphWriter, Result
from hubtrace.output import cell, header
from hubtrace.past import graph_at
from hubtrace.queries.audit import Audit, audit
from hubtrace.queries.catalogue import ask, epoch_seconds
from hubtrace.queries.flags import Flag, Flags, flags
from hubtrace.queries.lookup import find_variant
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 50
"""Rows that are shown; the others are counted."""
_LONGEST = 300
"""Characters of a cell that are shown."""

Timestamp = int | str | date | datetime | None
"""Epoch seconds, an ISO date or time (a date means its last second), or Python's own; UTC unless it
says otherwise. None: when each family was last observed."""

Families = str | Sequence[str] | None
"""The name of a family, or of several; None for all."""

_Item_co = TypeVar("_Item_co", covariant=True)
_EVIDENCE = (
    *("repository", "role", "confidence", "method", "rank", "strength"),
    *("place", "said", "reason", "observed_at"),
)


def html_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], caption: str = "") -> str:
    """Return rows as an HTML table; control characters and marks of direction are visible."""

    def shown(column: str, value: Any) -> str:
        return f"<td>{escape(shorten(cell(column, value), _LONGEST))}</td>"

    head = "".join(f"<th>{escape(header(column))}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(shown(column, row[column]) for column in columns)}</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = len(rows) - MOST_ROWS
    rest = f"<p>… and {more:,} more</p>" if more > 0 else ""
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


class Rows(Result):
    """The rows of a query, with a table for notebooks."""

    @classmethod
    def of(cls, result: Result) -> Self:
        """Return the rows of a result."""
        return cls(result.columns, result.rows())

    def __repr__(self) -> str:
        return f"<{len(self):,} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        return html_table(self.data(), self.columns)


class Found(tuple[_Item_co, ...]):
    """Typed results in their order; also a data frame, and an HTML table in a notebook."""

    _columns: ClassVar[tuple[str, ...]]
    _caption: ClassVar[str]

    def __repr__(self) -> str:
        return f"<{len(self):,} {self._caption.lower()}>"

    @abstractmethod
    def data(self) -> list[dict[str, Any]]:
        """Return every result as a dictionary, in order; times are epoch seconds, UTC."""

    def to_data_frame(self) -> "pd.DataFrame":
        """Return the results as a pandas data frame."""
        with extra("notebook", "data frames need pandas"):
            import pandas as pd

        rows = self.data()
        return pd.DataFrame.from_records(rows, columns=None if rows else list(self._columns))

    def _repr_html_(self) -> str:
        return html_table(self.data(), self._columns, self._caption)


class Patterns(Found[FamilyPattern]):
    """The patterns of families (`hubtrace.queries.patterns.FamilyPattern`)."""

    _columns = (
        *("family", "code", "pattern", "lag", "stability"),
        *("early_code", "late_code", "reason"),
    )
    _caption = "Patterns"

    def data(self) -> list[dict[str, Any]]:
        """Return every pattern as a dictionary; published labels stand flat beside the others."""
        rows = [asdict(pattern) for pattern in self]
        for row in rows:
            published = row.pop("published")
            row.update({f"published_{name}": label for name, label in published.items()})
        return rows


class FoundFlags(Found[Flag]):
    """The status of branches, families and variants; flagged ones first."""

    _columns = ("kind", "family", "what", "status", "proof")
    _caption = "Flags"
    flags: Flags
    """The same by kind: `branches`, `sides`, `variants`."""

    def __new__(cls, flags: Flags) -> Self:
        """Put the flagged ones first."""
        rows: list[Flag] = [*flags.sides, *flags.variants, *flags.branches]
        found = super().__new__(cls, sorted(rows, key=lambda row: not row.flagged))
        found.flags = flags
        return found

    @property
    def flagged(self) -> int:
        """The number of flagged ones."""
        return self.flags.flagged

    def __repr__(self) -> str:
        return f"<{self.flagged:,} of {len(self):,} flagged>"

    def data(self) -> list[dict[str, Any]]:
        """Return every status as a dictionary with the dates and shas that prove it."""
        from hubtrace.commands.flags import TABLE
        from hubtrace.queries.report.attention import describe

        rows = TABLE.rows(describe(flag) for flag in self)
        return [{**row, "flagged": flag.flagged} for row, flag in zip(rows, self, strict=True)]


class FoundAudit:
    """An audit: `facts` holds all of it, typed; shown as its page in a notebook."""

    def __init__(self, facts: "Audit") -> None:
        self.facts = facts

    def __repr__(self) -> str:
        name = self.facts.identity.name or self.facts.identity.variant
        return f"<audit of {name!r}: {len(self.facts.findings):,} findings>"

    def data(self) -> list[dict[str, Any]]:
        """Return all evidence for the upstream and the runners-up, strongest first."""
        links = [link for link in (self.facts.upstream, *self.facts.others) if link is not None]
        return [
            {
                "repository": link.name or link.repository,
                "role": link.role,
                "confidence": link.confidence,
                **asdict(evidence),
            }
            for link in links
            for evidence in link.evidence
        ]

    def to_data_frame(self) -> "pd.DataFrame":
        """Return the evidence as a pandas data frame."""
        with extra("notebook", "data frames need pandas"):
            import pandas as pd

        return pd.DataFrame.from_records(self.data(), columns=list(_EVIDENCE))

    def to_markdown(self) -> str:
        """Return the page as Markdown."""
        from hubtrace.queries.audit.formats.markdown import to_markdown

        return to_markdown(self.facts)

    def _repr_html_(self) -> str:
        from hubtrace.queries.audit.formats.html import to_html

        # A frame that can neither run scripts nor reach the notebook.
        return (
            f'<iframe sandbox="" srcdoc="{escape(to_html(self.facts))}" '
            'style="width: 100%; height: 40em; border: 1px solid #ccc"></iframe>'
        )


class Graph:
    """An open graph of any store, with the queries of the catalogue."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self.url = store.url
        self.deadline: float | None = None

    def patterns(
        self,
        families: Families = None,
        until: Timestamp = None,
        thresholds: Thresholds | None = None,
        *,
        stability: bool = True,
    ) -> Patterns:
        """Return the pattern of each family; without `stability` in about a tenth of the time.

        `until` is as in `audit`.

        Raises:
            CatalogueError: the graph has no such family.
            HubtraceError: `until` is not a time.
        """
        names, at = _names(families), _seconds(until)
        with self._at(at, (), names) as store:
            return Patterns(patterns(store, names, at, thresholds, stability=stability))

    def flags(
        self,
        families: Families = None,
        until: Timestamp = None,
        thresholds: Thresholds | None = None,
    ) -> FoundFlags:
        """Return the status of every branch, family and variant, with what proves it.

        `until` is as in `audit`.

        Raises:
            CatalogueError: the graph has no such family.
            HubtraceError: `until` is not a time.
        """
        names, at = _names(families), _seconds(until)
        with self._at(at, (), names) as store:
            return FoundFlags(flags(store, names, at, thresholds))

    def audit(
        self,
        variant: str,
        revision: str | None = None,
        until: Timestamp = None,
        thresholds: Thresholds | None = None,
    ) -> FoundAudit:
        """Return where a variant comes from, what proves it, and the findings.

        `until` before the last look needs the snapshot, beside the graph or in the working folder.

        Raises:
            HubtraceError: the graph has no such variant or revision, or `until` is not a time.
        """
        at = _seconds(until)
        keys = [] if at is None else [find_variant(self._store, variant)[0]]
        with self._at(at, keys, ()) as store:
            return FoundAudit(audit(store, variant, revision, at, thresholds))

    def _at(
        self, until: int | None, variants: Sequence[str], families: Sequence[str] | None
    ) -> AbstractContextManager[GraphStore]:
        """Return the graph as it was; a warning of Python where its snapshot is not at hand."""
        from hubtrace.options import SNAPSHOT  # all of the command line

        def warn(text: str) -> None:
            text = text.removeprefix("warning: ").partition("; name it")[0]
            warnings.warn(text, stacklevel=6)  # where the notebook asked

        return graph_at(self._store, until, variants, families, SNAPSHOT, warn)

    def query(self, name: str, /, **parameters: Any) -> Rows:
        """Run a stored query; `hubtrace queries` lists them.

        Raises:
            CatalogueError: the query or a family is unknown, or a parameter is wrong.
        """
        return Rows.of(ask(self._store, name, **parameters))

    def run(self, cypher: str, /, **parameters: Any) -> Rows:
        """Run a query in Cypher. A statement that writes is refused.

        Raises:
            GraphMissing: there is no graph.
            QueryFailed: the engine refused the statement.
        """
        self._store.deadline = self.deadline
        return Rows.of(self._store.run(cypher, **parameters))

    def write(self) -> AbstractContextManager[GraphWriter]:
        """Open the graph for writing; make it if there is none.

        Raises:
            GraphLocked: another process is writing to it.
            GraphTooNew: a newer version of hubtrace made it.
        """
        return self._store.write()

    @property
    def is_mapped(self) -> bool:
        """True if questions are asked of a copy of a large graph, which need not be read."""
        return self._store.is_mapped

    def exists(self) -> bool:
        """Return True if there is a graph."""
        return self._store.exists()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def __repr__(self) -> str:
        return f"<graph {self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _names(families: Families) -> list[str] | None:
    if isinstance(families, str):
        return [families]
    return None if families is None else list(families)


def _seconds(at: Timestamp) -> int | None:
    if at is None or (isinstance(at, int) and not isinstance(at, bool)):
        return at
    if isinstance(at, datetime):
        return int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() // 1)
    try:
        return epoch_seconds(at.isoformat() if isinstance(at, date) else str(at))
    except ValueError:
        raise HubtraceError(
            f"until: invalid time {at!r}; give a date like '2024-10-06', or epoch seconds"
        ) from None
