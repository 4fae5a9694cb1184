"""What a question waits for before it is asked (docs/decisions/0032)."""

import subprocess
import sys
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from tests.queries.audit.worlds import SMALL, provenance

HEAVY = ("pandas", "numpy", "pyarrow", "scipy", "matplotlib", "networkx", "rich", "cyclonedx")

_ASKED = """
import sys
from hubtrace.cli import main
sys.argv = ["hubtrace", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(sorted({heavy!r} & sys.modules.keys()), file=sys.stderr)
"""


ASKED = (["audit", SMALL], ["audit", SMALL, "-f", "json"], ["--help"])


@pytest.mark.parametrize("arguments", ASKED)
def test_an_audit_imports_nothing_that_is_slow(tmp_path: Path, arguments: list[str]) -> None:
    with open_store(str(tmp_path / "hubtrace.kgl")) as store:
        provenance().write(store)
    program = _ASKED.format(arguments=arguments, heavy={*HEAVY})
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
