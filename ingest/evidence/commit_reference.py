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
_AGAINST = (
    r"\bun(?:do|does|did|done|doing)\b|\brevert(?:s|ed|ing)?\b(?! (?:back )?to\b)|\breversing\b|"
    r"\broll(?:s|ed|ing)?[ -]?backs?\b(?! to\b)|\bback(?:s|ed|ing)? out\b|\bchanges made to\b|"
    r"\b(?:not|never|cannot|can't|don't|doesn't|didn't|isn't|wasn't|won't|without|except|avoid\w*)\b|"
    r"\b(?:no longer|instead of|rather than|other than|unlike|before|prior to|preceding|until)\b|"
    r"\b(?:older|earlier) than\b|\b(?:up to|predates?|broken|breaks?|broke|bad|buggy|faulty|wrong|"
    r"regress\w*|remov\w+|drop(?:s|ped|ping)?|discard\w*|exclud\w+|skip(?:s|ped|ping)?|"
    r"introduced (?:by|in)|caused by|replac\w+|supersed\w+|fails?|failed)\b"
)
_AGAINST_BEFORE = re.compile(_AGAINST, re.IGNORECASE)
_AGAINST_QUOTED = re.compile(
    rf"(?:{_AGAINST})[^\"'“”\n]{{0,20}}[\"'“](?!\w{{0,2}}\s)[^\"”\n]*$", re.I
)
_AGAINST_AFTER = re.compile(
    r"[\s\"'”,;:()-]{0,4}(?:(?:which|that|it|this)\s+)?(?:(?:is|are|was|were|has|have|had|been|"
    r"got|be|being|should|must|can|do|does|did|now|already|still|a)\s+){0,5}(?:not\b|never\b|cannot\b|"
    r"can't\b|don't\b|isn't\b|broken|bad\b|wrong|buggy|faulty|unusable|revert(?:ed)?\b|undone|"
    r"rolled back|backed out|removed|dropped|no longer|deprecated|withdrawn|fail(?:s|ed)?\b|"
    r"regress\w*|breaks?\b)",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"\b(?:from|us(?:e|es|ed|ing)|at|with|(?:back|reset|revert(?:s|ed)?|returns?|updated?|pin(?:s|ned)?|"
    r"switch(?:ed)?|moved?|bump(?:s|ed)?|downgraded?) to)\b",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"[.:;!?](?=\s|$)|[,…\n]|\b(?:but|then|and)\b")
_OF_A_REVERT = re.compile(r"(?:revert|undo|back out|roll ?back) [\"'“]", re.IGNORECASE)
_GIT_REVERT = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b")
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
    shas = (
        Reference(None, match[0], False)
        for match in _BARE_SHA.finditer(text)
        if not _refused(text, *match.span())
    )
    taken_back = (Reference(None, match[1], False, True) for match in _GIT_REVERT.finditer(text))
    found = (*_by_action(text), *_by_address(text), *_by_name(text), *shas, *taken_back)
    for reference in found:
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
    if "ync from " not in text.lower():
        return
    for match in _HUB_SYNC.finditer(text):
        name = repository_in(f"github.com/{match[1]}")
        if name:
            yield Reference(f"{GITHUB}/{name}", None, True)


def _by_address(text: str) -> Iterator[Reference]:
    if "hub.com" not in text and "hugging" not in text and "hf.co" not in text:
        return
    end = 0
    for url in addresses_in(text):
        page = _page(url)
        at = text.find(url, end)
        at = text.find(url) if at < 0 else at
        end = at + len(url)
        if page and commit_in(url) and _refused(text, at, end):
            yield Reference(page, None, False)
        elif page:
            yield Reference(page, commit_in(url), _copied(text, at))


def _by_name(text: str) -> Iterator[Reference]:
    """Yield GitHub's short form of a commit elsewhere, `owner/name@sha`."""
    if "@" not in text:
        return
    for match in _NAMED_SHA.finditer(text):
        name = repository_in(f"github.com/{match[1]}")
        if name and _refused(text, *match.span()):
            yield Reference(f"{GITHUB}/{name}", None, False)
        elif name:
            yield Reference(f"{GITHUB}/{name}", match[2], _copied(text, match.start()))


def _refused(text: str, start: int, end: int) -> bool:
    """Return True if the words around a commit's name say that nothing was made from it.

    It is undone, broken, or only a bound. Of what stands before it in its paragraph, the nearest
    part that says anything counts: "roll back: built from X" names X (docs/decisions/0054).
    """
    if _OF_A_REVERT.match(text.lstrip()) or _AGAINST_AFTER.match(text, end, end + 80):
        return True
    before = text[max(0, start - 400) : start].rpartition("\n\n")[2]
    before = re.sub(r"[^\s,;:]*[/@][^\s,;:]*(?::[^\s]*)?|\b[0-9a-f]{7,40}\b", "…", before)
    if _AGAINST_QUOTED.search(before):
        return True
    for part in reversed(_BREAKS.split(before)):
        if _AGAINST_BEFORE.search(part):
            return True
        if _FOR.search(part):
            return False
    return False


def _copied(text: str, at: int) -> bool:
    """Return True if the words before a name, on its line, say that something was copied."""
    return bool(_FROM.search(text[:at][-120:].rpartition("\n")[2]))


def _page(url: str) -> str | None:
    repository = repository_in(url)
    if repository:
        return f"{GITHUB}/{repository}"
    variant = variant_in(url)
    return f"{HUGGING_FACE}/{variant}" if variant else None
