"""The format of a snapshot: where things lie, sealed files, and records as JSON.

The bytes of a JSON file are hashed, so they stay what they are: `json` writes and reads them, and
msgspec turns records into plain values and back, with a check of every type. (Its own decoder would
refuse half surrogates, which a host's JSON may hold.)
"""

import hashlib
import hmac
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyarrow as pa

from hubtrace.graph.atomic_files import write_atomically
from hubtrace.graph.decoding import convert, decode_json
from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError
from hubtrace.graph.text import without_addresses
from hubtrace.graph.urls import Side, login_host
from hubtrace.ingest.change_types.classifier import COLUMNS
from hubtrace.ingest.records import Commit, HostData, Observation

T = TypeVar("T")

FORMAT = 1
"""Raised when an older hubtrace could misread what a newer one wrote."""


class File(StrEnum):
    """The files and folders of a snapshot, and of a generation in it."""

    HEADER = "snapshot.json"
    SECRET = "secret.key"  # noqa: S105 - the name of a file, not a password
    LOCK = "lock"
    MANIFEST = "manifest.json"
    LOG = "manifest.log"
    """What was written since a large manifest was (docs/decisions/0058)."""
    FAMILIES = "families"
    PROJECTS = "projects"
    POINTER = "current.json"
    PROJECT = "project.json"
    DETAILS = "details.json"
    EARLIER = "earlier.json"
    """What the host said before, where generations were joined (docs/decisions/0045)."""
    COMMITS = "commits.parquet"
    CHANGES = "changes.parquet"
    REFERENCES = "references.parquet"
    PEOPLE = "people.parquet"
    SMALL = "small.parquet"
    """How much small contents say (docs/decisions/0055); earlier versions lack it."""
    TYPES = "types.parquet"
    """Derived: the change types of the commits, row by row (docs/decisions/0051)."""


KNOWN: frozenset[str] = frozenset(
    {File.HEADER, File.SECRET, File.LOCK, File.MANIFEST, File.LOG, File.FAMILIES, File.PROJECTS}
)


def looks_unused(path: Path) -> bool:
    """Return True if a snapshot can be made at `path` without touching anything of others."""
    if not path.exists():
        return True
    return path.is_dir() and all(
        entry.name in KNOWN or entry.name.startswith(".") for entry in path.iterdir()
    )


def is_empty(path: Path) -> bool:
    """Return True if a snapshot holds no project and no family."""
    return not any(path.glob(f"{File.PROJECTS}/*/{File.POINTER}")) and not any(
        path.glob(f"{File.FAMILIES}/*")
    )


def remove(path: Path) -> None:
    """Remove an empty snapshot, and its folder if nothing else is in it."""
    for folder in (path / File.PROJECTS, path / File.FAMILIES):
        shutil.rmtree(folder, ignore_errors=True)
    for name in (File.MANIFEST, File.LOG, File.HEADER, File.SECRET, File.LOCK):
        (path / name).unlink(missing_ok=True)
    if not any(path.iterdir()):
        path.rmdir()


def slug(name: str) -> str:
    """Return a folder name for `name`: readable, valid on every file system, and unambiguous."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", name.split("://")[-1]).strip("._")[-80:]
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{readable or 'project'}-{digest}"


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


_OPTIONAL = ("failed_at", "again_at", "failed_before", "since", "earlier")


def to_json(record: object) -> Any:
    """Return a record as JSON values: a dataclass is a map, a named tuple a list."""
    body = msgspec.to_builtins(record)
    if isinstance(body, dict):
        for name in _OPTIONAL:
            if name in body and not body[name]:
                del body[name]  # as before there was any
    if isinstance(record, HostData) and not record.attestations:
        del body["attestations"]  # as before there were any
    if isinstance(record, Observation):
        body["refs"] = body.pop("refs")  # has always been the last one, and files are hashed
        if body["landings"] is None:
            del body["landings"]  # as it was before there were any
    return body


def from_json(body: Any, type_: type[T], file: Path) -> T:
    """Return the record that `to_json` was given; what `type_` does not have is left out.

    Raises:
        SnapshotCorrupt: a value is missing or has another type; the message names file and field.
    """
    try:
        return convert(body, type_)
    except msgspec.ValidationError as error:
        raise SnapshotCorrupt(f"{file} does not fit the format: {error}") from None


def write_sealed(path: Path, record: object) -> str:
    """Write a record as JSON that carries its own SHA-256, atomically; return the file's."""
    text = json.dumps(to_json(record), indent=1, sort_keys=True)
    whole = f'{{"sha256": "{sha256(text.encode())}", "body":\n{text}\n}}\n'
    write_atomically(path, whole)
    return sha256(whole.encode())


