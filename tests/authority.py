"""A Sigstore of our own: certificates, a log and bundles that its trusted root verifies.

    authority = Authority()
    bundle = authority.attest({"model.safetensors": sha256}, "acme/tiny", commit)
    authority.write_root(path)  # for HUBTRACE_TRUSTED_ROOT

Made with `cryptography` alone, by the formats that sigstore verifies: RFC 6962 for the timestamp of
a certificate, Rekor's entry `dsse` 0.0.1 with a tree of one leaf, and a signed note for its root.
"""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://token.actions.githubusercontent.com"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When bundles are signed, unless told otherwise."""
_OID = "1.3.6.1.4.1.57264.1."
_SCT = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_MINUTES = timedelta(minutes=10)
"""How long a certificate is valid."""


def b64(content: bytes) -> str:
    """Return bytes as JSON has them."""
    return base64.b64encode(content).decode()


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def _utf8(text: str) -> bytes:
    """Return a DER UTF8String."""
    return b"\x0c" + _length(text.encode()) + text.encode()


def _length(raw: bytes) -> bytes:
    return bytes([len(raw)]) if len(raw) < 128 else b"\x81" + bytes([len(raw)])


def statement(
    subjects: Mapping[str, str], kind: str = "https://slsa.dev/provenance/v1", **more: Any
) -> dict[str, Any]:
    """Return an in-toto statement on files, by name and SHA-256."""
    named = [{"name": name, "digest": {"sha256": sha}} for name, sha in subjects.items()]
    body = {"_type": "https://in-toto.io/Statement/v1", "subject": named}
    return {**body, "predicateType": kind, "predicate": {}, **more}


def model_signature(files: Mapping[str, str]) -> dict[str, Any]:
    """Return the statement of an OpenSSF model signature."""
    listed = sorted(files.items())
    root = hashlib.sha256(b"".join(bytes.fromhex(sha) for _, sha in listed)).hexdigest()
    resources = [{"name": name, "algorithm": "sha256", "digest": sha} for name, sha in listed]
    how = {"method": "files", "hash_type": "sha256", "allow_symlinks": False, "ignore_paths": []}
    predicate = {"serialization": how, "resources": resources}
    kind = "https://model_signing/signature/v1.0"
    return statement({"model": root}, kind, predicate=predicate)


