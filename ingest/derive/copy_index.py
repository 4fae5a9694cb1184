"""Who holds which file since which commit: all that the search of copies needs, read once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.text import to_bytes
from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.blobs import (
    LEAST,
    asset_id,
    blob_id,
    body_digest,
    boilerplate,
    pointer_id,
)
from hubtrace.ingest.derive.clocks import settled
from hubtrace.ingest.derive.dag import History, history_of
from hubtrace.ingest.derive.landed import membership_of
from hubtrace.ingest.derive.observations import contradicted, past_of
from hubtrace.ingest.records import Asset, HostData, Observation, RefKind, Release, Text, TreeFile
from hubtrace.ingest.snapshot import Answer, ProjectHistory
from hubtrace.ingest.source import Progress


class Kind(IntEnum):
    """How a repository holds a file; the first that is true of a file and a repository counts."""

    FILE = 0
    """The blob is in its history."""
    README = 1
    """Its README is the same but for the front matter."""
    ASSET = 2
    """A file of the same SHA-256 and size is attached to one of its releases."""


HOLDINGS = pa.schema(
    [
        ("project", pa.int32()),
        ("blob", pa.string()),
        ("path", pa.string()),
        ("sha", pa.string()),
        ("kind", pa.int8()),
        ("landed_at", pa.int64()),
        ("at", pa.int64()),
        ("depth", pa.int32()),
        ("chain", pa.bool_()),
        ("since", pa.int64()),
        ("left_at", pa.int64()),
        ("seen_at", pa.int64()),
        ("stands_at", pa.int64()),
        ("absent_at", pa.int64()),
        ("came_at", pa.int64()),
    ]
)
"""`project` is a number that the caller chose; `blob` is null if the commit took a file away, or
put something else in its place; `sha` is null for an asset whose tag is not known; `landed_at` is
null if the commit never landed, and not before it was missed there; `at` is its time on its side;
`depth` counts the commits on the longest way down to a root, so that it grows from every parent to
its child; `chain` is true on the first-parent chain of the default branch, where changes against
first parents tell the tree; `left_at` is when such a chain was given up that the commit was on, by
a force-push for instance; `seen_at` is when it was first observed; `stands_at` is `landed_at` of
what has not left since; `absent_at` is when a look missed it although `at` is not later, and
`came_at` is when it was made by its committer, but not before that look; `since` is when the commit
landed, else its time on its side: which of several holders was first (null for an asset whose tag
is not known)."""

_FILE_MODES = pa.array(["100644", "100755", "100664"])
"""Submodules hold no blob, and what is in a symbolic link is a path."""
_STANDING = (
    *("landed_at", "at", "depth", "chain", "since", "left_at", "seen_at", "stands_at"),
    *("absent_at", "came_at"),
)


_DATED = {"made_at": "came_at", "dated_since": "since"}
"""What a commit's own clock says → the column that observations bound."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the commits of one project stand."""

    commits: pa.Table
    """Columns `sha` and `_STANDING`, one row per commit."""
    root: str | None
    """The first commit of the default branch along first parents; None if it is not known."""

    def holdings(self, project: int, files: pa.Table, kind: Kind = Kind.FILE) -> pa.Table:
        """Return `files` (columns `sha`, `path`, `blob`) as rows of `HOLDINGS`."""
        row = pc.index_in(files["sha"], self.commits["sha"].combine_chunks())
        known = pc.is_valid(row)
        files, row = files.filter(known), row.filter(known)
        columns = {name: self.commits[name].take(row) for name in _STANDING}
        columns |= {name: files[name] for name in ("blob", "path", "sha")}
        if columns["absent_at"].null_count < files.num_rows:
            columns |= _seen_before(columns, self.commits, row)
        columns["project"] = pa.repeat(pa.scalar(project, pa.int32()), files.num_rows)
        columns["kind"] = pa.repeat(pa.scalar(int(kind), pa.int8()), files.num_rows)
        return pa.table([columns[name] for name in HOLDINGS.names], schema=HOLDINGS)