def read_sealed(path: Path, type_: type[T]) -> T:
    """Return the record that `write_sealed` wrote.

    Raises:
        SnapshotCorrupt: the file is not what was written; the message names it.
    """
    return unsealed(read_file(path), path, type_)


def unsealed(raw: bytes, path: Path, type_: type[T]) -> T:
    """Return the record in the content of the file at `path`; see `read_sealed`."""
    head, _, tail = raw.partition(b"\n")
    text = tail.removesuffix(b"\n}\n")
    # Compared with what is written, so that no byte of it can be another.
    if head != f'{{"sha256": "{sha256(text)}", "body":'.encode() or tail == text:
        raise changed(path)
    with suppress(msgspec.DecodeError):  # what only `json` reads, and errors: said below
        return decode_json(text, type_)
    return from_json(parse_json(text, path), type_, path)


def read_file(path: Path | str) -> bytes:
    """Return the content of a regular file; nothing else is waited for, followed or read.

    Raises:
        SnapshotCorrupt: it is missing, or a link, a folder, a pipe or a device.
        SnapshotError: it cannot be read.
    """
    # No file object and no context manager: a load reads thousands of small files.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags)
        try:
            state = os.fstat(handle)
            if stat.S_ISREG(state.st_mode):
                raw = os.read(handle, state.st_size + 1)
                while len(raw) != state.st_size and (more := os.read(handle, _CHUNK)):
                    raw += more
                return raw
        finally:
            os.close(handle)
    except OSError as error:
        if not os.path.lexists(path):
            raise SnapshotCorrupt(f"{path} is missing") from None
        if not os.path.islink(path):
            raise SnapshotError(f"cannot read {path}: {error.strerror or error}") from None
    raise SnapshotCorrupt(f"{path} is not a regular file")


_CHUNK = 1 << 24


def parse_json(raw: bytes, path: Path) -> Any:
    """Return the JSON of a file.

    Raises:
        SnapshotCorrupt: it is none, or nests too deeply to be ours.
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise changed(path) from None


def changed(file: Path) -> SnapshotCorrupt:
    """Return the error of a file whose hash is not that of its content."""
    return SnapshotCorrupt(f"{file} has been changed since it was written")


@contextmanager
def filesystem(doing: str) -> Iterator[None]:
    """Turn an error of the file system into one sentence: `cannot <doing>: No space left …`."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"cannot {doing}: {error.strerror or error}") from None


SCHEMAS: dict[str, pa.Schema] = {
    File.COMMITS: pa.schema(
        {
            "sha": pa.string(),
            "parents": pa.list_(pa.string()),
            "author": pa.string(),
            "contributor": pa.string(),
            "authored_at": pa.int64(),
            "committed_at": pa.int64(),
            "subject": pa.string(),
        }
    ),
    File.CHANGES: pa.schema(dict.fromkeys(("sha", "status", "path", "blob", "mode"), pa.string())),
    # What messages name: few commits have any, so that they have a file of their own.
    File.REFERENCES: pa.schema(
        {"sha": pa.string(), "project": pa.string(), "named": pa.string(), "copied": pa.bool_()}
    ),
    # Which address has which login, both as keys of contributors, where a host knows the login.
    File.PEOPLE: pa.schema({"login": pa.string(), "address": pa.string()}),
    File.SMALL: pa.schema({"blob": pa.string(), "information": pa.int64()}),
    File.TYPES: COLUMNS,
}

REVERTS = "reverts "
"""What stands before the name of a commit that a message takes back: to earlier versions no sha."""

RULES = b"rules"
"""Where the metadata of `types.parquet` say by which rules the types were told."""

WRITING = {
    "compression": "zstd",
    # Columns that repeat themselves; a dictionary of shas would only be in the way.
    "use_dictionary": ["author", "contributor", "status", "mode", "change_rule"],
    # Files are read whole.
    "write_statistics": False,
}
"""How these columns are written: small files that are read in a third of a millisecond."""

