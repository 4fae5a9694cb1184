"""Copies: each file of a variant with its origin in each repository that holds it.

A file is known by its git blob id, so a rename cannot hide it (docs/decisions/0023). Everything is
done in sorted passes over Arrow columns: a million files are a matter of seconds.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hubtrace.ingest.derive.blobs import says_nothing
from hubtrace.ingest.derive.copy_index import CopyIndex, Kind

MOST_HOLDERS = 20
"""A blob that more repositories hold tells nothing of any of them: it counts as boilerplate."""
MOST_PATHS = 10
"""A variant that keeps one file in more places has copies of the first ones only."""

COPIES = pa.schema(
    [
        ("variant", pa.int32()),
        ("repository", pa.int32()),
        ("blob", pa.string()),
        ("path", pa.string()),
        ("origin_path", pa.string()),
        ("kind", pa.string()),
        ("boilerplate", pa.bool_()),
        ("lag_seconds", pa.int64()),
        ("gone_at", pa.int64()),
        ("copied_sha", pa.string()),
        ("origin_sha", pa.string()),
        ("origin_at", pa.int64()),
        ("seen_at", pa.int64()),
    ]
)
"""One row for each variant, blob, path and repository (of a network of forks, the one that the
origin landed in first, rather the source than a fork), by their numbers in the index. `origin_sha`
is null for an asset of a release whose tag is not known; `origin_at` is `HOLDINGS.since` of it;
`seen_at` is when both sides of it had been observed."""

_FIRST = ["kind", "landed_at", "at", "depth", "sha"]
Indices = NDArray[np.int64]


def find_copies(world: CopyIndex, families: Collection[tuple[str, str]]) -> pa.Table:
    """Return the copies between variants and repositories, sorted.

    As rows of `COPIES`, but with the keys of the projects instead of their numbers, and with a
    column `key`. Boilerplate is kept between the members of a family only, and is marked;
    `families` are the keys of variants with the keys of the repositories of their families.
    """
    held = world.downstream.filter(
        pc.is_in(world.downstream["blob"], pc.unique(world.upstream["blob"]))
    )
    held = _kept_files(held)
    found = _named(world, _found(world, families, held, "stands_at"))
    # An origin that a force-push took away is kept beside the one of now (decision 0045).
    found = _beside(found, _named(world, _found(world, families, held, "landed_at")))
    # So is one that never landed, or landed late, where the landed one is younger than the copy.
    late = pc.or_kleene(
        pc.less(found["lag_seconds"], 0), pc.greater(found["origin_at"], found["at"])
    )
    unsure = found.filter(pc.fill_null(late, False))
    sure = found.filter(pc.fill_null(pc.invert(late), True))
    unsure = unsure.filter(pc.invert(pc.is_in(unsure["file"], sure["file"].combine_chunks())))
    if unsure.num_rows:
        held = held.filter(pc.is_in(held["blob"], unsure["blob"].combine_chunks()))
        made = _named(world, _found(world, families, held, "came_at"))
        fits = pc.less_equal(made["came_at"], made["at"])
        fits = pc.and_(fits, pc.greater_equal(made["lag_seconds"], 0))
        fits = pc.and_(fits, pc.is_in(made["file"], unsure["file"].combine_chunks()))
        found = _beside(found, made.filter(pc.fill_null(fits, False)))
    return found.drop_columns(["at", "came_at", "file"])


def _beside(copies: pa.Table, others: pa.Table) -> pa.Table:
    """Add the copies that have another origin."""
    names = _with_origin(others)
    other = pc.and_(pc.is_valid(names), pc.invert(pc.is_in(names, _with_origin(copies))))
    others = others.filter(other)
    hashes = [
        hashlib.sha256(name.encode()).hexdigest()[:32] for name in names.filter(other).to_pylist()
    ]
    keys = pa.array(hashes, pa.string())
    position = others.schema.get_field_index("key")
    return pa.concat_tables([copies, others.set_column(position, "key", keys)])


def _with_origin(copies: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(copies["key"], copies["origin_sha"], " ")


def _found(
    world: CopyIndex, families: Collection[tuple[str, str]], held: pa.Table, by: str
) -> pa.Table:
    """Return the copies of some files, the origin being the first by this time of landing."""
    origins = _Origins.of(world, by)
    file, origin = _pairs(held["blob"], origins.first["blob"])
    common = _is_common(world, origins)[origin]
    family = _same_family(
        world, families, held["project"].to_numpy()[file], origins.network[origin]
    )
    wanted = ~common | family
    file, origin, common = file[wanted], origin[wanted], common[wanted]
    found = _table(world, held.take(file), origins, origin, common)
    found = _without_everyday_files(world, found, family[wanted])
    return found.sort_by([(name, "ascending") for name in COPIES.names[:4]])


def _without_everyday_files(
    world: CopyIndex, found: pa.Table, family: NDArray[np.bool_]
) -> pa.Table:
    """Mark as boilerplate what anybody can have written (docs/decisions/0055).

    Of these, as of all boilerplate, only what members of a family have is kept.
    """
    is_small = pc.is_in(found["blob"], pa.array(sorted(world.small), pa.string()))
    is_small = pc.and_(is_small, pc.equal(found["kind"], "blob"))
    rows = np.flatnonzero(is_small.to_numpy())
    files = found.take(pa.array(rows)).select(["blob", "path", "origin_path"]).to_pydict()
    pairs = zip(files["blob"], files["path"], files["origin_path"], strict=True)
    everyday = np.zeros(found.num_rows, dtype=np.bool_)
    everyday[rows] = [says_nothing(world.small[blob], *paths) for blob, *paths in pairs]
    marked = pc.or_(found["boilerplate"], pa.array(everyday))
    place = found.schema.get_field_index("boilerplate")
    kept = pa.array(~everyday | family)
    return found.set_column(place, COPIES.field("boilerplate"), marked).filter(kept)


def _named(world: CopyIndex, copies: pa.Table) -> pa.Table:
    """Put the projects' keys in place of their numbers, and add the copies' own keys."""
    for name, keys in (("variant", world.variants), ("repository", world.repositories)):
        column = pa.array(keys, pa.string()).take(copies[name].combine_chunks())
        copies = copies.set_column(copies.schema.get_field_index(name), name, column)
    parts = [copies[name].to_pylist() for name in COPIES.names[:4]]
    hashes = [
        hashlib.sha256(repr(part).encode()).hexdigest()[:32] for part in zip(*parts, strict=True)
    ]
    return copies.append_column("key", pa.array(hashes, pa.string()))


def _kept_files(held: pa.Table) -> pa.Table:
    """Return the first holding of each file of a variant: project, blob and path."""
    first = _firsts(_sorted(held, ["project", "blob", "path", *_FIRST]), "project", "blob", "path")
    several = _sorted(first, ["project", "blob", *_FIRST, "path"])
    return several.filter(pa.array(_rank(_begins(several, "project", "blob")) < MOST_PATHS))


@dataclass(frozen=True, slots=True)
class _Origins:
    """The origin of each blob in each network of forks."""

    first: pa.Table
    """One holding for each blob and network, sorted by blob."""
    network: Indices
    paths: pa.Table
    """Columns `origin` (a row of `first`) and `path`: every path that the origin brought it to."""

    @classmethod
    def of(cls, world: CopyIndex, by: str) -> "_Origins":
        numbers = np.asarray(world.network, dtype=np.int64)
        repository = world.upstream["project"].to_numpy()
        fork = np.isin(repository, np.fromiter(world.forks, np.int64, len(world.forks)))
        holdings = world.upstream.append_column("network", pa.array(numbers[repository]))
        rows = _sorted(
            holdings.append_column("fork", pa.array(fork)),
            ["blob", "network", "kind", by, *_FIRST[2:]],
        )
        run = np.cumsum(_begins(rows, "blob", "network")) - 1
        start = np.flatnonzero(_begins(rows, "blob", "network"))
        same = _equal_to_first(rows, run, start)
        rows = rows.filter(same).append_column("origin", pa.array(run).filter(same))
        rows = rows.append_column("unlanded", pc.is_null(rows[by]))
        rows = _sorted(rows, ["origin", "unlanded", "fork", by, "project", "path"])
        first = _firsts(rows, "origin")
        holder = first["project"].to_numpy()[rows["origin"].to_numpy()]
        paths = rows.filter(pa.array(rows["project"].to_numpy() == holder))
        return cls(first, first["network"].to_numpy(), paths.select(["origin", "path"]))


def _equal_to_first(rows: pa.Table, run: Indices, start: Indices) -> pa.Array:
    """Tell which rows are of the same kind and commit as the first of their run."""
    kind = rows["kind"].to_numpy()
    sha = pc.fill_null(rows["sha"], "").combine_chunks()
    same = pc.equal(sha, sha.take(pa.array(start[run])))
    return pc.and_(same, pa.array(kind == kind[start[run]]))


def _is_common(world: CopyIndex, origins: _Origins) -> NDArray[np.bool_]:
    """Tell of each origin whether its blob is in everybody's repositories."""
    begins = _begins(origins.first, "blob")
    run = np.cumsum(begins) - 1
    holders = np.bincount(run, minlength=1)[run] if len(run) else run
    listed = pc.is_in(origins.first["blob"], pa.array(sorted(world.boilerplate), pa.string()))
    common: NDArray[np.bool_] = (holders > MOST_HOLDERS) | np.asarray(listed)
    return common


