"""The embedded store: KGLite in one file, read into memory (docs/decisions/0002).

A large file has a copy beside it that questions need not read (docs/decisions/0050).
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kglite

from hubtrace.graph import disk_copy
from hubtrace.graph.atomic_files import exclusive_lock, same_mode
from hubtrace.graph.errors import (
    GraphError,
    GraphLocked,
    GraphTooNew,
    GraphUnreadable,
    QueryFailed,
    QueryTimedOut,
    WriteRefused,
)
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore, Node, Relationship, Result, missing, too_new

if TYPE_CHECKING:
    from hubtrace.graph.embedded_writer import EmbeddedWriter

# The engine prints a warning for every label that the graph happens not to hold yet; our catalogue
# is checked against the model instead.
kglite.set_query_warning_policy("silent")

MAPPED_FROM = 16 << 20
"""Bytes of a graph file from which it has a copy for questions: it takes 0.2 s to read."""

_NO_DEADLINE = 0
_NEWER_CONTAINER = "only supports up to version"


class GraphDamaged(QueryFailed):
    """The engine stumbled over the graph itself, not over the question."""


def ask(
    graph: kglite.KnowledgeGraph,
    cypher: str,
    parameters: Mapping[str, Any],
    seconds: float | None = None,
) -> Result:
    """Run a statement and return its rows as our values; give up after `seconds`.

    Raises:
        QueryFailed: the engine refused it; the message says why and where.
        GraphDamaged: the engine failed.
    """
    try:
        deadline = _NO_DEADLINE if seconds is None else max(int(seconds * 1000), 1)
        view = graph.cypher(cypher, params=dict(parameters), timeout_ms=deadline)
    except kglite.ReadOnlyError:
        raise WriteRefused(
            "this statement changes the graph, which was opened for reading"
        ) from None
    except kglite.CypherTimeoutError:
        raise QueryTimedOut(f"the question took longer than {seconds} seconds") from None
    except (kglite.FileFormatError, kglite.FileIoError, IndexError) as error:
        raise GraphDamaged(f"the graph engine cannot read the graph: {error}") from None
    except kglite.KgError as error:
        words = str(error).removeprefix("Cypher ").removeprefix("execution error: ")
        raise QueryFailed(words) from None
    except (OverflowError, TypeError, ValueError) as error:
        raise QueryFailed(str(error)) from None
    except BaseException as error:  # a panic of the engine is no `Exception`
        if type(error).__name__ != "PanicException":
            raise
        raise GraphDamaged("the graph engine failed on this question") from None
    if not isinstance(view, kglite.ResultView):  # the engine's own `FORMAT CSV`
        return Result(["csv"], [(view,)])
    columns = view.columns
    values = [_ours(view.column(name)) for name in dict.fromkeys(columns)]
    return Result(columns, list(zip(*values, strict=True)))


def _ours(column: list[Any]) -> list[Any]:
    if any(isinstance(value, dict | list) for value in column):
        return [_convert(value) for value in column]
    return column


def _convert(value: Any) -> Any:
    if isinstance(value, list):
        return [_convert(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"id", "labels", "properties"}:
        return Node(value["id"], value["labels"][0], _own(value["properties"]))
    if value.keys() == {"id", "type", "start", "end", "properties"}:
        ends = value["start"], value["end"]
        return Relationship(value["id"], value["type"], *ends, _own(value["properties"]))
    return {key: _convert(item) for key, item in value.items()}


def _own(properties: dict[str, Any]) -> dict[str, Any]:
    """Leave out the three names that the engine adds to every node, and what is not known."""
    return {
        name: value
        for name, value in properties.items()
        if name not in ("id", "title", "type") and value is not None
    }


@contextmanager
def reading(url: str) -> Iterator[None]:
    """Translate what the engine raises while it opens the graph at `url`."""
    try:
        yield
    except kglite.FileFormatError as error:
        if _NEWER_CONTAINER in str(error):
            raise GraphTooNew(f"{url} was made by a newer graph engine; update hubtrace") from None
        raise GraphUnreadable(
            f"{url} is not a readable graph: it is damaged or something else; "
            "a graph can be loaded again from its snapshot"
        ) from None
    except (kglite.KgError, OSError) as error:
        raise GraphUnreadable(f"cannot read {url}: {_reason(error, url)}") from None


@contextmanager
def writing(url: str) -> Iterator[None]:
    """Translate what the engine raises while it publishes the graph at `url`."""
    try:
        yield
    except kglite.WriterLeaseHeldError as error:
        holder = (error.holder or {}).get("pid", "unknown")
        raise GraphLocked(f"{url} is being written by process {holder}") from None
    except (kglite.KgError, OSError, ValueError) as error:
        raise GraphError(f"cannot write {url}: {_reason(error, url)}") from None


def _reason(error: Exception, url: str) -> str:
    """Return the first sentence of the engine's message, without its prefix and the path."""
    message = str(error).split(". ")[0]
    for prefix in ("File format error", "File I/O error", f"({url})", ":", f"'{url}'"):
        message = message.strip().removeprefix(prefix)
    return message.strip().removeprefix("is ")


