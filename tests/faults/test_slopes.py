"""Nothing is quadratic: processor time over size, on a log-log scale, for the shapes that hurt.

Each shape is measured at three sizes, four times as large as the one before, and what it takes may
grow by little more than that (an exponent of 1.2), or stop growing at a limit. The sizes are such
that the largest takes a second or more where nothing is cut.
"""

import gc
import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.errors import TableError
from hubtrace.graph.text import for_markdown, for_people
from hubtrace.graph.urls import Project, redact
from hubtrace.ingest.change_types.classifier import Changed, classify
from hubtrace.ingest.evidence import in_repository, in_variant, references_in
from hubtrace.ingest.evidence.card_facts import card_facts
from hubtrace.ingest.http import scrub
from hubtrace.ingest.input_files import csv_table, read_toml
from hubtrace.ingest.load import load
from hubtrace.ingest.records import (
    Commit,
    Family,
    PathChange,
    PullHead,
    Ref,
    RefKind,
    Release,
    TreeFile,
    Upstream,
)
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.snapshot.format import without_email
from hubtrace.ingest.source import ProjectData
from hubtrace.ingest.sources.study import read_study
from tests.ingest.evidence.texts import repository, variant
from tests.ingest.host_data import REPOSITORY_DATA, VARIANT_DATA, with_data
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, reading

Run = Callable[[], object]
Shape = Callable[[Path, int], Run]


def _sha(number: int) -> str:
    return f"{number:040x}"


def _commit(
    number: int, *parents: int, changes: Iterable[PathChange] = (), what: str = ""
) -> Commit:
    known = tuple(map(_sha, parents))
    return Commit(
        *(
            _sha(number),
            known,
            f"A{number % 50}",
            f"a{number % 50}@x",
            1_000 + number,
            1_000 + number,
        ),
        what or f"Do {number}",
        tuple(changes),
    )


def _read(project: Project, commits: Sequence[Commit], refs: Iterable[Ref] = ()) -> ProjectData:
    """Return a reading whose default branch is at the last commit."""
    told = reading(project, commits, main="x")
    head = told.observation.refs[0]._replace(target=commits[-1].sha)
    observed = replace(told.observation, refs=(head, *refs))
    return replace(told, observation=observed)


def _loaded(place: Path, *readings: ProjectData, families: Sequence[Family] = ()) -> Run:
    """Return a run that writes and loads projects."""

    def run() -> None:
        with SnapshotWriter(place / "s") as writer:
            for one in readings:
                writer.write_project(one, "live")
            for family in families:
                writer.write_family(family)
        with open_store(str(place / "g.kgl")) as store:
            load(writer.snapshot, store)

    return run


FAMILY = Family("f", (Upstream(REPOSITORY.key),), (VARIANT.key,))


def _line(n: int) -> list[Commit]:
    return [_commit(i, *([i - 1] if i else [])) for i in range(n)]


def _criss_cross(n: int) -> list[Commit]:
    """Two lines that merge each other at every step."""
    commits = [_commit(0), _commit(1, 0), _commit(2, 0)]
    for i in range(3, n, 2):
        commits += [_commit(i, i - 2, i - 1), _commit(i + 1, i - 1, i - 2)]
    return commits


def _one_commit(n: int, first: int) -> list[Commit]:
    files = [PathChange("A", f"d{i % 100}/f{i}", _sha(10**9 + i), "100644") for i in range(n)]
    return [_commit(first, changes=files)]


def _branches(n: int, spread: int, kind: RefKind = RefKind.BRANCH) -> list[Ref]:
    prefix = {RefKind.TAG: "refs/tags/t", RefKind.PULL_REQUEST: "refs/pr/"}.get(
        kind, "refs/heads/b"
    )
    return [Ref(f"{prefix}{i}", kind, _sha(i % spread)) for i in range(n)]


def _forked(n: int) -> tuple[list[Commit], list[Ref]]:
    """A branch of one commit from each commit of a line."""
    line, side = (
        _line(n),
        [
            _commit(n + i, i, changes=[PathChange("M", f"f{i}", _sha(n + i), "100644")])
            for i in range(n)
        ],
    )
    refs = [Ref(f"refs/heads/b{i}", RefKind.BRANCH, _sha(n + i)) for i in range(n)]
    return [*side, *line], refs


