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

SCHEMAS = {
    COMMITS_FILE: pa.schema(
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
    CHANGES_FILE: pa.schema(dict.fromkeys(("sha", "status", "path", "blob", "mode"), pa.string())),
    # What messages name: few commits have any, so that they have a file of their own.
    REFERENCES_FILE: pa.schema(
        {"sha": pa.string(), "project": pa.string(), "named": pa.string(), "copied": pa.bool_()}
    ),
    # Which address has which login, both as keys of contributors, where a host knows the login.
    PEOPLE_FILE: pa.schema({"login": pa.string(), "address": pa.string()}),
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


def tables(
    commits: list[Commit], side: Side, contributors: Contributors, logins: Mapping[str, str]
) -> dict[str, pa.Table]:
    """Return commits as rows of each of `SCHEMAS`.

    `logins` on the host of `side` are by sha, for commits that do not hold their author's login.
    """
    host = login_host(side)
    keys = [contributors.key(commit.author_name, commit.author_email) for commit in commits]
    known = [_login(commit, host, logins) for commit in commits]
    rows: dict[str, list[tuple[Any, ...]]] = {
        COMMITS_FILE: [
            (
                commit.sha,
                commit.parents,
                without_email(commit.author_name),
                login or key,
                commit.authored_at,
                commit.committed_at,
                commit.subject,
            )
            for commit, login, key in zip(commits, known, keys, strict=True)
        ],
        CHANGES_FILE: [
            (commit.sha, change.status, change.path, change.blob, change.mode)
            for commit in commits
            for change in commit.changes
        ],
        REFERENCES_FILE: _references(commits, f"https://{host}/"),
        PEOPLE_FILE: sorted(
            {
                (login, key)
                for commit, login, key in zip(commits, known, keys, strict=True)
                if commit.author_email and login and key and key.startswith("hmac:")
            }
        ),
    }
    return {name: _table(found, SCHEMAS[name]) for name, found in rows.items()}


def _login(commit: Commit, host: str, logins: Mapping[str, str]) -> str | None:
    login = commit.author_login or logins.get(commit.sha)
    return f"{host}:{login.lower()}" if login else None


def _references(commits: list[Commit], own: str) -> list[tuple[Any, ...]]:
    """Return what messages name on the other side, or by sha alone."""
    return [
        (commit.sha, reference.project, reference.sha, reference.copied)
        for commit in commits
        for reference in commit.references
        if reference.project is None or not reference.project.startswith(own)
    ]


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
