"""What CycloneDX 1.7 has for models and its library has no classes for.

That is the model's card, what is incomplete, and who stated which field.

Nothing is invented: a field that neither a hub nor the card states is left out, and listed as
unknown in `compositions` and by `hubtrace audit --for g7`.
"""

from collections.abc import Mapping
from typing import Any

from hubtrace.graph.format import timestamp
from hubtrace.graph.text import for_people
from hubtrace.queries.audit.records import Audit

_CARD_PROPERTIES = {
    "hyperparameters": "genai:aibom:modelcard:hyperparameter",
    "environment": "hubtrace:environment",
    "explainability": "genai:aibom:modelcard:modelCardExplainability",
}
"""Fields of a card that CycloneDX has no place for, by the names of OWASP's AIBOM taxonomy."""
_PROPERTIES = {
    "energy": "energyConsumption",
    "risks": "safetyRiskAssessment",
    "training": "informationAboutTraining",
    "intended_use": "informationAboutApplication",
    "metrics": "metric",
    "threshold": "metricDecisionThreshold",
    "preprocessing": "modelDataPreprocessing",
    "personal_data": "useSensitivePersonalInformation",
    "domain": "domain",
    "autonomy": "autonomyType",
    "compliance": "standardCompliance",
}
"""The same, by the names of SPDX's AI profile, which OWASP's tools look for on the document."""


_OF_HUB = {"licenses", "supplier", "components", "modelCard/modelParameters/task"}
_OF_CARD = {
    *("description", "manufacturer", "modelCard/considerations", "modelCard/properties"),
    *("modelCard/modelParameters/modelArchitecture", "modelCard/modelParameters/datasets"),
    "modelCard/quantitativeAnalysis",
}
"""Fields of the model that the hub states, and that its card does."""


def said(audit: Audit, *names: str) -> str | None:
    """Return what the card says in the first of these fields that it has."""
    found = {fact.name: fact.text for fact in audit.card}
    return next((found[name] for name in names if name in found), None)


def owner_of(name: str | None) -> str | None:
    """Return the account of `owner/name`."""
    owner, slash, _ = (name or "").partition("/")
    return owner if slash and owner else None


def add_model_card(body: dict[str, Any], audit: Audit) -> None:
    """Add to a bill of materials what is known of the model, and what is known to be missing."""
    model = body["metadata"]["component"]
    if card := _card(audit):
        model["modelCard"] = card
    developer = said(audit, "developer")
    if developer:
        model["manufacturer"] = {"name": for_people(developer)}
    known = {"primaryPurpose": audit.identity.task, "suppliedBy": owner_of(audit.identity.name)}
    known |= {name: said(audit, field) for field, name in _PROPERTIES.items()}
    if energy := said(audit, "energy"):
        known["energyQuantity"], _, known["energyUnit"] = energy.rpartition(" ")
    listed = [{"name": n, "value": for_people(v)} for n, v in known.items() if v]
    body["metadata"]["properties"] = [*body["metadata"].get("properties", []), *listed]
    body["compositions"] = _compositions(body, audit)
    if citations := _citations(body, audit):
        body["citations"] = citations


def _card(audit: Audit) -> dict[str, Any]:
    """Return CycloneDX's model card, without what is not known."""

    def text(*names: str) -> str | None:
        found = said(audit, *names)
        return None if found is None else for_people(found)

    datasets = [name.strip() for name in (said(audit, "datasets") or "").split(",")]
    parameters = {
        "task": for_people(audit.identity.task) if audit.identity.task else None,
        "modelArchitecture": text("architecture"),
        "datasets": [{"type": "dataset", "name": for_people(name)} for name in datasets if name],
    }
    measured = [pair.partition(": ") for pair in (said(audit, "evaluation") or "").split(", ")]
    of_index = any(f.name == "evaluation" and "model-index" in f.place for f in audit.card)
    metrics = [{"type": for_people(k), "value": for_people(v)} for k, _, v in measured if v]
    ethics = text("ethics")
    considerations = {
        "useCases": [it] if (it := text("intended_use")) else None,
        "technicalLimitations": [it] if (it := text("limitations")) else None,
        "ethicalConsiderations": [{"name": ethics}] if ethics else None,
    }
    properties = [
        {"name": name, "value": it}
        for field, name in _CARD_PROPERTIES.items()
        if (it := text(field))
    ]
    return _known(
        {
            "modelParameters": _known(parameters),
            "quantitativeAnalysis": {"performanceMetrics": metrics} if of_index else None,
            "considerations": _known(considerations),
            "properties": properties,
        }
    )


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _compositions(body: dict[str, Any], audit: Audit) -> list[dict[str, Any]]:
    """Return how complete each part is: nothing is said to be complete that could not be read."""
    model = body["metadata"]["component"]["bom-ref"]
    parts = [{"aggregate": "incomplete" if audit.files else "unknown", "assemblies": [model]}]
    ancestors = body["metadata"]["component"].get("pedigree", {}).get("ancestors", [])
    parts += [{"aggregate": "unknown", "assemblies": [it["bom-ref"]]} for it in ancestors]
    parts.append({"aggregate": "incomplete", "dependencies": [model]})
    return parts


def _citations(body: dict[str, Any], audit: Audit) -> list[dict[str, Any]]:
    """Return who stated which fields: the model's hub, its card, or this program's evidence."""
    model = body["metadata"]["component"]
    authors = "tool"
    if "supplier" in model:
        authors = model["supplier"]["bom-ref"] = "owner"
    seen = timestamp(audit.identity.observed_at or audit.method.until)
    card = model.get("modelCard", {})
    parts = {
        "": model,
        "modelCard/": card,
        "modelCard/modelParameters/": card.get("modelParameters", {}),
    }
    there = [f"{place}{name}" for place, values in parts.items() for name in values]
    at = "/metadata/component"
    found = [
        ([f"{at}/{it}" for it in there if it in _OF_HUB], "hub", "tool", "as the hub answered"),
        ([f"{at}/{it}" for it in there if it in _OF_CARD], "card", authors, "as its card says"),
    ]
    if "pedigree" in model:
        how = "found by comparing histories and contents, and from what cards name"
        found.append(([f"{at}/pedigree"], "evidence", "tool", how))
    return [
        {
            "bom-ref": f"citation {by}",
            "timestamp": seen,
            "note": note,
            "attributedTo": source,
            "pointers": pointers,
        }
        for pointers, by, source, note in found
        if pointers
    ]
