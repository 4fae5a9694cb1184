"""Where a GitHub is: github.com, a company's own server, or one that a proxy stands for."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import GITHUB, is_private
from hubtrace.ingest.sources.git.location import redact

_PUBLIC = ("github.com", "www.github.com", "api.github.com")


_RESIDENT = re.compile(r"(?:api\.)?([a-z0-9-]+\.ghe\.com)")
"""GitHub Enterprise Cloud with data residency: `SUBDOMAIN.ghe.com`, `api.SUBDOMAIN.ghe.com`."""


@dataclass(frozen=True, slots=True)
class Address:
    """The two addresses of a GitHub, without a slash at the end."""

    api: str
    web: str
    """Where its pages are, and where git clones from."""

    @property
    def host(self) -> str:
        """The host that tokens belong to: `github.com`."""
        return urlsplit(self.web).hostname or ""

    @property
    def api_host(self) -> str:
        """The host that answers, for people: `api.github.com`, with a port if it has one."""
        return urlsplit(self.api).netloc

    @property
    def is_private(self) -> bool:
        """True if nobody on the way can read what is sent: https, or this machine."""
        return is_private(self.api)


PUBLIC = Address("https://api.github.com", GITHUB)


def parse_address(url: str) -> Address:
    """Return the GitHub that a URL names, be it the one of its pages or the one of its API.

    Raises:
        SourceError: it is no URL of a server.
    """
    parts = _parts(url)
    host = (parts.hostname or "").lower()
    if host in _PUBLIC:
        return PUBLIC
    resident = _RESIDENT.fullmatch(host)
    if resident:
        return Address(f"https://api.{resident[1]}", f"https://{resident[1]}")
    base = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
    web = base.removesuffix("/api/v3")
    # https://docs.github.com/en/enterprise-server/rest: the API of a server is at /api/v3.
    return Address(f"{web}/api/v3", web)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        usable = False
    if not usable or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"{redact(url)} is no address of a GitHub, as https://github.example.com")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SourceError(f"{redact(url)} is no address of a GitHub: host and path are enough")
    return parts
