"""What counts as a copy, where it comes from, and when a load writes copies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import to_text
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.derive.blobs import LEAST, blob_id, information, pointer_id, pointer_text
from hubtrace.ingest.derive.copies import MOST_HOLDERS, MOST_PATHS
from hubtrace.ingest.load import Loaded, load
from hubtrace.ingest.load.projects import unread_parts
from hubtrace.ingest.records import (
    Asset,
    Commit,
    Family,
    HostData,
    PathChange,
    ProjectMetadata,
    Release,
    Text,
    TreeFile,
    Upstream,
)
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.source import ProjectData
from tests.graphs import contents
from tests.ingest.readings import REPOSITORY, VARIANT, commit, reading, sha

ONE, TWO = sha("one"), sha("two")
EMPTY = blob_id(b"")
FAMILY = Family("f", (Upstream(REPOSITORY.key),), (VARIANT.key,))
BODY = "A model that was made with care. " * 10


def brings(
    name: str,
    *parents: str,
    files: Mapping[str, str | None],
    at: int,
    committed_at: int | None = None,
) -> Commit:
    """Return a commit that brings these files: blob ids by path, None deletes."""
    changes = tuple(
        PathChange("M", path, blob, "100644") if blob else PathChange("D", path, None, "000000")
        for path, blob in files.items()
    )
    return replace(commit(name, *parents, at=at, committed_at=committed_at), changes=changes)


def repository(name: str) -> Project:
    """Return a repository of its own."""
    url = f"https://github.com/{name}"
    return Project(url, Side.UPSTREAM, name, url)


def variant_of(*files: Mapping[str, str | None], at: int = 100) -> ProjectData:
    """Return a variant whose commits bring these files, a hundred seconds apart."""
    names = [f"p{number}" for number in range(len(files))]
    commits = [
        brings(name, *names[max(0, n - 1) : n], files=brought, at=at * (n + 1))
        for n, (name, brought) in enumerate(zip(names, files, strict=True))
    ]
    return reading(VARIANT, commits, main=names[-1])


def written(path: Path, *readings: ProjectData, families: Sequence[Family] = ()) -> Snapshot:
    """Write readings into a snapshot."""
    with SnapshotWriter(path) as writer:
        for one in readings:
            writer.write_project(one, "git")
        for family in families:
            writer.write_family(family)
    return Snapshot(path)


def copies(store: GraphStore) -> set[tuple[Any, ...]]:
    """Return path, repository, path there, kind, boilerplate, lag and both commits' names."""
    rows = store.run(
        "MATCH (:Variant)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository) "
        "MATCH (c)-[:COPIED_IN]->(copied:Commit) "
        "OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(origin:Commit) "
        "RETURN c.path, r.name, c.origin_path, c.kind, c.boilerplate, c.lag_seconds, "
        "copied.subject, origin.subject"
    ).rows()
    assert len(set(rows)) == len(rows)
    return {(*row, copied[3:], origin[3:] if origin else None) for *row, copied, origin in rows}


def found(
    store: GraphStore, path: Path, *readings: ProjectData, **more: Any
) -> set[tuple[Any, ...]]:
    """Return the copies in the graph of these readings."""
    load(written(path / "s", *readings, **more), store)
    return copies(store)


