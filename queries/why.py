"""Why a variant may come from a repository: every path in the graph between them, in sentences."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtrace.graph.identity import Side
from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import count
from hubtrace.queries.catalogue import ask
from hubtrace.queries.format import copy_sentence, later, short
from hubtrace.queries.resolve import ProjectName, find_project

KINDS = ("link", "family", "file", "evidence", "reference", "base", "person")
_CONTENT = frozenset({"same_blob", "same_lfs"})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the variant to the repository."""

    kind: str
    """One of `KINDS`."""
    sentence: str
    weight: float | None = None
    """What it is worth, 0 to 1, where that is known."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The row of the stored query that told it."""


@dataclass(frozen=True, slots=True)
class Why:
    """All paths between a variant and a repository."""

    variant: ProjectName
    repository: ProjectName
    paths: tuple[Path, ...]


def why(store: GraphStore, variant: str, repository: str) -> Why:
    """Return every path between the two, in the order of `KINDS`.

    Raises:
        CatalogueError: the graph has no such variant or repository.
    """
    pair = (
        find_project(store, variant, Side.DOWNSTREAM),
        find_project(store, repository, Side.UPSTREAM),
    )
    asked = {"variant": pair[0].key, "repository": pair[1].key}
    sayings: tuple[tuple[str, str, Callable[[Row], str | None], str | None], ...] = (
        ("link", "links", _link, "confidence"),
        ("family", "families_between", _family, None),
        ("evidence", "evidence", _evidence, "strength"),
        ("reference", "references", _reference, None),
        ("base", "bases_between", _base, "confidence"),
        ("person", "people_between", _person, None),
    )
    found: dict[str, list[Path]] = {"file": list(_files(store, **asked))}
    for kind, query, saying, weight in sayings:
        found[kind] = [
            Path(kind, sentence, row[weight] if weight else None, row)
            for row in ask(store, query, **asked)
            if (sentence := saying(row)) is not None
        ]
    return Why(*pair, tuple(path for kind in KINDS for path in found[kind]))


def _files(store: GraphStore, variant: str, repository: str) -> Iterator[Path]:
    rows = [
        row for row in ask(store, "origins", variant=variant) if row["repository"] == repository
    ]
    for row in sorted(rows, key=lambda row: (-row["weight"], row["path"], row["copied_at"])):
        yield Path("file", copy_sentence(row), row["weight"], row)


def _link(row: Row) -> str:
    roles = {
        "upstream": "the variant is of the repository's family",
        "derived": "its best link, but not enough to be of the family",
        "weaker": "another repository has a better one",
    }
    best = f", best by {row['best_method']}" if row["best_method"] else ""
    role = f": {roles[row['role']]}" if row["role"] in roles else ""
    return (
        f"They are linked with confidence {row['confidence']:.2f}{best}, "
        f"by {count(row['observations'], 'observation')}{role}."
    )


def _family(row: Row) -> str:
    paths = f" under {', '.join(row['paths'])}" if row["paths"] else ""
    return f"The family {row['family']} releases the variant and is built in the repository{paths}."


def _evidence(row: Row) -> str | None:
    """Say what an observation is; those of contents are told by the files themselves."""
    if row["method"] in _CONTENT:
        return None
    reason = f", worth less because of {row['reason']}" if row["reason"] else ""
    strength = f"{row['strength']:.2f}{reason}"
    return f"Evidence {row['method']} (strength {strength}), at {row['place']}: {row['said']}"


def _reference(row: Row) -> str:
    ours, theirs = ("variant", "repository")
    if row["from_side"] == Side.UPSTREAM:
        ours, theirs = theirs, ours
    subject = f" “{row['subject']}”" if row["subject"] else ""
    return (
        f"Commit {short(row['from_sha'])} of the {ours}{subject} names commit "
        f"{short(row['to_sha'])} of the {theirs}; the variant's is {later(row['lag_seconds'])}."
    )


def _base(row: Row) -> str:
    steps = zip(row["relations"], row["chain"][1:], strict=True)
    chain = ", which is a ".join(f"{relation} of {name}" for relation, name in steps)
    said = []
    if row["families"]:
        said.append(f"is released by the family {', '.join(row['families'])}, built there")
    if row["confidence"] is not None:
        said.append(f"is linked to the repository with confidence {row['confidence']:.2f}")
    if row["files"]:
        said.append(f"has {count(row['files'], 'file')} of the repository")
    return f"The variant is a {chain}; that one {' and '.join(said)}."


def _person(row: Row) -> str:
    who = row["login"] or "Somebody known by an address only"
    how = {"same_key": "the same key on both sides"}.get(
        row["method"], f"two keys joined by {row['method']}"
    )
    return (
        f"{who} made {count(row['downstream_commits'], 'commit')} of the variant and "
        f"{count(row['upstream_commits'], 'commit')} of the repository ({how})."
    )
