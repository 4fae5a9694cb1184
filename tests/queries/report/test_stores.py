"""Every store gives the same report of the hand-made world."""

import json

import jsonschema

from hubtrace.graph.store import GraphStore
from hubtrace.queries.report.build import report
from hubtrace.queries.report.formats.json import document, json_schema
from tests.queries.worlds import at


def test_the_report_of_the_hand_made_world(shared_store: GraphStore) -> None:
    body = json.loads(json.dumps(document(report(shared_store, clock=lambda: 0))))
    jsonschema.Draft202012Validator(json_schema()).validate(body)
    families = {family["family"]: family for family in body["families"]}
    assert list(families) == ["gone", "scoped", "steady", "unborn"]
    steady = families["steady"]
    assert (steady["code"], steady["start_at"], steady["periods"]) == ("PSR", at(0), 29)
    assert steady["shared_periods"] == [0, 1, 2]
    assert (steady["upstream_commits"], steady["downstream_commits"]) == (5, 4)
    assert (steady["switch_count"], steady["left_behind"]) == (7, 1)
    assert steady["projects"][0]["periods"] == [[0, 2], [1, 1], [2, 1], [3, 1]]
    marks = [(mark["kind"], mark["name"], mark["status"]) for mark in steady["marks"]]
    assert marks == [
        ("branch", "foreign", "orphaned"),
        ("tag", "v1", None),
        ("release", "1.0", None),
        ("branch", "old", "abandoned"),
        ("branch", "late", "dormant"),
        ("tag", "v1", None),
        ("branch", "new", "active"),
    ]
    assert families["unborn"]["status"] == "no_commits"
    assert body["totals"]["flagged_families"] == 2
    assert len(body["orphans"]) == 4
    assert body["statistics"]["contributors"]["shared"]["count"] == 2
    assert body["statistics"]["change_types"]["similarity_mean"] == 0.5
