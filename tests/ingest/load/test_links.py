"""Evidence and links are in the graph, follow what changes, and are the same however they came."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.load import load
from hubtrace.ingest.records import (
    BaseModel,
    Family,
    HostData,
    ProjectMetadata,
    Reference,
    Text,
    Upstream,
)
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.source import ProjectData
from tests.effort import examples
from tests.graphs import contents
from tests.ingest.readings import commit, reading, sha

LINKS = """
MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository)
RETURN v.name, r.name, l.best_method, l.role ORDER BY v.name, l.confidence DESC
"""
EVIDENCE = """
MATCH (v:Variant)-[:HAS_EVIDENCE]->(e:Evidence)-[:POINTS_TO]->(r:Repository)
RETURN v.name, r.name, e.method, e.reason ORDER BY v.name, e.rank, r.name, e.method, e.place
"""


def repository(name: str, readme: str = "", workflow: str = "", **reads: Any) -> ProjectData:
    """Return a repository with these texts."""
    url = f"https://github.com/{name}"
    texts = [
        Text("readme", "README.md", None, readme),
        Text("workflow", ".github/workflows/go.yml", None, workflow),
    ]
    details = HostData(ProjectMetadata(f"r{name}", name), texts=tuple(t for t in texts if t.text))
    return _told(Project(url.lower(), Side.UPSTREAM, name, url), details, **reads)


def variant(name: str, card: str = "", bases: Iterable[str] = (), **reads: Any) -> ProjectData:
    """Return a variant with this card."""
    url = f"https://huggingface.co/{name}"
    facts = ProjectMetadata(
        f"v{name}", name, base_models=tuple(BaseModel(b, "quantized") for b in bases)
    )
    texts = (Text("card", "README.md", None, card),) if card else ()
    project = Project(url.lower(), Side.DOWNSTREAM, name, url)
    return _told(project, HostData(facts, texts=texts), **reads)


def _told(project: Project, details: HostData, commits: Any = None, at: int = 10) -> ProjectData:
    own = commit(project.name[-9:], email=f"{project.side}@{project.name}")
    made = [own] if commits is None else commits
    return replace(reading(project, made, observed_at=at), details=details)


def write(path: Path, *readings: ProjectData, families: Iterable[Family] = ()) -> Snapshot:
    """Add readings and families to the snapshot at `path`."""
    with SnapshotWriter(path) as writer:
        for one in readings:
            writer.write_project(one, "test")
        for family in families:
            writer.write_family(family)
    return Snapshot(path)


CARD = """
- **Repository:** https://github.com/01-ai/yi
Run it with [vLLM](https://github.com/vllm-project/vllm).
"""


def yi() -> ProjectData:
    """Return the repository that the others are about."""
    return repository(
        "01-ai/Yi",
        "# Models\n[6B](https://hf.co/01-ai/Yi-6B) [q](https://hf.co/bob/Yi-q)\n",
        "on: push\njobs: {a: {steps: [{run: hf upload 01-ai/Yi-6B out}]}}",
    )


def quantized() -> ProjectData:
    """Return somebody else's variant of it."""
    card = "Code: https://github.com/01-ai/Yi, thanks to https://github.com/x/y"
    return variant("bob/Yi-q", card)


def stray() -> ProjectData:
    """Return a variant that only names a tool."""
    return variant("carl/stray", "It runs in [trl](https://github.com/huggingface/trl).")


def everything() -> list[ProjectData]:
    """Return a repository and variants of every kind; a reading can be written once."""
    dead = variant("carl/dead", "Code: https://github.com/carl/gone")
    return [yi(), variant("01-ai/Yi-6B", CARD), quantized(), stray(), dead]


def test_evidence_becomes_links_with_roles(store: GraphStore, tmp_path: Path) -> None:
    load(write(tmp_path / "s", *everything()), store)
    assert store.run(EVIDENCE).rows() == [
        ("01-ai/Yi-6B", "01-ai/Yi", "ci_workflow", None),
        ("01-ai/Yi-6B", "01-ai/Yi", "card_code", None),
        ("01-ai/Yi-6B", "01-ai/Yi", "readme_link", None),
        ("01-ai/Yi-6B", "01-ai/Yi", "same_owner", None),
        ("bob/Yi-q", "01-ai/Yi", "card_code", "unanswered"),
        ("bob/Yi-q", "01-ai/Yi", "readme_link", "other_owner"),
        ("carl/dead", "carl/gone", "card_code", None),
        ("carl/dead", "carl/gone", "same_owner", "unnamed"),
    ]
    assert store.run(LINKS).rows() == [
        ("01-ai/Yi-6B", "01-ai/Yi", "ci_workflow", "upstream"),
        ("bob/Yi-q", "01-ai/Yi", "card_code", "derived"),
        ("carl/dead", "carl/gone", "card_code", "upstream"),
    ]
    stub = "MATCH (r:Repository {name: 'carl/gone'}) RETURN r.key, r.url, r.observed_at"
    assert store.run(stub).rows() == [("https://github.com/carl/gone",) * 2 + (None,)]
    facts = "MATCH (e:Evidence {method: 'card_code'}) RETURN e.place, e.said, e.rank, e.observed_at"
    assert ("README.md:2", "Repository: https://github.com/01-ai/yi", 3, 10) in store.run(
        facts
    ).rows()


def test_loading_again_writes_nothing_and_order_does_not_matter(
    store: GraphStore, tmp_path: Path
) -> None:
    snapshot = write(tmp_path / "s", *everything())
    load(snapshot, store)
    before = contents(store)
    load(snapshot, store)
    assert contents(store) == before
    (tmp_path / "t").mkdir()
    for file in ("secret.key", "snapshot.json"):  # so that contributors have the same keys
        shutil.copy(tmp_path / "s" / file, tmp_path / "t")
    with open_store(str(tmp_path / "other.kgl")) as other:
        for one in reversed(everything()):
            load(write(tmp_path / "t", one), other)
        load(write(tmp_path / "t", *everything()), other)
        assert contents(other) == before


def test_a_readme_that_changes_changes_the_links_of_others(
    store: GraphStore, tmp_path: Path
) -> None:
    load(write(tmp_path / "s", *everything()), store)
    silent = repository("01-ai/Yi", "# Models\nNone.", at=20)
    load(write(tmp_path / "s", silent), store)
    assert store.run(LINKS).rows()[0] == ("01-ai/Yi-6B", "01-ai/Yi", "card_code", "upstream")
    left = store.run("MATCH (e:Evidence) WHERE e.gone_at IS NULL RETURN e.method").rows()
    gone = "MATCH (e:Evidence {method: 'ci_workflow'}) RETURN DISTINCT e.gone_at > e.observed_at"
    assert store.run(gone).rows() == [(True,)]
    assert ("ci_workflow",) not in left
    assert ("readme_link",) not in left
    assert len(left) == 5


def test_what_is_only_named_in_passing_is_no_upstream(store: GraphStore, tmp_path: Path) -> None:
    trl = repository("huggingface/trl")
    load(write(tmp_path / "s", stray()), store)
    assert store.run("MATCH (n) WHERE n.name = 'huggingface/trl' RETURN n").rows() == []
    load(write(tmp_path / "s", trl), store)
    assert store.run(EVIDENCE).rows() == [("carl/stray", "huggingface/trl", "card_link", "tooling")]
    assert store.run(LINKS).rows() == []


def test_a_renamed_repository_is_found_under_its_old_name(
    store: GraphStore, tmp_path: Path
) -> None:
    old = repository("old/name")
    url = "https://github.com/new/name"
    new = replace(old, project=replace(old.project, name="new/name", url=url))
    both = variant("a/m", "Code: https://github.com/old/name and https://github.com/New/Name")
    load(write(tmp_path / "s", new, both), store)
    assert [row[:2] for row in store.run(LINKS).rows()] == [("a/m", "new/name")]


def test_a_families_file_decides_the_role(store: GraphStore, tmp_path: Path) -> None:
    family = Family("f", (Upstream("https://github.com/01-ai/yi"),), (quantized().project.key,))
    more = repository("bob/tools", "## Community\n[q](https://hf.co/bob/Yi-q)")
    load(write(tmp_path / "s", yi(), quantized(), more, families=[family]), store)
    assert store.run(LINKS).rows() == [
        ("bob/Yi-q", "bob/tools", "readme_link", "weaker"),
        ("bob/Yi-q", "01-ai/Yi", "card_code", "upstream"),
    ]
    found = replace(family, found=True)  # by hubtrace itself, which proves nothing
    load(write(tmp_path / "s", families=[found]), store)
    assert [row[3] for row in store.run(LINKS).rows()] == ["upstream", "weaker"]


def test_messages_join_commits_of_the_two_sides(store: GraphStore, tmp_path: Path) -> None:
    page = "https://github.com/01-ai/Yi"
    known = Reference(page, sha("up"), True)
    unknown = Reference(page, sha("lost"), True)
    bare = Reference(None, sha("up"), False)
    back = Reference("https://huggingface.co/01-ai/Yi-6B", sha("a"), False)
    upstream = repository(
        "01-ai/Yi", commits=[commit("up"), replace(commit("new", "up"), references=(back,))]
    )
    downstream = variant(
        "01-ai/Yi-6B",
        commits=[
            replace(commit("a"), references=(known,)),
            replace(commit("b", "a"), references=(unknown,)),
            replace(commit("c", "b"), references=(bare,)),
        ],
    )
    load(write(tmp_path / "s", upstream, downstream), store)
    joined = "MATCH (a:Commit)-[r:REFERENCES]->(b:Commit) RETURN a.sha, b.sha, r.method"
    assert set(store.run(joined).rows()) == {
        (sha("a"), sha("up"), "commit_reference"),
        (sha("c"), sha("up"), "commit_reference"),
        (sha("new"), sha("a"), "commit_reference"),
    }
    found = [row[2:] for row in store.run(EVIDENCE).rows() if row[2] == "commit_reference"]
    assert sorted(reason or "" for _, reason in found) == ["", "mention", "mention", "unverified"]
    before = contents(store)
    load(Snapshot(tmp_path / "s"), store)
    assert contents(store) == before


def test_people_on_both_sides(store: GraphStore, tmp_path: Path) -> None:
    hub, hosted = "ada@users.noreply.huggingface.co", "7+ada@users.noreply.github.com"
    upstream = repository(
        "01-ai/Yi", commits=[commit("u", email=hosted), commit("w", "u", email="x@example.org")]
    )
    downstream = variant(
        "01-ai/Yi-6B",
        "Code: https://github.com/01-ai/Yi",
        commits=[commit("a", email=hub), commit("b", "a", email="x@example.org")],
    )
    other = variant("bob/m", commits=[commit("o", email=hub)])
    load(write(tmp_path / "s", upstream, downstream, other), store)
    same = "MATCH (a:Contributor)-[s:SAME_PERSON]->(b:Contributor) RETURN a.key, b.key, s.method"
    assert store.run(same).rows() == [("huggingface.co:ada", "github.com:ada", "same_login")]
    said = "MATCH (e:Evidence {method: 'same_contributor'}) RETURN e.said"
    assert store.run(said).rows() == [("2 contributors on both sides, e.g. huggingface.co:ada",)]


def test_files_of_another_owners_model_are_lineage(store: GraphStore, tmp_path: Path) -> None:
    def with_file(one: ProjectData, *names: str) -> ProjectData:
        made = [commit(name, paths=["tokenizer.json"]) for name in names]
        same = tuple(replace(c, changes=(c.changes[0]._replace(blob="b" * 40),)) for c in made)
        return replace(one, commits=iter(same))

    repository_ = with_file(repository("acme/code"), "r")
    own = with_file(variant("acme/code-7b"), "v")
    bobs = with_file(variant("bob/q", bases=["acme/code-7b"]), "q")
    carls = with_file(variant("carl/q"), "c")
    load(write(tmp_path / "s", repository_, own, bobs, carls), store)
    assert store.run(LINKS).rows() == [
        ("acme/code-7b", "acme/code", "same_blob", "upstream"),
        ("bob/q", "acme/code", "same_blob", "derived"),
        ("carl/q", "acme/code", "same_blob", "upstream"),
    ]


def test_an_address_that_a_host_told_to_be_a_logins_is_the_same_person(
    store: GraphStore, tmp_path: Path
) -> None:
    made = [commit("u", email="ada@example.org"), commit("w", "u", email="shared@example.org")]
    upstream = replace(
        repository("01-ai/Yi", commits=[*made, commit("x", "w", email="shared@example.org")]),
        logins={sha("u"): "Ada", sha("w"): "Ada", sha("x"): "Bob"},
    )
    pushed = [commit("a", email="ada@example.org"), commit("b", "a", email="shared@example.org")]
    downstream = variant("01-ai/Yi-6B", "Code: https://github.com/01-ai/Yi", commits=pushed)
    load(write(tmp_path / "s", upstream, downstream), store)
    same = "MATCH (a:Contributor)-[s:SAME_PERSON]->(b:Contributor) RETURN a.key, b.key, s.method"
    ((address, login, method),) = store.run(same).rows()
    assert (address[:5], login, method) == ("hmac:", "github.com:ada", "same_address")
    said = "MATCH (e:Evidence {method: 'same_contributor'}) RETURN e.said"
    assert store.run(said).rows() == [("1 contributor on both sides, e.g. github.com:ada",)]
    before = contents(store)
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.compact()
        load(writer.snapshot, store)
    assert contents(store) == before


CARDS = st.sampled_from(
    [
        "",
        "Code: https://github.com/a/One",
        "See https://github.com/b/Two, thanks to https://github.com/c/gone",
        "Code: https://github.com/c/gone",
    ]
)
READMES = st.sampled_from(
    [
        "",
        "https://hf.co/a https://hf.co/a/One-7B https://hf.co/a/Two-7B",
        "## Community\nhttps://hf.co/a/One-7B\n",
        "https://hf.co/x/Two-7B https://hf.co/x",
    ]
)
NAMES = {"v": ("a/One-7B", "x/Two-7B", "a/Two-7B"), "r": ("a/One", "b/Two")}
LOOKS = st.lists(
    st.one_of(
        st.tuples(st.just("v"), st.sampled_from(NAMES["v"]), CARDS),
        st.tuples(st.just("r"), st.sampled_from(NAMES["r"]), READMES),
        st.just(("load", "", "")),
    ),
    min_size=1,
    max_size=9,
)


@settings(
    deadline=None,
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(LOOKS)
def test_however_it_was_loaded_a_graph_is_what_its_snapshot_says(
    tmp_path_factory: pytest.TempPathFactory, looks: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("looks")
    with (
        SnapshotWriter(folder / "s") as writer,
        open_store(str(folder / "often.kgl")) as often,
        open_store(str(folder / "once.kgl")) as once,
    ):
        for at, (what, name, text) in enumerate(looks, start=10):
            if what == "load":
                load(writer.snapshot, often)
            else:
                made = variant if what == "v" else repository
                writer.write_project(made(name, text, at=at), "test")
        load(writer.snapshot, often)
        load(writer.snapshot, once)
        assert contents(often) == contents(once)
