"""Reasons against a link: where it stands, the words before it, tools that any model uses."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from hubtrace.ingest.evidence.markdown import Link
from hubtrace.ingest.evidence.owners import owners_agree

_ACKNOWLEDGEMENT = re.compile(
    r"acknowledg|credits?\b|thanks|inspir|appreciat|致谢|鸣谢|感谢|related (?:work|project|repo)|"
    r"awesome|see also|further reading|resources",
    re.IGNORECASE,
)
_CITATION = re.compile(r"\b(?:citations?|cite|citing|references|bibtex)\b|引用", re.IGNORECASE)
_COMPARISON = re.compile(
    r"\b(?:evaluat|benchmark|comparison|compar|baseline|leaderboard|results?\b|performance)",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"\b(?:licen[cs]e|licensing|terms of use)\b", re.IGNORECASE)
_COMMUNITY = re.compile(
    r"communit|third[- ]part|ecosystem|downstream|derived|derivative|showcase|built (?:with|on)|"
    r"projects? (?:using|based)|who (?:is )?us|adopt|other (?:models|quant|versions)|gguf by|"
    r"quantized by|生态|社区",
    re.IGNORECASE,
)
_INSPIRED = re.compile(
    r"\b(?:inspired by|thanks (?:to|for)|thank|credits? (?:to|goes)|credit:|kudos|borrow\w*|"
    r"adapted from|modified from|based (?:up)?on|built (?:up)?on|build (?:up)?on|"
    r"derived from|similar to|like|alternative to|compared (?:to|with)|forked from|"
    r"follow\w* (?:the )?|references? (?:from|to)|acknowledge|grateful)\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_MADE_WITH = re.compile(
    r"\b(?:using|used|use|with|via|by|through|powered by|support(?:ed|s)? (?:by|in)|install|"
    r"requires?|compatible with|run(?:s|ning)? (?:on|in))\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)


_HEADINGS = {
    "acknowledgement": _ACKNOWLEDGEMENT,
    "citation": _CITATION,
    "community": _COMMUNITY,
    "comparison": _COMPARISON,
    "licence": _LICENCE,
}
"""Reason → what the heading over such a link says."""


def in_card(link: Link, variant: str, repository: str) -> str | None:
    """Return the reason against a link from a card to a repository; None if there is none."""
    if is_tool_of_others(variant, repository):
        return "tooling"
    reason = _heading_of(link, "acknowledgement", "citation", "comparison", "licence")
    if reason in (None, "licence") and _LICENCE.search(
        f"{link.text} {link.url.rpartition('/')[2]}"
    ):
        return "licence"
    if reason is None and not _own(variant, repository) and _MADE_WITH.search(link.before):
        return "made_with"
    return reason or _form(link)


def in_readme(link: Link, repository: str, variant: str) -> str | None:
    """Return the reason against a link from a README to a variant; None if there is none."""
    if _own(variant, repository):
        return _heading_of(link, "acknowledgement") or _form(link)
    reason = _heading_of(link, "acknowledgement", "citation", "community", "comparison")
    return reason or "other_owner"


def is_tool_of_others(variant: str, repository: str) -> bool:
    """Return True for a tool, unless the variant is of the tool's makers."""
    return repository.lower() in _tools() and not _own(variant, repository)


@cache
def _tools() -> frozenset[str]:
    table = files("hubtrace.ingest.evidence").joinpath("tools.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(table)["repositories"])


def _own(variant: str, repository: str) -> bool:
    return owners_agree(variant.partition("/")[0], repository.partition("/")[0])


def _heading_of(link: Link, *reasons: str) -> str | None:
    """Return the first reason that the innermost heading, or the one over it, gives.

    Thanks in the words before the link count as such a heading.
    """
    if _INSPIRED.search(link.before):
        return "acknowledgement"
    headings = link.headings[1:][-2:]
    return next((r for r in reasons if any(map(_HEADINGS[r].search, headings))), None)


def _form(link: Link) -> str | None:
    return "code_block" if link.code else "badge" if link.image else None
