"""What joins projects in the graph (evidence, links, copies, people), written where it differs."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START, nodes, pairs, relationships
from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.evidence import Seen
from hubtrace.ingest.derive.identities import People
from hubtrace.ingest.derive.links import Derived
from hubtrace.ingest.load.replace import Edges, Nodes, Row, ends, replace, stale
from hubtrace.ingest.records import Attestation
from hubtrace.ingest.snapshot import ProjectHistory

_EVIDENCE = [
    *("key", "method", "rank", "place", "said", "strength", "reason", "observed_at", "gone_at"),
]
_EVIDENCE_IN_GRAPH = f"""
MATCH (v:Variant)-[:HAS_EVIDENCE]->(e:Evidence)-[:POINTS_TO]->(r:Repository)
WHERE v.key IN $keys
RETURN v.key, r.key, {", ".join(f"e.{name}" for name in _EVIDENCE)}
"""
_LINKS_IN_GRAPH = """
MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository)
WHERE v.key IN $keys
RETURN v.key, r.key, l.confidence, l.best_method, l.role
"""
_REPOSITORIES = "MATCH (r:Repository) WHERE r.key IN $keys RETURN r.key"
_REMOVE_UNNAMED = """
MATCH (r:Repository)
WHERE r.observed_at IS NULL AND NOT EXISTS { (:Evidence)-[:POINTS_TO]->(r) }
DETACH DELETE r
"""
"""Repositories that nobody ever looked at, and that nothing names any more."""


def write_links(writer: GraphWriter, derived: Derived) -> None:
    """Replace the evidence, links, references and people that came out different.

    The nodes of projects, commits and contributors are there.
    """
    variants = list(derived.links)
    evidence = {key: set(_evidence_rows(key, derived.evidence.get(key, {}))) for key in variants}
    ranked: dict[str, set[Row]] = {
        key: {(one.repository, one.confidence, one.best_method, one.role) for one in found}
        for key, found in derived.links.items()
    }
    different = {
        *stale(writer, _EVIDENCE_IN_GRAPH, variants, evidence),
        *stale(writer, _LINKS_IN_GRAPH, variants, ranked),
    }
    if different:
        _replace(writer, [key for key in variants if key in different], evidence, ranked)
    _write_references(writer, derived.references)
    _write_people(writer, derived.people)


def _evidence_rows(variant: str, found: Mapping[str, Sequence[Seen]]) -> Iterator[Row]:
    """Yield the repository, and the properties `_EVIDENCE`, of each observation."""
    for repository, seen in found.items():
        for one in seen:
            observed = one.found
            parts = [variant, repository, observed.method, observed.place]
            if one.gone_at is not None:  # something else can be seen there now
                parts += [observed.said, str(one.at), str(one.gone_at)]
            key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
            told = (getattr(observed, name) for name in _EVIDENCE[1:-2])
            yield repository, key, *told, one.at, one.gone_at


def _replace(
    writer: GraphWriter,
    different: Sequence[str],
    evidence: Mapping[str, Set[Row]],
    ranked: Mapping[str, Set[Row]],
) -> None:
    """Write the evidence and links of some variants in place of what the graph has of them."""
    rows = [(variant, *row) for variant in different for row in sorted(evidence[variant], key=str)]
    linked = (
        {START: variant, END: end, "confidence": sure, "best_method": method, "role": role}
        for variant in different
        for end, sure, method, role in sorted(ranked[variant])
    )
    owned = pairs((variant, key) for variant, _, key, *_ in rows)
    pointing = pairs((key, repository) for _, repository, key, *_ in rows)
    observed = nodes("Evidence", (dict(zip(_EVIDENCE, row[2:], strict=True)) for row in rows))
    tables: list[Nodes | Edges] = [
        _unknown(writer, {repository for _, repository, *_ in rows}),
        Nodes("Evidence", observed),
        Edges("HAS_EVIDENCE", "Variant", "Evidence", owned),
        Edges("POINTS_TO", "Evidence", "Repository", pointing),
        Edges("LINKS_TO", "Variant", "Repository", relationships("LINKS_TO", linked)),
    ]
    replace(writer, "Variant", different, tables)
    writer.run(_REMOVE_UNNAMED)


def _unknown(writer: GraphWriter, repositories: Set[str]) -> Nodes:
    """Return bare nodes for the repositories that evidence names and the graph lacks."""
    there = {key for (key,) in writer.ask(_REPOSITORIES, keys=sorted(repositories)).rows()}
    missing = sorted(repositories - there)
    rows = ({"key": key, "name": "/".join(key.split("/")[-2:]), "url": key} for key in missing)
    return Nodes("Repository", nodes("Repository", rows))


_REFERENCES_IN_GRAPH = "MATCH (a:Commit)-[r:REFERENCES]->(b:Commit) RETURN a.sha, b.sha"


def _write_references(writer: GraphWriter, commits: Set[tuple[str, str]]) -> None:
    """Join the commits that are not joined yet; messages never change, so none is taken away."""
    missing = commits - set(writer.ask(_REFERENCES_IN_GRAPH).rows()) if commits else set()
    if missing:
        rows = ({START: a, END: b, "method": "commit_reference"} for a, b in sorted(missing))
        table = relationships("REFERENCES", rows)
        writer.put_relationships("REFERENCES", "Commit", "Commit", table)


_PEOPLE_IN_GRAPH = (
    "MATCH (a:Contributor)-[s:SAME_PERSON]->(b:Contributor) RETURN a.key, b.key, s.method"
)
_KNOWN_PEOPLE = "MATCH (c:Contributor) WHERE c.key IN $keys RETURN c.key"


def _write_people(writer: GraphWriter, people: People) -> None:
    """Replace which keys are the same person, where it differs.

    Of contributors that the snapshot does not know, as from another one, nothing is changed.
    """
    asked = sorted({key for a, b, _ in people.same for key in (a, b)})
    there = {key for (key,) in writer.ask(_KNOWN_PEOPLE, keys=asked).rows()} if asked else set()
    same = {(a, b, method) for a, b, method in people.same if a in there and b in there}
    ours = people.keys()
    known = {edge for edge in writer.ask(_PEOPLE_IN_GRAPH).rows() if edge[0] in ours}
    if known != same:
        rows = ({START: a, END: b, "method": method} for a, b, method in sorted(same))
        table = relationships("SAME_PERSON", rows)
        edges = Edges("SAME_PERSON", "Contributor", "Contributor", table)
        replace(writer, "Contributor", sorted({a for a, _, _ in known}), [edges])


_COPY = ["key", "blob", "path", "origin_path", "kind", "boilerplate", "lag_seconds", "gone_at"]
_IN_GRAPH = """
MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)
WHERE v.key IN $keys
OPTIONAL MATCH (c)-[:COPIED_IN]->(copied:Commit)
OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(origin:Commit)
RETURN v.key, c.key, c.origin_path, c.kind, c.boilerplate, c.lag_seconds, c.gone_at, copied.sha,
       origin.sha
