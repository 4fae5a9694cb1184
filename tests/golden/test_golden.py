"""What hubtrace says, holds and asks is what was frozen."""

import re
from pathlib import Path

import pytest

from hubtrace.help import GROUPS
from tests.golden import frozen, sheet
from tests.golden.conftest import Record
from tests.hubtrace.conftest import Call
from tests.stores import SharedServer

_OF_SAMPLE = ("demo.txt", "demo-report.txt", "graph.json", "tables.json")
_OF_DEMONSTRATION = (
    *("ingest-first.txt", "ingest-second.txt", "ingest-third.txt"),
    *("graph-first.json", "graph-second.json", "graph-second.txt", "graph-third.json"),
    *("rows.txt", "rows-fitting.txt", "requests.json", "doctor.json", "help.json"),
)
PAGES = {
    "sample": sorted([*_OF_SAMPLE, *(f"{name}.txt" for name in sheet.SAMPLE)]),
    "demonstration": sorted(
        [
            *_OF_DEMONSTRATION,
            *(f"{name}.txt" for asked in sheet.LOOKS.values() for name in asked),
        ]
    ),
    "evidence": ["scores.md"],
    "kept": sorted(["kept.json", "loaded.json", *(f"{name}.txt" for name in sheet.KEPT)]),
}
"""World → its pages."""


def _pages(world: str) -> list[object]:
    group = pytest.mark.xdist_group("golden")
    return [pytest.param(world, page, marks=group) for page in PAGES[world]]


@pytest.mark.parametrize(("world", "page"), [case for world in PAGES for case in _pages(world)])
def test_a_page_is_what_was_frozen(record: Record, world: str, page: str) -> None:
    """Commands, formats, rows, requests, graphs and scores, of worlds and of what was kept."""
    frozen.check(f"{world}/{page}", _read(record("worlds") / world / "pages" / page))


@pytest.mark.xdist_group("golden")
@pytest.mark.parametrize("world", PAGES)
def test_nothing_is_asked_or_frozen_for_nothing(record: Record, world: str) -> None:
    """Every page that is asked is compared, and every golden has its page."""
    made = {file.name for file in (record("worlds") / world / "pages").iterdir()}
    assert made == set(PAGES[world])
    if frozen.refreeze():
        for name in frozen.places(world) - made:
            frozen.forget(f"{world}/{name}")
    assert frozen.places(world) == made


@pytest.mark.xdist_group("golden")
def test_every_command_is_on_a_page(call: Call) -> None:
    """A new command, or a new format of an old one, needs a golden."""
    pages = [
        *sheet.SAMPLE.values(),
        *(page for look in sheet.LOOKS.values() for page in look.values()),
    ]
    asked = {command.split()[0] for page in pages for command in page}
    assert call("--help").code == 0
    commands = {name for names in GROUPS.values() for name in names}
    # These have pages of their own, or tests.
    assert commands - asked == {"affected", "demo", "ingest", "doctor", "mcp", "serve"}


@pytest.mark.faults  # a minute: the server plans every question anew
@pytest.mark.xdist_group("neo4j")
def test_a_server_holds_and_answers_the_same(record: Record, shared_server: SharedServer) -> None:
    """The snapshot loaded into Neo4j has the graph and the rows that the embedded store has."""
    server = shared_server.get()
    shared_server.empty()
    environment = {
        "HUBTRACE_GRAPH": server.uri,
        "NEO4J_USERNAME": server.user,
        "NEO4J_PASSWORD": server.password,
        "NEO4J_DATABASE": server.database or "",
    }
    embedded = record("worlds") / "demonstration"
    asked = record("store", environment, embedded / "snapshot") / "pages"
    frozen.check("demonstration/graph-second.txt", _read(asked / "graph.txt"), anew=False)
    frozen.check("demonstration/rows.txt", _read(asked / "rows.txt"), anew=False)
    place = "demonstration/rows-fitting.txt"
    answers = _blocks(_read(asked / "rows-fitting.txt"))
    known = _blocks(frozen.golden(place) or "")
    frozen.check(place, "".join({**known, **answers}.values()), anew=False)
    assert answers


def _read(file: Path) -> str:
    return file.read_bytes().decode()


def _blocks(page: str) -> dict[str, str]:
    """Question → its rows, of a page of them."""
    blocks = re.split("^(?=# )", page, flags=re.MULTILINE)[1:]
    return {re.findall("[a-z_]+", block)[0]: block for block in blocks}
