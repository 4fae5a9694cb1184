"""Everything that can go wrong and is the user's to know, as one tree.

    HubtraceError                 one clear sentence; the CLI prints it and exits with 2
    ├── GraphError                the graph, or the store that holds it
    │   ├── GraphMissing          there is no graph where one was expected
    │   ├── GraphLocked           another process is writing to it
    │   ├── GraphUnreadable       the file is damaged, or not a graph
    │   ├── GraphTooNew           made by a newer version of hubtrace
    │   └── QueryFailed           the engine refused the Cypher; carries its words
    │       ├── QueryTimedOut     it took longer than it may
    │       └── WriteRefused      the statement writes, and the graph was opened for reading
    ├── ModelError                a table or a query names what the model does not have
    ├── CatalogueError            an unknown query, or a missing, unknown or wrong parameter
    │   └── ProjectMissing        the graph has no such model or repository; carries its name
    └── IngestError               a source, the snapshot or its derivation
        ├── SourceError           a project cannot be read from where it lives
        ├── TableError            a table or families file is broken; names file and line
        └── SnapshotError         the snapshot cannot be read or written
            ├── SnapshotLocked    another process is writing to it
            └── SnapshotCorrupt   a file is not what was written; names the file

Errors of libraries are translated where they are called, never shown raw.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class HubtraceError(Exception):
    """A failure that has one clear sentence for the user: what was wrong, and where."""


class GraphError(HubtraceError):
    """The graph or its store cannot do what was asked."""


class GraphMissing(GraphError):
    """There is no graph at the given path or address, e.g. `no graph at hubtrace.kgl; …`."""


class GraphLocked(GraphError):
    """Another process holds the graph open for writing."""


class GraphUnreadable(GraphError):
    """The file is damaged, or not a graph."""


class GraphTooNew(GraphError):
    """The graph was written by a newer version of hubtrace than this one."""


class QueryFailed(GraphError):
    """The engine refused a statement; the message is the engine's, with line and column."""


class QueryTimedOut(QueryFailed):
    """A question took longer than it may."""


class WriteRefused(QueryFailed):
    """The statement changes the graph, which was opened for reading."""


class ModelError(HubtraceError):
    """A table, statement or query names something that `graph/model.py` does not declare."""


class CatalogueError(HubtraceError):
    """A query is unknown or its file is broken, or a parameter is missing, unknown or wrong."""


class ProjectMissing(CatalogueError):
    """The graph has no project of this name on its host, which could be ingested."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class IngestError(HubtraceError):
    """Reading a source, writing the snapshot or deriving from it failed."""


class SourceError(IngestError):
    """A project cannot be read, e.g. `/home/me/notes is not a git repository`."""


class TableError(IngestError):
    """A line of a study table or a families file is broken, e.g. `families.jsonl:7: …`."""


class SnapshotError(IngestError):
    """The snapshot cannot be read or written."""


class SnapshotLocked(SnapshotError):
    """Another process is writing to the snapshot."""


class SnapshotCorrupt(SnapshotError):
    """A file of the snapshot is not what was written; the message names it."""


@contextmanager
def extra(name: str, need: str) -> Iterator[None]:
    """Import the libraries of an extra in the block; `need` is e.g. `plots need matplotlib`.

    Raises:
        HubtraceError: one is not installed; names the extra (docs/decisions/0064).
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hubtrace"):
            raise
        raise HubtraceError(
            f"{need}, which is not installed: `pip install 'hubtrace[{name}]'`"
        ) from None
