"""`readme_link` and `paper_repository` on texts as people write them."""

from dataclasses import replace

from hubtrace.ingest.evidence import in_repository, in_variant, owners_named
from hubtrace.ingest.records import Paper
from tests.ingest.evidence.texts import repository, variant

README = """# Acme models
[![badge](https://img.shields.io/b.svg)](https://huggingface.co/acme/badged)

🤗 <a href="https://huggingface.co/acme">Hugging Face</a> • [Demo](https://hf.co/spaces/acme/demo)

## Models
| Model | Download |
|---|---|
| Large | [🤗](https://huggingface.co/acme/large) |
| Small | <https://hf.co/acme/small> |

We start from [theirs](https://huggingface.co/other/base).

## Ecosystem
### Quantization
- [bob/large-GGUF](https://huggingface.co/bob/large-GGUF)

## Acknowledgements
Built on [llama](https://huggingface.co/other/llama) and https://huggingface.co/acme/thanked.
"""


def test_every_link_of_a_readme_has_its_worth_and_its_reason() -> None:
    found = in_repository("Acme/models", repository("Acme/models", readme=README))
    assert {(name, f.method, f.reason) for name, f in found} == {
        ("acme/badged", "readme_link", None),
        ("acme/large", "readme_link", None),
        ("acme/small", "readme_link", None),
        ("other/base", "readme_link", "other_owner"),
        ("bob/large-GGUF", "readme_link", "community"),
        ("other/llama", "readme_link", "acknowledgement"),
        ("acme/thanked", "readme_link", "acknowledgement"),
    }
    assert all(f.repository == "Acme/models" for _, f in found)
    assert list(owners_named("Acme/models", repository("Acme/models", readme=README))) == ["acme"]


def test_code_that_loads_a_model_of_the_same_owner_counts() -> None:
    readme = """# Acme
```python
a = AutoModel.from_pretrained("acme/one", device=0)
b = AutoModel.from_pretrained("meta/other")
repo_id = "acme-ai/two"
scores = model.evaluate("acme/data")
```
```sh
hf download acme/three
vllm serve acme/four --port 80
python eval.py --model acme/five --data acme/data
```
"""
    found = in_repository("acme/models", repository("acme/models", readme=readme))
    wanted = {"acme/one", "acme-ai/two", "acme/three", "acme/four", "acme/five"}
    assert {name for name, one in found if one.reason is None} == wanted == {n for n, _ in found}
    assert dict(found)["acme/one"].place == "README.md:3"


def test_models_that_are_named_after_a_repository_are_its_peoples() -> None:
    links = (
        "[a](https://hf.co/bob/umbra-7b) [b](https://hf.co/bob/umbra-13b) [c](https://hf.co/lm/z)"
    )
    found = in_repository("thelab/umbra", repository("thelab/umbra", readme=links))
    assert [(name, one.reason) for name, one in found] == [
        ("bob/umbra-7b", None), ("bob/umbra-13b", None), ("lm/z", "other_owner"),
    ]  # fmt: skip
    links += " [d](https://hf.co/thelab/umbra-1b)"
    found = in_repository("thelab/umbra", repository("thelab/umbra", readme=links))
    assert [one.reason for _, one in found] == ["other_owner", "other_owner", "other_owner", None]


def test_a_table_tells_which_model_a_link_is_of() -> None:
    found = dict(in_repository("acme/models", repository("acme/models", readme=README)))
    assert found["acme/large"].said == "Large 🤗"
    assert found["acme/large"].place == "README.md:9"


def test_a_paper_leads_to_its_repository() -> None:
    one = Paper("2508.10157", "https://github.com/acme/paper")
    tool = Paper("1910.03771", "https://github.com/huggingface/transformers")
    silent = Paper("2001.00001", None)
    told = variant("acme/m", "")
    (alone,) = in_variant("acme/m", replace(told, papers=(one,)))
    assert (alone.method, alone.repository, alone.reason) == (
        "paper_repository",
        "acme/paper",
        None,
    )
    assert alone.place == "https://arxiv.org/abs/2508.10157"
    several = in_variant("acme/m", replace(told, papers=(one, tool, silent)))
    assert [(f.repository, f.reason) for f in several] == [
        ("acme/paper", "several_papers"),
        ("huggingface/transformers", "tooling"),
    ]
