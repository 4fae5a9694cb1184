"""What cards claim, weighed by what repositories answer."""

import pytest

from hubtrace.ingest.evidence import Evidence, observed
from hubtrace.ingest.evidence.claims import Claims, has_foreign_base
from hubtrace.ingest.records import BaseModel, HostData, ProjectMetadata

CLAIM = observed("card_code", "other/Glacier", "README.md:3", "Code:", "claimed")
ANSWER = observed("readme_link", "other/glacier", "README.md:9", "lumen", "other_owner")


def reasons(claims: Claims, *evidence: Evidence) -> list[str | None]:
    return [one.reason for one in claims.weigh(evidence)]


def test_a_card_and_a_readme_that_name_each_other_are_of_the_same_people() -> None:
    claims = Claims("acme/lumen-7b")
    assert reasons(claims, CLAIM, ANSWER) == [None, None]
    assert reasons(claims, CLAIM) == ["claimed"]
    assert reasons(claims, ANSWER) == ["other_owner"]
    listed = observed("readme_link", "other/glacier", "README.md:9", "lumen", "community")
    assert reasons(claims, CLAIM, listed) == ["claimed", "community"]


def test_a_model_of_somebody_else_stays_theirs() -> None:
    claims = Claims("acme/lumen-7b", foreign_base=True)
    assert reasons(claims, CLAIM, ANSWER) == ["claimed", "other_owner"]
    facts = ProjectMetadata("", "acme/lumen", base_models=(BaseModel("other/base", "finetune"),))
    assert has_foreign_base("acme/lumen", HostData(facts))
    assert not has_foreign_base("other/lumen", HostData(facts))
    assert not has_foreign_base("acme/lumen", None)


def test_a_repository_that_names_only_models_of_others_denies_the_claim() -> None:
    claims = Claims("acme/lumen-7b", named={"other/glacier": {"other/glacier-7b"}})
    assert reasons(claims, CLAIM) == ["unanswered"]
    claims = Claims("acme/lumen-7b", named={"other/glacier": {"third/glacier-7b", "acme/"}})
    assert reasons(claims, CLAIM) == ["claimed"]
    claims = Claims("acme/lumen-7b", named={"other/glacier": {"other/glacier-7b", "acme/lumen"}})
    assert reasons(claims, CLAIM, ANSWER) == ["unanswered", "other_owner"]


def test_an_alias_takes_back_that_the_owner_is_another_one() -> None:
    claims = Claims("acme/lumen-7b", aliases={("acme", "other")})
    plain = observed("card_link", "other/glacier", "README.md:3", "glacier", "unrelated")
    assert reasons(claims, CLAIM, plain, ANSWER) == [None, None, None]


def card(method: str, repository: str, line: int, *reasons: str) -> Evidence:
    return observed(method, repository, f"README.md:{line}", "code", *reasons)


NAMESAKE = card("card_link", "acme/lumen", 30)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        # The owner's other repositories come after the one that the model is named after.
        (
            [card("card_link", "acme/lumen", 30, "licence"), card("card_code", "acme/tools", 3)],
            ["licence", "second"],
        ),
        ([card("card_code", "acme/tools", 3)], [None]),
        ([NAMESAKE, card("card_link", "acme/tools", 3, "badge")], [None, "second"]),
        # Then what says more: an introduction, an own repository, how often and how early.
        ([card("card_link", "acme/a", 3), card("card_code", "acme/b", 9)], ["second", None]),
        ([card("card_link", "acme/a", 9), CLAIM], ["second", "claimed"]),
        ([card("card_link", "other/a", 3, "claimed"), NAMESAKE], ["second", None]),
        ([card("card_link", "acme/a", 3), card("card_link", "acme/b", 9)], [None, "second"]),
        (
            [
                card("card_link", "acme/a", 3),
                card("card_link", "acme/b", 4),
                card("card_link", "acme/b", 9),
            ],
            ["second", None, None],
        ),
        # What names the model comes before what does not.
        (
            [
                card("card_code", "acme/a", 3),
                card("card_link", "acme/b", 9),
                observed("readme_link", "acme/b", "README.md:1", "lumen"),
            ],
            ["second", None, None],
        ),
        # What is a mention already, and what others than the card say, stay as they are.
        (
            [NAMESAKE, card("card_link", "other/a", 3, "unrelated"), ANSWER],
            [None, "unrelated", "other_owner"],
        ),
    ],
)
def test_of_the_repositories_that_a_card_names_one_comes_first(
    evidence: list[Evidence], expected: list[str | None]
) -> None:
    assert reasons(Claims("acme/lumen-7b"), *evidence) == expected


def test_what_a_card_named_before_does_not_compete_with_what_it_names_now() -> None:
    before, now = card("card_code", "acme/a", 3), card("card_link", "acme/b", 9)
    weighed = Claims("acme/lumen-7b").weigh([before, now], gone={0})
    assert [one.reason for one in weighed] == [None, None]
