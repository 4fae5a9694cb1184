"""Names, thresholds, flags and the comparison with the study."""

import json
from typing import Any

import pytest

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask
from hubtrace.queries.flags import FLAGGED_BRANCHES, flags
from hubtrace.queries.patterns import PATTERNS, FamilyPattern, Labels, patterns
from hubtrace.queries.statistics.measures import label_shares
from hubtrace.queries.study import (
    PUBLISHED_LAGS,
    PUBLISHED_PATTERNS,
    Agreement,
    agreement,
)
from hubtrace.queries.thresholds import Thresholds
from tests.queries.worlds import DAY, World, at


def test_a_pattern_says_everything_of_its_family(shared_store: GraphStore) -> None:
    (steady,) = patterns(shared_store, ["steady"])
    # Days 0 1 15 30 43 upstream, 31 and 3 16 60 downstream. Bins of 7: upstream 0 2 4 6, variants
    # 4 and 0 2 8. Bins of 28: upstream 0 1, variants 1 and 0 2. Five periods: the middle one
    # belongs to the early half, so the late one is 3 (upstream) and 4 (downstream).
    assert steady == FamilyPattern(
        family="steady",
        repositories=("acme/steady",),
        variants=("acme/large", "acme/small"),
        until=at(400),
        lag="simultaneous",
        sync="PS",
        intensity="R",
        code="PSR",
        pattern="Sparse synchronization",
        reason=None,
        # No offset moves day 60 into a period with day 43, 17 days before; days 0 and 3, 15 and 16
        # or 30 and 31 always share one; and no variant has more than three days.
        stability=1.0,
        runner_up=None,
        code_7_days="PSR",
        code_28_days="PSR",
        early_code="CSR",
        late_code="ASR",
        published=Labels(lag="simultaneous", code="PSR"),
    )


def test_a_silent_side_has_a_reason_and_no_pattern(shared_store: GraphStore) -> None:
    found = {p.family: p for p in patterns(shared_store)}
    assert list(found) == ["gone", "scoped", "steady", "unborn"]
    for name in ("gone", "unborn"):
        assert found[name].reason == "no_upstream_commits"
        assert (found[name].lag, found[name].code, found[name].stability) == (None, None, None)
    (early,) = patterns(shared_store, ["steady"], at(2))
    assert (early.reason, early.until) == ("no_variant_commits", at(2))


def test_families_are_returned_as_named_and_unknown_ones_are_refused(
    shared_store: GraphStore,
) -> None:
    assert [p.family for p in patterns(shared_store, ["steady", "gone"])] == ["steady", "gone"]
    assert patterns(shared_store, []) == []
    with pytest.raises(CatalogueError, match="no family `steddy` in the graph; did you mean"):
        patterns(shared_store, ["gone", "steddy"])


def test_without_stability_only_the_label_is_computed(shared_store: GraphStore) -> None:
    (full,) = patterns(shared_store, ["steady"])
    (label,) = patterns(shared_store, ["steady"], stability=False)
    assert (label.code, label.lag) == (full.code, full.lag)
    assert (label.stability, label.code_7_days, label.early_code) == (None, None, None)


def test_progress_is_reported(shared_store: GraphStore) -> None:
    reported: list[tuple[str, int, int | None]] = []
    patterns(shared_store, progress=lambda *done: reported.append(done))
    assert reported == [("activity", 4, 4)]


@pytest.mark.parametrize(
    ("thresholds", "code"),
    [
        (Thresholds(rare_periods=2), "PSS"),
        (Thresholds(rare_periods=1, frequent_periods=2), "PSF"),
        (Thresholds(period_days=61), "CSR"),
        (Thresholds(period_days=1, offsets=1), "ASR"),
    ],
)
def test_every_threshold_counts(
    shared_store: GraphStore, thresholds: Thresholds, code: str
) -> None:
    assert patterns(shared_store, ["steady"], None, thresholds)[0].code == code


def test_crowded_periods_without_upstream_are_a_detail(store: GraphStore) -> None:
    world = World()
    variants = {
        f"hf/{variant}": {f"{variant} {period}": at(14 * period) for period in (1, 3, 5)}
        for variant in "abc"
    }
    world.family("vs", {"gh/r": {"u": at(0)}}, variants, observed_at=at(99))
    world.write(store)
    (found,) = patterns(store)
    assert (found.sync, found.code) == ("VS", "ASR")
    for thresholds in (Thresholds(vs_periods=4), Thresholds(vs_variants=4)):
        assert patterns(store, None, None, thresholds)[0].sync == "AS"
    for asked, sync in (((3, 3), "VS"), ((4, 3), "AS"), ((3, 4), "AS")):
        periods, crowd = asked
        rows = ask(store, "sync_type", vs_periods=periods, vs_variants=crowd).data()
        assert [(row["sync"], row["crowded_periods"]) for row in rows] == [
            (sync, 3 if crowd == 3 else 0)
        ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"period_days": 0}, "the threshold period_days is a whole number of at least 1, not 0"),
        ({"period_days": 10**20}, "the threshold period_days is at most 1,000,000"),
        ({"rare_periods": -1}, "rare_periods is a whole number of at least 0, not -1"),
        ({"vs_periods": 1.5}, "vs_periods is a whole number of at least 1, not 1.5"),
        ({"offsets": 15}, "bins of 14 days have 14 day offsets, not 15"),
    ],
)
def test_thresholds_without_a_meaning_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        Thresholds(**wrong)


