"""Figures to draw on: one style, text that is only text, and files that are the same every time."""

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.text import for_people

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UPSTREAM, DOWNSTREAM = "#0072b2", "#e69f00"
"""Blue and orange as in the study's figures, in the tones of Okabe and Ito that everyone can tell
apart."""
PUBLISHED, SHARED, GRID, INK = "#bbbbbb", "#009e73", "#d9d9d9", "#222222"
FORMATS = (".svg", ".pdf", ".png")
_LONGEST = 60
"""Characters of a name that are drawn."""
_DOTS_PER_INCH = 200
_FONT = "DejaVu Sans"
"""It comes with matplotlib, so that pictures look alike everywhere."""
_NO_DATES = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None, "ModDate": None},
    ".png": {"Software": None},
}
"""Metadata that would differ from run to run, or name the machine."""


def check_target(path: Path) -> None:
    """Refuse a file that no picture can be written to, before any work is done.

    Raises:
        HubtraceError: its ending is not a format, or matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise HubtraceError(f"{path} is not a picture's name; end it in {', '.join(FORMATS)}")
    try:
        import matplotlib
    except ImportError:
        raise HubtraceError(
            "plots need matplotlib, which is not installed; install hubtrace with its extra `plot`"
        ) from None
    matplotlib.use("Agg")
    matplotlib.rc("text", parse_math=False, usetex=False)  # a `$` in a name is a dollar sign
    matplotlib.rc("svg", hashsalt="hubtrace", fonttype="none")  # the same ids; text stays text
    matplotlib.rc("pdf", fonttype=42)
    matplotlib.rc("font", family=_FONT, size=9.0)
    matplotlib.rc("axes", edgecolor=INK)
    matplotlib.rc("axes.spines", top=False, right=False)


def figure(width: float, height: float, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return an empty figure, its size in inches, and its axes from left to right."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    axes = made.subplots(1, columns, squeeze=False)
    return made, list(axes[0])


def save(made: "Figure", path: Path) -> None:
    """Write a figure; the same figure gives the same file, which is whole or not there.

    Raises:
        OSError: it cannot be written.
    """
    from hubtrace.graph.files import write_atomically

    ending = path.suffix.lower()
    content = io.BytesIO()
    made.savefig(content, format=ending[1:], dpi=_DOTS_PER_INCH, metadata=_NO_DATES[ending])
    write_atomically(path, content.getvalue())


def text(name: str) -> str:
    r"""Return a name as it is drawn: short, on one line, every character visible.

    What the font has no picture of is spelled out, e.g. as `\u4e2d`.
    """
    begin = for_people(name[:_LONGEST])
    spelled = "".join(char if _drawable(char) else _spelled(char) for char in begin)
    cut = len(name) > _LONGEST or len(spelled) > _LONGEST
    return f"{spelled[: _LONGEST - 1]}…" if cut else spelled


@cache
def _drawable(char: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family=_FONT))).get_char_index(ord(char)) != 0


def _spelled(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
