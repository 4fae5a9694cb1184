"""What was proved of a revision stays proved, whatever becomes of the model and its upstream.

A model and its repository on the loopback hubs are read, then rewritten, deleted or renamed, and
read again: the same revision has the same origin, evidence and SHA-256, and an audit as of a time
before gives the answer that it gave then (docs/decisions/0045).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.live import LiveSource
from tests.hubs.github import GitHubHub, GitHubWorld
from tests.hubs.huggingface import HuggingFaceHub, User, pointer
from tests.hubs.worlds import START, World
from tests.hubtrace.conftest import Answer, Call

DAY = 86_400
TOKEN = "demonstration"
MODEL, REPOSITORY = "acme/atlas-7b", "acme-lab/atlas"
CARD = b"---\nlicense: mit\n---\nCode: https://github.com/acme-lab/atlas\n"
WEIGHTS = pointer(b"good" * 30)
ADA = b"ada <ada@users.noreply.huggingface.co>"


def day(number: float) -> int:
    """Return the time of a day of the world."""
    return START + int(number * DAY)


class Hubs:
    """A model and its repository on both hubs, and hubtrace at a time of its own."""

    def __init__(self, folder: Path, call: Call, set_clock: Callable[[int], None]) -> None:
        self.github = GitHubHub(GitHubWorld(folder / "gh"))
        self.hub = HuggingFaceHub(folder / "hf")
        self.github.allow(TOKEN, "ada")
        self.hub.users[TOKEN] = User("ada")
        self._call, self._set_clock = call, set_clock
        self.repository = self.github.world.repository(REPOSITORY, licence="mit")
        for number, code in enumerate((b"one", b"honest", b"three")):
            files = {b"model.py": code, b"n%d.py" % number: b"%d" % number}
            files[b"README.md"] = b"https://huggingface.co/acme/atlas-7b\n"
            self.repository.git.commit(files, at=day(number))
        self.model = self.hub.add(MODEL)
        self.model.licence = "mit"
        first = {b"README.md": CARD, b"model.py": b"one", b"w.safetensors": pointer(b"old" * 30)}
        self.older = self.model.git.commit(first, at=day(5), author=ADA)
        second = {b"model.py": b"honest", b"w.safetensors": WEIGHTS}
        self.old = self.model.git.commit(second, at=day(7), author=ADA)

    def look(self, at: int) -> None:
        """Read both again at a day."""
        self._set_clock(day(at))
        answer = self._call("ingest", f"https://github.com/{REPOSITORY}")
        assert answer.code == 0, answer.err

    def ask(self, *arguments: object) -> Answer:
        """Call hubtrace."""
        return self._call(*arguments)

    def audit(
        self, revision: str | None = None, until: int | None = None, graph: str = "hubtrace.kgl"
    ) -> Any:
        """Return an audit without the time of making and the snapshot's hash."""
        target = f"{MODEL}@{revision}" if revision else MODEL
        options = ["--until", _iso(until)] if until is not None else []
        answer = self.ask("audit", target, *options, "--graph", graph, "--format", "json")
        assert answer.code == 0, answer.err
        body = json.loads(answer.out)
        body["method"].pop("snapshots")
        for family in body["families"]:
            family.pop("switches")  # those of the default branches of now
            for side in ("repositories", "variants"):
                family["pattern"].pop(side)  # by the names of now
        for status in (body["status"], *body["statuses"]):
            status.pop("name")
        for one in body["undecided"]:  # they say the name of now
            one.pop("missing")
        return body


def _iso(seconds: int) -> str:
    from hubtrace.graph.format import timestamp

    return timestamp(seconds)


