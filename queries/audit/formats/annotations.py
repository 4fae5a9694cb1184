"""Findings as annotations: commands to GitHub's runner, which shows them beside the changes.

A step may show ten of each level; the table in the job's summary has all.
"""

from hubtrace.graph.format import count
from hubtrace.graph.text import for_people
from hubtrace.queries.audit.check import Checked
from hubtrace.queries.audit.findings import KINDS

MOST = 10
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = {**_DATA, **str.maketrans({":": "%3A", ",": "%2C"})}


def annotation(level: str, title: str, text: str, file: str | None = None) -> str:
    """Return one: `error`, `warning` or `notice`. What stands in a text is no command.

    `file` is its path as the work tree has it.
    """
    place = f"file={file.translate(_PROPERTY)},line=1," if file is not None else ""
    heading = for_people(title).translate(_PROPERTY)
    return f"::{level} {place}title={heading}::{for_people(text).translate(_DATA)}\n"


def findings_to_annotations(checked: Checked) -> str:
    """Return an annotation for each cause, and one for what must be decided and is not."""
    lines = []
    for cause in checked.causes[:MOST]:
        level = "error" if KINDS[cause.kind].usual else "warning"
        lines.append(annotation(level, f"hubtrace: {cause.kind}", f"{cause.who}: {cause.text}"))
    if (more := len(checked.causes) - MOST) > 0:
        text = f"{count(more, 'more cause')}; the summary of the job lists them"
        lines.append(annotation("warning", "hubtrace", text))
    open_ = [each for each in checked.undecided if each.kind in checked.must_decide]
    if open_:
        first = open_[0]
        others = f", and {len(open_) - 1:,} more" if open_[1:] else ""
        text = f"{first.name}: {first.kind}: {first.missing}{others}"
        lines.append(annotation("warning", "hubtrace: undecided", text))
    return "".join(lines)
