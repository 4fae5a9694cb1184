"""Every store that the conformance suite runs on. A new store joins with one entry."""

from collections.abc import Callable
from pathlib import Path

from graph.store import GraphStore, open_store

STORES: dict[str, Callable[[Path], GraphStore]] = {
    "embedded": lambda folder: open_store(str(folder / "graph.kgl")),
}
