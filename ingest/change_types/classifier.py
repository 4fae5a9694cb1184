"""The change types of a commit, from what its message says and what its paths are.

1. An entry of rules.toml that holds decides.
2. On the Hub what the message speaks of decides, if it names no file: people label what it intends
   (docs/decisions/0047-a-message-says-what-a-commit-is-for.md). On GitHub only words that are more
   specific than a file's name (`strong`) decide, and over code and configuration.
3. The files decide: the type of most of them; else the one that the message names; else the one
   that counts most (`ChangeType`). Files that say little yield to the message.
4. Without a file, the files that the message names decide, then what it speaks of.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.ingest.change_types.messages import (
    files_named,
    first_line,
    is_bot,
    is_merge,
    topics_of,
    without,
)
from hubtrace.ingest.change_types.paths import kind_of, place_of, type_of
from hubtrace.ingest.change_types.rules import (
    IMPORTANCE,
    Area,
    ChangeType,
    FileKind,
    Rule,
    Topic,
    file_kinds,
    rules,
)

_MOST = 2 / 3
"""A type that more than this share of the files have is the commit's."""
_WORKED_ON = frozenset({Area.CODE, Area.CONFIG, Area.TOKENIZER, Area.DATA, Area.CI})
"""Where strong words count: they speak of code, whatever the file is called."""
_FALLBACK = {
    "upstream": ChangeType.TRAINING_INFRASTRUCTURE,
    "downstream": ChangeType.EXTERNAL_DOCUMENTATION,
}
"""What is left to say of a commit that names nothing: on the Hub most edits are of the card."""


_UNSURE = frozenset({"other", "plain-text"})
"""Kinds of file that a name in a message is not enough for: it may be no file at all."""
_WEAK = "generic-code"
"""What words like `fix` and `patch` speak of: less than that a commit is a merge."""
_VERBS = {"create": "A", "add": "A", "delete": "D", "remove": "D", "update": "M"}

FileCounts = tuple[tuple[FileKind, str | None, int], ...]
"""How many files there are of each kind and status."""
Candidate = tuple[ChangeType, str]
"""A type, and the entry that gave it."""


class Changed(NamedTuple):
    """A path that a commit changed, and git's letter for how; None if it is not known."""

    path: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a commit changed, and how that is known."""

    types: tuple[ChangeType, ...]
    """The first one is the primary type."""
    rule: str
    """The entry that gave the primary type: `file:…`, `words:…` or `rule:…` of the tables,
    `merge` or `nothing`."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The change types of a commit, and what else is known of it."""

    types: tuple[ChangeType, ...]
    rule: str
    areas: tuple[Area, ...]
    bot: bool
    merge: bool


def classify(
    side: str, message: str, files: Sequence[Changed] = (), author: str | None = None
) -> Classified:
    """Classify a commit; `side` is `upstream` or `downstream`."""
    line, merge = first_line(message), is_merge(message)
    known = counted((kind_of(path), status or _status_named(line, path)) for path, status in files)
    answer = answer_for(side, line, known, merge=merge)
    return Classified(answer.types, answer.rule, areas_of(known), is_bot(author, line), merge)


def counted(known: Iterable[tuple[FileKind, str | None]]) -> FileCounts:
    """Count files by kind and status, in the order of files.toml."""
    return in_order((kind, status, count) for (kind, status), count in Counter(known).items())


def in_order(entries: Iterable[tuple[FileKind, str | None, int]]) -> FileCounts:
    """Put counted files in the order of files.toml."""
    return tuple(sorted(entries, key=lambda entry: (place_of(entry[0]), entry[1] or "")))


@lru_cache(maxsize=50_000)
def areas_of(files: FileCounts) -> tuple[Area, ...]:
    """Return the areas of files, in the order of `Area`."""
    found = {kind.area for kind, _, _ in files}
    return tuple(area for area in Area if area in found)


def answer_for(side: str, line: str, files: FileCounts, *, merge: bool = False) -> Answer:
    """Return the types of a commit from its first line (`first_line`) and its files."""
    mentioned = files_named(line, bare=not files)
    named = [name for name in mentioned if kind_of(name).id not in _UNSURE]
    topics = topics_of(without(line, named) if named else line)
    if not files:
        files = counted((kind_of(name), _status_named(line, name)) for name in named)
    return _answer(side, topics, files, bool(named), merge)


