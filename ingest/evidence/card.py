"""Evidence in texts: links in a variant's card and in a repository's README, papers' repositories.

A card is a README with front matter. A README links to models of others as well: those that it
starts from, compares with or thanks. So a link to another owner's model counts less, and least in
a part about the community; owners that turn out to be the same are recognized later
(`hubtrace.ingest.derive.evidence`).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.markdown import Link, links_in
from hubtrace.ingest.evidence.mentions import (
    addresses_in,
    hub_owner_in,
    repository_in,
    repository_shown_in,
    variant_in,
    variant_named,
)
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.evidence.owners import Kinship, kinship, names_alike
from hubtrace.ingest.evidence.reasons import (
    in_card,
    in_readme,
    is_introduced,
    is_tool_of_others,
    kin_of,
    shown_in_card,
)
from hubtrace.ingest.evidence.unreadable import Unread, in_each
from hubtrace.ingest.records import HostData, Text

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_CODE_KEYS = {"repository", "repo", "code", "github", "repo_url", "source_code", "source", "git"}
_LOADS = re.compile(
    r"(?:from_pretrained|from_hparams|pipeline|snapshot_download|hf_hub_download|load_model|LLM|"
    r"create_model|SentenceTransformer|model(?:_id|_name|_path|_name_or_path)?(?![\w.])|repo_id|"
    r"checkpoint|hf download|huggingface-cli download|vllm serve|--model(?:[-_](?:id|name|path))?)"
    r"[\s=(:]{0,12}?[^\n\"']{0,40}?[\"' ]([\w.-]{1,96}/[\w.-]{1,96})\b"
)
"""Code that loads a model by its name."""
_ORIGINAL_CARD = re.compile(
    r"^#{1,6}[^\n]{0,80}\boriginal (?:model )?(?:card|readme)\b", re.IGNORECASE | re.MULTILINE
)
"""From here on it is the card of the model that this one was made from."""
_LEAVES = 500
"""Strings of a front matter that are read."""


def card_evidence(variant: str, details: HostData, unread: Unread) -> list[Evidence]:
    """Return the links of a variant's cards to repositories, those introduced as code first."""
    evidence = in_each("card", variant, details, lambda card: _in_card(variant, card), unread)
    return sorted(evidence, key=lambda one: one.method != "card_code")


def front_matter(card: str) -> tuple[str, int]:
    """Return the YAML on top of a card and where the Markdown begins; empty and 0 without any."""
    match = _FRONT_MATTER.match(card)
    return (match[1], match.end()) if match else ("", 0)


def _in_card(variant: str, card: Text) -> Iterator[Evidence]:
    head, end = front_matter(card.text)
    yield from _in_front_matter(variant, card.path, head)
    original = _ORIGINAL_CARD.search(card.text)
    borrowed = card.text.count("\n", 0, original.start()) if original else math.inf
    for link in links_in(card.text[end:], first_line=1 + card.text.count("\n", 0, end)):
        repository = repository_in(link.url)
        shown = None if repository else repository_shown_in(link.url)
        if repository is None and shown is not None:
            weak = shown_in_card(link, variant, shown)
            yield observed("card_link", shown, f"{card.path}:{link.line}", _excerpt(link), weak)
        if repository:
            kin = kin_of(link, variant, repository)
            method = "card_code" if is_introduced(link, kin) else "card_link"
            reason = in_card(link, variant, repository)
            if reason == "claimed" and link.line > borrowed:
                reason = "original"
            yield observed(method, repository, f"{card.path}:{link.line}", _excerpt(link), reason)


def _excerpt(link: Link) -> str:
    return f"{link.before} {link.text or link.url}"


def _in_front_matter(variant: str, path: str, head: str) -> Iterator[Evidence]:
    if "github" not in head:
        return
    for keys, value in _leaves(read_yaml(head)):
        for url in addresses_in(value):
            repository = repository_in(url)
            if repository:
                key = keys[-1] if keys else ""
                code = len(keys) == 1 and key in _CODE_KEYS
                method = "card_code" if code else "card_link"
                against = "licence" if "licen" in key else (None if code else "mention")
                foreign = None
                if kinship(variant, repository) is not Kinship.OWNERS:
                    foreign = "claimed" if code else "unrelated"
                place = f"{path}:{'.'.join(keys)}"
                yield observed(method, repository, place, url, against, foreign)


