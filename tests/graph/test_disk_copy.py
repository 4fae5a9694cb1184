"""The copy of a large graph for questions: asked only while it is of the file's state."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from hubtrace.graph.embedded import EmbeddedStore
from tests.queries.worlds import hand_made

NAMES = "MATCH (f:Family) RETURN f.name ORDER BY f.name"


def _write(path: Path, *names: str, mapped_from: int = 0) -> None:
    with EmbeddedStore(path, mapped_from).write() as writer:
        writer.put_nodes("Family", pa.table({"name": list(names)}))


def _names(path: Path) -> list[str]:
    with EmbeddedStore(path) as store:
        return [name for (name,) in store.run(NAMES).rows()]


def _copies(path: Path) -> list[Path]:
    folder = path.with_name(path.name + ".mapped")
    return sorted(folder.iterdir()) if folder.exists() else []


def test_it_is_what_is_asked(tmp_path: Path) -> None:
    """The file is made unreadable without a trace: whoever read it would fail."""
    path = tmp_path / "graph.kgl"
    _write(path, "a")
    state = path.stat()
    with path.open("r+b") as file:
        file.write(bytes(state.st_size))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert _names(path) == ["a"]


def _another_graph(path: Path) -> None:
    other = path.with_name("other.kgl")
    _write(other, "b")
    shutil.copyfile(other, path)


def _damaged(path: Path) -> None:
    (copy,) = _copies(path)
    for file in copy.rglob("*"):
        if file.is_file():
            os.truncate(file, file.stat().st_size // 2)


def _gone(path: Path) -> None:
    shutil.rmtree(path.with_name(path.name + ".mapped"))


def _a_file_in_its_place(path: Path) -> None:
    _gone(path)
    path.with_name(path.name + ".mapped").write_text("")


@pytest.mark.parametrize(
    ("change", "names"),
    [(_another_graph, ["b"]), (_damaged, ["a"]), (_gone, ["a"]), (_a_file_in_its_place, ["a"])],
)
def test_the_file_is_the_graph(
    tmp_path: Path, change: Callable[[Path], None], names: list[str]
) -> None:
    path = tmp_path / "graph.kgl"
    _write(path, "a")
    change(path)
    assert _names(path) == names
    _write(path, "c")
    assert _names(path) == [*names, "c"]


def _removed(file: Path) -> None:
    file.unlink()


def _filled(file: Path) -> None:
    file.write_bytes(b"\xff" * file.stat().st_size)


def _flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[1::8] = bytes(byte ^ 0x40 for byte in content[1::8])
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [_removed, _filled, _flipped])
@pytest.mark.parametrize("part", ["edge_endpoints", "edge_prop_offsets", "node_slots", "out_edges"])
def test_where_the_engine_fails_on_the_copy_the_file_answers(
    tmp_path: Path, damage: Callable[[Path], None], part: str
) -> None:
    path = tmp_path / "graph.kgl"
    hand_made().write(EmbeddedStore(path, 0))
    question = "MATCH (n)-[r]->(m) RETURN n, r, m ORDER BY id(r)"
    with EmbeddedStore(path, 1 << 30) as store:
        expected = store.run("MATCH ()-[r]->() RETURN count(r)").rows()
    for file in path.with_name("graph.kgl.mapped").rglob(f"{part}.bin"):
        damage(file)
    with EmbeddedStore(path) as store:
        assert len(store.run(question).rows()) == expected[0][0]


def test_a_copy_that_is_missing_is_made_by_the_next_who_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    _write(path, "a")
    _gone(path)
    store = EmbeddedStore(path, 0)
    assert (store.is_large, store.is_mapped) == (True, False)
    with store.write():
        pass
    assert store.is_mapped
    assert _names(path) == ["a"]


def test_one_copy_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    _write(path, "a")
    left_by_a_kill = path.with_name("graph.kgl.mapped") / ".12345"
    left_by_a_kill.mkdir()
    (before,) = (copy for copy in _copies(path) if copy != left_by_a_kill)
    _write(path, "b")
    (after,) = _copies(path)
    assert before != after


def test_a_small_graph_has_none(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    _write(path, "a", mapped_from=1 << 30)
    assert os.listdir(tmp_path) == ["graph.kgl"]
    _write(path, "b")
    assert _copies(path)
    _write(path, "c", mapped_from=1 << 30)
    assert os.listdir(tmp_path) == ["graph.kgl"]


def test_who_has_it_open_goes_on_with_the_old_state(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    _write(path, "a")
    with EmbeddedStore(path) as reader:
        assert reader.run(NAMES).rows() == [("a",)]
        _write(path, "b")
        assert reader.run(NAMES).rows() == [("a",)]
    assert _names(path) == ["a", "b"]


def test_a_link_leads_to_the_copy_of_its_target(tmp_path: Path) -> None:
    path, link = tmp_path / "graph.kgl", tmp_path / "link.kgl"
    _write(path, "a")
    link.symlink_to(path)
    _write(link, "b")
    assert _names(link) == ["a", "b"]
    assert sorted(os.listdir(tmp_path)) == ["graph.kgl", "graph.kgl.mapped", "link.kgl"]


def test_where_it_does_not_fit_the_graph_is_written_all_the_same(tmp_path: Path) -> None:
    """The file-size limit of a child process stands for the disk."""
    path = tmp_path / "graph.kgl"
    code = (
        "import resource, signal, pyarrow as pa\n"
        "from hubtrace.graph.embedded import EmbeddedStore\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"with EmbeddedStore({str(path)!r}, 0).write() as writer:\n"
        "    writer.put_nodes('Family', pa.table({'name': [f'{n:06}' for n in range(20_000)]}))\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert len(_names(path)) == 20_000
    assert os.listdir(tmp_path) == ["graph.kgl"]