@dataclass
class Authority:
    """A certificate authority, the log of its certificates, and the log of signatures."""

    fulcio: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    ctlog: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    rekor: ec.EllipticCurvePrivateKey = field(default_factory=_key)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test authority")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        made = made.public_key(self.fulcio.public_key()).serial_number(1)
        made = made.not_valid_before(AT - timedelta(days=900))
        made = made.not_valid_after(AT + timedelta(days=900))
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        made = made.add_extension(constraints, critical=True)
        made = made.add_extension(_usage(sign_certificates=True), critical=True)
        own = x509.SubjectKeyIdentifier.from_public_key(self.fulcio.public_key())
        made = made.add_extension(own, critical=False)
        self.root = made.sign(self.fulcio, hashes.SHA256())

    def write_root(self, path: Path) -> Path:
        """Write the trusted root of this authority."""
        since = {"start": "2020-01-01T00:00:00Z"}

        def log(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            details = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since}
            return {
                "baseUrl": "https://log.example.org",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": b64(_public(key)), **details},
                "logId": {"keyId": b64(hashlib.sha256(_public(key)).digest())},
            }

        chain = {"certificates": [{"rawBytes": b64(self.root.public_bytes(Encoding.DER))}]}
        subject = {"organization": "example.org", "commonName": "a test authority"}
        authority = {"subject": subject, "uri": "https://ca.example.org", "certChain": chain}
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.rekor)],
            "certificateAuthorities": [{**authority, "validFor": since}],
            "ctlogs": [log(self.ctlog)],
            "timestampAuthorities": [],
        }
        path.write_text(json.dumps(root))
        return path

    def attest(
        self,
        said: Mapping[str, str] | dict[str, Any],
        repository: str,
        commit: str = "c" * 40,
        *,
        signed_at: datetime = AT,
        issuer: str = ISSUER,
        san: str | None = None,
        number: int | None = None,
    ) -> bytes:
        """Return a bundle, in which a workflow of `repository` says something, at `commit`.

        `said` is a statement, or files by name and SHA-256. At `signed_at` it is logged; the
        certificate is valid at `AT`, and for `san` or the workflow. `number` is GitHub's of the
        repository.
        """
        if "_type" not in said:
            said = statement(said)
        payload, key = json.dumps(said).encode(), _key()
        kind = "application/vnd.in-toto+json"
        pae = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
        leaf = self._certificate(key, repository, commit, issuer, san, number)
        envelope = {"payload": b64(payload), "payloadType": kind}
        signature = b64(_sign(key, pae))
        pem = b64(leaf.public_bytes(Encoding.PEM))
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": signature, "verifier": pem}],
        }
        body = _canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": {
                    "certificate": {"rawBytes": b64(leaf.public_bytes(Encoding.DER))},
                    "tlogEntries": [self._logged(body, int(signed_at.timestamp()))],
                },
                "dsseEnvelope": {**envelope, "signatures": [{"sig": signature}]},
            }
        ).encode()

    def _certificate(
        self,
        key: ec.EllipticCurvePrivateKey,
        repository: str,
        commit: str,
        issuer: str,
        san: str | None,
        number: int | None,
    ) -> x509.Certificate:
        workflow = f"https://github.com/{repository}/.github/workflows/release.yml@refs/heads/main"
        made = x509.CertificateBuilder().subject_name(x509.Name([]))
        made = made.issuer_name(self.root.subject).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(AT - timedelta(minutes=1)).not_valid_after(AT + _MINUTES)
        code = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(san or workflow)])
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.fulcio.public_key())
        made = made.add_extension(_usage(sign_certificates=False), critical=True)
        made = made.add_extension(code, critical=False)
        made = made.add_extension(above, critical=False)
        made = made.add_extension(names, critical=True)
        extensions = {
            "1": issuer.encode(),
            "8": _utf8(issuer),
            "9": _utf8(workflow),
            "12": _utf8(f"https://github.com/{repository}"),
            "13": _utf8(commit),
            "18": _utf8(workflow),
            **({"15": _utf8(str(number))} if number is not None else {}),
        }
        for last, value in extensions.items():
            oid = x509.ObjectIdentifier(_OID + last)
            made = made.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
        bare = made.sign(self.fulcio, hashes.SHA256()).tbs_certificate_bytes
        sct = self._timestamp(bare)
        return made.add_extension(x509.UnrecognizedExtension(_SCT, sct), critical=False).sign(
            self.fulcio, hashes.SHA256()
        )

    def _timestamp(self, tbs: bytes) -> bytes:
        """Return the list with one timestamp of the certificates' log, as an extension has it."""
        at = int(AT.timestamp() * 1000)
        issuer = hashlib.sha256(_public(self.fulcio)).digest()
        entry = issuer + len(tbs).to_bytes(3) + tbs
        signature = _sign(self.ctlog, struct.pack("!BBQH", 0, 0, at, 1) + entry + b"\0\0")
        log = hashlib.sha256(_public(self.ctlog)).digest()
        sct = b"\0" + log + struct.pack("!QH", at, 0) + b"\4\3"
        sct += len(signature).to_bytes(2) + signature
        listed = len(sct).to_bytes(2) + sct
        listed = len(listed).to_bytes(2) + listed
        return b"\x04" + _length(listed) + listed

    def _logged(self, body: bytes, at: int) -> dict[str, Any]:
        """Return the entry of the only leaf of a log."""
        log = hashlib.sha256(_public(self.rekor)).digest()
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"log.example.org - 1\n1\n{b64(root)}\n"
        signed = b64(log[:4] + _sign(self.rekor, note.encode()))
        promise = {"body": b64(body), "integratedTime": at, "logID": log.hex(), "logIndex": 0}
        proof = {"logIndex": "0", "rootHash": b64(root), "treeSize": "1", "hashes": []}
        checkpoint = {"envelope": f"{note}\n\u2014 log.example.org {signed}\n"}
        set_ = b64(_sign(self.rekor, _canonical(promise)))
        return {
            "logIndex": "0",
            "logId": {"keyId": b64(log)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(at),
            "inclusionPromise": {"signedEntryTimestamp": set_},
            "inclusionProof": {**proof, "checkpoint": checkpoint},
            "canonicalizedBody": b64(body),
        }


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
