"""`commit_reference`: a commit's message names a commit, or the address, of the other side.

Messages are read once, when a commit is read from its source: only the references are kept, not
the message, and no e-mail address can be in one.
"""

import re
from collections.abc import Iterator

from hubtrace.graph.urls import GITHUB, HUGGING_FACE
from hubtrace.ingest.evidence.mentions import addresses_in, commit_in, repository_in, variant_in
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.records import Reference

_BARE_SHA = re.compile(r"(?<![0-9A-Za-z/])[0-9a-f]{40}(?![0-9A-Za-z])")
_HUB_SYNC = re.compile(r"Sync from ([\w.-]{1,100}/[\w.-]{1,100}) via [\w./-]{0,80}sync", re.I)
_NAMED_SHA = re.compile(r"(?<![\w./-])([\w-]{1,39}/[\w.-]{1,100})@([0-9a-f]{40})(?![0-9A-Za-z])")
_FROM = re.compile(
    r"\b(?:sync\w*|mirror\w*|import\w*|export\w*|copied|copy|generated|built|build|deploy\w*|"
    r"publish\w*|release[ds]?|updated?|upload\w*|convert\w*|push\w*)\b.{0,60}"
    r"\b(?:from|of|with|to)\b.{0,40}$",
    re.IGNORECASE | re.DOTALL,
)
_MOST = 20
"""References that are kept of one message."""
_LONGEST = 20_000
"""Characters of a message that are read."""


def references_in(message: str) -> tuple[Reference, ...]:
    """Return what a message names on either host, each once, in the order of the message."""
    text = message[:_LONGEST]
    if not ("/" in text or _BARE_SHA.search(text)):
        return ()
    references: dict[tuple[str | None, str | None], Reference] = {}
    shas = (Reference(None, sha, False) for sha in _BARE_SHA.findall(text))
    for reference in (*_by_action(text), *_by_address(text), *_by_name(text), *shas):
        if not (reference.project is None and any(sha == reference.sha for _, sha in references)):
            references.setdefault((reference.project, reference.sha), reference)
    return tuple(references.values())[:_MOST]


def commit_reference(
    repository: str, commit: str, reference: Reference, *, missing: bool = False
) -> Evidence:
    """Return the evidence of one reference in the message of `commit`.

    `missing` is True if the commit that it names is not in the history that is held of the project.
    """
    named = " ".join(filter(None, (reference.project, reference.sha)))
    excerpt = f"{'from' if reference.copied else 'names'} {named}"
    weak = None if reference.copied else "mention"
    unknown = "unverified" if missing else None
    return observed("commit_reference", repository, f"commit {commit}", excerpt, weak, unknown)


def _by_action(text: str) -> Iterator[Reference]:
    for match in _HUB_SYNC.finditer(text):
        name = repository_in(f"github.com/{match[1]}")
        if name:
            yield Reference(f"{GITHUB}/{name}", None, True)


def _by_address(text: str) -> Iterator[Reference]:
    if "hub.com" not in text and "hugging" not in text and "hf.co" not in text:
        return
    for url in addresses_in(text):
        page = _page(url)
        if page:
            yield Reference(page, commit_in(url), _copied(text, text.find(url)))


def _by_name(text: str) -> Iterator[Reference]:
    """Yield GitHub's short form of a commit elsewhere, `owner/name@sha`."""
    for match in _NAMED_SHA.finditer(text):
        name = repository_in(f"github.com/{match[1]}")
        if name:
            yield Reference(f"{GITHUB}/{name}", match[2], _copied(text, match.start()))


def _copied(text: str, at: int) -> bool:
    """Return True if the words before a name, on its line, say that something was copied."""
    return bool(_FROM.search(text[:at][-120:].rpartition("\n")[2]))


def _page(url: str) -> str | None:
    repository = repository_in(url)
    if repository:
        return f"{GITHUB}/{repository}"
    variant = variant_in(url)
    return f"{HUGGING_FACE}/{variant}" if variant else None
