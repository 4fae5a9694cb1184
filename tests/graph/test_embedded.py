"""What only the embedded store can get wrong: its file, its lock, its publication."""

import os
import subprocess
import sys
from pathlib import Path

import kglite
import pyarrow as pa
import pytest

from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.errors import GraphError, GraphLocked, GraphTooNew, GraphUnreadable
from hubtrace.graph.model import MODEL

ROW = pa.table({"name": ["f"]})


def _made(path: Path) -> EmbeddedStore:
    store = EmbeddedStore(path)
    with store.write() as writer:
        writer.put_nodes("Family", ROW)
    return store


def test_nothing_but_the_graph_is_left_behind(tmp_path: Path) -> None:
    _made(tmp_path / "graph.kgl")
    assert os.listdir(tmp_path) == ["graph.kgl"]


def test_a_block_that_changes_nothing_leaves_the_file_alone(tmp_path: Path) -> None:
    store = _made(tmp_path / "graph.kgl")
    before = (tmp_path / "graph.kgl").stat()
    with store.write() as writer:
        writer.ask("MATCH (n) RETURN n")
        writer.put_nodes("Family", ROW.slice(0, 0))
    after = (tmp_path / "graph.kgl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_two_writers_at_once_are_refused_and_the_holder_is_named(tmp_path: Path) -> None:
    store = _made(tmp_path / "graph.kgl")
    with (
        store.write(),
        pytest.raises(GraphLocked, match=f"being written by process {os.getpid()}"),
        EmbeddedStore(tmp_path / "graph.kgl").write(),
    ):
        pass


def test_another_process_that_writes_is_respected(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    code = (
        "import sys; from hubtrace.graph.embedded import EmbeddedStore\n"
        f"with EmbeddedStore({str(path)!r}).write():\n"
        "    print('writing', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"writing\n"
        with (
            pytest.raises(GraphLocked, match=f"by process {other.pid}"),
            EmbeddedStore(path).write(),
        ):
            pass
        other.kill()
        other.wait()
        with EmbeddedStore(path).write():
            pass  # the lock ended with its process


def test_readers_see_the_old_graph_until_the_new_one_is_published(tmp_path: Path) -> None:
    store = _made(tmp_path / "graph.kgl")
    reader = EmbeddedStore(tmp_path / "graph.kgl")
    with store.write() as writer:
        writer.put_nodes("Family", pa.table({"name": ["g"]}))
        assert reader.run("MATCH (f) RETURN count(f) AS n").evaluate() == 1
    assert EmbeddedStore(tmp_path / "graph.kgl").run("MATCH (f) RETURN count(f)").evaluate() == 2


def test_a_graph_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    _made(path)
    graph = kglite.load(str(path))
    graph.set_schema_version(MODEL.version + 1)
    graph.save(str(path))
    with pytest.raises(GraphTooNew, match="newer hubtrace"):
        EmbeddedStore(path).run("MATCH (n) RETURN n")
    with pytest.raises(GraphTooNew, match="newer hubtrace"), EmbeddedStore(path).write():
        pass


@pytest.mark.parametrize("position", [0, 3, 20, 200, -1])
def test_a_changed_byte_never_gives_a_wrong_answer(tmp_path: Path, position: int) -> None:
    path = tmp_path / "graph.kgl"
    _made(path)
    content = bytearray(path.read_bytes())
    content[position] ^= 0x40
    path.write_bytes(content)
    with pytest.raises((GraphUnreadable, GraphTooNew), match=r"graph\.kgl"):
        EmbeddedStore(path).run("MATCH (f:Family) RETURN f.name")


def test_a_truncated_graph_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "graph.kgl"
    _made(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(GraphUnreadable, match="not a readable graph"):
        EmbeddedStore(path).run("MATCH (f:Family) RETURN f.name")


def test_something_else_is_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a graph")
    with pytest.raises(GraphUnreadable, match=r"notes\.txt is not a readable graph: [^()]*$"):
        EmbeddedStore(path).run("MATCH (n) RETURN n")
    with pytest.raises(GraphUnreadable), EmbeddedStore(path).write():
        pass
    assert path.read_text() == "not a graph"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"cannot write .*nowhere"):
        _made(tmp_path / "nowhere" / "graph.kgl")


def test_a_full_disk_leaves_the_old_graph(tmp_path: Path) -> None:
    """The file-size limit of a child process stands for the disk: the write fails half way."""
    path = tmp_path / "graph.kgl"
    _made(path)
    before = path.read_bytes()
    code = (
        "import resource, signal, pyarrow as pa\n"
        "from hubtrace.graph.embedded import EmbeddedStore\n"
        "from hubtrace.graph.errors import GraphError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "names = [str(n ** 3) for n in range(50_000)]\n"
        "try:\n"
        f"    with EmbeddedStore({str(path)!r}).write() as writer:\n"
        "        writer.put_nodes('Family', pa.table({'name': names}))\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "except GraphError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith(f"cannot write {path}: "), done
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["graph.kgl"]
