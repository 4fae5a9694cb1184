"""Every stored query on the hand-made world of `worlds.py`, with the rows counted by hand."""

from typing import Any

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ValueType, ask, catalogue
from tests.queries.audit.expected import OF_AUDITS
from tests.queries.rows_of_copies import OF_COPIES
from tests.queries.worlds import DAY, World, at, switches_of

STEADY, MONO = "gh/acme/steady", "gh/acme/mono"
LARGE, SMALL, PART, LEFT = "hf/acme/large", "hf/acme/small", "hf/acme/part", "hf/acme/left"
UP, DOWN = "upstream", "downstream"

EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "assessments": [],
    "branch_status": [
        (branch, status, head_day, base, ahead, behind)
        for branch, status, head_day, base, ahead, behind in [
            ("foreign", "orphaned", 10, None, 3, 5),
            ("late", "dormant", 44, "s5", 1, 0),
            ("main", "default", 43, "s5", 0, 0),
            ("new", "active", 300, "s5", 1, 0),
            ("old", "abandoned", 40, "s4", 2, 1),
            ("unknown", "open", None, None, None, None),
        ]
    ],
    "activity": [
        ("gone", at(400), "gh/acme/gone", True, None),
        ("gone", at(400), "hf/acme/left", False, None),
        ("scoped", at(400), MONO, True, None),
        ("scoped", at(400), "hf/acme/part", False, None),
        ("steady", at(400), STEADY, True, None),
        ("steady", at(400), LARGE, False, None),
        ("steady", at(400), SMALL, False, [f"- - {at(3)} {13 * DAY} {44 * DAY}"]),
        ("unborn", at(400), "gh/acme/unborn", True, None),
    ],
    "change_type_counts": [
        ("steady", UP, "model structure", 1, 1, 2),
        ("steady", UP, "sharing", 2, 1, 2),
        ("steady", DOWN, "sharing", 1, 1, 1),
    ],
    "commit_times": [
        ("gone", "hf/acme/left", False, [at(5)]),
        ("scoped", MONO, True, [at(0), at(200)]),
        ("scoped", "hf/acme/part", False, [at(1), at(22)]),
        ("steady", STEADY, True, [at(0), at(1), at(15), at(30), at(43)]),
        ("steady", LARGE, False, [at(31)]),
        ("steady", SMALL, False, [at(3), at(16), at(60)]),
    ],
    "contributors": [
        ("scoped", UP, 1, 1),
        ("scoped", DOWN, 1, 1),
        ("steady", UP, 2, 3),
        ("steady", DOWN, 2, 4),
    ],
    "contributors_shared": [
        # Bob's second commit, m2, is outside the family's paths.
        ("scoped", "github:bob", "hmac:3", "bob", "same_name", 1, 1),
        ("steady", "hmac:1", "hmac:1", None, "same_key", 1, 1),
        ("steady", "github:ann", "hmac:2", "ann", "same_name", 2, 3),
    ],
    "dimensions": [
        ("gone", "base", None, 0, None, None, None),
        ("scoped", "base", 0, 0, "simultaneous", "PS", "R"),
        ("steady", "base", 0, 0, "simultaneous", "PS", "R"),
    ],
    "evidence": [
        (
            *(LARGE, "acme/large", "gh/acme/gone", "readme_link", 4, 0.45, None),
            *("README.md:e4", "e4", at(9), None),
        ),
        (
            *(SMALL, "acme/small", STEADY, "card_code", 3, 0.8, None),
            *("README.md:e1", "e1", at(9), None),
        ),
        (
            *(SMALL, "acme/small", STEADY, "readme_link", 4, 0.45, None),
            *("README.md:e2", "e2", at(9), None),
        ),
        (
            *(SMALL, "acme/small", MONO, "card_link", 3, 0.2, "acknowledgement"),
            *("README.md:e3", "e3", at(9), None),
        ),
    ],
    "families": [("gone",), ("scoped",), ("steady",), ("unborn",)],
    "family_overview": [
        ("gone", ["acme/gone"], ["acme/left"], 0, 1, None, None, at(5), at(5), 0, at(400), None),
        (
            *("scoped", ["acme/mono"], ["acme/part"], 2, 2),
            *(at(0), at(200), at(1), at(22), 0, at(400), None),
        ),
        (
            *("steady", ["acme/steady"], ["acme/large", "acme/small"], 5, 4),
            *(at(0), at(43), at(3), at(60), 7, at(400), "PSR"),
        ),
        ("unborn", ["acme/unborn"], [], 0, 0, None, None, None, None, 0, at(400), None),
    ],
    "family_periods": [
        ("gone", DOWN, LEFT, "acme/left", 0, at(5), 1),
        ("scoped", UP, MONO, "acme/mono", 0, at(0), 1),
        ("scoped", UP, MONO, "acme/mono", 14, at(196), 1),
        ("scoped", DOWN, PART, "acme/part", 0, at(0), 1),
        ("scoped", DOWN, PART, "acme/part", 1, at(14), 1),
        ("steady", UP, STEADY, "acme/steady", 0, at(0), 2),
        ("steady", UP, STEADY, "acme/steady", 1, at(14), 1),
        ("steady", UP, STEADY, "acme/steady", 2, at(28), 1),
        ("steady", UP, STEADY, "acme/steady", 3, at(42), 1),
        ("steady", DOWN, LARGE, "acme/large", 2, at(28), 1),
        ("steady", DOWN, SMALL, "acme/small", 0, at(0), 1),
        ("steady", DOWN, SMALL, "acme/small", 1, at(14), 1),
        ("steady", DOWN, SMALL, "acme/small", 4, at(56), 1),
    ],
    "intensity": [
        ("gone", "base", None, 1, []),
        ("scoped", "base", "R", 2, []),
        ("steady", "base", "R", 3, []),
    ],
    "lag": [
        ("gone", "base", None, None, 0),
        ("scoped", "base", "simultaneous", 0, 0),
        ("steady", "base", "simultaneous", 0, 0),
    ],
    "history": [
        (STEADY, "acme/steady", at(310), "history_rewritten", "refs/heads/main", "s9", "s5"),
    ],
    "left_behind": [
        (
            *("scoped", UP, at(22), 1),
            [{"project": MONO, "sha": "m3", "at": at(200), "author": None, "subject": None}],
        ),
        (
            *("steady", DOWN, at(43), 1),
            [{"project": SMALL, "sha": "a3", "at": at(60), "author": None, "subject": None}],
        ),
    ],
    "links": [
        (
            *(LARGE, "acme/large", "gh/acme/gone", 0.5, "readme_link", "derived"),
            *(["readme_link"], 1, at(350), None, None),
        ),
        (
            *(SMALL, "acme/small", STEADY, 0.93, "card_code", "upstream"),
            *(["card_code", "readme_link"], 2, None, None, None),
        ),
        (
            *(SMALL, "acme/small", MONO, 0.2, "card_link", "weaker"),
            *(["card_link"], 1, None, None, None),
        ),
        *(
            (f"hf/x/{name}", f"x/{name}", repository, 0.5, None, None, [], 0, *facts)
            for name, repository, facts in [
                ("dead", "gh/old/dead", (at(10), None, None)),
                ("derived", "gh/live/alive", (None, None, False)),
                ("derived", "gh/old/moved", (None, "new/moved", None)),
                ("frozen", "gh/old/dead", (at(10), None, None)),
                ("frozen", "gh/old/frozen", (None, None, True)),
                ("moved", "gh/old/moved", (None, "new/moved", None)),
            ]
        ),
    ],
    "orphan_variants": [
        ("hf/x/dead", "x/dead", "dead_link", at(400), ["gh/old/dead"], at(10), None),
        (
            *("hf/x/frozen", "x/frozen", "archived_upstream", at(400)),
            *(["gh/old/dead", "gh/old/frozen"], at(10), None),
        ),
        ("hf/x/moved", "x/moved", "moved_upstream", at(400), ["gh/old/moved"], None, "new/moved"),
        ("hf/x/unlinked", "x/unlinked", "unlinked", at(400), [], None, None),
    ],
    "projects": [
        (
            *("gone", UP, "gh/acme/gone", "acme/gone", None, 0, None, None),
            *(at(350), None, None),
        ),
        ("gone", DOWN, LEFT, "acme/left", None, 1, at(5), at(5), None, None, None),
        ("scoped", UP, MONO, "acme/mono", None, 2, at(0), at(200), None, None, None),
        ("scoped", DOWN, PART, "acme/part", None, 2, at(1), at(22), None, None, None),
        ("steady", UP, STEADY, "acme/steady", None, 5, at(0), at(43), None, None, None),
        ("steady", DOWN, LARGE, "acme/large", None, 1, at(31), at(31), None, None, None),
        ("steady", DOWN, SMALL, "acme/small", None, 3, at(3), at(60), None, None, None),
        ("unborn", UP, "gh/acme/unborn", "acme/unborn", None, 0, None, None, None, None, None),
    ],
    "published": [
        ("gone", at(400), ["acme/gone"], ["acme/left"], None, None, None, None),
        ("scoped", at(400), ["acme/mono"], ["acme/part"], None, None, None, None),
        (
            *("steady", at(400), ["acme/steady"], ["acme/large", "acme/small"]),
            *("simultaneous", None, None, "PSR"),
        ),
        ("unborn", at(400), ["acme/unborn"], [], None, None, None, None),
    ],
    "references": [
        (LARGE, STEADY, UP, "s5", None, "b1", at(31) - at(43)),
        (SMALL, STEADY, DOWN, "a2", None, "s2", at(16) - at(1)),
    ],
    "releases": [("steady", STEADY, "acme/steady", "1.0", at(16))],
    "side_status": [
        ("gone", "no_upstream_commits", at(400), None, None, at(5), "l1"),
        ("scoped", "dormant", at(400), at(200), "m3", at(22), "p2"),
        ("steady", "dormant", at(400), at(43), "s5", at(60), "a3"),
    ],
    "switch_summary": [
        ("steady", DOWN, 3, (12 + 14 + 12) / 3, 12.0, 14),
        ("steady", UP, 4, 5.25, 1.5, 17),
    ],
    "switches": [
        ("steady", UP, at(1), at(3), 2 * DAY, 2, "s2", "a1"),
        ("steady", DOWN, at(3), at(15), 12 * DAY, 12, "a1", "s3"),
        ("steady", UP, at(15), at(16), DAY, 1, "s3", "a2"),
        ("steady", DOWN, at(16), at(30), 14 * DAY, 14, "a2", "s4"),
        ("steady", UP, at(30), at(31), DAY, 1, "s4", "b1"),
        ("steady", DOWN, at(31), at(43), 12 * DAY, 12, "b1", "s5"),
        ("steady", UP, at(43), at(60), 17 * DAY, 17, "s5", "a3"),
    ],
    "search": [
        *(("family", name, name) for name in ("gone", "scoped", "steady", "unborn")),
        *(
            ("model" if key.startswith("hf") else "repository", key, key[3:])
            for key in (
                *("hf/x/dead", "hf/x/moved", "hf/x/frozen", "gh/old/dead"),
                *("hf/acme/left", "hf/acme/part", "hf/x/derived", "gh/acme/gone"),
                *("gh/acme/mono", "gh/old/moved", "hf/acme/large", "hf/acme/small"),
                *("hf/x/unlinked", "gh/live/alive", "gh/old/frozen", "gh/acme/steady"),
                *("gh/acme/unborn", "hf/y/only-named-as-base"),
            )
        ),
    ],
    "sync_type": [
        ("gone", "base", None, 0, 1, 0, 0),
        ("scoped", "base", "PS", 2, 2, 1, 0),
        ("steady", "base", "PS", 4, 4, 3, 0),
    ],
    "tags": [
        ("steady", UP, STEADY, "acme/steady", "refs/tags/v1", "s3", at(15)),
        ("steady", DOWN, SMALL, "acme/small", "refs/tags/v1", "a3", at(60)),
    ],
    "tails": [
        ("scoped", UP, at(22), at(200), at(200), 1, 178),
        ("steady", DOWN, at(43), at(60), at(60), 1, 17),
    ],
    "timeline": [
        ("gone", at(5), DOWN, LEFT, "acme/left", "l1", None, None),
        ("scoped", at(0), UP, MONO, "acme/mono", "m1", None, None),
        ("scoped", at(1), DOWN, PART, "acme/part", "p1", None, None),
        ("scoped", at(22), DOWN, PART, "acme/part", "p2", None, None),
        ("scoped", at(200), UP, MONO, "acme/mono", "m3", None, None),
        ("steady", at(0), UP, STEADY, "acme/steady", "s1", None, None),
        ("steady", at(1), UP, STEADY, "acme/steady", "s2", None, None),
        ("steady", at(3), DOWN, SMALL, "acme/small", "a1", None, None),
        ("steady", at(15), UP, STEADY, "acme/steady", "s3", None, None),
        ("steady", at(16), DOWN, SMALL, "acme/small", "a2", None, None),
        ("steady", at(30), UP, STEADY, "acme/steady", "s4", None, None),
        ("steady", at(31), DOWN, LARGE, "acme/large", "b1", None, None),
        ("steady", at(43), UP, STEADY, "acme/steady", "s5", None, None),
        ("steady", at(60), DOWN, SMALL, "acme/small", "a3", None, None),
    ],
    "vanished_commits": [(STEADY, "acme/steady", "s9", at(310), at(300), None, None)],
    "variant_status": [
        (
            *("gone", LEFT, "acme/left", "dead_link", at(400), at(5), "l1", None, None),
            *(["gh/acme/gone"], at(350), None),
        ),
        (
            *("scoped", PART, "acme/part", "dormant", at(400), at(22), "p2", at(200), "m3"),
            *([MONO], None, None),
        ),
        (
            *("steady", LARGE, "acme/large", "dormant", at(400), at(31), "b1", at(43), "s5"),
            *([STEADY], None, None),
        ),
        (
            *("steady", SMALL, "acme/small", "dormant", at(400), at(60), "a3", at(43), "s5"),
            *([STEADY], None, None),
        ),
    ],
}
EXPECTED |= OF_COPIES
EXPECTED["branch_status"] = [
    (
        *("steady", UP, STEADY, "acme/steady", f"refs/heads/{branch}", "branch", status),
        *(f"head-{branch}", None if day is None else at(day), base, ahead, behind, at(43)),
    )
    for branch, status, day, base, ahead, behind in EXPECTED["branch_status"]
]