def test_thresholds_are_written_as_json() -> None:
    written = json.loads(Thresholds(rare_periods=2).to_json())
    assert Thresholds(**written) == Thresholds(rare_periods=2)
    assert Thresholds().abandon_after == 180 * DAY


def _labelled(family: str, code: str | None, lag: str | None, published: Labels) -> FamilyPattern:
    sync, intensity = (None, None) if code is None else (code[:2], code[2])
    nothing = (None,) * 7
    labels = (lag, sync, intensity, code, None if code is None else PATTERNS[code])
    return FamilyPattern(family, (), (), 0, *labels, *nothing, published=published)


def test_shares_stand_beside_the_study() -> None:
    found = [
        _labelled("a", "PSS", "upstream_first", Labels()),
        _labelled("b", "PSS", "simultaneous", Labels()),
        _labelled("c", "CSR", "upstream_first", Labels()),
        _labelled("d", None, None, Labels()),
    ]
    shares = {
        share.label: share
        for dimension in ("code", "lag")
        for share in label_shares(found, dimension).shares
    }
    assert (shares["PSS"].count, shares["PSS"].published_percent) == (2, 39.4)
    assert shares["PSS"].percent == pytest.approx(200 / 3)
    assert shares["PSS"].name == "Disperse synchronization"
    assert shares["downstream_first"].percent == 0
    assert {share.percent for share in label_shares([], "code").shares} == {None}


def test_the_study_published_every_pattern_and_lag() -> None:
    assert PUBLISHED_PATTERNS.keys() == PATTERNS.keys()
    # Its figures are rounded to one decimal.
    assert sum(PUBLISHED_PATTERNS.values()) == pytest.approx(100, abs=0.4)
    assert sum(PUBLISHED_LAGS.values()) == pytest.approx(100, abs=0.2)


def test_agreement_is_counted_per_dimension() -> None:
    found = [
        _labelled("a", "PSS", "simultaneous", Labels("simultaneous", "PS", "S", "PSS")),
        _labelled("b", "ASR", "simultaneous", Labels("upstream_first", "VS", "S", "ASS")),
        _labelled("c", None, None, Labels("upstream_first")),
        _labelled("d", "CSR", "simultaneous", Labels()),
    ]
    assert agreement(found) == [
        Agreement("lag", 1, 3, ("b", "c")),
        Agreement("sync", 2, 2, ()),
        Agreement("intensity", 1, 2, ("b",)),
        Agreement("code", 1, 2, ("b",)),
    ]


def test_flags_say_what_was_left_behind(shared_store: GraphStore) -> None:
    found = flags(shared_store, until=at(200), thresholds=Thresholds(abandon_after_days=150))
    flagged = {b.branch.removeprefix("refs/heads/") for b in found.branches if b.flagged}
    assert flagged == {"foreign", "old"}
    assert {b.status for b in found.branches if b.flagged} == FLAGGED_BRANCHES
    assert {s.family: s.status for s in found.sides if s.flagged} == {
        "scoped": "downstream_abandoned",
        "steady": "upstream_abandoned",
    }
    # Variants as their families, but for `large`, which never moved after upstream, and strays.
    assert {v.variant: v.status for v in found.variants if v.flagged} == {
        "hf/acme/part": "downstream_abandoned",
        "hf/acme/small": "upstream_abandoned",
        "hf/x/dead": "dead_link",
        "hf/x/frozen": "archived_upstream",
        "hf/x/moved": "moved_upstream",
        "hf/x/unlinked": "unlinked",
    }
    assert {v.variant for v in found.variants if v.orphaned} == {
        "hf/x/dead",
        "hf/x/frozen",
        "hf/x/moved",
        "hf/x/unlinked",
    }
    assert found.flagged == 2 + 2 + 6


def test_flags_of_a_family_leave_strays_out(shared_store: GraphStore) -> None:
    found = flags(shared_store, ["gone"])
    assert [(v.family, v.status, v.gone_at) for v in found.variants] == [
        ("gone", "dead_link", at(350))
    ]
