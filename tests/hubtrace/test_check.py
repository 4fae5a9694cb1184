"""`hubtrace check` as a person and as CI calls it, and the action that calls it there."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from jsonschema import Draft7Validator

from hubtrace.graph import open_store
from tests.hubtrace.conftest import Call
from tests.queries.audit.worlds import provenance

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())


@pytest.fixture
def asked(call: Call) -> Call:
    """Call in a folder that holds the world of audits as `hubtrace.kgl`."""
    with open_store("hubtrace.kgl") as store:
        provenance().write(store)
    return call


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["acme/Yi-6B"], 1),
        (["yi", "--fail-on", "dead_link"], 0),
        (["acme/Yi-6B", "--fail-on", "lag", "--max-lag", "50", "--lag", "upper"], 0),
        (["acme/Yi-6B", "--fail-on", "lag", "--max-lag", "49d", "--lag", "upper"], 1),
        (["acme/Yi-6B", "--fail-on", "lag", "--max-lag", "49d"], 0),
        (["acme/Yi-6B", "--fail-on", "lag", "--max-age", "7d"], 3),
        (["acme/Yi-6B", "--fail-on", "lag", "--max-age", "soon"], 2),
        (["dead", "--fail-on", "moved_upstream", "--fail-undecided"], 0),
        (["acme/Yi-6B@v1", "--fail-on", "lag", "--max-lag", "50"], 1),
        (["hf.co/acme/Yi-6B/tree/v1", "--fail-on", "lag", "--max-lag", "50"], 1),
        (["hf.co/acme/Yi-6B/tree/v9"], 2),
        (["acme/Yi-6B@v1", "acme/Yi-6B"], 2),
        (["acme/Yi-6B", "--fail-on", "lag", "--until", "2024-08-01"], 1),
        (["acme/alone", "--fail-on", "gone"], 3),
        (["acme/alone", "--fail-on", "gone,unlinked"], 3),
        (["meta/llama"], 3),
        (["--all", "--fail-on", "archived_upstream,moved-upstream"], 3),
        (["acme/Yi-6B", "--max-lag", "soon"], 2),
        (["acme/Yi-6B", "--max-lag", "9" * 5_000], 2),
        (["acme/Yi-6B", "--fail-on", "lagg"], 2),
        (["acme/Yi-6B", "--areas", "code, tokenizer", "--fail-on", "lag"], 0),
        (["acme/Yi-6B", "--areas", "code,tokeniser"], 2),
        (["acme/Yi-6B", "--areas", "", "--fail-on", "lag", "--lag", "upper"], 2),
        (["nobody/nothing"], 2),
        ([], 2),
        (["--all", "yi"], 2),
    ],
)
def test_the_exit_code_says_what_came_of_it(asked: Call, arguments: list[str], code: int) -> None:
    answer = asked("check", *arguments)
    assert answer.code == code, answer.err
    assert bool(answer.out) is (code == 1)
    if code != 1:
        assert answer.err.count("\n") <= 3


def test_what_is_missing_is_told(asked: Call) -> None:
    answer = asked("check", "acme/alone", "--fail-on", "gone")
    assert "undecided: acme/alone: gone: the Hub was not asked about it" in answer.err
    assert "0 findings in 1 model; observed " in answer.err
    unclear = asked("check", "dead").err
    assert "rewritten of acme/lost; --format json says why" in unclear
    assert "1 finding in 1 model; observed 2024-09-07, " in unclear


def test_kinds_are_listed(call: Call) -> None:
    answer = call("check", "--fail-on", "help")
    assert answer.code == 0
    assert "dead_link" in answer.out
    assert "orphaned              unlinked, dead_link" in answer.out


@pytest.mark.parametrize("format_", ["json", "markdown", "sarif"])
def test_formats_are_written_to_files(asked: Call, format_: str) -> None:
    shown = asked("check", "yi", "-f", format_)
    written = asked("check", "yi", "-f", format_, "-o", "out")
    assert (shown.code, written.code, written.out) == (1, 1, "")
    assert Path("out").read_text() == shown.out
    if format_ != "markdown":
        assert json.loads(shown.out)


def test_the_action_is_one_by_the_official_schema() -> None:
    place = files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-actions.json"
    schema = json.loads(place.read_text("utf-8"))
    Draft7Validator.check_schema(schema)
    Draft7Validator(schema).validate(ACTION)


def test_nothing_from_outside_is_part_of_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step["name"]


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def action(tmp_path: Path) -> Run:
    """Run the action's scripts in bash as a runner does, with the hubtrace that is tested."""
    runner = tmp_path / "runner"
    (runner / "hubtrace" / "bin").mkdir(parents=True)
    (runner / "hubtrace" / "bin" / "hubtrace").symlink_to(Path(sys.executable).parent / "hubtrace")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUBTRACE")},
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "HUBTRACE_GRAPH": str(runner / "hubtrace.kgl"),
        "HOME": str(tmp_path),
    }
    steps = {step["name"]: step["run"] for step in ACTION["runs"]["steps"] if "run" in step}

    def run(name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps[name]],
            cwd=tmp_path,
            env={**environment, **inputs},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_action_keeps_one_comment_on_a_pull_request(action: Run, tmp_path: Path) -> None:
    (tmp_path / "runner" / "findings.md").write_text("**hubtrace check**: 1 finding \u00e9\n")
    program = tmp_path / "bin" / "gh"  # what a runner has; it notes what it is told
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho "$*" >> asked\nfor last; do :; done\n'
        'case "$last" in body=@*) cp "${last#body=@}" body ;; *) cat theirs ;; esac\n'
    )
    program.chmod(0o755)
    of = {"REPOSITORY": "acme/code", "NUMBER": "7", "GH_TOKEN": "t"}
    of["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    place = "repos/acme/code/issues/7/comments"
    for theirs, how in (
        ("", f"POST {place}"),
        ("81\n82\n", "PATCH repos/acme/code/issues/comments/81"),
    ):
        (tmp_path / "theirs").write_text(theirs)
        done = action("Comment on the pull request", **of)
        assert done.returncode == 0, done.stderr
        assert f"--method {how} --field body=@" in (tmp_path / "asked").read_text()
    begin, text = (tmp_path / "body").read_text().split("\n", 1)
    assert (begin, text) == ("<!-- hubtrace check -->", "**hubtrace check**: 1 finding \u00e9\n")
    (tmp_path / "theirs").unlink()
    program.write_text("#!/bin/sh\nexit 1\n")
    refused = action("Comment on the pull request", **of)
    assert (refused.returncode, "::warning::" in refused.stderr) == (0, True)


def test_the_action_looks_and_checks(action: Run, world: Path, tmp_path: Path) -> None:
    variants = f"acme/model={world / 'model'}\nacme/model-chat={world / 'model-chat'}\n"
    family = {"FAMILY": "acme"}
    upstream = {"UPSTREAM": f"acme/code={world / 'code'}", "SNAPSHOT": "snapshot", "HUB_TOKEN": ""}
    looked = action("Look at both sides", VARIANTS=variants, **family, **upstream)
    assert looked.returncode == 0, looked.stderr
    asked = {
        "MAX_LAG": "30d",
        "FAIL_ON": "usual",
        "AREAS": "",
        "SARIF": "found.sarif",
        "BADGE": "badge.svg",
    }
    checked = action("Check", **family, **asked)
    assert checked.returncode == 1, checked.stderr
    assert "acme/model: lag: behind its upstream for" in checked.stdout
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    begin, *lines = checked.stdout.splitlines()
    token = begin.removeprefix("::stop-commands::")
    assert len(token) == 41  # up to its end no line of ours is a command to the runner
    found, notes = lines[: lines.index(f"::{token}::")], lines[lines.index(f"::{token}::") + 1 :]
    kinds = [line.split(": ")[1] for line in found]
    titles = [f"::(error|warning) title=hubtrace%3A {kind}::" for kind in (*kinds, "undecided")]
    assert all(map(re.match, titles, notes)), notes
    assert len(titles) == len(notes)
    assert outputs == {"sarif": "found.sarif", "findings": str(len(found)), "accepted": "0"}
    assert json.loads((tmp_path / "found.sarif").read_text())["version"] == "2.1.0"
    linked = "| [acme/model](<https://huggingface.co/acme/model>) | lag |"
    assert linked in (tmp_path / "summary").read_text()
    badge = ElementTree.parse(tmp_path / "badge.svg").getroot()
    assert badge.get("aria-label") == f"hubtrace: {len(found)} findings"
    lenient = {**asked, "FAIL_UNDECIDED": "false", "MAX_LAG": "9999", "FAIL_ON": "usual"}
    assert action("Check", **family, **lenient).returncode == 0
    assert action("Check", **family, **{**lenient, "FAIL_UNDECIDED": "true"}).returncode == 3
    (tmp_path / ".hubtrace.toml").write_text(
        '[check]\nmax-lag = 9999\nfail-undecided = false\nfail-on = "no_origin"\n'
        '[[accept]]\nkind = "no_origin"\ntarget = "acme/model"\nreason = "is new"\n'
        "expires = 2999-12-31\n"
    )
    accepted = action("Check", **family, SARIF="found.sarif")
    assert accepted.returncode == 1, accepted.stderr
    assert "accepted: acme/model: no_origin: " in accepted.stderr
    assert "(accepted until 2999-12-31: is new)" in accepted.stderr
    assert "\nfindings=1\naccepted=1\n" in (tmp_path / "output").read_text()
    assert action("Check", **family, SARIF="found.sarif", FAIL_ON="lag").returncode == 0
    (tmp_path / ".hubtrace.toml").rename(tmp_path / "broken.toml").write_text("x = 1")
    assert action("Check", **family, CONFIG="broken.toml", SARIF="found.sarif").returncode == 2
    nothing = action("Look at both sides", VARIANTS=" \n", **family, **upstream)
    assert (nothing.returncode, "names no model" in nothing.stderr) == (2, True)
    calm = action("Check", **family, **{**asked, "FAIL_ON": "dead_link"})
    assert calm.returncode == 3  # GitHub was not asked, and it was named
    assert action("Check", **family, **{**asked, "FAIL_ON": "orphaned_branch"}).returncode == 0
