"""What an audit says of the world of audits, and what it says at other moments and revisions."""

import pytest

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit import Audit, audit
from hubtrace.queries.thresholds import Thresholds
from tests.queries.audit.worlds import (
    ALONE,
    BASE,
    CHAT,
    HUB,
    OWN,
    RIVAL,
    SMALL,
    UNTIL,
    UP,
    YI,
    provenance,
    sha,
)
from tests.queries.worlds import DAY, at


def _kinds(found: Audit) -> set[str]:
    return {finding.kind for finding in found.findings}


def test_the_revision_is_the_head_of_the_default_branch(audited: GraphStore) -> None:
    found = audit(audited, "acme/Yi-6B")
    assert found.revision is not None
    assert (found.revision.commit.sha, found.revision.how) == (OWN[240], "default_head")
    assert found.revision.commit.url == f"{HUB}/acme/Yi-6B/commit/{OWN[240]}"
    assert [file.path for file in found.files] == ["model.safetensors"]


@pytest.mark.parametrize(
    ("asked", "how", "day"),
    [
        ("v1", "tag", 12),
        ("refs/tags/v1", "tag", 12),
        ("main", "branch", 240),
        ("old", "branch", 12),
        (OWN[35], "sha", 35),
        (OWN[35][:8].upper(), "sha", 35),
    ],
)
def test_a_revision_is_a_sha_a_tag_or_a_branch(
    audited: GraphStore, asked: str, how: str, day: int
) -> None:
    revision = audit(audited, SMALL, asked).revision
    assert revision is not None
    assert (revision.how, revision.commit.sha, revision.asked) == (how, OWN[day], asked)


def test_the_upstream_is_that_of_the_family_with_its_evidence(audited: GraphStore) -> None:
    found = audit(audited, SMALL)
    assert found.upstream is not None
    assert (found.upstream.repository, found.upstream.confidence) == (YI, 0.98)
    assert [seen.method for seen in found.upstream.evidence] == ["same_blob", "card_link"]
    assert [seen.method for seen in found.upstream.later_evidence] == ["ci_workflow"]
    assert [link.repository for link in found.others] == [RIVAL]


def test_the_origin_is_the_newest_commit_that_something_proves(audited: GraphStore) -> None:
    origin = audit(audited, SMALL).origin
    assert origin.commit is not None
    assert (origin.basis, origin.commit.sha) == ("files", UP[100])
    found = [(c.path, c.origin.sha if c.origin else None, c.weight) for c in origin.copies]
    assert found == [
        ("back.py", UP[200], 1.0),
        ("config.json", UP[100], 1.0),
        ("model.py", UP[30], 1.0),
        ("LICENSE", UP[0], 0.0),
        ("weights.bin", None, 1.0),
    ]
    assert [named.origin.sha for named in origin.references] == [UP[30]]


def test_an_older_revision_has_an_older_origin(audited: GraphStore) -> None:
    found = audit(audited, SMALL, "v1")
    assert found.origin.commit is not None
    assert found.origin.commit.sha == UP[10]
    assert found.origin.references == ()
    assert found.drift is not None
    assert (found.drift.since, found.drift.commits) == (at(10), 4)
    assert found.files == ()
    assert any("only at the head" in sentence for sentence in found.unknown)


def test_boilerplate_proves_no_origin(audited: GraphStore) -> None:
    found = audit(audited, SMALL, OWN[1])
    assert [copy.path for copy in found.origin.copies] == ["LICENSE"]
    assert (found.origin.basis, found.origin.commit) == ("none", None)
    assert found.drift is not None
    assert (found.drift.basis, found.drift.since) == ("revision", at(1))
    assert "no_origin" in _kinds(found)


def test_drift_counts_what_landed_since_the_origin(audited: GraphStore) -> None:
    drift = audit(audited, SMALL, OWN[35]).drift
    assert drift is not None
    assert (drift.basis, drift.commits, drift.by_bots) == ("origin", 2, 1)
    assert [(count.name, count.commits) for count in drift.by_type] == [("Docs", 1), ("Model", 1)]
    assert {count.name: count.commits for count in drift.by_area} == {
        "code": 1,
        "docs": 1,
        "tokenizer": 1,
    }
    assert (drift.behind_since, drift.days_behind, drift.distance_days) == (at(100), 150, 170)
    assert [missing.commit.sha for missing in drift.weighty] == [UP[100]]


def test_base_models_are_told_once_even_in_circles(audited: GraphStore) -> None:
    bases = audit(audited, CHAT).bases
    assert [(base.depth, base.name, base.relation, base.upstream) for base in bases] == [
        (1, "acme/Yi-6B", "finetune", "acme/Yi"),
        (2, "acme/Yi-34B", "quantized", "acme/Yi"),
        (3, "meta/llama", "finetune", None),
    ]


def test_licences_events_and_names_are_those_of_the_moment(audited: GraphStore) -> None:
    now, then = audit(audited, SMALL), audit(audited, SMALL, until=at(244))
    assert (now.licences.variant, now.licences.agree) == ("other-1", False)
    assert (then.licences.variant, then.licences.agree) == ("apache-2.0", True)
    assert "licence_mismatch" in _kinds(now)
    assert "licence_mismatch" not in _kinds(then)
    early = audit(audited, SMALL, until=at(19))
    assert early.identity.name == "acme/Yi-Small"
    assert early.events == ()
    assert early.upstream is not None
    assert early.upstream.evidence == ()
    assert len(early.upstream.later_evidence) == 3