def _same_family(
    world: CopyIndex, families: Collection[tuple[str, str]], variant: Indices, network: Indices
) -> NDArray[np.bool_]:
    width = max(world.network, default=0) + 1
    place = {key: number for number, key in enumerate(world.variants)}
    networks = dict(zip(world.repositories, world.network, strict=True))
    pairs = [place[v] * width + networks[r] for v, r in families if v in place and r in networks]
    return np.isin(variant.astype(np.int64) * width + network, np.array(pairs, dtype=np.int64))


def _pairs(left: pa.ChunkedArray, right: pa.ChunkedArray) -> tuple[Indices, Indices]:
    """Return the rows of every pair of equal values; `right` is sorted, `left` has all of them."""
    begins = np.flatnonzero(_changes(right))
    counts = np.diff(np.append(begins, len(right)))
    distinct = right.take(pa.array(begins)).combine_chunks()
    run = pc.index_in(left, distinct).to_numpy().astype(np.int64)
    many = counts[run] if len(run) else np.empty(0, np.int64)
    row = np.repeat(np.arange(len(left)), many)
    within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    return row, (begins[run[row]] + within if len(row) else row)


def _table(
    world: CopyIndex, held: pa.Table, origins: _Origins, origin: Indices, common: NDArray[np.bool_]
) -> pa.Table:
    first = origins.first.take(pa.array(origin))
    columns = {
        "variant": held["project"],
        "repository": first["project"],
        "blob": held["blob"],
        "path": held["path"],
        "origin_path": _origin_paths(held["path"], origins, origin),
        "kind": _kinds(world, first),
        "boilerplate": pa.array(common),
        "lag_seconds": _lag(held, first),
        "gone_at": _gone_at(world.downstream, held),
        "copied_sha": held["sha"],
        "origin_sha": first["sha"],
        "origin_at": first["since"],
        "seen_at": pc.max_element_wise(held["seen_at"], first["seen_at"]),
    }
    found = pa.table(columns, schema=COPIES)
    found = found.append_column("at", _there_at(held))
    found = found.append_column("came_at", first["came_at"])
    return found.append_column("file", _keyed(pa.array(origins.network[origin]), _place(held)))


