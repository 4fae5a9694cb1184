"""Rows on a terminal: as many columns as fit, words whole, one row as a list of its values."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size

_GAP = "  "
_PROSE = 40
"""Characters from which a cell with spaces is broken into lines, at words."""
_NARROWEST = 24
"""Of a column of prose; of others, when nothing else helps, a third."""
_WHOLE = re.compile(r"://|\b[0-9a-f]{7,64}\b")
"""What is worth nothing if it is cut: an address, a sha."""
_RED = re.compile(r"abandoned|orphaned|problem|gone|deleted|dead|rewritten|vanished|replaced|lost")
_YELLOW = re.compile(r"note|undecided|unknown|stale|unlinked|renamed|transferred")
_GREEN = re.compile(r"ok|active|in_step|default")
_MEANINGS = ((_RED, "31"), (_YELLOW, "33"), (_GREEN, "32"))
_MEANT = frozenset({"status", "state", "kind"})
"""Columns whose values are words for what is well or not."""


def is_terminal() -> bool:
    """Return True if somebody sees what is printed."""
    return sys.stdout.isatty()


def show(lines: Sequence[str], *, paged: bool) -> None:
    """Print lines; more than a terminal holds through a pager, as git does.

    The pager is HUBTRACE_PAGER or PAGER, else `less -FRX`; none if that is empty or `cat`.
    """
    pager = shlex.split(os.environ.get("HUBTRACE_PAGER", os.environ.get("PAGER", "less")))
    if paged and pager not in ([], ["cat"]) and _is_longer_than_the_screen(lines):
        with suppress(OSError):  # there is no such program
            _page(lines, pager)
            return
    for line in lines:
        print(line)


def _is_longer_than_the_screen(lines: Sequence[str]) -> bool:
    try:
        real = os.isatty(sys.stdout.fileno())
        return real and len(lines) >= os.get_terminal_size(sys.stdout.fileno()).lines > 0
    except (OSError, ValueError):  # it is no file
        return False


def _page(lines: Sequence[str], pager: Sequence[str]) -> None:
    sys.stdout.flush()
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    ours = signal.getsignal(signal.SIGINT)
    # The pager decides what Ctrl-C does; we end when it has ended.
    with subprocess.Popen(
        pager, stdin=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    ) as process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with suppress(BrokenPipeError):
                process.communicate("".join(f"{line}\n" for line in lines))
        finally:
            process.wait()
            signal.signal(signal.SIGINT, ours)


@dataclass(frozen=True, slots=True)
class Column:
    """A column with the text of each of its cells."""

    name: str
    heading: str
    cells: Sequence[str]
    is_number: bool

    @property
    def natural(self) -> int:
        """The width at which no cell is broken."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def least(self) -> int:
        """The width at which hardly a word is."""
        if self.natural <= _PROSE or not any(" " in cell for cell in self.cells):
            return self.natural
        words = (word for cell in (self.heading, *self.cells) for word in cell.split(" "))
        # One long path or URL must not hide a whole column: it stands on a line of its own.
        longest = min(_PROSE, max(map(cell_len, words)))
        return min(self.natural, max(_NARROWEST, longest))

    @property
    def tight(self) -> int:
        """The least width of prose in which words may be cut, but not what is worth nothing cut."""
        words = (word for cell in self.cells for word in cell.split(" ") if _WHOLE.search(word))
        return min(self.least, max(_NARROWEST, *map(cell_len, words), 0))


