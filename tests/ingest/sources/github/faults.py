"""What the tests of faults share: every kind of request, and what asking each looks like."""

from typing import Any

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Limits, Previous
from hubtrace.ingest.sources.github.host import GitHubHost
from tests.ingest.sources.github.helpers import CANARY

LIMITS = Limits(answer_bytes=1 << 20, text_bytes=1 << 16, pages=20, refs=500)
LOOKED_AT = ["repository", "branches", "tags", "releases", "pulls", "readme", "contents", "blobs"]
KINDS = [*LOOKED_AT, "commits", "repositories"]
LISTS = ["branches", "tags", "releases", "pulls", "commits", "repositories"]


def ask(host: GitHubHost, kind: str) -> Any:
    """Ask whatever costs a request of this kind."""
    if kind == "repositories":
        return list(host.repositories("01-ai"))
    fetched = host.fetch("01-ai/Yi", Previous())
    if kind == "commits":
        return list(host.history("01-ai/Yi", fetched, ())), host.logins("01-ai/Yi", fetched, ())
    return fetched


def line(host: GitHubHost, kind: str) -> str:
    """Return the line that asking ends in."""
    with pytest.raises(SourceError) as failed:
        ask(host, kind)
    messages = str(failed.value)
    assert messages.isprintable()
    assert len(messages) < 300
    assert CANARY not in messages
    return messages
