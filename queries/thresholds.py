"""Every number that the definitions rest on, in one place (docs/design.md, sections 2 and 3)."""

import json
from dataclasses import asdict, dataclass, fields

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import DAY

_HIGHEST = 1_000_000
"""Of any threshold: more days than any history has, and few enough for every engine's integers."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers behind a label; the defaults are the study's (arXiv 2508.10157) and the design's.

    Raises:
        CatalogueError: a number is not a whole number or out of its range.
    """

    period_days: int = 14
    """Length of a period."""
    rare_periods: int = 3
    """`R`: no variant is active in more periods than these."""
    frequent_periods: int = 5
    """`F`: a variant shares at least this many consecutive periods with upstream."""
    vs_periods: int = 3
    """`VS`: at least this many periods …"""
    vs_variants: int = 3
    """… with at least this many active variants each."""
    offsets: int = 0
    """Stability: by how many day offsets (0, 1, …) the bins are shifted; default: `period_days`."""
    abandon_after_days: int = 180
    """Silence after which a branch or side counts as abandoned."""

    def __post_init__(self) -> None:
        """Reject numbers that would make the definitions meaningless."""
        if self.offsets == 0:  # a period has as many day offsets as days
            object.__setattr__(self, "offsets", self.period_days)
        for field in fields(self):
            value = getattr(self, field.name)
            lowest = 0 if field.name == "rare_periods" else 1
            if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
                raise CatalogueError(
                    f"the threshold {field.name} is a whole number of at least {lowest}, "
                    f"not {value!r}"
                )
            if value > _HIGHEST:
                raise CatalogueError(f"the threshold {field.name} is at most {_HIGHEST:,}")
        if self.offsets > self.period_days:
            raise CatalogueError(
                f"bins of {self.period_days} days have {self.period_days} day offsets, "
                f"not {self.offsets}"
            )

    @property
    def abandon_after(self) -> int:
        """The silence after which a branch or side counts as abandoned, in seconds."""
        return self.abandon_after_days * DAY

    def to_json(self) -> str:
        """Return all numbers as one JSON object, keys in order: equal thresholds, equal text."""
        return json.dumps(asdict(self), sort_keys=True)