@pytest.fixture
def hubs(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hubs]:
    """Both hubs, and hubtrace beside them."""

    def set_clock(now: int) -> None:
        for source in (LiveSource, GitSource):
            defaults: dict[str, Any] = source.__init__.__kwdefaults__ or {}
            monkeypatch.setitem(defaults, "clock", lambda: now)

    made = Hubs(tmp_path, call, set_clock)
    with ExitStack() as both:
        both.enter_context(made.github)
        both.enter_context(made.hub)
        monkeypatch.setenv("GITHUB_API_URL", made.github.api)
        monkeypatch.setenv("HF_ENDPOINT", made.hub.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield made


def _tree(git: World, sha: str) -> dict[bytes, bytes]:
    from tests.hubs.worlds import git as run

    names = run(git.path, "ls-tree", "-r", "-z", "--name-only", sha).split(b"\0")[:-1]
    return {name: run(git.path, "show", f"{sha}:{name.decode()}") for name in names}


def super_squash(hubs: Hubs) -> None:
    """One commit in place of the whole history of the model, as the Hub does it."""
    git = hubs.model.git
    git.commit(_tree(git, hubs.old), parents=[], at=day(150), author=ADA, message=b"Super-squash\n")


def super_squash_at_the_old_time(hubs: Hubs) -> None:
    """The same, with a date that would make it the older one."""
    git = hubs.model.git
    git.commit(_tree(git, hubs.old), parents=[], at=day(4), author=ADA, message=b"Squash\n")


def force_push(hubs: Hubs) -> None:
    """Another head on the first commit: no code, other weights, another card."""
    changes = {b"model.py": None, b"w.safetensors": pointer(b"evil" * 9), b"README.md": b"Hello\n"}
    hubs.model.git.commit(changes, parents=[hubs.older], at=day(150), author=ADA)


def force_push_backdated(hubs: Hubs) -> None:
    """The same with dates from before the old head."""
    changes = {b"model.py": b"three", b"w.safetensors": pointer(b"evil" * 9)}
    hubs.model.git.commit(changes, parents=[hubs.older], at=day(6), author=ADA)


def other_history(hubs: Hubs) -> None:
    """A history that shares nothing, on the same days."""
    git = hubs.model.git
    git.commit({b"README.md": b"Other\n", b"x": b"1"}, parents=[], at=day(5), author=ADA)
    git.commit({b"x": b"2"}, at=day(7), author=ADA)


def rewrite_upstream(hubs: Hubs) -> None:
    """All commits of the repository made again, on the same days, by another message."""
    git = hubs.repository.git
    for number, sha in enumerate(list(git.commits)):
        parents: list[str] | None = [] if number == 0 else None
        git.commit(_tree(git, sha), parents=parents, at=day(number), message=b"Rewritten\n")


def rewrite_upstream_without_the_file(hubs: Hubs) -> None:
    """The repository begins anew, without the model's code."""
    git = hubs.repository.git
    git.commit({b"README.md": b"Again\n"}, parents=[], at=day(1))
    git.commit({b"README.md": b"And again\n"}, at=day(3))


def upstream_goes_on(hubs: Hubs) -> None:
    """No rewriting: commits on both sides."""
    hubs.repository.git.commit({b"model.py": b"four"}, at=day(140))
    hubs.model.git.commit({b"model.py": b"four", b"w.safetensors": b""}, at=day(150), author=ADA)


def late_push(hubs: Hubs) -> None:
    """A commit made before the look and pushed after it, on both sides."""
    hubs.repository.git.commit({b"model.py": b"four"}, at=day(8))
    hubs.model.git.commit({b"model.py": b"four", b"w.safetensors": b""}, at=day(9), author=ADA)


def other_card(hubs: Hubs) -> None:
    """The card names nothing any more."""
    hubs.model.git.commit({b"README.md": b"Hello\n"}, at=day(150), author=ADA)


def both_rewritten(hubs: Hubs) -> None:
    """Model and repository."""
    other_history(hubs)
    rewrite_upstream_without_the_file(hubs)


def delete_model(hubs: Hubs) -> None:
    """The model is gone."""
    hubs.hub.models.remove(MODEL)


def rename_model(hubs: Hubs) -> None:
    """Another name of the same owner."""
    hubs.hub.models.rename(MODEL, "acme/atlas-7b-v1")


def transfer_model(hubs: Hubs) -> None:
    """Another owner."""
    hubs.hub.models.rename(MODEL, "titan/atlas-7b")


def rename_repository(hubs: Hubs) -> None:
    """Another name of the repository."""
    hubs.github.world.rename(REPOSITORY, "acme-lab/atlas-code")


def delete_repository(hubs: Hubs) -> None:
    """The repository is gone."""
    hubs.github.world.remove(REPOSITORY)


def new_default_branch(hubs: Hubs) -> None:
    """The repository begins anew on another branch, and the old one is deleted."""
    git = hubs.repository.git
    git.commit({b"README.md": b"New\n"}, ref="refs/heads/trunk", parents=[], at=day(2))
    git.point_head("refs/heads/trunk")
    git.branch("refs/heads/main", None)


CHANGES = (
    super_squash,
    super_squash_at_the_old_time,
    force_push,
    force_push_backdated,
    other_history,
    rewrite_upstream,
    rewrite_upstream_without_the_file,
    upstream_goes_on,
    late_push,
    other_card,
    both_rewritten,
    delete_model,
    rename_model,
    transfer_model,
    rename_repository,
    delete_repository,
    new_default_branch,
)


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differences(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from _differences(this, that, f"{path}[{number}]")
    elif one != other:
        yield f"{path}: {one!r} != {other!r}"


_SHORT = {super_squash_at_the_old_time, both_rewritten, rename_repository, delete_model}
"""A rewrite on each side, a new name and a loss: what `make test` tries of all the changes."""


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change, marks=() if change in _SHORT else pytest.mark.faults)
        for change in CHANGES
    ],
    ids=[change.__name__ for change in CHANGES],
)
def test_what_was_proved_stays_proved(hubs: Hubs, change: Callable[[Hubs], None]) -> None:
    hubs.look(100)
    asked = [
        (revision, until)
        for revision in (hubs.old, hubs.older, None)
        for until in (day(20), day(100))
    ]
    then = [hubs.audit(*one) for one in asked]
    proved = hubs.audit(hubs.old)
    assert proved["origin"]["commit"]["sha"] == hubs.repository.git.commits[1]
    assert [file["path"] for file in proved["files"]] == ["w.safetensors"]

    change(hubs)
    hubs.look(200)
    _proves_the_same(hubs, proved)
    assert [
        list(_differences(a, hubs.audit(*one))) for a, one in zip(then, asked, strict=True)
    ] == [[] for _ in asked]
    assert hubs.ask("copy", "hubtrace.kgl", "copied.kgl").code == 0
    copied = hubs.audit(*asked[0], graph="copied.kgl")
    assert list(_differences(then[0], copied)) == []
    now = hubs.audit()
    for _ in range(2):
        assert hubs.ask("snapshot", "compact", "hubtrace-snapshot").code == 0
        Path("hubtrace.kgl").unlink()
        assert hubs.ask("load", "hubtrace-snapshot").code == 0
        assert list(_differences(now, hubs.audit())) == []
        _proves_the_same(hubs, proved)
        assert list(_differences(then[0], hubs.audit(*asked[0]))) == []
        hubs.model.git.commit({b"later": b"1"}, at=day(210), author=ADA)
        hubs.look(220)
        _proves_the_same(hubs, proved)
        assert list(_differences(then[0], hubs.audit(*asked[0]))) == []
        now = hubs.audit()


def _proves_the_same(hubs: Hubs, proved: Any) -> None:
    now = hubs.audit(hubs.old)
    assert now["files"] == proved["files"]
    for body in (now, proved):
        for commit in (body["origin"]["commit"], *_commits(body)):
            commit.pop("url", None)  # by the name of now
        for copy in body["origin"]["copies"]:
            copy.pop("gone_at", None)
    assert list(_differences(proved["origin"], now["origin"], "origin")) == []
    evidence = proved["upstream"]["evidence"]
    assert [one for one in evidence if one not in now["upstream"]["evidence"]] == []
    assert now["upstream"]["repository"] == proved["upstream"]["repository"]
    assert now["upstream"]["confidence"] >= proved["upstream"]["confidence"]


def _commits(body: Any) -> Iterator[Any]:
    for copy in body["origin"]["copies"]:
        yield copy["commit"]
        yield copy["origin"]
