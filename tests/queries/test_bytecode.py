"""Compiled templates are kept beside the module that renders them (docs/decisions/0065)."""

import os
import sys
from pathlib import Path

import jinja2
import pytest

from hubtrace.queries.pages.bytecode import Compiled


def _shown(module: Path, text: str) -> str:
    loader = jinja2.DictLoader({"page": text})
    return (
        jinja2.Environment(loader=loader, autoescape=True, bytecode_cache=Compiled(str(module)))
        .get_template("page")
        .render(name="<b>")
    )


def test_a_template_is_kept_until_it_or_its_module_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    module = tmp_path / "page.py"
    module.touch()
    assert _shown(module, "1 {{ name }}") == "1 &lt;b&gt;"
    (kept,) = (tmp_path / "__pycache__").iterdir()
    first = kept.read_bytes()
    assert _shown(module, "1 {{ name }}") == "1 &lt;b&gt;"
    assert kept.read_bytes() == first
    assert _shown(module, "2 {{ name }}") == "2 &lt;b&gt;"
    second = kept.read_bytes()
    assert second != first
    os.utime(module, (1, 1))
    assert _shown(module, "2 {{ name }}") == "2 &lt;b&gt;"
    assert kept.read_bytes() != second
    for broken in (b"", b"\0" * 20, second[:-9], first):
        kept.write_bytes(broken)
        assert _shown(module, "2 {{ name }}") == "2 &lt;b&gt;"


def test_where_nothing_may_be_written_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "page.py"
    module.touch()
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert _shown(module, "{{ name }}") == "&lt;b&gt;"
    assert not (tmp_path / "__pycache__").exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "__pycache__").write_text("a file is in the way")
    assert _shown(module, "{{ name }}") == "&lt;b&gt;"
