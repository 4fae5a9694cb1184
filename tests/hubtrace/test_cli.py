"""The whole way through the command line, and what is said of every bad input."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import kglite
import pytest

from hubtrace.graph.model import MODEL
from tests.hubtrace.conftest import Call, ingest_acme

COMMANDS = (
    *("demo", "ingest", "load", "tag", "patterns", "flags"),
    *("history", "query", "queries", "schema", "doctor"),
)


def test_from_repositories_to_the_pattern(call: Call, ingested: None) -> None:
    body = call("patterns", "--until", "2021-12-31", "--format", "json").json()
    assert body["schema"] == "hubtrace.patterns/1"
    assert body["until"] == 1640995199
    assert body["thresholds"]["period_days"] == 14
    (family,) = body["families"]
    assert family["repositories"] == ["acme/code"]
    assert family["variants"] == ["acme/model", "acme/model-chat"]
    assert (family["lag"], family["sync"], family["intensity"]) == ("simultaneous", "CS", "R")
    assert (family["code"], family["pattern"]) == ("CSR", "Rare synchronization")
    assert 0 < family["stability"] <= 1


def test_an_abandoned_branch_is_flagged_with_its_proof(call: Call, ingested: None) -> None:
    body = call("flags", "--format", "json").json()
    (branch,) = body["branches"]
    assert (branch["branch"], branch["status"]) == ("refs/heads/idea", "abandoned")
    assert (branch["ahead"], branch["behind"]) == (1, 5)
    assert re.fullmatch("[0-9a-f]{40}", branch["head"])
    table = call("flags")
    assert "acme/code idea" in table.out
    assert "1 ahead, 5 behind" in table.out
    assert "flagged: 1 of 4 branches" in table.err


def test_ingesting_again_finds_nothing_new(call: Call, world: Path) -> None:
    first = ingest_acme(call, world)
    assert "read 3 projects of 1 family" in first.err
    before = call("query", "family_overview", "--format", "json").json()
    again = ingest_acme(call, world)
    assert "0 new commits, 3 projects unchanged" in again.err
    assert "0 of 1 family and 0 of 3 projects were new or changed" in again.err
    after = call("query", "family_overview", "--format", "json").json()
    for body in (before, after):
        for row in body["rows"]:
            row.pop("until", None)
    assert after == before


def test_rewritten_history_is_listed_with_what_vanished(
    call: Call, world: Path, tmp_path: Path
) -> None:
    world = shutil.copytree(world, tmp_path / "world")
    ingest_acme(call, world)
    assert call("history", "acme").err == "0 events, 0 vanished commits kept\n"
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", world / "code")
    (branch,) = _said(*git, "symbolic-ref", "--short", "HEAD")
    (old,) = _said(*git, "rev-parse", branch)
    (base,) = _said(*git, "rev-parse", f"{branch}~1")
    (new,) = _said(*git, "commit-tree", f"{branch}^{{tree}}", "-p", base, "-m", "Again")
    _said(*git, "update-ref", f"refs/heads/{branch}", new)
    ingest_acme(call, world)
    for target in ("acme", "acme/code", "https://github.com/ACME/code"):
        body = call("history", target, "--format", "json").json()
        (event,) = body["events"]
        assert (event["kind"], event["before"], event["after"]) == ("history_rewritten", old, new)
        assert [commit["sha"] for commit in body["vanished"]] == [old]
    table = call("history", "acme/code")
    assert "history rewritten" in table.out
    assert "1 event, 1 vanished commit kept" in table.err
    unknown = call("history", "acme/other")
    assert (unknown.code, unknown.out) == (2, "")
    assert "the graph has no project or family 'acme/other'" in unknown.err


def _said(*command: str | Path) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_no_load_leaves_the_graph_to_load(call: Call, world: Path) -> None:
    ingest_acme(call, world, "--no-load", "--snapshot", "s")
    assert not Path("hubtrace.kgl").exists()
    assert call("load", "s", "--graph", "g.kgl").code == 0
    assert call("patterns", "--graph", "g.kgl", "--format", "json").json()["families"]


def test_tags_are_kept_in_the_graph(call: Call, ingested: None) -> None:
    assert "tagged 1 family" in call("tag", "--until", "2021-12-31").err
    rows = call("query", "assessments", "--format", "json").json()["rows"]
    assert [row["code"] for row in rows] == ["CSR"]


def test_the_families_file_does_the_same(call: Call, world: Path) -> None:
    Path("f.csv").write_text(
        f"family,side,location\nacme,upstream,acme/code={world / 'code'}\n"
        f"acme,variant,acme/model={world / 'model'}\n"
    )
    assert "read 2 projects" in call("ingest", "--families", "f.csv").err


def test_the_demo_agrees_with_the_published_labels(demo: str) -> None:
    assert demo.count("43 of 43") == 4
    assert "Rare synchronization" in demo
    assert "What to try next" in demo


@pytest.mark.parametrize("format_", ["table", "json", "csv", "markdown"])
def test_every_listing_comes_in_every_format(call: Call, ingested: None, format_: str) -> None:
    for command in (
        ["patterns"],
        ["flags"],
        ["queries"],
        ["query", "timeline"],
        ["snapshot", "info", "hubtrace-snapshot"],
    ):
        answer = call(*command, "--format", format_)
        assert answer.code == 0, answer.err
        assert answer.out


def test_every_stored_question_can_be_asked_without_parameters(call: Call, ingested: None) -> None:
    names = [row["query"] for row in call("queries", "-f", "json").json()["queries"]]
    assert len(names) >= 13
    for name in names:
        answer = call("query", name, "-f", "json")
        assert answer.code == 0, f"{name}: {answer.err}"


def test_a_statement_reads_and_only_write_writes(call: Call, ingested: None) -> None:
    count = ("query", "--cypher", "MATCH (f:Family) RETURN count(f) AS n", "-f", "json")
    assert call(*count).json() == {"schema": "hubtrace.query/1", "rows": [{"n": 1}]}
    refused = call("query", "--cypher", "CREATE (:Family {name: $n})", "--param", "n=x")
    assert refused.code == 2
    assert "--write" in refused.err
    written = call("query", "--write", "--cypher", "CREATE (:Family {name: $n})", "--param", "n=x")
    assert written.code == 0
    assert call(*count).json()["rows"] == [{"n": 2}]


def test_snapshots_are_verified_and_compacted(call: Call, ingested: None) -> None:
    intact = call("snapshot", "verify", "hubtrace-snapshot")
    assert "every file of 3 projects is as it was written" in intact.out
    assert call("snapshot", "compact", "hubtrace-snapshot").code == 0
    file = next(Path("hubtrace-snapshot").rglob("commits.parquet"))
    file.write_bytes(b"x" + file.read_bytes()[1:])
    broken = call("snapshot", "verify", "hubtrace-snapshot")
    assert broken.code == 2
    assert f"{file} has been changed" in broken.err
    refused = call("load", "hubtrace-snapshot", "--graph", "other.kgl")
    assert refused.code == 2
    assert f"{file} has been changed" in refused.err
    assert not Path("other.kgl").exists()


def test_the_schema_describes_the_whole_model(call: Call) -> None:
    page, body = call("schema").out, call("schema", "--format", "json").json()
    for node in MODEL.nodes:
        assert f"### `{node.label}`" in page
    assert "```mermaid" in page
    assert {node["label"] for node in body["nodes"]} == {node.label for node in MODEL.nodes}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ingest"], "say what to ingest"),
        (["ingest", "--family", "f"], "has no projects"),
        (["ingest", "--upstream", "x"], "--family NAME is missing"),
        (["ingest", "--family", "f", "--variant", "/x"], "needs a name"),
        (["ingest", "--family", "f", "--families", "x.csv"], "give nothing else"),
        (["ingest", "./model"], "./model is a path; name it with --family"),
        (["ingest", "https://gitlab.com/o/r"], "is neither on GitHub nor on Hugging Face"),
        (["ingest", "o/r", "--variant", "o/v"], "name the variant as a TARGET"),
        (["ingest", "o/r", "--family", "f"], "--family needs --upstream"),
        (["ingest", "o/r", "--task", "text-generation"], "narrow --top or --org"),
        (["ingest", "gh:o/r", "--upstream", "gh:o/s"], "its variants"),
        (["ingest", "o/r", "--github-url", "ftp://x"], "not the address of a GitHub"),
        (["ingest", "o/r", "--hf-endpoint", "x"], "not the address of a Hub"),
        (["ingest", "--families", "nothing.toml"], "cannot read nothing.toml"),
        (["ingest", "--from-study", "nothing"], "nothing/families.jsonl is missing"),
        (["load", "nothing"], "no snapshot at nothing"),
        (["snapshot", "verify", "nothing"], "no snapshot at nothing"),
        (["snapshot", "compact", "nothing"], "no snapshot at nothing"),
        (["patterns"], "there is no graph at hubtrace.kgl"),
        (["flags"], "there is no graph at hubtrace.kgl"),
        (["tag"], "there is no graph at hubtrace.kgl"),
        (["patterns", "--graph", "ftp://x"], "no store answers to ftp://"),
        (["patterns", "--graph", ""], "the graph has no name"),
        (["patterns", "--until", "tomorrow"], "invalid date 'tomorrow'"),
        (["patterns", "--period-days", "0"], "period_days"),
        (["flags", "--abandon-after", "-1"], "abandon_after_days"),
        (["query"], "give the name of a stored question"),
        (["query", "lags"], "did you mean `lag`?"),
        (["query", "lag", "--write"], "--write goes with --cypher"),
        (["queries", "lags"], "did you mean `lag`?"),
        (["query", "lag", "--param", "until"], "`until` is not a parameter"),
        (["query", "lag", "--param", "untill=1"], "did you mean `until`?"),
        (["query", "lag", "--param", "until=soon"], "`soon` is no"),
        (["nonsense"], "No such command"),
        (["patterns", "--format", "xml"], "xml"),
    ],
)
def test_bad_input_ends_in_one_clear_sentence(
    call: Call, arguments: list[str], complaint: str
) -> None:
    answer = call(*arguments)
    assert answer.code == 2
    assert complaint in answer.err
    assert "Traceback" not in answer.err
    assert os.listdir() == [], "nothing half-written"


@pytest.mark.parametrize("what", ["nothing", "notes.txt", "folder"])
def test_a_place_that_is_no_repository_leaves_nothing_behind(call: Call, what: str) -> None:
    Path("notes.txt").write_text("no repository")
    Path("folder").mkdir()
    answer = call("ingest", "--family", "f", "--upstream", f"o/r={what}")
    assert answer.code == 2
    assert re.search(rf"failed: o/r: (cannot read )?{what}", answer.err)
    assert sorted(os.listdir()) == ["folder", "notes.txt"]


def test_a_place_that_git_cannot_read_is_named_in_our_words(call: Call) -> None:
    for folder in ("empty", "link", "half/.git"):
        Path(folder).mkdir(parents=True)
    Path("link/.git").write_text("gitdir: /nowhere\n")
    Path("half/.git/HEAD").write_bytes(b"\xff\0")
    Path("cut.bundle").write_bytes(b"# v2 git bundle\nnothing\n")
    os.mkfifo("pipe")
    places = ("empty", "link", "half", "cut.bundle", "pipe")
    upstreams = [f"--upstream=o/{number}={place}" for number, place in enumerate(places)]
    answer = call("ingest", "--family", "f", *upstreams, "--no-load")
    assert answer.code == 2
    for number, place in enumerate(places):
        (line,) = (x for x in answer.err.splitlines() if x.startswith(f"failed: o/{number}: "))
        assert f"{place}: it is not a git" in line or f"{place} is not a git" in line


def test_one_failing_project_does_not_stop_the_others(call: Call, world: Path) -> None:
    Path("f.csv").write_text(
        f"family,side,location\ngood,upstream,acme/code={world / 'code'}\n"
        f"good,variant,acme/model={world / 'model'}\nbad,upstream,o/r=nowhere\n"
    )
    answer = call("ingest", "--families", "f.csv")
    assert answer.code == 2
    assert "failed: o/r: cannot read nowhere" in answer.err
    assert "run the same command again to retry" in answer.err
    families = call("patterns", "-f", "json").json()["families"]
    assert [family["family"] for family in families] == ["good"]


def test_cypher_that_fails_shows_the_engines_words_and_the_place(
    call: Call, ingested: None
) -> None:
    answer = call("query", "--cypher", "MATCH (n) RETRUN n")
    assert answer.code == 2
    assert re.search(r"line 1, col 1\d: .*\n +MATCH \(n\) RETRUN n\n +\^", answer.err)


def test_an_unknown_family_is_named(call: Call, ingested: None) -> None:
    answer = call("patterns", "acme", "nobody")
    assert answer.code == 2
    assert "nobody" in answer.err


def test_a_name_as_long_as_a_book_does_not_fill_the_screen(call: Call, ingested: None) -> None:
    answer = call("patterns", "a" * 1_000_000)
    assert answer.code == 2
    assert answer.err.endswith("in the graph\n")
    assert len(answer.err) < 3_000


def test_a_graph_of_a_newer_version_is_refused(call: Call, ingested: None) -> None:
    graph = kglite.load("hubtrace.kgl")
    graph.set_schema_version(MODEL.version + 1)
    graph.save("hubtrace.kgl")
    answer = call("patterns")
    assert answer.code == 2
    assert "newer hubtrace" in answer.err


# A file where a folder should be; and a file system that not even root can write to.
@pytest.mark.parametrize("place", ["file", "/proc/1/task"])
def test_a_place_that_cannot_be_written_is_named(
    call: Call, world: Path, ingested: None, place: str
) -> None:
    Path("file").write_text("x")
    projects = ("--family", "acme", "--upstream", f"acme/code={world / 'code'}")
    answer = call("ingest", *projects, "--snapshot", f"{place}/s")
    assert answer.code == 2
    assert f"{place}/s" in answer.err
    answer = call("load", "hubtrace-snapshot", "--graph", f"{place}/g.kgl")
    assert answer.code == 2
    assert f"cannot write {place}/g.kgl" in answer.err


@pytest.mark.parametrize("command", [*([name] for name in COMMANDS), ["snapshot", "verify"]])
def test_every_command_helps_with_an_example(call: Call, command: list[str]) -> None:
    answer = call(*command, "--help")
    assert answer.code == 0
    assert re.search(rf"Examples?:\s+hubtrace {' '.join(command)}", answer.out)


def test_help_does_not_wait_for_heavy_imports() -> None:
    code = (
        "import sys\nsys.argv = ['hubtrace', 'patterns', '--help']\n"
        "from hubtrace.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'kglite', 'pandas', 'pyarrow', 'networkx', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_shallow_clone_is_ingested_again(call: Call, world: Path) -> None:
    code, clone = world / "code", Path("clone")
    project = ("--upstream", f"acme/code={clone}", "--variant", f"acme/m={world / 'model'}")
    git = ["git", "-C", str(clone)]
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{code.resolve()}", str(clone)], check=True
    )
    assert call("ingest", "--family", "f", *project).code == 0
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, *identity, "commit", "-q", "--allow-empty", "-m", "more"], check=True)
    for _ in range(2):
        answer = call("ingest", "--family", "f", *project)
        assert answer.code == 0, answer.err
    assert call("check", "--all").code != 2


def test_a_defect_is_not_taken_for_a_finding(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("x")

    monkeypatch.setattr("hubtrace.cli.command_line", broken)
    answer = call("check")
    assert answer.code == 2
    assert answer.err.splitlines()[-1].startswith("hubtrace: this is a defect of hubtrace")


def test_the_version_is_printed(call: Call) -> None:
    assert re.fullmatch(r"hubtrace \d+\.\d+\.\d+\S*\n", call("--version").out)


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m hubtrace schema | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# The graph")
    assert done.stderr == ""


def test_ctrl_c_ends_with_130_and_a_sentence(world: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "import hubtrace.ingest.snapshot.writer\n"
        "def interrupt(event, args):\n"
        "    if event == 'os.rename' and str(args[0]).endswith('.partial'):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.addaudithook(interrupt)\n"
        "from hubtrace.cli import main\nmain()\n"
    )
    arguments = ["ingest", "--family", "f", "--upstream", f"acme/code={world / 'code'}"]
    places = [
        "--snapshot",
        tmp_path / "s",
        "--graph",
        tmp_path / "g.kgl",
        "--cache",
        tmp_path / "c",
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, *map(str, places)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (130, -signal.SIGINT), done.stderr
    assert "run the same command again to continue" in done.stderr
    assert not (tmp_path / "s" / "lock").exists()


_INTERRUPTED = """
import builtins, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may have been ignored before
load = builtins.__import__
def interrupted(name, *rest, **more):
    if name == "typer":
        os.kill(os.getpid(), signal.SIGINT)
    return load(name, *rest, **more)
