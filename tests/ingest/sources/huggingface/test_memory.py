"""However much a Hub sends, little of it is held: measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hubs import faults
from tests.hubs.faults import Fault
from tests.hubs.huggingface import HuggingFaceHub
from tests.ingest.sources.huggingface.conftest import NAME, described
from tests.ingest.worlds import git

_PROBE = """
import json, re, sys, time
from pathlib import Path
from hubtrace.graph.errors import SourceError
from hubtrace.ingest.http import Sleeper
from hubtrace.ingest.source import Previous
from hubtrace.ingest.sources.huggingface import HuggingFace, ModelFilter

def held():  # MiB at the highest; `ru_maxrss` begins with what the parent held
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

url, name, what = sys.argv[1:]
hub = HuggingFace(url, sleeper=Sleeper(sleep=lambda _: None))
hub.fetch("ada/small", Previous())  # all is imported, all connections are made
before, started = held(), time.monotonic()
try:
    if what == "fetch":
        fetched = hub.fetch(name, Previous())
        messages = [*fetched.warnings, *fetched.details.cut]
        messages += [f"card of {len(text.text)}" for text in fetched.details.texts if text.cut]
    elif what == "models":
        messages = [hub.models(ModelFilter(author="ada")).cut]
    else:
        fetched = hub.fetch(name, Previous())
        messages = [sum(1 for _ in hub.history(name, fetched, ()))]
except SourceError as error:
    messages = [str(error)]
print(json.dumps({"grown": held() - before, "messages": messages,
    "took": time.monotonic() - started}))
"""


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the most memory held is read from /proc"
)


def described_twice(root: Path) -> HuggingFaceHub:
    """Return a Hub with the usual model, and a small one to begin with."""
    hub = HuggingFaceHub(root)
    described(hub)
    hub.add("ada/small").git.commit({b"README.md": b"# Small\n"})
    return hub


def probe(hub: HuggingFaceHub, what: str = "fetch", name: str = NAME) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, hub.url, name, what],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@pytest.mark.parametrize(
    ("kind", "fault", "most"),
    [
        pytest.param("file", faults.huge(), 20, id="card of 2 GB", marks=pytest.mark.faults),
        pytest.param("file", faults.huge(promised=False), 20, id="card without a length"),
        pytest.param("file", faults.bomb(), 40, id="packed card", marks=pytest.mark.faults),
        pytest.param("refs", faults.huge(), 200, id="2 GB of JSON", marks=pytest.mark.faults),
        pytest.param("refs", faults.bomb(), 200, id="packed JSON"),
    ],
)
def test_two_gigabytes_are_not_held(tmp_path: Path, kind: str, fault: Fault, most: int) -> None:
    with described_twice(tmp_path) as hub:
        hub.faults.inject(kind, fault, after=1)  # the fetch at the small model
        measured = probe(hub)
    assert measured["grown"] < most, measured
    expected = "card of 1048576" if kind == "file" else "bytes for the refs"
    assert any(expected in message for message in measured["messages"]), measured


@pytest.mark.faults  # making the tree takes longer than reading it
def test_a_tree_of_a_hundred_thousand_files_is_cut(tmp_path: Path) -> None:
    with described_twice(tmp_path) as hub:
        model = hub.models.find(NAME)
        assert model is not None
        files = {b"d%03d/f%05d" % (n % 1000, n): b"%d" % n for n in range(100_000)}
        model.git.commit(files)
        git(model.path, "gc", "--quiet")
        measured = probe(hub)
        assert hub.counts()["tree"] == 1 + 51  # the small model's, and folders come with the files
    assert measured["messages"] == ["the files of ada/one: only the first 50,000 are kept"]
    assert measured["grown"] < 150, measured


@pytest.mark.parametrize(
    ("what", "kind", "expected"),
    [
        ("fetch", "tree", "more than 500 pages"),
        ("models", "models", "more than 500 pages"),
        ("history", "commits", "the list begins anew"),
    ],
)
@pytest.mark.faults
def test_lists_without_an_end_are_left(tmp_path: Path, what: str, kind: str, expected: str) -> None:
    with described_twice(tmp_path) as hub:
        hub.faults.inject(kind, faults.endless(), after=1 if kind == "tree" else 0)
        measured = probe(hub, what)
    assert expected in str(measured["messages"]), measured
    assert measured["grown"] < 50, measured
