"""Projects in the graph (commits, refs, releases, files, base models), and families over them."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hubtrace.graph.activity import Group, put_activity
from hubtrace.graph.errors import SourceError
from hubtrace.graph.model import key_of_parts
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START, nodes, pairs, relationships
from hubtrace.graph.text import is_utf8
from hubtrace.graph.urls import Side, key_of, variant_url
from hubtrace.ingest.derive.branches import BranchFacts
from hubtrace.ingest.derive.project import DerivedProject
from hubtrace.ingest.derive.project_index import ProjectIndex
from hubtrace.ingest.derive.switches import DerivedFamilies, Switches
from hubtrace.ingest.evidence.card_facts import card_facts
from hubtrace.ingest.load.replace import Edges, Nodes, Row, ends, replace, stale
from hubtrace.ingest.records import Event, HostData, Release
from hubtrace.ingest.snapshot import ProjectHistory


def write_refs(writer: GraphWriter, label: str, projects: Sequence[DerivedProject]) -> None:
    """Write the branches, tags and events of projects of one label; their commits are there."""
    branches = [(project, row) for project in projects for row in _branches(project)]
    writer.put_nodes("Branch", nodes("Branch", (row for _, row in branches)))
    owners = pairs((project.key, row["key"]) for project, row in branches)
    writer.put_relationships("HAS_BRANCH", label, "Branch", owners)
    rows = [row for _, row in branches if row["head_committed_at"] is not None]
    heads = pairs((row["key"], row["head"]) for row in rows)
    writer.put_relationships("HEAD", "Branch", "Commit", heads)
    _write_tags(writer, label, projects)
    _write_events(writer, label, projects, {row["key"] for _, row in branches})


def ref_key(project: str, ref: str) -> str:
    """Return the key of a branch or tag. Neither URLs nor ref names have spaces in them."""
    return key_of_parts(project, ref)


_OF_BRANCH = [field.name for field in fields(BranchFacts) if field.name != "is_default"]


def _branches(project: DerivedProject) -> Iterator[dict[str, Any]]:
    for facts in project.branches:
        row = {name: getattr(facts, name) for name in _OF_BRANCH}
        yield {"key": ref_key(project.key, facts.name), **row}
    for gone in project.deleted:
        yield {
            "key": ref_key(project.key, gone.ref.name),
            "name": gone.ref.name,
            "kind": gone.ref.kind,
            "head": gone.ref.target,
            "head_committed_at": gone.head_committed_at,
            "vanished_at": gone.vanished_at,
        }


def _write_tags(writer: GraphWriter, label: str, projects: Sequence[DerivedProject]) -> None:
    tags = [(project.key, tag) for project in projects for tag in project.tags]
    rows = ({"key": ref_key(project, tag.name), "name": tag.name} for project, tag in tags)
    writer.put_nodes("Tag", nodes("Tag", rows))
    owners = pairs((project, ref_key(project, tag.name)) for project, tag in tags)
    writer.put_relationships("HAS_TAG", label, "Tag", owners)
    targets = pairs((ref_key(project, tag.name), tag.target) for project, tag in tags)
    writer.put_relationships("TAGS", "Tag", "Commit", targets)


def _write_events(
    writer: GraphWriter, label: str, projects: Sequence[DerivedProject], branches: set[str]
) -> None:
    events = [(project.key, event) for project in projects for event in project.events]
    rows = ({"key": _event_key(project, event), **asdict(event)} for project, event in events)
    writer.put_nodes("Event", nodes("Event", rows))
    about = pairs((_event_key(project, event), project) for project, event in events)
    writer.put_relationships("ABOUT", "Event", label, about)
    about_branches = (
        (_event_key(project, event), ref_key(project, event.subject))
        for project, event in events
        if ref_key(project, event.subject) in branches
    )
    writer.put_relationships("ABOUT", "Event", "Branch", pairs(about_branches))


def _event_key(project: str, event: Event) -> str:
    return key_of_parts(project, event.observed_at, event.kind, event.subject)


_RELEASES = "MATCH (p:Repository)-[:HAS_RELEASE]->(r:Release) WHERE p.key IN $keys RETURN r.key"
_VARIANTS = "MATCH (v:Variant) WHERE v.key IN $keys RETURN v.key"


def told_properties(history: ProjectHistory) -> Mapping[str, object]:
    """Return the properties of a project's node that its host told; none if it was not asked."""
    if history.details is None:
        return {}
    key, facts = history.project.key, history.details.facts
    common = {
        "gone_at": _gone_at(history),
        "moved_to": facts.name if key_of(history.project.url) != key.partition("#")[0] else None,
        "host_id": facts.host_id or None,
        "licence": facts.licence,
        "created_at": facts.created_at,
        "private": facts.private,
        "unread": "; ".join(unread_parts(history.details)) or None,
    }
    if history.project.side is Side.UPSTREAM:
        return {**common, "archived": facts.archived, "fork_of": facts.fork_of}
    own = ("gated", "disabled", "library", "task", "downloads")
    said = {"card": card_facts(history.details) or None}
    return {**common, **said, **{name: getattr(facts, name) for name in own}}


