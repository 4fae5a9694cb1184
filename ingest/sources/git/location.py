"""What a user may name as the location of a project, and what git gets of it.

A location is text from a person or a file, and git takes text for more than places: `ext::`
runs a program, a leading `-` is an option. So a location is one of a few known forms, or refused.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import is_private, origin_of, redact, split_url


class Kind(Enum):
    """How a location is cloned."""

    DIRECTORY = "directory"
    """A work tree or a bare repository on this machine, read through `file://`."""
    BUNDLE = "bundle"
    """A file made by `git bundle create`."""
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Location:
    """A location that git can clone."""

    kind: Kind
    url: str
    """What git gets: never with credentials."""
    shown: str
    """What messages show: fit for a terminal, never with credentials."""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The host in lower case; empty for a local one."""
        return (urlsplit(self.url).hostname or "") if self.kind is Kind.REMOTE else ""

    def authorized(
        self, tokens: Mapping[str, str]
    ) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
        """Return the settings and the secrets that let git authenticate to a server.

        `tokens` are by origin (`origin_of`), and sent over encrypted connections only; credentials
        of the location itself go first. git asks the helper only for this scheme and
        host, and the helper finds the secret in its environment.
        """
        parts = urlsplit(self.url)
        private = parts.scheme in ("http", "https") and is_private(self.url)
        token = tokens.get(origin_of(self.url), "") if private else ""
        user, password = (self.user, self.password) if self.user else ("hubtrace", token)
        if parts.scheme not in ("http", "https") or not (self.user or token):
            return (), {}
        key = f"credential.{parts.scheme}://{parts.netloc}.helper"
        return ((key, _HELPER),), {"HUBTRACE_GIT_USER": user, "HUBTRACE_GIT_PASSWORD": password}


_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" '
    '"$HUBTRACE_GIT_USER" "$HUBTRACE_GIT_PASSWORD"; }; f'
)
_CLONED = ("https", "http", "ssh", "git")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRANSPORT_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_LIKE_REMOTE = re.compile(r"//|(?:https?|ssh|git|file)//|[^/]*[:@]")
_SHORT_REMOTE = re.compile(
    r"(?!(?:https?|ssh|git|file):|[A-Za-z]:\\|[^/@]*:[^/]*@)"
    r"(?:(?!-)[\w.+~%\\-]+@)?(?P<host>(?!-)[\w.-]+|\[[0-9A-Fa-f:.]+\]):(?!/?-)(?P<path>\S+)"
)
"""`git@example.org:owner/name`, but a scheme without its slashes, a drive, and a password."""
_BUNDLE = re.compile(rb"# v[0-9]+ git bundle\n")


def exists(location: str) -> bool:
    """Return True if a text is the path of something on this machine."""
    try:
        return Path(location).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user, a NUL
        return False


def split_remote(location: str) -> SplitResult | None:
    """Return the parts of what git would clone from, its short form as ssh; None for a path.

    A text is a path if something is there, or if git would take it for nothing else.

    Raises:
        SourceError: git would run a program for it, or it is not read, or it is malformed.
    """
    shown = redact(location)
    if not location or location.startswith("-") or _CONTROL.search(location):
        raise SourceError(f"{shown or 'an empty text'} is not a place that git can clone")
    if _TRANSPORT_HELPER.match(location):
        raise SourceError(f"{shown} names a transport program; hubtrace runs none")
    if "://" in location:
        parts = split_url(location)
        if parts.scheme == "file" and parts.netloc in ("", "localhost"):
            return parts
        if parts.scheme not in _CLONED:
            raise SourceError(
                f"{shown} is not of a kind that is read: {', '.join(_CLONED)} or file"
            )
        if not parts.hostname or parts.hostname.startswith("-") or " " in parts.netloc:
            raise SourceError(f"{shown} names no host")
        return parts
    if exists(location) or not _LIKE_REMOTE.match(location):
        return None
    if scp_like := _SHORT_REMOTE.fullmatch(location):
        return split_url(f"ssh://{scp_like['host']}/{scp_like['path'].lstrip('/')}")
    raise SourceError(
        f"{shown} is neither a path here nor the address of a repository, "
        "like https://example.org/owner/name or git@example.org:owner/name"
    )


def parse_location(location: str) -> Location:
    """Return what `location` names: a directory, a bundle file, or a URL that git can clone.

    Raises:
        SourceError: it is not one of these, or no such file exists.
    """
    parts, shown = split_remote(location), redact(location)
    if parts is None:
        return _from_path(Path(location), shown)
    if "://" not in location:
        return Location(Kind.REMOTE, location, shown)
    return _from_url(parts, shown)


def _from_url(parts: SplitResult, shown: str) -> Location:
    if parts.scheme == "file":
        return _from_path(Path(unquote(parts.path, errors="surrogateescape")), shown)
    secret = (unquote(parts.username or ""), unquote(parts.password or ""))
    if any(map(_CONTROL.search, secret)):
        raise SourceError(f"{shown} carries credentials with control characters")
    _, _, host = parts.netloc.rpartition("@")
    keeps_user = parts.scheme == "ssh" and parts.username
    netloc = f"{parts.username}@{host}" if keeps_user else host
    url = parts._replace(netloc=netloc).geturl()
    user, password = secret if parts.scheme in ("http", "https") else ("", "")
    return Location(Kind.REMOTE, url, shown, user, password)


def _from_path(path: Path, shown: str) -> Location:
    try:
        real = path.resolve(strict=True)
        if real.is_dir():
            return Location(Kind.DIRECTORY, "file://" + quote(os.fsencode(real)), shown)
        is_bundle = False
        if real.is_file():  # a pipe would block
            with real.open("rb") as file:
                is_bundle = _BUNDLE.match(file.readline(64)) is not None
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: a loop of symbolic links; ValueError: no name that a file can have
        reason = getattr(error, "strerror", None) or "it cannot be resolved"
        raise SourceError(f"cannot read {shown}: {reason}") from error
    if not is_bundle:
        raise SourceError(f"{shown} is not a git repository or a git bundle")
    return Location(Kind.BUNDLE, str(real), shown)
