"""What a person asks to ingest: families of projects, each with a place to read it from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from graph.errors import SourceError
from ingest.git.location import redact
from ingest.names import Web, key_of
from ingest.pasted import parse_pasted
from ingest.records import Family, Project, Side, Upstream

_NAMED = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)=(?P<location>.+)", re.ASCII | re.DOTALL)
_HOSTED = re.compile(
    r"(?:gh|github|hf):|(?:www\.)?(?:github\.com|huggingface\.co|hf\.co)/", re.IGNORECASE
)
"""What an address of a host begins with where its scheme is left out."""


@dataclass(frozen=True, slots=True)
class Target:
    """A project and where to read it."""

    project: Project
    location: str
    """A local path, a bundle, or any URL that git can clone; the project's own URL for what its
    host tells and its history; empty for what its host tells alone."""
    paths: tuple[str, ...] = ()
    """Path prefixes that the family's upstream is limited to; empty means all of it."""
    aliases: tuple[str, ...] = ()
    """Other keys that it was asked for by, e.g. of a name that it had before."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What is to be remembered of it until the next time (`Reading.marks`)."""


@dataclass(frozen=True, slots=True)
class FamilyTarget:
    """A family to ingest."""

    name: str
    upstreams: tuple[Target, ...]
    variants: tuple[Target, ...]
    found: bool = False
    """True if hubtrace found the members itself, False if somebody said who they are."""

    @property
    def family(self) -> Family:
        """The family as the snapshot records it."""
        upstreams = tuple(Upstream(up.project.key, up.paths) for up in self.upstreams)
        variants = tuple(v.project.key for v in self.variants)
        return Family(self.name, upstreams, variants, found=self.found)

    def __post_init__(self) -> None:
        """Refuse a family that cannot be told apart from a slip."""
        if not self.name.strip():
            raise SourceError("a family needs a name")
        if not self.upstreams and not self.variants:
            raise SourceError(f"family {self.name} has no projects; give --upstream and --variant")
        keys = [target.project.key for target in self.upstreams + self.variants]
        for key in keys:
            if keys.count(key) > 1:
                raise SourceError(f"family {self.name} names {key} twice")


def parse_target(
    side: Side, text: str, paths: tuple[str, ...] = (), web: Web | None = None
) -> Target:
    """Return the project that `PATH_OR_URL`, `NAME=PATH_OR_URL` or a name alone stands for.

    A page of one of the hosts, or a name that is no path here, is read from the host.

    Raises:
        SourceError: the name is not one of the host's, or it is needed and missing.
    """
    named = _NAMED.fullmatch(text)
    web = web or Web()
    if named:
        project = _project(side, named["name"], named["location"], web)
        return Target(project, named["location"], paths)
    hosted = _hosted(side, text, web)
    if hosted is not None:
        return Target(hosted, hosted.url, paths)
    return Target(_project(side, None, text, web), text, paths)


def hosted_project(side: Side, name: str, web: Web) -> Project:
    """Return the project of this name on its side's host.

    Raises:
        SourceError: the host allows no such name.
    """
    url = web.url(side, name)
    return Project(key_of(url), side, name, url)


def _hosted(side: Side, text: str, web: Web) -> Project | None:
    """Return the project if the text is its page on the side's host, or its bare name."""
    parts = urlsplit(text)
    page = parts.scheme in ("http", "https")
    if page and (_name_on_host(side, text, web) is None or parts.username):
        return None  # elsewhere, or with credentials that git is to use
    if page or (_HOSTED.match(text) and not Path(text).exists()):
        asked = parse_pasted(text, web)
        if asked.side is not side:
            raise SourceError(f"{redact(text)} is not on the side of {_OPTIONS[side]}")
        return hosted_project(side, asked.name, web)
    if "/" not in text or Path(text).expanduser().exists():
        return None
    try:
        return hosted_project(side, text, web)
    except SourceError:
        return None


_OPTIONS = {Side.UPSTREAM: "--upstream", Side.DOWNSTREAM: "--variant"}


def _project(side: Side, name: str | None, location: str, web: Web) -> Project:
    """Work out name, URL and key: from the given name, else from the host, else from the path."""
    host_name = name or _name_on_host(side, location, web)
    if side is Side.DOWNSTREAM:
        if host_name is None:
            raise SourceError(
                f"the variant at {redact(location)} needs a name: "
                f"--variant ORG/NAME={redact(location)}"
            )
        return hosted_project(side, host_name, web)
    if host_name is not None and (name is None or "/" in name):
        return hosted_project(side, host_name, web)
    url = _place(location)
    return Project(key_of(url), side, name or _last_part(url), "" if _is_local(url) else url)


def _name_on_host(side: Side, location: str, web: Web) -> str | None:
    """Return `owner/name` if the location is a page or a clone URL of the side's host."""
    host = web.github if side is Side.UPSTREAM else web.hugging_face
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https", "git", "ssh"):
        return None
    if (parts.hostname or "").removeprefix("www.") != urlsplit(host).hostname:
        return None
    return "/".join(parts.path.strip("/").split("/")[:2]).removesuffix(".git")


def _place(location: str) -> str:
    """Return a canonical URL for a location on no known host, without credentials."""
    parts = urlsplit(location)
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:
        path = parts.path if parts.scheme == "file" else location
        return Path(path).expanduser().resolve().as_uri()
    netloc = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/').removesuffix('.git')}"


def _is_local(url: str) -> bool:
    return url.startswith("file:")


def _last_part(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git").removesuffix(".bundle")
