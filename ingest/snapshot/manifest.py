"""The manifest: one file that tells what a snapshot holds. Derived; the pointers decide."""

import hashlib
import json
from importlib.metadata import version
from typing import Any

from ingest.snapshot import layout
from ingest.snapshot.files import write_atomically
from ingest.snapshot.reader import Snapshot


def manifest(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the snapshot holds: per project its generations, cursors and file hashes."""
    return {
        "schema": "hubtrace.manifest/1",
        "format": layout.FORMAT,
        "id": snapshot.id,
        "tool": f"hubtrace {version('hubtrace')}",
        "families": [family.name for family in snapshot.families()],
        "projects": {
            pointer.project.key: {"folder": folder.name, **pointer.to_json()}
            for folder, pointer in snapshot.pointers()
        },
    }


def write_manifest(snapshot: Snapshot) -> None:
    """Write `manifest.json` anew."""
    text = json.dumps(manifest(snapshot), indent=1, sort_keys=True)
    write_atomically(snapshot.path / layout.MANIFEST, text.encode())


def snapshot_hash(snapshot: Snapshot) -> str:
    """Return one SHA-256 over all that the snapshot holds, to cite it by."""
    body = manifest(snapshot)
    del body["tool"]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
