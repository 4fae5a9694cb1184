"""What a person types or pastes for a project: a name, or an address of one of the two hosts.

Qwen/Qwen2.5-7B                                  a variant: a name alone is one
https://huggingface.co/Qwen/Qwen2.5-7B/tree/main the same
github.com/QwenLM/Qwen2.5                        a repository
git@github.com:QwenLM/Qwen2.5.git                the same
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import Hosts, Side
from hubtrace.graph.text import for_people
from hubtrace.ingest.sources.git.location import redact

_LONGEST = 2_000
"""Characters. Longer than any address that a browser shows."""
_SHOWN = 120
_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?(?P<host>[A-Za-z0-9.-]+):(?!\d+(?:/|$))(?P<path>[^/].*)")
_SHORT = {"gh": Side.UPSTREAM, "github": Side.UPSTREAM, "hf": Side.DOWNSTREAM}
"""What stands before a colon for a host."""
_SCHEMES = ("http", "https", "git", "ssh", "git+https", "git+ssh")
_PAGES = frozenset({"blob", "commit", "commits", "discussions", "raw", "resolve", "tree"})
"""The pages of a project, that follow its name in an address."""
_NO_MODELS = {
    "blog": "an article",
    "collections": "a collection",
    "datasets": "a data set",
    "docs": "a manual",
    "papers": "a paper",
    "spaces": "a space",
}
_NO_OWNERS = frozenset({"collections", "orgs", "search", "sponsors", "topics", "users"})
"""What GitHub's own pages begin with."""


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project that a person asked for."""

    side: Side
    name: str
    """`owner/name` by its host's rules; `name` alone for the oldest models."""


def parse_project(text: str, web: Hosts) -> ProjectRef:
    """Return the project that a name or an address stands for.

    A name that could be on either side is a variant, unless it says GitHub.

    Raises:
        SourceError: it is neither a name nor an address of one of the hosts.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise SourceError(f"{_shown(text) or 'an empty text'} is neither a name nor an address")
    short, _, rest = text.partition(":")
    if short.lower() in _SHORT and rest and not rest.startswith("//"):
        return _named(_SHORT[short.lower()], rest.split("/"), text, web)
    host, path = _host_and_path(text)
    if host is None:
        return _named(Side.DOWNSTREAM, path.split("/"), text, web)
    return _at(host, path, text, web)


def _host_and_path(text: str) -> tuple[str | None, str]:
    """Return the host that an address names, with its port, and the path; no host for a name."""
    if "://" not in text:
        scp_like = _SCP_LIKE.fullmatch(text)
        if scp_like:
            return scp_like["host"].lower(), scp_like["path"]
        first, _, rest = text.partition("/")
        if not ("." in first or ":" in first) or first.startswith(".") or not rest:
            return None, text
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port not in (None, 22, 80, 443) else ""
    except ValueError:
        raise SourceError(f"{_shown(text)} is not an address: it is malformed") from None
    if parts.scheme == "hf":
        return "huggingface.co", f"{parts.netloc}{parts.path}"
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise SourceError(f"{_shown(text)} is no address of a web page or a git repository")
    return f"{parts.hostname}{port}", parts.path.lstrip("/")


def _at(host: str, path: str, text: str, web: Hosts) -> ProjectRef:
    """Return the project at a path of a host."""
    parts = [part for part in path.split("/") if part]
    github, hub = urlsplit(web.github), urlsplit(web.hugging_face)
    host = host.removeprefix("www.")
    if host in ("api.github.com", f"api.{github.netloc}") and parts[:1] == ["repos"]:
        return _named(Side.UPSTREAM, parts[1:], text, web)
    if host in (github.netloc, "raw.githubusercontent.com", "ssh.github.com"):
        if parts and parts[0] in _NO_OWNERS:
            raise SourceError(f"{_shown(text)} is no page of a repository")
        return _named(Side.UPSTREAM, parts, text, web)
    if host in (hub.netloc, "hf.co"):
        return _on_the_hub(parts, text, web)
    if "." in host and text.startswith(f"{host}/") and text.count("/") == 1:
        # A dot is allowed in the names of both hosts' owners, and common in neither.
        return _named(Side.DOWNSTREAM, text.split("/"), text, web)
    raise SourceError(
        f"{_shown(text)} is neither on GitHub nor on Hugging Face; "
        "name what is elsewhere with --family, --upstream and --variant"
    )


def _on_the_hub(parts: list[str], text: str, web: Hosts) -> ProjectRef:
    if parts[:1] == ["api"]:
        parts = parts[1:]
    if parts[:1] == ["models"]:
        parts = parts[1:]
    elif parts and parts[0] in _NO_MODELS:
        raise SourceError(f"{_shown(text)} is {_NO_MODELS[parts[0]]}, not a model")
    return _named(Side.DOWNSTREAM, parts, text, web)


def _named(side: Side, parts: list[str], text: str, web: Hosts) -> ProjectRef:
    """Return the project whose name the path begins with."""
    if parts[:1] in (["."], [".."], ["~"], [""]):
        raise SourceError(
            f"{_shown(text)} is a path; name what lies here with --family, --upstream and --variant"
        )
    parts = [part for part in parts if part]
    alone = len(parts) < 2 or parts[1] in _PAGES
    length = 1 if side is Side.DOWNSTREAM and alone else 2
    name = "/".join(parts[:length]).removesuffix(".git")
    if side is Side.UPSTREAM:
        name = name.partition("@")[0].removesuffix(".git")  # `….git@v1`, as pip takes it
    elif "://" not in text and len(parts) > length and parts[length] not in _PAGES:
        raise SourceError(f"{_shown(text)} is not a {_NAMES[side]}")
    try:
        web.url(side, name)
    except SourceError:
        raise SourceError(f"{_shown(text)} is not a {_NAMES[side]}") from None
    return ProjectRef(side, name)


_NAMES = {
    Side.UPSTREAM: "GitHub repository name (owner/name)",
    Side.DOWNSTREAM: "Hugging Face model name (org/name)",
}


def _shown(text: str) -> str:
    """Return what was typed, for people: no credentials, nothing that a terminal obeys."""
    shown = redact(text[:_LONGEST])
    return for_people(shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…")
