"""The families file, in both of its forms, and the errors of a broken one."""

from pathlib import Path

import pytest

from hubtrace.graph.errors import TableError
from hubtrace.ingest.families import read_families

TOML = """
[[family]]
name = "yi"
upstream = "https://github.com/01-ai/Yi"
variants = ["https://huggingface.co/01-ai/Yi-34B", "01-ai/Yi-6B=clones/yi-6b"]

[[family]]
name = "mono"
upstream = [{ location = "acme/mono=clones/mono", paths = ["models/a", "shared"] }]
variants = ["acme/a=clones/a"]
"""
CSV = """family,side,location,paths
yi,upstream,https://github.com/01-ai/Yi,
yi,variant,https://huggingface.co/01-ai/Yi-34B,
mono,upstream,acme/mono=clones/mono,models/a shared
yi,variant,01-ai/Yi-6B=clones/yi-6b,
mono,variant,acme/a=clones/a,
"""


@pytest.mark.parametrize(("name", "text"), [("f.toml", TOML), ("f.csv", CSV)])
def test_both_forms_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "clones" / "mono").mkdir(parents=True)
    (tmp_path / name).write_text(text)
    yi, mono = read_families(tmp_path / name)
    assert (yi.name, mono.name) == ("yi", "mono")
    assert yi.upstreams[0].project.name == "01-ai/Yi"
    assert [v.project.name for v in yi.variants] == ["01-ai/Yi-34B", "01-ai/Yi-6B"]
    assert mono.upstreams[0].paths == ("models/a", "shared")
    assert mono.upstreams[0].location == str(tmp_path / "clones" / "mono")
    assert mono.variants[0].location == "clones/a", "does not exist: left as it is"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("f.toml", "[[family]\n", r"f\.toml: .*line 1"),
        ("f.toml", "", "names no family"),
        ("f.toml", "[families]\n", "expected .*family.* tables"),
        ("f.toml", "family = 1\n", "expected .*family.* tables"),
        ("f.toml", '[[family]]\nname = "x"\ncolour = 1\n', "family x: .*unknown field `colour`"),
        (
            "f.toml",
            '[[family]]\nname = "x"\nupstream = 7\n',
            "family x: Expected .*, got `int`",
        ),
        ("f.toml", '[[family]]\nupstream = "https://github.com/o/r"\n', "family 1: .*needs a name"),
        (
            "f.toml",
            '[[family]]\nname = "x"\nupstream = {paths = []}\n',
            "field `location`",
        ),
        ("f.toml", TOML + TOML, "family yi stands here twice"),
        ("f.csv", "a,b\n", r"f\.csv:1: the header needs"),
        ("f.csv", "family,side,location\nx,sideways,y\n", r"f\.csv:2: side is 'sideways'"),
        ("f.csv", "family,side,location\nx,,y\n", r"f\.csv:2: `side` is empty"),
        ("f.csv", "family,side,location\nx,variant,/nameless\n", r"f\.csv:2: .*needs a name"),
        ("f.txt", "", "neither .toml nor .csv"),
        ("g.csv", None, "cannot read"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str | None, complaint: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(TableError, match=complaint):
        read_families(tmp_path / name)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    for name in ("f.toml", "f.csv"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00")
        with pytest.raises(TableError, match="not UTF-8"):
            read_families(tmp_path / name)
