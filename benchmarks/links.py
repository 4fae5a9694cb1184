"""`python -m benchmarks links --labels FILE --texts DIR`: links of real model cards.

What an ingest finds in cards is compared with labels that people gave, beside two baselines in the
same run: the card's first GitHub URL, and the rule of arXiv 2508.10157. A label is a JSON object on
a line: `source`, `model`, `accept` (the repositories that are right; empty where none is), `kind`
and, where known, `role`. A card's text in DIR is named after its `source`, every character outside
`A-Za-z0-9_.@-` replaced by `_`; a README in `--readmes` is `owner+name.md`.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import BenchmarkFailed, say
from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Project, Side, parse_address
from hubtrace.ingest.discovery.scoring import Scorer, named_by
from hubtrace.ingest.evidence import Link, in_variant
from hubtrace.ingest.evidence.model import UPSTREAM
from hubtrace.ingest.records import HostData, ProjectMetadata, Text
from hubtrace.ingest.resolver import ResolvedProject

SCHEMA = "hubtrace.benchmarks.links/1"
_URL = re.compile(r"(?:https?://)?(?:www\.)?github\.com/[^\s<>\"'`)\]]+", re.IGNORECASE)
_STUDY_URL = re.compile(r"https?://github\.com/[^\s/$.?#]\S*")
_BINS = ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01))


@dataclass(frozen=True, slots=True)
class Card:
    """A labelled card."""

    source: str
    model: str
    accept: frozenset[str]
    """The right repositories, in lower case; none where no link is right."""
    kind: str
    role: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way of reading says of one card."""

    card: Card
    repository: str | None
    confidence: float = 1.0
    member: bool = False

    @property
    def right(self) -> bool:
        """True if it names a repository, and a right one."""
        return self.repository is not None and self.repository.lower() in self.card.accept


@dataclass(frozen=True, slots=True)
class Score:
    """How often answers are right."""

    cards: int
    with_upstream: int
    answered: int
    right: int
    false_where_none: int
    """Answers where no repository is right."""

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Score":
        """Return the score of some answers."""
        return cls(
            len(answers),
            sum(bool(one.card.accept) for one in answers),
            sum(one.repository is not None for one in answers),
            sum(one.right for one in answers),
            sum(one.repository is not None and not one.card.accept for one in answers),
        )

    @property
    def precision(self) -> float | None:
        """The share of the answers that are right."""
        return self.right / self.answered if self.answered else None

    @property
    def recall(self) -> float | None:
        """The share of the cards with an upstream whose answer is right."""
        return self.right / self.with_upstream if self.with_upstream else None


def main(arguments: Sequence[str]) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks links", description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, metavar="FILE")
    parser.add_argument("--texts", type=Path, required=True, metavar="DIR")
    parser.add_argument("--readmes", type=Path, metavar="DIR")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    parser.add_argument("--misses", action="store_true", help="list the cards that come out wrong")
    options = parser.parse_args(arguments)
    try:
        cards = read_cards(options.labels, options.texts)
        linked = links_of(cards, read_readmes(options.readmes) if options.readmes else ())
    except (BenchmarkFailed, OSError, ValueError, KeyError) as failure:
        say(f"{type(failure).__name__}: {failure}")
        return 1
    answers = {
        "hubtrace": [_answer(card, links) for card, links in zip(cards, linked, strict=True)],
        "first GitHub URL": [Answer(card, first_url(card.text)) for card in cards],
        "rule of arXiv 2508.10157": [Answer(card, study_rule(card)) for card in cards],
    }
    shown = _in_json if options.format == "json" else _in_markdown
    print(shown(answers, _all_links(cards, linked)))
    if options.misses:
        _say_misses(answers["hubtrace"])
    return 0