def test_every_query_has_its_rows_written_out() -> None:
    assert sorted([*EXPECTED, *OF_AUDITS]) == list(catalogue())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_query_returns_the_rows_counted_by_hand(shared_store: GraphStore, name: str) -> None:
    assert list(ask(shared_store, name).rows()) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_columns_and_values_are_those_that_the_header_declares(
    shared_store: GraphStore, name: str
) -> None:
    result = ask(shared_store, name)
    declared = catalogue()[name].returns
    assert result.columns == tuple(column.name for column in declared)
    for row in result.rows():
        for column, value in zip(declared, row, strict=True):
            assert column.type.accepts(value), f"{column.name} is {value!r}"


def _statuses(store: GraphStore, query: str, key: str, **parameters: Any) -> dict[str, str]:
    return {row[key]: row["status"] for row in ask(store, query, **parameters)}


def _until(day: float, abandon_after: int = 30) -> dict[str, Any]:
    return {"families": ["steady"], "until": at(day), "abandon_after": abandon_after * DAY}


@pytest.mark.parametrize(
    ("day", "days", "status"),
    [
        (72.9, 30, "active"),  # upstream's last commit, of day 43, is younger than 30 days
        (73, 30, "upstream_abandoned"),  # exactly 30 days; the variant moved on day 60
        (89.9, 30, "upstream_abandoned"),
        (90, 30, "dormant"),
        (59, 10, "dormant"),  # the commit of day 60 is not seen: 43 and 31 are both older
        (52, 10, "downstream_abandoned"),  # day 31 is too old, day 43 is younger and later
    ],
)
def test_the_status_of_a_family_turns_at_its_edges(
    shared_store: GraphStore, day: float, days: int, status: str
) -> None:
    assert _statuses(shared_store, "side_status", "family", **_until(day, days)) == {
        "steady": status
    }


