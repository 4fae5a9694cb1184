"""What the words around a link in a card say: whose code it is, or that it is something else."""

import pytest

from hubtrace.ingest.evidence import in_variant
from tests.ingest.evidence.texts import variant

OTHER = "https://github.com/otherlab/glacier"


@pytest.mark.parametrize(
    "sentence",
    [
        f"- **Repository:** {OTHER}",
        f"Source code: [glacier]({OTHER})",
        f"Paper | [GitHub]({OTHER})",
        f"You can find our code [here]({OTHER}).",
        f"The training script is available [here]({OTHER}/blob/main/train.py).",
        f"It is described elsewhere. Training code can be found at [this url]({OTHER}).",
        f"For more details see [this]({OTHER}).",
        f"We trained it with [our codebase]({OTHER}).",
        f"We release the code of all runs at {OTHER}.",
        f"代码仓库: {OTHER}",
        f"更多内容请访问我们的 [GitHub 仓库]({OTHER})。",
        f"ソースコード: {OTHER}",
        f"저장소: {OTHER}",
        f"Repositorio: {OTHER}",
        f"Quellcode: {OTHER}",
        f"Код: {OTHER}",
    ],
)
def test_code_that_a_card_introduces_may_be_of_another_owner(sentence: str) -> None:
    (one,) = in_variant("acme/lumen-7b", variant("acme/lumen-7b", f"# Lumen\n\n{sentence}\n"))
    assert (one.method, one.reason) == ("card_code", "claimed")


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        (
            f"It was trained with code provided in Glacier's repository ({OTHER}).",
            "made_with",
        ),
        (f"See Glacier's [repository]({OTHER}).", "made_with"),
        (f"We used this repo: [glacier]({OTHER}).", "made_with"),
        (f"A script taken from the [glacier]({OTHER}) project.", "made_with"),
        (f"Fine-tuned on the [Glacier dataset]({OTHER}).", "data_set"),
        (f"Fine-tuned on [Glacier]({OTHER}) corpus.", "data_set"),
        ("Words of [a list](https://github.com/otherlab/snow-corpus).", "data_set"),
        (f"This work is based on the [glacier]({OTHER}).", "acknowledgement"),
        (f"People talk of [glacier]({OTHER}) on GitHub.", "unrelated"),
        (f"A reader wrote about all this in an issue on [GitHub]({OTHER}/issues/1).", "unrelated"),
        (f"This is a ported version of [glacier]({OTHER}).", "original"),
        (
            "![a](https://raw.githubusercontent.com/otherlab/glacier/main/a.png)",
            "unrelated",
        ),
    ],
)
def test_what_else_a_link_to_another_owner_leads_to(sentence: str, reason: str) -> None:
    (one,) = in_variant("acme/lumen-7b", variant("acme/lumen-7b", f"# Lumen\n\n{sentence}\n"))
    assert one.reason == reason


def test_no_heading_speaks_against_a_repository_of_the_same_owner() -> None:
    links = "[x](https://github.com/acme/lumen) and [y](https://github.com/other/rival)"
    for heading in ("Evaluation", "Benchmark", "Citation", "Acknowledgements"):
        card = f"# Lumen\n\n## {heading}\n{links}\n"
        own, other = in_variant("acme/lumen-7b", variant("acme/lumen-7b", card))
        assert own.reason is None
        assert other.strength < own.strength / 10


def test_a_heading_about_data_speaks_against_another_owner() -> None:
    card = "# Lumen\n\n## Training data\n[lumen](https://github.com/other/lumen)\n"
    (one,) = in_variant("acme/lumen-7b", variant("acme/lumen-7b", card))
    assert one.reason == "data_set"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://colab.research.google.com/github/acme/notes/blob/main/x.ipynb", "acme/notes"),
        ("https://acme.github.io/lumen/", "acme/lumen"),
        ("https://acme.github.io/", None),
        ("https://acme.github.io/post.html", None),
    ],
)
def test_notebooks_and_pages_of_the_same_owner_count(url: str, seen: str | None) -> None:
    found = in_variant("acme/lumen-7b", variant("acme/lumen-7b", f"# Lumen\n\n[see]({url})\n"))
    assert [(one.repository, one.reason) for one in found] == ([(seen, "indirect")] if seen else [])


