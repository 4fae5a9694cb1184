"""Attestations, from both hubs to the gate: only what an authority's signature proves counts."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.graph import open_store
from hubtrace.ingest.sigstore_bundles import TRUSTED_ROOT, Authorities, attestations, renamed
from hubtrace.ingest.sources.github.attestations import unpacked
from hubtrace.queries.audit.build import AuditRequest, audits
from tests.authority import AT, Authority, model_signature, statement
from tests.effort import examples
from tests.hubs.faults import status
from tests.hubs.github import GitHubHub, GitHubWorld
from tests.hubs.github.server import packed
from tests.hubs.huggingface import HuggingFaceHub, pointer
from tests.hubtrace.conftest import Call
from tests.ingest.worlds import START

FILE = "model.safetensors"
OTHER = "ab" * 32
KINDS = "unattested,attestation_mismatch"
HERE, FOREIGN = Authority(), Authority()
NUMBER = 4_711
"""GitHub's, of the repository `acme/tiny`."""
LATE = AT + timedelta(days=1)
_NONE = "no verified attestation"
_UNDECIDED = "? "
_UNATTESTED = {"unattested": _NONE}

Bundle = Callable[[str], bytes]
"""Makes a bundle for the SHA-256 of the model's weights."""


def _release(sha: str) -> bytes:
    """Return what GitHub itself signs for a release: no log knows of it."""
    more = {"predicate": {"repository": "acme/tiny", "tag": "v1"}}
    said = statement({FILE: sha}, "https://in-toto.io/attestation/release/v0.2", **more)
    bundle = json.loads(HERE.attest(said, "acme/tiny", san="https://dotcom.releases.github.com"))
    del bundle["verificationMaterial"]["tlogEntries"]
    return json.dumps(bundle).encode()


def _with_a_key(sha: str) -> bytes:
    bundle = json.loads(HERE.attest(model_signature({FILE: sha}), "acme/tiny"))
    bundle["verificationMaterial"]["publicKey"] = {"hint": "a key"}
    del bundle["verificationMaterial"]["certificate"]
    return json.dumps(bundle).encode()


def _changed(sha: str) -> bytes:
    """Return a bundle whose statement was changed after it was signed."""
    bundle = json.loads(HERE.attest({FILE: OTHER}, "acme/tiny"))
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(
        json.dumps(statement({FILE: sha})).encode()
    ).decode()
    return json.dumps(bundle).encode()


def _wrong_list(sha: str) -> bytes:
    """Return the signature of a model whose list of files is not what it signs."""
    said = model_signature({FILE: sha, "config.json": OTHER})
    said["predicate"]["resources"].pop(0)
    return HERE.attest(said, "acme/tiny")


@dataclass(frozen=True)
class Case:
    """What attests the weights of a model, and what must come of it."""

    name: str
    listed: Bundle | None = None
    """What GitHub lists for them."""
    path: str = ""
    """Where the model has a bundle."""
    held: Bundle | None = None
    verdict: str = "none"
    unattested: str | None = _NONE
    """A part of what is said; None if there is no such finding."""
    mismatch: str | None = None
    card: bytes = b"# Tiny\n\n**Code:** https://github.com/acme/tiny\n"


def _good(sha: str) -> bytes:
    return HERE.attest({"a name of its own": sha}, "acme/tiny", "d" * 40)


