"""An origin is possible: it was there before what was made from it (docs/decisions/0054).

A model and its repository in real git are looked at, changed, and looked at again; the clock of
the looks is set. Each case says what the audit named at the first look (T), and what it names after
the second one: as of T, and now.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.format import timestamp
from hubtrace.ingest.sources.git.source import GitSource
from tests.hubs.worlds import START, World, git
from tests.hubtrace.conftest import Call

DAY = 86_400
FILE = {b"model.py": b"def model():\n    return 1\n"}
TOPIC = "refs/heads/topic"
LOOKS = 30, 60


def day(number: float) -> int:
    """Return the time of a day of the world."""
    return START + int(number * DAY)


class Both:
    """A repository that has other code on day 0, and a model."""

    def __init__(self, folder: Path) -> None:
        self.code, self.model = World(folder / "code"), World(folder / "model")
        self.code.commit({b"base.py": b"base\n"}, at=day(0))

    def topic(self, at: float = 10) -> None:
        """Put the file on a branch of the repository."""
        self.code.commit(FILE, ref=TOPIC, parents=self.code.commits[:1], at=day(at))


def _model_alone(both: Both) -> None:
    both.model.commit(FILE, at=day(20))


def _from_topic(both: Both) -> None:
    both.topic()
    both.model.commit(FILE, at=day(20))


def _topic_and_main(both: Both) -> None:
    _from_topic(both)
    both.code.commit({b"x.py": b"x"}, at=day(15))


def _from_main(both: Both) -> None:
    both.code.commit(FILE, at=day(10))
    both.model.commit(FILE, at=day(20))


def _backdated(both: Both) -> None:
    both.code.commit(FILE, at=day(5))


def _backdated_twice(both: Both) -> None:
    both.code.commit({b"y.py": b"y"}, at=day(4))
    both.code.commit({b"other/name.py": FILE[b"model.py"]}, at=day(6))


def _backdated_branch(both: Both) -> None:
    both.topic(at=5)


def _backdated_merge(both: Both) -> None:
    both.topic(at=5)
    tip = both.code.commits[-1]
    both.code.commit(FILE, parents=[both.code.commits[0], tip], at=day(7), message=b"Merge\n")


def _backdated_rewriting(both: Both) -> None:
    both.code.commit(FILE, parents=[], at=day(1))


def _author_backdated(both: Both) -> None:
    both.code.commit(FILE, at=day(5), committed_at=day(40))


def _flowed_back_and_squashed(both: Both) -> None:
    both.code.commit(FILE, at=day(40))
    both.model.commit(FILE, parents=[], at=day(50), message=b"Super-squash\n")


def _squash(both: Both) -> None:
    both.code.commit(FILE, at=day(40), message=b"Topic (#1)\n")


def _squash_deleted(both: Both) -> None:
    _squash(both)
    both.code.branch(TOPIC, None)


def _rebase(both: Both) -> None:
    both.code.commit({b"x.py": b"x"}, at=day(35))
    both.code.commit(FILE, at=day(10), committed_at=day(40))
    both.code.branch(TOPIC, None)


def _cherry_pick(both: Both) -> None:
    both.code.commit(FILE, at=day(10), committed_at=day(40), message=b"Picked\n")


def _amend(both: Both) -> None:
    both.code.commit(
        FILE,
        ref=TOPIC,
        parents=both.code.commits[:1],
        at=day(10),
        committed_at=day(40),
        message=b"Amended\n",
    )


def _merge(both: Both) -> None:
    both.code.commit(
        FILE, parents=[both.code.commits[0], both.code.tips[TOPIC]], at=day(40), message=b"Merge\n"
    )


def _flowed_back(both: Both) -> None:
    _model_alone(both)
    both.code.commit(FILE, at=day(25))


CASES: dict[str, tuple[Callable[[Both], None], Callable[[Both], None], int | None]] = {
    "backdated": (_model_alone, _backdated, None),
    "backdated, two commits, another path": (_model_alone, _backdated_twice, None),
    "backdated on a branch": (_model_alone, _backdated_branch, None),
    "backdated and merged": (_model_alone, _backdated_merge, None),
    "backdated in a history that begins anew": (_model_alone, _backdated_rewriting, None),
    "only the author date is old": (_model_alone, _author_backdated, None),
    "flowed back, the model squashed": (_model_alone, _flowed_back_and_squashed, None),
    "an earlier origin is added": (_from_main, _backdated_branch, 1),
    "squashed": (_from_topic, _squash, 1),
    "squashed, the branch deleted": (_from_topic, _squash_deleted, 1),
    "rebased": (_from_topic, _rebase, 1),
    "cherry-picked": (_topic_and_main, _cherry_pick, 1),
    "amended": (_from_topic, _amend, 1),
    "merged": (_from_topic, _merge, 1),
    "flowed back, then backdated": (_flowed_back, _backdated_rewriting, None),
    "flowed back, then backdated on a branch": (_flowed_back, _backdated_branch, None),
}
"""Before the first look, between the looks, and the number of the repository's commit that is the
origin by both."""


_SHORT = {
    "flowed back, then backdated",
    "backdated",
    "backdated on a branch",
    "an origin is made again",
    "squashed",
    "rebased",
}
"""What `make test` tries of them; `make faults` tries all."""


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """A repository and an empty model."""
    return Both(tmp_path)


@pytest.fixture
def look(both: Both, call: Call, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Read both at a day."""
    options = [f"--upstream=acme/code={both.code.path}", f"--variant=acme/model={both.model.path}"]

    def ingest(at: float) -> None:
        defaults: dict[str, Any] = GitSource.__init__.__kwdefaults__ or {}
        monkeypatch.setitem(defaults, "clock", lambda: day(at))
        answer = call("ingest", "--family", "atlas", *options)
        assert answer.code == 0, answer.err

    return ingest


