"""How much of a standard's list of elements an audit knows: value, source, or "not known".

The list is that of "SBOM for AI - Minimum Elements" of the G7 (May 2026): the names of its 50
elements and their notations, as the vocabulary of openregtech/sbom (CC0) has them. A value that
nobody states is never made up: a model is not a system, so what a system has is not known.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from hubtrace.graph.format import count, shorten, timestamp
from hubtrace.graph.text import as_json, for_markdown, for_people
from hubtrace.queries.audit.formats import Standard
from hubtrace.queries.audit.formats.cyclonedx import package_url
from hubtrace.queries.audit.formats.model_card import owner_of
from hubtrace.queries.audit.records import Audit

SCHEMA = "hubtrace.coverage/1"
NOT_KNOWN = "not known"
_LONGEST = 300


class CoverageFormat(StrEnum):
    """How a coverage table is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Element:
    """An element, and what is known of it."""

    id: str
    name: str
    value: str | None
    """Null: not known."""
    source: str | None
    """Who states it."""


Known = Iterator[tuple[str, str | None, str]]
"""Notation, value and source of elements; without a value it is not known."""

G7 = {
    "MD": "SBOM author|SBOM version|SBOM data format name|SBOM data format version|SBOM author "
    "signature|SBOM tool name|SBOM tool version|SBOM generation context|SBOM timestamp|SBOM "
    "dependency relationship",
    "SLP": "System name|System components|System producer|System version|System timestamp|System "
    "data flow|System data usage|System input/output properties|Intended application area",
    "MDL": "Model name|Model identifier|Model version|Model timestamp|Model producer|Model "
    "description|Model hash value|Model hash algorithm|Model properties|Model input/output "
    "properties|Model training properties|Model license|Model external references",
    "DP": "Dataset name|Dataset description|Dataset content|Dataset identifier|Dataset hash|Dataset"
    " provenance|Dataset statistical properties|Dataset sensitivity|Dataset dependency relationship"
    "|Dataset license",
    "INF": "Infrastructure software|Infrastructure hardware",
    "SP": "Security controls|Security compliance|Cybersecurity policy information|Vulnerability "
    "referencing",
    "KPI": "Security metrics|Operational performance KPIs",
}
"""Notation of a cluster → the names of its elements, in their order."""


def coverage(audit: Audit) -> list[Element]:
    """Return every element of the G7's list, in its order."""
    known: dict[str, tuple[str, str]] = {}
    for part in (_of_document(audit), _of_model(audit), _of_card(audit)):
        for id_, value, source in part:
            if value and id_ in known and known[id_][0] != value:
                value, source = f"{known[id_][0]}; {value}", f"{known[id_][1]}; {source}"
            if value:
                known[id_] = value, source
    found = []
    for cluster, names in G7.items():
        for number, name in enumerate(names.split("|"), 1):
            value, origin = known.get(f"{cluster}-{number:02}", (None, None))
            shown = value and for_people(shorten(value, _LONGEST))
            stated = origin and for_people(shorten(origin, _LONGEST))
            found.append(Element(f"G7AI-{cluster}-{number:02}", name, shown, stated))
    return found


def _of_document(audit: Audit) -> Known:
    tool, _, version = audit.method.tool.partition(" ")
    document = "the document of `--format cyclonedx`"
    yield "MD-02", "1", document
    yield "MD-03", "CycloneDX", document
    yield "MD-04", "1.7", document
    yield "MD-06", tool, document
    yield "MD-07", version, document
    yield "MD-08", "discovery: hubs, histories and cards were read; no model was run", document
    yield "MD-09", timestamp(audit.method.until), document
    parts = [f"upstream {link.name or link.repository}" for link in audit.upstreams]
    parts += [f"{base.relation or 'base'} of {base.name or base.variant}" for base in audit.bases]
    yield "MD-10", "; ".join(parts), "the evidence that the audit lists"