def unread_parts(details: HostData) -> Iterator[str]:
    """Yield what of a project could not be read, in words: a card may link it nevertheless."""
    yield from details.cut
    for text in details.texts:
        if text.kind == "card" and text.cut:
            yield f"only the beginning of {text.path} is kept"
        elif text.kind == "card" and ("\0" in text.text or not is_utf8(text.text)):
            yield f"{text.path} is not text in UTF-8"


def _gone_at(history: ProjectHistory) -> int | None:
    if history.details is None or not history.details.gone:
        return None
    noticed = [event.observed_at for event in history.events if event.kind == "gone"]
    return noticed[-1] if noticed else history.observations[0].observed_at


def write_details(writer: GraphWriter, histories: Sequence[ProjectHistory]) -> None:
    """Replace the releases of projects whose nodes are there."""
    told = [(h, h.details) for h in histories if h.details is not None]
    upstream = [(h.project.key, d) for h, d in told if h.project.side is Side.UPSTREAM]
    if upstream:
        _write_releases(writer, upstream)


def _write_releases(writer: GraphWriter, projects: Sequence[tuple[str, HostData]]) -> None:
    keys = [key for key, _ in projects]
    known = [key for (key,) in writer.ask(_RELEASES, keys=keys).rows()]
    writer.remove_relationships("HAS_ASSET", "Release", known)
    releases = [
        (key, key_of_parts(key, release.tag), release)
        for key, details in projects
        for release in details.releases
    ]
    rows = (
        {"key": key, "name": release.name, "published_at": release.published_at}
        for _, key, release in releases
    )
    owners = pairs((project, key) for project, key, _ in releases)
    assets = [(key, row) for _, key, release in releases for row in _assets(key, release)]
    owned = pairs((key, row["key"]) for key, row in assets)
    tables: list[Nodes | Edges] = [
        Nodes("Release", nodes("Release", rows)),
        Edges("HAS_RELEASE", "Repository", "Release", owners),
        Nodes("Asset", nodes("Asset", (row for _, row in assets))),
        Edges("HAS_ASSET", "Release", "Asset", owned),
    ]
    replace(writer, "Repository", keys, tables)


def _assets(release_key: str, release: Release) -> Iterator[dict[str, Any]]:
    for asset in release.assets:
        yield {
            "key": key_of_parts(release_key, asset.name),
            "name": asset.name,
            "digest": asset.digest,
            "size": asset.size,
        }


_BASES_IN_GRAPH = """
MATCH (v:Variant)-[d:DERIVED_FROM]->(b:Variant) WHERE v.key IN $keys RETURN v.key, b.key, d.relation
"""
_REMOVE_UNNAMED = """
MATCH (v:Variant)
WHERE v.observed_at IS NULL AND NOT EXISTS { (:Variant)-[:DERIVED_FROM]->(v) }
DETACH DELETE v
"""
"""Base models that nobody ever looked at, and that no card names any more."""


def write_base_models(writer: GraphWriter, histories: Mapping[str, ProjectHistory]) -> None:
    """Replace the base models of variants, where they differ; the variants' nodes are there.

    A base is the project that has or had the name in the card (docs/decisions/0044), so one that is
    observed, or renamed, can change the bases of a variant that is as it was.
    """
    index = ProjectIndex(histories)
    wanted: dict[str, set[Row]] = {}
    urls: dict[str, tuple[str, str]] = {}
    for history in histories.values():
        own = history.project.key
        if history.details is None or history.project.side is Side.UPSTREAM:
            continue
        named: dict[str, str | None] = {}
        for base in history.details.facts.base_models:
            if (url := _url_of(base.name)) is not None:
                key = index.variant(base.name) or key_of(url)
                named[key] = base.relation
                urls[key] = base.name, url
        wanted[own] = {(key, relation) for key, relation in named.items() if key != own}
    different = stale(writer, _BASES_IN_GRAPH, list(wanted), wanted)
    if not different:
        return
    bases = {key for variant in different for key, _ in wanted[variant]}
    there = {key for (key,) in writer.ask(_VARIANTS, keys=sorted(bases)).rows()}
    stubs = ({"key": key, "name": urls[key][0], "url": urls[key][1]} for key in bases - there)
    rows = (
        {START: variant, END: key, "relation": relation}
        for variant in different
        for key, relation in sorted(wanted[variant], key=str)
    )
    tables: list[Nodes | Edges] = [
        Nodes("Variant", nodes("Variant", stubs)),
        Edges("DERIVED_FROM", "Variant", "Variant", relationships("DERIVED_FROM", rows)),
    ]
    replace(writer, "Variant", different, tables)
    writer.run(_REMOVE_UNNAMED)


