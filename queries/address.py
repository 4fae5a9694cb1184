"""What a person points at: a commit, a file or a project, by URL, by name or by its id."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from hubtrace.graph.errors import CatalogueError

_HASH = re.compile(r"[0-9a-f]{7,40}")
_FILE = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[^:\s]+))?:(?P<path>.+)", re.S)
_GITHUB = frozenset({"github.com", "www.github.com", "raw.githubusercontent.com"})
_HUB = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_HOSTS = _GITHUB | _HUB
_TREES = frozenset({"blob", "resolve", "raw", "tree", "edit"})
UPSTREAM, DOWNSTREAM = "upstream", "downstream"


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody points; what is not said is None."""

    text: str
    """As it was given."""
    side: str | None = None
    """`upstream` or `downstream`, where the address tells it."""
    project: str | None = None
    """`owner/name` on its host."""
    sha: str | None = None
    """A commit or a blob by its id, or by its first letters."""
    revision: str | None = None
    """A branch, tag or commit at which a file is looked at."""
    path: str | None = None


def parse_address(text: str) -> Address:
    """Return what a text points at; whether it exists is for the graph to say.

    Understood are ids (7 to 40 hexadecimal digits), pages of commits, files and projects on GitHub
    and Hugging Face, `org/model`, `org/model:path`, `org/model@revision:path`, `org/model/path`.

    Raises:
        CatalogueError: it is none of these.
    """
    stripped = text.strip()
    if _HASH.fullmatch(stripped.lower()):
        return Address(text, sha=stripped.lower())
    if stripped.partition("/")[0].lower() in _HOSTS:
        stripped = f"https://{stripped}"
    if "://" in stripped:
        return _of_page(text, stripped)
    if match := _FILE.fullmatch(stripped):
        return Address(text, project=match["name"], revision=match["revision"], path=match["path"])
    parts = stripped.strip("/").split("/")
    if all(parts) and len(parts) <= 2:
        return Address(text, project="/".join(parts))
    if all(parts):
        return Address(text, project="/".join(parts[:2]), path="/".join(parts[2:]))
    raise CatalogueError(
        f"{text!r} is no commit, file or project; give a sha, a URL of GitHub or Hugging Face, "
        "or ORG/MODEL:PATH"
    )


def _of_page(text: str, url: str) -> Address:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:  # such as an unclosed bracket
        host, parts = "", urlsplit("")
    path = [unquote(part) for part in parts.path.split("/") if part]
    if host == "raw.githubusercontent.com" and len(path) >= 4:
        path = [*path[:2], "raw", *path[2:]]
    if host not in _HOSTS or not path:
        raise CatalogueError(f"{text!r} is no page of a project on GitHub or Hugging Face")
    if host in _HUB:
        return _of_hub(text, path)
    return _within(text, UPSTREAM, path, 2)


def _of_hub(text: str, path: list[str]) -> Address:
    if path[0] in ("datasets", "spaces"):
        raise CatalogueError(f"{text!r} is one of the Hub's {path[0]}; hubtrace traces models")
    # The oldest models have no organisation: `gpt2/blob/main/config.json`.
    alone = len(path) == 1 or path[1] in _TREES | {"commit", "commits"}
    return _within(text, DOWNSTREAM, path, 1 if alone else 2)


def _within(text: str, side: str, path: list[str], length: int) -> Address:
    name, rest = "/".join(path[:length]).removesuffix(".git"), path[length:]
    if len(rest) >= 2 and rest[0] == "commit":
        return Address(text, side, name, sha=rest[1].lower())
    if len(rest) >= 3 and rest[0] in _TREES:
        return Address(text, side, name, revision=rest[1], path="/".join(rest[2:]))
    if len(rest) == 2 and rest[0] == "tree":
        return Address(text, side, name, revision=rest[1])
    if rest:
        raise CatalogueError(f"{text!r} is no page of a commit, a file or a project")
    return Address(text, side, name)
