"""`python -m benchmarks.kappa`: how well the change types agree with people who labelled commits.

Cohen's kappa and macro-F1 of the primary type against each of two labellers, beside the kappa
between the two; and on commits written for this purpose from the definitions of the types
(docs/change-types.md): `generated_commits.jsonl` covers all 15 types on both sides,
`blind_commits.jsonl` was written later, in other words, to see what the rules do not know.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hubtrace.ingest.change_types.lines import classified_lines

HERE = Path(__file__).parent
WRITTEN = {name: HERE / f"{name}_commits.jsonl" for name in ("generated", "blind")}
LABELLED = HERE.parent.parent / "shared" / "data" / "labelled"
"""Where the labelled commits lie in a checkout that has them; they are no part of the project."""
SAMPLES = {"downstream": "hf.jsonl", "upstream": "gh.jsonl"}
PUBLISHED = {"upstream": 0.81, "downstream": 0.94}
"""Kappa between the labellers on all 160 commits of each side (arXiv 2508.10157)."""

Pairs = Counter[tuple[str, str]]
"""How often each pair of labels was given: theirs, then ours."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two labellings of the same commits agree."""

    set: str
    side: str
    labels: str
    """Who is compared with whom."""
    commits: int
    same: float
    """Share of the commits with the same label."""
    kappa: float | None
    """Cohen's; None where both gave one and the same label to all."""
    macro_f1: float
    """Mean F1 of the labels that either side gave."""


def agreement(name: str, side: str, labels: str, pairs: Pairs) -> Agreement:
    """Compare two labellings."""
    total = pairs.total()
    same = sum(count for (a, b), count in pairs.items() if a == b) / total
    given = sorted({label for pair in pairs for label in pair})
    firsts, seconds = _margins(pairs)
    chance = sum(firsts[label] * seconds[label] for label in given) / total**2
    kappa = None if chance == 1 else (same - chance) / (1 - chance)
    f1 = [2 * pairs[label, label] / (firsts[label] + seconds[label]) for label in given]
    return Agreement(name, side, labels, total, same, kappa, sum(f1) / len(f1))


def _margins(pairs: Pairs) -> tuple[Counter[str], Counter[str]]:
    firsts, seconds = Counter[str](), Counter[str]()
    for (first, second), count in pairs.items():
        firsts[first] += count
        seconds[second] += count
    return firsts, seconds


def classified(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Classify commits by the very lines that `hubtrace classify` reads."""
    lines = _Lines([json.dumps(row).encode() + b"\n" for row in rows])
    return list(classified_lines(lines, "commits"))


class _Lines:
    """Lines that are read like a file."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = iter(lines)

    def readline(self, _size: int, /) -> bytes:
        return next(self._lines, b"")


def written(name: str) -> list[dict[str, Any]]:
    """Return the commits that were written for a set of this name, classified."""
    return classified(json.loads(line) for line in WRITTEN[name].read_text("utf-8").splitlines())


def labelled(folder: Path, side: str) -> list[dict[str, Any]]:
    """Return the labelled commits of a side, classified."""
    text = (folder / SAMPLES[side]).read_text("utf-8")
    return classified({**json.loads(line), "side": side} for line in text.splitlines())


def of_sample(rows: Sequence[dict[str, Any]], side: str) -> tuple[list[Agreement], Pairs]:
    """Compare a labelled sample with each labeller, and the labellers with each other."""
    people = [
        agreement("labelled", side, f"labeller {who[-1]}, rules", pairs_of(rows, who))
        for who in ("label_a", "label_b")
    ]
    between = Counter((row["label_a"], row["label_b"]) for row in rows)
    first = pairs_of(rows, "label_a")
    return [*people, agreement("labelled", side, "labeller a, labeller b", between)], first


def pairs_of(rows: Iterable[dict[str, Any]], label: str) -> Pairs:
    """Return how often each pair of their label and our primary type was given."""
    return Counter((row[label], row["types"][0]) for row in rows)


def main() -> int:
    """Print the tables; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kappa", description=__doc__)
    parser.add_argument("--labelled", type=Path, default=LABELLED, metavar="DIR")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    options = parser.parse_args()
    found: list[Agreement] = []
    confusions: dict[str, Pairs] = {}
    for side in SAMPLES:
        if (options.labelled / SAMPLES[side]).exists():
            agreements, confusions[f"labelled, {side}"] = of_sample(
                labelled(options.labelled, side), side
            )
            found += agreements
        else:
            print(f"no {SAMPLES[side]} in {options.labelled}", file=sys.stderr)
    for name in WRITTEN:
        rows = written(name)
        for side in SAMPLES:
            pairs = pairs_of([row for row in rows if row["side"] == side], "label")
            confusions[f"{name}, {side}"] = pairs
            found.append(agreement(name, side, "label, rules", pairs))
    print((_in_json if options.format == "json" else _in_markdown)(found, confusions))
    return 0


def _in_json(found: list[Agreement], confusions: dict[str, Pairs]) -> str:
    tables = {
        name: [{"label": a, "rules": b, "commits": n} for (a, b), n in sorted(pairs.items())]
        for name, pairs in confusions.items()
    }
    body = {"schema": "hubtrace.kappa/1", "agreement": [asdict(a) for a in found]}
    return json.dumps({**body, "confusion": tables, "published": PUBLISHED}, indent=2)


def _in_markdown(found: list[Agreement], confusions: dict[str, Pairs]) -> str:
    lines = [
        "| set | side | compared | commits | same | kappa | macro-F1 | published kappa of people |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in found:
        kappa = "" if one.kappa is None else f"{one.kappa:.3f}"
        people = PUBLISHED[one.side] if one.set == "labelled" else ""
        lines.append(
            f"| {one.set} | {one.side} | {one.labels} | {one.commits} | {one.same:.3f} "
            f"| {kappa} | {one.macro_f1:.3f} | {people} |"
        )
    for name, pairs in confusions.items():
        lines += ["", f"Confusion, {name}: label → rules, where they differ", ""]
        lines += ["| label | rules | commits |", "| --- | --- | ---: |"]
        lines += [f"| {a} | {b} | {n} |" for (a, b), n in sorted(pairs.items()) if a != b]
        agreed = Counter({a: n for (a, b), n in pairs.items() if a == b})
        lines.append(f"\nThe same: {', '.join(f'{a} {n}' for a, n in sorted(agreed.items()))}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