def test_a_picture_in_the_own_repository_counts() -> None:
    card = '# Lumen\n\n<img src="https://raw.githubusercontent.com/acme/lumen/main/a.png">\n'
    (one,) = in_variant("acme/lumen-7b", variant("acme/lumen-7b", card))
    assert (one.repository, one.reason) == ("acme/lumen", "badge")


def test_a_model_is_named_after_a_repository_but_not_after_what_it_was_tuned_on() -> None:
    card = "# A\n\n[a](https://github.com/otherlab/northwind) [b](https://github.com/third/umbra)\n"
    name = "acme/umbra-base-finetuned-northwind"
    northwind, umbra = in_variant(name, variant(name, card))
    assert (northwind.reason, umbra.reason) == ("unrelated", "claimed")


@pytest.mark.parametrize(
    ("name", "sentence", "expected"),
    [
        # A card that is copied below another one's: whoever converted the model has no code there.
        ("acme/glacier-gptq", f"# Original model card: Glacier\n\n**Repository**: {OTHER}",
         ("card_code", "original")),
        # The phrase of cards that the Hub's people wrote for others.
        ("acme/glacier-7b", f"It is in a paper and was first released in [this repo]({OTHER})",
         ("card_code", "claimed")),
        ("acme/glacier-7b", f"训练脚本使用 [这里]({OTHER})", ("card_code", "claimed")),
        ("acme/lumen-7b", f"It is in a paper, Glacier was released in [this repo]({OTHER})",
         ("card_link", "unrelated")),
        # A folder or file of a library, with the name that the model's name coins.
        ("acme/big-gl4-base", f"Scores: [tables]({OTHER}/tree/main/gl4)", ("card_link", "claimed")),
        ("acme/gl4-base", f"Scores: [it]({OTHER}/blob/main/scripts/train_gl4.py)",
         ("card_link", "claimed")),
        ("acme/gl4-base", f"Scores: [it]({OTHER}/tree/main/gl5)", ("card_link", "unrelated")),
        ("acme/lumen-7b", f"Scores: [it]({OTHER}/tree/main/7b)", ("card_link", "unrelated")),
        # Owners that are only alike are strangers under such headings.
        ("acmesoft/lumen", "# A\n## Evaluation\n[Frost](https://github.com/acmesoft-labour/frost)",
         ("card_link", "comparison")),
        ("acmesoft/lumen", "# A\n## Use\n[Frost](https://github.com/acmesoft-labour/frost)",
         ("card_link", None)),
        ("acme/lumen", "[Ice](https://github.com/acme-datasets/ice)", ("card_link", "data_set")),
        # A tool of the model's makers, which any of their models may use.
        ("huggingface/lumen", "It runs in [it](https://github.com/huggingface/transformers).",
         ("card_link", "tooling")),
        ("huggingface/lumen",
         "More on it in [our GitHub](https://github.com/huggingface/transformers).",
         ("card_code", "tooling")),
        ("huggingface/lumen",
         "You find the training code [here](https://github.com/huggingface/transformers/x).",
         ("card_code", None)),
        ("huggingface/setfit-small", "See [it](https://github.com/huggingface/setfit).",
         ("card_link", None)),
        ("huggingface/lumen", "The [format](https://huggingface.github.io/transformers/format).",
         ("card_link", "tooling")),
    ],
)  # fmt: skip
def test_kinds_that_real_cards_of_other_years_brought(
    name: str, sentence: str, expected: tuple[str, str | None]
) -> None:
    (one,) = in_variant(name, variant(name, sentence))
    assert (one.method, one.reason) == expected


def test_the_repository_of_an_owners_profile_holds_no_model() -> None:
    badge = "![](https://raw.githubusercontent.com/acme/.github/main/logo.png)"
    assert in_variant("acme/lumen", variant("acme/lumen", badge)) == []
