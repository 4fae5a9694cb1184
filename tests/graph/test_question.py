"""Questions that a user wrote read the graph, come to an end, and never crash the engine."""

import pickle
from pathlib import Path

import pytest

from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.errors import QueryFailed
from hubtrace.graph.question import MOST_NESTED, Limits, _ask_apart, ask, check_question
from hubtrace.graph.store import GraphStore

DEEP = 3_000
TIGHT = Limits(gigabytes=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (n) RETURN n LIMIT 3",
        "MATCH (n) WHERE n.name = 'LOAD CSV FROM' RETURN n // LOAD CSV",
        'MATCH (n) WHERE n.`LOAD CSV` = "CALL apoc.load.json()" RETURN n',
        "CALL db.labels() YIELD label RETURN label",
        "CALL { MATCH (n) RETURN n } RETURN n",
        "CALL pagerank() YIELD node RETURN node",
        "CALL gds.pageRank.stream('g') YIELD nodeId RETURN nodeId",
        "RETURN 1 AS a UNION RETURN 2 AS a",
        "RETURN 'it''s' AS a, \"\\\"\" AS b",
        "",
    ],
)
def test_what_only_reads_the_graph_is_let_through(text: str) -> None:
    check_question(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row", "LOAD CSV"),
        ("load\n csv with headers from $url AS row RETURN row", "LOAD CSV"),
        ("`LOAD` `CSV` FROM '/etc/passwd' AS row RETURN row", "LOAD CSV"),
        ("LOAD /* x */ CSV FROM '/etc/passwd' AS row RETURN row", "LOAD CSV"),
        ("LOAD // x\nCSV FROM '/etc/passwd' AS row RETURN row", "LOAD CSV"),
        ("\\u004cOAD CSV FROM '/etc/passwd' AS row RETURN row", "LOAD CSV"),
        ("RETURN '\\u0027 AS a LOAD CSV FROM \\u0027x\\u0027 AS r RETURN r //'", "LOAD CSV"),
        ("CALL { LOAD CSV FROM 'http://x' AS row RETURN row } RETURN row", "LOAD CSV"),
        ("CALL apoc.load.json('http://10.0.0.1') YIELD value RETURN value", r"apoc\.load\.json"),
        ("CALL apoc . load . `json`('x') YIELD value RETURN value", r"apoc\.load\.json"),
        ("CALL apoc.cypher.runFile('x')", "procedure"),
        ("CALL gds.graph.export.csv('g', {})", "procedure"),
        ("CALL dbms.setConfigValue('a', 'b')", "procedure"),
        ("CALL { " * DEEP + "RETURN 1 AS a" + " }" * DEEP + " RETURN 1", "nests"),
        (" UNION ".join(["RETURN 1 AS a"] * DEEP), "nests"),
        ("MATCH (n) " + "FOREACH (x IN [1] | " * DEEP + "SET n.a = 1" + ")" * DEEP, "nests"),
        ("MATCH (n) RETURN n" + ".a" * DEEP, "nests"),
        ("RETURN " + "(" * DEEP + "1" + ")" * DEEP, "nests"),
        ("RETURN 1" + " " * 100_000, "characters"),
    ],
)
def test_what_does_not_is_refused(text: str, reason: str) -> None:
    with pytest.raises(QueryFailed, match=reason) as refused:
        check_question(text)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


def test_no_file_is_read_on_any_store(store: GraphStore, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("canary\n")
    with store.write() as writer:
        writer.run("CREATE (:Family {name: 'f'})")
    for url in (str(tmp_path / "secret.csv"), (tmp_path / "secret.csv").as_uri()):
        with pytest.raises(QueryFailed, match="LOAD CSV"):
            ask(store, f"`LOAD` CSV FROM '{url}' AS row RETURN row", {}, Limits())


def test_as_deep_as_is_allowed_the_engine_answers(store: GraphStore) -> None:
    with store.write() as writer:
        writer.run("CREATE (:Family {name: 'f'})")
    text = " UNION ".join(["RETURN 1 AS a"] * (MOST_NESTED + 1))
    assert ask(store, text, {}, Limits()).rows() == [(1,)]


def test_a_question_without_an_end_is_given_up(store: GraphStore) -> None:
    with store.write() as writer:
        writer.run("CREATE (:Family {name: 'f'})")
    many = " ".join(f"UNWIND range(1, 3000) AS x{n}" for n in range(4))
    with pytest.raises(QueryFailed, match=r"longer than 0\.3 seconds; narrow it"):
        ask(store, f"{many} RETURN count(x0)", {}, Limits(seconds=0.3))
    assert store.deadline is None
    with pytest.raises(QueryFailed, match="11 rows"):
        ask(store, "UNWIND range(0, 10) AS x RETURN x", {}, Limits(rows=10))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("RETURN reduce(s = 'x', i IN range(1, 60) | s + s) AS s", "asks too much for 0.1 GB"),
        (
            "UNWIND range(1, 400) AS x RETURN reduce(s = 'x', i IN range(1, 15) | s + s)",
            "is too large",
        ),
        ("CALL { " * DEEP + "RETURN 1 AS a" + " }" * DEEP + " RETURN 1", "crashed"),
    ],
    ids=["memory", "answer", "crash"],
)
def test_an_engine_without_memory_or_that_crashes_ends_the_question_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    store = EmbeddedStore(tmp_path / "g.kgl", mapped_from=0)
    with store.write() as writer:
        writer.run("CREATE (:Family {name: 'f'})")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pickle.py").write_text("raise SystemExit('a module of the folder was run')")
    question = pickle.dumps((store.url, text, {}, TIGHT))
    with pytest.raises(QueryFailed, match=reason) as ended:
        _ask_apart(question, TIGHT)
    assert str(ended.value).isprintable()
    assert ask(store, "MATCH (f:Family) RETURN f", {}, TIGHT).data()[0]["f"].label == "Family"
