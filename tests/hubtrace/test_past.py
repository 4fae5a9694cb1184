"""An audit as of T is the same before and after later looks, whatever was found (decision 0053)."""

import json
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import hubtrace
from hubtrace.cli import command_line
from hubtrace.commands.mcp import Tools
from hubtrace.graph import open_store
from hubtrace.graph.format import timestamp
from hubtrace.graph.question import Limits
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.load import load
from hubtrace.ingest.records import Commit, Family, PathChange, Reference, Upstream
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.source import ProjectData
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.live import LiveSource
from hubtrace.queries.audit import Audit
from hubtrace.web import Access, application
from tests.hubs.worlds import START, World
from tests.hubtrace.conftest import Call
from tests.ingest.readings import REPOSITORY, VARIANT, commit, reading, sha

DAY = 86_400
MAIN = "refs/heads/main"
KINDS = ("commit", "commit", "back", "branch", "merge", "force", "squash", "delete", "reset")


ASKED = {
    "patterns": ("patterns", "--no-stability", "--format", "json", "--until"),
    "flags": ("flags", "--all", "--format", "json", "--until"),
    "report": ("report", "--format", "json", "--until"),
    "check": ("check", "--fail-on", "all", "--format", "json", "--until"),
}
"""Commands that take families, and a moment at their end."""


def _asked(call: Call, graph: str, at: str, name: str, *families: str) -> Any:
    """Return the JSON of one of the commands, but the digest of the snapshot."""
    answer = call(*ASKED[name], at, "--graph", graph, "--", *families)
    assert answer.code != 2, answer.err
    assert "warning: what was found" not in answer.err
    if name == "report":
        found = json.loads(Path("hubtrace-report/report.json").read_text())
        del found["snapshots"], found["made_at"]
        return found
    return answer.json()


