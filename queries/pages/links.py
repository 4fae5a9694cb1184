"""Links in pages: only to where people expect them to go; everything else is text."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from graph.text import for_people

HUBS = frozenset({"github.com", "huggingface.co"})
"""Hosts that a page links to."""

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def link(url: str | None, text: str, known: Collection[str] = ()) -> Markup:
    """Return `text` as a link to `url`, or as plain text where the page must not lead there.

    A link goes by http or https to GitHub or Hugging Face, or to a place under one of the `known`
    URLs (those that the graph has for its projects), and never names a user or a password.
    """
    shown = escape(for_people(text))
    if url is None or not is_safe(url, known):
        return shown
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(url, shown)


def commit_url(project_url: str | None, sha: str | None) -> str | None:
    """Return where a hub shows a commit; None where there is no such place."""
    if not project_url or sha is None or not _SHA.fullmatch(sha):
        return None
    return f"{project_url.rstrip('/').removesuffix('.git')}/commit/{sha}"


def is_safe(url: str, known: Collection[str] = ()) -> bool:
    """Return True if a page may lead to `url`; see `link`."""
    if for_people(url) != url or any(char in url for char in " \\"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return False
    return parts.netloc in HUBS or any(_is_under(url, place) for place in known)


def _is_under(url: str, place: str) -> bool:
    place = place.rstrip("/")
    return bool(place) and (url == place or url.startswith(f"{place}/"))
