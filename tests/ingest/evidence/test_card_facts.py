"""What a card says of its model is quoted with its place, and never completed."""

import pytest

from hubtrace.ingest.evidence.card_facts import HEADINGS, card_facts
from hubtrace.ingest.records import HostData, ProjectMetadata, Text

WELL_FILLED = """\
---
license: apache-2.0
language: [en, fr]
datasets:
- acme/corpus
- squad
metrics: [accuracy, f1]
co2_eq_emissions:
  emissions: 1200
model-index:
- name: m
  results:
  - task: {type: text-generation}
    metrics:
    - {type: accuracy, value: 0.91}
    - {type: f1, value: 0.88}
---
# Aurora 7B

Aurora 7B is a decoder-only language model that was trained on public English and French text.

- **Developed by:** Acme Research
- **Model type:** decoder-only transformer of 7 billion parameters

## Uses

### Direct Use

Drafting and summarising texts in English and French.

## Bias, Risks, and Limitations

It repeats biases of its sources, and invents facts; do not use it for medical advice.

## Training Details

### Training Procedure

Trained for 3 epochs on 64 accelerators.

#### Preprocessing

Texts were deduplicated, and e-mail addresses removed.

#### Training Hyperparameters

bf16, AdamW, learning rate 3e-4, batch of 4M tokens.

## Personal data

No personal data was used on purpose.

## Model Examination

Attention maps of 12 layers are in the repository.

## Environmental Impact

About 1,200 kWh, 0.4 t CO2.

### Domain

General text.

### Autonomy

None: it answers when it is asked.

### Compliance

ISO/IEC 42001 of its producer.

### Decision threshold

0.5 for the classifier of refusals.

### Hardware

64 H100.

## Security

[More Information Needed]
"""
EMPTY = """\
# Model Card for Model ID

<!-- Provide a quick summary of what the model is/does. -->

## Model Details

- **Developed by:** [More Information Needed]
- **Model type:** [More Information Needed]

### Direct Use

[More Information Needed]

## Bias, Risks, and Limitations

[More Information Needed]
"""


def _facts(card: str) -> dict[str, tuple[str, str]]:
    told = HostData(ProjectMetadata("1", "a/b"), texts=(Text("card", "README.md", None, card),))
    found = [fact.split("\t") for fact in card_facts(told)]
    assert all(len(parts) == 3 for parts in found)
    return {name: (place, text) for name, place, text in found}


def test_fields_stand_under_headings_in_front_matter_and_after_words_in_bold() -> None:
    found = _facts(WELL_FILLED)
    assert {*HEADINGS} - {*found} == {"description", "software", "security"}
    assert found["datasets"] == ("front matter: datasets", "acme/corpus, squad")
    assert found["developer"] == ("developed by", "Acme Research")
    assert found["evaluation"] == ("front matter: model-index", "accuracy: 0.91, f1: 0.88")
    assert found["energy"] == ("environmental impact", "1,200 kWh")
    assert found["introduction"][1].startswith("Aurora 7B is a decoder-only")


def test_a_template_s_placeholders_say_nothing() -> None:
    assert _facts(EMPTY) == {}


@pytest.mark.parametrize(
    "card",
    [
        "---\ndatasets: {a: 1}\n---\n",
        "---\nmodel-index: [1, {results: [2, {metrics: [3, {type: [4]}]}]}]\n---\n",
        "---\n: : :\n---\n## Limitations\n\n\t\n",
        "#" * 200_000,
        "- **" * 50_000,
        "# " + "how " * 100_000 + "\nit is made\n",
        "## Uses\n```\nnot prose\n```\n| a | b |\n<b>\n",
        "---\nco2_eq_emissions: {emissions: [1]}\n---\n",
    ],
)
def test_what_has_another_shape_is_passed_over(card: str) -> None:
    assert {*_facts(card)} <= {"introduction"}


def test_an_address_that_an_earlier_version_kept_is_left_out() -> None:
    facts = _facts("**Developed by:** Ada <ada@example.org>\n")
    assert facts["developer"] == ("developed by", "Ada <(e-mail)>")


def test_a_text_is_cut_and_keeps_its_line() -> None:
    place, text = _facts("## Limitations\tof it\nfoo\tbar " + "x" * 1000)["limitations"]
    assert (place, text[:7], len(text) <= 300) == ("limitations of it", "foo bar", True)