class Sides:
    """A repository and a model, changed at random, and looked at now and then."""

    def __init__(self, folder: Path, call: Call, clock: Callable[[int], None], seed: int) -> None:
        self.code, self.model = World(folder / "code"), World(folder / "model")
        self._call, self._clock, self.random = call, clock, random.Random(seed)
        self.day = 0

    def change(self, world: World, kind: str) -> None:
        """Do one thing to one side."""
        self.day += self.random.choice((1, 3, 20))
        at = START + DAY * (self.day - (self.random.choice((5, 30)) if kind == "back" else 0))
        path = self.random.choice((b"a.py", b"b.py", b"c/d.py"))
        files = {path: b"the content %d of a file\n" % self.random.randrange(6) * 9}
        message = b"change"
        if world is self.model and self.code.commits and self.random.random() < 0.3:
            message = b"built from acme/code@" + self.random.choice(self.code.commits).encode()
        topics = sorted(name for name in world.tips if name != MAIN)
        if not world.commits or kind in ("commit", "back"):
            world.commit(files, at=at, message=message)
        elif kind == "branch":
            name = f"refs/heads/t{len(world.commits)}"
            parents = [self.random.choice(world.commits)]
            world.commit(files, ref=name, parents=parents, at=at, message=message)
        elif kind == "merge" and topics and MAIN in world.tips:
            parents = [world.tips[MAIN], world.tips[self.random.choice(topics)]]
            world.commit(files, parents=parents, at=at, message=b"merge")
        elif kind == "force":
            world.commit(files, parents=[self.random.choice(world.commits)], at=at)
        elif kind == "squash":
            world.commit(files, parents=[], at=at, message=b"squash")
        elif kind == "delete" and topics:
            world.branch(self.random.choice(topics), None)
        elif kind == "reset":
            world.branch(MAIN, self.random.choice(world.commits))

    def look(self, *more: str) -> None:
        """Read both sides, a day later."""
        self.day += 1
        self._clock(START + self.day * DAY)
        code, model = f"acme/code={self.code.path}", f"acme/model={self.model.path}"
        family = "--family", "fam", "--upstream", code, "--variant", model
        assert self._call("ingest", *(more or family)).code == 0

    def asked(self, revision: str, until: int) -> dict[str, Any]:
        """Return the audit of a revision, and all else that is asked about a moment."""
        at = timestamp(START + until * DAY)
        rest = {name: _asked(self._call, "hubtrace.kgl", at, name, "fam") for name in ASKED}
        return {"audit": self.audit(revision, until), **rest}

    def audit(self, revision: str, until: int) -> Any:
        """Return the whole audit but the digest of the snapshot, which compaction changes."""
        model, at = f"acme/model@{revision}", timestamp(START + until * DAY)
        found = json.loads(self._call("audit", model, "--until", at, "--format", "json").out)
        del found["method"]["snapshots"]
        return found

    def answers(
        self,
        looks: list[list[tuple[bool, str]]],
        between: Callable[[int], None],
        ask: Callable[[str, int], Any],
    ) -> None:
        """Change and look in turns; what was answered is answered after each further look."""
        asked: dict[tuple[str, int], Any] = {}
        for number, changes in enumerate(looks):
            for is_model, kind in (*changes, (True, "commit")):
                self.change(self.model if is_model else self.code, kind)
            self.look()
            between(number)
            for (revision, day), answer in asked.items():
                assert ask(revision, day) == answer, (revision, day, number)
            revision = self.random.choice(self.model.commits)
            asked[revision, self.day] = ask(revision, self.day)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the time at which sources are read."""

    def set_clock(now: int) -> None:
        for source in (LiveSource, GitSource):
            defaults: dict[str, Any] = source.__init__.__kwdefaults__ or {}
            monkeypatch.setitem(defaults, "clock", lambda: now)

    return set_clock


CHANGES = st.lists(st.tuples(st.booleans(), st.sampled_from(KINDS)), min_size=1, max_size=5)


@pytest.mark.faults
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(looks=st.lists(CHANGES, min_size=2, max_size=4), seed=st.integers(0, 10**6))
def test_no_later_look_changes_an_audit(
    call: Call,
    set_clock: Callable[[int], None],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    looks: list[list[tuple[bool, str]]],
    seed: int,
) -> None:
    """Random histories on both sides, looked at several times, compacted now and then."""
    folder = tmp_path_factory.mktemp("sides")
    monkeypatch.chdir(folder)
    sides = Sides(folder, call, set_clock, seed)

    sides.answers(looks, lambda number: _compact(call) if number % 2 else None, sides.asked)


def test_a_rewritten_history_changes_no_audit_of_before(
    call: Call, set_clock: Callable[[int], None], tmp_path: Path
) -> None:
    """The short form of the property: a branch, a squash and a force-push, compacted."""
    sides = Sides(tmp_path, call, set_clock, 7)
    first = [(False, "commit"), (True, "commit"), (False, "branch")]
    sides.answers(
        [first, [(False, "squash"), (True, "force")]],
        lambda _: _compact(call),
        sides.audit,
    )


def _compact(call: Call) -> None:
    assert call("snapshot", "compact", "hubtrace-snapshot").code == 0


LOOKED, LATER = 1_000, 2_000
OTHER = Project(
    "https://github.com/o/other", Side.UPSTREAM, "o/other", "https://github.com/o/other"
)
FAMILY = Family("fam", (Upstream(REPOSITORY.key),), (VARIANT.key,))
CODE = [
    replace(commit("a", at=10, paths=["b.py"])),
    replace(commit("b", "a", at=20), changes=(PathChange("A", "m.py", sha("file"), "100644"),)),
]
BUILT = Reference("https://github.com/o/r", sha("a"), True)
MODEL = replace(
    commit("m", at=100),
    changes=(PathChange("A", "m.py", sha("file"), "100644"),),
)


class Kept:
    """A snapshot and its graph, of readings that a test makes up."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder / "snapshot", str(folder / "graph.kgl")

    def look(self, *readings: ProjectData, family: Family = FAMILY) -> None:
        """Write readings and a family, and load them."""
        with SnapshotWriter(self.folder) as writer:
            for one in readings:
                writer.write_project(one, "git")
            writer.write_family(family)
        with open_store(self.url) as store:
            load(Snapshot(self.folder), store)

    def audit(self, until: int | None, revision: str | None = "m") -> Audit:
        """Return an audit of the model."""
        with hubtrace.open_graph(self.url) as graph:
            return graph.audit("o/v", sha(revision) if revision else None, until).facts

    def at_first(self) -> Any:
        """Return the whole audit as of the first look, but the digest of the snapshot."""
        found = asdict(self.audit(LOOKED))
        del found["method"]["snapshots"]
        return found


