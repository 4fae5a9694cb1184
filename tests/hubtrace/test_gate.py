"""The gate on real histories: what git and the hubs hold, from `ingest` to the exit code."""

from pathlib import Path

import pytest

from tests.hubtrace.conftest import DAY, Call, ingest_acme
from tests.ingest.worlds import START, World


def _ingest(call: Call, upstream: Path, model: Path, *more: object) -> int:
    named = ("--family", "fam", "--upstream", f"acme/code={upstream}")
    return call("ingest", *named, "--variant", f"acme/model={model}", *more).code


def _model(folder: Path, files: dict[bytes, bytes], day: int) -> Path:
    model = World(folder / "model")
    model.commit({b"README.md": b"card"}, at=START + day * DAY)
    model.commit({b"README.md": b"card", **files}, at=START + day * DAY + 60)
    return model.path


def test_backdated_commits_after_a_proved_origin_do_not_pass(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    code.commit({b"m.py": b"one"}, at=START)
    code.commit({b"m.py": b"two"}, at=START + 20 * DAY)
    for number in range(5):  # dated before what they were made on
        code.commit({b"m.py": b"two", b"n.py": b"%d" % number}, at=START + (1 + number) * DAY)
    model = _model(tmp_path, {b"m.py": b"two"}, 21)
    assert _ingest(call, code.path, model) == 0
    answer = call("check", "fam", "--fail-on", "lag", "--until", "2030-01-01")
    assert answer.code == 3, answer.out + answer.err


def test_old_dates_that_are_pushed_after_a_look_are_behind(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    code.commit({b"m.py": b"one"}, at=START)
    model = _model(tmp_path, {b"m.py": b"one"}, 10)
    assert _ingest(call, code.path, model) == 0
    for number in range(5):
        code.commit({b"m.py": b"%d" % number}, at=START + (1 + number) * DAY)
    assert _ingest(call, code.path, model) == 0
    for more in ((), ("--lag", "upper")):
        answer = call("check", "fam", "--fail-on", "lag", "--until", "2030-01-01", *more)
        assert answer.code == 1, answer.out + answer.err


def test_an_unchanged_licence_is_an_upper_limit_only(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    licence = b"Copyright Acme, all of it\n" * 9
    code.commit({b"LICENSE": licence}, at=START)
    for number in range(1, 20):
        code.commit({b"m.py": b"%d" % number}, at=START + number * 100 * DAY)
    model = _model(tmp_path, {b"LICENSE": licence}, 1_901)
    assert _ingest(call, code.path, model) == 0
    assert call("check", "fam", "--fail-on", "lag").code == 0
    upper = call("check", "fam", "--fail-on", "lag", "--lag", "upper")
    assert upper.code == 1
    assert "behind its upstream for at least 0 days, at most " in upper.out


@pytest.mark.parametrize("kind", ["lag", "tail", "upstream_abandoned"])
def test_a_path_that_matches_nothing_does_not_pass(call: Call, tmp_path: Path, kind: str) -> None:
    code = World(tmp_path / "code")
    code.commit({b"lib/m.py": b"one"}, at=START)
    model = _model(tmp_path, {}, 1)
    assert _ingest(call, code.path, model, "--upstream-path", "typo") == 0
    assert call("check", "fam", "--fail-on", kind).code == 3


def test_an_empty_upstream_does_not_pass(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    model = _model(tmp_path, {}, 1)
    assert _ingest(call, code.path, model) == 0
    for kind in ("lag", "tail", "upstream_abandoned", "abandoned_branch"):
        assert call("check", "fam", "--fail-on", kind).code == 3, kind


@pytest.mark.parametrize("side", ["code", "model"])
def test_a_head_that_names_nothing_decides_nothing(call: Call, tmp_path: Path, side: str) -> None:
    """The single branch that is there was never called the default one (decision 0062)."""
    code = World(tmp_path / "code")
    code.commit({b"m.py": b"one" * 40}, at=START)
    model = _model(tmp_path, {b"m.py": b"one" * 40}, 1)
    (tmp_path / side / "HEAD").write_text("ref: refs/heads/trunk\n")
    assert _ingest(call, code.path, model) == 0
    for kind in ("lag", "tail", "upstream_abandoned", "abandoned_branch", "orphaned_branch"):
        assert call("check", "fam", "--fail-on", kind).code == 3, kind
    usual = call("check", "fam")
    assert (usual.code, usual.err.count("undecided: ")) == (3, 1)
    assert "default branch" in usual.err
    page = call("audit", "acme/model").out
    assert "has not moved since" not in page
    origin = call("check", "fam", "--fail-on", "no_origin")
    assert origin.code == (0 if side == "code" else 3)
    assert "same_blob" in call("query", "evidence").out


def test_a_family_without_models_does_not_pass(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    code.commit({b"m.py": b"one"}, at=START)
    assert call("ingest", "--family", "fam", "--upstream", f"acme/code={code.path}").code == 0
    for kinds in ("all", "lag", "usual"):
        answer = call("check", "fam", "--fail-on", kinds)
        assert answer.code == 3
        assert "fam: everything: it is a family without a model" in answer.err
    assert call("check", "--all").code == 3


def test_one_look_decides_nothing_about_rewriting(call: Call, world: Path) -> None:
    ingest_acme(call, world)
    assert call("check", "acme", "--fail-on", "rewritten").code == 3


def test_a_failed_look_decides_nothing_until_the_next(call: Call, tmp_path: Path) -> None:
    code = World(tmp_path / "code")
    code.commit({b"m.py": b"one"}, at=START)
    model = _model(tmp_path, {b"m.py": b"one"}, 1)
    assert _ingest(call, code.path, model) == 0
    asked = ("check", "fam", "--fail-on", "lag")
    assert call(*asked).code == 0
    away = tmp_path / "away"
    code.path.rename(away)
    assert _ingest(call, code.path, model) == 2
    answer = call(*asked)
    assert answer.code == 3
    assert "the last try to read acme/code failed" in answer.err
    away.rename(code.path)
    assert _ingest(call, code.path, model) == 0
    assert call(*asked).code == 0


def test_a_family_loses_no_member_unasked(call: Call, world: Path) -> None:
    ingest_acme(call, world)
    named = ("--family", "acme", "--upstream", f"acme/code={world / 'code'}")
    fewer = call("ingest", *named, "--variant", f"acme/model={world / 'model'}")
    assert fewer.code == 2
    assert "family acme would lose acme/model-chat; give --replace to let it" in fewer.err
    assert call("check", "acme/model-chat", "--fail-on", "no_origin").code == 1
    chosen = call("ingest", *named, "--variant", f"acme/model={world / 'model'}", "--replace")
    assert chosen.code == 0
    ingest_acme(call, world)  # more members are no loss
