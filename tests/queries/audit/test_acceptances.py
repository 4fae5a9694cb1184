"""Findings that somebody accepted: what an acceptance covers, and all that it must not."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit.acceptances import Acceptance, Acceptances, targets_for
from hubtrace.queries.audit.check import Checked, Wanted, check_variants, targets_of
from hubtrace.queries.audit.findings import KINDS
from hubtrace.queries.audit.formats.json import findings_to_json
from hubtrace.queries.audit.formats.markdown import findings_to_markdown
from hubtrace.queries.audit.formats.sarif import findings_to_sarif
from hubtrace.queries.audit.formats.text import findings_to_text
from tests.queries.audit.test_check import official_schema
from tests.queries.audit.test_fail_closed import (
    CODE,
    FOUND,
    MODEL,
    MORE,
    TAKEN,
    calm,
    left,
    second,
)
from tests.queries.worlds import World, at

NOW = at(2_000)  # 2029-06-23
LATER, PAST = "2029-06-23", "2029-06-22"
HOSTILE = "known\x1b[2J\n::error::x ##[error]x | <b> \u202e [x](http://x)"


def accept(kind: str, target: str = "acme/model", **more: Any) -> Acceptance:
    """Return an acceptance that counts today."""
    return Acceptance(
        **{"place": "accept", "reason": "known", "expires": LATER, **more}, kind=kind, target=target
    )


def check(store: GraphStore, asked: str | None, *accepted: Acceptance, **more: Any) -> Checked:
    """Check the family on that day."""
    target = more.pop("target", "calm")
    now = more.pop("now", NOW)
    wanted = replace(Wanted.of(asked, 30, ()), **more)
    targets = targets_of(store, [target], everything=False)
    given = Acceptances(store, accepted)
    return check_variants(store, targets, wanted, acceptances=given, now=now)


def code(checked: Checked) -> int:
    """Return what the command would end with."""
    return 1 if checked.findings else 3 if checked.lacks_an_answer else 0


def _replaced(*ids: str, project: str = MODEL) -> Callable[[World], None]:
    def change(world: World) -> None:
        label = "Variant" if project == MODEL else "Repository"
        for number, (before, after) in enumerate(pairwise(ids)):
            facts = {"kind": "replaced", "subject": "", "before": before, "after": after}
            world.node("Event", f"replaced {number}", observed_at=at(26 + number), **facts)
            world.join("ABOUT", ("Event", label), f"replaced {number}", project)

    return change


def _rewritten(*befores: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        for number, before in enumerate(befores):
            facts = {"kind": "history_rewritten", "subject": "refs/heads/main", "before": before}
            world.node("Event", before, observed_at=at(26 + number), **facts)
            world.join("ABOUT", ("Event", "Repository"), before, CODE)

    return change


def _both(*changes: Callable[[World], None]) -> Callable[[World], None]:
    def change(world: World) -> None:
        for each in changes:
            each(world)

    return change


def _lost(**more: Any) -> Callable[[World], None]:
    """Both upstreams are gone, as far as GitHub was asked."""
    return second(gone_at=at(20), **more)


def _abandoned(name: str) -> Callable[[World], None]:
    return left(name, status="abandoned", head_committed_at=at(-300))


IDEA, OTHER = _abandoned("idea"), _abandoned("feature/x!")
AB = "abandoned_branch"
GONE = _both(_lost(), lambda world: world.node("Repository", CODE, gone_at=at(20)))
LAGS = _both(
    FOUND["far behind the second upstream"][0],
    lambda world: world.commit("Repository", CODE, "c26", at(26)),
)
SHA, SHA2 = "ab12cd34" * 5, "cd34ab12" * 5


@pytest.mark.parametrize("found", FOUND)
def test_what_is_accepted_passes_until_it_expires(made: Any, found: str) -> None:
    change, kind = FOUND[found]
    world = calm()
    change(world)
    with made(world) as store:
        (finding,) = check(store, kind).findings
        accepted = check(store, kind, accept(kind))
        assert (code(accepted), [each.finding for each in accepted.accepted]) == (0, [finding])
        expired = check(store, kind, accept(kind, expires=PAST))
        assert (code(expired), expired.accepted, expired.stale) == (1, (), ())
        said = expired.findings[0].text
        assert said == f"{finding.text}; accepted until {PAST}, which has passed"
        # Neither a clock that thinks it is 2012 nor a question about the past brings it back.
        assert code(check(store, kind, accept(kind, expires="2024-01-01"), now=at(-4_000))) == 1
        assert code(check(store, kind, accept("gone"))) == 1


@pytest.mark.parametrize("taken", sorted(TAKEN)[::3])
def test_what_is_undecided_cannot_be_accepted(made: Any, taken: str) -> None:
    change, kinds = TAKEN[taken]
    world = calm()
    change(world)
    all_ = [accept(kind, value="9" if kind == "replaced" else None) for kind in KINDS]
    target = "acme/model" if taken == "a model of no family" else "calm"
    with made(world) as store:
        alone = check(store, ",".join(kinds), target=target)
        assert check(store, ",".join(kinds), *all_, target=target).undecided == alone.undecided
    assert {each.kind for each in alone.undecided} & {*kinds, "everything"}


@pytest.mark.parametrize(("kind", "ended"), [("licence_mismatch", 3), ("dead_link", 0)])
def test_only_that_it_is_lost_explains_an_upstream_without_commits(
    made: Any, kind: str, ended: int
) -> None:
    world = calm()
    TAKEN["an empty upstream"][0](world)
    if kind == "dead_link":
        world.node("Repository", CODE, gone_at=at(20))
    else:
        world.node("Variant", MODEL, licence="gpl-3.0")
    with made(world) as store:
        assert code(check(store, "usual")) == 1
        assert code(check(store, "usual", accept(kind))) == ended


Case = tuple[Callable[[World], None], str, list[Acceptance], int, str | None]
CASES: dict[str, Case] = {
    # change, kind, acceptances, exit code, and what the finding that is left names
    "by its name in other letters": (IDEA, AB, [accept(AB, "ACME/Code")], 0, None),
    "by a URL": (IDEA, AB, [accept(AB, "git@github.com:acme/code.git")], 0, None),
    "by a branch": (IDEA, AB, [accept(AB, "acme/code", branch="idea")], 0, None),
    "by a full ref": (IDEA, AB, [accept(AB, "acme/code", branch="refs/heads/idea")], 0, None),
    "by a branch in the target": (IDEA, AB, [accept(AB, "acme/code@idea")], 0, None),
    "by the page of a branch": (IDEA, AB, [accept(AB, "github.com/acme/code/tree/idea")], 0, None),
    "a new branch beside an accepted one": (
        _both(IDEA, OTHER),
        AB,
        [accept(AB, "acme/code", branch="idea")],
        1,
        "1 abandoned branch: acme/code feature/x!",
    ),
    "each branch for its reason": (
        _both(IDEA, OTHER),
        AB,
        [accept(AB, CODE, branch=name) for name in ("idea", "feature/x!")],
        0,
        None,
    ),
    "a branch of the same name elsewhere": (
        IDEA,
        AB,
        [accept(AB, "acme/model", branch="idea")],
        1,
        "acme/code idea",
    ),
    "a branch in other letters is another": (
        IDEA,
        AB,
        [accept(AB, "acme/code", branch="Idea")],
        1,
        "acme/code idea",
    ),
    "one of two lost upstreams": (GONE, "dead_link", [accept("dead_link", CODE)], 1, "acme/more"),
    "a lost upstream, and one of which GitHub was not asked": (
        _both(_lost(), lambda world: world.node("Repository", CODE, host_id=None)),
        "dead_link",
        [accept("dead_link", MORE)],
        3,
        None,
    ),
    "behind one of two": (LAGS, "lag", [accept("lag", value="acme/code")], 1, "acme/more"),
    "behind both": (
        LAGS,
        "lag",
        [accept("lag", value="acme/code"), accept("lag", value=MORE)],
        0,
        None,
    ),
    "behind one, and another of which a part is known": (
        _both(
            second(shallow=True),
            lambda world: world.node("Family", "calm", observed_at=at(2_000)),
            lambda world: world.commit("Repository", CODE, "c26", at(26)),
        ),
        "lag",
        [accept("lag", value="acme/code")],
        3,
        None,
    ),
    "lag is of a model": (LAGS, "lag", [accept("lag", CODE)], 1, "behind its upstream"),
    "another licence than was accepted": (
        FOUND["two other licences"][0],
        "licence_mismatch",
        [accept("licence_mismatch", value="apache-2.0 / mit")],
        1,
        "differ",
    ),
    "moved on": (
        second(moved_to="x/z"),
        "moved_upstream",
        [accept("moved_upstream", MORE, value="x/y")],
        1,
        "moved to x/z",
    ),
    "a rewriting": (
        _rewritten(SHA),
        "rewritten",
        [accept("rewritten", CODE, value=SHA[:10])],
        0,
        None,
    ),
    "a second rewriting": (
        _rewritten(SHA, SHA2),
        "rewritten",
        [accept("rewritten", CODE, branch="main", value=SHA)],
        1,
        "rewritten",
    ),
    "a stranger that is known": (
        _replaced("2", "9"),
        "replaced",
        [accept("replaced", value="9")],
        0,
        None,
    ),
    "a second stranger": (
        _replaced("2", "9", "10"),
        "replaced",
        [accept("replaced", value="9")],
        1,
        "replaced by another one",
    ),
    "an acceptance from before the name changed hands": (
        _both(IDEA, _replaced("2", "9")),
        AB,
        [accept(AB)],
        1,
        "; its acceptance does not count for a project that was replaced",
    ),
    "a stranger that is known, and what it brought": (
        _both(IDEA, _replaced("2", "9")),
        AB,
        [accept(AB), accept("replaced", value="9")],
        0,
        None,
    ),
    "a stranger of which the acceptance expired": (
        _both(IDEA, _replaced("2", "9")),
        AB,
        [accept(AB), accept("replaced", value="9", expires=PAST)],
        1,
        "does not count",
    ),
    "an upstream that a stranger took over": (
        _both(IDEA, _replaced("1", "9", project=CODE)),
        AB,
        [accept(AB, "acme/code")],
        1,
        "does not count",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_acceptance_covers_what_it_names_and_no_more(made: Any, case: str) -> None:
    change, kind, accepted, ends, rest = CASES[case]
    world = calm()
    change(world)
    with made(world) as store:
        assert code(check(store, kind)) == 1
        checked = check(store, kind, *accepted)
    assert code(checked) == ends, checked
    assert [finding.text for finding in checked.findings if rest and rest not in finding.text] == []
    assert len(checked.findings) == (rest is not None)


def test_old_names_are_names(store: GraphStore) -> None:
    world = calm()
    IDEA(world)
    world.node("Repository", CODE, aliases=["https://github.com/then/called"])
    world.write(store)
    assert code(check(store, AB, accept(AB, "then/called", branch="idea"))) == 0
    assert targets_for(store, [CODE, "file:///x"]) == {CODE: CODE, "file:///x": "file:///x"}


def test_an_acceptance_goes_to_who_has_the_name_now(made: Any) -> None:
    """A model moved, and a stranger took its old name: an acceptance of that name is not of it."""
    world = calm()
    _abandoned("idea")(world)
    world.node("Variant", MODEL, url=f"{MODEL}-2", name="acme/model-2")
    world.node("Variant", f"{MODEL}#9", url=MODEL, name="acme/model", observed_at=at(30))
    with made(world) as store:
        assert code(check(store, AB, accept(AB, "acme/model"))) == 1
        assert code(check(store, AB, accept(AB, "acme/model-2"))) == 0
        assert targets_for(store, [MODEL]) == {MODEL: f"{MODEL}-2"}


def test_what_matches_nothing_is_said_to(made: Any) -> None:
    world = calm()
    IDEA(world)
    given = {
        "used": accept(AB, CODE, branch="idea"),
        "no such branch": accept(AB, CODE, branch="ideas"),
        "fine": accept("gone"),
        "unknown": accept(AB, "acme/cod"),
        "not looked for": accept("tail"),
        "undecided": accept("rewritten"),
    }
    world.node("Variant", MODEL, first_observed_at=None)
    with made(world) as store:
        stale = check(store, f"{AB},gone,rewritten", *given.values()).stale
    assert {name for name, one in given.items() if one in [each.acceptance for each in stale]} == {
        "no such branch",
        "fine",
        "unknown",
    }
    (why,) = (each.why for each in stale if each.acceptance is given["unknown"])
    assert "the graph has no project 'acme/cod'; did you mean `acme/code`" in why


@pytest.mark.parametrize(
    ("accepted", "message"),
    [
        ([accept(AB, CODE), accept(AB, "acme/code")], "it is the same as accept"),
        ([accept(AB, "no/such"), accept(AB, "No/Such")], "it is the same as accept"),
        ([accept(AB, CODE, branch="x"), accept(AB, "acme/code@x")], "it is the same as accept"),
        ([accept("lag", "calm")], "target: it is a family; name its models"),
        ([accept("lag", "huggingface.co/datasets/x/y")], "a data set, not a model"),
        ([accept("lag", "acme/model@v1")], "of the kind lag is not about a branch"),
        ([accept(AB, "acme/code@x", branch="y")], "points into a project, and there"),
    ],
)
def test_acceptances_that_cannot_be_meant_are_refused(
    made: Any, accepted: list[Acceptance], message: str
) -> None:
    with made(calm()) as store, pytest.raises(CatalogueError, match=message):
        Acceptances(store, accepted)


def test_every_format_shows_what_is_accepted(made: Any) -> None:
    world = calm()
    _both(IDEA, OTHER, _lost())(world)
    given = (
        accept(AB, CODE, branch="idea", reason=HOSTILE, by="Ann\n"),
        accept("dead_link", MORE),
    )
    with made(world) as store:
        checked = check(store, f"{AB},dead_link", *given)
    assert findings_to_text(checked).count("\n") == len(checked.findings) == 1
    body = json.loads(findings_to_json(checked))
    assert [each["kind"] for each in body["accepted"]] == ["dead_link", AB]
    terms = body["accepted"][1]["acceptance"]
    assert (terms["reason"], terms["expires"], terms["by"]) == (HOSTILE, LATER, "Ann\n")
    page = findings_to_markdown(checked)
    assert "**hubtrace check**: 1 finding, 2 accepted, in 1 model" in page
    (row,) = (line for line in page.splitlines() if "known\\\\x1b" in line)
    assert row.count(" | ") == 5
    assert not any(text in row for text in ("\x1b", "\u202e", "<b>", "##["))
    log = json.loads(findings_to_sarif(checked))
    validator = Draft4Validator(official_schema(), format_checker=FormatChecker())
    assert list(map(str, validator.iter_errors(log))) == []
    results = log["runs"][0]["results"]
    assert [len(result["suppressions"]) for result in results] == [0, 1, 1]
    (suppression,) = results[1]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "known"
    marks = [result["partialFingerprints"]["hubtraceFinding/v1"] for result in results]
    assert len(set(marks)) == 3
