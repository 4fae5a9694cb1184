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