def test_a_renamed_file_is_the_same_file(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(
        REPOSITORY,
        [
            brings("a", files={"src/model.py": ONE, "b/x.py": TWO, "a/x.py": TWO}, at=10),
            brings("b", "a", files={"src/model.py": None, "src/yi.py": ONE}, at=20),
        ],
        main="b",
    )
    downstream = variant_of({"modeling_yi.py": ONE, "x.py": TWO}, {"b/x.py": TWO})
    assert found(store, tmp_path, upstream, downstream) == {
        ("modeling_yi.py", "o/r", "src/model.py", "blob", False, 90, "p0", "a"),
        ("x.py", "o/r", "a/x.py", "blob", False, 90, "p0", "a"),
        ("b/x.py", "o/r", "b/x.py", "blob", False, 190, "p1", "a"),
    }


def test_the_first_landing_wins_then_the_authors_time(store: GraphStore, tmp_path: Path) -> None:
    """`s` was written first and merged last; `v` never landed; `w` and `x` landed together."""
    upstream = reading(
        REPOSITORY,
        [
            brings("r", files={}, at=1),
            brings("s", "r", files={"side.py": ONE}, at=2, committed_at=2),
            brings("t", "r", files={"main.py": ONE, "t.py": sha("t")}, at=30, committed_at=31),
            commit("m", "t", "s", at=40),
            brings("v", "m", files={"v.py": TWO, "left.py": sha("left")}, at=5),
            brings("w", "m", files={"w.py": TWO}, at=60),
            brings("x", "m", files={"x.py": TWO}, at=50),
            commit("n", "m", "w", "x", at=70),
        ],
        main="n",
        topic="v",
    )
    downstream = variant_of({"one.py": ONE, "two.py": TWO, "left.py": sha("left")})
    assert found(store, tmp_path, upstream, downstream) == {
        ("one.py", "o/r", "main.py", "blob", False, 70, "p0", "t"),
        ("two.py", "o/r", "x.py", "blob", False, 50, "p0", "x"),
        ("left.py", "o/r", "left.py", "blob", False, 95, "p0", "v"),
    }


def test_commits_of_one_second_are_told_apart_by_depth(store: GraphStore, tmp_path: Path) -> None:
    names = ["z", "y", "x", "w"]
    commits = [
        brings(name, *names[max(0, n - 1) : n], files={name: ONE}, at=10)
        for n, name in enumerate(names)
    ]
    upstream = reading(REPOSITORY, commits[::-1], main="w")
    assert found(store, tmp_path, upstream, variant_of({"a": ONE})) == {
        ("a", "o/r", "z", "blob", False, 90, "p0", "z")
    }


def test_a_file_that_came_back_is_of_its_first_time(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(
        REPOSITORY,
        [
            brings("a", files={"x": ONE}, at=10),
            brings("b", "a", files={"x": TWO}, at=20),
            brings("c", "b", files={"x": ONE}, at=30),
        ],
        main="c",
    )
    downstream = variant_of({"x": TWO}, {"x": ONE}, {"x": TWO})
    assert found(store, tmp_path, upstream, downstream) == {
        ("x", "o/r", "x", "blob", False, 80, "p0", "b"),
        ("x", "o/r", "x", "blob", False, 190, "p1", "a"),
    }
    gone = store.run("MATCH (c:Copy) RETURN c.blob, c.gone_at").rows()
    assert set(gone) == {(TWO, None), (ONE, 300)}


def test_a_file_that_flowed_back_has_a_negative_lag(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"x": ONE}, at=500)], main="a")
    assert found(store, tmp_path, upstream, variant_of({"x": ONE})) == {
        ("x", "o/r", "x", "blob", False, -400, "p0", "a")
    }


def test_forks_are_one_repository_and_it_is_the_source(store: GraphStore, tmp_path: Path) -> None:
    """The fork had `c` first and the source merged it; `d` is the fork's own."""
    root = brings("a", files={"x": ONE}, at=10)
    own = brings("c", "a", files={"y": TWO}, at=20)
    source = [root, own, commit("b", "a", at=15), commit("m", "b", "c", at=40)]
    fork = [root, own, brings("d", "c", files={"z": sha("z")}, at=30)]
    fork_project = repository("a/fork")
    told = HostData(ProjectMetadata("2", "a/fork", fork_of="o/r"))
    upstream = reading(REPOSITORY, source, main="m")
    forked = replace(reading(fork_project, fork, main="d"), details=told)
    other = reading(repository("b/other"), [brings("o", files={"x": ONE}, at=50)], main="o")
    downstream = variant_of({"x": ONE, "y": TWO, "z": sha("z")})
    assert found(store, tmp_path, forked, upstream, other, downstream) == {
        ("x", "o/r", "x", "blob", False, 90, "p0", "a"),
        ("x", "b/other", "x", "blob", False, 50, "p0", "o"),
        ("y", "o/r", "y", "blob", False, 80, "p0", "c"),
        ("z", "a/fork", "z", "blob", False, 70, "p0", "d"),
    }


def test_boilerplate_counts_within_a_family_only(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"__init__.py": EMPTY}, at=10)], main="a")
    other = reading(repository("b/q"), [brings("b", files={"empty": EMPTY}, at=20)], main="b")
    readings = upstream, other, variant_of({"py.typed": EMPTY})
    assert found(store, tmp_path, *readings) == set()
    load(written(tmp_path / "s", families=[FAMILY]), store)
    assert copies(store) == {("py.typed", "o/r", "__init__.py", "blob", True, 90, "p0", "a")}


@pytest.mark.parametrize("holders", [MOST_HOLDERS, MOST_HOLDERS + 1])
def test_what_too_many_repositories_hold_is_boilerplate(
    store: GraphStore, tmp_path: Path, holders: int
) -> None:
    others = [
        reading(repository(f"b/{n}"), [brings(f"b{n}", files={"x": ONE}, at=n + 1)], main=f"b{n}")
        for n in range(holders - 1)
    ]
    upstream = reading(REPOSITORY, [brings("a", files={"x": ONE}, at=10)], main="a")
    readings = *others, upstream, variant_of({"x": ONE})
    here = found(store, tmp_path, *readings, families=[FAMILY])
    common = holders > MOST_HOLDERS
    assert ("x", "o/r", "x", "blob", common, 90, "p0", "a") in here
    assert len(here) == (1 if common else holders)


