"""Comparing a page with the golden of its name, or freezing it."""

import difflib
import gzip
import os
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
KEPT = {"snapshot.tar", "graph.kgl"}
"""Files among the goldens that are asked, not compared."""
_PACKED_FROM = 65_000
"""Bytes of a page that is not kept as readable text."""
_SHOWN = 120
"""Lines of a difference."""


def refreeze() -> bool:
    """Return True if goldens are to be written anew."""
    return bool(os.environ.get("HUBTRACE_REFREEZE"))


def golden(place: str) -> str | None:
    """Return the golden of a place, or None."""
    plain = DATA / place
    packed = plain.with_name(f"{plain.name}.gz")
    if plain.exists():
        return plain.read_bytes().decode()
    return gzip.decompress(packed.read_bytes()).decode() if packed.exists() else None


def places(world: str) -> set[str]:
    """Return the names of a world's goldens."""
    found = {file.name.removesuffix(".gz") for file in (DATA / world).iterdir()}
    return found - KEPT


def check(place: str, page: str, *, anew: bool = True) -> None:
    """Fail with the difference if a page is not its golden; freeze it if that is wanted.

    Without `anew` it is never frozen: another one makes this golden.
    """
    frozen = golden(place)
    if frozen == page:
        return
    if refreeze() and anew:
        _freeze(place, page)
    elif frozen is None:
        pytest.fail(f"there is no golden {place}; HUBTRACE_REFREEZE=1 makes one")
    else:
        pytest.fail(f"{place} is not what was frozen\n{_difference(frozen, page)}", pytrace=False)


def forget(place: str) -> None:
    """Remove a golden."""
    for name in (place, f"{place}.gz"):
        (DATA / name).unlink(missing_ok=True)


def _freeze(place: str, page: str) -> None:
    forget(place)
    plain = DATA / place
    plain.parent.mkdir(parents=True, exist_ok=True)
    content = page.encode()
    if len(content) < _PACKED_FROM:
        plain.write_bytes(content)
    else:
        plain.with_name(f"{plain.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _difference(frozen: str, page: str) -> str:
    lines = list(
        difflib.unified_diff(frozen.splitlines(), page.splitlines(), "frozen", "now", lineterm="")
    )
    more = len(lines) - _SHOWN
    shown = [line[:300] for line in lines[:_SHOWN]]
    return "\n".join([*shown, *([f"… and {more} lines more"] if more > 0 else [])])
