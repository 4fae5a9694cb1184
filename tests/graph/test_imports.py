"""What a question waits for before it is asked (docs/decisions/0032)."""

import subprocess
import sys
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from tests.queries.audit.worlds import SMALL, provenance

HEAVY = ("pandas", "numpy", "pyarrow", "scipy", "matplotlib", "networkx", "rich", "cyclonedx")
UNUSED = ("github", "huggingface_hub.hf_api", "cryptography.x509", "rich", "scipy", "networkx")
"""What an ingest of a repository on this machine has no use for."""

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


@pytest.mark.faults  # a second and a half
def test_an_ingest_of_a_repository_here_imports_no_client_of_a_hub(tmp_path: Path) -> None:
    own = ["git", "-C", str(tmp_path / "own"), "-c", "user.name=a", "-c", "user.email=a@b.org"]
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path / "own"], check=True)
    subprocess.run([*own, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    arguments = ["ingest", "--family", "own", "--upstream", str(tmp_path / "own"), "--no-load"]
    program = _ASKED.format(arguments=arguments, heavy={*UNUSED})
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == "[]", done.stderr