def test_the_status_of_a_variant_is_its_own(shared_store: GraphStore) -> None:
    found = _statuses(shared_store, "variant_status", "variant", **_until(75))
    assert found == {LARGE: "dormant", SMALL: "upstream_abandoned"}
    found = _statuses(shared_store, "variant_status", "variant", **_until(61, 20))
    assert found == {LARGE: "downstream_abandoned", SMALL: "active"}
    found = _statuses(shared_store, "variant_status", "variant", **_until(2))
    assert found == {LARGE: "no_variant_commits", SMALL: "no_variant_commits"}


@pytest.mark.parametrize(
    ("day", "old", "late"),
    [
        (41, "active", "active"),  # before the default branch's last commit
        (70, "abandoned", "active"),  # exactly 30 days after the head of `old`
        (74, "abandoned", "dormant"),
    ],
)
def test_open_branches_turn_with_time(
    shared_store: GraphStore, day: float, old: str, late: str
) -> None:
    found = _statuses(shared_store, "branch_status", "branch", **_until(day))
    assert found["refs/heads/old"] == old
    assert found["refs/heads/late"] == late
    assert found["refs/heads/foreign"] == "orphaned"


def test_a_repository_that_was_not_gone_yet_is_no_dead_link(shared_store: GraphStore) -> None:
    asked = {"families": ["gone"], "until": at(349)}
    assert _statuses(shared_store, "variant_status", "variant", **asked) == {
        LEFT: "no_upstream_commits"
    }


