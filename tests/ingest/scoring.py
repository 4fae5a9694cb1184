"""Precision and recall of evidence and links against a truth that is known."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hubtrace.graph.store import GraphStore
from hubtrace.ingest.evidence import RANKS
from tests.ingest.provenance import Truth

_EVIDENCE = """
MATCH (v:Variant)-[:HAS_EVIDENCE]->(e:Evidence)-[:POINTS_TO]->(r:Repository)
RETURN v.name, r.name, e.method, e.reason
"""
_LINKS = """
MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository)
RETURN v.name, r.name, l.confidence, l.role ORDER BY v.name, l.confidence DESC
"""
TIERS = ((0.9, 1.01), (0.6, 0.9), (0.3, 0.6), (0.0, 0.3))
"""Confidence from, and below."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """How many pairs were found, how many of them are true, and how many there are to find."""

    found: int
    true: int
    of: int

    @property
    def precision(self) -> float | None:
        """The share of what was found that is true; None if nothing was found."""
        return self.true / self.found if self.found else None

    @property
    def recall(self) -> float:
        """The share of what there is that was found."""
        return self.true / self.of


def score(pairs: Iterable[Pair], truth: Truth) -> Score:
    """Score pairs of a variant and a repository."""
    found = set(pairs)
    right = {pair for pair in found if truth.upstream.get(pair[0]) == pair[1]}
    return Score(len(found), len(right), sum(1 for name in truth.upstream.values() if name))


def by_method(store: GraphStore, truth: Truth, *, sure: bool) -> dict[str, Score]:
    """Score each method by itself; with `sure` only what nothing speaks against."""
    pairs: dict[str, set[Pair]] = defaultdict(set)
    for variant, repository, method, reason in store.run(_EVIDENCE).rows():
        if reason is None or not sure:
            pairs[method].add((variant, repository))
    return {method: score(pairs[method], truth) for method in RANKS}


def by_tier(store: GraphStore, truth: Truth) -> dict[tuple[float, float], tuple[Score, Score]]:
    """Score the links of each tier of confidence: all of them, and the best of each variant."""
    rows = store.run(_LINKS).rows()
    best = _best(rows)
    tiers = {}
    for low, high in TIERS:
        inside = [(v, r) for v, r, sure, _ in rows if low <= sure < high]
        first = [(v, r) for v, (r, sure, _) in best.items() if low <= sure < high]
        tiers[low, high] = score(inside, truth), score(first, truth)
    return tiers


def wrong_links(store: GraphStore, truth: Truth) -> list[str]:
    """Return a sentence for every variant whose best link or role is not the true one."""
    best = _best(store.run(_LINKS).rows())
    wrong = []
    for variant, upstream in truth.upstream.items():
        repository, sure, role = best.get(variant, (None, 0.0, None))
        if upstream is None:
            right = role != "upstream"
        else:
            right = repository == upstream and (role == "upstream") == truth.member[variant]
        if not right:
            wrong.append(f"{variant} ({truth.kind[variant]}): {repository} {sure} {role}")
    return wrong


def _best(rows: Iterable[tuple[str, str, float, str]]) -> Mapping[str, tuple[str, float, str]]:
    best: dict[str, tuple[str, float, str]] = {}
    for variant, repository, sure, role in rows:
        best.setdefault(variant, (repository, sure, role))
    return best
