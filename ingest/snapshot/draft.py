"""A generation while it is written: beside the others, under a name that no pointer knows."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.facts import Details
from ingest.records import Event, Observation
from ingest.snapshot import codec, layout
from ingest.snapshot.columns import SCHEMAS, WRITING
from ingest.snapshot.details import details_to_json
from ingest.snapshot.files import sha256, write_sealed
from ingest.snapshot.reader import Generation, Pointer, ProjectHistory


class Draft:
    """The next generation of a project. Nothing of it counts before `publish`."""

    def __init__(self, folder: Path, before: ProjectHistory | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder, before)
        self._folder = folder
        self._number = before.pointer.generations[-1].number + 1 if before else 1
        self.path = folder / f"{self._number}.partial"
        self.path.mkdir()
        self._writers: dict[str, pq.ParquetWriter] = {}

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Append rows to the Parquet files of these names, of `columns.SCHEMAS`."""
        for name, rows in tables.items():
            if rows.num_rows:
                if name not in self._writers:
                    path = self.path / name
                    self._writers[name] = pq.ParquetWriter(path, SCHEMAS[name], **WRITING)
                self._writers[name].write_table(rows)

    def close(self) -> None:
        """Finish the Parquet files; nothing can be appended afterwards."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def finish(
        self,
        observations: Iterable[Observation],
        events: Iterable[Event],
        details: Details | None = None,
    ) -> Generation:
        """Complete the generation on disk and give it its number."""
        self.close()
        if details is not None:
            text = json.dumps(details_to_json(details))
            (self.path / layout.DETAILS_FILE).write_text(text)
        body = {
            "observations": [codec.observation_to_json(seen) for seen in observations],
            "events": [asdict(event) for event in events],
        }
        (self.path / layout.PROJECT_FILE).write_text(json.dumps(body))
        files = sorted(self.path.iterdir())
        for file in files:
            _sync(file)
        hashes = {file.name: sha256(file) for file in files}
        self.path.rename(self._folder / str(self._number))
        return Generation(self._number, hashes)

    def discard(self) -> None:
        """Remove the generation: there is nothing new in it, or it failed."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def publish(self, pointer: Pointer) -> None:
        """Move the project's pointer."""
        write_sealed(self._folder / layout.POINTER, pointer.to_json())


def _sync(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def _remove_leftovers(folder: Path, history: ProjectHistory | None) -> None:
    """Remove what a kill left: generations that no pointer names, and half-written files."""
    named = {str(g.number) for g in history.pointer.generations} if history else set()
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in named:
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name.startswith("."):
            entry.unlink()
