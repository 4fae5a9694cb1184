"""The facts of branches, and the status that does not depend on time."""

import dataclasses

import pyarrow as pa
import pytest

from hubtrace.ingest.derive.branches import (
    SPECIAL_BRANCHES,
    BranchFacts,
    BranchStatus,
    branch_facts,
    is_special,
)
from hubtrace.ingest.derive.dag import Changes, History
from hubtrace.ingest.derive.landed import membership_of
from hubtrace.ingest.records import (
    Landing,
    LandingState,
    Observation,
    PullHead,
    Ref,
    RefKind,
)

# root ─ old ─ squash ─ tip        main at tip
#   │     └ topic                  landed: squash holds its file
#   └ work ─ more                  open
# alone                            an unrelated root
HISTORY = History.from_columns(
    ["root", "old", "squash", "tip", "topic", "work", "more", "alone"],
    [[], ["root"], ["old"], ["squash"], ["old"], ["root"], ["work"], []],
    [10, 20, 30, 40, 25, 15, 16, 5],
)
ROWS = [
    ("root", "a", "1"),
    ("topic", "a", "2"),
    ("squash", "a", "2"),
    ("work", "b", "3"),
    ("more", "b", "4"),
]
REFS = (
    Ref("refs/heads/main", RefKind.BRANCH, "tip"),
    Ref("refs/heads/old", RefKind.BRANCH, "old"),
    Ref("refs/heads/same", RefKind.BRANCH, "tip"),
    Ref("refs/heads/topic", RefKind.BRANCH, "topic"),
    Ref("refs/heads/work", RefKind.BRANCH, "more"),
    Ref("refs/heads/gh-pages", RefKind.BRANCH, "alone"),
    Ref("refs/heads/paper", RefKind.BRANCH, "alone"),
    Ref("refs/convert/parquet", RefKind.CONVERT, "work"),
    Ref("refs/pr/1", RefKind.PULL_REQUEST, "work"),
    Ref("refs/heads/lost", RefKind.BRANCH, "unseen"),
    Ref("refs/tags/v1", RefKind.TAG, "old"),
)
SEEN = Observation(100, "refs/heads/main", REFS)


def changes() -> Changes:
    sha, path, blob = zip(*ROWS, strict=True)
    return Changes(pa.table({"sha": sha, "path": path, "blob": blob}))


def facts_of(
    observation: Observation, history: History = HISTORY, *, with_paths: bool = True
) -> dict[str, BranchFacts]:
    membership = membership_of(history, observation)
    facts = branch_facts(history, observation, membership, changes if with_paths else None)
    assert [fact.name for fact in facts] == sorted(fact.name for fact in facts)
    return {fact.name.removeprefix("refs/").removeprefix("heads/"): fact for fact in facts}


def statuses(facts: dict[str, BranchFacts]) -> dict[str, str]:
    return {name: fact.status.value for name, fact in facts.items()}


def test_each_branch_has_the_first_status_that_holds() -> None:
    assert statuses(facts_of(SEEN)) == {
        "main": "default",
        "old": "merged",
        "same": "merged",
        "topic": "landed",
        "work": "open",
        "gh-pages": "special",
        "paper": "orphaned",
        "convert/parquet": "special",
        "pr/1": "open",
        "lost": "open",
    }


def test_a_branch_is_compared_with_the_default_branch() -> None:
    facts = facts_of(SEEN)

    assert facts["work"] == BranchFacts(
        name="refs/heads/work",
        kind=RefKind.BRANCH,
        head="more",
        is_default=False,
        status=BranchStatus.OPEN,
        ahead=2,
        behind=3,
        merge_base="root",
        head_committed_at=16,
    )
    gaps = {name: (fact.ahead, fact.behind, fact.merge_base) for name, fact in facts.items()}
    assert gaps["main"] == gaps["same"] == (0, 0, "tip")
    assert gaps["old"] == (0, 2, "old")
    assert gaps["topic"] == (1, 2, "old")
    assert gaps["paper"] == (1, 4, None)
    assert [name for name, fact in facts.items() if fact.is_default] == ["main"]


def test_a_branch_of_a_model_is_a_published_revision() -> None:
    membership = membership_of(HISTORY, SEEN)
    facts = branch_facts(HISTORY, SEEN, membership, changes, published=True)
    found = {fact.name.rpartition("/")[2]: fact.status.value for fact in facts}
    assert found["work"] == found["paper"] == found["lost"] == "published"
    assert (found["topic"], found["old"], found["1"]) == ("landed", "merged", "open")


