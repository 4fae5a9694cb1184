"""A snapshot and a graph file, kept as the code of one day wrote them."""

import gzip
import io
import tarfile
from pathlib import Path

_FOLDER = Path(__file__).parent / "data" / "kept"
SNAPSHOT = _FOLDER / "snapshot.tar.gz"
GRAPH = _FOLDER / "graph.kgl.gz"


def keep(made: Path) -> None:
    """Pack the snapshot and the graph of a recording, the same way every time."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in sorted((made / "snapshot").rglob("*")):
            if file.is_file() and file.name != "lock":
                member = tarfile.TarInfo(file.relative_to(made).as_posix())
                content = file.read_bytes()
                member.size, member.mode = len(content), 0o600
                archive.addfile(member, io.BytesIO(content))
    SNAPSHOT.write_bytes(gzip.compress(packed.getvalue(), 9, mtime=0))
    GRAPH.write_bytes(gzip.compress((made / "hubtrace.kgl").read_bytes(), 9, mtime=0))


def unpack(folder: Path) -> None:
    """Put the snapshot and the graph into a folder, as `snapshot` and `kept.kgl`."""
    with tarfile.open(SNAPSHOT) as archive:
        archive.extractall(folder, filter="data")
    (folder / "kept.kgl").write_bytes(gzip.decompress(GRAPH.read_bytes()))
