"""What a pull request changes of what models carry: `hubtrace affected`, and the whole Action."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubs.demonstration import Demonstration
from tests.hubtrace.conftest import DAY, Call
from tests.hubtrace.live import GITHUB_TOKEN, let_in
from tests.hubtrace.test_check import ACTION, ROOT
from tests.hubtrace.test_schema import check_document
from tests.ingest.worlds import START, World

_FILE = b"def attend(queries, keys, values):\n    return mixed(queries, keys, values)\n# "
PIPE = b"a name that a table of Markdown would break at\n" * 3
OLD, NOW, NEXT = _FILE + b"one\n", _FILE + b"two\n", _FILE + b"three\n"


def test_each_version_of_a_changed_file_is_found(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    code.commit({b"attend.py": OLD, b"LICENSE": b"mine\n" * 40, b"a|b.py": PIPE}, at=START)
    code.commit({b"attend.py": NOW}, at=START + DAY)
    base = code.commit({b"other.py": b"nobody has it"}, at=START + 2 * DAY)
    changes = {b"attend.py": NEXT, b"other.py": b"still", b"new.py": b"n\n" * 30, b"a|b.py": None}
    head = code.commit(changes, ref="refs/heads/topic", parents=[base], at=START + 3 * DAY)
    code.commit({b"main-only.py": b"x"}, at=START + 4 * DAY)  # the base has moved on since
    held = {b"old.py": OLD, b"now.py": NOW, b"next.py": NEXT, b"lost.py": NOW + b"#", b"b": PIPE}
    model = World(tmp_path / "model")
    model.commit({**held, b"edited.py": NOW + b"# ours\n"}, at=START + 5 * DAY)
    model.commit({b"lost.py": b"ours"}, at=START + 6 * DAY)
    place, variant = f"acme/code={code.path}", f"acme/model={model.path}"
    assert call("ingest", "--family", "acme", "--upstream", place, "--variant", variant).code == 0
    answer = call("affected", f"main..{head}", "--upstream", place, "-f", "json")
    assert answer.code == 0, answer.err
    check_document(answer.json())
    found = [(r["file"], r["change"], r["path"], r["carries"]) for r in answer.json()["rows"]]
    assert sorted(found) == [
        ("attend.py", "modified", "next.py", "proposed"),
        ("attend.py", "modified", "now.py", "current"),
        ("attend.py", "modified", "old.py", "earlier"),
        ("a|b.py", "deleted", "b", "current"),
    ]
    assert (
        f"1 model carries 2 of 4 changed files; {base[:10]}..{head[:10]} of acme/code" in answer.err
    )
    shown = call("affected", "main..topic", "--upstream", place, "-f", "markdown").out
    assert "| a\\|b.py | deleted | [acme/model](<https://huggingface.co/acme/model>) | " in shown
    assert (
        "| attend.py | modified | [acme/model](<https://huggingface.co/acme/model>) | as of "
        in shown
    )
    notes = call("affected", "main..topic", "--upstream", place, "-f", "github").out.splitlines()
    assert notes[0].startswith(
        "::notice file=attend.py,line=1,title=hubtrace%3A carried by models::"
    )
    nothing = call("affected", "topic..main", "--upstream", place)
    assert (nothing.code, nothing.out) == (0, "")
    assert "no model whose files are in the graph carries any of 1 changed file" in nothing.err


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("main..nowhere", "nowhere"),
        ("main..--upload-pack=x", "is not a revision"),
        ("main", "is neither BASE..HEAD nor a pull request"),
        ("https://github.com/acme/code/tree/main", "is neither BASE..HEAD nor a pull request"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    call: Call, world: Path, ingested: None, change: str, why: str
) -> None:
    answer = call("affected", change, "--upstream", f"acme/code={world / 'code'}")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert why in answer.err


class Runner:
    """Runs the Action's steps in their order, as GitHub's runner does on a pull request."""

    def __init__(self, folder: Path, context: dict[str, str]) -> None:
        self.folder, self.context = folder, context
        temp = Path(context["runner.temp"])
        (temp / "hubtrace" / "bin").mkdir(parents=True)  # as it comes from the cache
        program = temp / "hubtrace" / "bin" / "hubtrace"
        program.symlink_to(Path(sys.executable).parent / "hubtrace")
        for name in ("output", "summary"):
            (folder / name).touch()
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HUBTRACE")},
            **{"RUNNER_TEMP": str(temp), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64"},
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        self.failed = False
        self.printed: dict[str, str] = {}

    def value(self, text: str) -> str:
        """Return a text with its expressions replaced."""

        def of(expression: str) -> str:
            name = expression.split(" || ")[0].strip()
            if name.startswith("inputs.") and name not in self.context:
                return self.value(str(ACTION["inputs"][name.removeprefix("inputs.")]["default"]))
            return self.context[name]

        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: of(found[1]), text)

    def run(self) -> None:
        """Run all steps; what comes after one that fails runs only `always()`."""
        for step in ACTION["runs"]["steps"]:
            if "run" in step and (not self.failed or "always()" in step.get("if", "")):
                given = {key: self.value(value) for key, value in step.get("env", {}).items()}
                done = subprocess.run(
                    ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                    cwd=self.folder,
                    env={**self.environment, **given},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.printed[step["name"]] = done.stdout + done.stderr
                self.failed = self.failed or done.returncode != 0


@pytest.fixture
def hubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    """Both hubs; models carry a file of acme-lab/atlas, which a fork's pull request changes."""
    with Demonstration(tmp_path / "hubs") as world:
        let_in(world, monkeypatch)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        atlas = world.repository("acme-lab/atlas")
        for number, content in enumerate((OLD, NOW)):
            atlas.git.commit({b"attend.py": content}, at=START + (58 + number) * DAY)
        change = {b"attend.py": NEXT, b"train.py": b"a longer step\n" * 9}
        topic = "refs/heads/topic"
        base = atlas.git.tips["refs/heads/main"]
        atlas.pull(atlas.git.commit(change, ref=topic, parents=[base], at=START + 70 * DAY))
        subprocess.run(["git", "-C", atlas.git.path, "update-ref", "-d", topic], check=True)
        for name, content in (("7b", NOW), ("7b-chat", OLD)):
            model = world.model(f"acme/atlas-{name}").git
            model.commit({b"attend.py": content}, at=START + 65 * DAY)
        yield world


