"""Landed by content: squashed, rebased, or nothing left."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.ingest.derive.dag import Changes, History
from hubtrace.ingest.derive.landed import fork_points, landed_heads
from tests.effort import examples
from tests.ingest.derive.oracle import Git
from tests.ingest.derive.sketches import Sketch, graphs, history, positions, reach

START = Sketch(edits={"a": "one", "b": "one"})


def change(*parents: int, **edits: str | None) -> Sketch:
    return Sketch(parents, edits=edits)


# Each case: what was done, the commits, and whether the branch landed. The last commit is the
# head of the default branch, the last but one that of the branch; the first is `START`.
CASES: list[tuple[str, list[Sketch], bool]] = [
    ("squashed", [change(0, a="two"), change(1, b="two"), change(0, a="two", b="two")], True),
    (
        "rebased",
        [
            change(0, c="one"),
            change(1, a="two"),
            change(0, a="two"),
            change(3, b="two"),
            change(2, b="two"),
        ],
        True,
    ),
    ("half of it picked", [change(0, a="two"), change(1, b="two"), change(0, a="two")], False),
    (
        "squashed and overwritten later",
        [change(0, a="two"), change(0, a="two"), change(1, a="three"), change(2), change(3)],
        True,
    ),
    (
        "squashed and deleted later",
        [change(0, a="two"), change(1, a=None), change(0, a="two"), change(2)],
        True,
    ),
    ("file deleted on both", [change(0, a=None), change(0, a=None)], True),
    ("file deleted on the branch only", [change(0, a=None), change(0, b="two")], False),
    (
        "default merged in, then squashed",
        [change(0, c="one"), change(0, a="two"), change(2, 1, c="one"), change(1, a="two")],
        True,
    ),
    (
        "default merged in, not squashed",
        [change(0, c="one"), change(0, a="two"), change(2, 1, c="one"), change(1, b="two")],
        False,
    ),
    (
        "default undid it before it was merged in, and the branch kept it",
        [
            change(0, a="two"),
            change(1, a="one"),
            change(0, a="two"),
            change(3, 2),
            change(2, b="two"),
        ],
        True,
    ),
    ("reverted on the branch", [change(0, a="two"), change(1, a="one"), change(0)], True),
    (
        "one of two changes reverted",
        [change(0, a="two", b="two"), change(1, a="one"), change(0)],
        False,
    ),
    ("added and deleted again", [change(0, c="one"), change(1, c=None), change(0)], True),
    ("deleted and put back", [change(0, a=None), change(1, a="one"), change(0)], True),
    ("no changes at all", [change(0), change(0)], True),
    ("renamed on both", [change(0, a=None, c="one"), change(0, a=None, c="one")], True),
    (
        "renamed on the branch, copied on default",
        [change(0, a=None, c="x"), change(0, c="x")],
        False,
    ),
    ("the same content elsewhere", [change(0, a="two"), change(0, b="two")], False),
    (
        "default had it before the fork only",
        [change(0, a="two"), change(1, a="three"), change(2, a="two"), change(2, b="two")],
        False,
    ),
    (
        "default had it before the fork and again after",
        [change(0, a="two"), change(1, a="three"), change(2, a="two"), change(2, a="two")],
        True,
    ),
    ("no common ancestor", [Sketch(edits={"a": "one"}), change(0, a="one")], False),
    (
        "default merged into an unrelated line",
        [Sketch(edits={"c": "one"}), change(1, 0, a="one", b="one"), change(0, c="one")],
        False,
    ),
    (
        "forked from a side branch that was merged",
        [
            change(0, a="two"),
            change(0, 1, a="two"),
            change(1, a="one"),
            change(2, a="one"),
        ],
        True,
    ),
    (
        "stacked on a branch that was squashed",
        [change(0, a="two"), change(0, a="two"), change(1, b="two"), change(2)],
        False,
    ),
]


@pytest.mark.parametrize(("graph", "expected"), [pytest.param(*c, id=i) for i, *c in CASES])
def test_a_branch_landed_if_default_made_all_that_is_left_of_it(
    git: Git, graph: list[Sketch], expected: bool
) -> None:
    commits = [START, *graph]
    default, head = len(commits) - 1, len(commits) - 2

    assert landed(git, commits, default, [head]) == ({head} if expected else set())


def landed(git: Git, graph: list[Sketch], default: int, heads: list[int]) -> set[int]:
    shas = git.commit(graph)
    made = git.history(graph, shas)
    return landed_heads(made, made.ancestors([default]), heads, lambda: git.changes(shas))


def test_each_branch_is_compared_with_the_files_at_its_own_fork_point(git: Git) -> None:
    older, newer = change(0, a="x"), change(2, a="x")

    assert landed(git, [START, older, change(0, a="two"), newer], 2, [1, 3]) == set()


@settings(deadline=None, max_examples=examples(200))
@given(graphs(most=9, edited=True), st.data())
def test_landed_is_what_git_diff_and_git_log_say(
    git: Git, graph: list[Sketch], data: st.DataObject
) -> None:
    default, *heads = data.draw(positions(graph, most=5))
    outside = sorted(set(heads) - reach(graph, default))

    found = landed(git, graph, default, outside)

    shas = git.commit(graph)
    for head in outside:
        fork = git.fork_point(shas[head], shas[default])
        expected = fork is not None and (git.net(fork, shas[head]) <= git.made(shas[default], fork))
        assert (head in found) == expected


@given(graphs(), st.data())
def test_the_fork_point_is_the_first_commit_on_default_down_the_first_parents(
    graph: list[Sketch], data: st.DataObject
) -> None:
    default, *heads = data.draw(positions(graph, most=4))
    made, known = history(graph), reach(graph, default)

    forks = fork_points(made, made.ancestors([default]), heads)

    for head in heads:
        meeting = [commit for commit in made.first_parent_chain(head) if commit in known]
        expected = None if head in known or not meeting else meeting[0]
        assert forks.get(head) == expected


def test_paths_are_not_read_if_no_chain_meets_default() -> None:
    def refuse() -> Changes:
        raise AssertionError("nobody needs the paths")

    made = history([Sketch(), Sketch(), Sketch((0,))])
    on_default = made.ancestors([2])

    assert landed_heads(made, on_default, [], refuse) == set()
    assert landed_heads(made, on_default, [0, 1, 2], refuse) == set()


def test_beyond_a_cut_the_state_of_a_file_is_unknown_and_not_taken_for_none() -> None:
    # `f` may hold the file or not: a deletion on the branch may be a change that is left.
    changes = Changes(
        pa.table({"sha": ["add", "delete"], "path": ["a", "a"], "blob": ["one", None]})
    )

    def found(parents_of_f: list[str]) -> set[int]:
        parents = [parents_of_f, ["f"], ["add"], ["f"]]
        made = History.from_columns(["f", "add", "delete", "main"], parents, [1, 2, 3, 4])
        return landed_heads(made, made.ancestors([3]), [2], lambda: changes)

    assert found(["beyond"]) == set()
    assert found([]) == {2}


def test_changes_yields_the_rows_asked_for_and_no_others() -> None:
    rows = [("x", "a", "1"), ("x", "b", None), ("y", "a", "2"), ("z", "c", "3")]
    columns = dict(zip(("sha", "path", "blob"), map(list, zip(*rows, strict=True)), strict=True))
    changes = Changes(pa.table({**columns, "mode": ["100644"] * 4}))

    assert list(changes.of_commits(["x", "unknown"])) == rows[:2]
    assert list(changes.of_paths({"a"})) == [rows[0], rows[2]]
    assert list(changes.of_paths([])) == []
