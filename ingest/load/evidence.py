"""Evidence and links in the graph: derived from the whole snapshot, written where they differ.

A README that changes can change the links of any variant, and so can a project that is new. So all
evidence is gathered again whenever anything in the snapshot changed, which reads texts, not
histories, and only the variants whose evidence or links came out different are written.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hubtrace.graph.identity import Side
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START, nodes, pairs, relationships
from hubtrace.ingest.derive.evidence import EvidenceCollector, Seen
from hubtrace.ingest.derive.identities import People, write_people
from hubtrace.ingest.derive.project_index import ProjectIndex
from hubtrace.ingest.derive.references import read_references, write_references
from hubtrace.ingest.evidence import links
from hubtrace.ingest.evidence.content import Held, content
from hubtrace.ingest.evidence.model import Evidence, strongest_first
from hubtrace.ingest.evidence.owners import owners_agree
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import ProjectHistory
from hubtrace.ingest.source import Progress

DERIVATION = 3
"""Raised when the same inputs would give other links, so that graphs are brought up to date."""

KEPT = 5
"""Observations of one method that are kept for a pair: the strongest ones."""

_EVIDENCE = ["key", "method", "rank", "place", "said", "strength", "reason", "observed_at"]
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
_COPIES = """
MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository)
OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(o:Commit)<-[h:HAS_COMMIT]-(r)
RETURN v.key, r.key, c.blob, c.path, c.origin_path, c.kind, c.boilerplate,
       coalesce(h.landed_at, h.at)
"""
Row = tuple[Any, ...]


def write_links(
    writer: GraphWriter,
    histories: Mapping[str, ProjectHistory],
    families: Iterable[Family],
    progress: Progress,
) -> None:
    """Replace the evidence, links, references and people that came out different.

    The nodes of projects, commits and contributors are there, and so are the copies.
    """
    directory, people = ProjectIndex(histories), People(histories)
    references = read_references(histories, directory)
    gathering = EvidenceCollector(histories, directory)
    gathering.texts(progress)
    gathering.references(references.named)
    _add_content(writer, gathering, histories)
    gathering.owners()
    gathering.contributors(people)
    by_variant: dict[str, dict[str, list[Seen]]] = defaultdict(dict)
    for (variant, repository), seen in gathering.worth_keeping().items():
        by_variant[variant][repository] = _strongest(seen)
    _write(writer, histories, families, by_variant)
    write_references(writer, references.commits)
    write_people(writer, people)


def _add_content(
    writer: GraphWriter, gathering: EvidenceCollector, histories: Mapping[str, ProjectHistory]
) -> None:
    """Add the copies of files that the graph holds."""
    rows = writer.ask(_COPIES).rows()
    since: dict[str, dict[str, float]] = defaultdict(dict)
    for _, repository, blob, *_, at in rows:
        since[blob][repository] = math.inf if at is None else at
    for variant, repository, blob, path, origin_path, kind, boilerplate, _ in rows:
        if variant in histories and repository in histories:
            holders = since[blob]
            first = holders[repository] == min(holders.values())
            file = Held(
                *(repository, path, origin_path, blob, kind, bool(boilerplate)),
                holders=len(holders),
                first=first,
            )
            for one in content([file]):
                gathering.add(variant, repository, one, variant)


def _strongest(seen: Sequence[Seen]) -> list[Seen]:
    """Return the strongest observations of each method, each place once."""
    ranked = sorted(seen, key=lambda one: (*strongest_first(one.found), one.at))
    places: set[tuple[str, str]] = set()
    of_method: dict[str, int] = defaultdict(int)
    kept: list[Seen] = []
    for one in ranked:
        place = one.found.method, one.found.place
        if place not in places and of_method[one.found.method] < KEPT:
            places.add(place)
            of_method[one.found.method] += 1
            kept.append(one)
    return kept


def _write(
    writer: GraphWriter,
    histories: Mapping[str, ProjectHistory],
    families: Iterable[Family],
    by_variant: Mapping[str, Mapping[str, Sequence[Seen]]],
) -> None:
    variants = [key for key, h in histories.items() if h.project.side is Side.DOWNSTREAM]
    declared = _declared(families)
    evidence: dict[str, set[Row]] = defaultdict(set)
    ranked: dict[str, set[Row]] = defaultdict(set)
    for variant in variants:
        found = by_variant.get(variant, {})
        evidence[variant] = {
            (repository, *_evidence_row(variant, repository, one).values())
            for repository, seen in found.items()
            for one in seen
        }
        ranked[variant] = set(_link_rows(histories[variant], found, declared.get(variant, set())))
    there = _in_graph(writer, _EVIDENCE_IN_GRAPH, variants)
    linked = _in_graph(writer, _LINKS_IN_GRAPH, variants)
    stale = [v for v in variants if (there[v], linked[v]) != (evidence[v], ranked[v])]
    if stale:
        _replace(writer, stale, evidence, ranked)


def _declared(families: Iterable[Family]) -> dict[str, set[str]]:
    """Return the repositories that a families file gives each variant."""
    declared: dict[str, set[str]] = defaultdict(set)
    for family in families:
        for variant in family.variants if not family.found else ():
            declared[variant] |= {upstream.project for upstream in family.upstreams}
    return declared


def _evidence_row(variant: str, repository: str, one: Seen) -> dict[str, Any]:
    found = one.found
    parts = "\n".join((variant, repository, found.method, found.place))
    return {
        "key": hashlib.sha256(parts.encode()).hexdigest()[:32],
        "method": found.method,
        "rank": found.rank,
        "place": found.place,
        "said": found.said,
        "strength": found.strength,
        "reason": found.reason,
        "observed_at": one.at,
    }


def _link_rows(
    history: ProjectHistory, found: Mapping[str, Sequence[Seen]], family: set[str]
) -> list[Row]:
    everything: list[Evidence] = [one.found for seen in found.values() for one in seen]
    ranked = links(everything, family=family, foreign_base=_has_foreign_base(history))
    return [(link.repository, link.confidence, link.best_method, link.role) for link in ranked]


def _has_foreign_base(history: ProjectHistory) -> bool:
    """Return True if the variant says that it was made from another owner's model."""
    if history.details is None:
        return False
    own = history.project.name.partition("/")[0]
    bases = (base.name.partition("/") for base in history.details.facts.base_models)
    return any(slash and not owners_agree(own, owner) for owner, slash, _ in bases)