def _lag(held: pa.Table, first: pa.Table) -> pa.ChunkedArray:
    """Return how much later the copy is than its origin, in seconds; negative: it flowed back.

    Their own clocks count, but what a look missed when the copy was there already came later
    (docs/decisions/0054).
    """
    lag = pc.subtract(held["at"], first["at"])
    late = pc.subtract(pc.subtract(_there_at(held), first["absent_at"]), 1)
    return pc.if_else(pc.fill_null(pc.less(late, 0), False), pc.min_element_wise(lag, late), lag)


def _there_at(held: pa.Table) -> pa.ChunkedArray:
    """Return when each copy was there at the latest: when it was seen, or by its date before."""
    dated = pc.min_element_wise(held["at"], held["seen_at"])
    return pc.if_else(pc.is_valid(held["absent_at"]), held["seen_at"], dated)


def _gone_at(timeline: pa.Table, held: pa.Table) -> pa.ChunkedArray:
    """Return when the default branch lost each file; null while it has it.

    A file that its first-parent chain never had, and no former one, was lost as it came.
    """
    mentioned, lost_at = _lost_at(timeline.filter(timeline["chain"]), held, ["project", "path"])
    given_up = timeline.filter(pc.is_valid(timeline["left_at"]))
    formerly, then = _lost_at(given_up, held, ["project", "path", "left_at"])
    formerly = pc.if_else(formerly, then, held["at"])
    return pc.if_else(mentioned, lost_at, formerly)


