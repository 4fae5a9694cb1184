"""The embedded store: KGLite in one file, read into memory (docs/decisions/0002).

A graph is changed in memory, beside the file, and published by one atomic rename when the writer's
block ends: readers see the old graph or the new one, and a kill leaves the old one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import kglite

from graph.engine import ask, reading, writing
from graph.errors import GraphError, GraphLocked, GraphMissing, GraphTooNew
from graph.lock import ExclusiveLock, Locked
from graph.model import MODEL
from graph.result import Result

if TYPE_CHECKING:
    from graph.embedded_writer import EmbeddedWriter


class EmbeddedStore:
    """A graph in a `.kgl` file. One store serves one thread."""

    def __init__(self, path: str | Path) -> None:
        self.url = str(path)
        self._path = Path(path)
        self._graph: kglite.KnowledgeGraph | None = None

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphStore.run`."""
        if self._graph is None:
            graph = self._load()
            graph.read_only(True)
            self._graph = graph
        return ask(self._graph, cypher, parameters)

    @contextmanager
    def write(self) -> Iterator["EmbeddedWriter"]:
        """Open the graph for writing; see `GraphStore.write`."""
        from graph.embedded_writer import EmbeddedWriter

        with self._lock():
            self._graph = None
            graph = self._load() if self.exists() else kglite.KnowledgeGraph()
            writer = EmbeddedWriter(graph)
            yield writer
            if writer.changed or not self.exists():
                graph.set_schema_version(MODEL.version)
                with writing(self.url):
                    graph.save(str(self._path))

    def exists(self) -> bool:
        """Return True if there is a graph to ask."""
        return self._path.exists()

    def close(self) -> None:
        """Let go of the graph's memory."""
        self._graph = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _lock(self) -> ExclusiveLock:
        try:
            # Not `.lock`: that name is the engine's own lease, which `save` respects.
            return ExclusiveLock(self._path.with_name(self._path.name + ".writer"))
        except Locked as locked:
            raise GraphLocked(
                f"{self.url} is being written by process {locked.holder}; try again when it is done"
            ) from None
        except OSError as error:
            raise GraphError(f"cannot write {self.url}: {error.strerror}") from None

    def _load(self) -> kglite.KnowledgeGraph:
        if not self.exists():
            raise GraphMissing(
                f"there is no graph at {self.url}; "
                "make one with `hubtrace ingest` or `hubtrace load`"
            )
        with reading(self.url):
            graph = kglite.load(str(self._path))
        if graph.schema_version > MODEL.version:
            raise GraphTooNew(
                f"{self.url} was made by a newer hubtrace (model {graph.schema_version}, "
                f"this one knows {MODEL.version}); update hubtrace"
            )
        return graph
