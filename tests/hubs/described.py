"""What a graph of a demonstration must hold, read from the world itself by git."""

from collections.abc import Iterable
from pathlib import Path

from hubtrace.graph.store import GraphStore
from tests.hubs.demonstration import VARIANTS, Demonstration
from tests.hubs.projects import HostedProject
from tests.hubs.worlds import git

Edges = dict[str, set[tuple[str, str]]]
REPOSITORIES = ("acme-lab/atlas", "borealis-ai/aurora", "cirrus/nimbus")
DEAD = "https://github.com/dusk/lost"
FAMILIES = {
    "acme-lab/atlas": ("acme/atlas-7b", "acme/atlas-7b-chat", "acme/atlas-1b", "acme/atlas-70b"),
    "borealis-ai/aurora": (
        "borealis/aurora-base",
        "borealis/aurora-small",
        "borealis/aurora-code",
    ),
    "cirrus/nimbus": ("cirrus/nimbus-3b", "cirrus/nimbus-3b-instruct"),
}
_BRANCHES = ("refs/heads/", "refs/pr/", "refs/convert/")
_NODES = ("Family", "Repository", "Variant", "Commit", "Branch", "Tag", "Release", "Asset")
_EDGES = (
    *("UPSTREAM", "RELEASES", "DERIVED_FROM", "HAS_COMMIT", "PARENT", "HAS_BRANCH", "HEAD"),
    *("HAS_TAG", "TAGS", "HAS_RELEASE", "HAS_ASSET"),
)
_KEYS = {"Family": "name", "Commit": "sha"}


def described(world: Demonstration) -> tuple[dict[str, set[str]], Edges]:
    """Return the keys of all nodes by label, and the ends of all edges by type."""
    nodes: dict[str, set[str]] = {label: set() for label in _NODES}
    edges: Edges = {type_: set() for type_ in _EDGES}
    for name in REPOSITORIES:
        _project(f"https://github.com/{name}", "Repository", world.repository(name), nodes, edges)
    for released in VARIANTS:
        key, model = f"https://huggingface.co/{released.name}", world.model(released.name)
        _project(key, "Variant", model, nodes, edges, by_api=model.gated is not None)
        for base in released.base or ():
            edges["DERIVED_FROM"].add((key, f"https://huggingface.co/{base}"))
    nodes["Repository"].add(DEAD)
    for family, members in FAMILIES.items():
        nodes["Family"].add(family)
        edges["UPSTREAM"].add((family, f"https://github.com/{family}"))
        edges["RELEASES"] |= {(family, f"https://huggingface.co/{name}") for name in members}
    atlas = "https://github.com/acme-lab/atlas"
    nodes["Release"].add(f"{atlas} v1.0")
    edges["HAS_RELEASE"].add((atlas, f"{atlas} v1.0"))
    nodes["Asset"].add(f"{atlas} v1.0 atlas.bin")
    edges["HAS_ASSET"].add((f"{atlas} v1.0", f"{atlas} v1.0 atlas.bin"))
    return nodes, edges


def in_graph(store: GraphStore) -> tuple[dict[str, set[str]], Edges]:
    """Return the same of a graph."""
    nodes = {label: _keys(store, label) for label in _NODES}
    ends = "coalesce({0}.key, {0}.sha, {0}.name)"
    edges = {}
    for type_ in _EDGES:
        asked = f"MATCH (a)-[:{type_}]->(b) RETURN {ends.format('a')}, {ends.format('b')}"
        edges[type_] = {(start, end) for start, end in store.run(asked).rows()}
    return nodes, edges


def _keys(store: GraphStore, label: str) -> set[str]:
    found = store.run(f"MATCH (n:{label}) RETURN n.{_KEYS.get(label, 'key')}").rows()
    return {key for (key,) in found}


def _project(
    key: str,
    label: str,
    project: HostedProject,
    nodes: dict[str, set[str]],
    edges: Edges,
    *,
    by_api: bool = False,
) -> None:
    """Add what git knows of a project; by the Hub's API only its default branch is known."""
    path = project.git.path
    refs = dict(_refs(path))
    tips = [refs["refs/heads/main"]] if by_api else list(refs.values())
    listed = git(path, "rev-list", "--parents", *tips).decode().splitlines()
    nodes[label].add(key)
    for sha, *parents in map(str.split, listed):
        nodes["Commit"].add(sha)
        edges["HAS_COMMIT"].add((key, sha))
        edges["PARENT"] |= set() if by_api else {(sha, parent) for parent in parents}
    for name, sha in [] if by_api else refs.items():
        kind, has, points = ("Branch", "HAS_BRANCH", "HEAD")
        if not name.startswith(_BRANCHES):
            kind, has, points = ("Tag", "HAS_TAG", "TAGS")
        nodes[kind].add(f"{key} {name}")
        edges[has].add((key, f"{key} {name}"))
        edges[points].add((f"{key} {name}", sha))


def _refs(path: Path) -> Iterable[tuple[str, str]]:
    """Yield the refs that are read, peeled; heads of GitHub's pull requests are none."""
    told = git(path, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)")
    for line in told.decode().splitlines():
        name, sha, *peeled = line.split()
        if not name.startswith("refs/pull/"):
            yield name, peeled[0] if peeled else sha