def _of_model(audit: Audit) -> Known:
    identity, hub = audit.identity, "the hub"
    at = audit.revision.commit if audit.revision else None
    purl = package_url(identity.url, at.sha if at else None)
    yield "MDL-01", identity.name, hub
    yield "MDL-02", str(purl) if purl else None, hub
    if at is not None:
        yield "MDL-03", at.sha, "its history"
        yield "MDL-04", timestamp(at.at), "its history: time of the commit"
    yield "MDL-05", owner_of(identity.name), "the hub: the account that publishes it"
    hashes = [f"{file.path}: {file.sha256}" for file in audit.files]
    listed = f"{count(len(hashes), 'large file')}: {'; '.join(hashes)}" if hashes else None
    yield "MDL-07", listed, hub
    yield "MDL-08", "SHA-256" if hashes else None, hub
    facts = {"task": identity.task, "library": identity.library, "access": identity.gated}
    yield "MDL-09", "; ".join(f"{name}: {value}" for name, value in facts.items() if value), hub
    yield "MDL-12", identity.licence, hub
    places = [identity.url, *(link.url for link in audit.upstreams)]
    places += [each.place for each in audit.attestations if each.verdict != "none"]
    yield "MDL-13", "; ".join(dict.fromkeys(it for it in places if it)), "the hub, and evidence"
    yield "INF-01", identity.library, "the hub: the library that loads it"
    signed = sum(each.verdict == "verified" for each in audit.attestations)
    shown = f"attestations of {count(signed, 'large file')}" if signed else None
    yield "SP-01", shown, "verified by sigstore"


_OF_CARD = {
    "developer": "MDL-05",
    "introduction": "MDL-06",
    "description": "MDL-06",
    "architecture": "MDL-09",
    "training": "MDL-11",
    "hyperparameters": "MDL-11",
    "datasets": "DP-01",
    "personal_data": "DP-08",
    "software": "INF-01",
    "hardware": "INF-02",
    "security": "SP-01",
    "compliance": "SP-02",
    "metrics": "KPI-02",
    "evaluation": "KPI-02",
}
"""Field of a card (`CardFact.name`) → the element that it states."""


def _of_card(audit: Audit) -> Known:
    facts = {fact.name: fact for fact in audit.card}
    for name, id_ in _OF_CARD.items():
        if (fact := facts.get(name)) and not (name == "introduction" and "description" in facts):
            yield id_, fact.text, f"the card: {fact.place}"
    if named := facts.get("datasets"):
        ids = [name for name in named.text.split(", ") if "/" in name]
        yield "DP-04", ", ".join(ids), f"the card: {named.place}"


def write_coverage(audit: Audit, format_: CoverageFormat) -> str:
    """Return the coverage table of an audit."""
    elements = coverage(audit)
    known = sum(element.value is not None for element in elements)
    name = audit.identity.name or audit.identity.variant
    if format_ is CoverageFormat.JSON:
        body = {
            "schema": SCHEMA,
            "standard": Standard.G7.value,
            "variant": audit.identity.variant,
            "revision": audit.revision.commit.sha if audit.revision else None,
            "known": known,
            "of": len(elements),
            "elements": [asdict(each) for each in elements],
        }
        return as_json(body)
    title = f"G7 SBOM for AI, minimum elements: {known} of {len(elements)} known of"
    if format_ is CoverageFormat.MARKDOWN:
        rows = [(e.id, e.name, e.value or NOT_KNOWN, e.source or "") for e in elements]
        lines = [f"| {' | '.join(map(for_markdown, row))} |" for row in rows]
        head = ["| element | name | value | source |", "|---|---|---|---|"]
        return "\n".join([f"# {title} {for_markdown(name)}", "", *head, *lines]) + "\n"
    width = max(len(element.name) for element in elements)
    lines = [f"{title} {for_people(name)}", ""]
    for e in elements:
        source = f" ({e.source})" if e.source else ""
        lines.append(f"{e.id:<11}  {e.name:<{width}}  {e.value or NOT_KNOWN}{source}")
    return "\n".join(lines) + "\n"
