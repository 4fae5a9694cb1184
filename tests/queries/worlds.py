"""Small graphs that the questions are asked of, written through the store's own tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore
from hubtrace.graph.tables import node_schema, relationship_schema

DAY = 86_400
START = 1_704_110_400
"""2024-01-01T12:00:00Z: noon, so that the time of day matters."""


def at(day: float) -> int:
    """Return the moment so many days after `START`."""
    return START + round(day * DAY)


class World:
    """Nodes and relationships that are collected, then written at once."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.relationships: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)

    def node(self, label: str, key: str, **properties: Any) -> None:
        """Add a node, or properties to one that is there."""
        known = self.nodes[label].setdefault(key, {MODEL.node(label).key: key})
        known.update(properties)

    def join(
        self, type_: str, ends: tuple[str, str], start: str, end: str, **properties: Any
    ) -> None:
        """Add a relationship; `ends` are the labels it joins."""
        self.relationships[type_, *ends].append({"start": start, "end": end, **properties})

    def family(
        self,
        name: str,
        upstream: Mapping[str, Mapping[str, int]],
        variants: Mapping[str, Mapping[str, int]],
        *,
        observed_at: int | None = None,
        paths: Sequence[str] | None = None,
    ) -> None:
        """Add a family; each project has its commits on the default branch, `{sha: time}`."""
        self.node("Family", name, observed_at=observed_at)
        for label, projects in (("Repository", upstream), ("Variant", variants)):
            for project, commits in projects.items():
                self.project(label, project, commits)
        for project in upstream:
            given = {} if paths is None else {"paths": list(paths)}
            self.join("UPSTREAM", ("Family", "Repository"), name, project, **given)
        for project in variants:
            self.join("RELEASES", ("Family", "Variant"), name, project)

    def project(self, label: str, key: str, commits: Mapping[str, int], **facts: Any) -> None:
        """Add a project named by the last part of its key, and commits on its default branch."""
        self.node(label, key, name=key.partition("/")[2], **facts)
        for sha, moment in commits.items():
            self.commit(label, key, sha, moment)

    def commit(
        self,
        label: str,
        project: str,
        sha: str,
        moment: int,
        *,
        on_default: bool = True,
        vanished_at: int | None = None,
    ) -> None:
        """Add a commit whose author, committer and side times are the same."""
        self.node("Commit", sha, authored_at=moment, committed_at=moment)
        times = {"at": moment, "on_default": on_default, "vanished_at": vanished_at}
        self.join("HAS_COMMIT", (label, "Commit"), project, sha, **times)

    def write(self, store: GraphStore) -> None:
        """Write everything into the store."""
        with store.write() as writer:
            for label, rows in self.nodes.items():
                schema = node_schema(MODEL.node(label))
                writer.put_nodes(label, pa.Table.from_pylist(list(rows.values()), schema=schema))
            for (type_, start, end), joined in self.relationships.items():
                schema = relationship_schema(MODEL.relationship(type_))
                table = pa.Table.from_pylist(joined, schema=schema)
                writer.put_relationships(type_, start, end, table)

    def types(self, sha: str, *types: str) -> None:
        """Give a commit its change types, the primary one first, in every project that has it."""
        for (type_, *_), rows in self.relationships.items():
            for row in rows:
                if type_ == "HAS_COMMIT" and row["end"] == sha:
                    row["change_types"] = list(types)


def switches_of(world: World, family: str, pairs: Sequence[tuple[str, str, str]]) -> None:
    """Add switches (from side, from sha, to sha) between commits of the world."""
    commits = world.nodes["Commit"]
    for side, earlier, later in pairs:
        key = f"{family} {earlier} {later}"
        from_at, to_at = commits[earlier]["authored_at"], commits[later]["authored_at"]
        lag = to_at - from_at
        facts = {"from_side": side, "from_at": from_at, "to_at": to_at, "lag_seconds": lag}
        world.node("Switch", key, **facts)
        world.join("HAS_SWITCH", ("Family", "Switch"), family, key)
        world.join("FROM", ("Switch", "Commit"), key, earlier)
        world.join("TO", ("Switch", "Commit"), key, later)