def _seen_before(
    columns: Mapping[str, pa.ChunkedArray], commits: pa.Table, row: pa.ChunkedArray
) -> dict[str, pa.ChunkedArray]:
    """Return the columns of holdings whose commit a look missed, although it saw their file.

    A rewritten history brings commits anew with files that were there: what the look missed is the
    commit. The file is then as old as the holding that was seen first, and no older, whatever the
    new commit's clock says (docs/decisions/0054). One that its committer says was made after the
    look, as an amended one, is new.
    """
    blobs = columns["blob"].combine_chunks()
    dated = pc.max_element_wise(columns["at"], columns["absent_at"])
    known = pa.table({"blob": blobs, "seen_at": columns["seen_at"], "dated": dated})
    at_a_look = known.group_by(["blob", "seen_at"]).aggregate([("dated", "min")])
    first = at_a_look.sort_by([("blob", "ascending"), ("seen_at", "ascending")])
    place = pc.index_in(blobs, first["blob"].combine_chunks())  # the first of its rows
    seen_at, since = first["seen_at"].take(place), first["dated_min"].take(place)
    made = pc.less_equal(commits["made_at"].take(row), columns["absent_at"])
    had = pc.fill_null(pc.and_(pc.less_equal(seen_at, columns["absent_at"]), made), False)
    before = pc.if_else(pc.greater(since, columns["at"]), pc.subtract(since, 1), None)
    bound = pc.if_else(had, before, columns["absent_at"])
    taken = {name: pc.max_element_wise(commits[name].take(row), bound) for name in _DATED}
    return {
        "absent_at": bound,
        **{name: pc.if_else(had, taken[own], columns[name]) for own, name in _DATED.items()},
    }


def files_of(changes: pa.Table) -> pa.Table:
    """Return a snapshot's changes as `sha`, `path` and `blob`; the blob is null for no file."""
    is_file = pc.is_in(changes["mode"], _FILE_MODES)
    blob = pc.if_else(is_file, changes["blob"], pa.scalar(None, pa.string()))
    return pa.table({"sha": changes["sha"], "path": changes["path"], "blob": blob})


def standing_of(commits: pa.Table, at: str, observations: Sequence[Observation]) -> Standing:
    """Return where commits stand by all observations; `at` is the column of a commit's time."""
    last = observations[-1]
    history, times = settled(history_of(commits), commits, observations)
    if times.wrong:
        for name in ("authored_at", "committed_at"):
            column = pa.array(getattr(times, name), pa.int64())
            commits = commits.set_column(commits.schema.get_field_index(name), name, column)
    membership = membership_of(history, last)
    chain = history.first_parent_chain(membership.head) if membership.head is not None else []
    past = past_of(history, membership, observations)
    # A commit whose date says more than the observations do landed when it was first seen there.
    landed = pc.coalesce(
        pa.array(past.entered_at, pa.int64()), pa.array(past.landed_at, pa.int64())
    )
    left = [at if n in past.chains else None for n, at in enumerate(past.left_at)]
    absent = contradicted(past.absent_at, commits[at])
    made = pc.max_element_wise(commits["committed_at"], absent)
    since = pc.max_element_wise(commits[at], absent)
    columns = {
        "sha": commits["sha"],
        "landed_at": landed if last.ancestry else commits["committed_at"],
        "at": commits[at],
        "depth": pa.array(_depths(history), pa.int32()),
        "chain": pa.array(np.isin(np.arange(len(history.shas)), chain)),
        "since": pc.coalesce(landed, since) if last.ancestry else commits[at],
        "left_at": pa.array(left, pa.int64()),
        "seen_at": pa.array(past.seen_at, pa.int64()),
        "absent_at": absent,
        "came_at": made,
        "made_at": commits["committed_at"],
        "dated_since": pc.coalesce(landed, commits[at]) if last.ancestry else commits[at],
    }
    stands = pa.array(membership.on_default, pa.bool_()) if last.ancestry else pa.scalar(True)
    nothing = pa.scalar(None, pa.int64())
    columns["stands_at"] = pc.if_else(stands, columns["landed_at"], nothing)
    root = history.shas[chain[-1]] if chain and chain[-1] not in history.cut else None
    return Standing(pa.table(columns), root)


def _depths(history: History) -> list[int]:
    depth = [0] * len(history.shas)
    for commit in history.order:
        for parent in history.parents[commit]:
            if depth[parent] >= depth[commit]:
                depth[commit] = depth[parent] + 1
    return depth


@dataclass(frozen=True, slots=True)
class Lineage:
    """What tells of a repository whose fork it is."""

    root: str | None
    """The first commit of its default branch, along first parents; None if it is not known."""
    fork_of: str | None
    """`owner/name` of what its host says that it was forked from."""