def _url_of(name: str) -> str | None:
    """Return the page of a base model; None where the card names something else."""
    try:
        return variant_url(name)
    except SourceError:
        return None


BATCH_COMMITS = 200_000
"""Commits in a batch: the engine's bulk path is faster in such batches than in one go."""

_COMMIT = ["sha", "subject", "author", "authored_at", "committed_at"]


def write_batch(
    writer: GraphWriter, projects: Sequence[DerivedProject], new: Container[str] = ()
) -> None:
    """Write the commits, contributors, refs and events of projects whose nodes are there.

    Of those that are `new` to the graph, these are all commits that it has: their activity is
    written, too (docs/decisions/0069).
    """
    commits = _distinct(pa.concat_tables([project.commits for project in projects]))
    writer.put_nodes("Commit", commits.select(_COMMIT))
    writer.put_relationships("PARENT", "Commit", "Commit", _parents(commits))
    _write_contributors(writer, commits)
    for label in ("Repository", "Variant"):
        side = [project for project in projects if project.label == label]
        if side:
            rows = _has_commit(side)
            writer.put_relationships("HAS_COMMIT", label, "Commit", rows)
            fresh = [project.key for project in side if project.key in new]
            put_activity(writer, label, fresh, _activity(rows, fresh))
            write_refs(writer, label, side)


def _distinct(commits: pa.Table) -> pa.Table:
    """Return each commit once: forks share commits."""
    if pc.count_distinct(commits["sha"]).as_py() == commits.num_rows:
        return commits
    numbered = pa.table({"sha": commits["sha"], "row": np.arange(commits.num_rows)})
    return commits.take(numbered.group_by("sha").aggregate([("row", "min")])["row_min"])


def _parents(commits: pa.Table) -> pa.Table:
    lists = commits["parents"].combine_chunks()
    child = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    position = _position(child)
    parents = pc.list_flatten(lists)
    rows = pa.table({START: commits["sha"].take(child), END: parents, "position": position})
    again = _named_again(child, position, parents)
    return rows.filter(pa.array(~np.isin(np.arange(len(child)), again))) if again else rows


def _named_again(
    child: NDArray[np.int64], position: NDArray[np.int64], parents: pa.Array
) -> list[int]:
    """Return the rows in which a merge names a parent twice; the graph joins two nodes once."""
    merged = np.flatnonzero(position)
    rows = np.flatnonzero(np.isin(child, child[merged])) if len(merged) else merged
    seen: set[tuple[int, str]] = set()
    again: list[int] = []
    for row, pair in zip(
        rows.tolist(),
        zip(child[rows].tolist(), parents.take(rows).to_pylist(), strict=True),
        strict=True,
    ):
        if pair in seen:
            again.append(row)
        seen.add(pair)
    return again


