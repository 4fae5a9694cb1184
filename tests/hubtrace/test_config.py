"""`.hubtrace.toml`, what it lets pass, and `hubtrace init`, which writes it."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from hubtrace.config import PLACEHOLDER
from hubtrace.graph import open_store
from tests.hubtrace.conftest import Call, ingest_acme
from tests.queries.audit.worlds import provenance

CONFIG = Path(".hubtrace.toml")
ROOT = Path(__file__).parents[2]
_ACCEPT = """
[[accept]]
kind = "licence_mismatch"
target = "acme/Yi-6B"
reason = "both are fine"
expires = 2999-12-31
"""


@pytest.fixture
def asked(call: Call) -> Call:
    """Call in a folder that holds the world of audits as `hubtrace.kgl`."""
    with open_store("hubtrace.kgl") as store:
        provenance().write(store)
    return call


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[check", ":1: "),
        ("[chekc]", ": 'chekc' is not known here; did you mean `check`?"),
        ("zzz = 1", ": 'zzz' is not known here; known are check, accept"),
        ("check = 1", ": check: it is a whole number, not a table [check]"),
        ("[check]\nmax_lag = 3", ": check: 'max_lag' is not known here; did you mean `max-lag`?"),
        ("[check]\ngraph = 'bolt://x'", ": check: 'graph' is not known here; known are targets"),
        ("[check]\nmax-lag = 'soon'", ": check: max-lag: invalid number of days 'soon'"),
        ("[check]\nmax-lag = -3", ": check: max-lag: invalid number of days '-3'"),
        ("[check]\nmax-lag = true", ": check: max-lag: it is a truth value, not a text"),
        ("[check]\nlag = 'most'", ": check: lag: it is one of lower, upper"),
        ("[check]\nlag = ['lower']", ": check: lag: it is one of lower, upper"),
        ("[check]\nareas = ['cod']", ": check: areas: unknown area 'cod'"),
        ("[check]\nfail-on = 'lagg'", ": check: fail-on: unknown finding `lagg`; did you mean"),
        ("[check]\nfail-on = []", ": check: fail-on: it is empty"),
        ("[check]\nfail-undecided = 'false'", ": fail-undecided: it is a text, not true or false"),
        ("[check]\nabandon-after = 0", ": check: abandon-after: it is not between 1 and"),
        ("[check]\nabandon-after = '180'", ": abandon-after: it is a text, not a whole number"),
        ("[check]\ntargets = [1]", ": check: targets: it is a whole number, not a text"),
        ("[check]\ntargets = ['yi']\nall = true", ": check: all: there are targets, too"),
        ("accept = 1", ": accept: it is a whole number, not tables [[accept]]"),
        ("accept = [1]", ": accept: it is a list, not tables [[accept]]"),
        (_ACCEPT.replace("kind", "kid"), ": accept 1: 'kid' is not known here; did you mean"),
        (_ACCEPT.replace("licence_mismatch", "license-mismatch"), "mean `licence_mismatch`?"),
        (_ACCEPT.replace("licence_mismatch", "orphaned"), "orphaned stands for several; name one"),
        (_ACCEPT.replace("licence_mismatch", "everything"), "there is no finding 'everything'"),
        (_ACCEPT.replace("licence_mismatch", "replaced"), ": accept 1: `value` is missing"),
        (f"{_ACCEPT}branch = 'x'", ": branch: a finding of the kind licence_mismatch is not about"),
        (_ACCEPT.replace("both are fine", ""), ": accept 1: reason: it is empty"),
        (_ACCEPT.replace("both are fine", " \\u200b"), ": accept 1: reason: it is empty"),
        (_ACCEPT.replace("both are fine", "todo!"), ": reason: it is still to be written"),
        (_ACCEPT.replace("both are fine", "x" * 1_001), ": reason: it is longer than 1,000"),
        (_ACCEPT.replace('reason = "both are fine"', ""), ": accept 1: `reason` is missing"),
        (_ACCEPT.replace("2999-12-31", "'2999-02-30'"), "expires: '2999-02-30' is not a day"),
        (_ACCEPT.replace("2999-12-31", "'20991231'"), "expires: '20991231' is not a day"),
        (_ACCEPT.replace("2999-12-31", "2999-12-31T00:00:00Z"), "is not a day like 2027-03-31"),
        (_ACCEPT.replace("2999-12-31", "true"), "expires: 'True' is not a day like"),
        (_ACCEPT.replace("expires = 2999-12-31", ""), ": accept 1: `expires` is missing"),
        (_ACCEPT + _ACCEPT.replace("acme/Y", "hf.co/acme/y"), "is the same as .hubtrace.toml: acc"),
        (_ACCEPT.replace("acme/Yi-6B", "a b"), "accept 1 (licence_mismatch of a b): target: a b"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(asked: Call, text: str, message: str) -> None:
    CONFIG.write_text(text)
    answer = asked("check", "acme/Yi-6B")
    assert (answer.code, answer.out) == (2, ""), answer.err
    assert "hubtrace: .hubtrace.toml:" in answer.err
    assert message in answer.err
    assert re.search(r"\.hubtrace\.toml:\d+: |the same as|accept 1 \(", answer.err)
    assert "Traceback" not in answer.err


def test_a_file_that_cannot_be_read_is_not_no_file(asked: Call) -> None:
    CONFIG.symlink_to("nowhere")
    assert asked("check", "acme/Yi-6B").code == 2
    CONFIG.unlink()
    CONFIG.mkdir()
    assert asked("check", "acme/Yi-6B").code == 2
    assert asked("check", "acme/Yi-6B", "--config", "none.toml").code == 2


def test_the_command_line_goes_before_the_file(asked: Call) -> None:
    CONFIG.write_text("""[check]