def collapse(repositories: Mapping[str, Lineage]) -> dict[str, int]:
    """Return a number for each repository, by key; those that are forks of each other share one.

    Two are joined if their default branches began with the same commit, or if the host says that
    one is a fork of the other, or both of a third one. A history that was merged in later joins
    nothing: a collection of projects is not a fork of each of them.
    """
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for key in sorted(repositories):
        for relative in _relatives(key, repositories[key]):
            parent[find(relative)] = find(key)
    numbers: dict[str, int] = {}
    return {key: numbers.setdefault(find(key), len(numbers)) for key in sorted(repositories)}


def _relatives(key: str, lineage: Lineage) -> Iterable[str]:
    if lineage.root is not None:
        yield f"root {lineage.root}"
    if lineage.fork_of is not None:
        host = key.rsplit("/", 2)[0]
        yield f"{host}/{lineage.fork_of.lower()}"


@dataclass(frozen=True, slots=True)
class CopyIndex:
    """What copies are looked for in."""

    downstream: pa.Table
    """Rows of `HOLDINGS` of variants: all that happened at the paths of the files to look for."""
    upstream: pa.Table
    """Rows of `HOLDINGS` of repositories. A README (`Kind.README`) has the card's blob id."""
    network: Sequence[int]
    """Of each repository the number of the network of forks that it belongs to."""
    forks: Collection[int]
    """The repositories that are forks by their host's word."""
    variants: Sequence[str]
    """The keys of the variants, by number."""
    repositories: Sequence[str]
    """The keys of the repositories, by number."""
    pointers: Collection[str]
    """Blob ids that are known to be git LFS pointers."""
    large: Mapping[int, Mapping[str, TreeFile]]
    """Of each variant the large files that the Hub ever listed, by blob id."""
    boilerplate: Collection[str]
    """Blob ids of files that are in everybody's repositories."""
    small: Mapping[str, int]
    """How much files say that are so small that anybody can have written them, by blob id."""


_BATCH_ROWS = 500_000
"""Changes that are looked through at once."""
_FILES = pa.schema([("sha", pa.string()), ("path", pa.string()), ("blob", pa.string())])
_COMMITS = ["sha", "parents", "authored_at", "committed_at"]

Files = dict[int, pa.Table]
"""The files of projects, by their numbers, as columns `sha`, `path` and `blob`."""


