"""Families of projects: as a file states them, as a command line does, as a snapshot holds them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from hubtrace.graph.decoding import convert
from hubtrace.graph.errors import SourceError, TableError
from hubtrace.graph.urls import (
    Address,
    Hosts,
    NotHosted,
    Project,
    Side,
    key_of,
    parse_address,
    redact,
)
from hubtrace.ingest.derive.scopes import path_prefix
from hubtrace.ingest.evidence.model import UPSTREAM, Link
from hubtrace.ingest.input_files import csv_table, in_words, read_toml
from hubtrace.ingest.records import Family, Upstream
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.sources.git.location import exists, split_remote

T = TypeVar("T")
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
    """A local path, a bundle, or any URL that git can clone; the project's own URL for its
    metadata and history from its host; empty for the metadata alone."""
    paths: tuple[str, ...] = ()
    """Path prefixes that the family's upstream is limited to; empty means all of it."""
    aliases: tuple[str, ...] = ()
    """Other keys by which it was requested, e.g. of a former name."""
    validators: Mapping[str, str] = field(default_factory=dict)
    """Kept until it is read again (`ProjectData.validators`)."""


@dataclass(frozen=True, slots=True)
class FamilyTarget:
    """A family to ingest."""

    name: str
    upstreams: tuple[Target, ...]
    variants: tuple[Target, ...]
    found: bool = False
    """True if hubtrace found the members by evidence, False if they were stated."""

    @property
    def family(self) -> Family:
        """The family as the snapshot records it."""
        upstreams = tuple(Upstream(up.project.key, up.paths) for up in self.upstreams)
        variants = tuple(v.project.key for v in self.variants)
        return Family(self.name, upstreams, variants, found=self.found)

    def __post_init__(self) -> None:
        """Refuse a family that looks like a mistake."""
        if not self.name.strip():
            raise SourceError("a family needs a name")
        if not self.upstreams and not self.variants:
            raise SourceError(f"family {self.name} has no projects; give --upstream and --variant")
        keys = [target.project.key for target in self.upstreams + self.variants]
        for key in keys:
            if keys.count(key) > 1:
                raise SourceError(f"family {self.name} names {key} twice")


def parse_target(
    side: Side, text: str, paths: tuple[str, ...] = (), web: Hosts | None = None
) -> Target:
    """Return the project that `PATH_OR_URL`, `NAME=PATH_OR_URL` or a name alone stands for.

    A page of one of the hosts, or a name that is not a path here, is read from the host.

    Raises:
        SourceError: the name is not one of the host's, or it is needed and missing; or a path is
            not one of a repository.
    """
    hosts, paths = web or Hosts(), tuple(map(path_prefix, paths))
    if not text.strip():
        raise SourceError(f"{_OPTIONS[side]}: an empty text is not a project")
    named = _NAMED.fullmatch(text)
    if named:
        name, location = named["name"], named["location"]
        split_remote(location)
        on_host = side is Side.DOWNSTREAM or "/" in name
        project = hosts.project(side, name) if on_host else _elsewhere(location, name)
        return Target(project, location, paths)
    address = None if exists(text) else _address(side, text, hosts)
    if address is not None:
        project = hosts.project(side, address.name)
        return Target(project, text if _FOR_GIT.match(text) else project.url, paths)
    if side is Side.DOWNSTREAM:
        shown = redact(text)
        raise SourceError(f"the variant at {shown} needs a name: --variant ORG/NAME={shown}")
    return Target(_elsewhere(text), text, paths)


_FOR_GIT = re.compile(r"(?:git|ssh)://|https?://[^/]*@|[\w.-]+@[\w.-]+:", re.IGNORECASE)
"""Clone URLs that git is given as they are: by another protocol, or with credentials."""
_OPTIONS = {Side.UPSTREAM: "--upstream", Side.DOWNSTREAM: "--variant"}


def _address(side: Side, text: str, hosts: Hosts) -> Address | None:
    """Return what a text names on the side's host; None for a path or another host."""
    try:
        address = parse_address(text, hosts)
    except NotHosted:
        return None
    except SourceError:
        if "://" in text or _HOSTED.match(text):
            raise
        return None
    if address.side is None:  # a name alone, and nothing more
        return address if "/" in text and address.name == text else None
    if address.side is not side and "://" not in text:
        raise SourceError(f"{redact(text)} is not on the side of {_OPTIONS[side]}")
    return address if address.side is side else None


