"""Which token goes where, and that it goes nowhere else."""

import logging
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Hosts, Project, Side, key_of, origin_of
from hubtrace.ingest.http import Sleeper
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import Cursor, Limits, Previous, ProjectGone
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.client import Client
from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.tokens import PUBLIC, Address, Token, find_tokens, parse_address
from hubtrace.ingest.sources.live import LiveSource
from tests.hubs import faults
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.ingest.sources.github.helpers import CANARY, TOKENS, Clock

ENTERPRISE = Address("https://ghe.example.com/api/v3", "https://ghe.example.com")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com", PUBLIC),
        ("https://github.com/", PUBLIC),
        ("https://api.github.com", PUBLIC),
        ("https://GHE.example.com", ENTERPRISE),
        ("https://ghe.example.com/api/v3/", ENTERPRISE),
        (
            "https://acme.ghe.com",
            Address("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ),
        (
            "http://127.0.0.1:8080/git",
            Address("http://127.0.0.1:8080/git/api/v3", "http://127.0.0.1:8080/git"),
        ),
    ],
)
def test_a_github_is_named_by_its_pages_or_its_api(url: str, address: Address) -> None:
    assert parse_address(url) == address
    assert parse_address(address.api) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com",
        "ftp://github.com",
        "file:///etc",
        "https://",
        "https://[::1",
        "https://ghe.example.com:port",
        "https://me:secret@ghe.example.com",
        "https://ghe.example.com/?token=secret",
        "https://ghe.example.com/#secret",
        "--help",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(SourceError, match="the address of a GitHub") as refused:
        parse_address(url)
    assert "me:secret" not in str(refused.value)


def texts(address: Address, **environment: str) -> list[tuple[str, str]]:
    return [(token.text, token.source) for token in find_tokens(address, environment)]


@pytest.fixture(autouse=True)
def _no_gh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `gh` of the machine that the tests run on."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_tokens_come_from_the_environment_in_order_each_once() -> None:
    assert texts(PUBLIC) == []
    assert texts(PUBLIC, GITHUB_TOKEN="a") == [("a", "GITHUB_TOKEN")]
    found = texts(PUBLIC, GITHUB_TOKENS="a, b\nc", GITHUB_TOKEN="b,d", GH_TOKEN="a")
    assert [text for text, _ in found] == ["a", "b", "c", "d"]
    assert found[1][1] == "GITHUB_TOKENS (number 2)"
    assert texts(PUBLIC, GITHUB_TOKEN=" , ") == []


def test_a_token_goes_to_its_own_host_only() -> None:
    both = {"GITHUB_TOKEN": "public", "GITHUB_ENTERPRISE_TOKEN": "company"}
    assert texts(PUBLIC, **both) == [("public", "GITHUB_TOKEN")]
    assert texts(ENTERPRISE, **both) == [("company", "GITHUB_ENTERPRISE_TOKEN")]
    actions = {"GITHUB_TOKEN": "job", "GITHUB_API_URL": ENTERPRISE.api}
    assert texts(ENTERPRISE, **actions) == [("job", "GITHUB_TOKEN")]
    assert texts(PUBLIC, **actions) == []


def test_a_token_that_is_none_is_refused_without_showing_it() -> None:
    for bad in ("s\xe9cret", "se\x00cret", "\x1b[31msecret"):
        with pytest.raises(SourceError, match="GITHUB_TOKEN") as refused:
            find_tokens(PUBLIC, {"GITHUB_TOKEN": bad})
        assert "cret" not in str(refused.value)
    with pytest.raises(SourceError, match="in clear text, over http"):
        find_tokens(parse_address("http://ghe.example.com"), {"GITHUB_ENTERPRISE_TOKEN": "x"})
    assert "secret" not in repr(Token("secret", "GITHUB_TOKEN"))


