"""A default branch whose history was rewritten, under whatever name it comes back."""

from functools import partial

import pyarrow as pa
import pytest

from hubtrace.ingest.derive.events import events_between
from hubtrace.ingest.records import Observation, Ref, RefKind

HISTORY = {"a": [], "b": ["a"], "c": ["b"], "x": [], "y": ["x"], "m": ["c", "y"]}
"""Sha → parents: one history up to c, another one up to y, and a merge of both."""
Look = dict[str, str]
"""Branch → head; the first one is the default branch."""


def _commits() -> pa.Table:
    rows = [
        {"sha": sha, "parents": parents, "committed_at": number}
        for number, (sha, parents) in enumerate(HISTORY.items())
    ]
    return pa.Table.from_pylist(rows)


def _observation(look: Look, at: int, *, shallow: bool = False) -> Observation:
    refs = tuple(Ref(f"refs/heads/{name}", RefKind.BRANCH, head) for name, head in look.items())
    return Observation(at, refs[0].name if refs else None, refs, shallow=shallow)


def _rewritten(*looks: Look, shallow: bool = False) -> list[tuple[int, str, str | None]]:
    """Return when, where and from which head history was rewritten, over all observations."""
    seen = [_observation(look, at, shallow=shallow) for at, look in enumerate(looks)]
    found = []
    for number in range(1, len(seen)):
        before, after = seen[number - 1], seen[number]
        earlier = partial(reversed, seen[: number - 1])
        events = events_between(before, after, _commits, earlier)
        found += [event for event in events if event.kind == "history_rewritten"]
    return [(e.observed_at, e.subject.removeprefix("refs/heads/"), e.before) for e in found]


@pytest.mark.parametrize(
    "looks",
    [
        [{"master": "c"}, {"main": "c"}],  # a mere rename
        [{"master": "b"}, {"main": "c"}],  # and more commits
        [{"master": "c"}, {"main": "m"}],  # another history was merged
        [{"master": "c"}, {"main": "b", "master": "c"}],  # another one, older
        [{"master": "b"}, {"dev": "c", "master": "b"}],  # another one, further
        [{"master": "c"}, {"main": "m", "master": "c"}],
        [{"master": "y"}, {"main": "m", "master": "y"}, {"main": "m"}],
        [{"master": "b"}, {"master": "c", "pages": "y"}],  # an orphan beside it
        [{"master": "b", "dev": "c"}, {"dev": "c"}],  # master was merged, and taken away
        [{"master": "c", "idea": "y"}, {"master": "c"}],  # not a default branch
        [{"master": "a"}, {"main": "b", "master": "c"}, {"main": "b"}],  # moved on as another one
        [{"master": "c"}, {}, {"main": "c"}],
    ],
)
def test_what_is_still_reached_is_not_rewritten(looks: list[Look]) -> None:
    assert _rewritten(*looks) == []


@pytest.mark.parametrize(
    ("looks", "rewritten"),
    [
        ([{"master": "c"}, {"main": "y"}], (1, "main", "c")),
        ([{"master": "c"}, {"main": "b"}], (1, "main", "c")),
        ([{"master": "c"}, {"main": "y", "backup": "c"}], (1, "main", "c")),
        ([{"master": "c"}, {"master": "c", "main": "y"}, {"main": "y"}], (2, "main", "c")),
        ([{"master": "c"}, {"main": "y", "master": "c"}], (1, "main", "c")),
        ([{"master": "c"}, {"main": "x", "master": "c", "dev": "b"}], (1, "main", "c")),
        ([{"master": "c", "main": "y"}, {"main": "y", "master": "c"}], (1, "main", "c")),
        ([{"master": "b"}, {"main": "y", "master": "c"}], (1, "main", "b")),
        ([{"master": "b"}, {"master": "c"}, {"main": "y", "master": "c"}], (2, "main", "c")),
        ([{"master": "c"}, {}, {"main": "y", "master": "c"}], (2, "main", "c")),
        ([{"master": "c"}, {}, {"main": "y"}], (2, "main", "c")),
        ([{"master": "c"}, {}, {}, {"master": "y"}], (3, "master", "c")),
        ([{"master": "b", "dev": "c"}, {"dev": "y"}], (1, "dev", None)),
    ],
)
def test_a_new_root_is_rewritten_under_any_name(
    looks: list[Look], rewritten: tuple[int, str, str | None]
) -> None:
    at, subject, before = rewritten
    found = _rewritten(*looks)
    assert [(seen_at, name) for seen_at, name, _ in found] == [(at, subject)]
    assert before in (None, found[0][2])


def test_an_old_default_branch_is_lost_once_more_when_it_is_deleted() -> None:
    found = _rewritten({"master": "c"}, {"main": "y", "master": "c"}, {"main": "y"})
    assert found == [(1, "main", "c"), (2, "main", "c")]


def test_where_history_is_cut_nothing_is_known() -> None:
    assert _rewritten({"master": "c"}, {"main": "y"}, shallow=True) == []
