"""Projects and families as a command line and a families file state them."""

from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError, TableError
from hubtrace.graph.urls import Hosts, Side
from hubtrace.ingest.families import FamilyTarget, parse_target, read_families
from hubtrace.ingest.sources.git.location import parse_location

UP, DOWN = Side.UPSTREAM, Side.DOWNSTREAM
YI, HUB = "https://github.com/01-ai/Yi", "https://huggingface.co/01-ai/Yi-6B"


@pytest.mark.parametrize(
    ("side", "text", "name", "key", "location"),
    [
        (UP, YI, "01-ai/Yi", YI.lower(), YI),
        (UP, f"{YI}.git", "01-ai/Yi", YI.lower(), YI),
        (UP, "https://www.github.com/01-ai/Yi/tree/main/x", "01-ai/Yi", YI.lower(), YI),
        (UP, "01-ai/Yi", "01-ai/Yi", YI.lower(), YI),
        (UP, "github.com/01-ai/Yi/tree/main", "01-ai/Yi", YI.lower(), YI),
        (UP, "gh:01-ai/Yi", "01-ai/Yi", YI.lower(), YI),
        (DOWN, "hf.co/01-ai/Yi-6B", "01-ai/Yi-6B", HUB.lower(), HUB),
        (DOWN, "01-ai/Yi-6B", "01-ai/Yi-6B", HUB.lower(), HUB),
        (DOWN, f"{HUB}/blob/main/README.md?x#y", "01-ai/Yi-6B", HUB.lower(), HUB),
        (UP, "https://me:secret@github.com/01-ai/Yi", "01-ai/Yi", YI.lower(), None),
        (UP, "ssh://git@github.com/01-ai/Yi.git", "01-ai/Yi", "https://github.com/01-ai/yi", None),
        (UP, "git@github.com:01-ai/Yi.git", "01-ai/Yi", YI.lower(), None),
        (UP, "git@git.example.org:a/B.git", "B", "ssh://git.example.org/a/b", None),
        (UP, "acme/Trainer=../x", "acme/Trainer", "https://github.com/acme/trainer", "../x"),
        (UP, "https://git.example.org/a/B.git", "B", "https://git.example.org/a/b", None),
        (UP, "https://me:secret@git.example.org/a/b", "b", "https://git.example.org/a/b", None),
        (
            DOWN,
            "https://huggingface.co/Org/Model",
            "Org/Model",
            "https://huggingface.co/org/model",
            None,
        ),
        (DOWN, "https://huggingface.co/gpt2", "gpt2", "https://huggingface.co/gpt2", None),
        (
            DOWN,
            "Org/Model=/data/m=1.bundle",
            "Org/Model",
            "https://huggingface.co/org/model",
            "/data/m=1.bundle",
        ),
        (DOWN, "gpt2=clone", "gpt2", "https://huggingface.co/gpt2", "clone"),
    ],
)
def test_a_target_gets_its_name_key_and_location(
    side: Side, text: str, name: str, key: str, location: str | None
) -> None:
    target = parse_target(side, text)
    assert (target.project.side, target.project.name, target.project.key) == (side, name, key)
    assert target.location == (location or text)
    assert "secret" not in repr(target.project)


def test_what_lies_here_is_meant_before_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme" / "code").mkdir(parents=True)
    assert parse_target(UP, "acme/code").project.key.startswith("file:")
    assert parse_target(UP, "acme/other").project.key == "https://github.com/acme/other"


def test_a_company_has_a_github_of_its_own() -> None:
    web = Hosts(github="https://git.acme.example")
    target = parse_target(UP, "https://git.acme.example/o/R/tree/main", web=web)
    assert target.location == "https://git.acme.example/o/R"
    elsewhere = parse_target(UP, "https://github.com/o/R", web=web)
    assert elsewhere.location == "https://github.com/o/R"


def test_a_local_upstream_is_called_after_its_folder(tmp_path: Path) -> None:
    project = parse_target(UP, str(tmp_path / "Trainer.git")).project
    assert (project.name, project.url) == ("Trainer", "")
    assert project.key == (tmp_path / "Trainer.git").resolve().as_uri()
    assert parse_target(UP, f"mine={tmp_path}").project.name == "mine"