def test_links_and_submodules_are_no_files(store: GraphStore, tmp_path: Path) -> None:
    odd = replace(
        commit("a", at=10),
        changes=(
            PathChange("A", "link", ONE, "120000"),
            PathChange("A", "module", TWO, "160000"),
            PathChange("A", "run.sh", sha("run"), "100755"),
        ),
    )
    downstream = variant_of({"link": ONE, "module": TWO, "run.sh": sha("run")})
    assert found(store, tmp_path, reading(REPOSITORY, [odd], main="a"), downstream) == {
        ("run.sh", "o/r", "run.sh", "blob", False, 90, "p0", "a")
    }


def test_many_places_of_one_file_are_told_by_the_first(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"x": ONE}, at=10)], main="a")
    many = variant_of({f"{n:02}": ONE for n in range(MOST_PATHS + 5)})
    here = found(store, tmp_path, upstream, many)
    assert {path for path, *_ in here} == {f"{n:02}" for n in range(MOST_PATHS)}


def _large(n: int) -> tuple[str, str]:
    """Return the SHA-256 of a large file of `n` bytes, and the blob id of its pointer."""
    sha256 = f"{n:064x}"
    pointer = pointer_id(sha256, n)
    assert pointer is not None
    return sha256, pointer


def test_large_files_are_found_by_pointer_and_by_release(store: GraphStore, tmp_path: Path) -> None:
    """Three large files: a pointer in the repository, a tagged release's, an untagged one's."""
    (_, stored), (tagged_sha, tagged), (loose_sha, loose) = _large(1), _large(2), _large(3)
    told = HostData(
        ProjectMetadata("1", "o/r"),
        releases=(
            Release("v1", "One", 50, (Asset("w2.bin", 2, f"sha256:{tagged_sha}"),)),
            Release("v9", "Nine", 160, (Asset("w3.bin", 3, f"sha256:{loose_sha}"),)),
            Release("v8", "Old", 150, (Asset("w1.bin", 1, None),)),
        ),
    )
    upstream = reading(REPOSITORY, [brings("a", files={"w1": stored}, at=10)], main="a", v1="a")
    files = {"1.safetensors": stored, "2.bin": tagged, "3.bin": loose, "4.bin": _large(4)[1]}
    of_hub = HostData(
        ProjectMetadata("2", "o/v"),
        files=tuple(
            TreeFile(path, blob, 130, f"{n:064x}", n)
            for n, (path, blob) in enumerate(files.items(), start=1)
        ),
    )
    downstream = replace(variant_of(files), details=of_hub)
    assert found(store, tmp_path, replace(upstream, details=told), downstream) == {
        ("1.safetensors", "o/r", "w1", "lfs", False, 90, "p0", "a"),
        ("2.bin", "o/r", "w2.bin", "asset", False, 50, "p0", "a"),
        ("3.bin", "o/r", "w3.bin", "asset", False, -60, "p0", None),
    }


def test_a_card_is_a_readme_with_front_matter(store: GraphStore, tmp_path: Path) -> None:
    card, readme = f"---\nlicense: mit\n---\n\n{BODY}", f"{BODY}\n"
    blobs = blob_id(card.encode()), blob_id(readme.encode())
    upstream = replace(
        reading(
            REPOSITORY,
            [
                brings("a", files={"README.md": blobs[1]}, at=10),
                brings("b", "a", files={"docs/copy.md": blobs[1]}, at=20),
            ],
            main="b",
        ),
        details=HostData(
            ProjectMetadata("1", "o/r"), texts=(Text("readme", "README.md", None, readme),)
        ),
    )
    downstream = replace(
        variant_of({"README.md": blobs[0]}),
        details=HostData(
            ProjectMetadata("2", "o/v"), texts=(Text("card", "README.md", None, card),)
        ),
    )
    assert found(store, tmp_path, upstream, downstream) == {
        ("README.md", "o/r", "README.md", "readme", False, 90, "p0", "a")
    }


