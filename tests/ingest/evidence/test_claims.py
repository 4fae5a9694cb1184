"""What cards claim, weighed by what repositories answer."""

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


def test_a_sibling_is_less_than_the_repository_after_which_the_model_is_named() -> None:
    own = observed("card_link", "acme/lumen", "README.md:30", "code", "licence")
    sibling = observed("card_code", "acme/tools", "README.md:3", "GitHub")
    assert reasons(Claims("acme/lumen-7b"), own, sibling) == ["licence", "sibling"]
    assert reasons(Claims("acme/lumen-7b"), sibling) == [None]