@dataclass(slots=True)
class _Search:
    """What is known so far of what is looked for, and where."""

    variants: Sequence[ProjectHistory]
    repositories: Sequence[ProjectHistory]
    progress: Progress
    cards: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Body of a model card → blob ids of the cards."""
    pointers: set[str] = field(default_factory=set)
    large: dict[int, dict[str, TreeFile]] = field(default_factory=dict)
    small: dict[str, int] = field(default_factory=dict)
    done: int = 0

    def next(self) -> None:
        """Tell that one more project was read."""
        self.done += 1
        self.progress("origins", self.done, len(self.variants) + len(self.repositories))


def read_copy_index(
    variants: Sequence[ProjectHistory],
    repositories: Sequence[ProjectHistory],
    progress: Progress,
) -> CopyIndex:
    """Return what these variants and repositories have in common; numbers are their positions.

    Raises:
        SnapshotCorrupt: a file is not what was written.
    """
    search = _Search(variants, repositories, progress)
    downstream = _variant_files(search)
    wanted = _distinct([files["blob"] for files in downstream.values()])
    readmes = _readmes(search)
    upstream = _repository_files(search, _distinct([wanted, pa.array(_blobs(readmes))]))
    assets = _assets(search, set(wanted.to_pylist()))
    held, roots = _upstream_holdings(search, upstream, readmes, assets)
    return CopyIndex(
        downstream=_downstream_holdings(search, downstream, pc.unique(held["blob"])),
        upstream=held,
        network=_networks(repositories, roots),
        forks=[n for n, history in enumerate(repositories) if _fork_of(history)],
        variants=[history.project.key for history in variants],
        repositories=[history.project.key for history in repositories],
        pointers=search.pointers,
        large=search.large,
        boilerplate=boilerplate().keys(),
        small=search.small,
    )


def _variant_files(search: _Search) -> Files:
    found: Files = {}
    for number, history in enumerate(search.variants):
        told = history.small()
        search.small |= {blob: bytes_ for blob, bytes_ in told.items() if bytes_ < LEAST}
        for answer in history.answers:
            _learn(search, number, answer.details)
        files = _files(history)
        if not history.tells_changes and history.answers:
            files = _files_at_heads(history.answers)
        if files.num_rows:
            found[number] = files
        search.next()
    return found


def _learn(search: _Search, number: int, details: HostData) -> None:
    """Note the cards and the large files that the Hub tells of."""
    large = {file.blob: file for file in details.files if file.lfs_sha256 is not None}
    search.large.setdefault(number, {}).update(large)
    for text, digest in _bodies(details, "card", "readme"):
        search.cards[digest].add(_blob_of(text))
    pointers = (pointer_id(file.lfs_sha256, file.lfs_size) for file in details.files)
    search.pointers.update(pointer for pointer in pointers if pointer is not None)
    files = (file for file in details.files if file.lfs_sha256 is None and file.size < LEAST)
    search.small |= {file.blob: file.size for file in files if file.blob not in search.small}


def _files(history: ProjectHistory) -> pa.Table:
    return files_of(history.changes(["sha", "path", "blob", "mode"]))


def _files_at_heads(answers: Iterable[Answer]) -> pa.Table:
    """Return the files that the Hub listed, where no history tells which commit brought them."""
    rows = {
        (ref.target, file.path, file.blob)
        for seen, details in answers
        for ref in seen.refs
        if ref.name == seen.default_branch
        for file in details.files
    }
    columns = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=_FILES)


def _repository_files(search: _Search, wanted: pa.Array) -> Files:
    """Return the files of the repositories that are `wanted`; many repositories at once."""
    found: Files = {}
    batch: list[tuple[int, pa.Table]] = []
    rows = 0
    for number, history in enumerate(search.repositories):
        batch.append((number, _files(history)))
        rows += batch[-1][1].num_rows
        if rows > _BATCH_ROWS:
            found |= _wanted(batch, wanted)
            batch, rows = [], 0
        search.next()
    return found | _wanted(batch, wanted)


def _wanted(batch: Sequence[tuple[int, pa.Table]], wanted: pa.Array) -> Files:
    if not batch:
        return {}
    rows = pa.concat_tables([files for _, files in batch])
    owner = np.repeat([number for number, _ in batch], [files.num_rows for _, files in batch])
    mask = np.asarray(pc.is_in(rows["blob"], wanted))
    rows, owner = rows.filter(pa.array(mask)), owner[mask]
    numbers, starts = np.unique(owner, return_index=True)
    ends = np.append(starts[1:], rows.num_rows)[: len(numbers)]
    bounds = zip(numbers.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return {number: rows.slice(start, end - start) for number, start, end in bounds}


def _readmes(search: _Search) -> dict[int, list[tuple[str, str, set[str]]]]:
    """Return the path and blob of READMEs whose body is that of cards, with the cards' blobs."""
    found: dict[int, list[tuple[str, str, set[str]]]] = {}
    for number, history in enumerate(search.repositories):
        texts = {one for answer in history.answers for one in _bodies(answer.details, "readme")}
        for text, digest in sorted(texts, key=lambda one: (one[0].path, one[1])):
            cards = search.cards.get(digest, set()) - {blob := _blob_of(text)}
            if cards:
                found.setdefault(number, []).append((text.path, blob, cards))
    return found


def _blobs(readmes: Mapping[int, list[tuple[str, str, set[str]]]]) -> list[str]:
    return [blob for found in readmes.values() for _, blob, _ in found]


def _bodies(details: HostData, *kinds: str) -> Iterator[tuple[Text, str]]:
    for text in details.texts:
        if text.kind in kinds and not text.cut and (digest := body_digest(text.text)):
            yield text, digest


def _blob_of(text: Text) -> str:
    return text.blob or blob_id(to_bytes(text.text))


class AssetFound(NamedTuple):
    """An asset of a release that is a large file of variants."""

    release: Release
    asset: Asset
    pointer: str
    """The blob id of its pointer."""
    seen_at: int