def _elsewhere(location: str, name: str | None = None) -> Project:
    """Return the repository at a location on neither host, under its canonical URL.

    Raises:
        SourceError: the URL is malformed, or no path can be like that.
    """
    parts = split_remote(location)
    is_local = parts is None or parts.scheme == "file"
    if parts is None or is_local:
        try:
            path = parts.path if parts else location
            url = Path(path).expanduser().resolve().as_uri()
        except (OSError, RuntimeError, ValueError) as error:
            raise SourceError(f"{redact(location)} is not a path: {error}") from None
    else:
        netloc = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
        url = f"{parts.scheme}://{netloc}{parts.path.rstrip('/').removesuffix('.git')}"
    last = url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git").removesuffix(".bundle")
    return Project(key_of(url), Side.UPSTREAM, name or last, "" if is_local else url)


_COLUMNS = ["family", "side", "location"]
_SIDES = {"upstream": Side.UPSTREAM, "variant": Side.DOWNSTREAM}


def read_families(file: Path, web: Hosts | None = None) -> list[FamilyTarget]:
    """Return the families of a `.toml` or `.csv` file.

    Relative paths that exist beside it are relative to its folder. `web` has the hosts' addresses.

    Raises:
        TableError: the file is broken; the message names the line or the family.
    """
    readers: dict[str, Callable[[Path, _Parse], list[FamilyTarget]]] = {
        ".toml": _toml,
        ".csv": _csv,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise TableError(f"{file} is neither .toml nor .csv")
    hosts = web or Hosts()

    def parse(side: Side, text: str, paths: Iterable[str] = ()) -> Target:
        name, separator, location = text.rpartition("=")
        beside = file.parent / location
        if "://" not in location and not Path(location).is_absolute() and beside.exists():
            text = f"{name}{separator}{beside}"
        return parse_target(side, text, tuple(paths), hosts)

    try:
        families = reader(file, parse)
    except OSError as error:
        raise TableError(f"cannot read {file}: {error.strerror}") from None
    if not families:
        raise TableError(f"{file} names no family")
    return families


class _Parse(Protocol):
    def __call__(self, side: Side, text: str, paths: Iterable[str] = ()) -> Target: ...


class _UpstreamTable(Struct, forbid_unknown_fields=True):
    location: str
    paths: list[str] | str = []


class _FamilyTable(Struct, forbid_unknown_fields=True):
    name: str = ""
    upstream: list[_UpstreamTable | str] | _UpstreamTable | str = []
    variants: list[str] | str = []


def _toml(file: Path, parse: _Parse) -> list[FamilyTarget]:
    toml = read_toml(file)
    tables = toml.body.get("family", [])
    if more := sorted(toml.body.keys() - {"family"}):
        raise TableError(f"{toml.at(more[0])}: expected [[family]] tables, found {_quoted(more)}")
    if not isinstance(tables, list):
        raise TableError(f"{toml.at('family')}: expected [[family]] tables, found `family`")
    families: dict[str, FamilyTarget] = {}
    for number, table in enumerate(tables):
        try:
            family = _toml_family(convert(table, _FamilyTable), parse)
            if family.name in families:
                raise SourceError("it stands here twice")
        except (SourceError, msgspec.ValidationError) as error:
            name = table.get("name") if isinstance(table, dict) else None
            named = name if name and isinstance(name, str) else number + 1
            place = toml.at("family", number)
            raise TableError(f"{place}: family {named}: {in_words(error)}") from None
        families[family.name] = family
    return list(families.values())


def _toml_family(table: _FamilyTable, parse: _Parse) -> FamilyTarget:
    named: list[_UpstreamTable | str] = _sequence(table.upstream)
    tables = [_UpstreamTable(it) if isinstance(it, str) else it for it in named]
    upstreams = [parse(Side.UPSTREAM, it.location, _sequence(it.paths)) for it in tables]
    variants = [parse(Side.DOWNSTREAM, it) for it in _sequence(table.variants)]
    return FamilyTarget(table.name, tuple(upstreams), tuple(variants))


def _csv(file: Path, parse: _Parse) -> list[FamilyTarget]:
    projects: dict[str, dict[Side, list[Target]]] = {}
    for number, row in csv_table(file, _COLUMNS, {*_COLUMNS, "paths"}.__contains__):
        line = f"{file}:{number}"
        if missing := [name for name in _COLUMNS if not row[name].strip()]:
            raise TableError(f"{line}: {_quoted(missing)} is empty")
        if row["side"] not in _SIDES:
            raise TableError(f"{line}: side is {row['side'][:80]!r}, not upstream or variant")
        side = _SIDES[row["side"]]
        try:
            target = parse(side, row["location"], row.get("paths", "").split())
        except SourceError as error:
            raise TableError(f"{line}: {error}") from None
        family = projects.setdefault(row["family"], {both: [] for both in Side})
        known = [one for some in family.values() for one in some]
        same = [one for one in known if one.project.key == target.project.key]
        if same and same != [target]:
            named = f"family {row['family']} names {target.project.key} twice"
            raise TableError(f"{line}: {named}, and not in the same way")
        if not same:
            family[side].append(target)
    return [
        FamilyTarget(name, tuple(sides[Side.UPSTREAM]), tuple(sides[Side.DOWNSTREAM]))
        for name, sides in projects.items()
    ]


def _sequence(value: list[T] | T) -> list[T]:
    return value if isinstance(value, list) else [value]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


class FamilyRegistry:
    """The families of the snapshot that `writer` writes, read once."""

    def __init__(self, writer: SnapshotWriter) -> None:
        self._writer = writer
        self._families = {family.name: family for family in writer.snapshot.families()}

    def record(self, target: FamilyTarget, failed: Collection[str]) -> bool:
        """Record a family if enough of its members can be read; return whether they can.

        A stated one needs all its projects, read now or before; of a found one, those
        that the snapshot holds are enough. `failed` are the keys that could not be read now.
        """
        family = self._grown(target.family) if target.found else target.family
        members = [up.project for up in family.upstreams], family.variants
        if target.found:
            if not all(map(self._writer.snapshot.holds, members[0])) or not members[1]:
                return False
        elif any(key in failed for some in members for key in some):
            return False
        for other in list(self._without(family)):
            self._write(other)
        self._write(family)
        return True

    def lost_by(self, target: FamilyTarget) -> list[str]:
        """Return the names of the members that the family of a name has, and that it would lose."""
        known = self._families.get(target.name)
        if known is None or target.found:
            return []
        keys = {one.project.key for one in target.upstreams + target.variants}
        named = {self._writer.key_of_alias(key) or key for key in keys} | keys
        members = [*(up.project for up in known.upstreams), *known.variants]
        histories = ((key, self._writer.snapshot.project(key)) for key in members)
        return [h.project.name if h else key for key, h in histories if key not in named]

    def _grown(self, found: Family) -> Family:
        """Return the family with the members that it had, without those that others have."""
        known = self._families.get(found.name, found)
        stated = {
            key
            for family in self._families.values()
            if not family.found and family.name != found.name
            for key in family.variants
        }
        new = [key for key in found.variants if key not in stated]
        upstreams = {up.project: up for up in (*known.upstreams, *found.upstreams)}
        return replace(
            known,
            upstreams=tuple(upstreams.values()),
            variants=tuple(
                filter(self._writer.snapshot.holds, dict.fromkeys([*known.variants, *new]))
            ),
        )

    def _without(self, family: Family) -> Iterator[Family]:
        """Yield the families that were found and lose variants to this one."""
        taken = set(family.variants)
        for other in self._families.values():
            if other.found and other.name != family.name and taken & set(other.variants):
                left = tuple(key for key in other.variants if key not in taken)
                yield replace(other, variants=left)

    def _write(self, family: Family) -> None:
        if self._families.get(family.name) != family:
            self._writer.write_family(family)
            self._families[family.name] = family


@dataclass(frozen=True, slots=True)
class Adopted:
    """A variant that became a member of a family."""

    variant: str
    family: str
    method: str
    confidence: float


def assign_by_content(path: Path, links: Mapping[str, Sequence[Link]]) -> list[Adopted]:
    """Record in a snapshot the members that derived links show and that no family has.

    Discovery weighs what texts say before anything is read. Files that both sides share and
    commits that name each other show only in whole histories, and can make a variant a member of
    its repository's family, too (docs/design.md, section 1).

    Raises:
        SnapshotError: the snapshot cannot be read or written.
    """
    families = Snapshot(path).families()
    taken = {key for family in families for key in family.variants}
    upstream = sorted(
        (link.repository, variant, link)
        for variant, found in links.items()
        for link in found
        if link.role == UPSTREAM and variant not in taken
    )
    if not upstream:
        return []
    # A family that takes only some paths of a repository is not the repository's own.
    names = {up.project: f.name for f in families for up in f.upstreams if not up.paths}
    assigned: list[Adopted] = []
    with SnapshotWriter(path) as writer:
        registry = FamilyRegistry(writer)
        for repository_key, variant_key, link in upstream:
            variant = _held(writer.snapshot, variant_key)
            repository = _held(writer.snapshot, repository_key)
            if variant is None or repository is None:
                continue  # known by name alone, or gone
            if repository_key not in names:
                free = repository.name not in names.values()
                names[repository_key] = repository.name if free else repository_key.split("//")[-1]
            name = names[repository_key]
            members = Target(repository, repository.url), Target(variant, variant.url)
            target = FamilyTarget(name, members[:1], members[1:], found=True)
            if registry.record(target, ()):
                assigned.append(Adopted(variant.name, name, link.best_method, link.confidence))
    return assigned


def _held(snapshot: Snapshot, key: str) -> Project | None:
    """Return a project whose history the snapshot holds; None of a repository that is gone."""
    history = snapshot.project(key)
    if history is None or not history.has_commits:
        return None
    gone = history.details is not None and history.details.gone
    return None if gone and history.project.side is Side.UPSTREAM else history.project
