"""`same_owner`, its aliases, and `same_contributor`."""

import pytest

from hubtrace.ingest.evidence import learn_aliases, owners_agree, same_contributor, same_owner
from hubtrace.ingest.evidence.owners import Kinship, is_bot, kinship, names_agree


@pytest.mark.parametrize(
    ("org", "owner"),
    [
        ("01-ai", "01-ai"),
        ("Qwen", "QwenLM"),
        ("deepseek-ai", "deepseek-ai"),
        ("THUDM", "thudm"),
        ("openbmb", "OpenBMB"),
        ("stabilityai", "Stability-AI"),
        ("mistralai", "mistral-team"),
        ("bigscience", "bigscience-workshop"),
    ],
)
def test_owners_agree_by_their_names(org: str, owner: str) -> None:
    assert owners_agree(org, owner)


@pytest.mark.parametrize(
    ("org", "owner"),
    [
        ("TheBloke", "01-ai"),
        ("google", "google-deepmind"),
        ("meta-llama", "facebookresearch"),
        ("ai", "ml"),
        ("ai21", "21"),
        ("lm", "hf"),
        ("apple", "appleseed"),
    ],
)
def test_others_do_not(org: str, owner: str) -> None:
    assert not owners_agree(org, owner)


@pytest.mark.parametrize(
    ("variant", "repository", "kin"),
    [
        ("jdoerow/x", "johndoerow/y", Kinship.OWNERS),
        ("northwind/x", "northwindresearchers-22/y", Kinship.OWNERS),
        ("umbra/x", "thelab/Umbra-py", Kinship.OWNERS),
        ("llm-mixer/x", "someone/LLM-Mixer", Kinship.OWNERS),
        ("transformers/x", "someone/transformers", Kinship.STRANGERS),
        ("acme/swedish-bert-base", "royallibrary/swedish-bert-models", Kinship.NAMES),
        ("acme/umbrabert-v2-base", "someone/UmbraBERT", Kinship.NAMES),
        ("acme/bert-base-umbra", "someone/bert", Kinship.STRANGERS),
        ("acme/t5-small-finetuned-umbra", "someone/umbra", Kinship.STRANGERS),
        ("acme/x", "someone/acquisition", Kinship.STRANGERS),
    ],
)
def test_owners_and_names_can_be_alike(variant: str, repository: str, kin: Kinship) -> None:
    assert kinship(variant, repository) is kin
    found = same_owner(variant, repository)
    assert (found.reason if found else None) == ("alike" if kin is Kinship.OWNERS else None)


@pytest.mark.parametrize(
    ("variant", "repository", "agree"),
    [
        ("01-ai/Yi-34B-Chat", "01-ai/Yi", True),
        ("Qwen/Qwen2-7B", "QwenLM/Qwen", True),
        ("Qwen/Qwen2.5-7B", "QwenLM/Qwen2.5", True),
        ("Qwen/Qwen1.5-7B", "QwenLM/Qwen2", False),
        ("acme/llama-7b", "acme/llama-models", True),
        ("acme/bge-large", "acme/FlagEmbedding", False),
        ("acme/models", "acme/models", True),
        ("acme/x", "acme/xyz", False),
    ],
)
def test_names_agree_word_by_word(variant: str, repository: str, agree: bool) -> None:
    assert names_agree(variant, repository) is agree
    found = same_owner(variant, repository)
    assert found is not None
    assert found.reason == (None if agree else "unnamed")


def test_owners_that_name_each_other_are_the_same_people() -> None:
    cards = [("meta-llama/Llama-2-7b", "facebookresearch/llama"), ("TheBloke/x", "01-ai/Yi")]
    readmes = [
        ("facebookresearch/llama", "meta-llama/"),
        ("facebookresearch/llama", "meta-llama/Llama-2-7b"),
        ("01-ai/Yi", "01-ai/Yi-6B"),
        ("01-ai/Yi", "01-ai/Yi-34B"),
        ("01-ai/Yi", "TheBloke/x"),
    ]
    aliases = learn_aliases(cards, readmes)
    assert aliases == {("meta-llama", "facebookresearch")}
    assert owners_agree("Meta-Llama", "facebookresearch", aliases)
    page, model = readmes[:1], readmes[1:2]
    assert learn_aliases(cards, page) == aliases
    assert learn_aliases(cards, model) == frozenset()  # anybody may name one model of another
    assert learn_aliases(cards, []) == learn_aliases([], readmes) == frozenset()
    found = same_owner("meta-llama/Llama-2-7b", "facebookresearch/llama", aliases)
    assert found is not None
    assert found.reason is None
    assert same_owner("TheBloke/x", "01-ai/Yi", aliases) is None


def test_people_on_both_sides_count_and_programs_do_not() -> None:
    found = same_contributor("a/b", {"hmac:0123", "github.com:ada"})
    assert found is not None
    assert found.said == "2 contributors on both sides, e.g. github.com:ada"
    unnamed = same_contributor("a/b", {"hmac:0123"})
    assert unnamed is not None
    assert unnamed.said == "1 contributor on both sides"
    assert same_contributor("a/b", set()) is None
    assert is_bot("github.com:dependabot[bot]")
    assert is_bot("huggingface.co:sfconvertbot")
    assert not is_bot("github.com:ada-bottcher")
    assert not is_bot("hmac:0123")