def test_a_variant_whose_history_is_not_told_has_the_files_of_its_head(
    store: GraphStore, tmp_path: Path
) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"x": ONE}, at=10)], main="a")
    told = HostData(
        ProjectMetadata("2", "o/v"), files=(TreeFile("x", ONE, 3), TreeFile("y", TWO, 3))
    )
    downstream = replace(variant_of({}, {}), details=told)
    assert found(store, tmp_path, upstream, downstream) == {
        ("x", "o/r", "x", "blob", False, 190, "p1", "a")
    }


def test_copies_are_written_when_they_differ(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"x": ONE}, at=10)], main="a")
    snapshot = written(tmp_path / "s", upstream, variant_of({"x": ONE}), families=[FAMILY])
    assert load(snapshot, store).copies == 1
    before = contents(store)
    assert load(snapshot, store) == Loaded(1, 2, 0, 0, commits=0, switches=0, missing=())
    assert contents(store) == before

    moved = reading(REPOSITORY, [brings("b", "a", files={"y": TWO}, at=20)], main="b")
    assert load(written(tmp_path / "s", moved), store).copies == 0, "the same copies as before"
    earlier = reading(
        repository("b/q"), [brings("e", files={"old/x": ONE}, at=5), commit("g", "e")], main="g"
    )
    assert load(written(tmp_path / "s", earlier), store).copies == 2
    assert copies(store) == {
        ("x", "o/r", "x", "blob", False, 90, "p0", "a"),
        ("x", "b/q", "old/x", "blob", False, 95, "p0", "e"),
    }
    assert store.run("MATCH (c:Copy) RETURN count(c)").evaluate() == 2


SMALL = {ONE: 24}


@pytest.mark.parametrize(
    ("path", "origin_path", "proves"),
    [
        ("model.py", "model.py", True),
        ("src/model.py", "model.py", True),
        ("model.py", "net.py", False),
        ("__init__.py", "__init__.py", False),
        (".gitignore", ".gitignore", False),
        ("requirements.txt", "requirements.txt", False),
        ("requirements-dev.txt", "docs/requirements-dev.txt", False),
        ("setup.py", "setup.py", False),
        ("VERSION", "VERSION", False),
        ("LICENSE", "LICENSE", True),
        ("config.json", "small/config.json", True),
    ],
)
def test_a_small_file_needs_a_name_that_says_something(
    store: GraphStore, tmp_path: Path, path: str, origin_path: str, proves: bool
) -> None:
    upstream = reading(
        REPOSITORY, [brings("a", files={origin_path: ONE, "b": TWO}, at=1)], main="a"
    )
    downstream = replace(variant_of({path: ONE, "c": TWO}), small=lambda: SMALL)
    held = {(row[0], row[4]) for row in found(store, tmp_path, upstream, downstream)}
    assert held == {(path, False), ("c", False)} if proves else {("c", False)}


def test_a_small_file_of_a_family_is_kept_as_boilerplate(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={".env": ONE}, at=1)], main="a")
    downstream = replace(variant_of({".env": ONE}), small=lambda: SMALL)
    rows = found(store, tmp_path, upstream, downstream, families=[FAMILY])
    assert [row[4] for row in rows] == [True]


@pytest.mark.parametrize(
    ("content", "says_enough"),
    [
        (b"", False),
        (b"torch\n", False),
        (b"torch\n" * 100, False),
        (b"torch\ntransformers\naccelerate\nsentencepiece\n", False),
        (b"*.bin filter=lfs diff=lfs merge=lfs -text\n" * 9, False),
        (b"from .modeling import *\nfrom .configuration import *\n", False),
        (b"__pycache__/\n*.py[cod]\nbuild/\ndist/\n", False),
        (pointer_text("4d7a214614ab2935c943f9e0ff69d22e" * 2, 12_345), True),
        (
            b"def turn(x, cos, sin):\n    a, b = x.chunk(2, -1)\n    return a * cos - b * sin\n",
            True,
        ),
    ],
)
def test_how_much_a_content_says(content: bytes, says_enough: bool) -> None:
    assert (information(content) >= LEAST) is says_enough


@pytest.mark.parametrize(
    ("card", "unread"),
    [
        (Text("card", "README.md", None, "# A card"), False),
        (Text("card", "README.md", None, to_text(b"caf\xe9")), True),
        (Text("card", "README.md", None, to_text("# A card".encode("utf-16"))), True),
        (Text("card", "README.md", None, to_text("# A card".encode("utf-16-le"))), True),
        (Text("card", "README.md", None, "# A car", cut=True), True),
        (Text("readme", "README.md", None, to_text(b"caf\xe9")), False),
    ],
)
def test_a_card_that_is_no_text_is_unread(card: Text, unread: bool) -> None:
    details = HostData(ProjectMetadata("1", "o/v"), (card,))
    assert bool(list(unread_parts(details))) is unread