@lru_cache(maxsize=200_000)
def _answer(
    side: str, topics: tuple[Topic, ...], files: FileCounts, names_file: bool, merge: bool
) -> Answer:
    candidates = list(_candidates(side, topics, files, names_file=names_file))
    if not candidates or (merge and candidates[0][1] == f"words:{_WEAK}"):
        candidates = [(ChangeType.SHARING, "merge") if merge else (_FALLBACK[side], "nothing")]
    return Answer(tuple(dict.fromkeys(type_ for type_, _ in candidates)), candidates[0][1])


def _status_named(line: str, path: str) -> str | None:
    """Return the status of a file in messages such as `Create NAME`."""
    verb, _, rest = line.partition(" ")
    named = path.rsplit("/", 1)[-1].lower() in rest.lower()
    return _VERBS.get(verb.lower()) if named else None


class _Read(NamedTuple):
    """What a message says on a side, whatever the files are."""

    telling: tuple[Topic, ...]
    """What has a type there."""
    clear: tuple[Topic, ...]
    """The same without the weak ones."""
    rules: tuple[Rule, ...]
    """The rules that may hold, those that are not late first."""


def _candidates(
    side: str, topics: tuple[Topic, ...], files: FileCounts, *, names_file: bool
) -> Iterator[Candidate]:
    """Yield types, the primary one first, each with the entry that gave it."""
    read = _read(side, topics)
    kinds = {kind.id for kind, _, _ in files}
    statuses = {status or "" for _, status, _ in files}
    rule = next((rule for rule in read.rules if _fits(rule, kinds, statuses)), None)
    if rule is not None and not rule.late:
        yield rule.type, f"rule:{rule.id}"
    if files:
        intended = read.clear if side == "downstream" and not names_file else ()
        said = list(_said(topic for topic in intended if _in_place(topic, files)))
        yield from said
        if rule is not None and rule.late and not said:
            yield rule.type, f"rule:{rule.id}"
        yield from _by_files(side, read.clear, files)
        return
    yield from _said(read.clear)
    if rule is None and not read.clear:
        yield from _said(read.telling)


def _said(topics: Iterable[Topic]) -> Iterator[Candidate]:
    return ((topic.type, f"words:{topic.id}") for topic in topics if topic.type is not None)


@lru_cache(maxsize=50_000)
def _read(side: str, topics: tuple[Topic, ...]) -> _Read:
    telling = tuple(t for t in topics if t.type is not None and t.side in (None, side))
    ids = {topic.id for topic in topics}
    possible = [
        rule
        for rule in rules()
        if (rule.side is None or rule.side == side)
        and (not rule.words or not ids.isdisjoint(rule.words))
        and ids.isdisjoint(rule.unless)
    ]
    possible.sort(key=lambda rule: rule.late)
    return _Read(telling, tuple(t for t in telling if not t.weak), tuple(possible))


def _fits(rule: Rule, kinds: set[str], statuses: set[str]) -> bool:
    """Return whether the files, of these kinds and statuses, are such as a rule wants."""
    return (
        (not rule.all_of or (bool(kinds) and kinds <= rule.all_of))
        and (not rule.any_of or not kinds.isdisjoint(rule.any_of))
        and (not rule.status or statuses <= rule.status)
    )


def _by_files(side: str, telling: Sequence[Topic], files: FileCounts) -> Iterator[Candidate]:
    strong = next((topic for topic in telling if topic.strong), None)
    if strong is not None and strong.type is not None and _mostly(_WORKED_ON, files):
        yield strong.type, f"words:{strong.id}"
    votes: dict[ChangeType, int] = {}
    rule_of: dict[ChangeType, str] = {}
    for kind, _, count in files:
        type_, rule = _of_kind(kind, side, telling)
        votes[type_] = votes.get(type_, 0) + count
        rule_of.setdefault(type_, rule)
    total = sum(votes.values())
    yield from ((type_, rule_of[type_]) for type_ in votes if votes[type_] > _MOST * total)
    yield from ((t.type, rule_of[t.type]) for t in telling if t.type in rule_of)
    yield from ((type_, rule_of[type_]) for type_ in sorted(votes, key=IMPORTANCE.__getitem__))


def _in_place(topic: Topic, files: FileCounts) -> bool:
    """Return whether files are such as a topic wants."""
    return (not topic.within or any(kind.area in topic.within for kind, _, _ in files)) and (
        not topic.mostly or _mostly(topic.mostly, files)
    )


def _mostly(areas: frozenset[Area], files: FileCounts) -> bool:
    """Return whether at least half of the files are of these areas."""
    of_them = sum(count for kind, _, count in files if kind.area in areas)
    return 2 * of_them >= sum(count for _, _, count in files)


