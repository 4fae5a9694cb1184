"""Reasons against a link: whose it is, where it stands, the words around it."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from hubtrace.ingest.evidence.markdown import Link
from hubtrace.ingest.evidence.owners import (
    Kinship,
    kinship,
    named_in_path,
    names_alike,
    owners_agree,
    owners_alike_only,
)

_ACKNOWLEDGEMENT = re.compile(
    r"acknowledg|credits?\b|thanks|inspir|appreciat|致谢|鸣谢|感谢|謝辞|감사|agradecimientos|"
    r"remerciements|danksagung|благодарност|related (?:work|project|repo)|"
    r"awesome|see also|further reading|resources",
    re.IGNORECASE,
)
_CITATION = re.compile(r"\b(?:citations?|cite|citing|references|bibtex)\b|引用|인용", re.IGNORECASE)
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
    r"requires?|compatible with|run(?:s|ning)? (?:on|in))\W*(?:\w+\W+){0,4}$|"
    r"\b(?:taken|copied|borrowed|obtained|comes?|downloaded|collected|(?:code|scripts?)) from"
    r"\W*(?:\w+\W+){0,4}$|"
    r"\b(?:trained|finetuned|tuned|made|built|generated|pretrained|we used?|i used?)\W[^.]{0,80}"
    r"\b(?:code|scripts?|repo\w*|implementation|notebook)\b\W*$",
    re.IGNORECASE,
)
_TRAINED = re.compile(r"\b(?:pre-?)?train|\bfine-?tun|\breproduc|训练|微调", re.IGNORECASE)
"""What a tool does for a model of its own makers that links to it."""
_POSSESSIVE = re.compile(
    r"\b(\w+)['\u2019]s\W+(?:\w+\W+){0,3}(?:code\w*|scripts?|repo\w*|github|notebooks?)\b",
    re.IGNORECASE,
)
_DATA = r"(?:data ?sets?|corp(?:us|ora)|treebanks?|benchmarks?|lexicons?|dictionar(?:y|ies))"
_DATA_SET = re.compile(rf"\b{_DATA}\W*$|^\W*(?:\w+\W+)?{_DATA}\b|数据集|데이터셋", re.IGNORECASE)
"""A link whose own words end so, or whose next words are these, leads to data."""
_DATA_NAME = re.compile(
    r"(?:^|[-_.])(?:corpus|corpora|data|dataset|datasets|treebank|bench|benchmark)(?:[-_.\d]|$)|"
    r"(?:corpus|dataset|treebank|benchmark)\d*$",
    re.IGNORECASE,
)
_DATA_OWNER = re.compile(r"(?:data-?sets?|corpora)$", re.IGNORECASE)
_DATA_HEADING = re.compile(
    rf"\b{_DATA}\b|\b(?:training|evaluation|test) data\b|数据|데이터", re.IGNORECASE
)
_HEADINGS = {
    "acknowledgement": _ACKNOWLEDGEMENT,
    "citation": _CITATION,
    "community": _COMMUNITY,
    "comparison": _COMPARISON,
    "data_set": _DATA_HEADING,
    "licence": _LICENCE,
}
"""Reason → what the heading over such a link says."""

_CODE = (
    r"(?:(?:source|training)[ -])?"
    r"(?:code(?:base)?|scripts?|notebooks?|implementation|repo(?:sitory|s)?|github|git)"
)
_LABEL = re.compile(
    r"\W*(?:(?:the|our|my|this|official|source|training|fine-?tuning|inference|evaluation|model|"
    r"project|git|github|main|full|link(?: to)?|original)\W+)*"
    r"(?:repo(?:sitory)?|code(?:base)?|github|git|source(?: code)?|implementation|"
    r"代码(?:仓库|地址)?|源码|源代码|仓库|项目(?:地址|主页)|开源地址|コード|ソースコード|リポジトリ|"
    r"코드|소스 ?코드|저장소|깃허브|código(?: fuente)?|repositorio|repositório|dépôt|code source|"
    r"quell(?:code|text)|репозиторий|исходный код|код|codice(?: sorgente)?)"
    r"(?:\W+(?:repo(?:sitory)?|link|page|code|url|optional|here|at|on|is))*\W*",
    re.IGNORECASE,
)
"""All the words of a label: `Repository:`, `**Code**:`, `Official code | `, or of a link's text."""
_OURS = re.compile(
    rf"\b(?:our|my|this (?:model|project|work)'s)\W+(?:\w+\W+){{0,3}}{_CODE}\b|"
    r"\b(?:we|i)\W+(?:\w+\W+)?(?:release|publish|provide|share|open|make|uploaded|host)"
    rf".{{0,60}}\b{_CODE}\b|"
    r"我们的?.{0,20}(?:代码|仓库|项目|github)|本(?:项目|模型).{0,20}(?:代码|仓库|github)|"
    r"\b(?:nuestro|nosso|notre|unser|nostro|наш)\w*\b.{0,40}"
    r"\b(?:repo|c[oó]d|code|d[eé]p[oô]t|github|реп|код)",
    re.IGNORECASE,
)
_WHERE = re.compile(
    rf"\b{_CODE}\b.{{0,120}}\b(?:found|available|released|hosted|published|provided(?! by)|here|"
    r"open[- ]?sourced|clone|accessed)\b|"
    rf"\b(?:clone|see|visit|check(?: out)?|refer to|go to|find)\b.{{0,60}}\b{_CODE}\b|"
    r"\b(?:more|further|additional|full|all|complete)\b.{0,40}"
    r"\b(?:details?|deatils?|information|info|examples?|documentation)\b",
    re.IGNORECASE,
)
"""Sentences that say where the code is, or where to read more."""
_NEAR = re.compile(
    rf"\breleased\W+(?:in|at|on|via|through)\W+(?:\w+\W+){{0,3}}{_CODE}\b|"
    r"(?:训练|微调|推理)(?:脚本|代码|程序)",
    re.IGNORECASE,
)
"""The same, of a repository after which the model is named: cards of models that are made from
another one keep the sentence of that one's card."""
_ORIGINAL = re.compile(
    r"\b(?:original|upstream|ported|port of|converted|conversion of|re-?upload\w*|"
    r"mirror(?:ed)? of|their|developed (?:this|the|by))\b",
    re.IGNORECASE,
)
"""Words of somebody who brings another one's model to the Hub."""
_END_OF_SENTENCE = re.compile(r"[.!?]\s+|[\u3002\uff01\uff1f]")
_MANY = 6
"""Words before a link named `GitHub` after which it is part of a sentence, and no label."""


