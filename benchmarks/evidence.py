"""`python -m benchmarks.evidence`: precision and recall of every method, for docs/evidence.md.

Two grounds: worlds that `tests.ingest.provenance` makes, whose truth is known, and the pairs of the
study's sample, of which only the names are known. Words go to stderr, tables to stdout.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from benchmarks.measuring import say
from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.ingest.evidence import RANKS, same_owner
from hubtrace.ingest.load import load
from tests.ingest.provenance import Provenance, Truth
from tests.ingest.scoring import Score, by_method, by_tier, wrong_links


def main() -> int:
    """Make the worlds, score them, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__)
    parser.add_argument("--worlds", type=int, default=3, help="how many to make (default: 3)")
    worlds = range(parser.parse_args().worlds)
    totals = _Totals()
    for seed in worlds:
        say(f"world {seed + 1} of {len(worlds)} …")
        with tempfile.TemporaryDirectory(prefix="hubtrace-evidence-") as folder:
            _score(Path(folder), seed, totals)
    totals.show()
    _study()
    return 0


class _Totals:
    """The scores of all worlds together."""

    def __init__(self) -> None:
        self.sure: dict[str, list[Score]] = {method: [] for method in RANKS}
        self.any: dict[str, list[Score]] = {method: [] for method in RANKS}
        self.tiers: dict[tuple[float, float], list[Score]] = {}
        self.wrong: list[str] = []
        self.kinds: Counter[str] = Counter()

    def add(self, graph: GraphStore, truth: Truth) -> None:
        """Add one world."""
        for method, one in by_method(graph, truth, sure=True).items():
            self.sure[method].append(one)
        for method, one in by_method(graph, truth, sure=False).items():
            self.any[method].append(one)
        for tier, (_, best) in by_tier(graph, truth).items():
            self.tiers.setdefault(tier, []).append(best)
        self.wrong += wrong_links(graph, truth)
        self.kinds.update(truth.kind.values())

    def show(self) -> None:
        """Print the tables."""
        _table(
            ("rank", "method", "pairs", "precision", "recall", "pairs with a reason", "precision"),
            map(self._method, RANKS),
        )
        _table(
            ("confidence of the best link", "variants", "precision"),
            (
                (f"{low:.1f} to {min(high, 1.0):.1f}", *_cells(_sum(scores))[:2])
                for (low, high), scores in self.tiers.items()
            ),
        )
        total = self.kinds.total()
        right = total - len(self.wrong)
        print(f"Best link and role as they are: {right} of {total} variants.")
        for sentence in self.wrong:
            print(f"- {sentence}")

    def _method(self, method: str) -> tuple[str, ...]:
        sure, all_ = _sum(self.sure[method]), _sum(self.any[method])
        lessened = _cells(_rest(all_, sure))[:2]
        return str(RANKS[method]), f"`{method}`", *_cells(sure), *lessened


def _score(folder: Path, seed: int, totals: _Totals) -> None:
    made = Provenance(folder / "world", seed)
    with made.write(folder / "snapshot") as writer, open_store(str(folder / "g.kgl")) as graph:
        load(writer.snapshot, graph)
        totals.add(graph, made.truth)


def _study() -> None:
    """Score what names alone tell, on the pairs of the study's sample."""
    lines = (files("hubtrace") / "sample" / "families.jsonl").read_text("utf-8").splitlines()
    families = [json.loads(line) for line in lines]
    true = {(v, f["repository"]) for f in families for v in f["variant_commit_days"]}
    variants, repositories = {v for v, _ in true}, {r for _, r in true}
    rows = []
    for what, wanted in (("owners agree", (None, "unnamed")), ("and names agree", (None,))):
        found = {
            (variant, repository)
            for variant in variants
            for repository in repositories
            if (one := same_owner(variant, repository)) and one.reason in wanted
        }
        rows.append((what, *_cells(Score(len(found), len(found & true), len(true)))))
    print(f"\nThe study's sample: {len(true)} pairs, {len(variants) * len(repositories)} possible.")
    _table(("`same_owner`", "pairs", "precision", "recall"), rows)


def _sum(scores: Iterable[Score]) -> Score:
    listed = list(scores)
    return Score(*(sum(getattr(s, name) for s in listed) for name in ("found", "true", "of")))


def _rest(all_: Score, sure: Score) -> Score:
    return Score(all_.found - sure.found, all_.true - sure.true, all_.of)


def _cells(score: Score) -> tuple[str, str, str]:
    share = "" if score.precision is None else f"{score.precision:.3f}"
    return str(score.found), share, f"{score.recall:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    sys.exit(main())