@pytest.mark.faults
def test_a_pull_request_on_the_loopback_hubs(hubs: Demonstration, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "bin").mkdir(parents=True)
    gh = work / "bin" / "gh"
    gh.write_text(
        "#!/bin/sh\nfor last; do :; done\n"
        'case "$last" in body=@*) cp "${last#body=@}" body;; esac\n'
    )
    gh.chmod(0o755)
    (work / ".hubtrace.toml").write_text('[check]\nlag = "upper"\n')
    atlas = hubs.repository("acme-lab/atlas")
    number = len(atlas.pulls)
    context = {
        "github.action_path": str(ROOT),
        "github.server_url": "https://github.com",
        "github.repository": "acme-lab/atlas",
        "github.event.repository.name": "atlas",
        "github.event.pull_request.number": str(number),
        "github.event.pull_request.base.sha": atlas.git.tips["refs/heads/main"],
        "runner.temp": str(tmp_path / "temp"),
        "github.token": GITHUB_TOKEN,
        "inputs.variants": "acme/atlas-7b\nacme/atlas-7b-chat\n",
    }
    runner = Runner(work, context)
    runner.run()
    comment = (work / "body").read_text()
    assert comment.startswith(
        "<!-- hubtrace check -->\n**Models and this change**: 2 models carry 1 of"
    )
    assert (
        "| attend.py | modified | [acme/atlas-7b](<https://huggingface.co/acme/atlas-7b>) | as it"
        in comment
    )
    assert "[acme/atlas-7b-chat](<https://huggingface.co/acme/atlas-7b-chat>) | as of " in comment
    assert "**hubtrace check**: " in comment
    assert (work / "summary").read_text() in comment
    assert "::notice file=attend.py,line=1," in runner.printed["Compare the pull request"]
    assert "::error title=hubtrace%3A " in runner.printed["Check"]
    assert "key=hubtrace-environment-Linux-X64-" in (work / "output").read_text()
    assert runner.printed["Install hubtrace"].startswith("hubtrace ")  # it was there
    assert GITHUB_TOKEN not in "".join(runner.printed.values()) + comment
