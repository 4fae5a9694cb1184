"""Whatever stands in whatever field: a record that can be kept, or one sentence."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.graph.decoding import decode_json
from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import repository_url
from hubtrace.ingest.http import scrub
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.host import (
    commit_of,
    metadata_of,
    pull_of,
    release_of,
)
from tests.effort import examples, share
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
Kind = tuple[type[Any], Callable[[Any], object]]


KINDS: dict[str, Kind] = {
    "repository": (schemas.Repository, metadata_of),
    "owned": (schemas.ListedRepository, lambda it: repository_url(it.full_name)),
    "release": (schemas.Release, release_of),
    "pull": (schemas.PullRequest, pull_of),
    "commit": (schemas.Commit, commit_of),
}


@pytest.fixture
def bodies(hub: GitHubHub) -> dict[str, dict[str, Any]]:
    """An honest body of every kind."""
    it = hub.world.find("01-ai/Yi")
    assert it is not None
    make = Bodies(hub.api, hub.url)
    return {
        "repository": make.repository(it),
        "owned": make.minimal_repository(it),
        "release": make.release(it, it.releases[0]),
        "pull": make.pull(it, make.end(it), it.pulls[2]),
        "commit": make.commit(it, commits(it, "main", 0, 1)[0], "ada-l"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_strange_value_in_any_field_is_one_message(
    bodies: dict[str, dict[str, Any]], kind: str
) -> None:
    messages = []
    for path in share(_paths(bodies[kind]), 0, 5):
        messages += [_message(kind, _with(bodies[kind], path, strange)) for strange in STRANGE]
        messages.append(_message(kind, _without(bodies[kind], path)))
    assert all(message.isprintable() for message in messages)
    assert len([message for message in messages if message]) > 2  # fields that are read


def _message(kind: str, body: Any) -> str:
    """Return what is wrong with a body; nothing if it is accepted."""
    schema, make = KINDS[kind]
    try:
        record = make(decode_json(scrub(json.dumps(body).encode()), schema))
    except (SourceError, msgspec.DecodeError) as error:
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


@settings(max_examples=examples(200), deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_every_text_of_json_can_be_kept_and_shown(text: str) -> None:
    decoded = decode_json(scrub(json.dumps(text).encode()), str)
    assert isinstance(decoded.encode(), bytes)
    if not any("\ud800" <= char <= "\udfff" or char >= "\U0010fe80" for char in text):
        assert decoded == text
