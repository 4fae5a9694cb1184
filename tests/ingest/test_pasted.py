"""Whatever a person pastes names the right project, or ends in one sentence."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import Hosts, Side
from hubtrace.ingest.project_ref import ProjectRef, parse_project

MODEL = ProjectRef(Side.DOWNSTREAM, "Qwen/Qwen2.5-7B")
CODE = ProjectRef(Side.UPSTREAM, "QwenLM/Qwen2.5")


@pytest.mark.parametrize(
    "text",
    [
        "Qwen/Qwen2.5-7B",
        " Qwen/Qwen2.5-7B/\n",
        "Qwen/Qwen2.5-7B/tree/main",
        "hf:Qwen/Qwen2.5-7B",
        "hf://Qwen/Qwen2.5-7B",
        "hf.co/Qwen/Qwen2.5-7B",
        "huggingface.co/Qwen/Qwen2.5-7B",
        "huggingface.co/models/Qwen/Qwen2.5-7B",
        "https://huggingface.co/Qwen/Qwen2.5-7B/tree/main?library=x#usage",
        "HTTPS://www.HuggingFace.co/Qwen/Qwen2.5-7B/blob/main/README.md",
        "https://huggingface.co/api/models/Qwen/Qwen2.5-7B",
        "git@hf.co:Qwen/Qwen2.5-7B",
    ],
)
def test_a_variant(text: str) -> None:
    assert parse_project(text, Hosts()) == MODEL


@pytest.mark.parametrize(
    "text",
    [
        "gh:QwenLM/Qwen2.5",
        "github:QwenLM/Qwen2.5",
        "github.com/QwenLM/Qwen2.5",
        "https://github.com/QwenLM/Qwen2.5",
        "https://github.com:443/QwenLM/Qwen2.5/",
        "https://github.com/QwenLM/Qwen2.5.git",
        "https://www.github.com/QwenLM/Qwen2.5/blob/main/README.md?plain=1#L3",
        "https://me:secret@github.com/QwenLM/Qwen2.5",
        "git@github.com:QwenLM/Qwen2.5.git",
        "ssh://git@github.com/QwenLM/Qwen2.5.git",
        "git+https://github.com/QwenLM/Qwen2.5.git@main",
        "https://api.github.com/repos/QwenLM/Qwen2.5/commits",
        "https://raw.githubusercontent.com/QwenLM/Qwen2.5/main/README.md",
    ],
)
def test_a_repository(text: str) -> None:
    assert parse_project(text, Hosts()) == CODE


def test_the_oldest_models_have_no_owner() -> None:
    for text in ("gpt2", "https://huggingface.co/gpt2", "https://huggingface.co/gpt2/tree/main"):
        assert parse_project(text, Hosts()) == ProjectRef(Side.DOWNSTREAM, "gpt2")


def test_a_dot_in_an_owner_makes_no_host_of_it() -> None:
    assert parse_project("a.b/c", Hosts()) == ProjectRef(Side.DOWNSTREAM, "a.b/c")


def test_a_company_has_a_github_of_its_own() -> None:
    web = Hosts(github="https://git.acme.example:8443")
    for text in ("https://git.acme.example:8443/o/r/tree/main", "git.acme.example:8443/o/r"):
        assert parse_project(text, web) == ProjectRef(Side.UPSTREAM, "o/r")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "an empty text"),
        ("a\x1b[31m/b", r"a\\x1b\[31m/b is neither a name nor an address"),
        ("x" * 3_000, "x… is neither"),
        ("./model", "is a path; name what lies here with --family"),
        ("/data/model", "is a path"),
        ("a/b/c", "not a Hugging Face model name"),
        ("a..b/c", "not a Hugging Face model name"),
        ("--upload-pack=x", "not a Hugging Face model name"),
        ("https://huggingface.co/", "not a Hugging Face model name"),
        ("https://huggingface.co/datasets/a/b", "is a data set, not a model"),
        ("hf://spaces/a/b", "is a space, not a model"),
        ("github.com/QwenLM", "not a GitHub repository name"),
        ("https://github.com/orgs/QwenLM/repositories", "is no page of a repository"),
        ("https://gitlab.com/o/r", "is neither on GitHub nor on Hugging Face"),
        ("https://me:secret@gitlab.com/o/r", "^https://gitlab.com/o/r is neither"),
        ("ext::sh -c x", "is neither on GitHub"),
        ("file:///etc/passwd", "is no address of a web page"),
        ("https://[::1", "is malformed"),
    ],
)
def test_anything_else_ends_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint) as caught:
        parse_project(text, Hosts())
    assert str(caught.value).isprintable()
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_hostile_text_names_nothing_that_the_hosts_do_not_allow(text: str) -> None:
    for before in ("", "https://github.com/", "https://huggingface.co/", "gh:", "o/"):
        with suppress(SourceError):
            asked = parse_project(before + text, Hosts())
            assert asked.name in Hosts().url(asked.side, asked.name)
