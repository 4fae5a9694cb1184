"""In a world whose origins are known, every one is found, and no decoy stands above the truth."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.ingest.load import load
from hubtrace.queries.catalogue import ask
from tests.ingest.provenance import KINDS, Provenance, Truth
from tests.ingest.scoring import by_method, by_tier, wrong_links

pytestmark = pytest.mark.xdist_group("provenance")  # the world is made once

COPIES = """
MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository)
MATCH (c)-[:ORIGINATES_IN]->(o:Commit)
RETURN v.name, c.path, r.name, c.origin_path, o.sha
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The world in a graph, and what is so in it."""

    graph: GraphStore
    truth: Truth
    repositories: int


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("provenance")
    made = Provenance(folder / "world")
    with made.write(folder / "snapshot") as writer, open_store(str(folder / "g.kgl")) as graph:
        load(writer.snapshot, graph)
        yield Loaded(graph, made.truth, len(made.repositories))


def test_the_world_is_as_large_as_it_should_be(world: Loaded) -> None:
    assert world.repositories >= 30
    assert len(world.truth.upstream) >= 50
    assert set(world.truth.kind.values()) == {*KINDS, "derived", "stray"}


def test_every_best_link_is_the_true_upstream_in_its_role(world: Loaded) -> None:
    assert wrong_links(world.graph, world.truth) == []


def test_what_comes_from_nowhere_is_unlinked(world: Loaded) -> None:
    orphans = {row["name"]: row["status"] for row in ask(world.graph, "orphan_variants")}
    strays = {name for name, upstream in world.truth.upstream.items() if upstream is None}
    assert {name for name, status in orphans.items() if status == "unlinked"} == strays


def test_every_file_is_found_with_the_commit_that_it_comes_from(world: Loaded) -> None:
    true = {(*file, *origin) for file, origin in world.truth.origins.items()}
    assert len(true) > 30
    assert true <= set(world.graph.run(COPIES).rows())


def test_what_nothing_speaks_against_is_as_good_as_its_rank_says(world: Loaded) -> None:
    scores = by_method(world.graph, world.truth, sure=True)
    for method in ("same_blob", "same_lfs", "ci_workflow", "commit_reference", "card_code"):
        assert scores[method].found > 0
        assert scores[method].precision == 1.0
    for method in ("paper_repository", "readme_link"):
        assert (scores[method].precision or 0.0) > 0.9


def test_the_surer_a_link_the_truer_it_is(world: Loaded) -> None:
    tiers = [best for _, best in by_tier(world.graph, world.truth).values()]
    shares = [tier.precision for tier in tiers if tier.precision is not None]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
