"""Evidence in a model card: its links to repositories, its front matter, its papers."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubtrace.ingest.evidence.addresses import addresses_in, repository_in
from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.context import in_card, is_tool_of_others
from hubtrace.ingest.evidence.markdown import Link, links_in
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.records import HostData, Text

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_INTRODUCED = re.compile(
    r"\b(?:(?:git(?:hub)?|source|code|official|training|our|project|model)[ _-]?)*"
    r"(?:repo(?:sitory)?|code(?:base)?|github|source|implementation)\b"
    r"(?:[ _-](?:link|page|url|repo|repository|code))?\W{0,12}$",
    re.IGNORECASE,
)
"""Words that end right before a link: `Repository:`, `**Code**:`, `Official code | `."""
_NAMED = re.compile(
    r"\W*(?:(?:the|our|official|source|training|model|project|git|github|this|original)\W+)*"
    r"(?:repo(?:sitory)?|code(?:base)?|github|source|implementation)"
    r"(?:\W+(?:repo(?:sitory)?|link|page|code))?\W*",
    re.IGNORECASE,
)
"""A link's own words: `GitHub`, `Source code`, `official repository`."""
_CODE_KEYS = {"repository", "repo", "code", "github", "repo_url", "source_code", "source", "git"}
_LEAVES = 500


@dataclass(frozen=True, slots=True)
class CardLink:
    """A link from a card to a repository."""

    repository: str
    place: str
    said: str
    code: bool
    """True if it stands under `Repository:`, `Code:` or the like."""
    reason: str | None
    """What speaks against it."""


def card_links(variant: str, details: HostData) -> list[CardLink]:
    """Return the links from the cards of a variant to repositories, in their order."""
    cards = [text for text in details.texts if text.kind == "card"]
    return [link for card in cards for link in _links(variant, card)]


def front_matter(card: str) -> tuple[str, int]:
    """Return the YAML on top of a card and where the Markdown begins; empty and 0 without any."""
    match = _FRONT_MATTER.match(card)
    return (match[1], match.end()) if match else ("", 0)


def _links(variant: str, card: Text) -> Iterator[CardLink]:
    head, end = front_matter(card.text)
    yield from _in_front_matter(card.path, head)
    for link in links_in(card.text[end:], first_line=1 + card.text.count("\n", 0, end)):
        repository = repository_in(link.url)
        if repository:
            yield CardLink(
                repository,
                f"{card.path}:{link.line}",
                f"{link.before} {link.text or link.url}",
                _introduced(link),
                in_card(link, variant, repository),
            )


def _introduced(link: Link) -> bool:
    if link.code or link.image:
        return False
    return bool(_INTRODUCED.search(link.before) or (link.text and _NAMED.fullmatch(link.text)))


def _in_front_matter(path: str, head: str) -> Iterator[CardLink]:
    if "github" not in head:
        return
    for keys, value in _leaves(read_yaml(head), ()):
        for url in addresses_in(value):
            repository = repository_in(url)
            if repository:
                key = keys[-1] if keys else ""
                code = len(keys) == 1 and key in _CODE_KEYS
                reason = "licence" if "licen" in key else (None if code else "mention")
                yield CardLink(repository, f"{path}:{'.'.join(keys)}", url, code, reason)


def _leaves(node: Any, keys: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    """Return the strings of a YAML document with the keys that lead to each, not too many."""
    found: list[tuple[tuple[str, ...], str]] = []
    waiting: list[tuple[tuple[str, ...], Any]] = [(keys, node)]
    while waiting and len(found) < _LEAVES:
        keys, node = waiting.pop()
        if isinstance(node, str):
            found.append((keys, node))
        elif isinstance(node, Sequence):
            waiting += [(keys, child) for child in reversed(node)]
        elif isinstance(node, Mapping):
            waiting += [
                ((*keys, str(key)[:40]), child) for key, child in reversed(list(node.items()))
            ]
    return found


def card_code(links: Iterable[CardLink]) -> Iterator[Evidence]:
    """Yield the links that are introduced as the place of the code."""
    for link in links:
        if link.code:
            yield observed("card_code", link.repository, link.place, link.said, link.reason)


def card_link(links: Iterable[CardLink]) -> Iterator[Evidence]:
    """Yield the links that nothing introduces as the place of the code."""
    for link in links:
        if not link.code:
            yield observed("card_link", link.repository, link.place, link.said, link.reason)


def paper_repository(variant: str, details: HostData) -> Iterator[Evidence]:
    """Yield the repositories of the papers that a variant is tagged with."""
    several = "several_papers" if len(details.papers) > 1 else None
    for paper in details.papers:
        repository = repository_in(paper.repository or "")
        if repository:
            tool = "tooling" if is_tool_of_others(variant, repository) else None
            place = f"https://arxiv.org/abs/{paper.arxiv}"
            said = f"arXiv {paper.arxiv} names {repository}"
            yield observed("paper_repository", repository, place, said, several, tool)
