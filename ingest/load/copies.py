"""The copies of variants in the graph: looked for when an input changed, written where they differ.

What a copy is derived from is the variant, all repositories and the families; the fingerprint of
that is on the variant's node. A repository that changed makes all variants be looked through again,
which reads the snapshot's changes once; written are only the variants whose copies came out
different (docs/decisions/0024).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.identity import Side
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START
from hubtrace.ingest.derive.blobs import boilerplate
from hubtrace.ingest.derive.copies import find_copies
from hubtrace.ingest.derive.copy_index import read_copy_index
from hubtrace.ingest.load.evidence import DERIVATION as LINKS_DERIVATION
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import ProjectHistory
from hubtrace.ingest.source import Progress

_DERIVATION = 1
"""Raised when the same inputs would give other copies, so that graphs are brought up to date."""

_COPY = ["blob", "path", "origin_path", "kind", "boilerplate", "lag_seconds", "gone_at"]
_IN_GRAPH = """
MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)
WHERE v.key IN $keys
OPTIONAL MATCH (c)-[:COPIED_IN]->(copied:Commit)
OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(origin:Commit)
RETURN v.key, c.key, c.origin_path, c.kind, c.boilerplate, c.lag_seconds, c.gone_at, copied.sha,
       origin.sha
"""
_COMPARED = [*_COPY[2:], "copied_sha", "origin_sha"]


def copies_fingerprints(
    histories: Mapping[str, ProjectHistory], families: Iterable[Family]
) -> dict[str, str]:
    """Return for each variant a hash of all that its copies are derived from."""
    repositories = [
        (key, history.fingerprint)
        for key, history in sorted(histories.items())
        if history.project.side is Side.UPSTREAM
    ]
    derivation = _DERIVATION, LINKS_DERIVATION
    everywhere = _hash(derivation, sorted(boilerplate()), repositories)
    relatives = defaultdict(list)
    for variant, repository in sorted(_members(families)):
        relatives[variant].append(repository)
    return {
        key: _hash(everywhere, history.fingerprint, relatives[key])
        for key, history in histories.items()
        if history.project.side is Side.DOWNSTREAM
    }


def write_copies(
    writer: GraphWriter,
    histories: Mapping[str, ProjectHistory],
    families: Iterable[Family],
    changed: Sequence[str],
    progress: Progress,
) -> int:
    """Find the copies of the variants `changed` and replace those that differ; return how many.

    The nodes of projects and commits are there.
    """
    if not changed:
        return 0
    variants = [histories[key] for key in sorted(changed)]
    repositories = [h for _, h in sorted(histories.items()) if h.project.side is Side.UPSTREAM]
    world = read_copy_index(variants, repositories, _members(families), progress)
    copies = _named(find_copies(world), variants, repositories)
    stale = _stale(writer, copies, sorted(changed))
    writer.remove_relationships("HAS_COPY", "Variant", stale)
    fresh = copies.filter(pc.is_in(copies["variant"], pa.array(stale, pa.string())))
    _put(writer, fresh)
    return len(fresh)


def _members(families: Iterable[Family]) -> set[tuple[str, str]]:
    """Return each variant with each repository that a family names together with it."""
    return {(v, up.project) for f in families for v in f.variants for up in f.upstreams}


def _named(
    copies: pa.Table, variants: Sequence[ProjectHistory], repositories: Sequence[ProjectHistory]
) -> pa.Table:
    """Put the projects' keys in place of their numbers, and add the copies' own keys."""
    for name, projects in (("variant", variants), ("repository", repositories)):
        keys = pa.array([history.project.key for history in projects], pa.string())
        position = copies.schema.get_field_index(name)
        copies = copies.set_column(position, name, keys.take(copies[name].combine_chunks()))
    parts = [copies[name].to_pylist() for name in ("variant", "repository", "blob", "path")]
    keys = pa.array([_hash(*part) for part in zip(*parts, strict=True)], pa.string())
    return copies.append_column("key", keys)


def _stale(writer: GraphWriter, copies: pa.Table, variants: Sequence[str]) -> list[str]:
    """Return the variants whose copies in the graph are not these."""
    there: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for variant, *copy in writer.ask(_IN_GRAPH, keys=list(variants)).rows():
        there[variant].add(tuple(copy))
    found: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    columns = [copies[name].to_pylist() for name in ("variant", "key", *_COMPARED)]
    for variant, *copy in zip(*columns, strict=True):
        found[variant].add(tuple(copy))
    return [key for key in variants if there[key] != found[key]]


def _put(writer: GraphWriter, copies: pa.Table) -> None:
    writer.put_nodes("Copy", copies.select(["key", *_COPY]))
    writer.put_relationships("HAS_COPY", "Variant", "Copy", _ends(copies, "variant", "key"))
    origin = copies.filter(pc.is_valid(copies["origin_sha"]))
    for type_, label, rows, end in (
        ("COPIED_FROM", "Repository", copies, "repository"),
        ("COPIED_IN", "Commit", copies, "copied_sha"),
        ("ORIGINATES_IN", "Commit", origin, "origin_sha"),
    ):
        writer.put_relationships(type_, "Copy", label, _ends(rows, "key", end))


def _ends(rows: pa.Table, start: str, end: str) -> pa.Table:
    return pa.table({START: rows[start], END: rows[end]})


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
