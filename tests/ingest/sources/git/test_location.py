"""What may be named as a place, and that a place's secrets stay secret."""

import os
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import redact
from hubtrace.ingest.sources.git.location import Kind, parse_location
from tests.ingest.sources.git.helpers import read
from tests.ingest.worlds import World, git


@pytest.mark.parametrize(
    "location",
    [
        "",
        "~\ud800",
        "\ud800/x",
        "-u/bin/false",
        "--upload-pack=touch canary",
        "ext::sh -c 'touch canary'",
        "fd::17",
        "::x",
        "https+x::https://example.org/a",
        "ftp://example.org/a",
        "ext://example.org/a",
        "file://example.org/a",
        "https:///a",
        "https://-oProxyCommand=x/a",
        "ssh://-oProxyCommand=x/a",
        "-oProxyCommand=x:a",
        "git@-oProxyCommand=x:a",
        "host:-a",
        "https://example.org:port/a",
        "https://[::1/a",
        "https://example.org/a\nb",
        "https://u:p%0Aq@example.org/a",
        "a\x1b[31mb",
    ],
)
def test_what_git_could_misread_is_refused(location: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_location(location)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "location",
    [
        "https://huggingface.co/01-ai/Yi-6B",
        "http://localhost:8080/a.git",
        "ssh://git@example.org:2222/a/b",
        "git://example.org/a",
        "git@github.com:01-ai/Yi.git",
        "github.com:01-ai/Yi",
    ],
)
def test_remote_places_are_taken_as_they_are(location: str) -> None:
    place = parse_location(location)
    assert (place.kind, place.url) == (Kind.REMOTE, location)


@pytest.mark.parametrize(
    "location",
    [
        "https://user:secret@example.org/a",
        "https://secret@example.org/a",
        "https://user:se@cret@example.org/a",
        "https://user:secret/x@example.org/a",
        "ssh://git:secret@example.org/a",
        "foo://user:secret@example.org/a",
    ],
)
def test_credentials_are_never_shown(location: str) -> None:
    assert "secret" not in redact(location)
    assert "secret" not in received(location)


def received(location: str) -> str:
    """Return all that anybody gets to see of a location."""
    try:
        place = parse_location(location)
    except SourceError as error:
        return str(error)
    return f"{place!r} {place.url}"


@pytest.mark.parametrize("name", ["plain", "with space", "per%20cent", "a+b?c#d", "ü", "x:y"])
def test_any_directory_name_is_read(tmp_path: Path, cache: Path, name: str) -> None:
    world = World(tmp_path / name)
    sha = world.commit()
    assert sha in read(cache, world.path)[1]


def test_a_directory_name_that_is_no_utf_8_is_read(tmp_path: Path, cache: Path) -> None:
    world = World(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")))
    sha = world.commit()
    assert sha in read(cache, world.path)[1]


def test_a_file_url_and_a_relative_path_are_the_same_clone(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "a b.git")
    sha = world.commit()
    monkeypatch.chdir(tmp_path)
    for location in ("a b.git", "./a b.git", world.path, f"file://{tmp_path}/a%20b.git"):
        assert sha in read(cache, location)[1]
    assert len(list(cache.glob("*.git"))) == 1


def test_a_bundle_is_read_and_its_head_guessed(world: World, cache: Path, tmp_path: Path) -> None:
    world.commit(ref="refs/heads/other")
    sha = world.commit({b"a": b"1"})
    git(world.path, "bundle", "create", "--quiet", str(tmp_path / "all.bundle"), "HEAD", "--all")
    reading, commits = read(cache, tmp_path / "all.bundle")
    assert commits.keys() == set(world.commits)
    assert sha in commits
    assert reading.observation.default_branch == "refs/heads/main"


@pytest.mark.parametrize("there", ["directory", "file", "nothing"])
def test_what_is_no_repository_is_one_sentence(tmp_path: Path, cache: Path, there: str) -> None:
    place = tmp_path / "notes"
    if there == "directory":
        place.mkdir()
    elif there == "file":
        place.write_text("hello")
    with pytest.raises(SourceError, match=r"^[^\n]*notes[^\n]*$"):
        read(cache, place)
    assert not list(cache.glob("*.git"))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="is not a git repository or a git bundle"):
        parse_location(str(tmp_path / "pipe"))
