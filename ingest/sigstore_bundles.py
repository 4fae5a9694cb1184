"""Sigstore bundles: what a signed statement says of files, and whether the signature holds.

A bundle is hostile: anybody can put one into a model, with any certificate in it. What it says is
`claimed` unless the extra `verify` (sigstore) finds signature, certificate and log entry right
(docs/decisions/0049-attestations.md). sigstore verifies; nothing here does its own cryptography.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from hubtrace.graph.decoding import decode_json
from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people
from hubtrace.graph.urls import repository_url
from hubtrace.ingest.records import Attestation

if TYPE_CHECKING:
    from sigstore.verify import Verifier

BUNDLE_BYTES = 4 << 20
"""Of a bundle: a statement on 1,024 subjects, GitHub's limit, has some 200 KB."""
TRUSTED_ROOT = "HUBTRACE_TRUSTED_ROOT"
"""Names a file with the authorities to trust in place of Sigstore's public ones."""
_SUBJECTS = 50_000
_LONGEST = 300
_ISSUER = "https://token.actions.githubusercontent.com"
_GITHUB = "https://github.com/"
_RELEASE = "https://in-toto.io/attestation/release/"
_RELEASER = "https://dotcom.releases.github.com"
_MODEL_SIGNING = "https://model_signing/signature/"
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_OID = "1.3.6.1.4.1.57264.1."
"""Of Fulcio's extensions: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md."""
_UTF8_STRING = 0x0C


class _Bytes(msgspec.Struct, rename="camel"):
    raw_bytes: bytes


class _Chain(msgspec.Struct):
    certificates: list[_Bytes]


class _Material(msgspec.Struct, rename="camel"):
    certificate: _Bytes | None = None
    x509_certificate_chain: _Chain | None = msgspec.field(default=None, name="x509CertificateChain")
    tlog_entries: list[Any] | None = None


class _Envelope(msgspec.Struct, rename="camel"):
    payload: bytes
    payload_type: str


class _Hash(msgspec.Struct):
    algorithm: str
    digest: bytes


class _Message(msgspec.Struct, rename="camel"):
    message_digest: _Hash


class _Bundle(msgspec.Struct, rename="camel"):
    """A bundle of any version; https://docs.sigstore.dev/about/bundle."""

    verification_material: _Material
    dsse_envelope: _Envelope | None = None
    message_signature: _Message | None = None


class _Subject(msgspec.Struct):
    name: str | None = None
    digest: dict[str, str] = {}


class _Resource(msgspec.Struct):
    name: str
    algorithm: str
    digest: str


class _Predicate(msgspec.Struct):
    """What is read of the predicates of releases and of model signing."""

    resources: list[_Resource] = []
    repository: str | None = None


