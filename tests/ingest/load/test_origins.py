"""The copies that a load finds are those that a plain search with git finds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.load import load
from hubtrace.ingest.snapshot import SnapshotWriter
from tests.effort import examples
from tests.ingest.derive.oracle import Git
from tests.ingest.derive.sketches import Sketch, graphs, positions
from tests.ingest.load.origin_oracle import Copy, Member, expected

COPIES = """
MATCH (v:Variant {name: $variant})-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository)
MATCH (c)-[:COPIED_IN]->(copied:Commit) MATCH (c)-[:ORIGINATES_IN]->(origin:Commit)
RETURN c.path, c.blob, r.key, c.origin_path, origin.sha, copied.sha, c.lag_seconds,
       c.gone_at IS NULL
"""


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """One bare repository for all examples: commits are told apart by their shas."""
    return Git(tmp_path_factory.mktemp("git"))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Two histories of repositories, one of a variant, and the heads of three repositories."""

    upstream: list[Sketch]
    other: list[Sketch]
    downstream: list[Sketch]
    heads: tuple[list[int], list[int], list[int], list[int]]


@st.composite
def _edited(draw: st.DrawFn, most: int) -> list[Sketch]:
    """Draw a graph whose commits write a few files, of two contents, in places of two names."""
    paths, contents = st.sampled_from(["a", "b", "d/a"]), st.sampled_from(["1", "1", "2", None])
    edits = st.dictionaries(paths, contents, min_size=1, max_size=2)
    return [replace(sketch, edits=draw(edits)) for sketch in draw(graphs(most=most))]


@st.composite
def worlds(draw: st.DrawFn) -> Drawn:
    """Draw two repositories of one history, one of another, and a variant."""
    upstream, other, downstream = (draw(_edited(most)) for most in (8, 4, 4))
    drawn = (upstream, upstream, other, downstream)
    first, second, third, fourth = (draw(positions(graph, most=2)) for graph in drawn)
    return Drawn(upstream, other, downstream, (first, second, third, fourth))


def project(side: Side, name: str) -> Project:
    """Return a project of either side."""
    host = "https://github.com" if side is Side.UPSTREAM else "https://huggingface.co"
    return Project(f"{host}/{name}", side, name, f"{host}/{name}")


def found(folder: Path, sides: Sequence[Member], variant: str) -> set[Copy]:
    """Write the projects into a snapshot, load it, and return the copies of a variant."""
    with SnapshotWriter(folder / "s") as writer:
        for side in sides:
            writer.write_project(side.reading(), "git")
    with open_store(str(folder / "g.kgl")) as store:
        load(writer.snapshot, store)
        return copies(store, variant)


def copies(store: GraphStore, variant: str) -> set[Copy]:
    """Return the copies of a variant in a graph, each of which is there once."""
    rows = list(store.run(COPIES, variant=variant).rows())
    assert len(set(rows)) == len(rows)
    return set(rows)


@settings(
    deadline=None,
    max_examples=examples(30),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds())
def test_origins_are_those_of_a_search_with_git(
    git: Git, tmp_path_factory: pytest.TempPathFactory, drawn: Drawn
) -> None:
    graphs_ = (drawn.upstream, drawn.upstream, drawn.other, drawn.downstream)
    names = ("o/a", "o/b", "o/c", "o/v")
    sides = [
        Member(
            git,
            project(Side.DOWNSTREAM if name == "o/v" else Side.UPSTREAM, name),
            graph,
            git.commit(graph),
            heads,
        )
        for name, graph, heads in zip(names, graphs_, drawn.heads, strict=True)
    ]
    variant = sides.pop()
    here = found(tmp_path_factory.mktemp("world"), [*sides, variant], "o/v")
    assert here == expected(variant, sides)
