"""Worlds in which a gate must not pass: 0 only where everything asked for is decided and fine."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import NEW_COMMITS_UNREAD as UNREAD
from hubtrace.queries.audit.check import EVERYTHING, Wanted, check_variants, targets_of
from hubtrace.queries.audit.findings import KINDS
from tests.queries.worlds import World, at

CODE, MORE, MODEL = (
    "https://github.com/acme/code",
    "https://github.com/acme/more",
    "https://huggingface.co/acme/model",
)
UNTIL = at(30)
SHA = "a" * 64
Change = Callable[[World], None]


def calm() -> World:
    """Return a world of which all is known and fine."""
    world = World()
    world.family(
        "calm",
        {CODE: {"c0": at(0), "c10": at(10), "c20": at(20)}},
        {MODEL: {"m5": at(5), "m25": at(25)}},
        observed_at=UNTIL,
    )
    for child, parent in (("c10", "c0"), ("c20", "c10"), ("m25", "m5")):
        world.join("PARENT", ("Commit", "Commit"), child, parent, position=0)
    _known(world, "Repository", CODE, "1")
    _known(world, "Variant", MODEL, "2")
    link = {"confidence": 0.9, "best_method": "same_blob", "role": "upstream"}
    world.join("LINKS_TO", ("Variant", "Repository"), MODEL, CODE, **link)
    _copied(world, CODE, "c20", "m25")
    file = {"path": "model.bin", "blob": "b", "sha256": SHA, "size": 1}
    world.node("File", "weights", **file)
    world.join("HAS_FILE", ("Variant", "File"), MODEL, "weights")
    world.join("ADDED_IN", ("File", "Commit"), "weights", "m5")
    _attested(world, verdict="verified", repository="acme/code")
    return world


def _attested(world: World, **facts: Any) -> None:
    """Tell what GitHub lists for the weights, in place of what it did."""
    world.nodes["Attestation"].pop("attested", None)
    told = {"sha256": SHA, "place": "https://github.com/acme", "observed_at": UNTIL}
    world.node("Attestation", "attested", **{**told, **facts})
    _without(world, "HAS_ATTESTATION", end="attested")
    world.join("HAS_ATTESTATION", ("Variant", "Attestation"), MODEL, "attested")


def _bundle(**facts: Any) -> Change:
    return lambda world: _attested(world, **facts)


def _known(world: World, label: str, key: str, host_id: str) -> None:
    facts: dict[str, Any] = {"default_branch": "refs/heads/main", "url": key, "licence": "mit"}
    looks = {"first_observed_at": at(1), "observed_at": UNTIL, "ancestry": True, "shallow": False}
    world.node(label, key, name="/".join(key.split("/")[-2:]), host_id=host_id, **facts, **looks)
    _branch(world, label, key, "main", status="default", head_committed_at=at(20))


def _branch(world: World, label: str, project: str, name: str, **facts: Any) -> None:
    key = f"{project} refs/heads/{name}"
    world.node("Branch", key, name=f"refs/heads/{name}", kind="branch", **facts)
    world.join("HAS_BRANCH", (label, "Branch"), project, key)


def _copied(world: World, repository: str, origin: str, own: str) -> None:
    key = f"copy {repository}"
    facts = {"blob": key, "path": "m.py", "origin_path": "m.py", "kind": "blob", "lag_seconds": 1}
    world.node("Copy", key, **facts)
    world.join("HAS_COPY", ("Variant", "Copy"), MODEL, key)
    world.join("COPIED_FROM", ("Copy", "Repository"), key, repository)
    world.join("COPIED_IN", ("Copy", "Commit"), key, own)
    world.join("ORIGINATES_IN", ("Copy", "Commit"), key, origin)


def _without(world: World, type_: str, **ends: str) -> None:
    """Take away relationships of a type, those with these ends."""
    for (name, *_), rows in world.relationships.items():
        if name == type_:
            rows[:] = [row for row in rows if any(row[end] != key for end, key in ends.items())]


def _code(store: GraphStore, asked: str | None, target: str, **more: Any) -> int:
    wanted = replace(Wanted.of(asked, 30, ()), **more)
    checked = check_variants(store, targets_of(store, [target], everything=False), wanted)
    return 1 if checked.findings else 3 if checked.lacks_an_answer else 0


def _passed(store: GraphStore, target: str) -> set[str]:
    """Return the kinds for which a gate that asks for each by its name passes."""
    targets = targets_of(store, [target], everything=False)
    checked = check_variants(store, targets, Wanted.of(",".join(KINDS), 30, ()))
    if any(each.kind == EVERYTHING for each in checked.undecided):
        return set()
    return ALL - {it.kind for it in checked.findings} - {it.kind for it in checked.undecided}


def _set(label: str, key: str, **facts: Any) -> Change:
    return lambda world: world.node(label, key, **facts)


def _no_upstream(world: World) -> None:
    for type_ in ("UPSTREAM", "LINKS_TO"):
        _without(world, type_, end=CODE)


def _no_commits(key: str) -> Change:
    return lambda world: _without(world, "HAS_COMMIT", start=key)


def _off_default(world: World) -> None:
    for row in world.relationships["HAS_COMMIT", "Repository", "Commit"]:
        row["on_default"] = False


def _empty_paths(world: World) -> None:
    world.relationships["UPSTREAM", "Family", "Repository"][0]["paths"] = ["typo/"]


def _no_branches(key: str) -> Change:
    return lambda world: _without(world, "HAS_BRANCH", start=key)


def left(name: str, **facts: Any) -> Change:
    """Return a change that adds a branch upstream."""
    return lambda world: _branch(world, "Repository", CODE, name, head="h", **facts)


def _all(*changes: Change) -> Change:
    def changed(world: World) -> None:
        for change in changes:
            change(world)

    return changed


def second(change: Change | None = None, **facts: Any) -> Change:
    """Return a change that adds a second upstream, as well known as the first."""

    def changed(world: World) -> None:
        world.project("Repository", MORE, {"d0": at(0), "d20": at(20)})
        world.join("UPSTREAM", ("Family", "Repository"), "calm", MORE)
        world.join("PARENT", ("Commit", "Commit"), "d20", "d0", position=0)
        _known(world, "Repository", MORE, "3")
        world.node("Repository", MORE, **facts)
        if change is not None:
            change(world)

    return changed


def _far_behind(world: World) -> None:
    world.node("Family", "calm", observed_at=at(2_000))
    world.commit("Repository", MORE, "d26", at(26))


def _silent(world: World) -> None:
    world.node("Family", "calm", observed_at=at(400))
    world.commit("Variant", MODEL, "m390", at(390))


def _silent_and(**facts: Any) -> Change:
    def changed(world: World) -> None:
        _silent(world)
        world.node("Repository", CODE, **facts)

    return changed


def _backdated(day: int) -> Change:
    """Return a change that adds a commit with an old date after the origin, until much later."""

    def changed(world: World) -> None:
        world.node("Family", "calm", observed_at=at(400))
        world.commit("Repository", CODE, "old", at(day))
        world.relationships["HAS_COMMIT", "Repository", "Commit"][-1]["landed_at"] = at(20)
        world.join("PARENT", ("Commit", "Commit"), "old", "c20", position=0)

    return changed


def _wrong_clock(label: str, sha: str) -> Change:
    """Return a change that puts the time of a commit right."""

    def changed(world: World) -> None:
        for row in world.relationships["HAS_COMMIT", label, "Commit"]:
            if row["end"] == sha:
                row["settled_at"] = row["at"]

    return changed


def _switched(repository: str, *kinds: str) -> Change:
    """Return a change that lets these events happen to a repository, one after the other."""

    def changed(world: World) -> None:
        for number, kind in enumerate(kinds):
            key = f"{repository} {number}"
            world.node("Event", key, kind=kind, subject="", observed_at=at(22 + number))
            world.join("ABOUT", ("Event", "Repository"), key, repository)

    return changed


def _derived(world: World) -> None:
    _without(world, "RELEASES", end=MODEL)
    world.relationships["LINKS_TO", "Variant", "Repository"][0]["role"] = "derived"


SIDES = {"upstream_abandoned", "downstream_abandoned", "tail"}
LOST = {"dead_link", "archived_upstream", "moved_upstream"}
BRANCHES = {"abandoned_branch", "orphaned_branch"}
SIGNED = {"unattested", "attestation_mismatch"}
ALL = set(KINDS)
TAKEN: dict[str, tuple[Change, set[str]]] = {
    "no upstream": (_no_upstream, ALL - {"gone"}),
    "an empty upstream": (_no_commits(CODE), {"lag", *SIDES}),
    "an empty variant": (_no_commits(MODEL), {"lag", "rewritten", "no_origin", *SIDES}),
    "nothing on the default branch": (_off_default, {"lag", *SIDES}),
    "paths that match nothing": (_empty_paths, {"lag", *SIDES}),
    "GitHub was not asked": (_set("Repository", CODE, host_id=None), LOST),
    "the Hub was not asked": (_set("Variant", MODEL, host_id=None), {"gone"}),
    "no licence upstream": (_set("Repository", CODE, licence=None), {"licence_mismatch"}),
    "no licence of the model": (_set("Variant", MODEL, licence=None), {"licence_mismatch"}),
    "a licence without a name": (_set("Variant", MODEL, licence="other"), {"licence_mismatch"}),
    "no branches upstream": (_no_branches(CODE), BRANCHES),
    "no branches of the model": (_no_branches(MODEL), BRANCHES),
    "a branch of unknown age": (left("left", status="open"), BRANCHES),
    "a branch that may have landed": (
        left("landing", status="open", landing="unknown", head_committed_at=at(-300)),
        {"abandoned_branch"},
    ),
    "one look upstream": (_set("Repository", CODE, first_observed_at=UNTIL), {"rewritten"}),
    "one look at the model": (_set("Variant", MODEL, first_observed_at=UNTIL), {"rewritten"}),
    "an unknown number of looks": (_set("Variant", MODEL, first_observed_at=None), {"rewritten"}),
    "a part of upstream": (
        _set("Repository", CODE, shallow=True),
        {"lag", "rewritten", "orphaned_branch"},
    ),
    "a part of the model": (_set("Variant", MODEL, shallow=True), {"rewritten", "orphaned_branch"}),
    "no parents": (_set("Variant", MODEL, ancestry=False), {"rewritten", "orphaned_branch"}),
    "no model": (lambda world: _without(world, "RELEASES", end=MODEL), ALL),
    "a model that could not be read": (_set("Variant", MODEL, failed_at=at(31)), ALL),
    "an upstream that could not be read": (_set("Repository", CODE, failed_at=at(31)), ALL),
    "a model whose new head was not read": (_set("Variant", MODEL, unread=f"x; {UNREAD}"), ALL),
    "an upstream whose new head was not read": (_set("Repository", CODE, unread=UNREAD), ALL),
    "a model of no family": (_derived, {"lag", *SIDES, *BRANCHES}),
    "an empty second upstream": (second(_no_commits(MORE)), {"lag", *SIDES}),
    "a second upstream GitHub was not asked about": (second(host_id=None), LOST),
    "a second upstream without branches": (second(_no_branches(MORE)), BRANCHES),
    "one look at the second upstream": (second(first_observed_at=UNTIL), {"rewritten"}),
    "a second upstream in part": (second(shallow=True), {"lag", "rewritten", "orphaned_branch"}),
    "a second upstream that could not be read": (second(failed_at=at(31)), ALL),
    "a second upstream without a licence": (second(licence=None), {"licence_mismatch"}),
    "commits with old dates after the origin": (_backdated(-100), {"lag"}),
    "a wrong clock upstream": (_wrong_clock("Repository", "c20"), SIDES - {"tail"}),
    "a wrong clock of the model": (_wrong_clock("Variant", "m25"), {"lag", *SIDES} - {"tail"}),
    "GitHub was not asked for attestations": (_bundle(place="model.sig", verdict="none"), SIGNED),
    "an attestation that was not verified": (
        _bundle(verdict="claimed", repository="acme/code"),
        SIGNED,
    ),
    "no large files": (lambda world: _without(world, "HAS_FILE", end="weights"), SIGNED),
    "an old branch beside a default branch of no commit": (
        _all(_no_commits(CODE), left("old", status="open", head_committed_at=at(-300))),
        {"lag", *SIDES, "abandoned_branch"},
    ),
}
"""What is taken away from what is known → the kinds that cannot be decided without it."""
FOUND: dict[str, tuple[Change, str]] = {
    "far behind the second upstream": (second(_far_behind), "lag"),
    "the second upstream is gone": (second(gone_at=at(20)), "dead_link"),
    "made private": (_switched(CODE, "made_private"), "dead_link"),
    "disabled": (_switched(CODE, "disabled"), "dead_link"),
    "private, disabled and enabled": (
        _switched(CODE, "made_private", "disabled", "enabled"),
        "dead_link",
    ),
    "private once more": (
        _switched(CODE, "made_private", "made_public", "made_private"),
        "dead_link",
    ),
    "the second upstream made private": (
        second(_switched(MORE, "made_private"), private=True),
        "dead_link",
    ),
    "the second upstream is archived": (second(archived=True), "archived_upstream"),
    "the second upstream moved": (second(moved_to="x/y"), "moved_upstream"),
    "silent": (_silent, "upstream_abandoned"),
    "silent and archived": (_silent_and(archived=True), "upstream_abandoned"),
    "silent and gone": (_silent_and(gone_at=at(20)), "upstream_abandoned"),
    "silent and moved": (_silent_and(moved_to="x/y"), "upstream_abandoned"),
    "archived and moved": (_set("Repository", CODE, archived=True, moved_to="x"), "moved_upstream"),
    "archived and gone": (
        _set("Repository", CODE, archived=True, gone_at=at(9)),
        "archived_upstream",
    ),
    "nothing attests the weights": (_bundle(verdict="none"), "unattested"),
    "a refused attestation": (_bundle(verdict="refused", why="expired"), "attestation_mismatch"),
    "a refused attestation is none": (_bundle(verdict="refused"), "unattested"),
    "an attestation of another repository": (
        _bundle(verdict="verified", repository="evil/code"),
        "attestation_mismatch",
    ),
    "the second upstream has another licence": (second(licence="gpl-3.0"), "licence_mismatch"),
    "two other licences": (_set("Variant", MODEL, licence="a, b"), "licence_mismatch"),
}


Made = Callable[[World], GraphStore]


def _target(change: str) -> str:
    return "acme/model" if change == "a model of no family" else "calm"


def test_all_known_and_fine_is_fine(made: Made) -> None:
    with made(calm()) as store:
        assert _code(store, "all", "calm") == 0
        assert [_code(store, kind, "calm") for kind in KINDS] == [0] * len(KINDS)
        assert _passed(store, "calm") == ALL
        assert _code(store, None, "calm", all_must_decide=True) == 0


@pytest.mark.parametrize("taken", TAKEN)
def test_a_fact_that_is_missing_is_never_fine(made: Made, taken: str) -> None:
    change, kinds = TAKEN[taken]
    world = calm()
    change(world)
    with made(world) as store:
        assert _passed(store, _target(taken)) & kinds == set()
        assert _code(store, None, _target(taken), all_must_decide=True) or not any(
            KINDS[kind].usual for kind in kinds
        )


@pytest.mark.parametrize(
    "taken",
    [
        "an empty upstream",
        "an empty variant",
        "nothing on the default branch",
        "paths that match nothing",
        "an empty second upstream",
        "no model",
    ],
)
def test_where_the_two_sides_cannot_be_compared_the_usual_kinds_do_not_pass(
    made: Made, taken: str
) -> None:
    world = calm()
    TAKEN[taken][0](world)
    with made(world) as store:
        assert _code(store, None, "calm") == 3


@pytest.mark.parametrize("found", FOUND)
def test_one_state_does_not_hide_another(made: Made, found: str) -> None:
    change, kind = FOUND[found]
    world = calm()
    change(world)
    with made(world) as store:
        assert _code(store, kind, "calm") == 1


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sets(st.sampled_from(sorted(TAKEN)), min_size=1, max_size=4), st.sampled_from(list(KINDS))
)
def test_whatever_is_taken_away_what_rests_on_it_does_not_pass(
    made: Made, taken: set[str], kind: str
) -> None:
    second = sum("second" in name for name in taken)
    assume("a model of no family" not in taken)  # the family is the target;
    assume(second <= 1)  # there is one second upstream,
    assume(not (second and "no upstream" in taken))  # which takes the place of none;
    assume(not {"no upstream", "paths that match nothing"} <= taken)  # paths are of an upstream;
    if "no upstream" in taken:  # so are looks;
        assume(not any(name.startswith("an upstream ") for name in taken))
    if "commits with old dates after the origin" in taken:  # they are commits
        assume(not any("no commit" in name or "empty upstream" in name for name in taken))
    world = calm()
    for name in sorted(taken):
        TAKEN[name][0](world)
    with made(world) as store:
        ended = _code(store, kind, "calm")
        assert ended or not any(kind in TAKEN[name][1] for name in taken)


def test_an_upstream_that_was_opened_again_is_no_dead_link(made: Made) -> None:
    world = calm()
    _switched(CODE, "made_private", "disabled", "made_public", "enabled")(world)
    with made(world) as store:
        assert _code(store, "dead_link", "calm") == 0


def test_what_was_looked_at_long_ago_decides_nothing(made: Made) -> None:
    with made(calm()) as store:
        for kind in KINDS:
            assert _code(store, kind, "calm", max_age=7) == 3
        assert _code(store, "lag", "calm", max_age=100_000) == 0


def test_a_usual_kind_that_is_undecided_beside_others_passes_unless_all_must(made: Made) -> None:
    world = calm()
    world.node("Repository", CODE, host_id=None)
    with made(world) as store:
        assert _code(store, None, "calm") == 0
        assert _code(store, None, "calm", all_must_decide=True) == 3


@pytest.mark.parametrize("unread", ["the card of acme/model is gated", None])
def test_a_model_of_which_the_card_was_not_read_is_not_called_unlinked(
    made: Made, unread: str | None
) -> None:
    world = calm()
    _no_upstream(world)
    _without(world, "RELEASES", end=MODEL)
    world.node("Variant", MODEL, unread=unread)
    with made(world) as store:
        assert _code(store, "unlinked", "acme/model") == (3 if unread else 1)
        assert _code(store, None, "acme/model") == (3 if unread else 1)


@pytest.mark.parametrize(
    ("ours", "theirs", "ended"),
    [("mit, apache-2.0", "apache-2.0", 0), ("mit", "gpl-3.0", 1), ("gpl-3.0", "gpl-3.0-only", 0)],
)
def test_several_licences_are_a_set(made: Made, ours: str, theirs: str, ended: int) -> None:
    world = calm()
    world.node("Variant", MODEL, licence=ours)
    world.node("Repository", CODE, licence=theirs)
    with made(world) as store:
        assert _code(store, "licence_mismatch", "calm") == ended


def _released(world: World, days: int) -> None:
    """Let upstream go on for long after the model's origin, and the model be made at its end."""
    world.node("Family", "calm", observed_at=at(days))
    for day in range(40, days, 10):
        world.commit("Repository", CODE, f"c{day}", at(day))