def _in_graph(writer: GraphWriter, statement: str, variants: list[str]) -> dict[str, set[Row]]:
    there: dict[str, set[Row]] = defaultdict(set)
    for variant, *row in writer.ask(statement, keys=variants).rows():
        there[variant].add(tuple(row))
    return there


def _replace(
    writer: GraphWriter,
    stale: list[str],
    evidence: Mapping[str, set[Row]],
    ranked: Mapping[str, set[Row]],
) -> None:
    """Write the evidence and links of some variants in place of what the graph has of them."""
    writer.remove_relationships("HAS_EVIDENCE", "Variant", stale)
    writer.remove_relationships("LINKS_TO", "Variant", stale)
    rows = [(variant, *row) for variant in stale for row in sorted(evidence[variant], key=str)]
    _write_unknown(writer, {repository for _, repository, *_ in rows})
    table = nodes("Evidence", (dict(zip(_EVIDENCE, row[2:], strict=True)) for row in rows))
    writer.put_nodes("Evidence", table)
    owned = pairs((variant, key) for variant, _, key, *_ in rows)
    writer.put_relationships("HAS_EVIDENCE", "Variant", "Evidence", owned)
    pointing = pairs((key, repository) for _, repository, key, *_ in rows)
    writer.put_relationships("POINTS_TO", "Evidence", "Repository", pointing)
    linked = (
        {START: variant, END: end, "confidence": sure, "best_method": method, "role": role}
        for variant in stale
        for end, sure, method, role in sorted(ranked[variant])
    )
    table = relationships("LINKS_TO", linked)
    writer.put_relationships("LINKS_TO", "Variant", "Repository", table)
    writer.run(_REMOVE_UNNAMED)


def _write_unknown(writer: GraphWriter, repositories: set[str]) -> None:
    """Write bare nodes for the repositories that evidence names and the graph lacks."""
    there = {key for (key,) in writer.ask(_REPOSITORIES, keys=sorted(repositories)).rows()}
    missing = sorted(repositories - there)
    rows = ({"key": key, "name": "/".join(key.split("/")[-2:]), "url": key} for key in missing)
    writer.put_nodes("Repository", nodes("Repository", rows))
