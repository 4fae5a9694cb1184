"""The change types of the study and the rules that assign them, read from four tables."""

import hashlib
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class ChangeType(StrEnum):
    """What a commit changes. Of two types of one commit the one that stands first counts more."""

    MODEL_STRUCTURE = "model structure"
    """What the network is: its architecture and code; downstream also other weights."""
    PREPROCESSING = "preprocessing"
    """What is done to data before the model sees it: cleaning, tokenizers, prompts."""
    TRAINING_INFRASTRUCTURE = "training infrastructure"
    """How weights are made: loops, losses, optimizers, checkpoints, machines."""
    INPUT_DATA = "input data"
    """What goes in: datasets, splits, and how they are fetched and loaded."""
    PARAMETER_TUNING = "parameter tuning"
    """Values instead of code: hyperparameters, configurations, defaults."""
    VALIDATION_INFRASTRUCTURE = "validation infrastructure"
    """How good or how right it is: evaluations, metrics and their results, tests, CI."""
    PIPELINE_PERFORMANCE = "pipeline performance"
    """The same in less time or memory: kernels, precision, caches, quantization."""
    OUTPUT_DATA = "output data"
    """What comes out and how it is kept: predictions, generation, logs, results."""
    SHARING = "sharing"
    """Handing over to others: uploads, formats, packages, containers, services, syncs."""
    ADD_DEPENDENCY = "add dependency"
    """Something new must be installed or imported."""
    UPDATE_DEPENDENCY = "update dependency"
    """Another version of it, or code that follows that version."""
    REMOVE_DEPENDENCY = "remove dependency"
    """It is no longer needed; downstream also: a file that others load is gone."""
    INTERNAL_DOCUMENTATION = "internal documentation"
    """For those who work on the code: comments, docstrings, types, style."""
    PROJECT_METADATA = "project metadata"
    """Facts about the project: versions, authors, licence, tags, settings of git."""
    EXTERNAL_DOCUMENTATION = "external documentation"
    """For users: READMEs, model cards, manuals, examples, notebooks."""


IMPORTANCE = {type_: place for place, type_ in enumerate(ChangeType)}
"""The place of each type: the smaller, the more it counts."""


class Area(StrEnum):
    """What part of a project a file is."""

    CODE = "code"
    """Code that the weights depend on."""
    WEIGHTS = "weights"
    TOKENIZER = "tokenizer"
    CONFIG = "config"
    DATA = "data"
    DOCS = "docs"
    CI = "ci"
    TESTS = "tests"
    DEPENDENCIES = "dependencies"
    OTHER = "other"


@dataclass(frozen=True, slots=True, eq=False)
class FileKind:
    """An entry of files.toml; the table itself says what the fields mean."""

    id: str
    reason: str
    area: Area
    type: ChangeType | None = None
    upstream: ChangeType | None = None
    downstream: ChangeType | None = None
    names: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    needs_both: bool = False
    yields: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """An entry of words.toml."""

    id: str
    reason: str
    any: tuple[str, ...]
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    type: ChangeType | None = None
    side: str | None = None
    within: frozenset[Area] = frozenset()
    mostly: frozenset[Area] = frozenset()
    strong: bool = False
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry of rules.toml."""

    id: str
    reason: str
    type: ChangeType
    side: str | None = None
    all_of: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    status: frozenset[str] = frozenset()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Bot:
    """An entry of bots.toml."""

    id: str
    reason: str
    names: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


@cache
def file_kinds() -> tuple[FileKind, ...]:
    """Return files.toml, in its order."""
    return tuple(FileKind(**_types(row)) for row in _table("files"))


@cache
def topics() -> tuple[Topic, ...]:
    """Return words.toml, in its order."""
    return tuple(Topic(**_types(row)) for row in _table("words"))


@cache
def rules() -> tuple[Rule, ...]:
    """Return rules.toml, in its order."""
    return tuple(Rule(**_sets(_types(row))) for row in _table("rules"))


@cache
def bots() -> tuple[Bot, ...]:
    """Return bots.toml, in its order."""
    return tuple(Bot(**row) for row in _table("bots"))


@cache
def digest() -> str:
    """Return a hash of all tables: where it differs, commits may get other types."""
    texts = "\0".join(map(_text, ("files", "words", "rules", "bots")))
    return hashlib.sha256(texts.encode()).hexdigest()[:32]


@cache
def version() -> str:
    """Return a hash of the tables and of all code that reads them.

    Types that were told by another version may differ (docs/decisions/0051).
    """
    package = files("hubtrace.ingest.change_types")
    code = sorted(file.name for file in package.iterdir() if file.name.endswith(".py"))
    texts = "\0".join((package / name).read_text(encoding="utf-8") for name in code)
    return hashlib.sha256(f"{digest()}\0{texts}".encode()).hexdigest()[:32]


def _table(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads(_text(name))[name]
    return [{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]


def _text(name: str) -> str:
    tables = files("hubtrace.ingest.change_types") / "tables"
    return (tables / f"{name}.toml").read_text(encoding="utf-8")


def _sets(row: dict[str, Any]) -> dict[str, Any]:
    return {k: frozenset(v) if isinstance(v, tuple) else v for k, v in row.items()}


def _types(row: dict[str, Any]) -> dict[str, Any]:
    found = {"with_" if k == "with" else k: v for k, v in row.items()}
    found |= {k: frozenset(map(Area, row[k])) for k in ("within", "mostly") if k in row}
    found |= {k: ChangeType(row[k]) for k in ("type", "upstream", "downstream") if k in row}
    return found | ({"area": Area(row["area"])} if "area" in row else {})


def all_rules() -> list[dict[str, str]]:
    """Return every entry that an answer can name, with its type and its reason."""
    found = [_row(f"rule:{rule.id}", rule.type, rule.reason, rule.side) for rule in rules()]
    found += [_row(f"words:{t.id}", t.type, t.reason, t.side) for t in topics() if t.type]
    for kind in file_kinds():
        if kind.type is not None:
            found.append(_row(f"file:{kind.id}", kind.type, kind.reason))
        else:
            found.append(_row(f"file:{kind.id}", kind.upstream, kind.reason, "upstream"))
            found.append(_row(f"file:{kind.id}", kind.downstream, kind.reason, "downstream"))
    return found


def _row(
    rule: str, type_: ChangeType | None, reason: str, side: str | None = None
) -> dict[str, str]:
    return {"rule": rule, "side": side or "both", "type": str(type_), "reason": reason}