def _projects(place: Path, n: int) -> Run:
    readings, families = [], []
    for i in range(n):
        sides = [
            replace(one, key=f"{one.key}{i}", name=f"{one.name}{i}", url=f"{one.url}{i}")
            for one in (REPOSITORY, VARIANT)
        ]
        readings += [_read(side, [_commit(2 * i + k)]) for k, side in enumerate(sides)]
        families.append(Family(f"f{i}", (Upstream(sides[0].key),), (sides[1].key,)))
    return _loaded(place, *readings, families=families)


def _looks(place: Path, n: int, *, pushed: bool) -> Run:
    """n looks at one host, each with another answer, or with a commit; then what follows."""

    def look(writer: SnapshotWriter, number: int) -> None:
        if pushed:
            made = _commit(number, *([number - 1] if number else []))
            told = with_data(_read(REPOSITORY, [made]), REPOSITORY_DATA, at=NOW + number)
        else:
            told = _read(VARIANT, [_commit(0)], _branches(1, number + 1)[-1:])
            told = with_data(told, VARIANT_DATA, at=NOW + number, licence=str(number))
        writer.write_project(told, "live")

    def run() -> None:
        with SnapshotWriter(place / "s") as writer:
            for number in range(n):
                look(writer, number)
        with open_store(str(place / "g.kgl")) as store:
            load(writer.snapshot, store)

    return run


def _file(name: str, make: Callable[[int], str], read: Callable[[Path], object]) -> Shape:
    def shape(place: Path, n: int) -> Run:
        file = place / name
        file.write_text(make(n))

        def run() -> None:
            with suppress(TableError):
                read(file)

        return run

    return shape


def _study(n: int) -> str:
    days = {f"o/m{i}": ["2024-01-01"] for i in range(n)}
    line = {"family": "f", "repository": "o/n", "until": "2024-10-06T23:59:59Z"}
    return json.dumps({**line, "variant_commit_days": days})


def _told(n: int, *, files: bool = False) -> ProjectData:
    """Both hosts tell of n releases and pulls, or n files."""
    if files:
        listed = tuple(TreeFile(f"f{i}", _sha(i), i, f"{i:064x}", i) for i in range(n))
        return with_data(_read(VARIANT, [_commit(0)]), replace(VARIANT_DATA, files=listed))
    releases = tuple(Release(f"v{i}", "", i) for i in range(n))
    pulls = tuple(PullHead(i, "merged", _sha(i)) for i in range(n))
    data = replace(REPOSITORY_DATA, releases=releases, pulls=pulls)
    return with_data(_read(REPOSITORY, [_commit(0)]), data)


def _copies(place: Path, n: int) -> Run:
    return _loaded(
        place,
        _read(REPOSITORY, _one_commit(n, 1)),
        _read(VARIANT, _one_commit(n, 2)),
        families=[FAMILY],
    )


def _links(n: int) -> str:
    return "\n\n".join(f"See [m{i}](https://huggingface.co/o/m{i})" for i in range(n))


def _text(make: Callable[[int], str], read: Callable[[str], object]) -> Callable[[Path, int], Run]:
    return lambda _, n: partial(read, make(n))


def _project(make: Callable[[int], ProjectData]) -> Callable[[Path, int], Run]:
    return lambda place, n: _loaded(place, make(n))


def _card(text: str) -> object:
    return in_variant("o/v", variant("o/v", text))


def _facts_of_card(text: str) -> object:
    return card_facts(variant("o/v", text))


def _readme(text: str) -> object:
    return in_repository("o/n", repository("o/n", readme=text))


def _workflow(text: str) -> object:
    return in_repository("o/n", repository("o/n", workflow=text))