builtins.__import__ = interrupted
from hubtrace.__main__ import main
main()
"""


def test_ctrl_c_while_everything_is_imported_is_no_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "hubtrace: interrupted; run the same command again to continue\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "--cypher", "RETURN '\udcff'"),
        ("query", "--cypher", "RETURN $a", "--param", "a=\udcff"),
        ("query", "\udcff"),
        ("patterns", "\udcff"),
        ("demo", "--directory", "\udcff"),
        ("snapshot", "info", "\udcff"),
        ("export", "tables", "\udcff"),
        ("classify", "--columns", "\udcff"),
        ("ingest", "--org", "\udcff"),
    ],
)
def test_what_is_not_utf_8_is_refused_in_a_sentence(call: Call, arguments: tuple[str, ...]) -> None:
    answer = call(*arguments)
    assert answer.code == 2
    assert answer.err.startswith("hubtrace: ")
    assert answer.err.endswith("\\xff is not valid UTF-8\n") or "\\xff' is not" in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_is_closed_is_no_defect(
    call: Call, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    monkeypatch.setattr(sys, stream, None)
    assert call("queries").code == 0
    getattr(sys, stream).close()


def test_a_document_does_not_replace_a_graph(call: Call, ingested: None) -> None:
    for arguments in (("check", "--all", "-o"), ("export", "node-link")):
        answer = call(*arguments, "hubtrace.kgl")
        assert (answer.code, answer.err.count("\n")) == (2, 1), answer.err
        assert "hubtrace.kgl is a graph, which would be lost" in answer.err
    assert call("patterns").code == 0
