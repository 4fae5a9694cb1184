"""Names, URLs and keys of projects, by the hosts' own rules."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from hubtrace.graph.errors import SourceError

_GITHUB = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
"""`owner/name`: https://docs.github.com/en/rest/repos/repos and the sign-up form's rules."""
_HUGGING_FACE = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
"""`org/name`, or `name` alone for the oldest models: huggingface_hub's `validate_repo_id`."""

GITHUB = "https://github.com"
HUGGING_FACE = "https://huggingface.co"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Side(StrEnum):
    """Where a project stands: the repository side or the variant side (DESIGN.md section 1)."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Project:
    """One repository or variant: what it is called and where it was read."""

    key: str
    """First-seen canonical URL in lower case (a `file:` URL keeps its case)."""
    side: Side
    name: str
    """`owner/name` on its host; for a local path the name that the user gave it."""
    url: str
    """Where people find it; empty if it has no public place."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where people find the projects of either side. A company may have a GitHub of its own.

    A mirror of Hugging Face is no place of its own: its models are named by the Hub's pages.
    """

    github: str = GITHUB
    hugging_face: str = HUGGING_FACE

    def url(self, side: Side, name: str) -> str:
        """Return the page of a project by its name on its host.

        Raises:
            SourceError: the host allows no such name.
        """
        if side is Side.UPSTREAM:
            return repository_url(name, self.github)
        return variant_url(name, self.hugging_face)

    def has(self, project: Project) -> bool:
        """Return True if the project is on one of the two hosts."""
        base = self.github if project.side is Side.UPSTREAM else self.hugging_face
        return project.url.startswith(f"{base}/")


def is_loopback(host: str) -> bool:
    """Return True for a name or an address of this machine."""
    return host in _LOOPBACK


def is_private(url: str) -> bool:
    """Return True if nobody on the way can read what is sent: by https, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def repository_url(name: str, base: str = GITHUB) -> str:
    """Return the page of a GitHub repository `owner/name`.

    Raises:
        SourceError: GitHub allows no such name.
    """
    if not _GITHUB.fullmatch(name) or name.endswith(("/.", "/..")):
        raise SourceError(f"{name!r} is not a GitHub repository name (owner/name)")
    return f"{base}/{name}"


def variant_url(name: str, base: str = HUGGING_FACE) -> str:
    """Return the page of a Hugging Face model `org/name`.

    Raises:
        SourceError: Hugging Face allows no such name.
    """
    if not _HUGGING_FACE.fullmatch(name) or ".." in name or "--" in name:
        raise SourceError(f"{name!r} is not a Hugging Face model name (org/name)")
    return f"{base}/{name}"


def key_of(url: str) -> str:
    """Return the key of the project at a canonical URL: the URL in lower case.

    A `file:` URL keeps its case, because most file systems tell it apart.
    """
    return url if url.startswith("file:") else url.lower()


def login_host(side: Side) -> str:
    """Return the host whose logins a side's contributors have."""
    return "github.com" if side is Side.UPSTREAM else "huggingface.co"


def host_key(side: Side, host_id: str) -> str:
    """Return the alias that outlives renames: the host and its own id of the project."""
    return f"{login_host(side)}#{host_id}"
