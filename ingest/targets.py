"""What a person asks to ingest: families of projects, each with a place to read it from."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from graph.errors import SourceError
from ingest.names import GITHUB, HUGGING_FACE, key_of, repository_url, variant_url
from ingest.records import Family, Project, Side, Upstream

_NAMED = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)=(?P<location>.+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """A project and where to read it."""

    project: Project
    location: str
    """A local path, a bundle, or any URL that git can clone."""
    paths: tuple[str, ...] = ()
    """Path prefixes that the family's upstream is limited to; empty means all of it."""


@dataclass(frozen=True, slots=True)
class FamilyTarget:
    """A family to ingest."""

    name: str
    upstreams: tuple[Target, ...]
    variants: tuple[Target, ...]

    @property
    def family(self) -> Family:
        """The family as the snapshot records it."""
        upstreams = tuple(Upstream(up.project.key, up.paths) for up in self.upstreams)
        return Family(self.name, upstreams, tuple(v.project.key for v in self.variants))

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


def parse_target(side: Side, text: str, paths: tuple[str, ...] = ()) -> Target:
    """Return the project that `PATH_OR_URL` or `NAME=PATH_OR_URL` stands for.

    Raises:
        SourceError: the name is not one of the host's, or it is needed and missing.
    """
    named = _NAMED.fullmatch(text)
    if named:
        return Target(_project(side, named["name"], named["location"]), named["location"], paths)
    return Target(_project(side, None, text), text, paths)


def _project(side: Side, name: str | None, location: str) -> Project:
    """Work out name, URL and key: from the given name, else from the host, else from the path."""
    host_name = name or _name_on_host(side, location)
    if side is Side.DOWNSTREAM:
        if host_name is None:
            raise SourceError(
                f"the variant at {location} needs a name: --variant ORG/NAME={location}"
            )
        url = variant_url(host_name)
        return Project(key_of(url), side, host_name, url)
    if host_name is not None and (name is None or "/" in name):
        url = repository_url(host_name)
        return Project(key_of(url), side, host_name, url)
    url = _place(location)
    return Project(key_of(url), side, name or _last_part(url), "" if _is_local(url) else url)


def _name_on_host(side: Side, location: str) -> str | None:
    """Return `owner/name` if the location is a page or a clone URL of the side's public host."""
    host = GITHUB if side is Side.UPSTREAM else HUGGING_FACE
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
