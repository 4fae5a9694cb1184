"""Files are what they were: links, devices and pipes stay, and a failure leaves nothing behind."""

import os
import stat
import threading
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.atomic_files import new_folder, write_atomically
from hubtrace.graph.errors import GraphUnreadable


def test_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "there" / "page.html"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "page.html"
    link.symlink_to("there/page.html")
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert sorted(tmp_path.rglob("*")) == [link, target.parent, target]


def test_a_link_to_nothing_makes_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("later")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "later").read_text() == "new"


def test_a_device_is_written_to_and_stays() -> None:
    before = os.stat("/dev/null")
    write_atomically(Path("/dev/null"), "gone")
    assert os.stat("/dev/null").st_rdev == before.st_rdev


def test_a_full_device_is_an_error_with_its_name() -> None:
    with pytest.raises(OSError, match="No space left") as failed:
        write_atomically(Path("/dev/full"), "x" * 100_000)
    assert failed.value.filename == "/dev/full"


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_atomically(pipe, "through")
    reader.join()
    assert read == ["through"]
    assert pipe.is_fifo()


def test_a_pipe_without_a_name_is_written_to() -> None:
    reading, writing = os.pipe()
    write_atomically(Path(f"/dev/fd/{writing}"), "through")
    assert os.read(reading, 99) == b"through"


def test_nothing_that_lies_there_already_is_followed_or_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a stranger knew the name of a temporary file."""
    monkeypatch.setattr("secrets.token_hex", lambda _: "known")
    (tmp_path / "victim").write_text("precious")
    (tmp_path / ".page.html.known").symlink_to("victim")
    (tmp_path / ".out.known").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "page.html", "new")
    with pytest.raises(FileExistsError), new_folder(tmp_path / "out"):
        pass
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_link_that_was_not_named_is_replaced_itself(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "report.html").symlink_to("victim")
    write_atomically(tmp_path / "report.html", "new", follow=False)
    assert (tmp_path / "victim").read_text() == "precious"
    assert (tmp_path / "report.html").read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_what_is_replaced_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    page, graph = tmp_path / "page.html", tmp_path / "graph.kgl"
    page.touch()
    with open_store(str(graph)) as store, store.write() as writer:
        writer.run("CREATE (:Family {name: 'one'})")
    page.chmod(mode)
    graph.chmod(mode)
    write_atomically(page, "new")
    with open_store(str(graph)) as store, store.write() as writer:
        writer.run("CREATE (:Family {name: 'two'})")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (page, graph)] == [mode, mode]


def test_a_folder_of_copies_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home" / "papers").mkdir(parents=True)
    (tmp_path / "graph.kgl.mapped").symlink_to("home")
    with open_store(str(tmp_path / "graph.kgl")) as store, store.write() as writer:
        writer.run("CREATE (:Family {name: 'one'})")
    assert (tmp_path / "home" / "papers").is_dir()


@pytest.mark.parametrize("path", ["missing/page.html", "file/page.html", "."])
def test_an_error_names_what_the_user_typed(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError) as failed:  # noqa: PT011 - the reason differs by system
        write_atomically(tmp_path / path, "x")
    assert failed.value.filename == str(tmp_path / path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_several_files_are_there_together(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    with new_folder(out) as aside:
        (aside / "one").write_text("1")
        assert not out.exists()
    assert [entry.name for entry in out.iterdir()] == ["one"]
    with pytest.raises(OSError, match="not empty"), new_folder(out):
        pass


def test_or_none_is(tmp_path: Path) -> None:
    def fail() -> None:
        with new_folder(tmp_path / "out") as aside:
            (aside / "one").write_text("1")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_linked_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with new_folder(tmp_path / "link") as aside:
        (aside / "one").write_text("1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "one").read_text() == "1"


def test_a_linked_graph_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "graph.kgl"
    link.symlink_to("there/graph.kgl")
    for name in ("one", "two"):
        with open_store(str(link)) as store, store.write() as writer:
            writer.run(f"CREATE (:Family {{name: '{name}'}})")
    assert link.is_symlink()
    with open_store(str(tmp_path / "there" / "graph.kgl")) as store:
        assert store.run("MATCH (f:Family) RETURN count(f)").evaluate() == 2


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_not_a_file_is_not_a_graph(tmp_path: Path, kind: str) -> None:
    path = {"folder": tmp_path, "pipe": tmp_path / "pipe", "device": Path("/dev/null")}[kind]
    if kind == "pipe":
        os.mkfifo(path)
    with open_store(str(path)) as store, pytest.raises(GraphUnreadable, match="not a file"):
        store.run("RETURN 1")
