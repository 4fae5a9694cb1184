"""The snapshot: what was seen, when; the source of truth (docs/design.md, section 6, *Snapshot*).

    snapshot.json                    format, id
    secret.key                       the key under which e-mail addresses become contributors
    manifest.json                    derived: every project, generation and file hash, by which
                                     what is missing is noticed
    manifest.log                     of a large snapshot: what was written since the manifest was
    families/<name>.json             which projects form a family
    projects/<key>/current.json      the pointer, moved atomically: generations and their hashes
    projects/<key>/<n>/              one generation: project.json, commits.parquet, changes.parquet,
                                     references.parquet, people.parquet, types.parquet,
                                     details.json, earlier.json

A generation holds what was new at one observation and is never changed. A reading of the project is
the sum of the generations that its pointer names; anything else in the folder is a leftover of a
kill, and is removed by the next write.
"""

from hubtrace.ingest.snapshot.reader import Answer, ProjectHistory, Snapshot
from hubtrace.ingest.snapshot.writer import SnapshotWriter, Written

__all__ = ["Answer", "ProjectHistory", "Snapshot", "SnapshotWriter", "Written"]