def hand_made() -> World:
    """Return the world whose expected rows are written out in `test_queries.py`."""
    world = World()
    world.family(
        "steady",
        {"gh/acme/steady": {"s1": at(0), "s2": at(1), "s3": at(15), "s4": at(30), "s5": at(43)}},
        {
            "hf/acme/large": {"b1": at(31)},
            "hf/acme/small": {"a1": at(3), "a2": at(16), "a3": at(60)},
        },
        observed_at=at(400),
    )
    world.node("Activity", "hf/acme/small", times=[f"- - {at(3)} {13 * DAY} {44 * DAY}"])
    world.join("HAS_ACTIVITY", ("Variant", "Activity"), "hf/acme/small", "hf/acme/small")
    world.node("Family", "steady", published_code="PSR", published_lag="simultaneous")
    steady = "gh/acme/steady"
    world.commit("Repository", steady, "s9", at(300), on_default=False, vanished_at=at(310))
    rewritten = {"subject": "refs/heads/main", "before": "s9", "after": "s5"}
    world.node("Event", "e1", kind="history_rewritten", observed_at=at(310), **rewritten)
    world.join("ABOUT", ("Event", "Repository"), "e1", steady)
    switches_of(
        world,
        "steady",
        [
            ("upstream", "s2", "a1"),
            ("downstream", "a1", "s3"),
            ("upstream", "s3", "a2"),
            ("downstream", "a2", "s4"),
            ("upstream", "s4", "b1"),
            ("downstream", "b1", "s5"),
            ("upstream", "s5", "a3"),
        ],
    )
    _branches(world)
    _people(world)
    _releases(world)
    _copies(world)
    world.types("s1", "model structure", "sharing")
    world.types("s2", "sharing")
    world.types("a1", "sharing")
    world.family(
        "scoped",
        {"gh/acme/mono": {"m1": at(0), "m2": at(20), "m3": at(200)}},
        {"hf/acme/part": {"p1": at(1), "p2": at(22)}},
        observed_at=at(400),
        paths=["lib/"],
    )
    # Joined the other way round than `hmac:2` in `_people`.
    world.join("AUTHORED_BY", ("Commit", "Contributor"), "m1", "github:bob")
    world.join("AUTHORED_BY", ("Commit", "Contributor"), "m2", "github:bob")
    world.join("AUTHORED_BY", ("Commit", "Contributor"), "p1", "hmac:3")
    ends = ("Contributor", "Contributor")
    world.join("SAME_PERSON", ends, "github:bob", "hmac:3", method="same_name")
    for sha in ("m1", "m3"):
        world.join("IN_SCOPE", ("Family", "Commit"), "scoped", sha)
    world.family("gone", {"gh/acme/gone": {}}, {"hf/acme/left": {"l1": at(5)}}, observed_at=at(400))
    world.node("Repository", "gh/acme/gone", gone_at=at(350))
    world.family("unborn", {"gh/acme/unborn": {}}, {}, observed_at=at(400))
    _strays(world)
    _evidence(world)
    return world


def _branches(world: World) -> None:
    branches: list[tuple[str, str, int | None, dict[str, Any]]] = [
        ("main", "default", 43, {"ahead": 0, "behind": 0, "merge_base": "s5"}),
        ("old", "open", 40, {"ahead": 2, "behind": 1, "merge_base": "s4"}),
        ("late", "open", 44, {"ahead": 1, "behind": 0, "merge_base": "s5"}),
        ("new", "open", 300, {"ahead": 1, "behind": 0, "merge_base": "s5"}),
        ("foreign", "orphaned", 10, {"ahead": 3, "behind": 5}),
        ("unknown", "open", None, {}),
        ("deleted", "open", 40, {"vanished_at": at(390)}),
    ]
    for name, status, day, facts in branches:
        ref = f"refs/heads/{name}"
        moment = None if day is None else at(day)
        own = {"name": ref, "kind": "branch", "status": status, "head": f"head-{name}"}
        key = f"gh/acme/steady {ref}"
        world.node("Branch", key, head_committed_at=moment, **own, **facts)
        world.join("HAS_BRANCH", ("Repository", "Branch"), "gh/acme/steady", key)


def _people(world: World) -> None:
    for person in ("github:ann", "github:bob", "hmac:1", "hmac:2", "hmac:3"):
        login = person.partition(":")[2] if person.startswith("github:") else None
        world.node("Contributor", person, login=login)
    for sha, person in [
        ("s1", "github:ann"),
        ("s2", "github:ann"),
        ("s3", "hmac:1"),
        ("a1", "hmac:1"),
        ("a2", "hmac:2"),
        ("b1", "hmac:2"),
        ("a3", "hmac:2"),
    ]:
        world.join("AUTHORED_BY", ("Commit", "Contributor"), sha, person)
    ends = ("Contributor", "Contributor")
    world.join("SAME_PERSON", ends, "hmac:2", "github:ann", method="same_name")