def test_an_origin_that_is_old_is_an_upper_limit(made: Made) -> None:
    world = calm()
    _released(world, 2_000)
    world.commit("Variant", MODEL, "m1990", at(1_995))
    world.join("PARENT", ("Commit", "Commit"), "m1990", "m25", position=0)
    with made(world) as store:
        assert _code(store, "lag", "calm") == 0
        assert _code(store, "lag", "calm", upper=True) == 1


def test_what_landed_after_it_was_made_is_a_lower_limit(made: Made) -> None:
    world = calm()
    _released(world, 400)
    with made(world) as store:
        assert _code(store, "lag", "calm") == 1


def test_without_a_proof_there_is_no_upper_limit(made: Made) -> None:
    world = calm()
    _without(world, "HAS_COPY", start=MODEL)
    with made(world) as store:
        assert _code(store, "lag", "calm") == 0
        assert _code(store, "lag", "calm", upper=True) == 3


def test_a_revision_that_names_its_commit_has_an_exact_lag(made: Made) -> None:
    world = calm()
    _released(world, 400)
    world.commit("Variant", MODEL, "m395", at(395))
    for child, parent in (("m395", "m25"),):
        world.join("PARENT", ("Commit", "Commit"), child, parent, position=0)
    with made(world) as store:
        assert _code(store, "lag", "calm") == 0
    world.join("REFERENCES", ("Commit", "Commit"), "m395", "c20", method="commit_url")
    with made(world) as store:
        assert _code(store, "lag", "calm") == 1