def read_cards(labels: Path, texts: Path) -> list[Card]:
    """Return the labelled cards with their texts.

    Raises:
        BenchmarkFailed: the text of a card is missing.
    """
    cards: list[Card] = []
    for line in labels.read_text("utf-8").splitlines():
        label = json.loads(line)
        path = texts / re.sub(r"[^A-Za-z0-9_.@-]", "_", label["source"])
        if not path.is_file():
            raise BenchmarkFailed(f"{path} is missing")
        accept = frozenset(name.lower() for name in label["accept"])
        text = path.read_text("utf-8", errors="replace")
        kind, role = label.get("kind", "unknown"), label.get("role")
        cards.append(Card(label["source"], label["model"], accept, kind, role, text))
    return cards


def read_readmes(folder: Path) -> list[ResolvedProject]:
    """Return the repositories whose READMEs a folder holds, as `owner+name.md`."""
    repositories: list[ResolvedProject] = []
    for path in sorted(folder.glob("*+*.md")):
        name = path.stem.replace("+", "/", 1)
        text = Text("readme", "README.md", None, path.read_text("utf-8", errors="replace"))
        repositories.append(_project(Side.UPSTREAM, name, text))
    return repositories


def links_of(
    cards: Sequence[Card], repositories: Iterable[ResolvedProject]
) -> list[tuple[Link, ...]]:
    """Return the links of each card, the best one first, as `hubtrace ingest` scores them.

    Each card is read alone, as when somebody asks for one model.
    """
    there = list(repositories)
    named, names = named_by(there, {}), [one.name for one in there]
    linked: list[tuple[Link, ...]] = []
    for card in cards:
        model = _project(Side.DOWNSTREAM, card.model, Text("card", "README.md", None, card.text))
        evidence = {card.model.lower(): in_variant(card.model, model.details)}
        linked.append(Scorer.of(evidence, named, names).score(model).links)
    return linked


def first_url(text: str) -> str | None:
    """Return the repository of the first GitHub URL in a text."""
    return next((name for url in _URL.findall(text) if (name := _repository(url))), None)


def study_rule(card: Card) -> str | None:
    """Return what the rule of arXiv 2508.10157 finds.

    It takes a URL, up to the next blank, that contains as written a word of the owner or the first
    word of the model's name, split at `-` and `_`. Of several it takes any one; here the first.
    """
    owner, _, name = card.model.partition("/")
    terms = [*re.split("[-_]", owner), re.split("[-_]", name)[0]]
    for url in _STUDY_URL.findall(card.text):
        short = _URL.match(url)
        if any(term in url for term in terms) and short and (found := _repository(short[0])):
            return found
    return None


def calibration(answers: Iterable[Answer]) -> tuple[float, list[dict[str, Any]]]:
    """Return the expected calibration error of some answers, and its curve."""
    given = [one for one in answers if one.repository is not None]
    curve: list[dict[str, Any]] = []
    error = 0.0
    for low, high in _BINS:
        some = [one for one in given if low <= one.confidence < high]
        if some:
            mean = sum(one.confidence for one in some) / len(some)
            right = sum(one.right for one in some) / len(some)
            error += abs(mean - right) * len(some) / len(given)
            row = {"from": low, "to": min(high, 1.0), "links": len(some)}
            curve.append({**row, "confidence": round(mean, 4), "right": round(right, 4)})
    return error, curve


def membership(answers: Iterable[Answer]) -> tuple[Score, int]:
    """Return the score of the members of families, and how many cards are labelled releases."""
    known = [one for one in answers if one.card.role is not None or not one.card.accept]
    right = [one for one in known if one.member and one.right and one.card.role == UPSTREAM]
    members = [one for one in known if one.member]
    released = sum(one.card.role == UPSTREAM for one in known)
    false = sum(not one.card.accept for one in members)
    return Score(len(known), released, len(members), len(right), false), released


def _answer(card: Card, links: Sequence[Link]) -> Answer:
    if not links:
        return Answer(card, None)
    best = links[0]
    return Answer(card, best.repository, best.confidence, best.role == UPSTREAM)


def _all_links(cards: Sequence[Card], linked: Sequence[Sequence[Link]]) -> list[Answer]:
    return [_answer(card, [one]) for card, some in zip(cards, linked, strict=True) for one in some]


