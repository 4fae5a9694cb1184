"""Where the Hub is: huggingface.co, a mirror of it, or a company's own."""

import os
from urllib.parse import urlsplit

from graph.errors import SourceError
from graph.text import for_people
from ingest.names import HUGGING_FACE


def checked_endpoint(endpoint: str | None = None) -> str:
    """Return the address of the Hub, without a slash at its end.

    It is `endpoint`, else what the environment variable HF_ENDPOINT says, else huggingface.co.

    Raises:
        SourceError: it is no address of a web server.
    """
    said = endpoint or os.environ.get("HF_ENDPOINT") or HUGGING_FACE
    try:
        parts = urlsplit(said)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        usable = False
    if not usable or said != said.strip() or not said.isprintable():
        raise SourceError(f"{for_people(said)} is not the address of a Hub (https://…)")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SourceError("the address of a Hub has no user, password or parameters in it")
    return said.rstrip("/")


def label_of(endpoint: str) -> str:
    """Return what people call the Hub at an address."""
    return "Hugging Face" if endpoint == HUGGING_FACE else urlsplit(endpoint).netloc
