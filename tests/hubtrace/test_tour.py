"""The notebook tour: its cells are executed, in one process and without a kernel.

A kernel would bring some 30 packages and a second of its own to run plain Python.
HUBTRACE_REFREEZE=1 writes what the cells print into the notebook.
"""

import json
import os
from pathlib import Path
from typing import Any

from tests.hubtrace import walks
from tests.hubtrace.conftest import Call

TOUR = Path(__file__).parents[2] / "docs" / "tour.ipynb"


def test_the_tour_prints_what_stands_in_it(call: Call) -> None:
    notebook = json.loads(TOUR.read_text("utf-8"))
    names: dict[str, Any] = {}
    printed: list[list[dict[str, Any]]] = []
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        text = walks.run("".join(cell["source"]), names)
        stream = {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}
        printed.append([stream] if text.strip() else [])
    if os.environ.get("HUBTRACE_REFREEZE"):
        for cell, outputs in zip(cells, printed, strict=True):
            cell["outputs"] = outputs
        TOUR.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert [cell["outputs"] for cell in cells] == printed
    assert len(cells) > 8