@pytest.mark.parametrize(
    ("state", "status", "landing"),
    [
        ("open", "open", None),
        ("draft", "open", None),
        ("closed", "closed", None),
        ("merged", "landed", "pull_request"),
        (None, "open", "unknown"),  # the query makes it undecided, once it is old
    ],
)
def test_a_pull_request_of_a_model_is_what_the_hub_says(
    state: str | None, status: str, landing: str | None
) -> None:
    membership = membership_of(HISTORY, SEEN)
    pulls = [PullHead(1, state, "work")] if state else []
    facts = branch_facts(HISTORY, SEEN, membership, changes, pulls=pulls, published=True)
    [pull] = [fact for fact in facts if fact.name == "refs/pr/1"]
    assert (pull.status, pull.landing) == (status, landing)


@pytest.mark.parametrize(
    ("pull", "status"),
    [
        (PullHead(1, "merged", "more"), "landed"),
        (PullHead(1, "merged", "more", "main"), "landed"),
        (PullHead(1, "merged", "more", "a-former-default"), "landed"),
        (PullHead(1, "merged", "more", "topic"), "open"),  # another branch, which still stands
        (PullHead(1, "merged", "work"), "open"),  # commits came after it was merged
        (PullHead(1, "closed", "more"), "open"),
    ],
)
def test_a_merged_pull_request_has_landed(pull: PullHead, status: str) -> None:
    membership = membership_of(HISTORY, SEEN)
    facts = branch_facts(HISTORY, SEEN, membership, changes, pulls=[pull])
    [work] = [fact for fact in facts if fact.name == "refs/heads/work"]
    assert work.status.value == status
    assert work.landing == ("pull_request" if status == "landed" else None)


@pytest.mark.parametrize("state", LandingState)
def test_what_git_found_of_contents_is_taken(state: LandingState) -> None:
    seen = dataclasses.replace(SEEN, landings=(Landing("more", state),))
    work = facts_of(seen)["work"]
    expected = {"landed": ("landed", "patches"), "unknown": ("open", "unknown")}
    assert (work.status, work.landing) == expected.get(state, ("open", None))


def test_an_unknown_head_is_compared_with_nothing() -> None:
    lost = facts_of(SEEN)["lost"]

    assert (lost.ahead, lost.behind, lost.merge_base) == (None, None, None)
    assert lost.head_committed_at is None
    assert lost.head == "unseen"


@pytest.mark.parametrize("default", [None, "refs/heads/gone", "refs/heads/lost"])
def test_without_a_default_head_only_names_speak(default: str | None) -> None:
    facts = facts_of(dataclasses.replace(SEEN, default_branch=default))

    named = {"gh-pages": "special", "convert/parquet": "special"}
    if default == "refs/heads/lost":
        named["lost"] = "default"
    assert statuses(facts) == {name: named.get(name, "open") for name in facts}
    assert {(fact.ahead, fact.behind, fact.merge_base) for fact in facts.values()} == {
        (None, None, None)
    }


def test_without_paths_no_branch_is_called_landed() -> None:
    assert facts_of(SEEN, with_paths=False)["topic"].status is BranchStatus.OPEN


def test_where_history_is_cut_no_branch_is_called_orphaned() -> None:
    parents = [[HISTORY.shas[n] for n in found] for found in HISTORY.parents]
    parents[0] = ["beyond"]
    cut = History.from_columns(HISTORY.shas, parents, HISTORY.committed_at)

    assert facts_of(SEEN, cut)["paper"].status is BranchStatus.OPEN
    shallow = dataclasses.replace(SEEN, shallow=True)
    assert facts_of(shallow)["paper"].status is BranchStatus.OPEN


def test_landed_comes_before_special() -> None:
    pages = Ref("refs/heads/gh-pages", RefKind.BRANCH, "topic")

    facts = facts_of(Observation(100, "refs/heads/main", (REFS[0], pages)))

    assert facts["gh-pages"].status is BranchStatus.LANDED


def test_paths_are_read_once_and_only_if_a_status_depends_on_them() -> None:
    calls: list[str] = []

    def counted() -> Changes:
        calls.append("read")
        return changes()

    membership = membership_of(HISTORY, SEEN)
    on_main = Observation(100, "refs/heads/main", (*REFS[:3], *REFS[5:7]))
    branch_facts(HISTORY, on_main, membership, counted)
    assert calls == []
    branch_facts(HISTORY, SEEN, membership, counted)
    assert calls == ["read"]


@pytest.mark.parametrize("name", SPECIAL_BRANCHES)
def test_special_branches_are_known_by_their_names(name: str) -> None:
    below = name + "main" if name.endswith("/") else name

    assert is_special(Ref(f"refs/heads/{below}", RefKind.BRANCH, "x"))
    assert not is_special(Ref(f"refs/heads/not-{below}", RefKind.BRANCH, "x"))
    assert not is_special(Ref(f"refs/heads/{name.rstrip('/')}-not", RefKind.BRANCH, "x"))
