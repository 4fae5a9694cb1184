"""Where the Hub is, who we are to it, and what it learns of us."""

import logging
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from graph.errors import SourceError
from ingest.host import Limits, Seen
from ingest.huggingface import HuggingFace, stored_token
from ingest.huggingface.endpoint import checked_endpoint, label_of
from tests.hubs import faults
from tests.hubs.huggingface import HuggingFaceHub, Model
from tests.hubs.server import LoopbackHub
from tests.ingest.huggingface.conftest import NAME, TOKEN, Clock, host


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
    with pytest.raises(SourceError, match="characters that no token has") as refused:
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
    asked.history(NAME, asked.look(NAME, Seen()), ())
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
        look = asked.look(NAME, Seen())
        list(asked.history(NAME, look, ()))
        asked.account()
        assert other.log == []
    with_token = {e.kind for e in hub.log if e.headers["Authorization"] == f"Bearer {TOKEN}"}
    assert with_token == set(hub.counts()) - {"paper"}  # huggingface_hub asks for papers without
    shown = f"{look}{vars(asked)}{caplog.text}{capfd.readouterr()}{clock.shown}"
    assert "CANARY" not in shown


def test_the_hub_learns_what_asks_and_not_what_else_runs_here(
    hub: HuggingFaceHub, model: Model, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")  # one of the programs that huggingface_hub would report
    host(hub, clock).look(NAME, Seen())
    agents = {e.headers["User-Agent"] for e in hub.log if "Authorization" in e.headers}
    assert len(agents) == 1
    agent = agents.pop()
    assert agent.startswith("hubtrace/")
    assert "agent/" not in agent
    assert "torch" not in agent


def test_a_warning_of_the_server_is_not_printed(
    hub: HuggingFaceHub, model: Model, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    loud = {"X-HF-Warning": "topic; \x1b[2J buy now"}
    hub.faults.inject("model", lambda _, answer: answer.adding(loud))
    host(hub, clock).look(NAME, Seen())
    assert "buy now" not in caplog.text


def test_offline_nothing_is_asked(
    hub: HuggingFaceHub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError, match="HF_HUB_OFFLINE is set"):
        host(hub, clock).look(NAME, Seen())
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
        here, there = host(hub, clock), HuggingFace(mirror.url, waiter=clock.waiter)
        for _ in range(2):
            assert here.look(NAME, Seen()).details.facts.downloads == 7
            assert there.look(NAME, Seen()).details.facts.downloads == 1


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """An https server whose certificate nobody has signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key)]
        + ["-out", str(certificate), "-subj", "/CN=127.0.0.1", "-days", "1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with LoopbackHub(tls=context) as running:
        yield running.url


def test_an_unknown_authority_is_named_at_once_and_can_be_trusted(
    untrusted: str, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = HuggingFace(untrusted, waiter=clock.waiter, limits=Limits(silence=5))
    with pytest.raises(SourceError, match="certificate is not trusted: .*SSL_CERT_FILE"):
        asked.look(NAME, Seen())
    assert clock.slept == []