def _releases(world: World) -> None:
    steady = "gh/acme/steady"
    for name, day in (("1.0", 16), ("2.0", 500)):
        world.node("Release", f"{steady} {name}", name=name, published_at=at(day))
        world.join("HAS_RELEASE", ("Repository", "Release"), steady, f"{steady} {name}")
    for label, project, sha in (("Repository", steady, "s3"), ("Variant", "hf/acme/small", "a3")):
        world.node("Tag", f"{project} refs/tags/v1", name="refs/tags/v1")
        world.join("HAS_TAG", (label, "Tag"), project, f"{project} refs/tags/v1")
        world.join("TAGS", ("Tag", "Commit"), f"{project} refs/tags/v1", sha)


def _evidence(world: World) -> None:
    ends = ("Variant", "Repository")
    small, large = "hf/acme/small", "hf/acme/large"
    for variant, repository, sure, method, role in [
        (small, "gh/acme/steady", 0.93, "card_code", "upstream"),
        (small, "gh/acme/mono", 0.2, "card_link", "weaker"),
        (large, "gh/acme/gone", 0.5, "readme_link", "derived"),
    ]:
        link = {"confidence": sure, "best_method": method, "role": role}
        world.join("LINKS_TO", ends, variant, repository, **link)
    for key, variant, repository, method, rank, strength, reason in [
        ("e1", small, "gh/acme/steady", "card_code", 3, 0.8, None),
        ("e2", small, "gh/acme/steady", "readme_link", 4, 0.45, None),
        ("e3", small, "gh/acme/mono", "card_link", 3, 0.2, "acknowledgement"),
        ("e4", large, "gh/acme/gone", "readme_link", 4, 0.45, None),
    ]:
        said = {"strength": strength, "reason": reason, "place": f"README.md:{key}", "said": key}
        facts = {"method": method, "rank": rank, "observed_at": at(9), **said}
        world.node("Evidence", key, **facts)
        world.join("HAS_EVIDENCE", ("Variant", "Evidence"), variant, key)
        world.join("POINTS_TO", ("Evidence", "Repository"), key, repository)
    commits = ("Commit", "Commit")
    world.join("REFERENCES", commits, "a2", "s2", method="commit_reference")
    world.join("REFERENCES", commits, "s5", "b1", method="commit_reference")


def _strays(world: World) -> None:
    repositories: dict[str, dict[str, Any]] = {
        "gh/old/frozen": {"archived": True},
        "gh/old/moved": {"moved_to": "new/moved"},
        "gh/old/dead": {"gone_at": at(10)},
        "gh/live/alive": {"archived": False},
    }
    for key, facts in repositories.items():
        world.project("Repository", key, {}, **facts)
    for key, linked in {
        "hf/x/unlinked": [],
        "hf/x/dead": ["gh/old/dead"],
        "hf/x/frozen": ["gh/old/dead", "gh/old/frozen"],
        "hf/x/moved": ["gh/old/moved"],
        "hf/x/derived": ["gh/old/moved", "gh/live/alive"],
    }.items():
        world.project("Variant", key, {}, observed_at=at(400))
        for repository in linked:
            world.join("LINKS_TO", ("Variant", "Repository"), key, repository, confidence=0.5)
    world.project("Variant", "hf/y/only-named-as-base", {})


def _copies(world: World) -> None:
    """A file that two repositories hold, a licence, and a large file of a release without a tag."""
    small, large, steady = "hf/acme/small", "hf/acme/large", "gh/acme/steady"
    copies: list[tuple[str, str, str, str, str | None, str, dict[str, Any]]] = [
        ("1", small, "model.py", steady, "s2", "a1", {"blob": "f1", "lag_seconds": 2 * DAY}),
        ("2", small, "model.py", "gh/acme/mono", "m1", "a1", {"blob": "f1"}),
        ("3", large, "LICENSE", steady, "s1", "b1", {"blob": "f2", "boilerplate": True}),
        ("4", large, "w.bin", steady, None, "b1", {"kind": "asset", "gone_at": at(200)}),
    ]
    lags = {"2": 3 * DAY, "3": 31 * DAY, "4": DAY}
    for key, variant, path, repository, origin, copied, facts in copies:
        own = {"path": path, "origin_path": f"src/{path}", "kind": "blob", "boilerplate": False}
        own |= {"blob": "f3", "lag_seconds": lags.get(key)}
        world.node("Copy", key, **{**own, **facts})
        world.join("HAS_COPY", ("Variant", "Copy"), variant, key)
        world.join("COPIED_FROM", ("Copy", "Repository"), key, repository)
        world.join("COPIED_IN", ("Copy", "Commit"), key, copied)
        if origin is not None:
            world.join("ORIGINATES_IN", ("Copy", "Commit"), key, origin)
    world.join("DERIVED_FROM", ("Variant", "Variant"), large, small, relation="finetune")
