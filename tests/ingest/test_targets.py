"""What a person types becomes the right project, or a clear error."""

from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import Hosts, Side
from hubtrace.ingest.families import FamilyTarget, parse_target

UP, DOWN = Side.UPSTREAM, Side.DOWNSTREAM
YI, HUB = "https://github.com/01-ai/Yi", "https://huggingface.co/01-ai/Yi-6B"


@pytest.mark.parametrize(
    ("side", "text", "name", "key", "location"),
    [
        (UP, YI, "01-ai/Yi", YI.lower(), YI),
        (UP, f"{YI}.git", "01-ai/Yi", YI.lower(), YI),
        (UP, "https://www.github.com/01-ai/Yi/tree/main/x", "01-ai/Yi", YI.lower(), YI),
        (UP, "01-ai/Yi", "01-ai/Yi", YI.lower(), YI),
        (UP, "github.com/01-ai/Yi/tree/main", "01-ai/Yi", YI.lower(), YI),
        (UP, "gh:01-ai/Yi", "01-ai/Yi", YI.lower(), YI),
        (DOWN, "hf.co/01-ai/Yi-6B", "01-ai/Yi-6B", HUB.lower(), HUB),
        (DOWN, "01-ai/Yi-6B", "01-ai/Yi-6B", HUB.lower(), HUB),
        (DOWN, f"{HUB}/blob/main/README.md?x#y", "01-ai/Yi-6B", HUB.lower(), HUB),
        (UP, "https://me:secret@github.com/01-ai/Yi", "01-ai/Yi", YI.lower(), None),
        (UP, "ssh://git@github.com/01-ai/Yi.git", "01-ai/Yi", "https://github.com/01-ai/yi", None),
        (UP, "git@github.com:01-ai/Yi.git", "01-ai/Yi", YI.lower(), None),
        (UP, "git@git.example.org:a/B.git", "B", "ssh://git.example.org/a/b", None),
        (UP, "acme/Trainer=../x", "acme/Trainer", "https://github.com/acme/trainer", "../x"),
        (UP, "https://git.example.org/a/B.git", "B", "https://git.example.org/a/b", None),
        (UP, "https://me:secret@git.example.org/a/b", "b", "https://git.example.org/a/b", None),
        (
            DOWN,
            "https://huggingface.co/Org/Model",
            "Org/Model",
            "https://huggingface.co/org/model",
            None,
        ),
        (DOWN, "https://huggingface.co/gpt2", "gpt2", "https://huggingface.co/gpt2", None),
        (
            DOWN,
            "Org/Model=/data/m=1.bundle",
            "Org/Model",
            "https://huggingface.co/org/model",
            "/data/m=1.bundle",
        ),
        (DOWN, "gpt2=clone", "gpt2", "https://huggingface.co/gpt2", "clone"),
    ],
)
def test_a_target_gets_its_name_key_and_location(
    side: Side, text: str, name: str, key: str, location: str | None
) -> None:
    target = parse_target(side, text)
    assert (target.project.side, target.project.name, target.project.key) == (side, name, key)
    assert target.location == (location or text)
    assert "secret" not in repr(target.project)


def test_what_lies_here_is_meant_before_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme" / "code").mkdir(parents=True)
    assert parse_target(UP, "acme/code").project.key.startswith("file:")
    assert parse_target(UP, "acme/other").project.key == "https://github.com/acme/other"


def test_a_company_has_a_github_of_its_own() -> None:
    web = Hosts(github="https://git.acme.example")
    target = parse_target(UP, "https://git.acme.example/o/R/tree/main", web=web)
    assert target.location == "https://git.acme.example/o/R"
    elsewhere = parse_target(UP, "https://github.com/o/R", web=web)
    assert elsewhere.location == "https://github.com/o/R"


def test_a_local_upstream_is_called_after_its_folder(tmp_path: Path) -> None:
    project = parse_target(UP, str(tmp_path / "Trainer.git")).project
    assert (project.name, project.url) == ("Trainer", "")
    assert project.key == (tmp_path / "Trainer.git").resolve().as_uri()
    assert parse_target(UP, f"mine={tmp_path}").project.name == "mine"


@pytest.mark.parametrize(
    ("side", "text", "complaint"),
    [
        (DOWN, "/data/model", "needs a name"),
        (DOWN, YI, "needs a name"),
        (UP, "hf.co/01-ai/Yi-6B", "is not on the side of --upstream"),
        (DOWN, "https://huggingface.co/datasets/a/b", "is a data set, not a model"),
        (DOWN, "a..b/c=/data", "not a Hugging Face model name"),
        (DOWN, "-o/c=/data", "not a Hugging Face model name"),
        (UP, "-o/x=/data", "not a GitHub repository name"),
        (UP, "http://[::1/x", "is malformed"),
        (UP, "x=http://[::1/x", "is malformed"),
        (UP, "~nosuchuser/x", "is not a path"),
        (UP, "/data/\0", "is not a path"),
        (DOWN, "//git@[x]/y", "needs a name"),
        (UP, "https://github.com/", "not a GitHub"),
        (UP, "https://github.com/only-owner", "not a GitHub repository name"),
        (UP, "o/..=/data", "not a GitHub repository name"),
    ],
)
def test_a_name_that_its_host_does_not_allow_is_refused(
    side: Side, text: str, complaint: str
) -> None:
    with pytest.raises(SourceError, match=complaint):
        parse_target(side, text)


def test_a_family_names_each_project_once() -> None:
    up = parse_target(UP, "https://github.com/o/r")
    same = parse_target(UP, "https://github.com/O/R")
    with pytest.raises(SourceError, match=r"names https://github\.com/o/r twice"):
        FamilyTarget("f", (up, same), ())
    with pytest.raises(SourceError, match="has no projects"):
        FamilyTarget("f", (), ())
    with pytest.raises(SourceError, match="needs a name"):
        FamilyTarget(" ", (up,), ())
