"""Attempts to break the promises (docs/design.md, section 7) from a repository or a name."""

import base64
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git import GitSource
from hubtrace.ingest.sources.git.location import parse_location
from tests.ingest.sources.git.helpers import project, read
from tests.ingest.worlds import World, git


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Return a file that must never come to be."""
    return tmp_path / "canary"


@pytest.fixture
def trap(tmp_path: Path, canary: Path) -> Path:
    """Return a program that makes the canary."""
    path = tmp_path / "trap"
    path.write_text(f"#!/bin/sh\ntouch {canary}\nexit 1\n")
    path.chmod(0o755)
    return path


def hostile(world: World, tree: Path, trap: Path) -> Path:
    """Return a work tree whose own configuration, hooks and attributes all name the trap."""
    git(tree.parent, "clone", "--quiet", str(world.path), tree.name)
    for name in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change"):
        (tree / ".git/hooks" / name).symlink_to(trap)
    (tree / ".git/info").mkdir(exist_ok=True)
    (tree / ".git/info/attributes").write_text("* diff=evil filter=evil\n")
    settings = {
        "core.alternateRefsCommand": f"{trap}",
        "core.askPass": f"{trap}",
        "core.editor": f"{trap}",
        "core.fsmonitor": f"{trap}",
        "core.gitProxy": f"{trap}",
        "core.hooksPath": f"{tree}/.git/hooks",
        "core.pager": f"{trap}",
        "core.sshCommand": f"{trap}",
        "credential.helper": f"!{trap}",
        "diff.evil.command": f"{trap}",
        "diff.evil.textconv": f"{trap}",
        "diff.external": f"{trap}",
        "filter.evil.smudge": f"{trap}",
        "gpg.program": f"{trap}",
        "log.showSignature": "true",
        "log.mailmap": "true",
        "protocol.allow": "always",
        "remote.origin.uploadpack": f"{trap}",
        "uploadpack.packObjectsHook": f"{trap}",
    }
    for key, value in settings.items():
        git(tree, "config", key, value)
    canary_free(trap)
    return tree


def canary_free(trap: Path) -> None:
    """Remove what setting the trap may have set off."""
    (trap.parent / "canary").unlink(missing_ok=True)


SIGNED = b"""tree %b
author A <a@x> 1 +0000
committer A <a@x> 1 +0000
gpgsig -----BEGIN PGP SIGNATURE-----
 
 nothing
 -----END PGP SIGNATURE-----

signed
"""


def test_nothing_that_a_repository_configures_is_run(
    world: World, cache: Path, tmp_path: Path, trap: Path, canary: Path
) -> None:
    world.commit({b"a": b"1", b".gitattributes": b"* diff=evil filter=evil\n"})
    world.raw_commit(SIGNED % world.tree_of(world.commits[0]).encode(), "refs/heads/signed")
    world.point_head("refs/heads/signed")
    tree = hostile(world, tmp_path / "tree", trap)
    (tree / ".git/refs/heads/main").write_text(f"{world.commits[0]}\n")
    assert read(cache, tree)[1].keys() == set(world.commits)
    assert read(cache, tree, [world.commits[0]])[1].keys() == {world.commits[1]}
    assert not canary.exists()


def test_the_trap_works(world: World, tmp_path: Path, trap: Path, canary: Path) -> None:
    """Without it the test above would prove nothing."""
    world.raw_commit(SIGNED % git(world.path, "mktree").strip())
    tree = hostile(world, tmp_path / "tree", trap)
    git(tree, "log", "main")
    assert canary.exists()


@pytest.mark.parametrize("helper", ["ext::sh -c {trap}", "ssh://x/{trap}", "file://{place}"])
def test_a_partial_clone_never_fetches_what_it_lacks(
    world: World, cache: Path, tmp_path: Path, trap: Path, canary: Path, helper: str
) -> None:
    """Old servers fetched missing objects by the repository's own settings (CVE-2024-32465)."""
    sha = world.commit({b"a": b"1"})
    git(world.path, "config", "uploadpack.allowFilter", "true")
    tree = tmp_path / "tree"
    url = f"file://{world.path}"
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", url, str(tree))
    hostile_url = helper.format(trap=trap, place=world.path)
    git(tree, "config", "remote.origin.url", hostile_url)
    git(tree, "config", "remote.origin.uploadpack", str(trap))
    git(tree, "config", "core.sshCommand", str(trap))
    git(tree, "config", "protocol.allow", "always")
    git(tree, "config", "uploadpack.allowFilter", "false")
    assert read(cache, tree)[1].keys() == {sha}
    blob = git(tree, "ls-tree", sha, "a").split()[2].decode()
    (tree / ".git/refs/tags/lacking").write_text(f"{blob}\n")  # now the server does lack a thing
    with pytest.raises(SourceError):
        read(cache, tree)
    assert not canary.exists()


