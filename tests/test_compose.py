"""The Compose file fits the Compose specification, and gives nobody a default password."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"


def _check(file: Path) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "check-jsonschema")
    command = [program, "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_fits_the_specifications_schema() -> None:
    """The schema comes with check-jsonschema, which vendors the specification's own."""
    done = _check(FILE)
    assert done.returncode == 0, done.stdout


def test_a_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text().replace("healthcheck:", "helthcheck:"))
    assert _check(wrong).returncode != 0


def test_the_password_has_no_default_and_the_ports_stay_on_this_machine() -> None:
    text = FILE.read_text()
    passwords = re.findall(r"\$\{NEO4J_PASSWORD(.)(.)", text)
    assert passwords
    assert set(passwords) == {(":", "?")}
    assert all(port.startswith("127.0.0.1:") for port in re.findall(r'- "([^"]*:\d+)"', text))


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker client")
def test_docker_itself_reads_it_and_demands_the_password() -> None:
    base = ["docker", "compose", "--file", str(FILE), "--profile", "cli", "config", "--quiet"]
    environment = {key: value for key, value in os.environ.items() if key != "NEO4J_PASSWORD"}
    without = subprocess.run(base, env=environment, capture_output=True, text=True, check=False)
    if "unknown" in without.stderr or "is not a docker command" in without.stderr:
        pytest.skip("the docker client has no compose plugin")
    assert without.returncode != 0
    assert "set NEO4J_PASSWORD" in without.stderr
    environment["NEO4J_PASSWORD"] = "of my own"
    given = subprocess.run(base, env=environment, capture_output=True, text=True, check=False)
    assert given.returncode == 0, given.stderr
