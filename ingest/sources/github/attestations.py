"""Attestations that GitHub lists for files: https://docs.github.com/en/rest/orgs/attestations.

They are asked for by SHA-256, all of an owner's together. Bundles come inside the response, or as
addresses of files in Snappy's format, depending on the server's age.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import repository_url
from hubtrace.ingest.http import OffHost, ResponseTooLong
from hubtrace.ingest.sigstore_bundles import BUNDLE_BYTES
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.client import AccessDenied, Client

_DIGESTS = 1_000
"""In one question."""
_ONE_BY_ONE = 20
"""Digests that are asked for singly where a server has no lists by owner."""
_BUNDLES = 20
"""Of one file that are read."""
_PAGES = 50


def listed(
    client: Client, owner: str, repositories: Sequence[str], digests: Iterable[str]
) -> Mapping[str, list[bytes | None]] | None:
    """Return the bundles of each file, by SHA-256; None if this server does not tell.

    A bundle that lies where nothing is read from is None. `repositories` are those of the owner
    that are asked on a server without lists by owner.

    Raises:
        SourceError: GitHub cannot be reached.
    """
    repository_url(f"{owner}/x")
    found: dict[str, list[bytes | None]] = {}
    wanted = sorted(set(digests))
    for first in range(0, len(wanted), _DIGESTS):
        some = wanted[first : first + _DIGESTS]
        entries = _by_owner(client, owner, some)
        if entries is None:
            entries = _by_repository(client, repositories, some[:_ONE_BY_ONE])
            if entries is None:
                return None
            some = some[:_ONE_BY_ONE]
        for digest in some:
            bundles = entries.get(f"sha256:{digest}") or []
            found[digest] = [_bundle(client, owner, it) for it in bundles[:_BUNDLES]]
    return found


def _by_owner(
    client: Client, owner: str, digests: Sequence[str]
) -> dict[str, list[schemas.Listed]] | None:
    """Return what is listed of an organisation's or a user's repositories; None if it is not."""
    body = {"subject_digests": [f"sha256:{digest}" for digest in digests]}
    found: dict[str, list[schemas.Listed]] = {}
    for kind in ("orgs", "users"):
        path = f"/{kind}/{owner}/attestations/bulk-list"
        after = ""
        try:
            for _ in range(_PAGES):
                page = client.post(f"{path}?per_page=100{after}", schemas.BulkAttestations, body)
                for digest, bundles in page.content.attestations_subject_digests.items():
                    found.setdefault(digest, []).extend(bundles or ())
                info = page.content.page_info
                if info is None or not info.has_next or not info.next:
                    return found
                after = f"&after={quote(info.next, safe='')}"
            raise SourceError(f"{path}: more than {_PAGES} pages are not read")
        except AccessDenied as denied:
            if denied.status not in (403, 404, 405):
                raise
    return None


def _by_repository(
    client: Client, repositories: Sequence[str], digests: Sequence[str]
) -> dict[str, list[schemas.Listed]] | None:
    """Return what single files have; None if no answer shows that the server knows attestations."""
    found: dict[str, list[schemas.Listed]] = {}
    for name in repositories:
        for digest in digests:
            path = f"/repos/{name}/attestations/sha256:{digest}"
            try:
                answer = client.get(path, schemas.Attestations, {"per_page": "100"})
            except AccessDenied as denied:
                if denied.status not in (403, 404, 422):
                    raise
                continue  # none, or no such list on this server
            found.setdefault(f"sha256:{digest}", []).extend(answer.content.attestations)
    return found or None


def _bundle(client: Client, owner: str, it: schemas.Listed) -> bytes | None:
    """Return a bundle; None if there is no address from which one is read."""
    inline = bytes(it.bundle)
    if inline not in (b"null", b""):
        return inline
    try:
        raw = client.download(it.bundle_url or "", f"an attestation of {owner}", BUNDLE_BYTES)
    except (OffHost, ResponseTooLong):
        return None
    return raw if raw.lstrip()[:1] == b"{" else unpacked(raw)


def unpacked(raw: bytes) -> bytes:
    """Return what a block of Snappy holds, empty if it is broken or too long.

    https://github.com/google/snappy/blob/main/format_description.txt
    """
    out = bytearray()
    try:
        size, at = _varint(raw)
        if size > BUNDLE_BYTES:
            return b""
        while at < len(raw):
            tag, kind = raw[at], raw[at] & 3
            at += 1
            if kind == 0:  # a literal
                length = tag >> 2
                if length >= 60:
                    width = length - 59
                    length = int.from_bytes(raw[at : at + width], "little")
                    at += width
                out += raw[at : at + length + 1]
                at += length + 1
            else:  # a copy of what is there, which may overlap its own end
                width = (0, 1, 2, 4)[kind]
                length = ((tag >> 2) & 7) + 4 if kind == 1 else (tag >> 2) + 1
                high = (tag >> 5) << 8 if kind == 1 else 0
                offset = high | int.from_bytes(raw[at : at + width], "little")
                at += width
                if not 0 < offset <= len(out):
                    return b""
                piece = out[-offset:][:length]
                out += (piece * (length // len(piece) + 1))[:length]
            if len(out) > size:
                return b""
    except IndexError:
        return b""
    return bytes(out) if len(out) == size else b""


def _varint(raw: bytes) -> tuple[int, int]:
    """Return the number that a block begins with, and where it ends."""
    value = 0
    for at in range(5):
        value |= (raw[at] & 0x7F) << (7 * at)
        if not raw[at] & 0x80:
            return value, at + 1
    raise IndexError