CASES = (
    Case("nothing"),
    Case("provenance", _good, verdict="verified", unattested=None),
    *(
        Case(f"held-{number}", None, path, held, "verified", None)
        for number, (path, held) in enumerate(
            (
                ("model.sig", lambda sha: HERE.attest(model_signature({FILE: sha}), "acme/tiny")),
                (f"{FILE}.sigstore.json", _good),
            )
        )
    ),
    *(
        Case(name, listed, verdict="refused", mismatch=why)
        for name, listed, why in (
            ("for-others", lambda sha: HERE.attest({FILE: OTHER}, "acme/tiny"), "other files"),
            (
                "expired",
                lambda sha: HERE.attest({FILE: sha}, "acme/tiny", signed_at=LATE),
                "not valid at validation time",
            ),
            ("foreign", lambda sha: FOREIGN.attest({FILE: sha}, "acme/tiny"), "does not match"),
            ("changed", _changed, "invalid signature"),
            ("evil", lambda sha: HERE.attest({FILE: sha}, "evil/tiny"), "which is not acme's"),
        )
    ),
    *(
        Case(name, None, "model.sig", held, "refused", mismatch=why)
        for name, held, why in (
            (
                "held-other",
                lambda sha: HERE.attest(model_signature({FILE: OTHER}), "acme/tiny"),
                "is not the file that was signed",
            ),
            ("held-wrong-list", _wrong_list, "its list of files is not the one"),
            ("held-no-json", lambda sha: b"\xff{", "no valid bundle"),
            ("held-deep", lambda sha: b'{"a":' + b"[" * 100_000, "no valid bundle"),
            ("held-foreign", lambda sha: FOREIGN.attest({FILE: sha}, "acme/tiny"), "match"),
        )
    ),
    Case(
        *("sibling", lambda sha: HERE.attest({FILE: sha}, "acme/other"), "", None, "verified"),
        *(_NONE, "names acme/other, which is not its upstream"),
    ),
    Case(
        "held-evil",
        None,
        "model.sig",
        lambda sha: HERE.attest({FILE: sha}, "evil/tiny"),
        *("verified", _NONE, "names evil/tiny, which is not its upstream"),
    ),
    Case(
        "renamed",
        lambda sha: HERE.attest({FILE: sha}, "evil/old", number=NUMBER),
        verdict="verified",
        unattested=None,
    ),
    Case(
        *("former", lambda sha: HERE.attest({FILE: sha}, "acme/tiny", number=77)),
        verdict="refused",
        mismatch="another repository that had the name acme/tiny",
    ),
    Case("beast", None, "model.sig", _good, "verified", None, card=b"# Without a link"),
    Case("release", _release, "", None, "claimed", _UNDECIDED, _UNDECIDED),
    Case("held-key", None, "model.sig", _with_a_key, "claimed", _UNDECIDED, _UNDECIDED),
    Case(
        "issuer",
        lambda sha: HERE.attest({FILE: sha}, "acme/tiny", issuer="https://x.test"),
        verdict="claimed",
        unattested=_UNDECIDED,
        mismatch=_UNDECIDED,
    ),
)


WHOLE = {
    *("nothing", "provenance", "held-0", "expired", "evil", "held-other"),
    *("sibling", "held-evil", "renamed", "beast", "held-key"),
}
"""The cases that go all the way from the hubs to the gate."""


def weights(case: Case) -> bytes:
    return case.name.encode() * 100


def sha256(case: Case) -> str:
    return hashlib.sha256(weights(case)).hexdigest()


HELD = HERE.attest({FILE: OTHER}, "acme/tiny", "d" * 40)
VERIFY = Authorities().verify


@pytest.fixture(scope="module")
def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust this test's authority."""
    with pytest.MonkeyPatch.context() as patch:
        root = HERE.write_root(tmp_path_factory.mktemp("root") / "root.json")
        patch.setenv(TRUSTED_ROOT, str(root))
        yield


@dataclass
class Hubs:
    """Both loopback hubs, with a repository to which the cards of models link."""

    github: GitHubHub
    hub: HuggingFaceHub

    def publish(self, *cases: Case) -> None:
        """Make the models, and what GitHub lists for their weights."""
        for case in cases:
            model = self.hub.add(f"acme/{case.name}", licence="mit")
            files = {b"README.md": case.card, FILE.encode(): pointer(weights(case))}
            if case.held is not None:
                files[case.path.encode()] = case.held(sha256(case))
            model.git.commit(files, at=START + 86_400)
            if case.listed is not None:
                bundles = [case.listed(sha256(case))]
                self.github.world.attestations["acme", sha256(case)] = bundles

    def ingest(self, call: Call, *cases: Case) -> None:
        names = [f"acme/{case.name}" for case in cases]
        hubs = ("--github-url", self.github.api, "--hf-endpoint", self.hub.url)
        answer = call("ingest", *names, *hubs)
        assert answer.code == 0, answer.err


@pytest.fixture
def hubs(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hubs]:
    monkeypatch.setenv(TRUSTED_ROOT, str(HERE.write_root(tmp_path / "root.json")))
    github = GitHubHub(GitHubWorld(tmp_path / "github"))
    for name in ("acme/tiny", "acme/other"):
        made = github.world.repository(name, licence="mit")
        if name == "acme/tiny":
            made.number = NUMBER
        code = made.git
        code.commit({b"train.py": name.encode(), b"README.md": b"# Code"}, at=START)
    with github, HuggingFaceHub(tmp_path / "hub") as hub:
        yield Hubs(github, hub)


@pytest.mark.parametrize("case", CASES[1:], ids=lambda case: case.name)
def test_a_bundle_ends_in_a_verdict(case: Case, shared_root: None) -> None:
    sha, ids = sha256(case), {str(NUMBER): "acme/tiny"}
    if case.listed is not None:
        place = "https://github.com/acme"
        asked = attestations(case.listed(sha), place, {}, VERIFY, asked=sha, owner="acme", ids=ids)
    else:
        assert case.held is not None
        asked = attestations(case.held(sha), case.path, {FILE: sha}, VERIFY)
    (row,) = (renamed(row, ids) for row in asked)
    assert row.verdict == case.verdict
    if case.verdict == "refused":
        assert case.mismatch is not None
        assert case.mismatch in row.why