# An address begins where a word does, which keeps the search linear in a name of any length.
_EMAIL = re.compile(r"<?(?<![^\s<>@])[^\s<>@]++@[^\s<>@]++>?")
# The hosts' own private addresses carry the login: `12345+login@users.noreply.github.com`.
_PRIVATE = re.compile(r"(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.(github\.com|huggingface\.co)")
_DIGEST_BYTES = 16


@dataclass
class Contributors:
    """Names of authors without their e-mail addresses (docs/design.md, section 5)."""

    secret: bytes
    _known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def key(self, name: str, email: str) -> str | None:
        """Return `<host>:<login>` where the address holds it, else an HMAC; None without a name."""
        author = (name, email)
        if author not in self._known:
            self._known[author] = self._key(name, email)
        return self._known[author]

    def _key(self, name: str, email: str) -> str | None:
        private = _PRIVATE.fullmatch(email)
        if private:
            return f"{private[2].lower()}:{private[1].lower()}"
        identity = f"mailto:{email.lower()}" if email else f"name:{name}"
        if identity == "name:":
            return None
        return f"hmac:{hmac.digest(self.secret, identity.encode(), 'sha256')[:_DIGEST_BYTES].hex()}"


def without_email(name: str) -> str:
    """Return an author's name with any e-mail address in it left out."""
    return _EMAIL.sub("", name).strip() if "@" in name else name


_OF_PROSE = frozenset({"card", "readme"})


def without_addresses_in(details: HostData) -> HostData:
    """Return what a host returned with the addresses in its prose left out: cards and READMEs."""
    texts = tuple(
        replace(text, text=without_addresses(text.text)) if text.kind in _OF_PROSE else text
        for text in details.texts
    )
    about = details.facts.description
    facts = replace(details.facts, description=without_addresses(about)) if about else details.facts
    releases = tuple(
        replace(release, name=without_addresses(release.name)) for release in details.releases
    )
    return replace(details, texts=texts, facts=facts, releases=releases)


def tables(
    commits: list[Commit], side: Side, contributors: Contributors, logins: Mapping[str, str]
) -> dict[str, pa.Table]:
    """Return commits as rows of each of `SCHEMAS`.

    `logins` on the host of `side` are by sha, for commits that do not hold their author's login.
    """
    host = login_host(side)
    keys = [contributors.key(commit.author_name, commit.author_email) for commit in commits]
    known = [_login(commit, host, logins) for commit in commits]
    columns: dict[str, list[Sequence[Any]]] = {
        File.COMMITS: [
            [commit.sha for commit in commits],
            [commit.parents for commit in commits],
            [without_email(commit.author_name) for commit in commits],
            [login or key for login, key in zip(known, keys, strict=True)],
            [commit.authored_at for commit in commits],
            [commit.committed_at for commit in commits],
            [without_addresses(commit.subject) for commit in commits],
        ],
        File.CHANGES: [
            [commit.sha for commit in commits for _ in commit.changes],
            *_columns((change for commit in commits for change in commit.changes), 4),
        ],
        File.REFERENCES: _columns(_references(commits, f"https://{host}/"), 4),
        File.PEOPLE: _columns(
            sorted(
                {
                    (login, key)
                    for commit, login, key in zip(commits, known, keys, strict=True)
                    if commit.author_email and login and key and key.startswith("hmac:")
                }
            ),
            2,
        ),
    }
    return {name: _table(found, SCHEMAS[name]) for name, found in columns.items()}


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[Sequence[Any]]:
    """Return rows as columns; `zip` of as many iterators is ten times slower."""
    rows = list(rows)
    return [[row[place] for row in rows] for place in range(width)]


def _login(commit: Commit, host: str, logins: Mapping[str, str]) -> str | None:
    login = commit.author_login or logins.get(commit.sha)
    return f"{host}:{login.lower()}" if login else None


def _references(commits: list[Commit], own: str) -> Iterator[tuple[Any, ...]]:
    """Yield what messages name on the other side, or by sha alone."""
    for commit in commits:
        for reference in commit.references:
            if reference.project is None or not reference.project.startswith(own):
                named = f"{REVERTS}{reference.sha}" if reference.taken_back else reference.sha
                yield commit.sha, reference.project, named, reference.copied


def _table(columns: list[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