class EmbeddedStore(GraphStore):
    """A graph in a `.kgl` file. One store serves one thread.

    From `mapped_from` bytes on, the file has a copy that is asked without being read.
    """

    def __init__(self, path: str | Path, mapped_from: int = MAPPED_FROM) -> None:
        self.url = str(path)
        self.deadline: float | None = None
        self._path = Path(path)
        self._mapped_from = mapped_from
        self._graph: kglite.KnowledgeGraph | None = None

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphStore.run`."""
        if self._graph is None:
            self._graph = self._mapped() or self._load()
            self._graph.read_only(True)
        try:
            return ask(self._graph, cypher, parameters, self.deadline)
        except GraphDamaged:
            if self._graph.graph_info()["storage_mode"] != "disk":
                raise
        self._graph = self._load()  # what is damaged is the copy (docs/decisions/0050)
        self._graph.read_only(True)
        return ask(self._graph, cypher, parameters, self.deadline)

    @contextmanager
    def write(self) -> Iterator["EmbeddedWriter"]:
        """Open the graph for writing; see `GraphStore.write`."""
        from hubtrace.graph.embedded_writer import EmbeddedWriter  # imports pandas and Arrow

        with ExitStack() as held:
            self._lock(held)
            self._graph = None
            graph = self._load() if self.exists() else kglite.KnowledgeGraph()
            writer = EmbeddedWriter(graph, ask)
            yield writer
            if writer.changed or not self.exists():
                graph.set_schema_version(MODEL.version)
                with writing(self.url), same_mode(self._file):
                    graph.save(str(self._file))
            with suppress(kglite.KgError, OSError):  # the graph is there; `doctor` reports it
                if not self.is_large:
                    disk_copy.retire(self._file)
                elif not disk_copy.is_there(self._file):
                    disk_copy.publish(graph, self._file)

    def exists(self) -> bool:
        """Return True if there is a graph to ask."""
        return self._path.exists()

    @property
    def is_large(self) -> bool:
        """True if the file is so large that it has a copy for questions, unless that failed."""
        return self.exists() and self._file.stat().st_size >= self._mapped_from

    @property
    def is_mapped(self) -> bool:
        """True if questions are asked of a copy that need not be read."""
        return self.exists() and disk_copy.is_there(self._file)

    def close(self) -> None:
        """Let go of the graph's memory."""
        self._graph = None

    def _lock(self, held: ExitStack) -> None:
        # Not `.lock`: that name is the engine's own lease, which `save` respects.
        lock_file = self._path.with_name(self._path.name + ".writer")
        try:
            held.enter_context(exclusive_lock(lock_file, self.url, GraphLocked))
        except OSError as error:
            raise GraphError(f"cannot write {self.url}: {error.strerror}") from None

    @property
    def _file(self) -> Path:
        return Path(os.path.realpath(self._path))  # a link stays one

    def _mapped(self) -> kglite.KnowledgeGraph | None:
        graph = disk_copy.opened(self._file) if self._path.is_file() else None
        return graph if graph is None or graph.schema_version <= MODEL.version else None

    def _load(self) -> kglite.KnowledgeGraph:
        if not self.exists():
            raise missing(self.url)
        if not self._path.is_file():
            hint = "; `hubtrace load` makes a graph of a snapshot" if self._path.is_dir() else ""
            raise GraphUnreadable(f"{self.url} is not a file, and so not a graph{hint}")
        with reading(self.url):
            graph = kglite.load(str(self._path))
        if graph.schema_version > MODEL.version:
            raise too_new(self.url, graph.schema_version)
        return graph
