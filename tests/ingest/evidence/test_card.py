"""`card_link` and `card_code` on cards as people write them."""

import pytest

from hubtrace.ingest.evidence import in_variant
from hubtrace.ingest.evidence.card import front_matter
from tests.ingest.evidence.texts import variant

CARD = """---
license: other
license_link: https://github.com/acme/legal/blob/main/LICENSE
model-index:
- results:
  - source: {url: "https://github.com/acme/board"}
repository: https://github.com/acme/front
---
# Model 7B

- **Developed by:** Acme
- **Repository:** https://github.com/acme/template
- **Paper [optional]:** [a paper](https://arxiv.org/abs/2508.10157)

| Code | [here](https://github.com/acme/table) |
|------|------|
| GitHub | https://github.com/acme/cell |

[GitHub](https://github.com/acme/named) and [this page](https://github.com/acme/plain).
It runs in [transformers](https://github.com/huggingface/transformers) and vLLM
(https://github.com/vllm-project/vllm). Inspired by [other](https://github.com/other/inspiring).
We fine-tuned it using [trainer](https://github.com/other/trainer).

[![stars](https://img.shields.io/x.svg)](https://github.com/acme/badge)
<p align="center"><a href="https://github.com/acme/html">Official code</a></p>

```sh
git clone https://github.com/acme/cloned
```

## Evaluation
Scores of [a baseline](https://github.com/other/baseline).

## Acknowledgements
Thanks to the people of https://github.com/other/thanked.

## Citation
[bib](https://github.com/other/cited)
"""


def test_every_link_of_a_card_has_its_worth_and_its_reason() -> None:
    found = in_variant("acme/model-7b", variant("acme/model-7b", CARD))
    assert {(f.method, f.repository.partition("/")[2], f.reason) for f in found} == {
        ("card_code", "front", None),
        ("card_code", "template", None),
        ("card_code", "table", None),
        ("card_code", "cell", None),
        ("card_code", "named", None),
        ("card_code", "html", None),
        ("card_link", "plain", None),
        ("card_link", "legal", "licence"),
        ("card_link", "board", "mention"),
        ("card_link", "transformers", "tooling"),
        ("card_link", "vllm", "tooling"),
        ("card_link", "inspiring", "acknowledgement"),
        ("card_link", "trainer", "made_with"),
        ("card_link", "badge", "badge"),
        ("card_link", "cloned", "code_block"),
        ("card_link", "baseline", "comparison"),
        ("card_link", "thanked", "acknowledgement"),
        ("card_link", "cited", "citation"),
    }
    strengths = {f.repository: f.strength for f in found}
    assert strengths["acme/template"] > strengths["acme/plain"] > strengths["acme/cloned"]
    assert strengths["acme/cloned"] > strengths["acme/badge"] > strengths["other/thanked"]
    assert strengths["other/thanked"] > strengths["vllm-project/vllm"] > 0


def test_evidence_says_where_it_was_seen_and_what_was_said() -> None:
    found = {f.repository: f for f in in_variant("acme/model-7b", variant("acme/model-7b", CARD))}
    template, front = found["acme/template"], found["acme/front"]
    assert (template.place, template.said) == (
        "README.md:12",
        "Repository: https://github.com/acme/template",
    )
    assert (front.place, front.rank) == ("README.md:repository", 3)
    assert CARD.split("\n")[11] == "- **Repository:** https://github.com/acme/template"


def test_the_makers_of_a_tool_have_models_of_their_own() -> None:
    card = "Code: https://github.com/huggingface/transformers"
    (own,) = in_variant("huggingface/small", variant("huggingface/small", card))
    (other,) = in_variant("acme/small", variant("acme/small", card))
    assert (own.reason, other.reason) == (None, "tooling")


def test_what_people_make_with_their_own_code_is_theirs() -> None:
    card = "Trained with [their toolkit](https://github.com/acme/train)"
    (own,) = in_variant("acme-ai/m", variant("acme-ai/m", card))
    (other,) = in_variant("bob/m", variant("bob/m", card))
    assert (own.reason, other.reason) == (None, "made_with")


@pytest.mark.parametrize(
    "introduced",
    [
        "**Code:** https://github.com/acme/x",
        "Repository: [acme/x](https://github.com/acme/x)",
        "- GitHub Repo: <https://github.com/acme/x>",
        "Source code -> https://github.com/acme/x",
        "[[Code]](https://github.com/acme/x)",
        "[🔗 GitHub](https://github.com/acme/x)",
        "[The official repository](https://github.com/acme/x)",
        '<a href="https://github.com/acme/x"><b>GitHub</b> repository</a>',
        "[code]\n\n[code]: https://github.com/acme/x",
    ],
)
def test_many_words_introduce_the_place_of_the_code(introduced: str) -> None:
    found = in_variant("acme/m", variant("acme/m", introduced))
    assert [(f.method, f.repository, f.reason) for f in found] == [("card_code", "acme/x", None)]


@pytest.mark.parametrize(
    "plain",
    [
        "The code of conduct is at https://github.com/acme/x",
        "Repository of links, see below. And here is https://github.com/acme/x",
        "`Code: https://github.com/acme/x`",
    ],
)
def test_other_words_do_not(plain: str) -> None:
    assert [f.method for f in in_variant("acme/m", variant("acme/m", plain))] == ["card_link"]


def test_a_front_matter_ends_at_its_line() -> None:
    assert front_matter("---\na: b\n---\nText") == ("a: b\n", 13)
    assert front_matter("\ufeff---\r\na: b\r\n---\r\nText")[0] == "a: b\r\n"
    assert front_matter("# Title\n---\nText") == ("", 0)
    assert front_matter("---\nno end") == ("", 0)
