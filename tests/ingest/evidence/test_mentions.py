"""Addresses in every form that people write them, and none of what only looks like one."""

import pytest

from hubtrace.ingest.evidence.mentions import (
    addresses_in,
    hub_owner_in,
    is_placeholder,
    repository_in,
    variant_in,
)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/Acme/Model",
        "http://www.github.com/Acme/Model/",
        "github.com/Acme/Model",
        "//github.com/Acme/Model",
        "https://github.com/Acme/Model.git",
        "https://github.com/Acme/Model/blob/main/README.md#usage",
        "https://github.com/Acme/Model/issues?q=1",
        "git@github.com:Acme/Model.git",
        "git://github.com/Acme/Model.git/commit/0123",
        "ssh://git@github.com/Acme/Model.git",
        "git+https://github.com/Acme/Model.git@v1",
        "https://user:token@github.com/Acme/Model",
        "https://raw.githubusercontent.com/Acme/Model/main/logo.png",
        "  https://GITHUB.com/Acme/Model  ",
    ],
)
def test_a_repository_is_known_in_every_form(address: str) -> None:
    name = repository_in(address)
    assert name is not None
    assert name.removesuffix(".git@v1") == "Acme/Model"


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com.evil.example/Acme/Model",
        "https://evil.example/github.com/Acme/Model",
        "https://github.com@evil.example/Acme/Model",
        "javascript:location='https://github.com/Acme/Model'",
        "data:text/html,github.com/Acme/Model",
        "file://github.com/Acme/Model",
        "https://github.com/Acme",
        "https://github.com/sponsors/Acme",
        "https://github.com/orgs/Acme/people",
        "https://github.com/your-username/Model",
        "https://github.com/Acme/..",
        "https://github.com/Ac%2fme/x y",
        "https://github.com/Ac\u202eme/Model",
        "https://g\u0456thub.com/Acme/Model",
        "https://[github.com/Acme/Model",
        "https://github.com/" + "a" * 3_000,
        "",
    ],
)
def test_what_only_looks_like_a_repository_is_none(address: str) -> None:
    assert repository_in(address) is None


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://huggingface.co/acme/model-7b", "acme/model-7b"),
        ("https://huggingface.co/acme/model-7b/tree/main", "acme/model-7b"),
        ("hf.co/acme/model-7b", "acme/model-7b"),
        ("https://bob:hf_secret@huggingface.co/acme/model-7b", "acme/model-7b"),
        ("git@hf.co:acme/model-7b", "acme/model-7b"),
        ("https://huggingface.co/datasets/acme/data", None),
        ("https://huggingface.co/spaces/acme/demo", None),
        ("https://huggingface.co/papers/2508.10157", None),
        ("https://huggingface.co/transformers/master/model_doc/trocr.html", None),
        ("https://huggingface.co/acme", None),
        ("https://huggingface.co/username/repo-name", None),
        ("https://huggingface.co/acme/--", None),
    ],
)
def test_a_variant_is_a_model_and_nothing_else(address: str, name: str | None) -> None:
    assert variant_in(address) == name


def test_the_page_of_an_owner_is_no_model() -> None:
    assert hub_owner_in("https://huggingface.co/acme") == "acme"
    assert hub_owner_in("https://huggingface.co/acme/model") is None
    assert hub_owner_in("https://huggingface.co/docs") is None
    assert hub_owner_in("https://example.org/acme") is None


def test_addresses_end_where_the_sentence_goes_on() -> None:
    text = (
        "(see https://github.com/a/b). Or github.com/c/d, or <https://hf.co/e/f>! a.github.com/x/y"
    )
    assert list(addresses_in(text)) == [
        "https://github.com/a/b",
        "github.com/c/d",
        "https://hf.co/e/f",
    ]


@pytest.mark.parametrize("name", ["your-username", "username", "my_org", "YOUR-NAME"])
def test_an_example_is_no_owner(name: str) -> None:
    assert is_placeholder(name)
    assert not is_placeholder("acme")
    assert not is_placeholder("huggingface")