def code(*commits: Commit, at: int = LOOKED, project: Project = REPOSITORY, **refs: str) -> Any:
    """Return a reading of a repository whose default branch is that of the last commit."""
    known = commits or CODE
    return reading(project, known, observed_at=at, **{"main": "b", **refs})


def model(*commits: Commit, at: int = LOOKED, main: str = "m") -> ProjectData:
    """Return a reading of the model."""
    return reading(VARIANT, commits or [MODEL], observed_at=at, main=main)


def others_hold_the_file(kept: Kept) -> None:
    names = [f"https://github.com/o/n{n}" for n in range(21)]
    kept.look(*(code(at=LATER, project=Project(n, Side.UPSTREAM, n[19:], n)) for n in names))


def another_upstream_had_it_before(kept: Kept) -> None:
    early = replace(CODE[1], sha=sha("e"), parents=(), authored_at=5, committed_at=5)
    both = replace(FAMILY, upstreams=(*FAMILY.upstreams, Upstream(OTHER.key)))
    kept.look(code(early, at=LATER, project=OTHER, main="e"), family=both)


def the_upstream_is_replaced(kept: Kept) -> None:
    family = replace(FAMILY, upstreams=(Upstream(OTHER.key),))
    kept.look(code(at=LATER, project=OTHER), family=family)


def upstream_is_rewritten(kept: Kept) -> None:
    anew = replace(CODE[1], sha=sha("c"), parents=())
    kept.look(code(anew, at=LATER, main="c"))


def a_branch_is_merged_and_deleted(kept: Kept) -> None:
    kept.look(code(commit("d", "b", "a", at=1_500), at=LATER, main="d"))


def nothing_changes_twice_then_something(kept: Kept) -> None:
    for at in (1_200, 1_300):
        kept.look(code(at=at), model(at=at))
    kept.look(code(commit("d", "b", at=1_500), at=LATER, main="d"), model(at=LATER))


def the_model_is_squashed(kept: Kept) -> None:
    kept.look(model(replace(MODEL, sha=sha("n"), parents=()), at=LATER, main="n"))


def the_model_joins_another_family(kept: Kept) -> None:
    family = Family("more", (Upstream(OTHER.key),), (VARIANT.key,))
    kept.look(code(at=LATER, project=OTHER), family=family)


@pytest.mark.parametrize(
    "change",
    [
        others_hold_the_file,
        another_upstream_had_it_before,
        the_upstream_is_replaced,
        upstream_is_rewritten,
        a_branch_is_merged_and_deleted,
        nothing_changes_twice_then_something,
        the_model_is_squashed,
        the_model_joins_another_family,
    ],
)
def test_what_came_later_changes_no_audit_of_before(
    tmp_path: Path, change: Callable[[Kept], None]
) -> None:
    kept = Kept(tmp_path)
    kept.look(code(topic="a"), model())
    before = kept.at_first()
    assert before["origin"]["commit"]["sha"] == sha("b")
    change(kept)
    assert kept.at_first() == before
    with SnapshotWriter(kept.folder) as writer:
        writer.compact()
    assert kept.at_first() == before


def test_what_came_later_changes_no_answer_about_families(tmp_path: Path, call: Call) -> None:
    kept, at = Kept(tmp_path), timestamp(LOOKED)
    kept.look(code(topic="a"), model())
    before = {name: _asked(call, kept.url, at, name, "fam") for name in ASKED}
    upstream_is_rewritten(kept)
    both = replace(FAMILY, upstreams=(*FAMILY.upstreams, Upstream(OTHER.key)))
    early = replace(CODE[0], sha=sha("e"), authored_at=5, committed_at=5)
    kept.look(code(early, at=LATER + 1, project=OTHER, main="e"), family=both)
    for name, answer in before.items():
        assert _asked(call, kept.url, at, name, "fam") == answer, name


