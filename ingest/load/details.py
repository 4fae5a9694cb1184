"""What a host told of projects: properties of their nodes, releases, assets and base models."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.errors import SourceError
from graph.keys import key_of_parts
from graph.store import GraphWriter
from graph.tables import END, START
from ingest.facts import Details, Release
from ingest.load.rows import nodes, pairs, relationships
from ingest.names import key_of, variant_url
from ingest.records import Side
from ingest.snapshot import ProjectHistory

_RELEASES = "MATCH (p:Repository)-[:HAS_RELEASE]->(r:Release) WHERE p.key IN $keys RETURN r.key"
_VARIANTS = "MATCH (v:Variant) WHERE v.key IN $keys RETURN v.key"


def told_properties(history: ProjectHistory) -> Mapping[str, object]:
    """Return the properties of a project's node that its host told; none if it was not asked."""
    if history.details is None:
        return {}
    facts = history.details.facts
    common = {
        "gone_at": _gone_at(history),
        "moved_to": facts.name if key_of(history.project.url) != history.project.key else None,
        "host_id": facts.host_id or None,
        "licence": facts.licence,
        "created_at": facts.created_at,
        "private": facts.private,
    }
    if history.project.side is Side.UPSTREAM:
        return {**common, "archived": facts.archived, "fork_of": facts.fork_of}
    own = ("gated", "disabled", "library", "task", "downloads")
    return {**common, **{name: getattr(facts, name) for name in own}}


def _gone_at(history: ProjectHistory) -> int | None:
    if history.details is None or not history.details.gone:
        return None
    noticed = [event.observed_at for event in history.events if event.kind == "gone"]
    return noticed[-1] if noticed else history.observations[0].observed_at


def write_details(writer: GraphWriter, histories: Sequence[ProjectHistory]) -> None:
    """Replace the releases and base models of projects whose nodes are there."""
    told = [(h, h.details) for h in histories if h.details is not None]
    upstream = [(h.project.key, d) for h, d in told if h.project.side is Side.UPSTREAM]
    downstream = [(h.project.key, d) for h, d in told if h.project.side is Side.DOWNSTREAM]
    if upstream:
        _write_releases(writer, upstream)
    if downstream:
        _write_files(writer, downstream)
        _write_base_models(writer, downstream)


def _write_releases(writer: GraphWriter, projects: Sequence[tuple[str, Details]]) -> None:
    keys = [key for key, _ in projects]
    known = [key for (key,) in writer.ask(_RELEASES, keys=keys).rows()]
    writer.remove_relationships("HAS_ASSET", "Release", known)
    writer.remove_relationships("HAS_RELEASE", "Repository", keys)
    releases = [
        (key, key_of_parts(key, release.tag), release)
        for key, details in projects
        for release in details.releases
    ]
    rows = (
        {"key": key, "name": release.name, "published_at": release.published_at}
        for _, key, release in releases
    )
    writer.put_nodes("Release", nodes("Release", rows))
    owners = pairs((project, key) for project, key, _ in releases)
    writer.put_relationships("HAS_RELEASE", "Repository", "Release", owners)
    assets = [(key, row) for _, key, release in releases for row in _assets(key, release)]
    writer.put_nodes("Asset", nodes("Asset", (row for _, row in assets)))
    owned = pairs((key, row["key"]) for key, row in assets)
    writer.put_relationships("HAS_ASSET", "Release", "Asset", owned)


def _assets(release_key: str, release: Release) -> Iterator[dict[str, Any]]:
    for asset in release.assets:
        yield {
            "key": key_of_parts(release_key, asset.name),
            "name": asset.name,
            "digest": asset.digest,
            "size": asset.size,
        }


def _write_files(writer: GraphWriter, variants: Sequence[tuple[str, Details]]) -> None:
    """Write the large files: their SHA-256 is what an audit can hold them by."""
    writer.remove_relationships("HAS_FILE", "Variant", [key for key, _ in variants])
    files = [(key, row) for key, details in variants for row in _large_files(key, details)]
    writer.put_nodes("File", nodes("File", (row for _, row in files)))
    owned = pairs((key, row["key"]) for key, row in files)
    writer.put_relationships("HAS_FILE", "Variant", "File", owned)


def _large_files(variant: str, details: Details) -> Iterator[dict[str, Any]]:
    for file in details.files:
        if file.lfs_sha256 is not None:
            yield {
                "key": key_of_parts(variant, file.path),
                "path": file.path,
                "blob": file.blob,
                "sha256": file.lfs_sha256,
                "size": file.lfs_size,
            }


def _write_base_models(writer: GraphWriter, variants: Sequence[tuple[str, Details]]) -> None:
    writer.remove_relationships("DERIVED_FROM", "Variant", [key for key, _ in variants])
    named = {}
    for key, details in variants:
        for base in details.facts.base_models:
            url = _url_of(base.name)
            if url is not None and key_of(url) != key:
                named[key, key_of(url)] = (base, url)
    bases = {end: (base.name, url) for (_, end), (base, url) in named.items()}
    there = {key for (key,) in writer.ask(_VARIANTS, keys=list(bases)).rows()}
    stubs = (
        {"key": key, "name": name, "url": url}
        for key, (name, url) in bases.items()
        if key not in there
    )
    writer.put_nodes("Variant", nodes("Variant", stubs))
    rows = (
        {START: start, END: end, "relation": base.relation}
        for (start, end), (base, _) in named.items()
    )
    writer.put_relationships(
        "DERIVED_FROM", "Variant", "Variant", relationships("DERIVED_FROM", rows)
    )


def _url_of(name: str) -> str | None:
    """Return the page of a base model; None where the card names something else."""
    try:
        return variant_url(name)
    except SourceError:
        return None
