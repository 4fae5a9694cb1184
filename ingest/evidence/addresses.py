"""Addresses of repositories and variants, in whatever form texts write them.

A user and a password in an address are never kept, and neither is anything after the names.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import repository_url, variant_url

_LONGEST = 2_000
"""Characters of an address; a longer one is none."""

_GITHUB = {"github.com", "www.github.com", "raw.githubusercontent.com", "codeload.github.com"}
_HUB = {"huggingface.co", "www.huggingface.co", "hf.co", "huggingface.com", "hf-mirror.com"}
_SCHEMES = {"http", "https", "git", "ssh", "git+https", "git+ssh", "git+http"}

_URL = re.compile(
    r"(?:git@[\w.-]{1,100}:|(?:git\+)?(?:https?|git|ssh)://|(?<![\w/.@-])(?:www\.)?"
    r"(?:github\.com|huggingface\.co|hf\.co)/)[^\s<>\"'`|\\^{}\]\[()\u3001\u3002\u3010\u3011\uff08\uff09\uff0c\uff1b]{1,2000}",
    re.IGNORECASE,
)
_SCP = re.compile(r"(?:[\w.-]{1,100}@)?([\w.-]{1,100}):([^/].*)", re.DOTALL)

_NO_OWNER = {
    *("about", "apps", "collections", "contact", "customer-stories", "enterprise", "explore"),
    *("features", "github", "issues", "join", "login", "marketplace", "new", "notifications"),
    *("orgs", "organizations", "pricing", "pulls", "search", "security", "settings", "site"),
    *("sponsors", "stars", "team", "topics", "trending", "user-attachments", "users"),
}
"""First parts of GitHub's own pages. (`github` has repositories, but no models.)"""
_NO_MODEL = {
    *("api", "blog", "chat", "collections", "datasets", "docs", "enterprise", "inference"),
    *("join", "kernels", "learn", "login", "models", "new", "organizations", "papers", "posts"),
    *("pricing", "search", "settings", "spaces", "support", "tasks", "terms-of-service"),
    *("privacy", "welcome", "brand", "buckets", "jobs", "changelog", "inference-endpoints"),
    *("transformers", "course", "front", "assets", "avatars", "autotrain", "shop", "nlp"),
    *("inference-api", "hardware", "reports", "leaderboards", "storage"),
}
"""First parts of the Hub's own pages, and the kinds of repository that are no models."""
_PLACEHOLDERS = {
    *("account", "example", "id", "me", "my", "name", "namespace", "org", "organization", "owner"),
    *("repo", "some", "the", "user", "username", "yourname", "yourusername", "yourorg", "your"),
    *("myorg", "myname", "myuser", "myusername", "hf", "huggingface", "github", "youruser"),
}
"""Words of names that stand for a name; `huggingface` and the like only beside another one."""
_HOSTS_NAMES = {"hf", "huggingface", "github"}


def addresses_in(text: str) -> Iterator[str]:
    """Yield the addresses in plain text or code, without the punctuation that ends a sentence."""
    for match in _URL.finditer(text):
        yield match[0].rstrip(".,;:!?*_~$")


def repository_in(address: str) -> str | None:
    """Return `owner/name` if an address lies in a GitHub repository, else None."""
    parts = _parts(address, _GITHUB)
    if len(parts) < 2 or parts[0].lower() in _NO_OWNER or is_placeholder(parts[0]):
        return None
    name = f"{parts[0]}/{_without_version(parts[1])}"
    return name if _allowed(repository_url, name) else None


def variant_in(address: str) -> str | None:
    """Return `org/name` if an address lies in a model of the Hub, else None."""
    parts = _parts(address, _HUB)
    if len(parts) < 2 or parts[0].lower() in _NO_MODEL:
        return None
    return variant_named(f"{parts[0]}/{_without_version(parts[1])}")


def variant_named(name: str) -> str | None:
    """Return `org/name` if it can be a model's name and is no example of one, else None."""
    owner, slash, model = name.partition("/")
    if not slash or not model or owner.lower() in _NO_MODEL or is_placeholder(owner):
        return None
    return name if _allowed(variant_url, name) else None


def hub_owner_in(address: str) -> str | None:
    """Return the owner if an address is the Hub page of a person or an organization, else None."""
    parts = _parts(address, _HUB)
    if len(parts) == 1 and parts[0].lower() not in _NO_MODEL and not is_placeholder(parts[0]):
        return parts[0] if _allowed(variant_url, f"{parts[0]}/x") else None
    return None


def is_placeholder(owner: str) -> bool:
    """Return True for `your-username` and the like, which stand for a name."""
    words = set(re.split(r"[-_ .]", owner.lower()))
    return words <= _PLACEHOLDERS and not words <= _HOSTS_NAMES


def rest_of(address: str) -> list[str]:
    """Return the parts of an address after `owner/name`: `["commit", "<sha>"]`."""
    return _parts(address, _GITHUB | _HUB)[2:]


def _without_version(name: str) -> str:
    """Return `model` of `model.git@v1`, as pip and submodules write it."""
    return name.partition("@")[0].removesuffix(".git")


def _parts(address: str, hosts: set[str]) -> list[str]:
    """Return the parts of an address's path if it is on one of these hosts."""
    host, path = _split(address.strip())
    if host not in hosts:
        return []
    return [unquote(part) for part in path.split("/") if part]


def _split(address: str) -> tuple[str, str]:
    if len(address) > _LONGEST or not address.isprintable():
        return "", ""
    if address.startswith("//"):
        address = f"https:{address}"
    elif "://" not in address:
        scp = _SCP.fullmatch(address)
        if scp:
            return scp[1].lower(), scp[2]
        address = f"https://{address}"
    try:
        split = urlsplit(address)
        host = split.hostname or ""
    except ValueError:
        return "", ""
    return (host, split.path) if split.scheme.lower() in _SCHEMES else ("", "")


def _allowed(page: Callable[[str], str], name: str) -> bool:
    try:
        page(name)
    except SourceError:
        return False
    return True
