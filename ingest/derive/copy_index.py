"""What the projects of a snapshot hold, read for the search of copies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.identity import Side
from hubtrace.graph.text import to_bytes
from hubtrace.ingest.derive.blobs import asset_id, blob_id, body_digest, boilerplate, pointer_id
from hubtrace.ingest.derive.copies import CopyIndex, Lineage, collapse
from hubtrace.ingest.derive.holdings import HOLDINGS, Kind, Standing, files_of, standing_of
from hubtrace.ingest.records import Asset, HostData, RefKind, Release, Text
from hubtrace.ingest.snapshot import ProjectHistory
from hubtrace.ingest.source import Progress

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
    done: int = 0

    def next(self) -> None:
        """Tell that one more project was read."""
        self.done += 1
        self.progress("origins", self.done, len(self.variants) + len(self.repositories))


def read_copy_index(
    variants: Sequence[ProjectHistory],
    repositories: Sequence[ProjectHistory],
    families: Iterable[tuple[str, str]],
    progress: Progress,
) -> CopyIndex:
    """Return what these variants and repositories have in common; numbers are their positions.

    `families` are keys of variants with keys of the repositories of their families.

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
    number = {history.project.key: n for n, history in enumerate(repositories)}
    place = {history.project.key: n for n, history in enumerate(variants)}
    return CopyIndex(
        downstream=_downstream_holdings(variants, downstream, pc.unique(held["blob"])),
        upstream=held,
        network=_networks(repositories, roots),
        forks=[n for n, history in enumerate(repositories) if _fork_of(history)],
        families=[(place[v], number[r]) for v, r in families if v in place and r in number],
        pointers=search.pointers,
        boilerplate=boilerplate().keys(),
    )


def _variant_files(search: _Search) -> Files:
    found: Files = {}
    for number, history in enumerate(search.variants):
        details = history.details
        if details is not None:
            _learn(search, details)
        files = _files(history)
        if not history.tells_changes and details is not None:
            files = _files_at_head(history, details)
        if files.num_rows:
            found[number] = files
        search.next()
    return found


def _learn(search: _Search, details: HostData) -> None:
    """Note the cards and the large files that the Hub tells of."""
    for text, digest in _bodies(details, "card", "readme"):
        search.cards[digest].add(_blob_of(text))
    pointers = (pointer_id(file.lfs_sha256, file.lfs_size) for file in details.files)
    search.pointers.update(pointer for pointer in pointers if pointer is not None)


def _files(history: ProjectHistory) -> pa.Table:
    return files_of(history.changes(["sha", "path", "blob", "mode"]))


def _files_at_head(history: ProjectHistory, details: HostData) -> pa.Table:
    """Return the files that the Hub lists, where no history tells which commit brought them."""
    last = history.last
    head = next((ref.target for ref in last.refs if ref.name == last.default_branch), None)
    rows = [{"sha": head, "path": file.path, "blob": file.blob} for file in details.files]
    return pa.Table.from_pylist(rows if head else [], schema=_FILES)


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
        for text, digest in _bodies(history.details, "readme"):
            cards = search.cards.get(digest, set()) - {blob := _blob_of(text)}
            if cards:
                found.setdefault(number, []).append((text.path, blob, cards))
    return found


def _blobs(readmes: Mapping[int, list[tuple[str, str, set[str]]]]) -> list[str]:
    return [blob for found in readmes.values() for _, blob, _ in found]


def _bodies(details: HostData | None, *kinds: str) -> Iterator[tuple[Text, str]]:
    for text in details.texts if details is not None else ():
        if text.kind in kinds and not text.cut and (digest := body_digest(text.text)):
            yield text, digest


def _blob_of(text: Text) -> str:
    return text.blob or blob_id(to_bytes(text.text))


def _assets(search: _Search, wanted: set[str]) -> dict[int, list[tuple[Release, Asset, str]]]:
    """Return the release assets that are large files of variants, with their pointers' blobs."""
    found: dict[int, list[tuple[Release, Asset, str]]] = {}
    for number, history in enumerate(search.repositories):
        for release in history.details.releases if history.details else ():
            for asset in release.assets:
                pointer = asset_id(asset.digest, asset.size)
                if pointer in wanted:
                    found.setdefault(number, []).append((release, asset, pointer))
    return found


def _upstream_holdings(
    search: _Search,
    files: Files,
    readmes: Mapping[int, list[tuple[str, str, set[str]]]],
    assets: Mapping[int, list[tuple[Release, Asset, str]]],
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
    assets: Iterable[tuple[Release, Asset, str]],
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
        }
        for release, asset, pointer in assets
    ]
    known = set(standing.commits["sha"].to_pylist()) if rows else set()
    for row in rows:
        row["sha"] = row["sha"] if row["sha"] in known else None
    return pa.Table.from_pylist(rows, schema=HOLDINGS)


def _downstream_holdings(
    variants: Sequence[ProjectHistory], files: Files, common: pa.Array
) -> pa.Table:
    """Return all that happened at the paths where a variant has a file in `common`."""
    tables = [HOLDINGS.empty_table()]
    for number, shared in _wanted(list(files.items()), common).items():
        rows = files[number]
        there = rows.filter(pc.is_in(rows["path"], pc.unique(shared["path"])))
        tables.append(_standing(variants[number]).holdings(number, there))
    return pa.concat_tables(tables)


def _standing(history: ProjectHistory) -> Standing:
    at = "authored_at" if history.project.side is Side.UPSTREAM else "committed_at"
    return standing_of(history.commits(_COMMITS), at, history.last)


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