def is_introduced(link: Link, kin: Kinship) -> bool:
    """Return True if the words around a link say that the model's code is there."""
    if link.code or link.image:
        return False
    sentence = _sentence(link.before)
    if _LABEL.fullmatch(sentence or "-"):
        return True
    if link.text and _LABEL.fullmatch(link.text) and len(sentence.split()) < _MANY:
        return True
    around = _around(link)
    if kin is not Kinship.STRANGERS and _NEAR.search(around):
        return True
    return bool(_OURS.search(around) or _WHERE.search(around))


def kin_of(link: Link, variant: str, repository: str) -> Kinship:
    """Return how a variant and the repository that a link leads to are related by names."""
    kin = kinship(variant, repository)
    named = kin is Kinship.STRANGERS and named_in_path(variant, link.url)
    return Kinship.NAMES if named else kin


def _around(link: Link) -> str:
    """Return the sentence that a link is part of, as far as it is known."""
    return f"{_sentence(link.before)} {link.text} {link.after[:40]}"


def _sentence(before: str) -> str:
    """Return the words before a link that are of its sentence."""
    return _END_OF_SENTENCE.split(f"{before} ")[-1].strip()


def in_card(link: Link, variant: str, repository: str) -> str | None:
    """Return the reason against a link from a card to a repository; None if there is none."""
    kin = kin_of(link, variant, repository)
    if _is_tool_for(link, variant, repository):
        return "tooling"
    if _leads_to_data(link, repository):
        return "data_set"
    if _LICENCE.search(f"{link.text} {link.url.rpartition('/')[2]}"):
        return "licence"
    if kin is Kinship.OWNERS:
        alike = owners_alike_only(variant, repository) and not is_introduced(link, kin)
        reason = _heading_of(link, "acknowledgement", "citation", "comparison") if alike else None
        return reason or _form(link)
    if _OURS.search(_around(link)):
        return _of_other_owner(link, kin)
    reason = _heading_of(link, "acknowledgement", "citation", "comparison", "licence")
    if reason is None and (_MADE_WITH.search(f"{link.before} ") or _is_others(link, variant)):
        reason = "made_with"
    if reason is None and not is_introduced(link, kin):
        reason = _heading_of(link, "data_set")
    return reason or _of_other_owner(link, kin)