def _of_kind(kind: FileKind, side: str, telling: Sequence[Topic]) -> Candidate:
    """Return what files of a kind stand for, or what the message says if they yield to it."""
    own = type_of(kind, side)
    agreed = not kind.blank and any(topic.type is own for topic in telling)
    if kind.yields and telling and not agreed:
        first = telling[0]
        if first.type is not None:
            return first.type, f"words:{first.id}"
    return own, f"file:{kind.id}"


COLUMNS = pa.schema(
    [
        ("change_types", pa.list_(pa.string())),
        ("change_rule", pa.string()),
        ("areas", pa.list_(pa.string())),
        ("bot", pa.bool_()),
    ]
)
"""The columns of every commit; null where they cannot be known."""

CHANGES_READ = ["sha", "status", "path"]
"""The columns of what commits changed that are looked at."""

_STATUSES = ("A", "M", "D", "T")

Types = tuple[tuple[ChangeType, ...], str, tuple[Area, ...]]
"""Types, rule and areas of a commit."""


def classify_history(side: str, commits: pa.Table, changes: pa.Table | None) -> pa.Table:
    """Return rows of `COLUMNS` for `commits` (`sha`, `subject`, `author`), in their order.

    `changes` has `sha`, `path` and `status`; None if the source does not report what
    commits changed: then their types are null.
    """
    subjects: list[str | None] = commits["subject"].to_pylist()
    bots = pa.array(map(_bot, commits["author"].to_pylist(), subjects), pa.bool_())
    if changes is None:
        unknown = [pa.nulls(len(bots), field.type) for field in list(COLUMNS)[:3]]
        return pa.Table.from_arrays([*unknown, bots], schema=COLUMNS)
    files = _files(commits["sha"].combine_chunks(), changes)
    types = [
        _types(side, subject or "", counted)
        for subject, counted in zip(subjects, files, strict=True)
    ]
    columns = [_column(types, place, COLUMNS.field(place).type) for place in range(3)]
    return pa.Table.from_arrays([*columns, bots], schema=COLUMNS)


def _bot(author: str | None, subject: str | None) -> bool | None:
    return is_bot(author, subject or "") if author or subject else None


@lru_cache(maxsize=500_000)
def _types(side: str, subject: str, files: FileCounts) -> Types:
    answer = answer_for(side, first_line(subject), files, merge=is_merge(subject))
    return answer.types, answer.rule, areas_of(files)


def _files(shas: pa.Array, changes: pa.Table) -> Iterator[FileCounts]:
    """Yield what each commit changed, as counts of the kinds and statuses of its files."""
    paths = changes["path"].combine_chunks().dictionary_encode()
    kinds = np.array([place_of(kind_of(path)) for path in paths.dictionary.to_pylist()], np.int64)
    kind = kinds[paths.indices.to_numpy()] if len(kinds) else kinds
    status = pc.fill_null(pc.index_in(changes["status"], pa.array(_STATUSES)), 1).to_numpy()
    commit = pc.index_in(changes["sha"], shas)
    known = pc.is_valid(commit).to_numpy()
    commit = pc.fill_null(commit, 0).to_numpy().astype(np.int64)
    sorts = len(file_kinds()) * len(_STATUSES)
    sort = commit * sorts + kind * len(_STATUSES) + status
    found, counts = np.unique(sort[known], return_counts=True)
    begins = np.searchsorted(found // sorts, np.arange(len(shas) + 1)).tolist()
    sort_of, count_of = (found % sorts).tolist(), counts.tolist()
    for begin, end in pairwise(begins):
        yield _counted(tuple(sort_of[begin:end]), tuple(count_of[begin:end]))


@lru_cache(maxsize=200_000)
def _counted(sorts: tuple[int, ...], counts: tuple[int, ...]) -> FileCounts:
    pairs = (divmod(sort, len(_STATUSES)) for sort in sorts)
    return in_order(
        (file_kinds()[kind], _STATUSES[status], count)
        for (kind, status), count in zip(pairs, counts, strict=True)
    )


def _column(types: list[Types], place: int, type_: pa.DataType) -> pa.Array:
    """Return one part of every answer as a column; each distinct value is made once."""
    number: dict[Hashable, int] = {}
    rows = [number.setdefault(one[place], len(number)) for one in types]
    of_list: Callable[[Any], Any] = list if pa.types.is_list(type_) else str
    return pa.array(map(of_list, number), type_).take(pa.array(rows, pa.int32()))