def test_gh_is_asked_for_the_token_of_the_host(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "gh"
    program.write_text('#!/bin/sh\ntest "$*" = "auth token --hostname github.com" && echo gh-s\n')
    program.chmod(0o755)
    assert texts(PUBLIC) == [("gh-s", "`gh auth token`")]
    assert texts(ENTERPRISE) == []
    assert texts(PUBLIC, GITHUB_TOKEN="mine") == [("mine", "GITHUB_TOKEN")]
    program.write_text("#!/bin/sh\nprintf 'not logged\\tin'\n")
    assert texts(PUBLIC) == []


def test_a_proxy_is_used(hub: GitHubHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    address = Address("http://github.invalid/api/v3", "http://github.invalid")
    client = Client(address, (), Sleeper(), Limits())
    assert client.get("/repos/01-ai/Yi", schemas.Repository).content.full_name == "01-ai/Yi"
    client.close()
    assert hub.log[0].target.startswith("http://github.invalid/api/v3/repos/")


@pytest.fixture
def certified(world: GitHubWorld, repository: Repository, tmp_path: Path) -> Iterator[GitHubHub]:
    """A hub behind https, whose certificate is `tmp_path/cert.pem`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate, and is not installed")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    name = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert)
    subprocess.run([openssl, "req", "-x509", *made, *name], check=True, capture_output=True)
    hub = GitHubHub(world)
    hub.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    hub.tls.load_cert_chain(cert, key)
    with hub:
        yield hub


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_ones_own_can_be_named(
    certified: GitHubHub, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with (
        GitHubHost(parse_address(certified.url), (), clock.sleeper()) as host,
        pytest.raises(SourceError, match=r"not trusted: .* REQUESTS_CA_BUNDLE names"),
    ):
        host.fetch("01-ai/Yi", Previous())
    assert clock.slept == []  # trying again would not help
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, str(tmp_path / "cert.pem"))
    with GitHubHost(parse_address(certified.url), (), clock.sleeper()) as host:
        assert host.fetch("01-ai/Yi", Previous()).refs


def test_git_reads_a_private_repository_with_the_token(
    hub: GitHubHub, clock: Clock, repository: Repository, tmp_path: Path
) -> None:
    repository.private = True
    web = Hosts(github=hub.url)
    url = web.url(Side.UPSTREAM, "01-ai/Yi")
    project = Project(key_of(url), Side.UPSTREAM, "01-ai/Yi", url)
    with GitHubHost(parse_address(hub.url), TOKENS, clock.sleeper()) as host:
        git = GitSource(tmp_path / "cache", tokens={origin_of(hub.url): CANARY})
        reading = LiveSource({Side.UPSTREAM: host}, git, web=web).read(project, url, Cursor())
        assert len(list(reading.commits)) == 3
    with GitHubHost(parse_address(hub.url), (), clock.sleeper()) as nobody:
        source = LiveSource({Side.UPSTREAM: nobody}, None, web=web)
        with pytest.raises(ProjectGone, match="01-ai/Yi: not found"):
            source.read(project, url, Cursor())


def test_a_netrc_file_is_not_asked(
    hub: GitHubHub, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with GitHubHost(parse_address(hub.url), (), clock.sleeper()) as host:
        host.fetch("01-ai/Yi", Previous())
    assert all(entry.headers["Authorization"] is None for entry in hub.log)


def test_the_token_is_on_the_wire_and_nowhere_else(
    hub: GitHubHub, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web = Hosts(github=hub.url)
    url = web.url(Side.UPSTREAM, "01-ai/Yi")
    project = Project(key_of(url), Side.UPSTREAM, "01-ai/Yi", url)
    for fault in (faults.reset(), faults.status(403, {"message": CANARY})):
        hub.faults.inject("branches", fault, times=1)
        with GitHubHost(parse_address(hub.url), TOKENS, clock.sleeper()) as host:
            source = LiveSource({Side.UPSTREAM: host}, GitSource(tmp_path / "cache"), web=web)
            with SnapshotWriter(tmp_path / "snapshot") as writer:
                try:
                    reading = source.read(project, url, writer.cursor(project.key))
                    writer.write_project(reading, "github")
                except SourceError as error:
                    clock.shown.append(str(error))  # the second fault
    sent = [entry.headers["Authorization"] for entry in hub.log if entry.kind != "git"]
    assert set(sent) == {f"token {CANARY}"}
    assert "…" in clock.shown[-1]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    assert CANARY not in caplog.text + "\n".join(clock.shown)