@pytest.mark.parametrize("name", ["history", "vanished_commits"])
def test_what_happened_is_asked_by_family_key_or_name(shared_store: GraphStore, name: str) -> None:
    everything = ask(shared_store, name).rows()
    for target in ("steady", STEADY, STEADY.upper(), "acme/steady"):
        assert ask(shared_store, name, target=target).rows() == everything
    assert ask(shared_store, name, target="scoped").rows() == []


def test_a_dimension_of_a_silent_family_is_null_and_an_unborn_one_has_no_row(
    shared_store: GraphStore,
) -> None:
    for name, column in (("lag", "lag"), ("sync_type", "sync"), ("intensity", "intensity")):
        found = {row["family"]: row[column] for row in ask(shared_store, name)}
        assert found["gone"] is None
        assert "unborn" not in found


def test_the_ninetieth_percentile_of_ten_lags_is_the_ninth(store: GraphStore) -> None:
    world = World()
    upstream = {f"u{lag}": at(20 * lag) for lag in range(1, 11)}
    variant = {f"v{lag}": at(20 * lag + lag) for lag in range(1, 11)}
    world.family("f", {"gh/r": upstream}, {"hf/v": variant}, observed_at=at(999))
    switches_of(world, "f", [(UP, f"u{lag}", f"v{lag}") for lag in range(1, 11)])
    world.write(store)
    assert list(ask(store, "switch_summary").rows()) == [("f", UP, 10, 5.5, 5.5, 9)]


def test_a_mean_has_the_same_last_digit_on_every_engine(store: GraphStore) -> None:
    lags = (0, 24, 56)  # a running mean of them is another number than their sum over three
    world = World()
    upstream = {f"u{lag}": at(100 * lag) for lag in lags}
    variant = {f"v{lag}": at(100 * lag + lag) for lag in lags}
    world.family("f", {"gh/r": upstream}, {"hf/v": variant}, observed_at=at(9_999))
    switches_of(world, "f", [(UP, f"u{lag}", f"v{lag}") for lag in lags])
    world.write(store)
    assert list(ask(store, "switch_summary").rows()) == [("f", UP, 3, sum(lags) / 3, 24.0, 56)]


def test_types_are_read_from_their_names() -> None:
    assert str(ValueType.parse("integer or null, epoch seconds")) == (
        "integer or null, epoch seconds"
    )