@pytest.mark.parametrize(
    ("side", "text", "complaint"),
    [
        (DOWN, "/data/model", "needs a name"),
        (DOWN, YI, "needs a name"),
        (UP, "hf.co/01-ai/Yi-6B", "is not on the side of --upstream"),
        (DOWN, "https://huggingface.co/datasets/a/b", "is a data set, not a model"),
        (DOWN, "a..b/c=/data", "not a Hugging Face model name"),
        (DOWN, "-o/c=/data", "not a Hugging Face model name"),
        (UP, "-o/x=/data", "not a GitHub repository name"),
        (UP, "http://[::1/x", "is malformed"),
        (UP, "x=http://[::1/x", "is malformed"),
        (UP, "~nosuchuser/x", "is not a path"),
        (UP, "/data/\0", "is not a place that git can clone"),
        (DOWN, "//git@[x]/y", "needs a name"),
        (UP, "https://github.com/", "not a GitHub"),
        (UP, "https://github.com/only-owner", "not a GitHub repository name"),
        (UP, " ", "--upstream: an empty text"),
        (DOWN, "", "--variant: an empty text"),
        (UP, "o/..=/data", "not a GitHub repository name"),
        *(
            (UP, text, "neither a path here nor the address of a repository")
            for text in (
                *(
                    "git@[x:y/z",
                    "git@[::1:y",
                    "[x]:y",
                    "git@",
                    "git@x:",
                    "git@:x",
                    ":x",
                    "x=git@[x:y",
                ),
                *("git@x/y/z", "git@@x:y/z", "git@x@y:z", "git@h o:y/z", "git@h?t:y", "<git@x:y>"),
                *(
                    "git@-oProxyCommand=x:y",
                    "h:-x",
                    "h:/-x",
                    "u:secret@h:x/y",
                    "//host/x",
                    "git@x:y ",
                ),
                *("http:/x/y", "https:github.com/o/n", "https//x/y", "ssh:/x", "file:x", "C:\\x"),
            )
        ),
        (UP, "htps://x/y", "is not of a kind that is read"),
        (UP, "file://x/y", "is not of a kind that is read"),
        (UP, "https:///x/y", "names no host"),
        (UP, "ssh://-oProxyCommand=x/y", "names no host"),
        (DOWN, "o/n=ext::sh -c x", "names a transport program"),
    ],
)
def test_a_name_that_its_host_does_not_allow_is_refused(
    side: Side, text: str, complaint: str
) -> None:
    with pytest.raises(SourceError, match=complaint) as refused:
        parse_target(side, text)
    assert "secret" not in str(refused.value)


def test_the_short_form_of_a_remote_is_the_project_of_its_long_one(tmp_path: Path) -> None:
    short = ("git@host:o/n", "host:o/n", "git@host:/o/n", "a.b@host:o/n")
    for text in (*short, "ssh://git@host/o/n"):
        assert parse_target(UP, text).project.key == "ssh://host/o/n"
        assert parse_location(text).url == text
    assert parse_target(UP, "git@[::1]:o/n").location == "git@[::1]:o/n"
    (tmp_path / "git@[x:y").mkdir()
    assert parse_target(UP, str(tmp_path / "git@[x:y")).project.key.startswith("file:")


