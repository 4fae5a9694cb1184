"""The ids of files that are in everybody's repositories: they prove nothing (weight 0).

The table beside this module holds ids and names only, never the texts; `tools/boilerplate.py` tells
where each row comes from and makes it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

TABLE = "boilerplate.tsv"


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """One file of the table."""

    blob: str
    kind: str
    """`trivial`, `licence`, `tokenizer` or `template`."""
    name: str
    """What it is, e.g. `Apache-2.0`."""
    source: str
    """Where the text is found that has this id."""


@cache
def boilerplate() -> Mapping[str, Boilerplate]:
    """Return every row of the table by its blob id."""
    text = (files("ingest.derive.origins") / TABLE).read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return MappingProxyType({row[0]: Boilerplate(*row) for row in rows})
