"""What came of a check as a badge: a picture, or what shields.io draws one of."""

from hubtrace.graph.format import count
from hubtrace.graph.text import as_json
from hubtrace.queries.audit.check import Checked

_LABEL = "hubtrace"
_COLOURS = {"critical": "#b3261e", "yellow": "#8a6d00", "brightgreen": "#1f7a3d"}
"""The names that shields.io has for them, and ours, on which white can be read."""
_LETTER, _MARGIN = 6.6, 12
"""Widths, on average; `textLength` makes the text as wide as its field whatever the font."""


def _verdict(checked: Checked) -> tuple[str, str]:
    if checked.findings:
        return count(len(checked.findings), "finding"), "critical"
    return ("undecided", "yellow") if checked.lacks_an_answer else ("passing", "brightgreen")


def findings_to_shields(checked: Checked) -> str:
    """Return what a shields.io endpoint answers."""
    message, colour = _verdict(checked)
    return as_json({"schemaVersion": 1, "label": _LABEL, "message": message, "color": colour})


def findings_to_badge(checked: Checked) -> str:
    """Return a badge as SVG; all that stands in it is ours."""
    message, colour = _verdict(checked)
    widths = [round(len(text) * _LETTER) for text in (_LABEL, message)]
    left, right = (width + _MARGIN for width in widths)
    text = '<text x="{}" y="14" textLength="{}">{}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{_LABEL}: {message}"><title>{_LABEL}: {message}</title>'
        f'<rect width="{left + right}" height="20" rx="3" fill="#444"/>'
        f'<path fill="{_COLOURS[colour]}" d="M{left} 0h{right - 3}q3 0 3 3v14q0 3-3 3H{left}z"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{text.format(_MARGIN // 2, widths[0], _LABEL)}"
        f"{text.format(left + _MARGIN // 2, widths[1], message)}</g></svg>\n"
    )