def _origin(call: Call, *options: object) -> str | None:
    import json

    answer = call("audit", "acme/model", *options, "--format", "json")
    assert answer.code == 0, answer.err
    commit = json.loads(answer.out)["origin"]["commit"]
    return commit["sha"] if commit else None


@pytest.mark.parametrize(
    "case",
    [pytest.param(name, marks=() if name in _SHORT else pytest.mark.faults) for name in CASES],
)
def test_an_origin_was_there_before_the_copy(
    both: Both, look: Callable[[float], None], call: Call, case: str
) -> None:
    before, between, number = CASES[case]
    before(both)
    wanted = None if number is None else both.code.commits[number]
    look(LOOKS[0])
    until = "--until", timestamp(day(LOOKS[0]))
    assert _origin(call) == wanted
    between(both)
    look(LOOKS[1])
    assert (_origin(call, *until), _origin(call)) == (wanted, wanted)


@pytest.mark.parametrize(("from_root", "renamed"), [(True, False), (True, True), (False, False)])
def test_a_rewritten_history_is_as_old_as_it_was(
    both: Both, look: Callable[[float], None], call: Call, from_root: bool, renamed: bool
) -> None:
    """A look missed the new commits and saw their files: neither the origin nor lag is younger."""
    import json

    def history(base: bytes, parents: list[str]) -> list[str]:
        """Write it, as to take a large file out; return the commits."""
        start = len(both.code.commits)
        both.code.commit({b"base.py": base}, parents=parents, at=day(1))
        both.code.commit(FILE, at=day(10))
        for at in (22, 24, 26):
            both.code.commit({b"z.py": b"%d" % at}, at=day(at))
        return both.code.commits[start:]

    both.model.commit(FILE, at=day(20))
    old = history(b"base, and more\n", both.code.commits[:1])
    look(LOOKS[0])
    new = history(b"base, again\n", [] if from_root else both.code.commits[:1])
    if renamed:
        git(both.code.path, "branch", "--move", "main", "trunk")
        git(both.code.path, "symbolic-ref", "HEAD", "refs/heads/trunk")
    look(LOOKS[1])
    until = "--until", timestamp(day(LOOKS[0]))
    assert (_origin(call, *until), _origin(call)) == (old[1], new[1])
    drift = json.loads(call("audit", "acme/model", "--format", "json").out)["drift"]
    assert (drift["commits"], drift["first"]["sha"], drift["days_behind"]) == (3, new[2], 38)
    assert call("check", "acme/model", "--fail-on", "lag", "--max-lag", "30").code == 1


def test_a_cut_history_misses_nothing(
    both: Both, look: Callable[[float], None], call: Call
) -> None:
    """What lies beyond a cut may have been there all the time."""
    both.code.commit(FILE, at=day(10))
    both.code.commit({b"model.py": b"new\n"}, at=day(12))
    both.model.commit(FILE, at=day(20))
    whole, cut = both.code.path, both.code.path.with_name("whole")
    whole.rename(cut)
    git(cut.parent, "clone", "--quiet", "--bare", "--depth=1", cut.as_uri(), str(whole))
    look(LOOKS[0])
    git(whole, "fetch", "--quiet", "--unshallow", cut.as_uri(), "main")
    look(LOOKS[1])
    assert _origin(call) == both.code.commits[1]


@pytest.mark.parametrize(
    ("messages", "wanted"),
    [
        (("Build from {4}", "Roll back: build from {1}"), 1),
        (("Build from {4}", "Back to {1}", "Fix the card"), 1),
        *(
            pytest.param(*case, marks=pytest.mark.faults)
            for case in (
                (("Built from {1}", "Built from {4}"), 4),
                (("Built from {4}", "Built from {1}", "Do not use {3}"), 1),
                (("Built from {1}", "Undo {4}"), 1),
                (("Not built from {4}",), None),
                (("From {2}", "From {5}", "From {3}"), 3),
            )
        ),
    ],
)
def test_the_newest_commit_of_the_model_says_what_it_is_from(
    both: Both,
    look: Callable[[float], None],
    call: Call,
    messages: tuple[str, ...],
    wanted: int | None,
) -> None:
    both.code.grow([({b"m.py": b"%d" % n}, b"Change\n", day(n)) for n in range(1, 6)])
    names = [f"acme/code@{sha}" for sha in both.code.commits]
    for number, message in enumerate(messages):
        text = message.format(*names).encode()
        both.model.commit({b"weights": b"weights %d" % number}, at=day(10 + number), message=text)
    look(LOOKS[0])
    assert _origin(call) == (None if wanted is None else both.code.commits[wanted])
