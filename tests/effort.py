"""How much of a long table or property a run tries: some in `make test`, all in `make faults`."""

import os
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

THOROUGH = bool(os.environ.get("HUBTRACE_THOROUGH"))
SEED = os.environ.get("HUBTRACE_SEED", "")
"""Another one makes a campaign try what none has tried; a failure names the case itself."""


def examples(most: int) -> int:
    """Return how many examples to try: `most` in a campaign, a fifth of them otherwise."""
    return most if THOROUGH else max(most // 5, 5)


def share(items: Iterable[T], turn: int, of: int) -> list[T]:
    """Return all items in a campaign; otherwise every `of`-th, from the `turn`-th (modulo) on.

    A test that crosses two tables takes other items for each row, so that each is tried somewhere.
    """
    return list(items if THOROUGH else islice(items, turn % of, None, of))
