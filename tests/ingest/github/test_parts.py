"""Whatever stands in whatever field: a record that can be kept, or one sentence."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.sources.github.host import (
    _owned,
    _pull,
    _release,
    commit_of,
    facts_of,
    login_of,
)
from hubtrace.ingest.sources.github.schemas import Fields, clean, shown
from tests.hubs.github import GitHubHub
from tests.hubs.github.bodies import Bodies
from tests.hubs.github.reading import commits

STRANGE: list[Any] = [
    None,
    True,
    7,
    -1,
    2**63,
    1.5,
    float("inf"),
    "",
    "\ud800 half \x00 \x1b[2J",
    "9999-99-99T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    [],
    [None],
    [[]],
    {},
    {"sha": 1},
]
Parser = Callable[[Fields], object]


@pytest.fixture
def bodies(hub: GitHubHub) -> dict[str, tuple[Parser, dict[str, Any]]]:
    """An honest body of every kind, and what reads it."""
    it = hub.world.find("01-ai/Yi")
    assert it is not None
    make = Bodies(hub.api, hub.url)
    told = commits(it, "main", 0, 1)[0]
    return {
        "repository": (facts_of, make.repository(it)),
        "owned": (_owned, make.minimal_repository(it)),
        "release": (_release, make.release(it, it.releases[0])),
        "pull": (_pull, make.pull(it, make.end(it), it.pulls[2])),
        "commit": (commit_of, make.commit(it, told, "ada-l")),
        "login": (login_of, make.commit(it, told, "ada-l")),
    }


@pytest.mark.parametrize("kind", ["repository", "owned", "release", "pull", "commit", "login"])
def test_a_strange_value_in_any_field_is_told_in_one_sentence(
    bodies: dict[str, tuple[Parser, dict[str, Any]]], kind: str
) -> None:
    parse, body = bodies[kind]
    said = []
    for path in _paths(body):
        said += [_said(parse, _with(body, path, strange)) for strange in STRANGE]
        said.append(_said(parse, _without(body, path)))
    assert all(sentence.isprintable() for sentence in said)
    assert len([sentence for sentence in said if sentence]) > 10  # fields that are read


def _said(parse: Parser, body: Any) -> str:
    """Return what is said against a body; nothing if it is taken."""
    try:
        record = parse(Fields(body, "github.example/repos/o/r"))
    except SourceError as error:
        return str(error)
    repr(record).encode()  # what is kept is written as UTF-8
    return ""


def _paths(value: Any, depth: int = 4) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    if depth and isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in items:
            yield (name,)
            yield from ((name, *rest) for rest in _paths(inner, depth - 1))


def _with(body: Any, path: tuple[str | int, ...], strange: Any) -> Any:
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = strange
    return changed


def _without(body: Any, path: tuple[str | int, ...]) -> Any:
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return changed


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_every_text_of_json_can_be_kept_and_shown(text: str) -> None:
    told = json.loads(json.dumps(text))
    assert isinstance(clean(clean(told)).encode(), bytes)
    assert shown(told).isprintable()
    if not any("\ud800" <= char <= "\udfff" or char >= "\U0010fe80" for char in text):
        assert clean(told) == text
