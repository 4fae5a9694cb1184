"""Where the Hub is, who we are to it, and what it learns of us."""

import logging
import platform
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from huggingface_hub import HfApi, close_session, constants

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Previous
from hubtrace.ingest.sources.huggingface import HuggingFace, stored_token
from hubtrace.ingest.sources.huggingface.client import checked_endpoint, label_of
from tests.hubs import faults
from tests.hubs.huggingface import HuggingFaceHub, Model
from tests.hubs.server import LoopbackHub
from tests.ingest.sources.huggingface.conftest import NAME, TOKEN, Clock, host


def test_the_hub_is_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert checked_endpoint() == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org/hf/")
    assert checked_endpoint() == "https://hub.example.org/hf"
    assert checked_endpoint("http://127.0.0.1:9/") == "http://127.0.0.1:9"
    assert label_of("https://huggingface.co") == "Hugging Face"
    assert label_of("https://hub.example.org/hf") == "hub.example.org"


@pytest.mark.parametrize(
    "endpoint",
    [
        "hf-mirror.example.org",
        "ftp://example.org",
        "https://",
        "https://example.org:port",
        "https://example.org:0",
        "https://[::1",
        "https://example.org\x1b[2J",
        " https://example.org",
        "https://user:secret@example.org",
        "https://example.org?token=secret",
    ],
)
def test_an_address_that_is_none_is_refused_in_one_line(endpoint: str) -> None:
    with pytest.raises(SourceError, match="address of a Hub") as refused:
        HuggingFace(endpoint)
    assert str(refused.value).isprintable()
    assert "secret" not in str(refused.value)


def test_a_token_is_not_sent_in_clear() -> None:
    with pytest.raises(SourceError, match="in clear text, over http") as refused:
        HuggingFace("http://hub.example.org", token="hf_secret")
    assert "secret" not in str(refused.value)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where huggingface_hub keeps the token of `hf auth login`."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "token"
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(file))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(tmp_path / "stored_tokens"))
    return file


def test_the_token_is_found_where_huggingface_hub_finds_it(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored_token() is None
    store.write_text(f"{TOKEN}\n")
    assert stored_token() == TOKEN
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    assert stored_token() == "hf_other"


@pytest.mark.parametrize("token", ["hf_\u00e9", "hf_a b", "hf_a\x1b"])
def test_a_token_that_is_none_is_refused_without_being_shown(
    store: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(SourceError, match="token is not valid") as refused:
        stored_token()
    assert token not in str(refused.value)


def test_a_token_that_cannot_be_read_is_said_to_be(store: Path) -> None:
    store.mkdir()
    with pytest.raises(SourceError, match=r"cannot be read \(IsADirectoryError\)"):
        stored_token()


def test_without_a_token_none_is_sent_whatever_lies_about(
    hub: HuggingFaceHub, model: Model, clock: Clock, store: Path
) -> None:
    store.write_text("hf_of_somebody")
    asked = host(hub, clock, None)
    asked.history(NAME, asked.fetch(NAME, Previous()), ())
    assert all("Authorization" not in entry.headers for entry in hub.log)


def test_the_token_goes_to_its_host_and_nowhere_else(
    hub: HuggingFaceHub,
    model: Model,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    with LoopbackHub() as other:
        hub.faults.inject("file", faults.redirect(f"{other.url}/x"))
        hub.faults.inject("refs", faults.status(429, {"error": TOKEN}), times=1)
        asked = host(hub, clock)
        fetched = asked.fetch(NAME, Previous())
        list(asked.history(NAME, fetched, ()))
        asked.account()
        assert other.log == []
    with_token = {e.kind for e in hub.log if e.headers["Authorization"] == f"Bearer {TOKEN}"}
    assert with_token == set(hub.counts()) - {"paper"}  # huggingface_hub asks for papers without
    shown = f"{fetched}{vars(asked)}{caplog.text}{capfd.readouterr()}{clock.shown}"
    assert "CANARY" not in shown


def test_the_hub_learns_what_asks_and_not_what_else_runs_here(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    asked = host(hub, clock)
    list(asked.history(NAME, asked.fetch(NAME, Previous()), ()))
    agents = {e.headers["User-Agent"] for e in hub.log if "Authorization" in e.headers}
    versions = version("hubtrace"), version("huggingface_hub"), platform.python_version()
    assert agents == {"hubtrace/{}; hf_hub/{}; python/{}".format(*versions)}


def test_a_warning_of_the_server_is_not_printed(
    hub: HuggingFaceHub, model: Model, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    loud = {"X-HF-Warning": "topic; \x1b[2J buy now"}
    hub.faults.inject("model", lambda _, answer: answer.adding(loud))
    host(hub, clock).fetch(NAME, Previous())
    assert "buy now" not in caplog.text


def test_offline_nothing_is_asked(
    hub: HuggingFaceHub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError, match="HF_HUB_OFFLINE is set"):
        host(hub, clock).fetch(NAME, Previous())
    assert hub.log == []


def test_others_in_this_process_ask_as_before(hub: HuggingFaceHub, model: Model) -> None:
    HuggingFace(hub.url)
    hub.models.rename(NAME, "bob/two")
    assert HfApi(endpoint=hub.url, token=False).model_info(NAME).id == "bob/two"


def test_two_hubs_can_be_asked_in_turn(
    hub: HuggingFaceHub, model: Model, clock: Clock, tmp_path: Path
) -> None:
    with HuggingFaceHub(tmp_path / "other") as mirror:
        mirror.add(NAME, downloads=1).git.commit({b"a": b"a"})
        here, there = host(hub, clock), HuggingFace(mirror.url, sleeper=clock.sleeper)
        for _ in range(2):
            assert here.fetch(NAME, Previous()).details.facts.downloads == 7
            assert there.fetch(NAME, Previous()).details.facts.downloads == 1


@pytest.fixture
def new_session() -> Iterator[None]:
    """Let a client be made for this test, which reads the environment anew, and one after it."""
    close_session()
    yield
    close_session()


def test_a_proxy_is_asked_for_what_is_behind_it(
    hub: HuggingFaceHub,
    model: Model,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    new_session: None,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    asked = HuggingFace("http://hub.example.org", sleeper=clock.sleeper)
    assert asked.fetch(NAME, Previous()).details.facts.name == NAME
    assert {entry.headers["Host"] for entry in hub.log} == {"hub.example.org"}


def test_an_unknown_authority_is_named_at_once_and_can_be_trusted(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_session: None
) -> None:
    key, certificate = signed_by_nobody(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with LoopbackHub(tls=context) as hub:
        asked = HuggingFace(hub.url, sleeper=clock.sleeper)
        with pytest.raises(SourceError, match=r"certificate is not trusted: .*SSL_CERT_FILE"):
            asked.fetch(NAME, Previous())
        assert (clock.slept, hub.log) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        close_session()
        with pytest.raises(SourceError, match="is it a Hub"):
            asked.fetch(NAME, Previous())


def signed_by_nobody(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that nobody vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no OpenSSL to make a certificate with")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names, *files]
    subprocess.run(made, check=True, capture_output=True)
    return key, certificate
