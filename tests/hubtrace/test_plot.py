"""Pictures: the same every time, of every format, and names are only text in them."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.plots import text, timeline_of
from hubtrace.queries.catalogue import ask
from hubtrace.queries.thresholds import Thresholds
from tests.hubtrace.conftest import Call
from tests.queries.worlds import World, at, hand_made

FAMILY = "f_$\\frac{1}{2}$ <script>"
UPSTREAM = "_$x^2$ ]]> \u202e"
VARIANT = "模型\x1b[31m \U0010fe80"
BEGINS = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A graph of a hostile family beside the hand-made ones."""
    made = hand_made()
    repository, variant = f"gh/{UPSTREAM}", f"hf/{VARIANT}"
    made.family(
        FAMILY,
        {repository: {"u1": at(0), "u2": at(40)}},
        {variant: {"w1": at(1), "w2": at(90)}},
        observed_at=at(400),
    )
    made.types("u1", "sharing")
    path = str(tmp_path_factory.mktemp("plots") / "graph.kgl")
    with open_store(path) as store:
        made.write(store)
    return path


@pytest.mark.parametrize(
    ("kind", "ending"),
    [(kind, ".svg") for kind in ("timeline", "patterns", "lag", "changes")]
    + [("timeline", ".pdf"), ("lag", ".png")],
)
def test_every_picture_is_the_same_every_time(
    call: Call, world: str, tmp_path: Path, kind: str, ending: str
) -> None:
    families = [FAMILY] if kind == "timeline" else []
    files = [tmp_path / f"{number}{ending}" for number in (1, 2)]
    for file in files:
        answer = call("plot", kind, *families, "-o", file, "--graph", world)
        assert (answer.code, answer.out) == (0, "")
        assert answer.err == f"wrote {file}\n"
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith(BEGINS[ending])


def test_names_are_text_and_nothing_else(call: Call, world: str, tmp_path: Path) -> None:
    file = tmp_path / "t.svg"
    call("plot", "timeline", FAMILY, "-o", file, "--graph", world)
    said = {
        "".join(found.itertext())
        for found in ET.parse(file).iter("{http://www.w3.org/2000/svg}text")
    }
    assert f"{FAMILY}: Sparse synchronization (PSR)" in said
    assert "_$x^2$ ]]> \\u202e" in said
    assert "\\u6a21\\u578b\\x1b[31m \\x80" in said
    assert b"<script" not in file.read_bytes()


def test_a_long_name_is_cut() -> None:
    assert text("x" * 61) == "x" * 59 + "…"
    assert text("x" * 60) == "x" * 60
    assert len(text("\u202e" * 30)) == 60


def test_what_is_drawn_are_the_periods_of_the_pattern(world: str) -> None:
    with open_store(world) as store:
        for family in ("steady", "scoped", FAMILY):
            drawn = timeline_of(store, family, None, Thresholds())
            rows = ask(store, "family_periods", families=[family]).data()
            found = {(row.name, period) for row in drawn.rows for period in row.periods}
            assert found == {(row["name"], row["period"]) for row in rows}
            sides = [
                {r["period"] for r in rows if r["side"] == s} for s in ("upstream", "downstream")
            ]
            assert drawn.shared == sorted(sides[0] & sides[1])
            assert [row.upstream for row in drawn.rows] == sorted(
                (row.upstream for row in drawn.rows), reverse=True
            )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["timeline", "steady", "-o", "t.gif"], "t.gif is not a picture's name; end it in .svg"),
        (["timeline", "stedy", "-o", "t.svg"], "did you mean `steady`?"),
        (["timeline", "unborn", "-o", "t.svg"], "the family 'unborn' has no commits to draw"),
        (["patterns", "gone", "-o", "t.svg"], "no family has a pattern to draw"),
        (["changes", "scoped", "-o", "t.svg"], "no commit has change types to draw"),
        (["lag", "-o", "no/where.svg"], "no/where.svg: No such file or directory"),
        (["lag", "--until", "x", "-o", "t.svg"], "--until: invalid date 'x'"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    call: Call, world: str, arguments: list[str], told: str
) -> None:
    answer = call("plot", *arguments, "--graph", world)
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert not Path("t.svg").exists()


def test_a_family_without_switches_has_no_boxes(call: Call, tmp_path: Path) -> None:
    made = World()
    made.family("f", {"gh/a/r": {"a": at(0)}}, {"hf/a/v": {"b": at(1)}}, observed_at=at(9))
    graph = str(tmp_path / "g.kgl")
    with open_store(graph) as store:
        made.write(store)
    assert call("plot", "lag", "-o", "l.svg", "--graph", graph).code == 0
    assert "no switches" in Path("l.svg").read_text()
