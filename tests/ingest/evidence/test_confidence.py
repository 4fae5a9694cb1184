"""The rule of docs/evidence.md: monotone, blind to order, ranks above ranks; and membership."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.ingest.evidence import RANKS, Evidence, confidence, links, observed
from hubtrace.ingest.evidence.model import CEILINGS, FACTORS, STRENGTHS, shortened

REASONS = st.one_of(st.none(), st.sampled_from(sorted(FACTORS)))
FOUND = st.builds(
    lambda method, name, place, reason: observed(method, name, str(place), "", reason),
    st.sampled_from(sorted(RANKS)),
    st.sampled_from(["a/x", "a/y", "b/z"]),
    st.integers(0, 3),
    REASONS,
)
SEVERAL = st.lists(FOUND, max_size=12)


@given(SEVERAL, SEVERAL)
def test_more_evidence_never_lowers_it(some: list[Evidence], more: list[Evidence]) -> None:
    assert 0.0 <= confidence(some) <= confidence(some + more) <= 1.0


@given(st.lists(FOUND, max_size=8).flatmap(lambda f: st.tuples(st.just(f), st.permutations(f))))
def test_order_and_repetition_do_not_matter(both: tuple[list[Evidence], list[Evidence]]) -> None:
    some, shuffled = both
    assert confidence(some) == confidence(shuffled) == confidence(some + shuffled)
    assert [link.repository for link in links(some)] == [x.repository for x in links(shuffled)]


@given(st.sampled_from(sorted(RANKS)), SEVERAL)
def test_a_stronger_rank_beats_all_that_weaker_ones_gather(
    method: str, all_: list[Evidence]
) -> None:
    weaker = [one for one in all_ if one.rank > RANKS[method]]
    assert confidence([observed(method, "a/x", "", "")]) > confidence(weaker)


@given(SEVERAL, REASONS)
def test_a_reason_against_it_never_raises_it(some: list[Evidence], reason: str | None) -> None:
    for one in some:
        lessened = observed(one.method, one.repository, one.place, "", one.reason, reason)
        assert lessened.strength <= one.strength


def test_every_strength_is_above_the_ceiling_of_the_ranks_below() -> None:
    assert RANKS.keys() == STRENGTHS.keys()
    for method, rank in RANKS.items():
        below = CEILINGS.get(rank + 1, 0.0)
        if method not in ("same_contributor", "same_owner"):
            assert below < STRENGTHS[method] < CEILINGS[rank] or rank == 1


def test_nothing_is_no_confidence_and_links_are_ranked() -> None:
    assert confidence([]) == 0.0
    some = [
        observed("card_link", "A/X", "1", ""),
        observed("card_code", "a/x", "2", ""),
        observed("ci_workflow", "a/y", "3", ""),
        observed("card_link", "tool/kit", "4", "", "tooling"),
    ]
    best, second = links(some)
    assert (best.repository, best.best_method, best.role) == ("a/y", "ci_workflow", "upstream")
    assert (second.repository, second.best_method, second.role) == ("a/x", "card_code", "weaker")
    assert [one.place for one in second.evidence] == ["2", "1"]


@pytest.mark.parametrize(
    ("method", "reason", "role"),
    [
        ("same_blob", None, "upstream"),
        ("same_lfs", None, "upstream"),
        ("ci_workflow", None, "upstream"),
        ("commit_reference", None, "upstream"),
        ("commit_reference", "mention", "derived"),
        ("readme_link", None, "upstream"),
        ("readme_link", "other_owner", "derived"),
        ("same_owner", None, "upstream"),
        ("card_code", None, "upstream"),
        ("card_code", "claimed", "upstream"),
        ("card_code", "unanswered", "derived"),
        ("card_code", "original", "derived"),
        ("card_link", "claimed", "derived"),
        ("paper_repository", None, "derived"),
    ],
)
def test_membership_rests_on_what_the_design_names(
    method: str, reason: str | None, role: str
) -> None:
    (link,) = links([observed(method, "a/x", "", "", reason)])
    assert link.role == role


def test_an_owner_carries_what_a_card_alone_does_not() -> None:
    card, owner = (
        observed("card_link", "a/x", "", ""),
        observed("same_owner", "a/x", "", "", "unnamed"),
    )
    assert [links(some)[0].role for some in ([card], [card, owner])] == ["derived", "upstream"]


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("same_owner", "unnamed"),
        ("card_link", "tooling"),
        ("card_link", "acknowledgement"),
        ("readme_link", "community"),
    ],
)
def test_what_is_said_in_passing_is_no_link(method: str, reason: str) -> None:
    assert links([observed(method, "a/x", "", "", reason)]) == []


def test_a_families_file_decides_and_a_foreign_base_makes_content_lineage() -> None:
    some = [observed("same_blob", "a/x", "1", ""), observed("card_link", "a/y", "2", "")]
    assert [x.role for x in links(some, family={"a/y"})] == ["weaker", "upstream"]
    assert [x.role for x in links(some, foreign_base=True)] == ["derived", "weaker"]


def test_what_was_said_is_one_line_without_credentials() -> None:
    said = shortened("a\n b https://me:secret@github.com/x " + "y" * 1_000)
    assert said.startswith("a b https://github.com/x y")
    assert len(said) == 300
