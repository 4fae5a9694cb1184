"""Workflow expressions, as GitHub evaluates them, as far as they can be known."""

import pytest

from hubtrace.ingest.evidence.shell import UNKNOWN
from hubtrace.ingest.evidence.workflow import evaluate, expand

NAMES = {"matrix.repo": "Yi-6B", "env.on": "true", "github.repository": "a/b"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("matrix.repo", "Yi-6B"),
        ("matrix['repo']", "Yi-6B"),
        ("MATRIX.Repo", "Yi-6B"),
        ("matrix.repo == 'yi-6b'", "true"),
        ("matrix.repo != 'Yi-6B'", "false"),
        ("!(matrix.repo == 'x')", "true"),
        ("matrix.repo == 'x' && 'a' || 'b'", "b"),
        ("'' || 'b'", "b"),
        ("'a' && 'b'", "b"),
        ("format('{0}/{1}', 'a', matrix.repo)", "a/Yi-6B"),
        ("format('{0}:{1}', 'u', secrets.T)", f"u:{UNKNOWN}"),
        ("format('{7}', 'u')", UNKNOWN),
        ("contains(github.repository, 'B')", "true"),
        ("startsWith(github.repository, 'b')", "false"),
        ("secrets.T", UNKNOWN),
        ("secrets.T == 'x'", UNKNOWN),
        ("!secrets.T", UNKNOWN),
        ("secrets.T && 'known'", "known"),
        ("fromJSON('[1]')", UNKNOWN),
        ("7", "7"),
        ("true", "true"),
        ("", UNKNOWN),
        ("'a' 'b'", UNKNOWN),
        ("(((", UNKNOWN),
        ("'open", UNKNOWN),
        ("(" * 100_000, UNKNOWN),
        ("!" * 10_000 + "true", UNKNOWN),
        ("format()", UNKNOWN),
        ("f('a' 'b')", UNKNOWN),
    ],
)
def test_the_value_of_an_expression(expression: str, value: str) -> None:
    assert evaluate(expression, NAMES) == value


def test_expressions_are_put_into_their_text() -> None:
    assert expand("x/${{ matrix.repo }}-${{secrets.A}}", NAMES) == f"x/Yi-6B-{UNKNOWN}"