def test_until_cuts_commits_on_both_sides(audited: GraphStore) -> None:
    found = audit(audited, SMALL, until=at(99))
    assert found.revision is not None
    assert (found.revision.commit.sha, found.revision.how) == (OWN[35], "newest")
    assert found.origin.commit is not None
    assert found.origin.commit.sha == UP[30]
    assert found.drift is not None
    assert found.drift.commits == 0
    assert [person.commits for person in found.people.variant] == [2, 1]
    assert found.method.until == at(99)
    assert found.people.repository[0].commits == 4


def test_who_wrote_on_both_sides_is_told(audited: GraphStore) -> None:
    people = audit(audited, SMALL).people
    assert [(each.variant, each.repository, each.method) for each in people.shared] == [
        ("huggingface.co:bob", "github.com:ann", "same_login")
    ]
    assert (people.repository_total, people.repository[0].login) == (1, "ann")


def test_what_vanished_was_rewritten_or_left_behind_is_told(audited: GraphStore) -> None:
    found = audit(audited, SMALL)
    assert [commit.sha for commit in found.vanished] == [sha("stray")]
    assert [branch.branch for branch in found.branches] == ["refs/heads/old"]
    assert {"rewritten", "abandoned_branch", "tail"} <= _kinds(found)
    assert audit(audited, SMALL, until=at(59)).vanished == ()
    assert "rewritten" not in _kinds(audit(audited, SMALL, until=at(79)))
    assert "rewritten" not in _kinds(audit(audited, SMALL, until=at(80 + 180)))


def test_a_revision_that_vanished_is_a_finding(audited: GraphStore) -> None:
    found = audit(audited, SMALL, sha("stray"))
    assert found.revision is not None
    assert (found.revision.vanished_at, found.revision.on_default) == (at(60), False)
    assert "reached by no ref" in next(f.text for f in found.findings if f.kind == "rewritten")


def test_the_method_can_be_followed(audited: GraphStore) -> None:
    method = audit(audited, SMALL, thresholds=Thresholds(abandon_after_days=90)).method
    assert (method.until, method.abandon_after_days) == (UNTIL, 90)
    assert [seen.snapshot for seen in method.snapshots] == ["snapshot-1"]
    assert method.tool.startswith("hubtrace ")


def test_a_variant_without_an_upstream_says_what_is_not_known(audited: GraphStore) -> None:
    found = audit(audited, ALONE)
    assert (found.upstream, found.drift, found.families) == (None, None, ())
    assert _kinds(found) == set()
    undecided = {each.kind: each.missing for each in found.undecided}
    assert undecided["lag"] == "no upstream is known"
    assert undecided["gone"] == "the Hub was not asked about it"
    assert "No repository is known to be its upstream." in found.unknown


def test_a_licence_that_no_hub_tells_is_among_what_is_not_known(store: GraphStore) -> None:
    world = provenance()
    world.node("Variant", SMALL, licence=None)
    world.node("Repository", YI, licence=None)
    world.write(store)
    sentences = {
        "The Hub tells no licence of the model.",
        "GitHub tells no licence of the upstream.",
    }
    assert sentences <= {*audit(store, SMALL).unknown}


def test_a_dead_link_is_dead_only_since_it_was_noticed(audited: GraphStore) -> None:
    assert "dead_link" in _kinds(audit(audited, "acme/lost"))
    assert "dead_link" not in _kinds(audit(audited, "acme/lost", until=at(199)))


@pytest.mark.parametrize(
    ("variant", "revision", "until", "message"),
    [
        ("acme/Yi-7B", None, None, "the graph has no variant 'acme/Yi-7B'; did you mean `acme/Yi"),
        ("zzz", None, None, "the graph has no variant 'zzz'"),
        (SMALL, "v2", None, "the variant has no revision 'v2'; it has main, old, v1"),
        (SMALL, "3662", None, "'3662' is the beginning of 4 commits; give more of it"),
        (SMALL, "main", at(99), "the revision 'main' is younger than the moment"),
        ("meta/llama", None, None, "known only because another model names it"),
    ],
)
def test_what_cannot_be_audited_is_told_in_one_sentence(
    audited: GraphStore, variant: str, revision: str | None, until: int | None, message: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        audit(audited, variant, revision, until)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    ["https://huggingface.co/acme/Yi-6B/", "hf.co/acme/Yi-6B", f"{BASE[:-3]}6b/tree/main", "id4"],
)
def test_what_people_paste_names_a_variant(audited: GraphStore, target: str) -> None:
    assert audit(audited, target).identity.variant == SMALL


def test_a_file_that_flowed_back_proves_no_origin(audited: GraphStore) -> None:
    origin = audit(audited, SMALL).origin
    assert origin.commit is not None
    assert origin.commit.sha == UP[100]
    (back,) = (copy for copy in origin.copies if copy.path == "back.py")
    assert (back.lag_seconds, back.flowed_back, back.proves) == (-165 * DAY, True, False)


def test_who_merely_derives_from_a_repository_need_not_follow_it(store: GraphStore) -> None:
    world = provenance()
    ends = ("Variant", "Repository")
    world.join("LINKS_TO", ends, ALONE, YI, confidence=0.6, best_method="card_link", role="derived")
    world.write(store)
    found = audit(store, ALONE)
    assert found.upstream is not None
    assert found.upstream.role == "derived"
    assert found.drift is not None
    assert found.drift.days_behind > 30
    assert "lag" not in _kinds(found)
    missing = {each.kind: each.missing for each in found.undecided}
    assert missing["lag"] == "it derives from acme/Yi, but is of no family that would follow it"
    assert missing["upstream_abandoned"] == missing["lag"]