def test_names_that_look_like_options_or_programs_are_refused(
    cache: Path, tmp_path: Path, trap: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for location in (f"ext::sh -c {trap}", f"--upload-pack={trap}", f"-c core.sshCommand={trap}"):
        with pytest.raises(SourceError):
            read(cache, location)
    assert not canary.exists()


def test_a_cache_inside_a_foreign_repository_does_not_read_its_configuration(
    world: World, tmp_path: Path, trap: Path, canary: Path
) -> None:
    sha = world.commit({b"a": b"1"})
    tree = hostile(world, tmp_path / "tree", trap)
    assert read(tree / "cache", world.path)[1].keys() == {sha}
    assert not canary.exists()


def test_the_users_own_settings_change_nothing(
    world: World, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = world.commit({b"a": b"1"}, message=b"caf\xc3\xa9\n")
    (tmp_path / ".gitconfig").write_text(
        "[log]\n showRoot = false\n showSignature = true\n"
        "[i18n]\n logOutputEncoding = latin1\n"
        "[core]\n quotePath = false\n abbrev = 4\n"
        "[color]\n ui = always\n[diff]\n renames = copies\n noprefix = true\n"
        "[format]\n pretty = oneline\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    commit = read(cache, world.path)[1][sha]
    assert (commit.subject, len(commit.changes)) == ("café", 1)


def test_a_failing_url_does_not_tell_its_password(cache: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(cache, "https://user:secret@127.0.0.1:1/x")
    assert "https://127.0.0.1:1/x" in str(caught.value)
    assert "secret" not in str(caught.value)


@contextmanager
def server(status: int, location: str = "") -> Iterator[tuple[str, list[str | None]]]:
    """Run a server that wants to know who asks and then answers `status`; what it received."""
    received: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            received.append(self.headers["Authorization"])
            self.send_response(status if received[-1] or location else 401)
            if location:
                self.send_header("Location", f"{location}{self.path.removeprefix('/x')}")
            self.send_header("WWW-Authenticate", 'Basic realm="hub"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{http.server_port}", received
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback requests off any proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.usefixtures("no_proxy")
def test_credentials_reach_their_host_when_asked_and_nothing_else(cache: Path) -> None:
    with server(404) as (host, received):
        with pytest.raises(SourceError) as caught:
            read(cache, f"http://us%65r:secret@{host}/x")
        tokens = GitSource(cache, tokens={f"http://{host}": "token"})
        with pytest.raises(SourceError, match="not found"):
            tokens.read(project(), f"http://{host}/y", Cursor())
    expected = base64.b64encode(b"user:secret").decode()
    assert received[:2] == [None, f"Basic {expected}"]
    assert received[-1] == "Basic " + base64.b64encode(b"hubtrace:token").decode()
    assert "secret" not in str(caught.value)
    for path in cache.rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes()


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://example.org/x", True),
        ("http://127.0.0.1/x", True),
        ("http://example.org/x", False),
        ("https://EXAMPLE.org:443/x", True),
        ("https://example.org:8443/x", False),  # another server on the same host
        ("http://127.0.0.1:8080/x", False),
        ("ssh://example.org/x", False),
    ],
)
def test_a_token_of_ours_is_not_sent_where_it_can_be_read_on_the_way(url: str, sent: bool) -> None:
    tokens = {"https://example.org:443": "token", "http://127.0.0.1:80": "token"}
    _, secrets = parse_location(url).authorized(tokens)
    assert ("token" in secrets.values()) is sent


@pytest.mark.usefixtures("no_proxy")
def test_a_place_that_wants_a_token_says_so_without_asking(cache: Path) -> None:
    with server(200) as (host, received):
        source = GitSource(cache, tokens={"http://example.org:80": "token"})
        with pytest.raises(SourceError, match="does not exist, or needs a token"):
            source.read(project(), f"http://{host}/x", Cursor())
    assert set(received) == {None}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_the_repository_of_another_user_needs_the_users_word(
    world: World, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = world.commit()
    shutil.chown(world.path, 12345)
    settings = tmp_path / "gitconfig"
    settings.write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with pytest.raises(SourceError, match="belongs to another user; `git config --global --add"):
        read(cache, world.path)
    settings.write_text(f"[safe]\n directory = {world.path}\n")
    assert read(cache, world.path)[1].keys() == {sha}


@pytest.mark.usefixtures("no_proxy")
def test_git_follows_no_redirect(cache: Path) -> None:
    with server(200) as (elsewhere, received), server(301, f"http://{elsewhere}/x") as (host, _):
        with pytest.raises(SourceError, match="redirect"):
            read(cache, f"http://{host}/x")
        assert received == []
