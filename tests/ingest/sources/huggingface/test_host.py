"""The Hub as a host: what it tells, how often it is asked, and what has become of a model."""

from dataclasses import replace

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.records import (
    BaseModel,
    Commit,
    Paper,
    ProjectMetadata,
    PullHead,
    RefKind,
    Text,
    TreeFile,
)
from hubtrace.ingest.source import Limits, Previous, ProjectGone
from tests.hubs import faults
from tests.hubs.huggingface import HuggingFaceHub, Model, User, pointer
from tests.hubs.huggingface.model import CREATED
from tests.ingest.sources.huggingface.conftest import CARD, NAME, Clock, host, seen
from tests.ingest.worlds import START, blob_id


def test_all_that_the_hub_tells_of_a_model(hub: HuggingFaceHub, model: Model, clock: Clock) -> None:
    fetched = host(hub, clock).fetch(NAME, Previous())
    assert fetched.details.facts == ProjectMetadata(
        host_id=model.object_id,
        name=NAME,
        created_at=CREATED,
        pushed_at=START + 3600,
        licence="mit",
        tags=tuple(model.tags),
        library="transformers",
        task="text-generation",
        base_models=(BaseModel("ada/base", "finetune"),),
        downloads=7,
        likes=3,
    )
    assert fetched.details.texts == (Text("card", "README.md", blob_id(CARD), CARD.decode()),)
    weights = b"w" * 5_000
    large = TreeFile(
        "w/model.bin",
        blob_id(pointer(weights)),
        5_000,
        pointer(weights).split(b"sha256:")[1][:64].decode(),
        5_000,
    )
    plain = [
        TreeFile(path, blob_id(content), len(content))
        for path, content in (("README.md", CARD), ("config.json", b"{}"))
    ]
    assert set(fetched.details.files) == {*plain, large}
    assert fetched.details.papers == (Paper("2501.00001", "https://github.com/ada/one"),)
    first, second, third = model.git.commits
    assert [(ref.name, ref.kind, ref.target) for ref in fetched.refs] == [
        ("refs/convert/parquet", RefKind.CONVERT, first),
        ("refs/heads/main", RefKind.BRANCH, second),
        ("refs/pr/1", RefKind.PULL_REQUEST, third),
        ("refs/tags/v1", RefKind.TAG, first),
    ]
    assert fetched.default_branch == "refs/heads/main"
    assert (fetched.warnings, fetched.details.cut, fetched.same_refs) == ((), (), False)
    assert not clock.slept


@pytest.mark.parametrize("state", ["open", "draft", "closed", "merged"])
def test_the_states_of_pull_requests_that_have_refs_are_asked_for_every_time(
    hub: HuggingFaceHub, model: Model, clock: Clock, state: str
) -> None:
    model.pulls = {1: "open", 2: "closed"}
    hub.page["discussions"] = 1
    first = host(hub, clock).fetch(NAME, Previous())
    head = model.git.commits[2]
    assert first.details.pulls == (PullHead(1, "open", head),)
    model.pulls[1] = state
    second = host(hub, clock).fetch(NAME, seen(first))
    assert second.details.pulls == (PullHead(1, state, head),)