def _lost_at(
    chain: pa.Table, held: pa.Table, run: Sequence[str]
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Return which files a chain had, and when it lost each; rows of one chain agree in `run`.

    What a chain that was given up had to its end was lost with it.
    """
    rows = _sorted(chain, [*run, "depth"])
    last = np.append(_begins(rows, *run)[1:], True)[: rows.num_rows]
    # The last mention of a blob at a path: looked for from the end, where the first one is found.
    backwards = rows.take(pa.array(np.arange(rows.num_rows)[::-1]))
    row = pc.subtract(rows.num_rows - 1, pc.index_in(_place(held), _place(backwards)))
    stays = pc.take(pa.array(last), row)
    lost_at = rows["at"].take(pc.if_else(stays, pa.scalar(None, pa.int32()), pc.add(row, 1)))
    return pc.is_valid(row), pc.if_else(stays, rows["left_at"].take(row), lost_at)


def _place(rows: pa.Table) -> pa.Array:
    return _keyed(rows["project"], pc.binary_join_element_wise(rows["blob"], rows["path"], " "))


def _kinds(world: CopyIndex, first: pa.Table) -> pa.Array:
    names = pa.array(["blob", "readme", "asset"]).take(first["kind"].combine_chunks())
    pointer = pc.is_in(first["blob"], pa.array(sorted(world.pointers), pa.string()))
    pointer = pc.and_(pointer, pc.equal(first["kind"], int(Kind.FILE)))
    return pc.if_else(pointer, "lfs", names)


def _origin_paths(path: pa.ChunkedArray, origins: _Origins, origin: Indices) -> pa.ChunkedArray:
    """Return where each file was in its origin: at the same path, else under the same name."""
    known, row = origins.paths["path"], origins.paths["origin"]
    number = pa.array(origin)
    same_path = pc.index_in(_keyed(number, path), _keyed(row, known))
    same_name = pc.index_in(_keyed(number, _name(path)), _keyed(row, _name(known)))
    any_path = pc.index_in(number, row.combine_chunks())
    return known.take(pc.coalesce(same_path, same_name, any_path))


def _name(path: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(path, pattern=r"(?s)^.*/", replacement="")


def _keyed(number: pa.Array | pa.ChunkedArray, text: pa.Array | pa.ChunkedArray) -> pa.Array:
    joined = pc.binary_join_element_wise(pc.cast(number, pa.string()), text, " ")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _sorted(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the rows in the order of these columns; nulls, the commits never landed, come last."""
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names]))


def _firsts(rows: pa.Table, *names: str) -> pa.Table:
    """Return the first row of each run of equal values."""
    return rows.filter(pa.array(_begins(rows, *names)))


def _begins(rows: pa.Table, *names: str) -> NDArray[np.bool_]:
    """Tell which rows differ from the one before in one of the columns."""
    begins = np.zeros(rows.num_rows, dtype=np.bool_)
    for name in names:
        begins |= _changes(rows[name])
    return begins


def _changes(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    changes = np.ones(len(column), dtype=np.bool_)
    if len(column) > 1:
        values = column.combine_chunks()
        changes[1:] = np.asarray(pc.not_equal(values[1:], values[:-1]))
    return changes


def _rank(begins: NDArray[np.bool_]) -> Indices:
    """Return the number of each row in its run, from 0."""
    row = np.arange(len(begins))
    rank: Indices = row - np.maximum.accumulate(np.where(begins, row, 0))
    return rank