"""
_COMPARED = ["key", *_COPY[3:], "copied_sha", "origin_sha"]


def write_copies(writer: GraphWriter, copies: pa.Table, changed: Sequence[str]) -> int:
    """Replace the copies of those of the variants `changed` whose copies differ; return how many.

    `copies` are those of all variants, as `find_copies` returns them. The nodes of projects and
    commits are there.
    """
    wanted: dict[str, set[Row]] = defaultdict(set)
    columns = [copies[name].to_pylist() for name in ("variant", *_COMPARED)]
    for variant, *copy in zip(*columns, strict=True):
        wanted[variant].add(tuple(copy))
    different = stale(writer, _IN_GRAPH, sorted(changed), wanted)
    fresh = copies.filter(pc.is_in(copies["variant"], pa.array(different, pa.string())))
    known = fresh.filter(pc.is_valid(fresh["origin_sha"]))
    tables: list[Nodes | Edges] = [
        Nodes("Copy", fresh.select(_COPY)),
        Edges("HAS_COPY", "Variant", "Copy", ends(fresh["variant"], fresh["key"])),
        Edges("COPIED_FROM", "Copy", "Repository", ends(fresh["key"], fresh["repository"])),
        Edges("COPIED_IN", "Copy", "Commit", ends(fresh["key"], fresh["copied_sha"])),
        Edges("ORIGINATES_IN", "Copy", "Commit", ends(known["key"], known["origin_sha"])),
    ]
    replace(writer, "Variant", different, tables)
    return len(fresh)


_FILE = ["key", "path", "blob", "sha256", "size"]
_FILES_IN_GRAPH = """
MATCH (v:Variant)-[:HAS_FILE]->(f:File)
WHERE v.key IN $keys
OPTIONAL MATCH (f)-[:ADDED_IN]->(added:Commit)
RETURN v.key, f.key, f.sha256, f.size, added.sha
"""


def write_files(writer: GraphWriter, files: pa.Table, changed: Sequence[str]) -> None:
    """Replace the files of those of the variants `changed` whose files differ.

    `files` are those of all variants, as `find_files` returns them. The nodes of projects and
    commits are there.
    """
    wanted: dict[str, set[Row]] = defaultdict(set)
    names = ("variant", "key", "sha256", "size", "sha")
    for variant, *file in zip(*(files[name].to_pylist() for name in names), strict=True):
        wanted[variant].add(tuple(file))
    different = stale(writer, _FILES_IN_GRAPH, sorted(changed), wanted)
    added = files.filter(pc.is_in(files["variant"], pa.array(different, pa.string())))
    fresh = added.group_by("key", use_threads=False).aggregate([("row", "min")])["row_min"]
    fresh = files.take(fresh)
    tables: list[Nodes | Edges] = [
        Nodes("File", fresh.select(_FILE)),
        Edges("HAS_FILE", "Variant", "File", ends(fresh["variant"], fresh["key"])),
        Edges("ADDED_IN", "File", "Commit", ends(added["key"], added["sha"])),
    ]
    replace(writer, "Variant", different, tables)


_ATTESTATION = [
    *("key", "sha256", "place", "verdict", "why", "repository", "source_sha", "workflow"),
    *("predicate", "observed_at"),
]
_ATTESTATIONS_IN_GRAPH = """
MATCH (v:Variant)-[:HAS_ATTESTATION]->(a:Attestation)
WHERE v.key IN $keys
RETURN v.key, a.key, a.observed_at
"""


def write_attestations(writer: GraphWriter, histories: Mapping[str, ProjectHistory]) -> None:
    """Replace the attestations that came out different; the nodes of variants are there."""
    found = {
        key: list(_attestation_rows(history))
        for key, history in histories.items()
        if history.project.side is Side.DOWNSTREAM
    }
    wanted: dict[str, set[Row]] = {
        key: {(row["key"], row["observed_at"]) for row in rows} for key, rows in found.items()
    }
    different = stale(writer, _ATTESTATIONS_IN_GRAPH, sorted(found), wanted)
    owned = pairs((key, row["key"]) for key in different for row in found[key])
    rows = nodes("Attestation", (row for key in different for row in found[key]))
    tables: list[Nodes | Edges] = [
        Nodes("Attestation", rows),
        Edges("HAS_ATTESTATION", "Variant", "Attestation", owned),
    ]
    replace(writer, "Variant", different, tables)


def _attestation_rows(history: ProjectHistory) -> Iterator[dict[str, Any]]:
    """Yield what was found last of each file in each place, and when it was found first."""
    first: dict[Attestation, int] = {}
    last: dict[tuple[str, str], list[Attestation]] = {}
    for seen, told in history.answers:
        here: dict[tuple[str, str], list[Attestation]] = defaultdict(list)
        for row in told.attestations:
            first.setdefault(row, seen.observed_at)
            here[row.sha256, row.place].append(row)
        # That somebody had none is forgotten when others are asked, as after a transfer.
        again = {sha256 for sha256, _ in here}
        none = [at for at, (row, *_) in last.items() if row.verdict == "none" and at[0] in again]
        last = {at: rows for at, rows in last.items() if at not in none} | here
    for row in dict.fromkeys(row for rows in last.values() for row in rows):
        text = "\n".join([history.project.key, *(part or "" for part in row)])
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        values = (part or None for part in row[3:-1])
        named = (key, row.sha256, row.place, row.verdict, *values, first[row])
        yield dict(zip(_ATTESTATION, named, strict=True))