def _is_others(link: Link, variant: str) -> bool:
    """Return True after the name of somebody to whom the code belongs: `Acme's repository`."""
    owners = _POSSESSIVE.findall(_around(link))
    return any(owner.lower() not in f"it {variant} author paper".lower() for owner in owners)


def shown_in_card(link: Link, variant: str, repository: str) -> str:
    """Return the reason against a notebook, page or badge of a repository in a card."""
    if _is_tool_for(link, variant, repository):
        return "tooling"
    if kinship(variant, repository) is Kinship.OWNERS:
        return "indirect"
    reason = in_card(link, variant, repository)
    return "unrelated" if reason in (None, "claimed", "badge") else reason


def _of_other_owner(link: Link, kin: Kinship) -> str:
    """Return what speaks against a link to another owner's repository in any case."""
    if _ORIGINAL.search(f"{_sentence(link.before)} {link.text}"):
        return "original"
    if kin is Kinship.STRANGERS and not is_introduced(link, kin):
        return "unrelated"
    return "claimed"


def in_readme(link: Link, repository: str, variant: str) -> str | None:
    """Return the reason against a link from a README to a variant; None if there is none."""
    if kinship(variant, repository) is Kinship.OWNERS:
        return _heading_of(link, "acknowledgement")
    reason = _heading_of(link, "acknowledgement", "citation", "community", "comparison")
    return reason or "other_owner"


def is_tool(repository: str) -> bool:
    """Return True for a tool that any model uses."""
    return repository.lower() in _tools()


def is_tool_of_others(variant: str, repository: str) -> bool:
    """Return True for a tool, unless the variant is of the tool's makers."""
    return is_tool(repository) and not _own(variant, repository)


def _is_tool_for(link: Link, variant: str, repository: str) -> bool:
    """Return True for a tool, unless its makers named the model after it, or made it with it."""
    if is_tool_of_others(variant, repository):
        return True
    if not is_tool(repository) or names_alike(variant, repository):
        return False
    # "For more of the tool see our GitHub" introduces the tool; a label introduces model's code.
    labelled = _LABEL.fullmatch(_sentence(link.before) or "-")
    made = labelled or _TRAINED.search(_around(link))
    return not (made and is_introduced(link, Kinship.OWNERS))


@cache
def _tools() -> frozenset[str]:
    table = files("hubtrace.ingest.evidence").joinpath("tools.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(table)["repositories"])


def _own(variant: str, repository: str) -> bool:
    return owners_agree(variant.partition("/")[0], repository.partition("/")[0])


def _leads_to_data(link: Link, repository: str) -> bool:
    owner, _, name = repository.partition("/")
    if _DATA_NAME.search(name) or _DATA_OWNER.search(owner):
        return True
    return bool(_DATA_SET.search(link.text) or _DATA_SET.match(link.after))


def _heading_of(link: Link, *reasons: str) -> str | None:
    """Return the first reason that the innermost heading, or the one over it, gives.

    Thanks in the words before the link count as such a heading.
    """
    if _INSPIRED.search(f"{link.before} "):
        return "acknowledgement"
    headings = link.headings[1:][-2:]
    return next((r for r in reasons if any(map(_HEADINGS[r].search, headings))), None)


def _form(link: Link) -> str | None:
    return "code_block" if link.code else "badge" if link.image else None
