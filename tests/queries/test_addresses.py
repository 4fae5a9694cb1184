"""What a person may type to point at a commit, a file or a project."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.graph.errors import CatalogueError
from hubtrace.queries.address import Address, parse_address

SHA = "043a50f1c2" + "0" * 30
UP, DOWN = "upstream", "downstream"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHA, {"sha": SHA}),
        (SHA.upper()[:7], {"sha": SHA[:7]}),
        (f" {SHA[:10]} ", {"sha": SHA[:10]}),
        ("Qwen/Qwen2-7B", {"project": "Qwen/Qwen2-7B"}),
        ("gpt2", {"project": "gpt2"}),
        ("a/b:c.py", {"project": "a/b", "path": "c.py"}),
        ("gpt2:c.py", {"project": "gpt2", "path": "c.py"}),
        ("a/b@v1.0:d/c.py", {"project": "a/b", "revision": "v1.0", "path": "d/c.py"}),
        ("a/b/d/c.py", {"project": "a/b", "path": "d/c.py"}),
        ("a/b:c:d e\n", {"project": "a/b", "path": "c:d e"}),
        ("https://github.com/a/b", {"side": UP, "project": "a/b"}),
        ("github.com/a/b.git", {"side": UP, "project": "a/b"}),
        ("https://github.com/a/b/", {"side": UP, "project": "a/b"}),
        (f"https://github.com/a/b/commit/{SHA}", {"side": UP, "project": "a/b", "sha": SHA}),
        (
            "https://github.com/a/b/blob/main/d/c%20e.py#L3",
            {"side": UP, "project": "a/b", "revision": "main", "path": "d/c e.py"},
        ),
        (
            f"https://raw.githubusercontent.com/a/b/{SHA}/c.py",
            {"side": UP, "project": "a/b", "revision": SHA, "path": "c.py"},
        ),
        ("https://github.com/a/b/tree/v1", {"side": UP, "project": "a/b", "revision": "v1"}),
        ("https://huggingface.co/a/b", {"side": DOWN, "project": "a/b"}),
        ("hf.co/gpt2", {"side": DOWN, "project": "gpt2"}),
        (f"hf.co/gpt2/commit/{SHA[:7]}", {"side": DOWN, "project": "gpt2", "sha": SHA[:7]}),
        (
            "https://huggingface.co/gpt2/resolve/main/c.json?download=true",
            {"side": DOWN, "project": "gpt2", "revision": "main", "path": "c.json"},
        ),
        (
            "https://huggingface.co/a/b/raw/refs%2Fpr%2F1/d/c",
            {"side": DOWN, "project": "a/b", "revision": "refs/pr/1", "path": "d/c"},
        ),
    ],
)
def test_an_address_is_read(text: str, expected: dict[str, str]) -> None:
    assert parse_address(text) == Address(text, **expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no commit, file or project"),
        ("a//b", "is no commit, file or project"),
        ("https://example.org/a/b", "is no page of a project on GitHub or Hugging Face"),
        ("https://github.com/", "is no page of a project"),
        ("https://[github.com/a", "is no page of a project"),
        ("https://github.com/a/b/issues/3", "is no page of a commit, a file or a project"),
        ("https://huggingface.co/datasets/a/b", "is one of the Hub's datasets"),
        ("hf.co/spaces/a/b", "is one of the Hub's spaces"),
    ],
)
def test_what_points_nowhere_is_refused(text: str, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_address(text)
    assert message in str(caught.value)


@given(st.one_of(st.text(), st.text().map(lambda text: f"https://github.com/{text}")))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except CatalogueError:
        return
    assert address.sha or address.project
