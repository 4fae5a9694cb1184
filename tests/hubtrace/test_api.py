"""The public Python API."""

from pathlib import Path

import pytest

import hubtrace
from hubtrace.graph.errors import GraphError, GraphMissing


def test_a_graph_is_opened_by_its_url(tmp_path: Path) -> None:
    with hubtrace.open_graph(str(tmp_path / "g.kgl")) as graph:
        with graph.write():
            pass
        assert graph.run("MATCH (n) RETURN count(n) AS n").evaluate() == 0


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="no store answers to ftp://"):
        hubtrace.open_graph("ftp://example.org")
    with hubtrace.open_graph(str(tmp_path / "none.kgl")) as graph, pytest.raises(GraphMissing):
        graph.run("RETURN 1")
