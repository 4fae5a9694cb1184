"""The tables say what can be answered: every entry is whole, can be reached, and has its reason."""

import pytest

from hubtrace.ingest.change_types.messages import topics_of
from hubtrace.ingest.change_types.paths import kind_of, type_of
from hubtrace.ingest.change_types.rules import (
    Bot,
    ChangeType,
    FileKind,
    Rule,
    Topic,
    all_rules,
    bots,
    file_kinds,
    rules,
    topics,
)

SIDES = ("upstream", "downstream")


@pytest.mark.parametrize("table", [file_kinds(), topics(), rules(), bots()])
def test_every_entry_has_a_name_of_its_own_and_a_reason(
    table: tuple[FileKind | Topic | Rule | Bot, ...],
) -> None:
    names = [entry.id for entry in table]
    assert len(names) == len(set(names))
    assert all(entry.reason for entry in table)


@pytest.mark.parametrize("side", SIDES)
def test_every_kind_of_file_has_a_type_on_both_sides(side: str) -> None:
    for kind in file_kinds():
        assert isinstance(type_of(kind, side), ChangeType)


def test_rules_speak_of_entries_that_are_there() -> None:
    kinds = {kind.id for kind in file_kinds()}
    said = {topic.id for topic in topics()}
    for rule in rules():
        assert rule.all_of | rule.any_of <= kinds, rule.id
        assert rule.words | rule.unless <= said, rule.id
        assert rule.side in (None, *SIDES), rule.id
        assert rule.status <= {"", "A", "M", "D"}, rule.id
    assert all(topic.side in (None, *SIDES) for topic in topics())


def test_every_topic_can_be_spoken_of() -> None:
    for topic in topics():
        said = (" ".join([phrase, *topic.with_[:1]]).replace("*", "") for phrase in topic.any)
        assert any(topic in topics_of(line) for line in said), topic.id


def test_every_kind_of_file_can_be_met() -> None:
    met = {kind_of(path).id for kind in file_kinds() for path in _paths(kind.id)}
    assert met == {kind.id for kind in file_kinds()}


def _paths(kind_id: str) -> list[str]:
    """Return paths that an entry's own patterns suggest."""
    kind = next(kind for kind in file_kinds() if kind.id == kind_id)
    names = [
        name.replace("[cs]", "c").replace("[123]", "3").replace("*", "x") for name in kind.names
    ]
    endings = kind.endings or (".x",)
    in_names = [f"{word}{ending}" for word in kind.words or ("zz",) for ending in endings]
    return names + [f"{folder}/{name}" for folder in (*kind.folders, "zz") for name in in_names]


def test_all_15_types_can_be_answered_and_are_listed() -> None:
    listed = all_rules()
    assert {row["type"] for row in listed} == set(ChangeType)
    assert len(ChangeType) == 15
    assert all(row["reason"] and row["rule"].count(":") == 1 for row in listed)
