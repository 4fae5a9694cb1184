"""The cards, READMEs and workflows of `provenance`, with the decoys that real ones have."""

from collections.abc import Sequence

TOOLS = ("huggingface/transformers", "ggml-org/llama.cpp", "vllm-project/vllm")


def card(name: str, code: str | None, *, plain: str | None, inspired: str, fork: bool) -> str:
    """Return a model card; `code` and `plain` are repositories that it names, if any.

    `code` stands under "Repository:", `plain` in a sentence.
    """
    own = f"- **Repository:** https://github.com/{code}\n" if code else ""
    other = f"More is at [this page](https://github.com/{plain}).\n" if plain else ""
    copied = f"```\ngit clone https://github.com/forker/{inspired.partition('/')[2]}\n```\n"
    return f"""---
license: apache-2.0
license_link: https://github.com/{inspired}/blob/main/LICENSE
---
# {name}

{other}
{own}- **License:** Apache 2.0

[![transformers](https://img.shields.io/badge/x.svg)](https://github.com/{TOOLS[0]})

## Usage
It runs in [vLLM](https://github.com/{TOOLS[2]}) and in
[transformers](https://github.com/{TOOLS[0]}).
{copied if fork else ""}
## Evaluation
Compared with [a baseline](https://github.com/{inspired}).

## Acknowledgements
Inspired by [their work](https://github.com/{inspired}), with thanks.
"""


def readme(name: str, org: str, members: Sequence[str], others: Sequence[str], rival: str) -> str:
    """Return a README that lists its own models and, further down, those of others."""
    rows = "\n".join(f"| {m} | [🤗](https://huggingface.co/{m}) |" for m in members)
    table = f"| Model | Download |\n|---|---|\n{rows}\n" if members else ""
    more = "\n".join(f"- [{o}](https://huggingface.co/{o})" for o in others)
    return f"""# {name}

Models are on [Hugging Face](https://huggingface.co/{org}).

## Models
{table}
## Community
{more}

## Acknowledgements
We learned from https://huggingface.co/{rival}/Model and
[transformers](https://github.com/{TOOLS[0]}).
"""


def workflow(variants: Sequence[str]) -> str:
    """Return a workflow that publishes these variants from a matrix."""
    names = ", ".join(variants)
    return f"""
name: Publish
on: {{push: {{tags: ['v*']}}}}
jobs:
  publish:
    runs-on: ubuntu-latest
    strategy: {{matrix: {{model: [{names}]}}}}
    steps:
      - uses: actions/checkout@v4
      - run: hf upload ${{{{ matrix.model }}}} out . --token ${{{{ secrets.HF_TOKEN }}}}
"""
