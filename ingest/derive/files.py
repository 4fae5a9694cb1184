"""What variants had at paths where large files or copies are or were, in every revision.

A tree belongs to its commit: no force-push changes it (docs/decisions/0045). Changes against first
parents give it: along the first parents of a revision, the nearest commit that is named here for a
path decides what was there.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.model import key_of_parts
from hubtrace.ingest.derive.copy_index import CopyIndex

FILES = pa.schema(
    [
        ("row", pa.int64()),
        ("variant", pa.string()),
        ("key", pa.string()),
        ("path", pa.string()),
        ("blob", pa.string()),
        ("sha256", pa.string()),
        ("size", pa.int64()),
        ("sha", pa.string()),
    ]
)
"""One row for each file and each commit `sha` that put it at its path. Files that are neither large
nor copies are one and the same, whose blob is null, as is what stands for no file."""
_GAP = " "


def find_files(world: CopyIndex, copies: pa.Table) -> pa.Table:
    """Return what variants had at the paths of large files and of `copies`, as rows of `FILES`."""
    rows = world.downstream
    variant = pa.array(world.variants, pa.string()).take(rows["project"].combine_chunks())
    place = _joined(variant, rows["path"])
    copied = pc.is_in(
        _joined(place, rows["blob"]), _joined(copies["variant"], copies["path"], copies["blob"])
    )
    large = _large(world)
    number = pc.index_in(_joined(variant, rows["blob"]), large["key"].combine_chunks())
    known = pc.or_(copied, pc.is_valid(number))
    wanted = pc.is_in(place, place.filter(known))
    blob = pc.if_else(known, rows["blob"], pa.scalar(None, pa.string()))
    found = pa.table(
        {
            "variant": variant,
            "path": rows["path"],
            "blob": blob,
            "sha256": large["sha256"].take(number),
            "size": large["size"].take(number),
            "sha": rows["sha"],
        }
    ).filter(wanted)
    parts = zip(*(found[name].to_pylist() for name in ("variant", "path", "blob")), strict=True)
    keys = pa.array([key_of_parts(v, path, blob or "") for v, path, blob in parts], pa.string())
    found = found.append_column("key", keys).sort_by([("key", "ascending"), ("sha", "ascending")])
    found = found.append_column("row", pa.array(np.arange(found.num_rows)))
    return found.select(FILES.names).cast(FILES)


def _large(world: CopyIndex) -> pa.Table:
    rows = [
        (f"{world.variants[number]}{_GAP}{blob}", file.lfs_sha256, file.lfs_size)
        for number, files in sorted(world.large.items())
        for blob, file in sorted(files.items())
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    types = (pa.string(), pa.string(), pa.int64())
    arrays = [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
    return pa.table(arrays, names=["key", "sha256", "size"])


def _joined(*columns: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return the columns joined, null where one is."""
    joined = pc.binary_join_element_wise(*columns, _GAP)
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
