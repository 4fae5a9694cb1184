"""Whatever JSON a Hub sends, it becomes records of the right types, or one sentence."""

import json
from contextlib import suppress
from dataclasses import astuple
from typing import Any

import pytest
from huggingface_hub import hf_api
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.records import BaseModel
from hubtrace.ingest.sources.huggingface import schemas
from hubtrace.ingest.sources.huggingface.client import map_errors
from tests.effort import examples

# A busy machine takes its time over nested JSON.
PATIENT = settings(
    deadline=None,
    max_examples=examples(50),
    suppress_health_check=[HealthCheck.too_slow],
)
# Their constructors have no types.
ModelInfo: Any = hf_api.ModelInfo
RepoFile: Any = hf_api.RepoFile
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TAGS = st.lists(st.text() | st.sampled_from(["license:MIT", "base_model:merge:a/b", "arxiv:1"]))
MODEL = st.fixed_dictionaries(
    {"id": JSON | st.just("ada/one"), "_id": JSON | st.just("1")},
    optional={
        "baseModels": JSON | st.fixed_dictionaries({"models": st.lists(JSON), "relation": JSON}),
        "createdAt": JSON | st.just("2024-01-01T00:00:00.000Z"),
        "disabled": JSON | st.booleans(),
        "downloads": JSON | st.integers(),
        "gated": JSON | st.sampled_from([False, "auto", "manual"]),
        "lastModified": JSON,
        "library_name": JSON,
        "likes": JSON,
        "pipeline_tag": JSON | st.text(),
        "private": JSON,
        "sha": JSON,
        "tags": JSON | TAGS,
        "self": JSON,
    },
)


@PATIENT
@given(MODEL)
@example({"id": "ada/one", "_id": "1", "createdAt": "0001-01-01T00:00:00.000Z"})
def test_facts_are_of_their_types_or_there_are_none(body: dict[str, Any]) -> None:
    with suppress(SourceError), map_errors("the Hub", "a model"):
        facts, _ = schemas.model(ModelInfo(**body))
        assert schemas.model_name(facts.name) == facts.name
        json.dumps(astuple(facts)).encode()
        repr(facts).encode()  # no half characters
        assert isinstance(facts.created_at, int | None)
        assert all(isinstance(flag, bool) for flag in (facts.private, facts.disabled))
        assert all(isinstance(tag, str) for tag in facts.tags)
        for count in (facts.downloads, facts.likes):
            assert count is None or 0 <= count < 1 << 63
        for text in (facts.host_id, facts.library, facts.task, facts.gated, facts.licence):
            assert text is None or text.encode()


@PATIENT
@given(JSON, JSON, JSON, JSON)
def test_files_are_of_their_types_or_there_are_none(
    path: Any, size: Any, oid: Any, lfs: Any
) -> None:
    with suppress(SourceError), map_errors("the Hub", "a file"):
        file = schemas.tree_file(RepoFile(path=path, size=size, oid=oid, lfs=lfs))
        assert isinstance(file.path, str)
        assert file.size >= 0


@PATIENT
@given(JSON)
def test_commits_are_of_their_types_or_there_are_none(body: Any) -> None:
    with suppress(SourceError), map_errors("the Hub", "a commit"):
        schemas.commit(body)
        pytest.fail("no such JSON is a commit")


def test_a_title_of_several_lines_is_one() -> None:
    body = {
        "id": "0" * 40,
        "title": "One\nTwo",
        "authors": [],
        "date": "2024-01-01T00:00:00.000Z",
    }
    commit = schemas.commit(body)
    assert (commit.subject, commit.author_name, commit.committed_at) == ("One", "", 1_704_067_200)


def test_base_models_are_told_by_the_field_or_by_the_tags() -> None:
    def base_models(body: Any, *tags: str) -> tuple[BaseModel, ...]:
        info = ModelInfo(id="a/b", _id="1", baseModels=body, tags=list(tags))
        return schemas.model(info)[0].base_models

    merged = {"relation": "merge", "models": [{"id": "a/x"}, {"id": "a/y"}]}
    assert base_models(merged) == (BaseModel("a/x", "merge"), BaseModel("a/y", "merge"))
    assert base_models(None, "base_model:a/x", "base_model:quantized:a/x") == (
        BaseModel("a/x", "quantized"),
    )
    assert base_models(None, "base_model:gpt2") == (BaseModel("gpt2", None),)
    assert base_models({"relation": "sings", "models": [{"id": "a/x"}]}) == (
        BaseModel("a/x", None),
    )


@pytest.mark.parametrize(
    ("tag", "paper"),
    [
        ("arxiv:2309.00071", ["2309.00071"]),
        ("arxiv:cs/0112017", ["cs/0112017"]),
        ("arxiv:../../api/whoami-v2", []),
        ("arxiv:2309.00071?x=1", []),
        ("paper:2309.00071", []),
    ],
)
def test_papers_are_named_by_arxiv_ids_only(tag: str, paper: list[str]) -> None:
    assert schemas.papers_in([tag, tag]) == paper


@pytest.mark.parametrize(
    ("body", "repository"),
    [
        ("https://github.com/ada/one", "https://github.com/ada/one"),
        ("javascript:alert(1)", None),
        ("https://github.com/a b\x1b[2J", None),
        ("", None),
        (None, None),
    ],
)
def test_a_paper_names_a_web_page_or_nothing(body: Any, repository: str | None) -> None:
    assert schemas.paper("1", hf_api.PaperInfo(id="1", githubRepo=body)).repository == repository