def test_states_that_cannot_be_had_are_as_last_known(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    model.pulls = {1: "closed"}
    first = host(hub, clock).fetch(NAME, Previous())
    hub.faults.inject("discussions", faults.status(403))
    assert host(hub, clock).fetch(NAME, Previous()).details.pulls == ()
    assert host(hub, clock).fetch(NAME, seen(first)).details.pulls == first.details.pulls
    hub.faults.clear()
    model.pulls = {1: "\x1b[2J"}
    assert host(hub, clock).fetch(NAME, Previous()).details.pulls == ()


PULLS = {"discussions": 1}
"""The model has the ref of a pull request, whose state is asked for."""


def test_the_first_look_costs_five_requests_and_the_papers(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    host(hub, clock).fetch(NAME, Previous())
    card = {"resolve": 1, "file": 1}
    assert hub.counts() == {"model": 1, "refs": 1, "tree": 1, **card, "paper": 1, **PULLS}


def test_an_unchanged_model_costs_two_conditional_requests(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    asked = host(hub, clock)
    first = asked.fetch(NAME, Previous())
    hub.forget()
    again = asked.fetch(NAME, seen(first))
    conditional = [(entry.kind, entry.status) for entry in hub.log if entry.kind not in PULLS]
    assert conditional == [("model", 304), ("refs", 304)]
    assert hub.counts() == {"model": 1, "refs": 1, **PULLS}
    assert again == replace(first, same_refs=True)
    hub.forget()
    model.downloads += 1  # the answer is another one, and nothing has happened
    counted = asked.fetch(NAME, seen(again))
    conditional = [(entry.kind, entry.status) for entry in hub.log if entry.kind not in PULLS]
    assert conditional == [("model", 200), ("refs", 304)]
    assert counted.details == replace(
        first.details, facts=replace(first.details.facts, downloads=8)
    )


def test_a_new_pull_request_costs_no_tree_and_a_new_head_no_known_card(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    asked = host(hub, clock)
    first = asked.fetch(NAME, Previous())
    hub.forget()
    model.git.branch("refs/pr/2", model.git.commits[0])
    second = asked.fetch(NAME, seen(first))
    assert hub.counts() == {"model": 1, "refs": 1, **PULLS}
    assert (len(second.refs), second.same_refs) == (5, False)
    hub.forget()
    model.git.commit({b"more.txt": b"more"})
    third = asked.fetch(NAME, seen(second))
    assert hub.counts() == {
        "model": 1,
        "refs": 1,
        "tree": 1,
        **PULLS,
    }  # the paper is known in this run
    assert third.details.texts == first.details.texts
    assert {file.path for file in third.details.files} == {
        "README.md",
        "config.json",
        "more.txt",
        "w/model.bin",
    }
    hub.forget()
    model.git.commit({b"README.md": b"# Another\n"})
    fourth = host(hub, clock).fetch(NAME, seen(third))
    card = {"resolve": 1, "file": 1}
    assert hub.counts() == {"model": 1, "refs": 1, "tree": 1, **card, "paper": 1, **PULLS}
    assert [text.text for text in fourth.details.texts] == ["# Another\n"]


def test_a_renamed_model_is_told_under_its_new_name(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    asked = host(hub, clock)
    first = asked.fetch(NAME, Previous())
    hub.models.rename(NAME, "bob/two")
    second = asked.fetch(NAME, seen(first))
    assert (second.details.facts.name, second.details.facts.host_id) == (
        "bob/two",
        first.details.facts.host_id,
    )
    assert asked.clone_url("bob/two") == f"{hub.url}/bob/two"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("private", True, "not_found"),
        ("disabled", True, "disabled"),
        ("blocked", 451, "blocked"),
    ],
)
def test_what_is_not_shown_is_gone(
    hub: HuggingFaceHub, model: Model, clock: Clock, field: str, value: object, reason: str
) -> None:
    setattr(model, field, value)
    for token in (None, next(iter(hub.users))):
        with pytest.raises(ProjectGone, match=f"^{NAME}: ") as gone:
            host(hub, clock, token).fetch(NAME, Previous())
        assert gone.value.reason == reason


def test_a_model_that_never_was_is_gone_too(hub: HuggingFaceHub, clock: Clock) -> None:
    with pytest.raises(ProjectGone) as gone:
        host(hub, clock, None).fetch("ada/none", Previous())
    assert gone.value.reason == "not_found"
    with pytest.raises(SourceError, match="not a Hugging Face model name"):
        host(hub, clock).fetch("../../etc", Previous())
    assert hub.counts() == {"model": 1}


def test_where_no_hub_is_nothing_is_taken_for_gone(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    for status in (401, 404, 410):
        hub.faults.clear()
        hub.faults.inject("model", faults.status(status))
        with pytest.raises(SourceError) as failed:
            host(hub, clock).fetch(NAME, Previous())
        assert not isinstance(failed.value, ProjectGone)


def test_a_model_whose_facts_are_for_some_people_only_is_gone_for_us(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    hub.faults.inject("model", faults.status(403, headers={"X-Error-Code": "GatedRepo"}))
    with pytest.raises(ProjectGone) as gone:
        host(hub, clock).fetch(NAME, Previous())
    assert gone.value.reason == "gated"


def test_a_gated_model_is_told_but_for_its_card_until_access_is_given(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    model.gated = "manual"
    first = host(hub, clock).fetch(NAME, Previous())
    assert first.details.facts.gated == "manual"
    assert first.details.texts == ()
    assert len(first.details.files) == 3
    (cut,) = first.details.cut
    assert "the card of ada/one only to those who were given access" in cut
    model.readers.add("bob")
    second = host(hub, clock).fetch(NAME, seen(first))
    assert [text.text for text in second.details.texts] == [CARD.decode()]
    assert second.details.cut == ()


def test_a_private_model_is_told_to_its_readers(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    model.private = True
    model.readers.add("bob")
    assert host(hub, clock).fetch(NAME, Previous()).details.facts.private


def test_an_empty_model_has_facts_only(hub: HuggingFaceHub, clock: Clock) -> None:
    hub.add("ada/empty")
    asked = host(hub, clock)
    fetched = asked.fetch("ada/empty", Previous())
    assert (fetched.refs, fetched.default_branch, fetched.details.files) == ((), None, ())
    assert hub.counts() == {"model": 1, "refs": 1}
    assert list(asked.history("ada/empty", fetched, ())) == []
    hub.forget()
    assert asked.fetch("ada/empty", seen(fetched)).details == fetched.details
    assert hub.counts() == {"model": 1, "refs": 1}


def test_the_default_branch_is_main_or_else_the_one_at_the_head(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    model.git.branch("refs/heads/a", model.git.commits[0])
    assert host(hub, clock).fetch(NAME, Previous()).default_branch == "refs/heads/main"


def test_the_history_without_git_is_that_of_the_default_branch(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    asked = host(hub, clock)
    fetched = asked.fetch(NAME, Previous())
    hub.forget()
    first, second, _ = model.git.commits
    assert list(asked.history(NAME, fetched, ())) == [
        Commit(second, (), "Ada Lovelace", "", START + 3600, START + 3600, "Add config"),
        Commit(first, (), "Ada Lovelace", "", START, START, "A commit"),
    ]
    assert hub.counts() == {"commits": 1}
    assert list(asked.history(NAME, fetched, [second])) == []
    assert asked.logins(NAME, fetched, ()) == {}
    assert hub.counts() == {"commits": 1}


def test_long_histories_cost_a_request_per_page(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    for _ in range(5):
        model.git.commit()
    hub.page["commits"] = 2
    asked = host(hub, clock)
    fetched = asked.fetch(NAME, Previous())
    hub.forget()
    commits = list(asked.history(NAME, fetched, ()))
    assert len({commit.sha for commit in commits}) == len(commits) == 7
    assert hub.counts() == {"commits": 4}
    with pytest.raises(SourceError, match="more than 3"):
        list(host(hub, clock, limits=Limits(commits=3)).history(NAME, fetched, ()))


def test_between_two_commits_of_a_history_other_things_can_be_asked(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    hub.page["commits"] = 1
    asked = host(hub, clock)
    fetched = asked.fetch(NAME, Previous())
    history = asked.history(NAME, fetched, ())
    next(history)
    assert asked.fetch(NAME, Previous()) == fetched
    assert len(list(history)) == 1


def test_what_is_beyond_the_limits_is_cut_and_said_to_be(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    model.arxiv = ["2501.00001", "2501.00002", "cs/0112017"]
    limits = Limits(files=2, text_bytes=30, papers=2, refs=3)
    fetched = host(hub, clock, limits=limits).fetch(NAME, Previous())
    assert len(fetched.details.files) == 2
    assert [(text.text, text.cut) for text in fetched.details.texts] == [
        ("---\nlicense: MIT\n---\n# One\n", True)
    ]
    assert fetched.details.papers == (
        Paper("2501.00001", "https://github.com/ada/one"),
        Paper("2501.00002", None),
    )
    assert len(fetched.refs) == 3
    assert fetched.details.cut == (
        "the files of ada/one: only the first 2 are kept",
        "ada/one is tagged with 3 papers; 2 are fetched",
    )
    assert fetched.warnings == ("ada/one has 4 refs; 3 are kept",)


def test_a_card_in_lfs_is_not_read(hub: HuggingFaceHub, model: Model, clock: Clock) -> None:
    model.git.commit({b"README.md": pointer(b"#" * 20_000_000)})
    fetched = host(hub, clock).fetch(NAME, Previous())
    assert fetched.details.texts == ()
    assert fetched.details.cut == ("the card of ada/one is not read: it is stored as a large file",)
    assert "resolve" not in hub.counts()


def test_names_that_are_no_models_are_no_base_models(
    hub: HuggingFaceHub, model: Model, clock: Clock
) -> None:
    model.base_models = {"ada/base": "quantized", "./local/path": "finetune", "a b": "merge"}
    facts = host(hub, clock).fetch(NAME, Previous()).details.facts
    assert facts.base_models == (BaseModel("ada/base", "quantized"),)


def test_text_that_is_no_utf8_is_kept(hub: HuggingFaceHub, model: Model, clock: Clock) -> None:
    model.git.commit({b"README.md": b"caf\xe9\n"})
    (card,) = host(hub, clock).fetch(NAME, Previous()).details.texts
    assert card.text == "caf\U0010fee9\n"


def test_the_account_is_told_without_its_token(hub: HuggingFaceHub, clock: Clock) -> None:
    hub.users["hf_w"] = User("eve", "write")
    account = host(hub, clock, "hf_w").account()
    assert (account.name, account.role, account.remaining) == ("eve", "write", 500)
    with pytest.raises(SourceError, match="no token"):
        host(hub, clock, None).account()
    with pytest.raises(SourceError, match="refuses the token"):
        host(hub, clock, "hf_wrong").account()
