"""Numbers for people: grouped, aligned, never more digits than they are worth.

What is not known is a dash. `figure` keeps the exact value beside the text, and the place in the
JSON document that it comes from, so that page and document can be compared number by number.
"""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

UNKNOWN = "–"  # noqa: RUF001 - an en dash, as tables have it
_FLOOR = 0.001
"""Smaller probabilities are only told to be so."""


def whole(value: float | None) -> str:
    """Return a whole number with its thousands apart, e.g. `1,234`."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a number with so many digits after the point."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def probability(value: float | None) -> str:
    """Return a p-value: three digits, or `< 0.001`."""
    if value is None:
        return UNKNOWN
    return f"< {_FLOOR}" if value < _FLOOR else f"{value:.3f}"


_FORMS: Mapping[str, Callable[[float | None], str]] = {
    "whole": whole,
    "decimal": decimal,
    "fine": lambda value: decimal(value, 2),
    "probability": probability,
}


def figure(document: Mapping[str, Any], path: str, form: str = "whole") -> Markup:
    """Return the number at `path` of a document, e.g. `statistics.labels.0.shares.2.percent`.

    Raises:
        KeyError, IndexError: the document has no such place.
    """
    value: Any = document
    for step in path.split("."):
        if value is None:
            break
        value = value[int(step)] if isinstance(value, list | tuple) else value[step]
    return Markup('<data value="{}" data-json="{}">{}</data>').format(
        "" if value is None else value, path, _FORMS[form](value)
    )