STEP = "      - run: hf upload o/m{0} .\n"
SHAPES: dict[str, tuple[int, Callable[[Path, int], Run]]] = {
    "author": (60_000, _text(lambda n: "a@" * n, without_email)),
    "userinfo": (60_000, _text(lambda n: "https://" + "a:" * n + "@h/x", redact)),
    "shown": (
        60_000,
        _text(lambda n: "\x1b\u202e<@a" * n, lambda t: (for_people(t), for_markdown(t))),
    ),
    "subject": (
        20_000,
        _text(lambda n: "fix: (x.py) " * n, lambda t: classify("upstream", t, [Changed(t)])),
    ),
    "message": (
        20_000,
        _text(lambda n: "from o/n@" + "a" * 40 + " http://hf.co/a/b " * n, references_in),
    ),
    "json": (50_000, _text(lambda n: json.dumps(["\ud800"] * n), lambda t: scrub(t.encode()))),
    "card": (2_000, _text(_links, _card)),
    "html": (8_000, _text(lambda n: "<div>" + "<b>x<a href='https://github.com/o/n'>" * n, _card)),
    "nested Markdown": (
        2_000,
        _text(lambda n: "> " * n + "[" * n + "https://github.com/o/n", _readme),
    ),
    "heading of a card": (100_000, _text(lambda n: "# " + "how " * n + "\nx", _facts_of_card)),
    "front matter": (
        4_000,
        _text(lambda n: "---\n" + "github: https://github.com/o/n\n" * n + "---\n", _card),
    ),
    "workflow": (
        200,
        _text(
            lambda n: "jobs:\n  a:\n    steps:\n" + "".join(map(STEP.format, range(n))), _workflow
        ),
    ),
    "shell": (
        2_000,
        _text(
            lambda n: (
                "jobs:\n  a:\n    steps:\n      - run: |\n" + "          hf upload o/m $X\n" * n
            ),
            _workflow,
        ),
    ),
    "line": (10_000, _project(lambda n: _read(REPOSITORY, _line(n)))),
    "criss-cross": (
        8_000,
        _project(lambda n: _read(REPOSITORY, _criss_cross(n), _branches(20, n))),
    ),
    "octopus": (
        4_000,
        _project(lambda n: _read(REPOSITORY, [*map(_commit, range(n)), _commit(n, *range(n))])),
    ),
    "tree": (20_000, _project(lambda n: _read(REPOSITORY, _one_commit(n, 1)))),
    "copies of one commit": (8_000, _copies),
    "refs": (20_000, _project(lambda n: _read(REPOSITORY, _line(100), _branches(n, 100)))),
    "heads": (2_000, _project(lambda n: _read(REPOSITORY, *_forked(n)))),
    "branches of a model": (
        20_000,
        _project(lambda n: _read(VARIANT, _line(100), _branches(n, 100))),
    ),
    "tags of a model": (
        20_000,
        _project(lambda n: _read(VARIANT, _line(100), _branches(n, 100, RefKind.TAG))),
    ),
    "files of a model": (20_000, _project(lambda n: _told(n, files=True))),
    "releases and pulls": (10_000, _project(_told)),
    "projects": (60, _projects),
    "looks with another answer": (20, partial(_looks, pushed=False)),
    "looks with a commit": (20, partial(_looks, pushed=True)),
    "key of a TOML file": (2_000, _file("f.toml", lambda n: "a." * n + "a=1", read_toml)),
    "columns of a CSV file": (
        4_000,
        _file(
            "f.csv", lambda n: ",".join(f"c{i}" for i in range(n)), lambda f: [*csv_table(f, ())]
        ),
    ),
    "variants of a study": (
        64_000,  # more than the processor's caches hold
        _file("families.jsonl", _study, lambda file: read_study(file.parent)),
    ),
}


def _seconds(make: Callable[[Path, int], Run], place: Path, size: int) -> float:
    place.mkdir(parents=True)
    run = make(place, size)
    gc.collect()
    gc.disable()  # what it takes comes in steps, whose sum is linear
    try:
        began = time.process_time()
        run()
        return time.process_time() - began
    finally:
        gc.enable()


def _best(make: Callable[[Path, int], Run], place: Path, size: int) -> float:
    """Measure what is short again: other programs and the caches are a part of it."""
    taken = [_seconds(make, place, size)]
    while sum(taken) < 1 and len(taken) < 5:
        taken.append(_seconds(make, place / str(len(taken)), size))
    return min(taken)


@pytest.mark.faults
@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_no_faster_than_size(tmp_path: Path, shape: str) -> None:
    smallest, make = SHAPES[shape]
    _seconds(make, tmp_path / "warm", max(smallest // 10, 4))
    sizes = [smallest, 4 * smallest, 16 * smallest]
    taken = [_best(make, tmp_path / str(size), size) for size in sizes]
    slope = math.log(max(taken[2], 1e-3) / max(taken[0], 1e-3)) / math.log(16)
    last = math.log(max(taken[2], 1e-3) / max(taken[1], 1e-3)) / math.log(4)
    line = f"{shape}: {slope:.2f}, {last:.2f} ({', '.join(f'{s:.2f}' for s in taken)} s)"
    print(line)
    assert slope <= 1.2, line  # of three equal steps the line of least squares has this slope
    assert last <= 1.5 or taken[2] < 0.1, line  # one step alone is noisier