def test_a_family_that_was_added_later_changes_no_other_row(tmp_path: Path, call: Call) -> None:
    """Of a moment before all of them each is as it was first read, whoever else is asked about."""
    kept = Kept(tmp_path)
    kept.look(code(), model())
    upstream_is_rewritten(kept)
    asked = [(500, "patterns"), (LOOKED, "flags")]

    def rows(moment: int, name: str, *families: str) -> Any:
        found = _asked(call, kept.url, timestamp(moment), name, *families)
        keys = found.keys() & {"families", "branches", "sides", "variants"}
        return [row for key in sorted(keys) for row in found[key] if row["family"] == "fam"]

    before = [rows(*each, "fam") for each in asked]
    project = replace(VARIANT, key="hf.co/o/w", name="o/w", url="https://huggingface.co/o/w")
    more = Family("more", (Upstream(REPOSITORY.key),), (project.key,))
    late = replace(model(at=LATER + 5), project=project)
    kept.look(late, code(commit("d", "c", at=1_500), at=LATER + 5, main="d"), family=more)
    assert [rows(*each) for each in asked] == before
    names = call("patterns", "--no-stability", "--until", timestamp(LOOKED), "--graph", kept.url)
    assert ("fam" in names.out, "more" in names.out) == (True, True)


def _pages(kept: Kept, at: str) -> TestClient:
    limits = Limits(60, 1_000, 0.5)
    client = TestClient(application(kept.url, Access(), limits), base_url="http://localhost")
    client.params = {"until": at}
    return client


PAGES = ("/flags", "/model/o/v/audit")
TOOLS: dict[str, dict[str, Any]] = {
    "patterns": {"families": ["fam"]},
    "check": {"targets": ["o/v"]},
    "diff": {"since": "1970-01-01T00:10"},
}


def test_pages_and_tools_ask_what_was_known_then(tmp_path: Path, call: Call) -> None:
    kept, at = Kept(tmp_path), timestamp(LOOKED)
    kept.look(code(topic="a"), model())
    tools = Tools(command_line(), kept.url)

    def answers() -> list[Any]:
        """Return all of them but the digest of the snapshot."""
        pages = [_pages(kept, at).get(f"{page}.json").json() for page in PAGES]
        asked = {name: {**more, "until": at} for name, more in TOOLS.items()}
        found = [json.loads(tools.answer(name, more)[0]) for name, more in asked.items()]
        del pages[1]["method"]["snapshots"]
        return [*pages, *found]

    before = answers()
    assert not any("error" in each or each.get("warnings") for each in before)
    upstream_is_rewritten(kept)
    assert answers() == before


def test_without_the_snapshot_an_answer_about_the_past_says_so(
    tmp_path: Path, call: Call, recwarn: pytest.WarningsRecorder
) -> None:
    """Every command, tool and page that takes a moment; an audit says it itself."""
    kept, at = Kept(tmp_path), timestamp(LOOKED)
    kept.look(code(), model())
    upstream_is_rewritten(kept)
    words = "what was found after this moment can be in the answer: the snapshot is not at hand"
    until = ("--graph", kept.url, "--until", at)
    commands = (
        *(("check", "o/v", *until), ("patterns", *until), ("flags", *until), ("tag", *until)),
        *(("report", *until, "--format", "json"), ("diff", f"{kept.url}@{at}", kept.url)),
    )
    assert not any("its snapshot" in line for line in kept.audit(LOOKED).unknown)
    assert words not in call(*commands[0]).err
    kept.folder.rename(tmp_path / "away")
    (tmp_path / "away" / "snapshot.json").rename(tmp_path / "away" / "kept")
    assert not recwarn.list
    with pytest.warns(UserWarning, match=words):
        assert any("its snapshot" in line for line in kept.audit(LOOKED).unknown)
    for command in commands:
        answer = call(*command)
        assert words in answer.err, command
        assert answer.code in (0, 1, 3), command
    tools = Tools(command_line(), kept.url)
    for name, more in TOOLS.items():
        told = json.loads(tools.answer(name, {**more, "until": at})[0])
        assert words in told["warnings"][0], name
    for page in PAGES:
        assert words in _pages(kept, at).get(page).text, page
    assert words in _pages(kept, at).get("/flags.json").json()["warnings"][0]


