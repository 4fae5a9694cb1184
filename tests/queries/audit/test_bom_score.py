"""Bills of materials by the rules of OWASP's AIBOM generator; the coverage of the G7's elements.

The rules: each category gives its points times the share of its fields that are there; critical
and important fields that are missing cost a share of the sum. Fields, categories and points are
those of its field registry, without those of GGUF files, which count only where they are there.
Where it reads `components[0]`, the subject of our document stands.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hubtrace.graph import open_store
from hubtrace.ingest.evidence.card_facts import card_facts
from hubtrace.ingest.records import HostData, ProjectMetadata, Text
from hubtrace.queries.audit import Audit, audit
from hubtrace.queries.audit.coverage import CoverageFormat, coverage, write_coverage
from hubtrace.queries.audit.formats.cyclonedx import to_cyclonedx
from hubtrace.queries.audit.records import CardFact
from tests.ingest.evidence.test_card_facts import EMPTY, WELL_FILLED
from tests.queries.audit.worlds import SMALL, provenance

POINTS = {"required": 20, "metadata": 20, "basic": 20, "card": 30, "references": 10}
CRITICAL = (
    "bomFormat specVersion serialNumber version primaryPurpose suppliedBy name type "
    "component_version"
)
IMPORTANT = (
    "datasets purl description licenses ethicalConsiderations energyConsumption hyperparameter "
    "technicalLimitations safetyRiskAssessment intendedUse typeOfModel downloadLocation"
)


def _fields(body: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """Return what stands where the rules look, by category and field."""
    model = body["metadata"]["component"]
    said = {each["name"]: each["value"] for each in body["metadata"].get("properties", ())}
    card = model.get("modelCard", {})
    parameters, thought = card.get("modelParameters", {}), card.get("considerations", {})
    own = {each["name"].rpartition(":")[2]: each["value"] for each in card.get("properties", ())}
    places = {each["type"] for each in model.get("externalReferences", ())}
    required = "bomFormat specVersion serialNumber version"
    metadata = "primaryPurpose suppliedBy standardCompliance domain autonomyType"
    of_card = (
        "energyConsumption safetyRiskAssessment energyQuantity energyUnit informationAboutTraining "
        "informationAboutApplication metric metricDecisionThreshold modelDataPreprocessing "
        "useSensitivePersonalInformation"
    )
    return {
        "required": {name: body.get(name) for name in required.split()},
        "metadata": {name: said.get(name) for name in metadata.split()},
        "basic": {
            "external_references": places,
            "component_version": model.get("version"),
            **{k: model.get(k) for k in ("name", "type", "purl", "description", "licenses")},
        },
        "card": {
            "datasets": parameters.get("datasets"),
            "typeOfModel": parameters.get("modelArchitecture"),
            "ethicalConsiderations": thought.get("ethicalConsiderations"),
            "technicalLimitations": thought.get("technicalLimitations"),
            "intendedUse": thought.get("useCases"),
            "hyperparameter": own.get("hyperparameter"),
            "modelExplainability": own.get("modelCardExplainability"),
            **{name: said.get(name) for name in of_card.split()},
        },
        "references": {
            "vcs": places & {"vcs"},
            "website": places & {"website"},
            "paper": places & {"documentation"},
            "downloadLocation": places & {"distribution", "website"},
        },
    }


def _score(text: str) -> float:
    found = _fields(json.loads(text))
    missing = {name for fields in found.values() for name, value in fields.items() if not value}
    critical, important = len(missing & {*CRITICAL.split()}), len(missing & {*IMPORTANT.split()})
    factor = 0.8 if critical > 3 else 0.9 if critical >= 2 else 1.0
    factor *= 0.95 if important >= 5 else 1.0
    shares = {
        category: sum(bool(value) for value in fields.values()) / len(fields)
        for category, fields in found.items()
    }
    return round(factor * sum(POINTS[it] * share for it, share in shares.items()), 1)


def _with_card(audited: Audit, card: str) -> Audit:
    told = HostData(ProjectMetadata("1", "acme/m"), texts=(Text("card", "README.md", None, card),))
    facts = tuple(CardFact(*fact.split("\t", 2)) for fact in card_facts(told))
    return replace(audited, card=facts)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    with open_store(str(tmp_path_factory.mktemp("score") / "graph.kgl")) as store:
        provenance().write(store)
        return audit(store, SMALL)


def test_a_well_filled_card_scores_85_and_an_empty_one_less(small: Audit) -> None:
    """`test_formats.py` holds the same document valid by the official schema."""
    scores = {}
    for name, card in (("filled", WELL_FILLED), ("empty", EMPTY)):
        scores[name] = _score(to_cyclonedx(_with_card(small, card)))
    assert scores["filled"] >= 85, scores
    assert scores["empty"] < 60, scores


def test_the_card_is_quoted_and_it_is_said_who_states_what(small: Audit) -> None:
    assert small == _with_card(small, WELL_FILLED)  # so it stands in the graph
    body = json.loads(to_cyclonedx(small))
    model = body["metadata"]["component"]
    assert model["manufacturer"] == {"name": "Acme Research"}
    assert model["supplier"]["name"] == "acme"
    card = model["modelCard"]
    assert card["modelParameters"]["datasets"][0] == {"type": "dataset", "name": "acme/corpus"}
    measured = card["quantitativeAnalysis"]["performanceMetrics"]
    assert measured[0] == {"type": "accuracy", "value": "0.91"}
    assert "/metadata/component/modelCard/modelParameters/task" in body["citations"][0]["pointers"]
    assert len(body["citations"][1]["pointers"]) == 7
    for citation in body["citations"]:
        for pointer in citation["pointers"]:
            value = body
            for step in pointer.strip("/").split("/"):
                value = value[step]
    assert {each["aggregate"] for each in body["compositions"]} <= {"incomplete", "unknown"}


def test_the_g7_s_elements_have_a_value_and_a_source_or_are_not_known(small: Audit) -> None:
    filled, empty = _with_card(small, WELL_FILLED), _with_card(small, EMPTY)
    for audited, least, most in ((filled, 24, 32), (empty, 14, 22)):
        found = coverage(audited)
        known = [each for each in found if each.value is not None]
        assert (len(found), len({each.id for each in found})) == (50, 50)
        assert least <= len(known) <= most, [each.id for each in known]
        assert all((each.value is None) == (each.source is None) for each in found)
        table = {form: write_coverage(audited, form) for form in CoverageFormat}
        assert json.loads(table[CoverageFormat.JSON])["known"] == len(known)
        for form in (CoverageFormat.TEXT, CoverageFormat.MARKDOWN):
            assert table[form].count("not known") == 50 - len(known)
    by_name = {each.name: each for each in coverage(filled)}
    assert by_name["Dataset name"].source == "the card: front matter: datasets"
    assert by_name["System name"].value is None
