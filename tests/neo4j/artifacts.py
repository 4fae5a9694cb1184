"""Neo4j's jars from the Maven repository, in a cache, and the Java that runs them."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
_OLDEST_JAVA = 17
_PROBE_SECONDS = 45
_COPY_SECONDS = 600


class Unavailable(Exception):
    """No server can be had this way; the message is one line that says why."""


def version() -> str:
    """Return the version that the pom names."""
    found = re.search(r"<neo4j.version>([^<]+)<", POM.read_text())
    assert found
    return found[1]


def java() -> str:
    """Return the Java program.

    Raises:
        Unavailable: there is none, or it is too old.
    """
    program = shutil.which("java")
    if program is None:
        raise Unavailable("no Java")
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    major = re.search(r'version "(\d+)', told)
    if major is None or int(major[1]) < _OLDEST_JAVA:
        raise Unavailable(f"Java {major[1] if major else '?'} is older than {_OLDEST_JAVA}")
    return program


def jars() -> Path:
    """Return a folder with all jars, fetched once.

    Raises:
        Unavailable: there is no Maven, or its repository does not answer within a minute.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "hubtrace" / f"neo4j-{version()}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("no Maven")
    _maven(maven, _PROBE_SECONDS, "dependency:get", "-Dtransitive=false",
           f"-Dartifact=org.neo4j.app:neo4j-server:{version()}:pom")  # fmt: skip
    aside = folder.with_name(f"{folder.name}.{os.getpid()}")
    aside.parent.mkdir(parents=True, exist_ok=True)
    try:
        _maven(maven, _COPY_SECONDS, "--file", str(POM), "dependency:copy-dependencies",
               f"-DoutputDirectory={aside}")  # fmt: skip
        if not folder.is_dir():
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _maven(program: str, seconds: int, *arguments: str) -> None:
    command = [program, "--quiet", "--batch-mode", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"Maven's repository did not answer within {seconds} s") from None
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line] or [
            "no reason given"
        ]
        raise Unavailable(f"Maven failed: {lines[0][:200]}")