def _leaves(document: Any) -> list[tuple[tuple[str, ...], str]]:
    """Return the strings of a YAML document with the keys that lead to each, not too many."""
    leaves: list[tuple[tuple[str, ...], str]] = []
    waiting: list[tuple[tuple[str, ...], Any]] = [((), document)]
    while waiting and len(leaves) < _LEAVES:
        keys, node = waiting.pop()
        if isinstance(node, str):
            leaves.append((keys, node))
        elif isinstance(node, Sequence):
            waiting += [(keys, child) for child in reversed(node)]
        elif isinstance(node, Mapping):
            waiting += [((*keys, str(key)[:40]), node[key]) for key in reversed(list(node))]
    return leaves


def paper_repository(variant: str, details: HostData) -> Iterator[Evidence]:
    """Yield the repositories of the papers that a variant is tagged with."""
    several = "several_papers" if len(details.papers) > 1 else None
    for paper in details.papers:
        repository = repository_in(paper.repository or "")
        if repository:
            tool = "tooling" if is_tool_of_others(variant, repository) else None
            strangers = kinship(variant, repository) is Kinship.STRANGERS
            cited = "cited" if strangers else None
            page = f"https://arxiv.org/abs/{paper.arxiv}"
            excerpt = f"arXiv {paper.arxiv} names {repository}"
            yield observed("paper_repository", repository, page, excerpt, several, tool, cited)


def readme_link(
    repository: str, details: HostData, unread: Unread
) -> Iterator[tuple[str, Evidence]]:
    """Yield the variants that the READMEs of a repository link to, or load in their code.

    A repository that links to no model of its owner, but to models that are named after it and
    mostly of one owner, is of those people.
    """

    def linked(readme: Text) -> Iterator[tuple[str, str, Link, str | None]]:
        for link in links_in(readme.text):
            if variant := variant_in(link.url):
                yield variant, readme.path, link, in_readme(link, repository, variant)

    found = list(in_each("readme", repository, details, linked, unread))
    people = _people_of(repository, [(v, reason) for v, _, _, reason in found])
    for variant, path, link, reason in found:
        if reason == "other_owner" and variant.partition("/")[0].lower() == people:
            reason = None if names_alike(variant, repository) else reason
        location = f"{path}:{link.line}"
        yield variant, observed("readme_link", repository, location, _excerpt(link), reason)
    seen: set[str] = set()

    def loaded(readme: Text) -> Iterator[tuple[str, Evidence]]:
        return _loaded(repository, people, readme, seen)

    yield from in_each("readme", repository, details, loaded, unread)


def _people_of(repository: str, named: Iterable[tuple[str, str | None]]) -> str | None:
    """Return the owner on the Hub of most models that are named after a repository."""
    owners: Counter[str] = Counter()
    for variant in dict(named):
        if kinship(variant, repository) is Kinship.OWNERS:
            return None
    for variant, reason in set(named):
        if reason == "other_owner" and names_alike(variant, repository):
            owners[variant.partition("/")[0].lower()] += 1
    most = owners.most_common(1)
    return most[0][0] if most and most[0][1] * 2 > owners.total() else None


def _loaded(
    repository: str, people: str | None, readme: Text, seen: set[str]
) -> Iterator[tuple[str, Evidence]]:
    """Yield the own models that a README's code loads: `from_pretrained("acme/model")`."""
    for match in _LOADS.finditer(readme.text):
        variant = variant_named(match[1])
        if variant is None or variant in seen:
            continue
        seen.add(variant)
        owner = variant.partition("/")[0].lower()
        if owner == people or kinship(variant, repository) is Kinship.OWNERS:
            line = 1 + readme.text.count("\n", 0, match.start())
            place = f"{readme.path}:{line}"
            yield variant, observed("readme_link", repository, place, match[0])


def owners_named(repository: str, details: HostData, unread: Unread | None = None) -> Iterator[str]:
    """Yield the owners whose Hub pages a README links to, where it is about its own models."""

    def named(readme: Text) -> Iterator[str]:
        for link in links_in(readme.text):
            owner = hub_owner_in(link.url)
            if owner and in_readme(link, repository, f"{owner}/") in (None, "other_owner"):
                yield owner

    return in_each("readme", repository, details, named, [] if unread is None else unread)
