"""What was printed and written, as the text of a page."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

_PICTURES = (b"<?xml", b"%PDF", b"\x89PNG")
_OF_ANY_MACHINE = ("snapshot", "graph", "GitHub", "GitHub token", "Hugging Face token")
"""What the doctor's details are frozen of; the others tell of programs, paths and free space."""


def transcript(arguments: Sequence[str], code: int, out: str, err: str) -> str:
    """Return a command with what it printed."""
    words = f"--- words\n{err}" if err else ""
    return f"$ hubtrace {shlex.join(arguments)}\n--- ended with {code}\n{out}{words}\n"


def files(folder: Path) -> str:
    """Return every file below a folder, in order."""
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    return "".join(f"=== {file.relative_to(folder)}\n{_content(file)}\n" for file in found)


def _content(file: Path) -> str:
    if file.suffix == ".parquet":
        table = pq.read_table(file)
        head = "".join(f"{field.name}: {field.type}\n" for field in table.schema)
        return head + lines(list(row.values()) for row in table.to_pylist())
    content = file.read_bytes()
    if file.suffix in (".svg", ".pdf", ".png"):
        return f"a picture: {content.startswith(_PICTURES)}\n"
    return content.decode()


def lines(rows: Iterable[Any]) -> str:
    """Return a line of JSON for each row; stores give the keys of maps in orders of their own."""
    return "".join(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n" for row in rows)


def document(body: Mapping[str, Any]) -> str:
    """Return a body as JSON to read."""
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def doctor(out: str) -> str:
    """Return what the doctor found, without what belongs to this machine."""
    body = json.loads(out)
    known = ("proxy", "certificates")  # there or not, as the environment has it
    body["findings"] = [row for row in body["findings"] if row["check"] not in known]
    for row in body["findings"]:
        if row["check"] not in _OF_ANY_MACHINE:
            row["detail"] = "…"
    return document(body)
