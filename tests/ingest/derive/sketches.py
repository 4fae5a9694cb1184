"""Sketches of commit graphs, the one home of the strategies that draw them."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from hubtrace.ingest.derive.dag import History
from hubtrace.ingest.records import Observation, Ref, RefKind

PATHS = ("a", "b", "c")
CONTENTS = ("one", "two", "three", None)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A commit by the positions of its parents, its time, and what it writes (None: deletes)."""

    parents: tuple[int, ...] = ()
    at: int = 1
    edits: dict[str, str | None] = field(default_factory=dict)


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 10, edited: bool = False) -> list[Sketch]:
    """Draw a graph, parents first, with merges, octopuses, several roots and times in disorder."""
    edits = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS), max_size=2)
    graph: list[Sketch] = []
    for position in range(draw(st.integers(1, most))):
        count = min(draw(st.sampled_from([1, 1, 1, 1, 2, 2, 3, 0])), position)
        back = draw(st.lists(st.integers(1, 5), min_size=count, max_size=count))
        parents = tuple(dict.fromkeys(max(position - step, 0) for step in back))
        graph.append(Sketch(parents, draw(st.integers(1, 9)), draw(edits) if edited else {}))
    return graph


@st.composite
def positions(draw: st.DrawFn, graph: list[Sketch], *, most: int = 3) -> list[int]:
    """Draw a few commits of `graph`, at least one."""
    return draw(st.lists(st.integers(0, len(graph) - 1), min_size=1, max_size=most))


def name(position: int) -> str:
    """Return a sha for a commit that git has never seen."""
    return f"{position:040x}"


def history(graph: list[Sketch], order: list[int] | None = None) -> History:
    """Make the history of `graph`, its commits given in `order`."""
    listed = range(len(graph)) if order is None else order
    return History.from_columns(
        [name(position) for position in listed],
        [[name(parent) for parent in graph[position].parents] for position in listed],
        [graph[position].at for position in listed],
    )


def observed(default: str | None, *branches: str, tags: tuple[str, ...] = ()) -> Observation:
    """Observe `refs/heads/main` at the sha `default`, and branches `0`, `1`, … and tags."""
    refs = [] if default is None else [Ref("refs/heads/main", RefKind.BRANCH, default)]
    refs += [Ref(f"refs/heads/{n}", RefKind.BRANCH, sha) for n, sha in enumerate(branches)]
    refs += [Ref(f"refs/tags/{n}", RefKind.TAG, sha) for n, sha in enumerate(tags)]
    return Observation(0, None if default is None else "refs/heads/main", tuple(refs))


def reach(graph: list[Sketch], *heads: int) -> set[int]:
    """Return `heads` and their ancestors, by the definition."""
    found: set[int] = set()
    for head in heads:
        found |= {head} | reach(graph, *graph[head].parents)
    return found
