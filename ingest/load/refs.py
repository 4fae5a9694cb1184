"""Branches, tags and events of projects as nodes and relationships."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from graph.keys import key_of_parts
from graph.store import GraphWriter
from ingest.load.project import DerivedProject
from ingest.load.rows import nodes, pairs
from ingest.records import Event


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


def _branches(project: DerivedProject) -> Iterator[dict[str, Any]]:
    for facts in project.branches:
        row = asdict(facts)
        del row["is_default"]
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
