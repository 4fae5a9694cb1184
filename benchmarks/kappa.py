"""`python -m benchmarks.kappa`: how well the change types agree with people who labelled commits.

Cohen's kappa and macro-F1 of the primary type against each of two labellers, beside the kappa
between the two; and on commits written for this purpose from the definitions of the types
(docs/change-types.md): `generated_commits.jsonl` covers all 15 types on both sides,
`blind_commits.jsonl` was written later, in other words, to see what the rules do not know.
`real_commits.jsonl` names commits of public repositories with their labels; their messages and
paths are read from clones.
"""

import argparse
import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hubtrace.ingest.change_types.lines import classified_lines

HERE = Path(__file__).parent
WRITTEN = {name: HERE / f"{name}_commits.jsonl" for name in ("generated", "blind")}
REAL = HERE / "real_commits.jsonl"
LABELLED = HERE.parent.parent / "shared" / "data" / "labelled"
"""Where the labelled commits lie in a checkout that has them; they are no part of the project."""
SAMPLES = {"downstream": "hf.jsonl", "upstream": "gh.jsonl"}
READINGS = ("label_a", "label_b", "label_c", "label_d")
"""Of the real commits: two of one reader, then one each of two others, who saw nothing else."""
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
    interval: tuple[float, float] | None = None
    """Of kappa, from resampled commits, 95 %."""


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


def with_interval(found: Agreement, pairs: Pairs, samples: int = 1000) -> Agreement:
    """Add the interval of kappa that resampled commits give."""
    if found.kappa is None:
        return found
    drawn, commits = random.Random(1), list(pairs.elements())
    again = (Counter(drawn.choices(commits, k=len(commits))) for _ in range(samples))
    kappas = sorted(agreement("", "", "", sample).kappa or 0.0 for sample in again)
    ends = kappas[round(0.025 * samples)], kappas[round(0.975 * samples) - 1]
    return replace(found, interval=ends)


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


def real(clones: Path, labels: Path = REAL) -> list[dict[str, Any]]:
    """Return the commits of public repositories, read from clones and classified.

    A clone of OWNER/NAME is the folder OWNER+NAME, bare or not, or its folder `repo`; commits of
    repositories that are not there are left out.
    """
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    shas: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        repository, sha = row["commit"].split("@")
        shas[repository].append(sha)
    read = {
        f"{repository}@{sha}": commit
        for repository, wanted in shas.items()
        if (folder := _git_folder(clones / repository.replace("/", "+", 1)))
        for sha, commit in _commits(folder, wanted)
    }
    return classified({**row, **read[row["commit"]]} for row in rows if row["commit"] in read)


def _git_folder(clone: Path) -> Path | None:
    places = (clone, clone / ".git", clone / "repo", clone / "repo" / ".git")
    return next((place for place in places if (place / "HEAD").is_file()), None)


def _commits(folder: Path, shas: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the message and the changed files of commits, of merges to the first parent."""
    shown = ("--no-walk", "--stdin", "-m", "--first-parent", "--no-renames", "--name-status")
    command = ["git", f"--git-dir={folder}", "log", *shown, "--format=%x01%H%x02%B%x03"]
    ran = subprocess.run(command, input="\n".join(shas).encode(), capture_output=True, check=True)
    for text in ran.stdout.decode("utf-8", "replace").split("\x01")[1:]:
        sha, _, rest = text.partition("\x02")
        message, _, listed = rest.rpartition("\x03")
        changed = (line.split("\t") for line in listed.splitlines() if "\t" in line)
        files = [{"status": status[:1], "path": path} for status, path, *_ in changed]
        yield sha, {"message": message.strip(), "files": files}


def of_real(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[Agreement, Pairs]]:
    """Compare the rules with each reading of the real commits, and a with b, c with d, a with c."""
    for name in ("real", "second", "third"):
        for side in SAMPLES:
            here = [row for row in rows if (row["set"], row["side"]) == (name, side)]
            for who in READINGS:
                if read := [row for row in here if who in row]:
                    pairs = pairs_of(read, who)
                    yield agreement(name, side, f"reading {who[-1]}, rules", pairs), pairs
            for one, other in (READINGS[:2], READINGS[2:], READINGS[::2]):
                if both := [row for row in here if one in row and other in row]:
                    pairs = Counter((row[one], row[other]) for row in both)
                    compared = f"reading {one[-1]}, reading {other[-1]}"
                    yield agreement(name, side, compared, pairs), pairs


def of_sample(rows: Sequence[dict[str, Any]], side: str) -> Iterator[tuple[Agreement, Pairs]]:
    """Compare a labelled sample with each labeller, and the labellers with each other."""
    for who in ("label_a", "label_b"):
        pairs = pairs_of(rows, who)
        yield agreement("labelled", side, f"labeller {who[-1]}, rules", pairs), pairs
    pairs = Counter((row["label_a"], row["label_b"]) for row in rows)
    yield agreement("labelled", side, "labeller a, labeller b", pairs), pairs


def pairs_of(rows: Iterable[dict[str, Any]], label: str) -> Pairs:
    """Return how often each pair of their label and our primary type was given."""
    return Counter((row[label], row["types"][0]) for row in rows)


def main() -> int:
    """Print the tables; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kappa", description=__doc__)
    parser.add_argument("--labelled", type=Path, default=LABELLED, metavar="DIR")
    parser.add_argument("--clones", type=Path, metavar="DIR", help="holds OWNER+NAME/, git clones")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    options = parser.parse_args()
    compared: list[tuple[Agreement, Pairs]] = []
    for side in SAMPLES:
        if (options.labelled / SAMPLES[side]).exists():
            compared += of_sample(labelled(options.labelled, side), side)
        else:
            print(f"no {SAMPLES[side]} in {options.labelled}", file=sys.stderr)
    for name in WRITTEN:
        rows = written(name)
        for side in SAMPLES:
            pairs = pairs_of([row for row in rows if row["side"] == side], "label")
            compared.append((agreement(name, side, "label, rules", pairs), pairs))
    if options.clones:
        compared += of_real(real(options.clones))
    found = [with_interval(agreement, pairs) for agreement, pairs in compared]
    confusions: dict[str, Pairs] = {}
    for agreed, pairs in compared:
        confusions.setdefault(f"{agreed.set}, {agreed.side}", pairs)
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
        "| set | side | compared | commits | same | kappa | 95 % | macro-F1 "
        "| published kappa of people |",
        "| --- | --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for one in found:
        kappa = "" if one.kappa is None else f"{one.kappa:.3f}"
        ends = "" if one.interval is None else "{:.2f} to {:.2f}".format(*one.interval)
        people = PUBLISHED[one.side] if one.set == "labelled" else ""
        lines.append(
            f"| {one.set} | {one.side} | {one.labels} | {one.commits} | {one.same:.3f} "
            f"| {kappa} | {ends} | {one.macro_f1:.3f} | {people} |"
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