def _assets(search: _Search, wanted: set[str]) -> dict[int, list[AssetFound]]:
    """Return the release assets that are large files of variants, with their pointers' blobs."""
    found: dict[int, list[AssetFound]] = {}
    for number, history in enumerate(search.repositories):
        there: dict[tuple[str, str, str], AssetFound] = {}
        for seen, details in history.answers:
            for release in details.releases:
                for asset in release.assets:
                    pointer = asset_id(asset.digest, asset.size)
                    if pointer in wanted:
                        found_at = AssetFound(release, asset, pointer, seen.observed_at)
                        there.setdefault((release.tag, asset.name, pointer), found_at)
        if there:
            found[number] = list(there.values())
    return found


def _upstream_holdings(
    search: _Search,
    files: Files,
    readmes: Mapping[int, list[tuple[str, str, set[str]]]],
    assets: Mapping[int, list[AssetFound]],
) -> tuple[pa.Table, dict[int, str | None]]:
    """Return all that repositories hold, and the first commit of each that holds anything."""
    tables = [HOLDINGS.empty_table()]
    roots: dict[int, str | None] = {}
    for number in sorted(files.keys() | assets.keys()):
        history = search.repositories[number]
        standing = _standing(history)
        roots[number] = standing.root
        rows = files.get(number, _FILES.empty_table())
        tables.append(standing.holdings(number, rows))
        for path, blob, cards in readmes.get(number, ()):
            same = pc.and_(pc.equal(rows["blob"], blob), pc.equal(rows["path"], path))
            tables += [
                standing.holdings(number, _named(rows.filter(same), card), Kind.README)
                for card in sorted(cards)
            ]
        tables.append(_asset_holdings(number, history, standing, assets.get(number, ())))
    return pa.concat_tables(tables), roots


def _named(files: pa.Table, blob: str) -> pa.Table:
    """Return `files` under another blob id."""
    position = files.schema.get_field_index("blob")
    return files.set_column(position, "blob", pa.repeat(blob, files.num_rows))


def _asset_holdings(
    number: int,
    history: ProjectHistory,
    standing: Standing,
    assets: Iterable[AssetFound],
) -> pa.Table:
    tags = {ref.name: ref.target for ref in history.last.refs if ref.kind is RefKind.TAG}
    rows = [
        {
            "project": number,
            "blob": pointer,
            "path": asset.name,
            "sha": tags.get(f"refs/tags/{release.tag}"),
            "kind": int(Kind.ASSET),
            "landed_at": release.published_at,
            "at": release.published_at,
            "depth": 0,
            "chain": False,
            "seen_at": seen_at,
            "stands_at": release.published_at,
            "came_at": release.published_at,
        }
        for release, asset, pointer, seen_at in assets
    ]
    times = (standing.commits[name].to_pylist() for name in ("sha", "since"))
    since = dict(zip(*times, strict=True)) if rows else {}
    for row in rows:
        row["since"] = since.get(row["sha"])
        row["sha"] = row["sha"] if row["sha"] in since else None
    return pa.Table.from_pylist(rows, schema=HOLDINGS)


def _downstream_holdings(search: _Search, files: Files, common: pa.Array) -> pa.Table:
    """Return all that happened at the paths where a variant has a large file or one in `common`."""
    tables = [HOLDINGS.empty_table()]
    large = pa.array(
        sorted({blob for blobs in search.large.values() for blob in blobs}), pa.string()
    )
    for number, shared in _wanted(list(files.items()), _distinct([common, large])).items():
        rows = files[number]
        there = rows.filter(pc.is_in(rows["path"], pc.unique(shared["path"])))
        tables.append(_standing(search.variants[number]).holdings(number, there))
    return pa.concat_tables(tables)


def _standing(history: ProjectHistory) -> Standing:
    at = "authored_at" if history.project.side is Side.UPSTREAM else "committed_at"
    return standing_of(history.commits(_COMMITS), at, history.observations)


def _networks(repositories: Sequence[ProjectHistory], roots: Mapping[int, str | None]) -> list[int]:
    lineages = {
        history.project.key: Lineage(roots.get(number), _fork_of(history))
        for number, history in enumerate(repositories)
    }
    networks = collapse(lineages)
    return [networks[history.project.key] for history in repositories]


def _fork_of(history: ProjectHistory) -> str | None:
    return history.details.facts.fork_of if history.details is not None else None


def _distinct(columns: Sequence[pa.Array | pa.ChunkedArray]) -> pa.Array:
    chunks = [column.cast(pa.string()) for column in columns]
    arrays = [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in chunks]
    return pc.unique(pa.concat_arrays([pa.array([], pa.string()), *arrays])).drop_null()