def test_a_compacted_snapshot_knows_the_time_before_any_commit(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.look(reading(REPOSITORY, [], observed_at=LOOKED, default=None), model())
    before = kept.at_first()
    kept.look(code(at=LATER), model(at=LATER))
    with SnapshotWriter(kept.folder) as writer:
        writer.compact()
    assert kept.at_first() == before


def test_a_time_before_the_first_look_is_asked_of_that_look(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.look(code(at=LOOKED + 5), model())  # the two sides are looked at one after the other
    others_hold_the_file(kept)
    assert kept.audit(500).origin.commit is not None
    assert kept.audit(500).upstream is not None


def _made(name: str, parent: str, *references: Reference) -> Commit:
    return replace(commit(name, parent, at=200 + ord(name)), references=references)


NAMES_B = Reference("https://github.com/o/r", sha("b"), True)


@pytest.mark.parametrize(
    ("later", "origin"),
    [
        pytest.param([], "b", id="named"),
        pytest.param([("q", "p")], "a", id="reverted"),
        pytest.param([("q", "p"), ("r", "q")], "b", id="applied again"),
        pytest.param([("q", "p"), ("r", "q"), ("s", "r")], "a", id="and reverted again"),
        pytest.param([("q", "o")], "b", id="the one before is reverted"),
        pytest.param([("q", "z")], "b", id="a commit that is not there"),
    ],
)
def test_a_reverted_commit_names_no_origin(
    tmp_path: Path, later: list[tuple[str, str]], origin: str
) -> None:
    """`o` says that it was built from `a`, `p` that it was built from `b`."""
    parents = ["p", *(name for name, _ in later)]
    reverts = [
        _made(name, parent, Reference(None, sha(back), False, taken_back=True))
        for (name, back), parent in zip(later, parents, strict=False)
    ]
    commits = [replace(_made("o", "x", BUILT), parents=()), _made("p", "o", NAMES_B), *reverts]
    kept = Kept(tmp_path)
    kept.look(code(), model(*commits, main=parents[-1]))
    found = kept.audit(None, parents[-1]).origin.commit
    assert found is not None
    assert found.sha == sha(origin)


@pytest.mark.parametrize(
    ("days", "status"),
    [(230, None), (250, None), (379, None), (381, "fine"), (800, "fine")],
)
def test_late_commits_leave_an_abandoned_side_undecided(
    tmp_path: Path, days: int, status: str | None
) -> None:
    """Upstream's commit of day 5 came to light between days 20 and 200; the model is of day 10."""
    kept = Kept(tmp_path)
    dated = replace(MODEL, committed_at=10 * DAY)
    kept.look(code(commit("a", at=DAY), at=20 * DAY, main="a"), model(dated, at=20 * DAY))
    late = commit("b", "a", at=5 * DAY)
    kept.look(code(late, at=200 * DAY), model(at=200 * DAY))
    found = kept.audit(days * DAY)
    undecided = {one.kind for one in found.undecided}
    assert ("downstream_abandoned" in undecided) is (status is None)
    assert "downstream_abandoned" not in {one.kind for one in found.findings}


def test_a_look_at_an_empty_repository_bounds_times(tmp_path: Path) -> None:
    """What has older dates came after it: the model, which was there, cannot have it."""
    kept = Kept(tmp_path)
    empty = reading(REPOSITORY, [], observed_at=20 * DAY, default=None)
    kept.look(empty, model(replace(MODEL, committed_at=10 * DAY), at=20 * DAY))
    old = [commit("a", at=1 * DAY), commit("b", "a", at=2 * DAY)]
    kept.look(code(*old, at=200 * DAY), model(at=200 * DAY))
    (drift,) = [kept.audit(200 * DAY).drift]
    assert drift is not None
    assert drift.least_days == 180
