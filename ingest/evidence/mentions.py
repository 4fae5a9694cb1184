"""Projects that a text mentions: URLs in prose, without those that are only an example.

What a URL means is for `parse_address` in `hubtrace.graph.urls` to say. Credentials in it are
never kept.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Address, Side, parse_address, variant_url

_URL = re.compile(
    r"(?:git@[\w.-]{1,100}:|(?:git\+)?(?:https?|git|ssh)://|(?<![\w/.@-])(?:www\.)?"
    r"(?:github\.com|huggingface\.co|hf\.co)/)[^\s<>\"'`|\\^{}\]\[()\u3001\u3002\u3010\u3011\uff08\uff09\uff0c\uff1b]{1,2000}",
    re.IGNORECASE,
)
_PLACEHOLDERS = {
    *("account", "example", "id", "me", "my", "name", "namespace", "org", "organization", "owner"),
    *("repo", "some", "the", "user", "username", "yourname", "yourusername", "yourorg", "your"),
    *("myorg", "myname", "myuser", "myusername", "hf", "huggingface", "github", "youruser"),
}
"""Words of names that stand for a name; `huggingface` and the like only beside another one."""
_HOSTS_NAMES = {"hf", "huggingface", "github"}


def addresses_in(text: str) -> Iterator[str]:
    """Yield the URLs in plain text or code, without the punctuation that ends a sentence."""
    for match in _URL.finditer(text):
        yield match[0].rstrip(".,;:!?*_~$")


def repository_in(url: str) -> str | None:
    """Return `owner/name` if a URL leads into a GitHub repository, else None."""
    address = _address(url, Side.UPSTREAM)
    owner, _, name = address.name.partition("/") if address else ("", "", "")
    if address is None or owner.lower() == "github" or name == ".github" or is_placeholder(owner):
        return None  # GitHub's own repositories, and those of profiles, hold no models
    return address.name


def repository_shown_in(url: str) -> str | None:
    """Return `owner/name` if a URL is another host's view of a GitHub repository, else None.

    That is a notebook on Colab, a page on github.io, a badge.
    """
    try:
        address = parse_address(url)
    except SourceError:
        return None
    if address.side is not Side.UPSTREAM or not address.indirect:
        return None
    owner, _, name = address.name.lower().partition("/")
    # A person's own page, and a file of it, are not the page of a repository.
    if is_placeholder(owner) or name == f"{owner}.github.io" or name.endswith((".html", ".pdf")):
        return None
    return address.name


def variant_in(url: str) -> str | None:
    """Return `org/name` if a URL leads to a model of the Hub, else None."""
    address = _address(url, Side.DOWNSTREAM)
    return variant_named(address.name) if address else None


def variant_named(name: str) -> str | None:
    """Return `org/name` if it can be a model's name and is no example of one, else None."""
    address = _address(f"hf:{name}", Side.DOWNSTREAM)
    owner, slash, _ = name.partition("/")
    if address is None or address.name != name or not slash or is_placeholder(owner):
        return None
    return name


def hub_owner_in(url: str) -> str | None:
    """Return the owner if a URL is the Hub page of a user or an organization, else None."""
    address = _address(url, Side.DOWNSTREAM)
    if address is None or "/" in address.name or address.at or is_placeholder(address.name):
        return None
    try:
        variant_url(f"{address.name}/x")
    except SourceError:
        return None
    return address.name


def commit_in(url: str) -> str | None:
    """Return the whole sha of the commit that a URL shows, or shows files at, else None."""
    address = _address(url)
    sha = (address.at or "").lower() if address else ""
    return sha if re.fullmatch("[0-9a-f]{40}", sha) else None


def is_placeholder(owner: str) -> bool:
    """Return True for `your-username` and the like, which stand for a name."""
    words = set(re.split(r"[-_ .]", owner.lower()))
    return words <= _PLACEHOLDERS and not words <= _HOSTS_NAMES


def _address(url: str, side: Side | None = None) -> Address | None:
    """Return what a URL points at on a side's host, if it is one of the host's own pages."""
    address = _parsed(url)
    if address is None or address.indirect or side not in (None, address.side):
        return None
    return address


@lru_cache(maxsize=4_096)
def _parsed(url: str) -> Address | None:
    """Return what a URL points at; kept, because several questions are asked of each."""
    try:
        address = parse_address(url)
    except SourceError:
        return None
    return address if address.side is not None else None
