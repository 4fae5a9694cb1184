"""The web and API addresses of a GitHub: github.com, a company's own server, or a proxy."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from hubtrace.graph.identity import GITHUB, is_private, server_url

_PUBLIC = ("github.com", "www.github.com", "api.github.com")
_RESIDENT = re.compile(r"(?:api\.)?([a-z0-9-]+\.ghe\.com)")
"""GitHub Enterprise Cloud with data residency: `SUBDOMAIN.ghe.com`, `api.SUBDOMAIN.ghe.com`."""


@dataclass(frozen=True, slots=True)
class Address:
    """The two base URLs of a GitHub, without a slash at the end."""

    api: str
    web: str
    """The base URL of its pages, and of what git clones."""

    @property
    def host(self) -> str:
        """The host that tokens belong to: `github.com`."""
        return urlsplit(self.web).hostname or ""

    @property
    def api_host(self) -> str:
        """The host of the API for messages: `api.github.com`, with a port if it has one."""
        return urlsplit(self.api).netloc

    @property
    def is_private(self) -> bool:
        """True if nobody on the way can read what is sent: https, or this machine."""
        return is_private(self.api)


PUBLIC = Address("https://api.github.com", GITHUB)


def parse_address(url: str) -> Address:
    """Return the GitHub that a URL names, be it the one of its pages or the one of its API.

    Raises:
        SourceError: it is not the URL of a server.
    """
    base = server_url(url, "a GitHub")
    host = urlsplit(base).hostname or ""
    if host in _PUBLIC:
        return PUBLIC
    resident = _RESIDENT.fullmatch(host)
    if resident:
        return Address(f"https://api.{resident[1]}", f"https://{resident[1]}")
    web = base.removesuffix("/api/v3")
    # https://docs.github.com/en/enterprise-server/rest: the API of a server is at /api/v3.
    return Address(f"{web}/api/v3", web)
