"""Every corruption of every file of a snapshot ends in one sentence that names the file."""

import gzip
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hubtrace.cli import main
from hubtrace.ingest.records import Family, Reference, Upstream
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.snapshot.format import sha256
from tests.effort import THOROUGH, share
from tests.ingest.host_data import REPOSITORY_DATA, VARIANT_DATA, with_data
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, commit, reading

OTHER = replace(VARIANT, key="https://huggingface.co/o/w", name="o/w", url=f"{VARIANT.url[:-1]}w")
_FLIPS = 20 if THOROUGH else 2
STUDY = {"family": "s", "repository": "s/c", "variant_commit_days": {"s/v": ["2024-01-01"]}}


def _snapshot(path: Path) -> None:
    """Write a snapshot with a file of every kind, two projects with two generations, one joined."""
    named = Reference("https://huggingface.co/o/v", None, True)
    first = replace(commit("a", paths=["x", "README.md"]), references=(named,))
    people = replace(reading(REPOSITORY, [first], main="a"), logins={first.sha: "ada"})
    model = with_data(reading(OTHER, [commit("w", paths=["w.bin"])], main="w"), VARIANT_DATA)
    later = with_data(reading(OTHER, [], main="w"), VARIANT_DATA, at=NOW + 9, licence="mit")
    with SnapshotWriter(path) as writer:
        writer.write_project(model, "live")
        writer.write_project(later, "live")
        writer.compact()
        writer.write_project(with_data(people, REPOSITORY_DATA), "live")
        writer.write_project(reading(REPOSITORY, [commit("b", "a")], main="b"), "git")
        writer.write_project(with_data(reading(VARIANT, [commit("v")], main="v"), VARIANT_DATA), "")
        writer.write_family(Family("f", (Upstream(REPOSITORY.key),), (VARIANT.key,)))
        writer.write_family(Family("g", (Upstream(REPOSITORY.key),), (OTHER.key,)))


def _study(folder: Path) -> None:
    folder.mkdir()
    (folder / "families.jsonl").write_text(json.dumps({**STUDY, "until": "2024-10-06T23:59:59Z"}))
    with gzip.open(folder / "repository_commits.csv.gz", "wt") as file:
        file.write(f"repository,sha,authored_at\ns/c,{'a' * 40},2023-12-31T23:59:59Z\n")


def _fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _link(file: Path) -> None:
    """Put a link to the very same content in its place."""
    aside = next(folder for folder in file.parents if folder.name == "s").with_name("aside")
    shutil.move(file, aside)
    file.symlink_to(aside)


def _flip(at: float) -> Callable[[Path], object]:
    def flip(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[round(at * (len(content) - 1))] ^= 1
        file.write_bytes(content)

    return flip


def _cut(share_kept: float) -> Callable[[Path], object]:
    def cut(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(content[: min(round(share_kept * len(content)), len(content) - 1)])

    return cut


def _swap(other: Path, place: Path) -> Callable[[Path], object]:
    def swap(file: Path) -> None:
        content, theirs = file.read_bytes(), (place / other).read_bytes()
        file.write_bytes(theirs)
        (place / other).write_bytes(content)

    return swap


def _deep(file: Path) -> None:
    file.write_text("[" * 100_000)


def _deep_but_sealed(file: Path) -> None:
    """Forge: the hash is right, and what it seals nests deeper than any parser goes."""
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    file.write_text(f'{{"sha256": "{sha256(deep.encode())}", "body":\n{deep}\n}}\n')


def _corruptions(
    file: Path, files: list[Path], whole: Path, place: Path
) -> Iterator[Callable[[Path], object]]:
    yield from (Path.unlink, _folder, _fifo, _link, _deep, _deep_but_sealed, _cut(0), _cut(1))
    yield from (_flip(n / (_FLIPS - 1)) for n in range(_FLIPS))
    yield from (_cut((n + 0.5) / _FLIPS) for n in range(_FLIPS))
    content = (whole / file).read_bytes()
    others = [one for one in files if (whole / one).read_bytes() != content]
    yield from (_swap(one, place) for one in share(others, len(str(file)), 7))
    yield lambda file: file.write_bytes(file.read_bytes() + b"\n")


@contextmanager
def _no_hang() -> Iterator[None]:
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(300)  # by the clock, as who waits for a pipe takes no time; machines may be busy
    yield
    signal.alarm(0)


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.faults) for n in range(1, 12))]
)
def test_every_corruption_of_every_file_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: int
) -> None:
    whole, place, graph = tmp_path / "whole", tmp_path / "s", tmp_path / "g.kgl"
    _snapshot(whole)
    _study(tmp_path / "study")
    assert Snapshot(whole).verify() == []
    found = sorted(f.relative_to(whole) for f in whole.rglob("*") if f.is_file())
    assert len({file.name for file in found}) == 14, found
    commands = (
        ["snapshot", "verify", str(place)],
        ["load", str(place), "--graph", str(graph)],
        ["ingest", "--from-study", str(tmp_path / "study"), "--snapshot", str(place)],
    )
    tried = 0
    for file in found[part::12]:
        for turn, corrupt in enumerate(_corruptions(file, found, whole, place)):
            for command in share(commands, turn, len(commands)):
                if corrupt is Path.unlink and file.name == "secret.key" and command[0] != "ingest":
                    continue  # who hands a snapshot on leaves the key out
                shutil.rmtree(place, ignore_errors=True)
                shutil.copytree(whole, place)
                corrupt(place / file)
                more = ["--graph", str(graph)] if command[0] == "ingest" else []
                monkeypatch.setattr(sys, "argv", ["hubtrace", *command, *more])
                with _no_hang(), pytest.raises(SystemExit) as ended:
                    main()
                err = capsys.readouterr().err
                what = f"{command[0]} {file} {getattr(corrupt, '__qualname__', corrupt)}: {err}"
                assert ended.value.code == 2, what
                sentences = [line for line in err.splitlines() if str(place / file) in line]
                if "_swap" in what:  # which of the two is named does not matter
                    sentences = [line for line in err.splitlines() if f"{place}/" in line]
                assert sentences, what
                assert "Traceback" not in err, what
                assert command[0] == "snapshot" or err.count("hubtrace: ") == 1, what
                assert not graph.exists(), what
                tried += 1
    print(f"{tried} corruptions")