def test_a_family_names_each_project_once() -> None:
    up = parse_target(UP, "https://github.com/o/r")
    same = parse_target(UP, "https://github.com/O/R")
    with pytest.raises(SourceError, match=r"names https://github\.com/o/r twice"):
        FamilyTarget("f", (up, same), ())
    with pytest.raises(SourceError, match="has no projects"):
        FamilyTarget("f", (), ())
    with pytest.raises(SourceError, match="needs a name"):
        FamilyTarget(" ", (up,), ())


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
        ("f.toml", "[[family]\n", r"f\.toml:1: "),
        ("f.toml", "", "names no family"),
        ("f.toml", "\n[families]\n", r"toml:2: expected .*family.* tables"),
        ("f.toml", "family = 1\n", "expected .*family.* tables"),
        (
            "f.toml",
            '[[family]]\nname = "x"\ncolour = 1\n',
            r"f\.toml:1: family x: `colour` is not known here",
        ),
        (
            "f.toml",
            '[[family]]\nname = "x"\nupstream = 7\n',
            "family x: `upstream` is a whole number, not .*",
        ),
        ("f.toml", '[[family]]\nupstream = "https://github.com/o/r"\n', "family 1: .*needs a name"),
        (
            "f.toml",
            '[[family]]\nname = "x"\nupstream = {paths = []}\n',
            "`location` is missing",
        ),
        ("f.toml", TOML + TOML, r"f\.toml:12: family yi: it stands here twice"),
        # The line of what is wrong, wherever its statement begins; never that of its end.
        ("f.toml", '[[family]]\nname = "a"\nname = "b"\n', r"f\.toml:3: a key stands twice$"),
        ("f.toml", "[[family]]\nx = 1\n# y\nx = [\n1,\n]\n", r"f\.toml:4: a key stands twice$"),
        ("f.toml", '\n[[family]]\nname = """a\nb\n', r"f\.toml:3: a text is not closed$"),
        ("f.toml", "\nx = [1,\n2,\n", r"f\.toml:2: the file ends where a value should"),
        ("f.toml", "family = [1]\n", r"f\.toml:1: family 1: it is a whole number"),
        ("f.toml", '\n[family]\nname = "x"\n', r"f\.toml:2: expected \[\[family\]\] tables"),
        ("f.toml", "\n\n[[family]]\nname = nan\n", r"f\.toml:4: a number is not finite$"),
        ("f.toml", "[[family]]\nx = [[1, -1e999]]\n", r"f\.toml:2: a number is not finite$"),
        ("f.toml", '[[family]]\nname = "x"\r', r"f\.toml:2: a carriage return without"),
        ("f.toml", "[[family]]\nname = 2020-01-01\n", "`name` is a date, not a text$"),
        ("f.toml", "\n\nx = " + "[" * 5_000, r"f\.toml:3: nested too deeply$"),
        ("f.toml", "\n" + "a." * 200 + "a = 1", r"f\.toml:2: nested too deeply$"),
        ("f.toml", "\n" + "a . 'b' ." * 50_000 + "a = 1", r"f\.toml:2: nested too deeply$"),
        ("f.toml", "\n\nx = " + "9" * 5_000, r"f\.toml:3: a number has too many digits$"),
        (  # What looks like the table's first line is a text.
            "f.toml",
            '[[ "family" ]]\nname = "a"\nupstream = "o/r"\nvariants = """\n[[family]]\n"""\n'
            "[[family]]\nname = 1\n",
            r"f\.toml:[17]: family ",
        ),
        ("f.toml", "x = " + "[" * 5_000, r"f\.toml.* nested too deeply"),
        ("f.toml", "x = " + "9" * 5_000, r"f\.toml:1: a number has too many digits"),
        ("f.toml", '[[family]]\nname = "a\\u0000b"\n', "NUL"),
        ("f.toml", '[[family]]\nname = "a\0b"\n', r"f\.toml:2: a NUL"),
        ("f.csv", "family,side,location\nx,variant,o/m\0\n", r"f\.csv:2: a NUL"),
        ("f.csv", 'family,side,location\nx,variant,"o/m\n', r"f\.csv:2: a quotation mark"),
        ("f.csv", f"family,side,location\nx,variant,{'o' * 200_000}\n", r":2: a field is too long"),
        (
            "f.csv",
            "family,side,location,paths\nx,upstream,https://github.com/o/r,a\n"
            "x,upstream,https://github.com/o/r,b\n",
            r"f\.csv:3: family x names .* twice, and not in the same way",
        ),
        (
            "f.csv",
            "family,side,location,family\nx,variant,o/m,y\n",
            r":1: .*family. stands twice",
        ),
        ("f.csv", "family,side,location\nx,variant,o/m,y\n", r"f\.csv:2: 4 cells, not 3"),
        ("f.csv", "family" + "," * 10_000, r"f\.csv:1: the header has 10,001 columns"),
        ("f.csv", "family,side,location,paths\nx,variant,o/m\n", r"f\.csv:2: 3 cells, not 4"),
        (
            "f.csv",
            "family,side,location,path\nx,variant,o/m,y\n",
            r":1: .*path. is not known",
        ),
        ("f.csv", 'family,side,location\n"x\ny",variant,\n', r"f\.csv:2: `location` is empty"),
        ("f.csv", 'family,side,location\nx,variant,"o/m\n\n', r"f\.csv:2: a quotation mark"),
        ("f.csv", "family,side,location\rx,variant,o/m\r", r"f\.csv:1: a carriage return"),
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
        (tmp_path / name).write_bytes(b"\xff\xfe")
        with pytest.raises(TableError, match="not UTF-8"):
            read_families(tmp_path / name)


def test_a_line_twice_is_read_once(tmp_path: Path) -> None:
    line = "x,variant,https://huggingface.co/o/m\n"
    (tmp_path / "f.csv").write_text(f"family,side,location\n{line}{line}")
    (family,) = read_families(tmp_path / "f.csv")
    assert [target.project.name for target in family.variants] == ["o/m"]
