"""Stored queries are checked when they are loaded, and their parameters when they are asked."""

from importlib.resources import files
from typing import Any

import pytest

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import (
    FAMILIES_PER_STATEMENT,
    ask,
    ask_in_batches,
    catalogue,
    load,
    parse_parameters,
    query,
)
from tests.queries.worlds import World, at

GOOD = """// name: good
// what: names of families
// params: families (list of strings) = all, limit (integer) = 3,
//     shapes (list of maps) = [{"a": 1, "b": [2, 3]}], word (string)
// returns: name (string), n (integer or null, seconds)
//
// Why it is so.

UNWIND $families AS name
MATCH (f:Family {name: name})
RETURN f.name AS name, $limit + size($shapes) + size($word) AS n
ORDER BY name
"""


def _broken(old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(CatalogueError) as caught:
        load({"good.cypher": GOOD.replace(old, new)})
    return str(caught.value)


def test_a_header_is_read() -> None:
    good = load({"good.cypher": GOOD})["good"]
    assert good.what == "names of families"
    assert [(p.name, str(p.type), p.required, p.default) for p in good.parameters] == [
        ("families", "list of strings", False, None),
        ("limit", "integer", False, 3),
        ("shapes", "list of maps", False, [{"a": 1, "b": [2, 3]}]),
        ("word", "string", True, None),
    ]
    assert [(c.name, str(c.type)) for c in good.returns] == [
        ("name", "string"),
        ("n", "integer or null, seconds"),
    ]
    assert good.text == GOOD


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("// what: names of families\n", "", "good.cypher:1: the header lacks `// what: …`"),
        ("// name: good\n", "", "good.cypher:1: the header lacks `// name: …`"),
        ("name (string), n (integer or null, seconds)", "", "the header lacks `// returns: …`"),
        ("// what:", "// name: good\n// what:", "good.cypher:2: the header has `name` twice"),
        ("name: good", "name: best", "good.cypher:1: the file of the query `best` must be best."),
        ("limit (integer)", "limit (number)", "good.cypher:3: limit: there is no type `number`"),
        (
            "limit (integer) = 3",
            "limit (integer) = x",
            "default of `limit` is not valid JSON",
        ),
        (
            "limit (integer) = 3",
            'limit (integer) = "3"',
            "default of `limit` is not an integer",
        ),
        ("limit (integer) = 3", "limit", "good.cypher:3: expected `name (type)`, not `limit,"),
        ("word (string)", "word (string), word (string)", "`word` is declared twice"),
        ("n (integer", "name (integer", "good.cypher:1: `name` is declared twice"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    assert message in _broken(old, new)


def test_an_empty_query_is_refused() -> None:
    assert _broken(GOOD[GOOD.index("UNWIND") :], "").endswith("no query under the header")


def test_a_name_may_be_used_once() -> None:
    with pytest.raises(CatalogueError, match="there is a query `good` already"):
        load({"a/good.cypher": GOOD, "good.cypher": GOOD})


def test_every_file_of_the_folder_is_in_the_catalogue() -> None:
    names = sorted(entry.name for entry in (files("hubtrace.queries") / "cypher").iterdir())
    assert names == [f"{name}.cypher" for name in catalogue()]


@pytest.mark.parametrize("name", list(catalogue()))
def test_a_stored_query_is_asked_by_family_and_ordered(name: str) -> None:
    text = "\n".join(row for row in query(name).text.splitlines() if not row.startswith("//"))
    assert "\nORDER BY " in text
    if query(name).parameter("families"):
        assert text.strip().startswith("UNWIND $families AS name\n")
    assert all(not parameter.required for parameter in query(name).parameters)


def test_the_queries_on_grids_count_the_same_commits_on_the_same_days() -> None:
    beginnings = {
        text[text.index("\nUNWIND $families") : text.index("UNWIND days AS day")]
        for text in (query(n).text for n in ("lag", "sync_type", "intensity", "dimensions"))
    }
    assert len(beginnings) == 1


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("switchs", {}, "there is no query `switchs`; did you mean `switches`?"),
        ("xyz", {}, "there is no query `xyz`"),
        ("switches", {"untill": 3}, "`switches` has no parameter `untill`; did you mean `until`?"),
        ("families", {"x": 3}, "the query `families` has no parameter `x`"),
        (
            "switches",
            {"until": "x"},
            "`until` of `switches` takes an integer or null, epoch seconds, not 'x'",
        ),
        ("switches", {"until": True}, "not True"),
        ("switches", {"families": "steady"}, "takes a list of strings, not 'steady'"),
        ("switches", {"families": ["stedy"]}, "no family `stedy` in the graph; did you mean `ste"),
        ("branch_status", {"abandon_after": None}, "takes an integer, seconds, not None"),
    ],
)
def test_a_wrong_question_is_refused_in_one_sentence(
    shared_store: GraphStore, name: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        ask(shared_store, name, **parameters)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_families_at_all_have_no_rows_but_columns(shared_store: GraphStore) -> None:
    result = ask(shared_store, "lag", families=[])
    assert (len(result), result.columns[0]) == (0, "family")


def test_a_family_named_twice_is_asked_once(shared_store: GraphStore) -> None:
    assert len(ask(shared_store, "tails", families=["steady", "steady"])) == 1


def test_many_families_are_asked_in_batches(store: GraphStore) -> None:
    world = World()
    names = [f"f{number:03}" for number in range(2 * FAMILIES_PER_STATEMENT + 1)]
    for name in names:
        world.family(name, {f"gh/{name}": {f"u{name}": at(0)}}, {}, observed_at=at(1))
    world.write(store)
    sizes = [len(result) for result in ask_in_batches(store, "timeline")]
    assert sizes == [FAMILIES_PER_STATEMENT, FAMILIES_PER_STATEMENT, 1]
    assert [row["family"] for row in ask(store, "timeline")] == names


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("until=1728259199", 1728259199),
        ("until=-5", -5),
        ("until=2024-10-06", 1728259199),
        ("until=2024-10-06T12:00:00", 1728216000),
        ("until=2024-10-06T14:00:00+02:00", 1728216000),
        ("until=null", None),
        ("families=a, b", ["a", "b"]),
        ('families=["a, b"]', ["a, b"]),
        ("families=", []),
        ("families=null", ["null"]),
        ('grids=[{"grid": "x"}]', [{"grid": "x"}]),
    ],
)
def test_what_a_person_types_is_read(pair: str, value: Any) -> None:
    key = pair.partition("=")[0]
    assert parse_parameters("lag", [pair]) == {key: value}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["until"], "`until` is not a parameter; write it as name=value"),
        (["until=soon"], "until: `soon` is not an integer or null, epoch seconds, or an ISO date"),
        (["until=2024-13-01"], "until: `2024-13-01` is not an integer"),
        (["families=[1]"], "families: `[1]` is not a list of strings"),
        (["grids=[{"], "grids: `[{` is not a list of maps"),
        (["until=1", "until=2"], "the parameter `until` is given twice"),
        (["unti=1"], "has no parameter `unti`; did you mean `until`?"),
    ],
)
def test_what_cannot_be_read_is_refused(pairs: list[str], message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_parameters("lag", pairs)
    assert message in str(caught.value)