def _position(child: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each row among its child's, from 0; rows of a child stand together."""
    row = np.arange(len(child))
    begins = np.ones(len(child), dtype=np.bool_)
    begins[1:] = child[1:] != child[:-1]
    return row - np.maximum.accumulate(np.where(begins, row, 0))


def _write_contributors(writer: GraphWriter, commits: pa.Table) -> None:
    authored = commits.select(["sha", "contributor"])
    authored = authored.filter(pc.is_valid(authored["contributor"]))
    keys = pc.unique(authored["contributor"])
    host_and_login = pc.split_pattern(keys, ":", max_splits=1)
    login = pc.if_else(
        pc.starts_with(keys, "hmac:"),
        pa.scalar(None, pa.string()),
        pc.list_element(host_and_login, 1),
    )
    writer.put_nodes("Contributor", pa.table({"key": keys, "login": login}))
    rows = pa.table({START: authored["sha"], END: authored["contributor"]})
    writer.put_relationships("AUTHORED_BY", "Commit", "Contributor", rows)


def _has_commit(projects: Sequence[DerivedProject]) -> pa.Table:
    counts = [project.commits.num_rows for project in projects]
    owner = np.repeat(np.arange(len(projects)), counts)
    told = pa.concat_tables([project.change_types() for project in projects])
    return pa.table(
        {
            START: pa.array([project.key for project in projects]).take(pa.array(owner)),
            END: _joined([project.commits["sha"] for project in projects]),
            "at": _joined([project.at for project in projects]),
            "on_default": pa.chunked_array([project.on_default for project in projects]),
            "settled_at": pa.chunked_array([project.settled_at for project in projects]),
            "landed_at": pa.chunked_array([project.landed_at for project in projects]),
            "entered_at": pa.chunked_array([project.entered_at for project in projects]),
            "left_at": pa.chunked_array([project.left_at for project in projects]),
            "absent_at": pa.chunked_array([project.absent_at for project in projects]),
            "vanished_at": pa.chunked_array([project.vanished_at for project in projects]),
            "reverts": pa.chunked_array([project.reverts for project in projects]),
            **dict(zip(told.column_names, told.columns, strict=True)),
        }
    )


def _activity(rows: pa.Table, keys: Sequence[str]) -> Iterator[Group]:
    """Yield the times of commits that were or are on the default branches of these projects."""
    left_at = pc.if_else(rows["on_default"], pa.scalar(None, pa.int64()), rows["left_at"])
    counts = pc.or_(rows["on_default"], pc.is_valid(left_at))
    mine = pc.and_(counts, pc.is_in(rows[START], pa.array(keys, pa.string())))
    groups = rows.set_column(rows.schema.get_field_index("left_at"), "left_at", left_at)
    groups = groups.select([START, "entered_at", "left_at", "at"]).filter(mine)
    groups = groups.group_by([START, "entered_at", "left_at"]).aggregate([("at", "list")])
    columns = (groups[name].to_pylist() for name in (START, "entered_at", "left_at", "at_list"))
    yield from zip(*columns, strict=True)


def _joined(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    chunks = [chunk for column in columns for chunk in column.chunks]
    return pa.chunked_array(chunks, columns[0].type)  # there may be no chunk at all


def write_families(
    writer: GraphWriter, derived: DerivedFamilies, histories: Mapping[str, ProjectHistory]
) -> None:
    """Replace the memberships, scopes and switches of families whose nodes are there."""
    if not derived.families:
        return
    upstreams = (
        {START: family.name, END: up.project, "paths": list(up.paths) or None}
        for family in derived.families
        for up in family.upstreams
        if up.project in histories
    )
    released = ((f.name, key) for f in derived.families for key in f.variants if key in histories)
    scopes = {(name, sha) for (name, _), shas in derived.in_scope.items() for sha in shas}
    switches = derived.switches
    names = [derived.families[number].name for number in switches.family.tolist()]
    # With wrong clocks, two commits that are on both sides can be neighbours in both directions.
    parts = zip(names, switches.from_side, switches.from_sha, switches.to_sha, strict=True)
    keys = [key_of_parts(*part) for part in parts]
    tables: list[Nodes | Edges] = [
        Edges("UPSTREAM", "Family", "Repository", relationships("UPSTREAM", upstreams)),
        Edges("RELEASES", "Family", "Variant", pairs(released)),
        Edges("IN_SCOPE", "Family", "Commit", pairs(sorted(scopes))),
        Nodes("Switch", _switch_nodes(switches, keys)),
        Edges("HAS_SWITCH", "Family", "Switch", ends(names, keys)),
        Edges("FROM", "Switch", "Commit", ends(keys, switches.from_sha)),
        Edges("TO", "Switch", "Commit", ends(keys, switches.to_sha)),
    ]
    # What `tag` said of the old members does not hold for the new ones.
    names_of_families = [family.name for family in derived.families]
    replace(writer, "Family", names_of_families, tables, dropped=["HAS_ASSESSMENT"])


def _switch_nodes(switches: Switches, keys: list[str]) -> pa.Table:
    return pa.table(
        {
            "key": pa.array(keys, pa.string()),
            "from_side": pa.array([str(side) for side in switches.from_side], pa.string()),
            "from_at": switches.from_at,
            "to_at": switches.to_at,
            "lag_seconds": switches.lag_seconds,
        }
    )
