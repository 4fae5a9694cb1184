"""`cypher_lint.py` catches each kind of mistake, and nothing that is none."""

import pytest

from hubtrace.queries.catalogue import catalogue
from tests.cypher_lint import Problem, check, parameters_of


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MATCH (f:Famly) RETURN f", "the model has no label Famly"),
        ("MATCH (p) WHERE p:Repo RETURN p", "the model has no label Repo"),
        ("MATCH (a)-[:UPSTREM]->(b) RETURN a", "the model has no relationship type UPSTREM"),
        ("MATCH (a)-[:UPSTREAM|SHIPS]->(b) RETURN a", "the model has no relationship type SHIPS"),
        ("MATCH (f:Family) RETURN f.nam", "Family has no property nam"),
        ("MATCH (f:Family {nam: 'x'}) RETURN f", "Family has no property nam"),
        ("MATCH (a)-[h:HAS_COMMIT]->(b) RETURN h.when", "HAS_COMMIT has no property when"),
        ("MATCH ()-[h:HAS_COMMIT {when: 1}]->() RETURN h", "HAS_COMMIT has no property when"),
        (
            "MATCH (a)-[:HAS_COMMIT]->(b) RETURN a.sha",
            "Repository or Variant has no property sha",
        ),
        ("MATCH (f:Family)<-[:UPSTREAM]-(r) RETURN f", "no UPSTREAM ends at Family"),
        ("MATCH (f:Family)-[:HAS_COMMIT]->(c) RETURN c", "no HAS_COMMIT starts at Family"),
        ("RETURN $wrong AS x", "the parameter $wrong is not declared"),
        ("MATCH (c)-[:PARENT*1..3]->(d) RETURN d", "a walk along PARENT takes forever"),
        ("MATCH (c)-[:SAME_PERSON*]->(d) RETURN d", "a variable length needs an upper bound"),
        ("MATCH (c)-[:SAME_PERSON*2..]->(d) RETURN d", "a variable length needs an upper bound"),
        ("MATCH (c)((a)-[:HEAD]->(b)){1,3}(d) RETURN d", "not every store has quantified paths"),
        ("MATCH (c)-[:HEAD]->{1,3}(d) RETURN d", "not every store has quantified paths"),
        ("MATCH (c)-[:HEAD]->+(d) RETURN d", "not every store has quantified paths"),
        ("MATCH (c:Commit WHERE c.sha = '') RETURN c", "not every store takes WHERE inside"),
        ("MATCH (a)-[h:HEAD WHERE true]->(c) RETURN c", "not every store takes WHERE inside"),
        ("RETURN COLLECT { MATCH (c:Commit) RETURN c } AS x", "not every store has COLLECT { }"),
        ("UNWIND [1] AS x RETURN percentileCont(x, 0.5)", "not every store has percentileCont()"),
        ("UNWIND [1] AS x RETURN stDev(x)", "not every store has stDev()"),
        ("RETURN datetime({epochSeconds: 1})", "not every store has datetime({ })"),
        ("/* words */ RETURN 1", "comments are made by // only"),
        ("MATCH (f:Family) SET f.name = 'x'", "a question does not write: SET"),
        ("MERGE (f:Family {name: 'x'})", "a question does not write: MERGE"),
        ("MATCH (f:Family) DETACH DELETE f", "a question does not write: DELETE"),
    ],
)
def test_a_mistake_is_found(text: str, message: str) -> None:
    problems = check(f"// a comment\n{text}\n")
    assert len(problems) == 1
    assert problems[0].line == 2
    assert problems[0].message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (f:Family {name: 'f.nam (x:Nope) $y /* no */'}) RETURN f.name AS nam",
        "MATCH (f:Family) // f.nam, $y, (x:Nope) SET\nRETURN f.name",
        "MATCH (f:Family) WITH {nam: f.name, set: 1} AS m RETURN m.nam, m.set",
        "MATCH (c:Commit)-[:PARENT]->(d:Commit) RETURN d.sha",
        "MATCH (a:Contributor)-[:SAME_PERSON*..3]-(b) RETURN b.login",
        "MATCH (c)<-[:FROM]-(s)-[:TO]->(d) RETURN s.lag_seconds, c.sha, d.sha",
        "MATCH (f:Family) WHERE EXISTS { (f)-[:UPSTREAM]->() } RETURN count(f) * (1 + 2)",
        "MATCH (p)-[h:HAS_COMMIT]->(:Commit) WHERE p:Variant RETURN [h.at, p.name][0]",
        "RETURN [x IN range(0, 3) WHERE x - 1 > 0 | {at: x}] AS times",
        "MATCH (`f`:`Family`) RETURN `f`.`name`",
    ],
)
def test_what_is_right_passes(text: str) -> None:
    assert check(text) == []


def test_a_parameter_that_is_declared_must_be_used() -> None:
    text = "// $other\nRETURN $x AS x, '$other' AS y"
    assert check(text, ["x"]) == []
    assert check(text, ["x", "other"]) == [
        Problem(1, "the parameter $other is declared but not used")
    ]
    assert parameters_of(text) == {"x"}


def test_a_line_is_counted_past_strings_and_comments() -> None:
    assert [p.line for p in check("RETURN 'a\nb', // c\n  $x\n")] == [3]


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_stored_query_fits_the_model_and_the_dialect(name: str) -> None:
    query = catalogue()[name]
    assert check(query.text, [parameter.name for parameter in query.parameters]) == []
