"""Names that changed hands, and old names, from both hubs to the gate and the page."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.live import LiveSource
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.hubs.huggingface import HuggingFaceHub, Model, User
from tests.hubs.worlds import World
from tests.hubtrace.conftest import DAY, Answer, Call
from tests.hubtrace.live import GITHUB_TOKEN, HUB_TOKEN
from tests.ingest.worlds import START

REPO, MODEL = "acme-lab/atlas", "acme/atlas-7b"
README = b"https://huggingface.co/acme/atlas-7b\n"
CARD = b"Code: https://github.com/acme-lab/atlas\n"
HUB_ADA = b"ada <ada@users.noreply.huggingface.co>"


@dataclass
class Hubs:
    """Both loopback hubs, and the command line that looks at them."""

    github: GitHubHub
    hub: HuggingFaceHub
    call: Call
    now: int = START + 400 * DAY

    def repository(self, name: str, files: dict[bytes, bytes], day: float = 0) -> Repository:
        """Make a repository of one commit."""
        made = self.github.world.repository(name, licence="mit")
        made.git.commit(files, at=START + int(day * DAY))
        return made

    def model(self, name: str, files: dict[bytes, bytes], day: float = 5) -> Model:
        """Make a model of one commit."""
        made = self.hub.add(name)
        made.licence = "mit"
        made.git.commit(files, at=START + int(day * DAY), author=HUB_ADA, message=b"Upload\n")
        return made

    def ingest(self, *names: str) -> None:
        """Look at projects, a day after the last time."""
        self.now += DAY
        answer = self.call("ingest", *names)
        assert answer.code == 0, answer.err

    def check(self, name: str = MODEL) -> Answer:
        """Check a model for the usual kinds of findings."""
        return self.call("check", name)

    def audit(self, name: str = MODEL, *more: object) -> Any:
        """Return the audit of a model."""
        answer = self.call("audit", name, *more, "--format", "json")
        assert answer.code == 0, answer.err
        return answer.json()


@pytest.fixture
def hubs(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hubs]:
    """Empty hubs."""
    with ExitStack() as stack:
        github = stack.enter_context(GitHubHub(GitHubWorld(tmp_path / "github")))
        hub = stack.enter_context(HuggingFaceHub(tmp_path / "hub"))
        github.allow(GITHUB_TOKEN, "ada")
        hub.users[HUB_TOKEN] = User("ada")
        monkeypatch.setenv("GITHUB_API_URL", github.api)
        monkeypatch.setenv("GITHUB_TOKEN", GITHUB_TOKEN)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)
        made = Hubs(github, hub, call)
        for source in (LiveSource, GitSource):
            defaults = source.__init__.__kwdefaults__ or {}
            monkeypatch.setitem(defaults, "clock", lambda: made.now)
        yield made


@pytest.fixture
def atlas(hubs: Hubs) -> Hubs:
    """A repository and its model, looked at once; nothing is wrong with them."""
    hubs.repository(REPO, {b"m.py": b"honest", b"README.md": README})
    hubs.model(MODEL, {b"m.py": b"honest", b"README.md": CARD, b"config.json": b"{}"})
    hubs.ingest(f"github.com/{REPO}")
    assert hubs.check().code == 0, hubs.check().out
    return hubs


def _copied(old: World, new: World) -> None:
    """Push the same history again."""
    shutil.rmtree(new.path)
    shutil.copytree(old.path, new.path)
    new.commits, new.tips = list(old.commits), dict(old.tips)


def _take_model(hubs: Hubs, *, same: bool = True) -> Model:
    """Delete the model and register its name again, with the same history or another one."""
    old = hubs.hub.models.find(MODEL)
    assert old is not None
    hubs.hub.models.remove(MODEL)
    if not same:
        files = {b"m.py": b"honest", b"README.md": b"# Mine\n\n" + CARD, b"x": b"evil"}
        return hubs.model(MODEL, files, day=-9)
    made = hubs.hub.add(MODEL)
    made.licence = "mit"
    _copied(old.git, made.git)
    return made


def _take_repository(hubs: Hubs, *, same: bool = True, moved: bool = True) -> Repository:
    """Move or delete the repository and register its name again."""
    old = hubs.github.world.find(REPO)
    assert old is not None
    if moved:
        hubs.github.world.rename(REPO, "atlas-foundation/atlas")
    else:
        hubs.github.world.remove(REPO)
    if not same:
        files = {b"m.py": b"honest", b"README.md": b"# Mine\n\n" + README, b"y": b"new"}
        return hubs.repository(REPO, files, day=-9)
    made = hubs.github.world.repository(REPO, licence="mit")
    _copied(old.git, made.git)
    return made


@pytest.mark.parametrize("same", [True, False], ids=["same", "another"])
@pytest.mark.parametrize("sides", ["model", "repository", "both"])
def test_a_name_that_changed_hands_is_found_and_not_vouched_for(
    atlas: Hubs, sides: str, same: bool
) -> None:
    if sides != "repository":
        _take_model(atlas, same=same)
    if sides != "model":
        _take_repository(atlas, same=same)
    atlas.ingest(f"github.com/{REPO}")
    found = atlas.check()
    assert found.code == 1
    names = {"model": [MODEL], "repository": [REPO], "both": [MODEL, REPO]}[sides]
    line = next(line for line in found.out.splitlines() if ": replaced: " in line)
    assert all(f"behind the name {name} was replaced" in line for name in names)
    page = atlas.call("audit", MODEL, "--format", "markdown").out.splitlines()
    assert "eplaced" in "".join(page[:4])
    body = atlas.audit()
    confidence = (body["upstream"] or {}).get("confidence")
    assert confidence is None or confidence < 0.5
    assert body["origin"]["commit"] is None
    assert MODEL in atlas.call("check", MODEL, "--fail-on", "replaced").out


def test_what_is_new_of_the_present_project_counts(atlas: Hubs) -> None:
    taken = _take_repository(atlas)
    atlas.ingest(MODEL)
    assert atlas.audit()["origin"]["commit"] is None
    taken.git.commit({b"tokenizer.py": b"new code"}, at=START + 20 * DAY)
    model = atlas.hub.models.find(MODEL)
    assert model is not None
    model.git.commit({b"tokenizer.py": b"new code"}, at=START + 21 * DAY, author=HUB_ADA)
    atlas.ingest(MODEL)
    body = atlas.audit()
    assert body["upstream"]["confidence"] > 0.9
    assert body["origin"]["commit"]["sha"] == taken.git.commits[-1]
    assert "replaced" in atlas.check().out


def test_a_deleted_name_that_comes_back_later_is_another_project(atlas: Hubs) -> None:
    old = atlas.hub.models.find(MODEL)
    assert old is not None
    atlas.hub.models.remove(MODEL)
    atlas.ingest(MODEL)
    assert "gone" in atlas.check().out
    _copied(old.git, atlas.hub.add(MODEL).git)
    atlas.ingest(MODEL)
    assert "replaced" in atlas.check().out


def test_a_name_that_is_given_back_was_in_other_hands(atlas: Hubs) -> None:
    honest = atlas.github.world.find(REPO)
    assert honest is not None
    _take_repository(atlas, moved=False)
    atlas.ingest(MODEL)
    atlas.github.world.remove(REPO)
    atlas.github.world._names[REPO] = honest
    atlas.ingest(MODEL)
    found = atlas.check()
    assert (found.code, "and is back" in found.out) == (1, True)
    assert atlas.audit()["upstream"]["confidence"] > 0.5


def test_it_never_expires(atlas: Hubs) -> None:
    _take_model(atlas)
    atlas.ingest(MODEL)
    found = atlas.call("check", MODEL, "--until", "2200-01-01", "--fail-on", "replaced")
    assert found.code == 1


def test_before_it_changed_hands_nothing_was_wrong(atlas: Hubs) -> None:
    before = datetime.fromtimestamp(atlas.now, UTC).isoformat()
    _take_repository(atlas)
    atlas.ingest(MODEL)
    assert "replaced" not in [f["kind"] for f in atlas.audit(MODEL, "--until", before)["findings"]]
    assert "replaced" in [f["kind"] for f in atlas.audit()["findings"]]


def test_the_real_one_under_its_new_name_keeps_what_speaks_for_it(atlas: Hubs) -> None:
    _take_repository(atlas)
    atlas.ingest(f"github.com/{REPO}", "github.com/atlas-foundation/atlas")
    keys = {row["name"]: row["project"] for row in _projects(atlas)}
    assert keys["atlas-foundation/atlas"] == f"https://github.com/{REPO}"
    assert keys[REPO].startswith(f"https://github.com/{REPO}#")
    assert atlas.audit()["upstream"]["name"] == "atlas-foundation/atlas"
    events = atlas.call("history", f"https://github.com/{REPO}", "--format", "json").json()[
        "events"
    ]
    assert [event["kind"] for event in events] == ["replaced"]


def test_known_projects_that_swap_names_are_found(atlas: Hubs) -> None:
    """Neither is new: each was ours under another name, keeps its key, and what was seen of it."""
    atlas.repository("acme-lab/other", {b"o.py": b"other", b"README.md": b"# Other"})
    other = b"Code: https://github.com/acme-lab/other\n"
    atlas.model("acme/other-7b", {b"o.py": b"other", b"README.md": other})
    atlas.ingest("acme/other-7b")
    for old, new in ((MODEL, "acme/x"), ("acme/other-7b", MODEL), ("acme/x", "acme/other-7b")):
        atlas.hub.models.rename(old, new)
    atlas.ingest(MODEL, "acme/other-7b")
    for name, upstream in ((MODEL, "acme-lab/other"), ("acme/other-7b", REPO)):
        assert f"behind the name {name} was replaced by another one" in atlas.check(name).out
        found = atlas.audit(name)
        assert (found["identity"]["name"], found["upstream"]["name"]) == (name, upstream)
        assert found["origin"]["commit"] is not None


def test_a_stranger_under_a_name_that_ours_had_is_no_successor(atlas: Hubs) -> None:
    old = atlas.hub.models.find(MODEL)
    assert old is not None
    atlas.hub.models.rename(MODEL, "atlas-org/atlas-7b")
    atlas.ingest(MODEL)
    assert "replaced" not in atlas.check().out
    stranger = atlas.hub.add(MODEL)
    stranger.licence = "mit"
    _copied(old.git, stranger.git)
    atlas.ingest(MODEL, f"github.com/{REPO}")
    assert "replaced" in atlas.check(MODEL).out
    assert "replaced" not in atlas.check("atlas-org/atlas-7b").out
    assert atlas.audit()["upstream"] is None, atlas.audit()["upstream"]["evidence"]
    assert atlas.audit("atlas-org/atlas-7b")["upstream"]["confidence"] > 0.5


def _projects(hubs: Hubs) -> Any:
    return hubs.call("query", "projects", "--format", "json").json()["rows"]


@pytest.fixture
def renamed(hubs: Hubs) -> Hubs:
    """A repository and a model that were looked at under names that they had before."""
    hubs.repository("old-lab/solo", {b"README.md": b"# Solo\n", b"m.py": b"1"})
    hubs.model("oldorg/solo-7b", {b"README.md": b"Code: https://github.com/old-lab/solo\n"})
    hubs.hub.models.rename("oldorg/solo-7b", "neworg/solo-7b")
    hubs.github.world.rename("old-lab/solo", "new-lab/solo")
    return hubs


@pytest.mark.parametrize("ingested", ["oldorg/solo-7b", "OldOrg/SOLO-7b", "hf.co/oldorg/solo-7b"])
def test_old_names_work_wherever_a_name_is_asked_for(renamed: Hubs, ingested: str) -> None:
    renamed.ingest(ingested)
    old = "oldorg/solo-7b"
    sha = renamed.audit(old)["revision"]["commit"]["sha"]
    page = f"https://huggingface.co/{old}"
    for name in (old, "OLDORG/Solo-7B", page, f"hf:{old}", f"{old}@{sha}", f"{page}/commit/{sha}"):
        assert renamed.audit(name)["identity"]["name"] == "neworg/solo-7b", name
    for command in (
        ("check", old, "--fail-on", "gone"),
        ("check", f"{page}/tree/main", "--fail-on", "gone"),
        ("why", old, "old-lab/solo"),
        ("why", page, "https://github.com/Old-Lab/solo.git"),
        ("trace", f"{old}:README.md"),
        ("trace", "https://github.com/old-lab/solo/blob/main/m.py"),
        ("history", "old-lab/solo"),
        ("history", "OLDORG/solo-7b"),
    ):
        answer = renamed.call(*command)
        assert answer.code == 0, (command, answer.err)


def test_an_upstream_can_be_named_as_it_was(renamed: Hubs, tmp_path: Path) -> None:
    renamed.ingest("oldorg/solo-7b")
    renamed.ingest("oldorg/solo-7b", "--upstream", "old-lab/solo")
    clone = tmp_path / "clone"
    solo = renamed.github.world.find("old-lab/solo")
    assert solo is not None
    shutil.copytree(solo.git.path, clone)
    renamed.ingest("oldorg/solo-7b", "--upstream", f"old-lab/solo={clone}", "--family", "solo")
    keys = {row["project"] for row in _projects(renamed)}
    assert keys == {"https://github.com/new-lab/solo", "https://huggingface.co/neworg/solo-7b"}


def test_a_base_by_its_old_name_is_the_model_that_was_observed(renamed: Hubs) -> None:
    tuned = renamed.model("third/tuned", {b"README.md": b"# Tuned\n"})
    tuned.base_models = {"oldorg/solo-7b": "finetune"}
    renamed.ingest("third/tuned")
    bases = renamed.audit("third/tuned")["bases"]
    assert [(base["name"], base["observed_at"]) for base in bases] == [("oldorg/solo-7b", None)]
    renamed.ingest("oldorg/solo-7b")  # the card is as it was, and the base is known now
    bases = renamed.audit("third/tuned")["bases"]
    assert [base["name"] for base in bases] == ["neworg/solo-7b"]
    assert bases[0]["observed_at"] is not None
    assert "oldorg/solo-7b" not in str(_variants(renamed))


def test_a_base_that_is_followed_is_found_by_its_old_name(renamed: Hubs) -> None:
    tuned = renamed.model("third/tuned", {b"README.md": b"# Tuned\n"})
    tuned.base_models = {"oldorg/solo-7b": "finetune", "third/tuned": "merge"}
    renamed.ingest("third/tuned", "--follow-bases", "1")
    bases = renamed.audit("third/tuned")["bases"]
    assert [(b["name"], b["observed_at"] is None) for b in bases] == [("neworg/solo-7b", False)]


def _variants(hubs: Hubs) -> Any:
    rows = hubs.call("query", "variants", "--format", "json").json()["rows"]
    return [row["name"] for row in rows]


def test_what_history_could_not_find_may_have_been_a_family(renamed: Hubs) -> None:
    renamed.ingest("oldorg/solo-7b")
    answer = renamed.call("history", "nothing/like-it")
    assert answer.code == 2
    assert re.search("no project or family 'nothing/like-it'", answer.err)
