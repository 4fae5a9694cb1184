"""What a model's card says of the model, field by field, each with its place in the card.

Bills of materials ask for it (docs/audit.md). These are statements of the card's authors, quoted
and never completed: a field that the card leaves out, or fills with a template's placeholder, is
not known.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hubtrace.graph.format import shorten
from hubtrace.graph.text import without_addresses
from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.card import front_matter
from hubtrace.ingest.evidence.unreadable import in_each
from hubtrace.ingest.records import HostData, Text

HEADINGS: Mapping[str, str] = {
    "description": r"^(model )?(description|summary|overview)$",
    "architecture": r"architecture|^model type",
    "developer": r"^(developed|created|made) by",
    "intended_use": r"\b(intended|direct|downstream) use|^uses?$|use cases?$",
    "limitations": r"limitation|out.of.scope",
    "ethics": r"\bbias|ethic|fairness",
    "risks": r"\brisks?\b|^safety",
    "training": r"^training( details| data| procedure)?$|how .*trained",
    "hyperparameters": r"hyper-?parameters?",
    "preprocessing": r"pre-?processing",
    "evaluation": r"evaluation|^results$|benchmarks?$|^performance",
    "metrics": r"^metrics$",
    "threshold": r"decision threshold",
    "environment": r"^environment|carbon|energy",
    "explainability": r"explainab|interpretab|model examination",
    "personal_data": r"personal (data|information)|privacy|sensitive",
    "domain": r"^(application )?(domain|area)$",
    "autonomy": r"autonom",
    "compliance": r"complian",
    "hardware": r"^hardware|compute infrastructure",
    "software": r"^software",
    "security": r"^security",
}
"""Field → what its heading, or the word in bold before its text, is like; in lower case."""
_FRONT = {"datasets": "datasets", "language": "language", "metrics": "metrics"}
_PATTERNS = {name: re.compile(pattern) for name, pattern in HEADINGS.items()}
_HEADING = re.compile(r"#{1,6}[ \t]+(.*)")
_NAMED = re.compile(r"[-*+]?[ \t]*\*\*([^*:]{1,60}):?\*\*:?[ \t]*(.*)")
_PLACEHOLDER = re.compile(r"\[?(more information needed|optional|to ?do|tbd|n/?a)\b", re.I)
_NO_PROSE = ("<", "![", "[![", "|", "---", "===")
_ENERGY = re.compile(r"\b([0-9][0-9,.]{0,12})[ \t]?([kMG]Wh)\b")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_LONGEST, _MOST, _LINES = 300, 50, 20_000
"""Characters of a text, names of a list, lines of a card that are read."""
_HEADING_READ = 80
"""Characters of a heading: a pattern may look at each of them again from each."""


def card_facts(details: HostData) -> list[str]:
    """Return `field`, tab, place in the card, tab, text: of each field at most one, in order."""
    found: dict[str, tuple[str, str]] = {}
    for name, place, text in in_each("card", "", details, _said, []):
        clean = without_addresses(" ".join(text.split()))  # earlier versions kept them in cards
        if clean and not _PLACEHOLDER.match(clean.lstrip("*_[( ")):
            at = " ".join(place.split())
            found.setdefault(name, (at, shorten(clean, _LONGEST)))
            if name == "environment" and (energy := _ENERGY.search(clean)):
                found.setdefault("energy", (at, energy.group()))
    return [f"{name}\t{shorten(place, 80)}\t{text}" for name, (place, text) in found.items()]


def _said(card: Text) -> Iterator[tuple[str, str, str]]:
    head, end = front_matter(card.text)
    yield from _in_front_matter(head)
    yield from _in_prose(card.text[end:])


def _in_front_matter(head: str) -> Iterator[tuple[str, str, str]]:
    document = read_yaml(head)
    if not isinstance(document, dict):
        return
    for key, name in _FRONT.items():
        values = document.get(key)
        listed = values if isinstance(values, list) else [values]
        texts = [value for value in listed[:_MOST] if isinstance(value, str) and "\n" not in value]
        if texts:
            yield name, f"front matter: {key}", ", ".join(texts)
    emitted = document.get("co2_eq_emissions")
    amount = emitted.get("emissions") if isinstance(emitted, dict) else emitted
    if isinstance(amount, str) and _NUMBER.fullmatch(amount):
        yield "environment", "front matter: co2_eq_emissions", f"{amount} g CO2 equivalent"
    results = ", ".join(_results(document.get("model-index")))
    if results:
        yield "evaluation", "front matter: model-index", results


def _results(index: Any) -> Iterator[str]:
    """Yield `metric: value` of a card's model-index; whatever has another shape is passed over."""
    for model in index[:_MOST] if isinstance(index, list) else ():
        results = model.get("results") if isinstance(model, dict) else None
        for result in results[:_MOST] if isinstance(results, list) else ():
            metrics = result.get("metrics") if isinstance(result, dict) else None
            for metric in metrics[:_MOST] if isinstance(metrics, list) else ():
                kind, value = (
                    (metric.get("type"), metric.get("value"))
                    if isinstance(metric, dict)
                    else (None, None)
                )
                if isinstance(kind, str) and isinstance(value, str):
                    yield f"{kind}: {value}"


def _in_prose(body: str) -> Iterator[tuple[str, str, str]]:
    """Yield what stands under headings and after words in bold, and the first paragraph."""
    heading, text, fenced, first = "", "", False, True
    for line in [*body.splitlines()[:_LINES], "# end"]:
        line = line.strip()
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (found := _HEADING.fullmatch(line)):
            yield from _under(heading, text)
            heading, text = found[1].strip(" #*:").lower(), ""
        elif not fenced and (found := _NAMED.fullmatch(line)) and found[2]:
            yield from _under(found[1].strip().lower(), found[2])
            text = text if len(text) > _LONGEST else f"{text} {line}"
        elif not fenced and line and not line.startswith(_NO_PROSE):
            if first and len(line) > 40:
                yield "introduction", "first paragraph", line
                first = False
            text = text if len(text) > _LONGEST else f"{text} {line}"


def _under(heading: str, text: str) -> Iterator[tuple[str, str, str]]:
    for name, pattern in _PATTERNS.items():
        if heading and text and pattern.search(heading[:_HEADING_READ]):
            yield name, heading, text