def _project(side: Side, name: str, text: Text) -> ResolvedProject:
    # Not by the hosts' grammar: models of 2020 have names that the Hub no longer allows.
    project = Project(name.lower(), side, name, "")
    return ResolvedProject(project, HostData(ProjectMetadata("", name), texts=(text,)))


def _repository(url: str) -> str | None:
    try:
        return parse_address(url.rstrip(".,;:!?*_")).name
    except SourceError:
        return None


def _kinds(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    kinds: dict[str, list[Answer]] = {}
    for one in sorted(answers, key=lambda answer: answer.card.kind):
        kinds.setdefault(one.card.kind, []).append(one)
    return kinds


def _scored(answers: Sequence[Answer]) -> dict[str, Any]:
    score = Score.of(answers)
    return {**asdict(score), "precision": score.precision, "recall": score.recall}


def _in_json(answers: Mapping[str, Sequence[Answer]], every: Sequence[Answer]) -> str:
    ours = answers["hubtrace"]
    members, _ = membership(ours)
    best, all_ = calibration(ours), calibration(every)
    document = {
        "schema": SCHEMA,
        "best_link": {way: _scored(some) for way, some in answers.items()},
        "kinds": {
            way: {kind: _scored(group) for kind, group in _kinds(some).items()}
            for way, some in answers.items()
        },
        "membership": {
            "releases": members.with_upstream,
            "members": members.answered,
            "right": members.right,
            "precision": members.precision,
            "recall": members.recall,
        },
        "calibration": {"error": best[0], "curve": best[1]},
        "calibration_of_all_links": {"error": all_[0], "curve": all_[1]},
    }
    return json.dumps(document, indent=2)


def _in_markdown(answers: Mapping[str, Sequence[Answer]], every: Sequence[Answer]) -> str:
    ours = answers["hubtrace"]
    rows = [(way, *_cells(Score.of(some))) for way, some in answers.items()]
    head = ("best link", "answers", "right", "precision", "recall", "false where none is right")
    parts = [_table(head, rows)]
    members, released = membership(ours)
    sentence = f"{members.answered} members, {members.right} of {released} releases"
    parts.append(
        f"Membership: precision {_share(members.precision)}, recall {_share(members.recall)} "
        f"({sentence})."
    )
    parts.append(_table(("kind", "cards", *answers), _kind_rows(answers)))
    for words, some in (("best links", ours), ("all links", every)):
        error, curve = calibration(some)
        parts.append(f"Expected calibration error of {words}: {error:.3f}")
        cells = [
            (f"{row['from']:.2f} to {row['to']:.2f}", str(row["links"]), *_two(row))
            for row in curve
        ]
        parts.append(_table(("confidence", "links", "mean", "right"), cells))
    return "\n\n".join(parts)


def _kind_rows(answers: Mapping[str, Sequence[Answer]]) -> list[tuple[str, ...]]:
    """Return of each kind how many are right as they are: a right link, or none where none is."""
    ways = [_kinds(some) for some in answers.values()]
    return [
        (kind, str(len(group)), *(str(sum(map(_as_labelled, way[kind]))) for way in ways))
        for kind, group in ways[0].items()
    ]


def _as_labelled(one: Answer) -> bool:
    return one.right or (one.repository is None and not one.card.accept)


def _say_misses(answers: Iterable[Answer]) -> None:
    for one in answers:
        if not _as_labelled(one):
            wanted = ", ".join(sorted(one.card.accept)) or "none"
            say(f"{one.card.kind}: {one.card.model}: {one.repository}, not {wanted}")


def _two(row: Mapping[str, Any]) -> tuple[str, str]:
    return _share(row["confidence"]), _share(row["right"])


def _cells(score: Score) -> Iterable[str]:
    shares = map(_share, (score.precision, score.recall))
    return str(score.answered), str(score.right), *shares, str(score.false_where_none)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
