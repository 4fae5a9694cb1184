"""One grammar: whatever names a project is read alike everywhere, or refused in one sentence."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import (
    Address,
    Hosts,
    NotHosted,
    ProjectRef,
    Side,
    commit_url,
    parse_address,
    parse_project,
    parse_sha,
    redact,
    server_url,
)

SHA = "043a50f1c2" + "0" * 30
UP, DOWN = Side.UPSTREAM, Side.DOWNSTREAM
CODE: dict[str, Any] = {"side": UP, "name": "o/n"}
MODEL: dict[str, Any] = {"side": DOWN, "name": "o/n"}
BARE: dict[str, Any] = {"side": None, "name": "o/n"}
GPT2: dict[str, Any] = {"side": DOWN, "name": "gpt2"}
WEB, HUB, API = "https://github.com/o/n", "https://huggingface.co/o/n", "https://api.github.com"

READINGS: list[tuple[str, dict[str, Any]]] = [
    # Names
    ("o/n", BARE),
    (" o/n/\n", BARE),
    ("o/n@v1.0", BARE | {"revision": "v1.0"}),
    ("o/n@refs/pr/3", BARE | {"revision": "refs/pr/3"}),
    ("o/n:config.json", BARE | {"path": "config.json"}),
    ("o/n@v1:d/c.py", BARE | {"revision": "v1", "path": "d/c.py"}),
    ("o/n:c:d \x1b", BARE | {"path": "c:d \x1b"}),
    ("o/n/d/c.py", BARE | {"path": "d/c.py"}),
    ("o/n/tree/main", BARE | {"revision": "main"}),
    (f"o/n/commit/{SHA}", BARE | {"commit": SHA}),
    ("gpt2", GPT2 | {"side": None}),
    ("gpt2:c.py", GPT2 | {"side": None, "path": "c.py"}),
    ("gpt2@v1.0:c.py", GPT2 | {"side": None, "revision": "v1.0", "path": "c.py"}),
    ("gpt2/tree/main", GPT2 | {"side": None, "revision": "main"}),
    ("a.b/c", {"side": None, "name": "a.b/c"}),
    ("gh:o/n", CODE),
    ("GitHub:o/n@v1", CODE | {"revision": "v1"}),
    ("gh:o/n/tree/v1", CODE | {"revision": "v1"}),
    ("hf:o/n", MODEL),
    ("hf:gpt2", GPT2),
    # What git clones
    ("git@github.com:o/n.git", CODE),
    ("git@ssh.github.com:o/n.git", CODE),
    ("ssh://git@github.com/o/n.git", CODE),
    ("ssh://git@ssh.github.com:443/o/n.git", CODE),
    ("git://github.com/o/n.git", CODE),
    ("git+https://github.com/o/n", CODE),
    ("git+https://github.com/o/n.git@v1#egg=n", CODE | {"revision": "v1"}),
    ("git+https://github.com/o/n.git@feature/x", CODE | {"revision": "feature/x"}),
    ("git+ssh://git@github.com/o/n.git@v1", CODE | {"revision": "v1"}),
    (f"{WEB}.git", CODE),
    ("https://me:secret@github.com/o/n", CODE),
    ("git@hf.co:o/n", MODEL),
    ("https://me:hf_secret@huggingface.co/o/n", MODEL),
    # Pages of GitHub
    (WEB, CODE),
    (f"{WEB}/", CODE),
    ("github.com/o/n", CODE),
    ("//github.com/o/n", CODE),
    ("HTTPS://www.GitHub.com:443/o/n", CODE),
    (f"{WEB}?tab=readme-ov-file#usage", CODE),
    (f"{WEB}/tree/v1", CODE | {"revision": "v1"}),
    (f"{WEB}/tree/main/d", CODE | {"revision": "main", "path": "d"}),
    (f"{WEB}/blob/main/d/c%20e.py?plain=1#L3", CODE | {"revision": "main", "path": "d/c e.py"}),
    (f"{WEB}/raw/v1/c.py", CODE | {"revision": "v1", "path": "c.py"}),
    (f"{WEB}/raw/refs/heads/main/c.py", CODE | {"revision": "refs/heads/main", "path": "c.py"}),
    (f"{WEB}/blame/v1/c.py#L10-L12", CODE | {"revision": "v1", "path": "c.py"}),
    (f"{WEB}/edit/main/c.py", CODE | {"revision": "main", "path": "c.py"}),
    (f"{WEB}/commit/{SHA.upper()}", CODE | {"commit": SHA}),
    (f"{WEB}/commit/{SHA[:7]}#diff", CODE | {"commit": SHA[:7]}),
    (f"{WEB}/commit/main", CODE | {"revision": "main"}),
    (f"{WEB}/commits/v1", CODE | {"revision": "v1"}),
    (f"{WEB}/commits/v1/c.py", CODE | {"revision": "v1", "path": "c.py"}),
    (f"{WEB}/commits", CODE),
    (f"{WEB}/pull/12", CODE | {"number": 12}),
    (f"{WEB}/pull/12/files", CODE | {"number": 12}),
    (f"{WEB}/pull/12/commits/{SHA}", CODE | {"number": 12, "commit": SHA}),
    (f"{WEB}/issues/5#issuecomment-1", CODE | {"number": 5}),
    (f"{WEB}/issues?q=is%3Aopen", CODE),
    (f"{WEB}/discussions/3", CODE | {"number": 3}),
    (f"{WEB}/releases", CODE),
    (f"{WEB}/releases/tag/v1", CODE | {"revision": "v1"}),
    (f"{WEB}/releases/tag/release/v1", CODE | {"revision": "release/v1"}),
    (f"{WEB}/releases/download/v1/n.whl", CODE | {"revision": "v1"}),
    (f"{WEB}/archive/refs/tags/v1.zip", CODE | {"revision": "refs/tags/v1"}),
    (f"{WEB}/archive/main.tar.gz", CODE | {"revision": "main"}),
    (f"{WEB}/compare/v1...v2", CODE | {"revision": "v2"}),
    (f"{WEB}/compare/main...them:patch", CODE),
    (f"{WEB}/actions/workflows/ci.yml", CODE),
    (f"{WEB}/wiki/Home", CODE),
    # GitHub's other hosts, and others that show its repositories
    (f"{API}/repos/o/n", CODE),
    (f"{API}/repos/o/n/commits?per_page=1", CODE),
    (f"{API}/repos/o/n/commits/v1", CODE | {"revision": "v1"}),
    (f"{API}/repos/o/n/git/commits/{SHA}", CODE | {"commit": SHA}),
    (f"{API}/repos/o/n/contents/d/c.py?ref=v1", CODE | {"revision": "v1", "path": "d/c.py"}),
    (f"{API}/repos/o/n/branches/main", CODE | {"revision": "main"}),
    (f"{API}/repos/o/n/releases/tags/v1", CODE | {"revision": "v1"}),
    (f"{API}/repos/o/n/pulls/12", CODE | {"number": 12}),
    (f"{API}/repos/o/n/tarball/v1", CODE | {"revision": "v1"}),
    (f"https://raw.githubusercontent.com/o/n/{SHA}/c.py", CODE | {"revision": SHA, "path": "c.py"}),
    ("https://codeload.github.com/o/n/zip/refs/tags/v1", CODE | {"revision": "refs/tags/v1"}),
    ("https://codeload.github.com/o/n/tar.gz/main", CODE | {"revision": "main"}),
    (
        "https://colab.research.google.com/github/o/n/blob/main/x.ipynb",
        CODE | {"revision": "main", "path": "x.ipynb", "indirect": True},
    ),
    ("https://img.shields.io/github/stars/o/n", CODE | {"indirect": True}),
    ("https://img.shields.io/github/license/o/n.svg?style=flat", CODE | {"indirect": True}),
    ("https://img.shields.io/github/v/release/o/n", CODE | {"indirect": True}),
    (
        "https://img.shields.io/github/actions/workflow/status/o/n/ci.yml?branch=main",
        CODE | {"indirect": True},
    ),
    ("https://o.github.io/n/", CODE | {"indirect": True}),
    ("https://o.github.io", CODE | {"name": "o/o.github.io", "indirect": True}),
    # Pages of the Hub
    (HUB, MODEL),
    ("hf.co/o/n", MODEL),
    ("huggingface.co/o/n", MODEL),
    ("https://HuggingFace.co/o/n?library=transformers", MODEL),
    ("http://www.huggingface.co/o/n", MODEL),
    ("https://hf-mirror.com/o/n", MODEL),
    ("huggingface.co/models/o/n", MODEL),
    (f"{HUB}/tree/v1.0", MODEL | {"revision": "v1.0"}),
    (f"{HUB}/tree/refs%2Fpr%2F3", MODEL | {"revision": "refs/pr/3"}),
    (f"{HUB}/tree/refs/pr/3/d", MODEL | {"revision": "refs/pr/3", "path": "d"}),
    (f"{HUB}/blob/main/README.md", MODEL | {"revision": "main", "path": "README.md"}),
    (f"{HUB}/resolve/main/c.bin?download=true", MODEL | {"revision": "main", "path": "c.bin"}),
    (f"{HUB}/raw/refs%2Fpr%2F1/d/c", MODEL | {"revision": "refs/pr/1", "path": "d/c"}),
    (f"{HUB}/commit/{SHA}", MODEL | {"commit": SHA}),
    (f"{HUB}/commits/main", MODEL | {"revision": "main"}),
    (f"{HUB}/discussions/3", MODEL | {"number": 3}),
    (f"{HUB}/discussions/3/files", MODEL | {"number": 3}),
    (f"{HUB}/settings", MODEL),
    ("https://huggingface.co/api/models/o/n", MODEL),
    ("https://huggingface.co/api/models/o/n/revision/v1", MODEL | {"revision": "v1"}),
    ("https://huggingface.co/api/models/o/n/tree/v1/d", MODEL | {"revision": "v1", "path": "d"}),
    ("https://huggingface.co/gpt2", GPT2),
    ("hf.co/gpt2/tree/main", GPT2 | {"revision": "main"}),
    (f"hf.co/gpt2/commit/{SHA[:7]}", GPT2 | {"commit": SHA[:7]}),
    (
        "https://huggingface.co/gpt2/resolve/main/c.json",
        GPT2 | {"revision": "main", "path": "c.json"},
    ),
    ("https://huggingface.co/api/models/gpt2", GPT2),
    ("hf://o/n", MODEL),
    ("hf://o/n@v1/d/c.py", MODEL | {"revision": "v1", "path": "d/c.py"}),
    ("hf://o/n@refs%2Fpr%2F1/c.py", MODEL | {"revision": "refs/pr/1", "path": "c.py"}),
    ("hf://o/n/c.py", MODEL | {"path": "c.py"}),
    ("hf://gpt2@v1/c.py", GPT2 | {"revision": "v1", "path": "c.py"}),
    # Copied with the sentence around it
    (f"{WEB}.", CODE),
    (f"({WEB})", CODE),
    (f"<{HUB}>", MODEL),
    (f"{HUB}).", MODEL),
    (f'"{HUB}",', MODEL),
    ("`o/n`", BARE),
]


@pytest.mark.parametrize(("text", "reading"), READINGS, ids=[text for text, _ in READINGS])
def test_every_form_has_one_reading(text: str, reading: dict[str, Any]) -> None:
    assert parse_address(text) == Address(**reading)


REFUSED = [
    ("", "an empty text is neither a name nor an address"),
    ("...", "not a Hugging Face model name"),
    ("a\x1b[31m/b", r"a\x1b[31m/b is not a Hugging Face model name"),
    ("a/b\0", r"a/b\x00 is not a Hugging Face model name"),
    ("https://github.com/o/n\x1b[31m", "is neither a name nor an address"),
    ("x" * 3_000, "x… is neither"),
    ("./model", "is a path"),
    ("/data/model", "is a path"),
    ("~nosuchuser/x", "is a path"),
    ("../o/n", "is a path"),
    ("a//b", "not a Hugging Face model name"),
    ("a..b/c", "not a Hugging Face model name"),
    ("--upload-pack=x", "not a Hugging Face model name"),
    ("https://huggingface.co/", "not a Hugging Face model name"),
    ("https://huggingface.co/models?search=x", "not a Hugging Face model name"),
    ("https://huggingface.co/datasets/o/n", "is a data set, not a model"),
    ("https://huggingface.co/api/datasets/o/n", "is a data set, not a model"),
    ("hf://datasets/o/n", "is a data set, not a model"),
    ("hf:spaces/o/n", "is a space, not a model"),
    ("hf.co/spaces/o/n", "is a space, not a model"),
    ("https://huggingface.co/papers/2508.10157", "is a paper, not a model"),
    ("https://huggingface.co/collections/o/n-1", "is a collection, not a model"),
    ("https://huggingface.co/docs/hub/models", "is a manual, not a model"),
    ("https://huggingface.co/blog/o/n", "is an article, not a model"),
    ("https://huggingface.co/api/whoami-v2", "is a page of the Hub, not a model"),
    ("https://huggingface.co/o/n/tree/%0A", "names a revision that is malformed"),
    ("github.com/o", "not a GitHub repository name"),
    ("https://github.com/", "not a GitHub repository name"),
    ("https://github.com/o/..", "not a GitHub repository name"),
    ("https://github.com/o%2fm/n", "not a GitHub repository name"),
    ("gh:o", "not a GitHub repository name"),
    ("https://github.com/topics/llm", "is not a page of a repository"),
    ("https://github.com/orgs/o/repositories", "is not a page of a repository"),
    ("https://gist.github.com/o/0123", "is a gist, not a repository"),
    ("https://gitlab.com/o/n", "is neither on GitHub nor on Hugging Face"),
    ("gitlab.com/o/n", "is neither on GitHub nor on Hugging Face"),
    ("git@gitlab.com:o/n.git", "is neither on GitHub nor on Hugging Face"),
    ("https://me:secret@gitlab.com/o/n", "https://gitlab.com/o/n is neither"),
    ("https://github.com.evil.example/o/n", "is neither on GitHub"),
    ("https://github.com@evil.example/o/n", "https://evil.example/o/n is neither"),
    ("https://img.shields.io/badge/x-y", "is neither on GitHub"),
    ("http://127.0.0.1:8080/o/n", "is neither on GitHub"),
    ("http://[::1]:8080/o/n", "is neither on GitHub"),
    ("ext::sh -c x", "not a Hugging Face model name"),
    ("file:///etc/passwd", "is not the address of a web page"),
    ("javascript://github.com/o/n", "is not the address of a web page"),
    ("https://[::1", "is malformed"),
    ("git@[x:y/z", "is malformed"),
    ("git@[::1]:y/z", "is malformed"),
    ("deploy@[x]/y", "is malformed"),
    ("org/model@v1[x:config.json", "is malformed"),
    ("http://[::1/x", "is malformed"),
    ("//git@[x]/y", "is malformed"),
    ("https://github.com:x/o/n", "is malformed"),
    ("https://github.com:99999/o/n", "is malformed"),
]


@pytest.mark.parametrize(("text", "complaint"), REFUSED)
def test_anything_else_ends_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_address(text)
    assert complaint in str(caught.value)
    assert str(caught.value).isprintable()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("o/n", ProjectRef(DOWN, "o/n")),
        ("gpt2", ProjectRef(DOWN, "gpt2")),
        ("o/n@v1", ProjectRef(DOWN, "o/n")),
        ("o/n/tree/main", ProjectRef(DOWN, "o/n")),
        (f"{HUB}/blob/main/README.md", ProjectRef(DOWN, "o/n")),
        ("git@github.com:o/n.git", ProjectRef(UP, "o/n")),
    ],
)
def test_a_name_alone_is_a_variant_of_which_the_whole_is_meant(
    text: str, expected: ProjectRef
) -> None:
    assert parse_project(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a/b/c", "a/b/c is not a Hugging Face model name"),
        ("datasets/squad", "is a data set, not a model"),
        ("./model", "is a path; name it with --family, --upstream and --variant"),
        ("https://gitlab.com/o/n", "Hugging Face; name it with --family"),
    ],
)
def test_what_is_no_project_of_the_hosts_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint):
        parse_project(text)


def test_a_company_has_a_github_of_its_own() -> None:
    hosts = Hosts(github="https://git.acme.example:8443")
    for text in (
        "https://git.acme.example:8443/o/n/tree/main",
        "git.acme.example:8443/o/n/tree/main",
        "https://git.acme.example:8443/api/v3/repos/o/n/commits/main",
    ):
        assert parse_address(text, hosts) == Address(UP, "o/n", "main")
    for text in (
        WEB,
        "https://raw.githubusercontent.com/o/n/main/x",
        "https://git.acme.example/o/n",
    ):
        with pytest.raises(NotHosted):
            parse_address(text, hosts)
    resident = Hosts(github="https://acme.ghe.com")
    assert parse_address("git@acme.ghe.com:o/n.git", resident) == Address(UP, "o/n")
    assert parse_address("https://api.acme.ghe.com/repos/o/n", resident) == Address(UP, "o/n")


@pytest.mark.parametrize(
    "mirror", ["http://127.0.0.1:9", "http://[::1]:9", "https://hub.example.org/hf"]
)
def test_models_of_a_mirror_are_those_of_the_hub(mirror: str) -> None:
    hosts = Hosts(mirror=mirror)
    assert parse_address(f"{mirror}/o/n/tree/v1", hosts) == Address(DOWN, "o/n", "v1")
    assert parse_address(f"{mirror.partition('//')[2]}/gpt2", hosts) == Address(DOWN, "gpt2")
    assert parse_address("https://huggingface.co/o/n", hosts) == Address(DOWN, "o/n")
    assert hosts.url(DOWN, "o/n") == HUB


@given(st.text(max_size=60))
@example("//git@[x]/y")
@example("[::1]:x/y")
def test_hostile_text_names_nothing_that_the_hosts_do_not_allow(text: str) -> None:
    for before in ("", "https://github.com/", "https://huggingface.co/", "gh:", "o/", "hf://"):
        with suppress(SourceError):
            found = parse_project(before + text)
            assert found.name in Hosts().url(found.side, found.name)
        with suppress(SourceError):
            assert parse_address(before + text).name


def test_a_sha_may_be_short_and_in_capitals() -> None:
    assert parse_sha(f" {SHA.upper()} ") == SHA
    assert parse_sha(SHA[:7]) == SHA[:7]
    assert parse_sha(SHA[:6]) is None
    assert parse_sha("main") is None


def test_commits_have_a_page_where_the_project_has_one() -> None:
    assert commit_url(f"{WEB}.git", SHA) == f"{WEB}/commit/{SHA}"
    assert commit_url(f"{HUB}/", SHA) == f"{HUB}/commit/{SHA}"
    assert commit_url(HUB, "day:a/b:2024-01-01") is None
    assert commit_url("javascript:alert(1)", SHA) is None
    assert commit_url("", SHA) is None
    assert commit_url(HUB, None) is None


def test_the_url_of_a_server_has_one_form() -> None:
    assert server_url("https://GHE.example.com/x/", "a GitHub") == "https://ghe.example.com/x"
    for url in (
        "ftp://x",
        "https://",
        "https://x:0",
        "https://me:secret@x",
        "https://x?y",
        " https://x",
    ):
        with pytest.raises(SourceError, match="the address of a GitHub") as caught:
            server_url(url, "a GitHub")
        assert "secret" not in str(caught.value)


def test_credentials_are_never_shown() -> None:
    assert redact("https://me:a/b@github.com/o/n") == "https://github.com/o/n"
    assert redact("//git:secret@x/y") == "//x/y"


def test_a_url_of_any_length_is_redacted_at_once() -> None:
    secret = "s3cret" * 200_000
    assert redact(f"https://user:{secret}@example.com/o/n") == "https:…"
    assert redact("https://user:pw@example.com/o/n") == "https://example.com/o/n"