class _Statement(msgspec.Struct, rename={"type_": "_type", "predicate_type": "predicateType"}):
    type_: str
    predicate_type: str
    subject: list[_Subject]
    predicate: msgspec.Raw = msgspec.Raw(b"{}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a bundle says, if it can be believed."""

    subjects: tuple[tuple[str, str], ...]
    """Name and SHA-256 of each file."""
    predicate: str
    repository: str | None = None
    """`owner/name` on GitHub of the workflow that signed, or of the release."""
    commit: str | None = None
    """The commit that the workflow ran at."""
    workflow: str | None = None
    """The workflow's file, and its ref."""
    repository_id: str | None = None
    """GitHub's number of the repository."""
    by_workflow: bool = False
    """True if its certificate is, by what it says, that of a workflow on GitHub."""
    logged: bool = False
    """True if it has an entry in a public log, without which nothing can be verified here."""


def read_bundle(raw: bytes, path: str = "") -> Claim:
    """Return what a bundle claims; `path` is the file that a signature without names is of.

    Raises:
        ValueError: it is no bundle, in one sentence.
    """
    if len(raw) > BUNDLE_BYTES:
        raise ValueError(f"longer than {BUNDLE_BYTES:,} bytes")
    try:
        bundle = decode_json(raw, _Bundle)
        material = bundle.verification_material
        chain = material.x509_certificate_chain
        leaf = material.certificate or next(iter(chain.certificates if chain else ()), None)
        logged = bool(material.tlog_entries)
        if bundle.dsse_envelope is not None:
            claim = _said(bundle.dsse_envelope.payload)
        elif bundle.message_signature is not None:
            digest = bundle.message_signature.message_digest
            if digest.algorithm != "SHA2_256":
                raise ValueError("its digest is not a SHA-256")
            claim = Claim(((path, digest.digest.hex()),), "signature")
        else:
            raise ValueError("it has no signature")
        return replace(_signed(claim, leaf.raw_bytes if leaf else None), logged=logged)
    except _malformed() as error:
        raise ValueError(f"no valid bundle: {for_people(str(error))[:_LONGEST]}") from None


def _said(payload: bytes) -> Claim:
    """Return what an in-toto statement says.

    Raises:
        ValueError: it is none.
    """
    statement = decode_json(payload, _Statement)
    if statement.type_ not in _STATEMENTS:
        raise ValueError("it is no in-toto statement")
    named = [(it.name or "", it.digest.get("sha256", "")) for it in statement.subject]
    kind, repository, commit = statement.predicate_type[:_LONGEST], None, None
    if kind.startswith((_MODEL_SIGNING, _RELEASE)):
        predicate = decode_json(statement.predicate, _Predicate)
        if kind.startswith(_RELEASE):
            repository = predicate.repository
            shas = (it.digest.get("sha1") or it.digest.get("gitCommit") for it in statement.subject)
            commit = next((sha for sha in shas if sha), None)
        else:
            _check_root(predicate.resources, [sha for _, sha in named])
            named = [(r.name, r.digest) for r in predicate.resources if r.algorithm == "sha256"]
    if len(named) > _SUBJECTS:
        raise ValueError(f"it names more than {_SUBJECTS:,} files")
    subjects = tuple((name[:4096], sha.lower()) for name, sha in named if _is_sha256(sha))
    return Claim(subjects, kind, _repository(repository), commit and commit[:64])


def _check_root(resources: list[_Resource], roots: list[str]) -> None:
    """Raise ValueError unless the digest that a model's signature is of is that of its files."""
    digests = b"".join(bytes.fromhex(it.digest) for it in resources)
    if [hashlib.sha256(digests).hexdigest()] != roots:
        raise ValueError("its list of files is not the one that it signs")


def _malformed() -> tuple[type[Exception], ...]:
    """Return the errors that a bundle can end in, those of its certificate among them."""
    from cryptography import x509  # takes a while, and few models are signed

    return (
        *(ValueError, RecursionError, SourceError),
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    )


def _signed(claim: Claim, certificate: bytes | None) -> Claim:
    """Return a claim with what the signer's certificate says."""
    if certificate is None:
        return replace(claim, repository=None, commit=None)
    from cryptography import x509

    leaf = x509.load_der_x509_certificate(certificate)
    said = {
        it.oid.dotted_string.removeprefix(_OID): it.value.value
        for it in leaf.extensions
        if isinstance(it.value, x509.UnrecognizedExtension)
    }
    issuer = _text(said.get("8")) or said.get("1", b"").decode()
    if claim.predicate.startswith(_RELEASE):
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        ours = _RELEASER in names.get_values_for_type(x509.UniformResourceIdentifier)
        return claim if ours else replace(claim, repository=None, commit=None)
    if issuer != _ISSUER:
        return replace(claim, repository=None, commit=None)
    uri = _text(said.get("12"))
    signer = _text(said.get("18")) or _text(said.get("9"))
    return replace(
        claim,
        repository=_repository(uri.removeprefix(_GITHUB)) if uri.startswith(_GITHUB) else None,
        commit=_text(said.get("13")) or None,
        workflow=signer.removeprefix(_GITHUB) or None,
        repository_id=_text(said.get("15")) or None,
        by_workflow=True,
    )


def _text(der: bytes | None) -> str:
    """Return a DER UTF8String; Fulcio's are shorter than 64 KB."""
    if not der or der[0] != _UTF8_STRING or len(der) < 2:
        return ""
    lengths = der[1] & 0x7F if der[1] & 0x80 else 0
    length = int.from_bytes(der[2 : 2 + lengths]) if lengths else der[1]
    content = der[2 + lengths :]
    return content.decode()[:_LONGEST] if lengths <= 2 and len(content) == length else ""


def _repository(name: str | None) -> str | None:
    """Return `owner/name` if it is a valid name."""
    if name is not None:
        repository_url(name)
    return name


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdefABCDEF" for c in text)


Verify = Callable[[bytes, Claim], None]
"""Raises `Unverified` or ValueError unless a bundle, which makes a claim, can be believed."""


UNVERIFIED = "claimed, not verified here: the extra hubtrace[verify] is not installed"


def can_verify() -> bool:
    """Return True if the extra `verify` is installed."""
    return find_spec("sigstore") is not None


class Unverified(Exception):
    """Whether a bundle can be believed cannot be found out here; why, in words."""


class Authorities:
    """Verifies bundles by the public authorities, or those of `HUBTRACE_TRUSTED_ROOT`.

    Threads may share it. The authorities are looked up once, for the first bundle.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verifier: Verifier | None = None
        self._stale = False

    def verify(self, raw: bytes, claim: Claim) -> None:
        """Raise Unverified if it cannot be found out, and ValueError if the bundle is wrong."""
        if not claim.by_workflow or claim.repository is None:
            raise Unverified("it was not signed by a workflow of a repository")
        if not claim.logged:
            raise Unverified("it is in no public log, so that only its own authority can verify it")
        try:
            from sigstore.hashes import Hashed
            from sigstore.models import Bundle
            from sigstore.verify.policy import AnyOf, OIDCIssuer, OIDCIssuerV2
            from sigstore_models.common.v1 import HashAlgorithm
        except ImportError:
            raise Unverified(UNVERIFIED) from None
        verifier = self._open()
        policy = AnyOf([OIDCIssuerV2(_ISSUER), OIDCIssuer(_ISSUER)])
        try:
            bundle = Bundle.from_json(raw)
            if claim.predicate == "signature":
                digest = bytes.fromhex(claim.subjects[0][1])
                hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest)
                verifier.verify_artifact(hashed, bundle, policy)
                said = claim
            else:
                said = _said(verifier.verify_dsse(bundle, policy)[1])
            leaf = bundle.signing_certificate.public_bytes(_der())
            # What was read must be what was verified: two parsers could differ.
            if replace(_signed(said, leaf), logged=claim.logged) != claim:
                raise ValueError("its parts contradict each other")
        except Exception as error:  # sigstore's and its parsers', of many kinds: it is not verified
            why = for_people(str(error))[:_LONGEST]
            if self._stale:
                raise Unverified(f"the authorities could not be refreshed ({why})") from None
            raise ValueError(why) from None

    def _open(self) -> "Verifier":
        from sigstore.models import TrustedRoot
        from sigstore.verify import Verifier

        with self._lock:
            if self._verifier is None:
                own = os.environ.get(TRUSTED_ROOT)
                try:
                    if own:
                        self._verifier = Verifier(trusted_root=TrustedRoot.from_file(own))
                        return self._verifier
                    self._verifier = Verifier.production()
                except Exception as error:  # a file of any content, or no network to refresh by
                    if own:
                        raise SourceError(f"{TRUSTED_ROOT}: {own} cannot be read") from error
                    self._verifier, self._stale = Verifier.production(offline=True), True
            return self._verifier


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def attestations(
    raw: bytes,
    place: str,
    files: Mapping[str, str],
    verify: Verify,
    *,
    asked: str | None = None,
    owner: str | None = None,
    ids: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Attestation]:
    """Yield what a bundle, found at `place`, says of a variant's large files (path → SHA-256).

    A bundle that GitHub lists is for one file, `asked`, and must be of `owner`'s repository, by its
    name or by GitHub's number, as in `ids`. One in the variant may be for files that are not large,
    of which nothing is said.
    """
    path = place.removesuffix(".sigstore.json").removesuffix(".sigstore")
    try:
        claim = read_bundle(raw, path)
    except ValueError as error:
        yield Attestation(asked or "", place, "refused", str(error))
        return
    wanted = {asked} if asked else set(files.values())
    about = {sha: name for name, sha in claim.subjects if sha in wanted}
    told = Attestation(
        *("", place, "verified", "", claim.repository, claim.commit, claim.workflow),
        *(claim.predicate, claim.repository_id),
    )
    if asked is None:
        for name, sha in claim.subjects:
            here = files.get(name)
            if here is not None and here != sha:
                why = f"{name} is not the file that was signed: {sha} was"
                yield told._replace(sha256=here, verdict="refused", why=for_people(why))
    elif not about:
        yield told._replace(sha256=asked, verdict="refused", why="it is about other files")
    if not about:
        return
    try:
        if owner is not None and claim.repository is not None:
            theirs = claim.repository.partition("/")[0]
            if theirs.lower() != owner.lower() and claim.repository_id not in ids:
                raise ValueError(f"it is of {claim.repository}, which is not {owner}'s")
        verify(raw, claim)
    except Unverified as error:
        told = told._replace(verdict="claimed", why=str(error))
    except ValueError as error:
        told = told._replace(verdict="refused", why=str(error))
    yield from (told._replace(sha256=sha) for sha in sorted(about))


def renamed(row: Attestation, ids: Mapping[str, str]) -> Attestation:
    """Return an attestation under the present name of its repository.

    `ids` are the repositories that are known now, GitHub's number → `owner/name`. A certificate has
    the name of the day it was made: the number decides whose it is (decision 0043).
    """
    if row.repository_id is None or row.repository is None:
        return row
    if row.repository_id in ids:
        return row._replace(repository=ids[row.repository_id])
    if row.verdict == "verified" and row.repository.lower() in map(str.lower, ids.values()):
        why = f"it is of another repository that had the name {row.repository}"
        return row._replace(verdict="refused", why=why)
    return row
