"""The Parquet columns of a generation, and how records become rows."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from hubtrace.graph.identity import Side, login_host
from hubtrace.ingest.records import Commit
from hubtrace.ingest.snapshot.format import CHANGES_FILE, COMMITS_FILE, PEOPLE_FILE, REFERENCES_FILE

COMMITS = pa.schema(
    [
        ("sha", pa.string()),
        ("parents", pa.list_(pa.string())),
        ("author", pa.string()),
        ("contributor", pa.string()),
        ("authored_at", pa.int64()),
        ("committed_at", pa.int64()),
        ("subject", pa.string()),
    ]
)
CHANGES = pa.schema(
    [
        ("sha", pa.string()),
        ("status", pa.string()),
        ("path", pa.string()),
        ("blob", pa.string()),
        ("mode", pa.string()),
    ]
)

REFERENCES = pa.schema(
    [
        ("sha", pa.string()),
        ("project", pa.string()),
        ("named", pa.string()),
        ("copied", pa.bool_()),
    ]
)
"""What messages name: few commits have any, so that they have a file of their own."""

PEOPLE = pa.schema([("login", pa.string()), ("address", pa.string())])
"""Whose address is whose login, both as keys of contributors, where a host told the login."""

SCHEMAS = {
    COMMITS_FILE: COMMITS,
    CHANGES_FILE: CHANGES,
    REFERENCES_FILE: REFERENCES,
    PEOPLE_FILE: PEOPLE,
}

WRITING = {
    "compression": "zstd",
    # Columns that repeat themselves; a dictionary of shas would only be in the way.
    "use_dictionary": ["author", "contributor", "status", "mode"],
    # Files are read whole.
    "write_statistics": False,
}
"""How these columns are written: small files that are read in a third of a millisecond."""

_EMAIL = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
# The hosts' own private addresses carry the login: `12345+login@users.noreply.github.com`.
_PRIVATE = re.compile(r"(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.(github\.com|huggingface\.co)")
_DIGEST_BYTES = 16


@dataclass
class Contributors:
    """Names of authors without their e-mail addresses (DESIGN.md section 5, *The graph*)."""

    secret: bytes
    _known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def key(self, name: str, email: str) -> str | None:
        """Return `<host>:<login>` where the address tells it, else an HMAC; None for nobody."""
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


def commit_rows(
    commits: list[Commit], contributors: Contributors, host: str, logins: Mapping[str, str]
) -> pa.Table:
    """Return commits as rows of `COMMITS`; `logins` on `host` are by sha, or on the commit."""

    def contributor(commit: Commit) -> str | None:
        login = _login(commit, host, logins)
        return login or contributors.key(commit.author_name, commit.author_email)

    columns: list[list[Any]] = [
        [commit.sha for commit in commits],
        [commit.parents for commit in commits],
        [without_email(commit.author_name) for commit in commits],
        [contributor(commit) for commit in commits],
        [commit.authored_at for commit in commits],
        [commit.committed_at for commit in commits],
        [commit.subject for commit in commits],
    ]
    return _table(columns, COMMITS)


def people_rows(
    commits: list[Commit], contributors: Contributors, host: str, logins: Mapping[str, str]
) -> pa.Table:
    """Return the addresses whose login the host told, each once, as rows of `PEOPLE`."""
    told = {
        (login, contributors.key(commit.author_name, commit.author_email))
        for commit in commits
        if commit.author_email and (login := _login(commit, host, logins))
    }
    found = sorted((login, key) for login, key in told if key and key.startswith("hmac:"))
    return _table([[login for login, _ in found], [key for _, key in found]], PEOPLE)


def _login(commit: Commit, host: str, logins: Mapping[str, str]) -> str | None:
    login = commit.author_login or logins.get(commit.sha)
    return f"{host}:{login.lower()}" if login else None


def change_rows(commits: list[Commit]) -> pa.Table:
    """Return the paths that commits changed as rows of `CHANGES`."""
    changes = [(commit.sha, change) for commit in commits for change in commit.changes]
    columns: list[list[Any]] = [
        [sha for sha, _ in changes],
        [change.status for _, change in changes],
        [change.path for _, change in changes],
        [change.blob for _, change in changes],
        [change.mode for _, change in changes],
    ]
    return _table(columns, CHANGES)


def reference_rows(commits: list[Commit], side: Side) -> pa.Table:
    """Return what messages name on the other side, or by sha alone, as rows of `REFERENCES`."""
    own = f"https://{login_host(side)}/"
    found = [
        (commit.sha, reference.project, reference.sha, reference.copied)
        for commit in commits
        for reference in commit.references
        if reference.project is None or not reference.project.startswith(own)
    ]
    columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in REFERENCES]
    return _table(columns, REFERENCES)


def _table(columns: list[list[Any]], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