def draw(columns: Sequence[Column], first: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the lines for a terminal of this width, and the headings of columns left out.

    The columns that are `first` stay before others, then the earlier ones; None keeps all.
    """
    if not columns:
        return [], []
    width = shutil.get_terminal_size().columns
    if len(columns[0].cells) == 1:
        return list(_values(columns, width)), []
    shown = columns if first is None else _fitting(columns, first, width)
    wanted = [column for column in columns if column.name in (first or ())]
    if 2 * sum(column in shown for column in wanted) <= len(wanted) > 0:
        return list(_records(columns, width)), []
    widths = _widths(shown, width - len(_GAP) * (len(shown) - 1))
    heads = [_padded(c.heading, _bold(c.heading), n, c) for c, n in zip(shown, widths, strict=True)]
    lines = [_joined(heads), _joined(["─" * n for n in widths])]
    for row in range(len(columns[0].cells)):
        lines += _row([column.cells[row] for column in shown], shown, widths)
    return lines, [column.heading for column in columns if column not in shown]


def _fitting(columns: Sequence[Column], first: Sequence[str], width: int) -> list[Column]:
    by_priority = sorted(
        columns, key=lambda c: first.index(c.name) if c.name in first else len(first)
    )
    chosen, used = by_priority[:1], by_priority[0].least
    for column in by_priority[1:]:
        # What the table is for is rather shown with a long word cut than left out.
        least = column.tight if column.name in first else column.least
        needed = column.least if used + len(_GAP) + column.least <= width else least
        if used + len(_GAP) + needed <= width:
            chosen.append(column)
            used += len(_GAP) + needed
    return [column for column in columns if column in chosen]


def _widths(columns: Sequence[Column], room: int) -> list[int]:
    """Return the width of each column: prose takes what is left, or all else gives way."""
    widths = [column.least for column in columns]
    while sum(widths) < room:
        wanting = [n for n, c in enumerate(columns) if widths[n] < c.natural]
        if not wanting:
            break
        widths[min(wanting, key=lambda n: widths[n])] += 1
    while sum(widths) > room:
        yielding = [
            n
            for n, c in enumerate(columns)
            if widths[n] > _NARROWEST // 3 and not any(map(_WHOLE.search, c.cells))
        ]
        if not yielding:
            break
        widths[max(yielding, key=lambda n: widths[n])] -= 1
    return widths


def _row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> Iterator[str]:
    broken = [_wrapped(cell, n) for cell, n in zip(cells, widths, strict=True)]
    for number in range(max(map(len, broken))):
        texts = [lines[number] if number < len(lines) else "" for lines in broken]
        yield _joined(
            [
                _padded(text, _coloured(column.name, text), n, column)
                for text, n, column in zip(texts, widths, columns, strict=True)
            ]
        )


def _records(columns: Sequence[Column], width: int) -> Iterator[str]:
    """Yield each row as a list of its values: a table would lack what it is for."""
    for number in range(len(columns[0].cells)):
        row = [replace(column, cells=[column.cells[number]]) for column in columns]
        yield from [""] * (number > 0)
        yield from _values([column for column in row if column.cells[0]], width)


def _values(columns: Sequence[Column], width: int) -> Iterator[str]:
    label = max(cell_len(column.heading) for column in columns)
    for column in columns:
        lines = _wrapped(column.cells[0], max(width - label - len(_GAP), _NARROWEST), cut=False)
        for number, line in enumerate(lines):
            head = _bold(set_cell_size(column.heading if number == 0 else "", label))
            yield _joined([head, _coloured(column.name, line)])


def _wrapped(text: str, width: int, *, cut: bool = True) -> list[str]:
    """Return lines of whole words; a word that is too long is cut, unless it may not be."""
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        if cut and cell_len(word) > width and not _WHOLE.search(word):
            word = f"{set_cell_size(word, width - 1)}…"
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _padded(text: str, painted: str, width: int, column: Column) -> str:
    space = " " * (width - cell_len(text))
    return f"{space}{painted}" if column.is_number else f"{painted}{space}"


def _joined(cells: Sequence[str]) -> str:
    return _GAP.join(cells).rstrip()


def _has_colour() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if _has_colour() else text


def _coloured(name: str, text: str) -> str:
    if name in _MEANT and _has_colour():
        for words, colour in _MEANINGS:
            if words.search(text):
                return f"\x1b[{colour}m{text}\x1b[0m"
    return text