targets = ["acme/Yi-6B"]
fail-on = "lag"
lag = "upper"
max-lag = 49
areas = "docs"
abandon-after = 180
""")
    lag = ("--lag", "upper", "--fail-on", "lag")
    for more, code in (
        ([], 1),
        (["--max-lag", "300"], 0),
        (["--areas", "tokenizer"], 0),
        (["--lag", "lower"], 0),
        (["--areas", ""], 2),
        (["--areas", " , "], 2),
        (["--fail-on", "gone"], 0),
        (["acme/alone"], 3),
        (["--max-age", "7d", "--max-lag", "300"], 3),
        (["--ci", "--max-lag", "300"], 3),
        (["--ci", "--max-age", "9999", "--max-lag", "300"], 0),
    ):
        answer = asked("check", *more)
        assert answer.code == code, (more, answer.out, answer.err)
        assert answer.err.startswith("configuration: .hubtrace.toml\n")
    CONFIG.rename("other.toml")
    assert asked("check", "acme/Yi-6B", *lag, "--max-lag", "300").code == 0
    assert asked("check", "--config", "other.toml").code == 1
    Path("other.toml").write_text("[check]\nall = true\nfail-undecided = true\n")
    assert asked("check", "--config", "other.toml", "--fail-on", "gone").code == 3
    assert asked("check", "yi", "--config", "other.toml", "--fail-on", "lag").code == 1
    file = ("dead", "--config", "other.toml", "--fail-on", "usual", "--max-lag", "999")
    assert "undecided: acme/lost: rewritten" in asked("check", *file).err
    assert "undecided: acme/lost: rewritten" not in asked("check", *file, "--no-fail-undecided").err


def test_a_baseline_passes_when_its_reasons_are_written(asked: Call) -> None:
    CONFIG.write_text("# ours\n[check]\ntargets = ['yi', 'dead']\n")
    found = asked("check", "--write-baseline")
    assert (found.code, found.out.count("\n")) == (1, 9)
    assert "added 7 acceptances to .hubtrace.toml; it is refused until" in found.err
    refused = asked("check")
    assert (refused.code, refused.out) == (2, "")
    assert "accept 1: reason: it is still to be written" in refused.err
    text = CONFIG.read_text()
    assert text.startswith("# ours\n[check]\n")
    CONFIG.write_text(text.replace(PLACEHOLDER, "agreed\\u001b[2J with ::legal::"))
    answer = asked("check")
    assert (answer.code, answer.out) == (0, "")
    assert "0 findings, 9 accepted, in 4 models; observed " in answer.err
    (line,) = (line for line in answer.err.splitlines() if "licence_mismatch" in line)
    assert line.startswith("accepted: acme/Yi-6B: licence_mismatch: the licences differ: other-1")
    assert re.search(r"\(accepted until \d{4}-\d\d-\d\d: agreed\\x1b\[2J with ::legal::\)$", line)
    assert "nothing to add to .hubtrace.toml" in asked("check", "--write-baseline").err
    narrower = asked("check", "acme/lost", "--max-lag", "300")
    assert (narrower.code, "warning" in narrower.err) == (0, False)
    calmer = asked("check", "yi", "--max-lag", "300")
    assert re.search(r"warning: \.hubtrace\.toml: accept \d \(lag of .* it matches", calmer.err)


def test_an_expired_acceptance_is_renewed_by_hand(asked: Call) -> None:
    expired = _ACCEPT.replace("2999-12-31", "2025-01-01")
    CONFIG.write_text(f'{expired}value = "other-1 / apache-2.0"\n')
    answer = asked("check", "acme/Yi-6B", "--fail-on", "licence_mismatch", "--write-baseline")
    assert answer.code == 1
    assert "; accepted until 2025-01-01, which has passed [" in answer.out
    assert "nothing to add" in answer.err
    CONFIG.write_text("accept = []\n")
    static = asked("check", "acme/Yi-6B", "--fail-on", "licence_mismatch", "--write-baseline")
    assert (static.code, CONFIG.read_text()) == (2, "accept = []\n")
    assert "write `accept` as [[accept]] tables" in static.err


def test_init_writes_what_a_repository_needs(call: Call) -> None:
    models = ("https://huggingface.co/01-ai/Yi-6B", "hf:01-ai/Yi-34B", "01-ai/Yi-6B")
    shown = call("init", *models, "--dry-run")
    assert (shown.code, list(Path().iterdir())) == (0, [])
    answer = call("init", *models)
    assert answer.code == 0, answer.err
    workflow = Path(".github/workflows/hubtrace.yml")
    assert f"# {CONFIG}\n{CONFIG.read_text()}\n# {workflow}\n{workflow.read_text()}\n" == shown.out
    place = files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    body = yaml.safe_load(workflow.read_text())
    body["on"] = body.pop(True)  # YAML 1.1 takes `on` for a truth value
    Draft7Validator(json.loads(place.read_text("utf-8"))).validate(body)
    (block,) = (
        b
        for b in re.findall("```yaml\n(.*?)```", (ROOT / "docs/check.md").read_text(), re.S)
        if "jobs:" in b
    )
    assert block == workflow.read_text()
    (action,) = (s for s in body["jobs"]["models"]["steps"] if s.get("id") == "hubtrace")
    assert set(action["with"]) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
    # Its options are those that it shows as comments.
    commented = re.sub("^# (?=[a-z-]+ = )|^# (?=\\[\\[)", "", CONFIG.read_text(), flags=re.M)
    CONFIG.write_text(commented.replace('"why"', '"for it"'))
    assert "hubtrace.kgl lacks 01-ai/Yi-6B" in call("check").err


@pytest.mark.parametrize("there", [".hubtrace.toml", ".github/workflows/hubtrace.yml"])
def test_init_overwrites_nothing_unasked(call: Call, there: str) -> None:
    Path(there).parent.mkdir(parents=True, exist_ok=True)
    Path(there).write_text("ours")
    answer = call("init", "acme/model")
    assert answer.code == 2
    assert f"{there} is there already; nothing was written. --force overwrites" in answer.err
    assert [file for file in Path().rglob("*") if file.is_file()] == [Path(there)]
    assert call("init", "acme/model", "--force", "--action", "me/hubtrace@v1").code == 0
    assert "uses: me/hubtrace@v1\n" in Path(".github/workflows/hubtrace.yml").read_text()


def test_init_writes_nothing_elsewhere(call: Call, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    for link, target in ((".github", tmp_path / "away"), (".hubtrace.toml", tmp_path / "new")):
        Path(link).symlink_to(target)
        answer = call("init", "acme/model", "--force")
        assert (answer.code, "leads out of this folder" in answer.err) == (2, True)
        assert not [file for file in tmp_path.rglob("*") if file.is_file()]
        Path(link).unlink()


def test_init_takes_the_models_of_the_graph(call: Call, world: Path) -> None:
    none = call("init")
    assert none.code == 2
    assert "name the models that are released from here; the graph has no family" in none.err
    for wrong in ("github.com/a/b", "../x", "a b", "x@y:z@"):
        assert call("init", wrong).code == 2
    assert call("init", "a/b", "--action", "x y").code == 2
    assert not CONFIG.exists()
    ingest_acme(call, world)
    assert call("init").code == 0
    assert '    "https://huggingface.co/acme/model-chat",\n' in CONFIG.read_text()
    assert call("check", "--max-lag", "9999", "--fail-on", "lag").code == 0
    with open_store("hubtrace.kgl") as store:
        provenance().write(store)
    several = call("init", "--force")
    assert (several.code, "the graph has several families" in several.err) == (2, True)
