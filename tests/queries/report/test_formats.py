"""Markdown, JSON and tables: the same numbers, and hostile text that stays text."""

import json
from collections.abc import Iterator

import jsonschema
import pyarrow as pa
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hubtrace.queries.report.formats.json import json_schema
from hubtrace.queries.report.formats.markdown import to_markdown
from hubtrace.queries.report.formats.parquet import tables
from hubtrace.queries.report.records import Report
from tests.queries.report.conftest import Document
from tests.queries.report.worlds import ATTACKS, MEGABYTE


def _tokens(text: str) -> Iterator[Token]:
    reader = MarkdownIt("commonmark", {"linkify": True}).enable(["table"])
    for token in reader.parse(text):
        yield token
        yield from token.children or ()


def test_hostile_text_is_text_in_markdown(hostile_report: Report) -> None:
    text = to_markdown(hostile_report)
    assert len(text) < 100_000, "a megabyte is cut"
    kinds = {token.type for token in _tokens(text)}
    assert not kinds & {"html_inline", "html_block", "link_open", "image", "em_open", "code_inline"}
    assert "https://" not in text, "a bare address would become a link on some hosts"
    assert not any(char in text for char in "\u202e\u2066\x1b\x07\x00\t")
    names = [token.content for token in _tokens(text) if token.type == "inline"]
    assert any("<script>document.title='owned'" in name.replace("\\", "") for name in names)


def test_every_row_of_markdown_has_all_its_cells(
    hostile_report: Report, study_report: Report
) -> None:
    for report in (hostile_report, study_report):
        width = 0
        for token in _tokens(to_markdown(report)):
            if token.type == "tr_open":
                width, cells = max(width, 0), 0
            elif token.type in ("th_open", "td_open"):
                cells += 1
            elif token.type == "thead_open":
                width = 0
            elif token.type == "tr_close":
                width = width or cells
                assert cells == width


def test_markdown_has_the_numbers_of_the_json(
    study_report: Report, study_document: Document
) -> None:
    text = to_markdown(study_report)
    switches = study_document["statistics"]["switches"]
    assert f"H = {switches['by_pattern']['statistic']:.2f}" in text
    row = next(row for row in switches["rows"] if row["group"] == "upstream")
    assert f"| upstream | {row['families']} | {row['switches']} | {row['mean']:.1f} (" in text
    family = study_document["families"][1]
    assert f"| {family['upstream_commits']:,} | {family['downstream_commits']} |" in text


def test_json_keeps_text_exactly(hostile_document: Document) -> None:
    body = json.loads(json.dumps(hostile_document))
    assert json.dumps(body) == json.dumps(hostile_document)
    families = {family["family"]: family for family in body["families"]}
    for attack in ATTACKS:
        assert families[attack]["projects"][0]["name"] == attack
        assert families[attack]["tail"]["newest"][0]["subject"] == attack
    assert families[f"long {MEGABYTE[:900]}"]["projects"][1]["name"] == MEGABYTE


def test_tables_hold_what_the_json_does(
    study_report: Report, study_document: Document, hostile_report: Report
) -> None:
    found = tables(study_report)
    families = found["families"].to_pylist()
    assert [row["family"] for row in families] == [f["family"] for f in study_document["families"]]
    assert sum(row["switch_count"] for row in families) == found["switches"].num_rows == 471
    periods = sum(len(p["periods"]) for f in study_document["families"] for p in f["projects"])
    assert found["periods"].num_rows == periods
    assert found["branches"].num_rows == 0, "and yet it has its columns"
    assert found["branches"].schema.field("ahead").type == pa.int64()
    assert not any(pa.types.is_null(f.type) for table in found.values() for f in table.schema)
    hostile = tables(hostile_report)
    assert set(ATTACKS) < set(hostile["projects"]["name"].to_pylist())
    assert hostile["variants"].num_rows == 10, "with the one in no family"


def test_changes_are_listed(hostile_report: Report, hostile_document: Document) -> None:
    changes = hostile_document["changes"]
    assert changes["counts"]["event"] == 9
    text = to_markdown(hostile_report)
    assert "## What changed" in text
    assert "9 events" in text


def test_the_json_is_what_its_schema_says(
    study_document: Document, hostile_document: Document
) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for document in (study_document, hostile_document):
        validator.validate(json.loads(json.dumps(document)))
    body = json.loads(json.dumps(study_document))
    body["families"][0]["more"] = 1
    assert not validator.is_valid(body)
    body = json.loads(json.dumps(study_document))
    body["statistics"]["switches"]["rows"][0]["mean"] = "much"
    assert not validator.is_valid(body)
