"""Names of projects by the hosts' own rules, and the keys that are made of them."""

import re

from graph.errors import SourceError

_GITHUB = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
"""`owner/name`: https://docs.github.com/en/rest/repos/repos and the sign-up form's rules."""
_HUGGING_FACE = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
"""`org/name`, or `name` alone for the oldest models: huggingface_hub's `validate_repo_id`."""

GITHUB = "https://github.com"
HUGGING_FACE = "https://huggingface.co"


def repository_url(name: str) -> str:
    """Return the page of a GitHub repository `owner/name`.

    Raises:
        SourceError: GitHub allows no such name.
    """
    if not _GITHUB.fullmatch(name) or name.endswith(("/.", "/..")):
        raise SourceError(f"{name!r} is not a GitHub repository name (owner/name)")
    return f"{GITHUB}/{name}"


def variant_url(name: str) -> str:
    """Return the page of a Hugging Face model `org/name`.

    Raises:
        SourceError: Hugging Face allows no such name.
    """
    if not _HUGGING_FACE.fullmatch(name) or ".." in name or "--" in name:
        raise SourceError(f"{name!r} is not a Hugging Face model name (org/name)")
    return f"{HUGGING_FACE}/{name}"


def key_of(url: str) -> str:
    """Return the key of the project at a canonical URL: the URL in lower case.

    A `file:` URL keeps its case, because most file systems tell it apart.
    """
    return url if url.startswith("file:") else url.lower()
