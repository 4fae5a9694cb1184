"""The questions behind an audit, on both stores, with their rows written out."""

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask, catalogue
from tests.queries.audit.expected import OF_AUDITS
from tests.queries.audit.worlds import ALONE, SMALL


@pytest.mark.parametrize("name", sorted(OF_AUDITS))
def test_a_question_returns_the_rows_counted_by_hand(audited: GraphStore, name: str) -> None:
    parameters, rows = OF_AUDITS[name]
    assert list(ask(audited, name, **parameters).rows()) == rows


@pytest.mark.parametrize("name", sorted(OF_AUDITS))
def test_columns_and_values_are_those_that_the_header_declares(
    audited: GraphStore, name: str
) -> None:
    result = ask(audited, name, **OF_AUDITS[name][0])
    declared = catalogue()[name].returns
    assert result.columns == tuple(column.name for column in declared)
    for row in result.rows():
        for column, value in zip(declared, row, strict=True):
            assert column.type.accepts(value), f"{column.name} is {value!r}"


@pytest.mark.parametrize(
    ("target", "how"),
    [(SMALL, "key"), (SMALL.upper(), "key"), ("acme/yi-6b", "name"), ("id4", "host_id")],
)
def test_a_variant_answers_to_many_names(audited: GraphStore, target: str, how: str) -> None:
    assert [(row["variant"], row["how"]) for row in ask(audited, "variants", target=target)] == [
        (SMALL, how)
    ]


def test_all_variants_are_told_where_none_is_named(audited: GraphStore) -> None:
    rows = ask(audited, "variants").data()
    assert len(rows) == 6
    assert {row["how"] for row in rows} == {"all"}
    assert ALONE in {row["variant"] for row in rows}
