"""A copy of a large embedded graph that is asked where it lies, without being read first.

The graph is the `.kgl` file. The copy is a folder beside it, in the engine's own form for disks,
and may be removed at any time. It is named after the state of the file that it was made of, so that
a copy of another state is never asked, and a kill at any moment leaves the old state or the new
(docs/decisions/0050).
"""

import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import kglite

from hubtrace.graph.atomic_files import write_atomically

_SUFFIX = ".mapped"
_OURS = re.compile(r"[0-9a-f]+-[0-9a-f]+-[0-9a-f]+|\.[0-9a-f]+")
_SEAL = "files"
"""Lists the copy's files as they were made: the engine has no checksums for them, and answers from
half of them."""


def publish(graph: kglite.KnowledgeGraph, file: Path) -> None:
    """Make the copy of a graph that was just saved as `file`; those of older states are removed.

    The graph lives on disk afterwards, and is of no use to whoever held it.

    Raises:
        OSError, kglite.KgError: it cannot be written; a part of it is removed.
    """
    target = _copy_of(file)
    aside = target.with_name(f".{secrets.token_hex(8)}")
    try:
        if target.parent.is_symlink():
            return
        target.parent.mkdir(exist_ok=True)
        graph.enable_disk_mode(str(aside))
        write_atomically(aside / _SEAL, _listed(aside))
        shutil.rmtree(target, ignore_errors=True)  # a damaged copy of this state
        aside.replace(target)
    finally:
        retire(file)


def is_there(file: Path) -> bool:
    """Return True if there is a copy of the file as it is now, as it was made."""
    copy = _copy_of(file)
    try:
        return (copy / _SEAL).read_text() == _listed(copy)
    except (OSError, ValueError):
        return False


def opened(file: Path) -> kglite.KnowledgeGraph | None:
    """Open the copy of the file as it is now, if there is one that can be read."""
    try:
        return kglite.load(str(_copy_of(file))) if is_there(file) else None
    except (kglite.KgError, OSError):  # it was just replaced, or damaged: the file is the graph
        return None


def retire(file: Path) -> None:
    """Remove copies of other states of the file, and parts of copies."""
    current = _copy_of(file)
    if current.parent.is_symlink():  # what it leads to is not ours
        return
    with suppress(OSError):
        for old in current.parent.iterdir():
            if old != current and _OURS.fullmatch(old.name):
                shutil.rmtree(old, ignore_errors=True)
        current.parent.rmdir()  # unless the current copy is in it


def _listed(copy: Path) -> str:
    """Return a line for each file of a copy: its path, size and time."""
    lines = []
    for file in sorted(copy.rglob("*")):
        # The engine's lock is written to by whoever opens the copy.
        if file.is_file() and not file.name.startswith(".") and file != copy / _SEAL:
            state = file.stat()
            lines.append(f"{file.relative_to(copy)} {state.st_size} {state.st_mtime_ns}\n")
    return "".join(lines)


def _copy_of(file: Path) -> Path:
    state = file.stat()
    name = f"{state.st_size:x}-{state.st_mtime_ns:x}-{state.st_ino:x}"
    return file.with_name(file.name + _SUFFIX) / name