def test_only_what_a_signature_proves_counts(hubs: Hubs, call: Call) -> None:
    whole = [case for case in CASES if case.name in WHOLE]
    hubs.publish(*whole)
    hubs.ingest(call, *whole)
    names = [f"acme/{case.name}" for case in whole]
    body = call("check", *names, "--fail-on", KINDS, "--format", "json").json()
    found = {(it["name"], it["kind"]): it["text"] for it in body["findings"]}
    found |= {(it["name"], it["kind"]): f"? {it['missing']}" for it in body["undecided"]}
    keys = [f"https://huggingface.co/{name}" for name in names]
    with open_store("hubtrace.kgl") as store:
        audited = list(audits(store, keys, AuditRequest()))
    for case, told in zip(whole, audited, strict=True):
        verdicts = {row.verdict for row in told.attestations} - {"none"} or {"none"}
        assert verdicts == {case.verdict}, case.name
        assert told.upstream is not None
        assert told.upstream.name == "acme/tiny"
        proved = case.unattested is None
        assert told.upstream.best_method == ("attestation" if proved else "card_code")
        rank = min(seen.rank or 0 for seen in told.upstream.evidence)
        assert (rank == 1) == proved, case.name
        wanted = {"unattested": case.unattested, "attestation_mismatch": case.mismatch}
        for kind, part in wanted.items():
            said = found.get((f"acme/{case.name}", kind))
            assert (said is None) == (part is None), (case.name, said)
            if said is not None and part is not None:
                assert part in said, (case.name, said)
                assert said.startswith("? ") == (part == _UNDECIDED)
    asked = hubs.github.counts()["attestations"]
    assert asked == 1, "all of an owner's are asked for together"
    assert all("Authorization" not in it.headers for it in hubs.github.log if it.kind == "bundle")


def test_the_workflow_and_the_commit_are_shown(hubs: Hubs, call: Call) -> None:
    case = Case("tiny", _good)
    hubs.github.world.bundles_inline = True
    hubs.publish(case)
    hubs.ingest(call, case)
    said = call("audit", "acme/tiny", "--format", "in-toto").json()
    (row,) = said["predicate"]["audit"]["attestations"]
    assert (row["path"], row["source_sha"], row["repository"]) == (FILE, "d" * 40, "acme/tiny")
    assert row["workflow"] == "acme/tiny/.github/workflows/release.yml@refs/heads/main"
    page = call("audit", "acme/tiny", "--format", "html").out
    assert "Attestations of large files" in page
    assert "ddddddd" in page


def test_what_was_not_asked_is_undecided(hubs: Hubs, call: Call) -> None:
    hubs.publish(case := Case("tiny"))
    hubs.github.faults.inject("attestations", status(404))
    hubs.ingest(call, case)
    answer = call("check", "acme/tiny", "--fail-on", KINDS)
    assert answer.code == 3, answer.out
    assert f"GitHub was not asked for attestations of {FILE}" in answer.out + answer.err


@pytest.mark.parametrize("size", [0, 1, 59, 60, 61, 5_000])
def test_blocks_of_snappy_are_unpacked(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert unpacked(packed(content)) == content
    assert unpacked(packed(content)[:-1]) == b""


def test_copies_in_a_block_may_overlap_and_never_reach_before_its_beginning() -> None:
    # "ab", then copies: 4 bytes from 2 back, 60 from 1 back, 3 from 4 back.
    block = bytes([69, 1 << 2]) + b"ab" + bytes([1, 2, 59 << 2 | 2, 1, 0, 2 << 2 | 3, 4, 0, 0, 0])
    assert unpacked(block) == b"ababab" + b"b" * 60 + b"bbb"
    assert unpacked(bytes([6, 1 << 2]) + b"ab" + bytes([1, 3])) == b""
    assert unpacked(b"\xff\xff\xff\xff\x7f") == b""
    assert unpacked(b"\xff" * 9) == b""


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=examples(150))
@given(st.data())
def test_no_change_of_a_bundle_makes_it_say_something_else(
    shared_root: None, data: st.DataObject
) -> None:
    """Bytes, and bytes inside the certificate and the statement: a verdict, and no other claim."""
    bundle = json.loads(HELD)
    kind = data.draw(st.sampled_from(("whole", "certificate", "payload")))
    part = {
        "certificate": (bundle["verificationMaterial"]["certificate"], "rawBytes"),
        "payload": (bundle["dsseEnvelope"], "payload"),
    }.get(kind)
    raw = bytearray(base64.b64decode(part[0][part[1]]) if part else HELD)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    if part:
        part[0][part[1]] = base64.b64encode(bytes(raw)).decode()
    changed = json.dumps(bundle).encode() if part else bytes(raw)
    for row in attestations(changed, "model.sig", {FILE: OTHER}, VERIFY):
        if row.verdict == "verified":
            assert (row.sha256, row.repository, row.commit) == (OTHER, "acme/tiny", "d" * 40)
