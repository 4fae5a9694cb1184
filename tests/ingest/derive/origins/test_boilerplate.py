"""The shipped table of everybody's files, and the script that makes it."""

import re
import subprocess
import sys
from pathlib import Path

from hubtrace.ingest.derive.blobs import Boilerplate, blob_id, boilerplate, pointer_id
from tests.ingest.worlds import World

ROOT = Path(__file__).parents[4]


def test_the_table_is_ids_and_names() -> None:
    rows = boilerplate()
    assert len(rows) > 200
    for blob, row in rows.items():
        assert re.fullmatch(r"[0-9a-f]{40}", blob)
        assert row.kind in ("trivial", "licence", "tokenizer", "template")
        assert row.name.strip()
        assert row.source.strip()


def test_what_everybody_has_is_in_it() -> None:
    rows = boilerplate()
    assert rows[blob_id(b"")].name == "empty file"
    assert rows["261eeb9e9f8b2b4b0d119366dda99c6fd7d35c64"].name == "apache-2.0"
    assert rows["226b0752cac7789c48f0cb3ec53eda48b7be36cc"].kind == "tokenizer"
    # Meta's tokenizer.model, as the Hub tells its LFS pointer, SHA-256 and size.
    llama = pointer_id("9e556afd44213b6bd1be2b850ebbbd98f5481437a8021afaf58ee7fb1818d347", 499_723)
    assert llama == "6c00c742ce03c627d6cd5b795984876fa49fa899"
    assert llama in rows


def test_the_script_reads_clones(tmp_path: Path) -> None:
    licences, templates = World(tmp_path / "licences"), World(tmp_path / "templates")
    front = b"---\ntitle: T\n---\n\n"
    licences.commit({b"_licenses/free.txt": front + b"Do as you like.\n"})
    licences.commit({b"_licenses/mit.txt": front + b"Copyright [year] [fullname]\n"})
    for version in (b"*.pyc\n*.pyo\n", b"*.py[co]\n"):
        templates.commit({b"Python.gitignore": version, b"Go.gitignore": version + b"x"})
    for number in range(4):
        project = World(tmp_path / f"p{number}")
        first = b"root %d" % number if number < 3 else b"root 0"  # the last one is a fork
        at = 1_600_000_000 + (number % 3)
        project.commit({b"README": first}, at=at, message=b"Begin")
        held = {b"data/vocab.txt": b"a\nb\n", b"model.py": b"shared code"}
        project.commit(held if number else {**held, b"merges.txt": b"only here"})
    projects = [str(tmp_path / f"p{number}") for number in range(4)]
    paths = ["--licences", str(licences.path), "--templates", str(templates.path)]
    command = [sys.executable, "-m", "tools.boilerplate", *paths, "--projects", *projects]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines() if not line.startswith("#")]
    found = {row.blob: row for row in (Boilerplate(*line) for line in lines)}
    assert found[blob_id(b"Do as you like.\n")].name == "free"
    assert blob_id(b"Copyright [year] [fullname]\n") not in found
    assert found[blob_id(b"*.py[co]\n")] == Boilerplate(
        blob_id(b"*.py[co]\n"), "template", "Python.gitignore", "github/gitignore"
    )
    assert found[blob_id(b"a\nb\n")].source == "held by 3 of 3 public projects"
    assert blob_id(b"shared code") not in found
    assert blob_id(b"only here") not in found
