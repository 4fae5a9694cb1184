"""No text of a hub makes a parser raise: 100,000 of each kind in a campaign, some in `make test`.

Texts are put together from pieces that have hurt some parser somewhere, repeated, nested, cut and
spoilt; the same seed gives the same texts, and a failure names it.
"""

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import httpx2
import pytest

from hubtrace.graph.decoding import decode_json
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.text import as_json, for_markdown, for_people, one_line, to_bytes, to_text
from hubtrace.graph.urls import Side, parse_address, redact
from hubtrace.ingest.change_types.classifier import Changed, classify
from hubtrace.ingest.evidence import (
    in_repository,
    in_variant,
    owners_named,
    references_in,
    scripts_called,
)
from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.python_calls import published
from hubtrace.ingest.evidence.shell import commands
from hubtrace.ingest.families import parse_target
from hubtrace.ingest.http import retry_after, scrub
from hubtrace.ingest.input_files import read_json
from hubtrace.ingest.records import HostData, ProjectMetadata, Text
from hubtrace.ingest.sigstore_bundles import read_bundle
from hubtrace.ingest.sources.git.location import parse_location
from hubtrace.ingest.sources.git.log import parse_log
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.attestations import unpacked
from tests.effort import SEED, THOROUGH

_TURNS = 25 if THOROUGH else 1
_TEXTS = 4_000 if THOROUGH else 200
"""In each turn of each kind."""
_SHORT = 4_000
"""Characters, where a long text finds no more than a short one: `test_slopes.py` has the long."""

_ANY = (
    *("https://github.com/o/n", "https://huggingface.co/a/b", "hf.co/a", "[", "]", "(", ")", "{"),
    *("}", "<", ">", "'", '"', "\\", "\n", "\r", "\t", " ", "\0", "\ud800", "\udfff", "\U0010ffff"),
    *(
        "\u2028",
        "\u202e",
        "é",
        "\uff47ithub.com/\uff41/b",
        "%",
        "%zz",
        "..",
        "/",
        "//[",
        "http://[::1",
        "@",
    ),
    *("#", "&", "*", "|", ":", "0" * 5_000, "9" * 4_400, "-", "_", "x" * 200, "https://u:p@h/x"),
)
_MARKUP = (
    *(
        "<a href='",
        "</a>",
        "<![CDAT ]]>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!x",
        "<?",
        "![",
        "`",
    ),
    *(
        "```\n",
        "~~~",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "    ",
        "[x]: ",
        "](",
        "<table>",
        "<tr><td>",
    ),
    *("a|b\n-|-\n", "&#x110000;", "&#0;", "&amp", "<script>", "<svg><a href=", "<frameset>", "\\["),
)
_YAML = (
    *("---\n", "...\n", "base_model: ", "github: ", "license: ", "- ", "? ", "key: ", "&a ", "*a"),
    *(
        "!!python/object:os.system ",
        "!!binary ",
        "<<: *a",
        "|\n",
        ">-\n  ",
        "{a: ",
        "[*a, *a]",
        "%YAML",
    ),
    *("1: [", ".inf", "0x", "1_000", "2001-02-30", "~", "%TAG ! x", "\n  ", "\n    ", "\ufeff"),
)
_WORKFLOW = (
    *(
        "on: push\n",
        "jobs:\n",
        "  a:\n",
        "    steps:\n",
        "      - run: |\n",
        "          ",
        "hf upload ",
    ),
    *(
        "      - uses: huggingface/sync-hub@v1\n",
        "        with:\n",
        "          repo_id: ",
        "HF_TOKEN",
    ),
    *("    strategy:\n", "      matrix:\n", "        m: ", "${{ ", " }}", "matrix.m", "fromJSON('"),
    *(
        "format('{0}{', ",
        "contains(",
        "env.X",
        "    if: ",
        "&& ",
        "|| ",
        "!",
        "    needs: [a]\n",
        "==",
    ),
)
_SHELL = (
    *(
        "hf upload a/b .",
        "git push https://huggingface.co/a/b",
        "git -C ",
        "cd ",
        "$(",
        "`",
        "${X",
        "$X",
    ),
    *(
        "${X:-",
        "}",
        "X=",
        "export X=",
        "for i in a b; do\n",
        "done\n",
        "if ",
        "fi",
        "<<EOF\n",
        "EOF\n",
    ),
    *(
        "<<-'E'\n",
        "python -c '",
        "bash x.sh",
        ";",
        "&&",
        "||",
        "|",
        "\\\n",
        "((",
        "))",
        "case x in",
        "esac",
    ),
)
_PYTHON = (
    *(
        "push_to_hub('a/b')\n",
        "upload_file(repo_id=",
        "def f(x=",
        "):\n",
        "    ",
        "for a in [",
        "]:\n",
    ),
    *(
        "f'{x}'",
        "f'{",
        "'.format(",
        "lambda: ",
        "x = ",
        "x.y",
        "import x\n",
        "class A:\n",
        "(yield)",
    ),
    *(
        "os.environ['X']",
        "sys.argv[",
        "parser.add_argument('--x', default=",
        "'a' + ",
        "if 1:\n",
        "~",
        "not ",
    ),
    *(
        "\\N{",
        "b'\\xff'",
        "1e999",
        "0o9",
        "...",
        "async ",
        "match x:\n",
        "*",
        "**",
        ":=",
        "# -*- coding: x\n",
    ),
)
_MESSAGE = (
    *(
        "Sync from ",
        "Merge pull request #1 from ",
        "a" * 40,
        "o/n@" + "b" * 40,
        "via sync",
        "fix: ",
    ),
    *('Revert "', "Update ", "README.md", "Co-authored-by: A <a@b>", "(cherry picked from commit "),
)
_JSON = (
    *(
        '{"',
        '": ',
        '", "',
        "[",
        "]",
        "{}",
        "null",
        "true",
        "-0",
        "1e999",
        "NaN",
        "\\ud800",
        "\\u0000",
    ),
    *(
        '"sha": "',
        '"content": "',
        '"encoding": "base64", ',
        '"id": ',
        '"name": "',
        '"path": "',
        ", ",
    ),
)
_BUNDLE = (
    *(
        '{"verificationMaterial": ',
        '"certificate": {"rawBytes": "',
        '"dsseEnvelope": {"payload": "',
    ),
    *(
        '"messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": "',
        "AAAA",
        "MIIB",
    ),
    *(
        '"payloadType": "x", "signatures": []}',
        '"tlogEntries": [',
        "eyJfdHlwZSI6",
        "\x80\x01",
        "\xff",
    ),
    *("Sat, 31 Feb 2026 99:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999"),
)
_SHOWN = (
    *(
        "\x1b[31m",
        "\x9b31m",
        "::error::",
        "##[",
        "\u202e",
        "\u2066",
        "a@b.com",
        "@",
        "www.",
        "\x7f",
    ),
    *(
        "\U0010fe80",
        "\U0010feff",
        "\ud800",
        "=cmd|",
        "<b>",
        "git@h.org:a/b",
        "/x@y.org",
        "//a@b.com/",
    ),
)
_NESTS = (
    *(("[", "]"), ("(", ")"), ("{", "}"), ("<b>", "</b>"), ("> ", ""), ("- ", ""), ("$(", ")")),
    *(("f(", ")"), ("-", ""), ("not ", ""), ("*", "*"), ("{a: ", "}"), ("'{", "}'")),
)


def _details(kind: str, *paths: str) -> Callable[[str], HostData]:
    def of(text: str) -> HostData:
        texts = tuple(
            Text(
                "script" if "." in path and "yml" not in path and kind == "workflow" else kind,
                path,
                None,
                text,
            )
            for path in paths
        )
        return HostData(ProjectMetadata("1", "o/n"), texts=texts)

    return of


_CARD, _README = _details("card", "README.md"), _details("readme", "README.md")
_CI = _details("workflow", ".github/workflows/x.yml", "x.sh", "x.py")


def _card(text: str) -> None:
    unread: list[str] = []
    in_variant("o/n", _CARD(text), unread)
    in_variant("o/n", _CARD(f"---\n{text}\n---\n{text}"), unread)
    assert unread == []


def _readme(text: str) -> None:
    unread: list[str] = []
    in_repository("o/n", _README(text), unread)
    list(owners_named("o/n", _README(text), unread))
    assert unread == []


def _workflow(text: str) -> None:
    unread: list[str] = []
    details = _CI(text)
    in_repository("o/n", details, unread)
    scripts_called("o/n", details.texts)
    assert unread == []


def _message(text: str) -> None:
    references_in(text)
    classify("upstream", text, [Changed(text, "M")], text)


_ANSWERS = [one for one in vars(schemas).values() if isinstance(one, type(schemas.Readme))]


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(text: str) -> None:
    for one in _ANSWERS:
        with suppress(ValueError, RecursionError):
            decode_json(scrub(_raw(text)), one)
    with suppress(ValueError, RecursionError):
        read_json(text)  # what their callers take; anything else is a finding


def _bundle(text: str) -> None:
    raw = _raw(text)
    for one in (raw, unpacked(raw)):
        with suppress(ValueError):
            read_bundle(one)
    if text.isascii() and text.isprintable():
        retry_after(httpx2.Headers({"Retry-After": text}), 0)


def _log(text: str) -> None:
    """Put a text in each field of a commit that a stranger fills, cut anywhere."""
    words = to_text(_raw(text[:_SHORT]).replace(b"\0", b"")).encode()
    change = (b"\n:000000 100644 %b %b A" % (b"0" * 40, b"a" * 40), words or b"x")
    date = words.replace(b"\n", b"")  # git ends a header there
    commit = (b"a" * 40, b"b" * 40, words, words, date, b"1", words, *change)
    raw = b"".join(field + b"\0" for field in commit * 2)
    cut = len(words) % len(raw)
    read = list(parse_log([raw[:cut], raw[cut:]], lambda _: None))
    assert [one.changes[0].path for one in read] == [to_text(words) or "x"] * 2


def _shown(text: str) -> None:
    raw = _raw(text[:_SHORT])
    kept = to_text(raw)
    assert to_bytes(kept) == raw
    assert for_people(kept).isprintable()
    for_markdown(kept)
    shown = one_line(as_json({kept: [kept]}))[:-1]
    assert shown.isprintable()
    assert "##[" not in shown


def _url(text: str) -> None:
    assert redact(text).isprintable()
    for read in (
        parse_address,
        parse_location,
        lambda text: parse_target(Side.UPSTREAM, text),
        lambda text: parse_target(Side.DOWNSTREAM, text),
    ):
        refused = ""
        try:
            read(text)
        except HubtraceError as error:
            refused = str(error)
        assert refused.isprintable()


_KINDS: dict[str, tuple[Callable[[str], Any], tuple[str, ...]]] = {
    "card": (_card, _MARKUP + _YAML),
    "readme": (_readme, _MARKUP),
    "html": (_card, ("<a href='", "</a>", "'>", *_MARKUP[:12])),
    "yaml": (read_yaml, _YAML),
    "workflow": (_workflow, _WORKFLOW + _YAML + _SHELL),
    "shell": (lambda text: list(commands(text, {"X": text[:99]})), _SHELL),
    "python": (lambda text: list(published(text, {"X": text[:99]}, [text[:99]])), _PYTHON),
    "message": (_message, _MESSAGE),
    "json": (_json, _JSON),
    "bundle": (_bundle, (*_JSON, *_BUNDLE)),
    "log": (_log, _MESSAGE),
    "shown": (_shown, _SHOWN),
    "url": (_url, ("git@", "ssh://", ":", "/tree/", "/blob/", "?", "~", "@main", ":99999", "::")),
}


def _texts(pieces: Iterable[str], rnd: random.Random) -> Iterable[str]:
    own, any_ = tuple(pieces), _ANY
    for _ in range(_TEXTS):
        some = [rnd.choice(own if rnd.random() < 0.7 else any_) for _ in range(rnd.randint(1, 40))]
        text = "".join(some)
        spoilt = rnd.random()
        if spoilt < 0.1:
            text = text.replace(rnd.choice(text), chr(rnd.randrange(0x110000)))
        elif spoilt < 0.15:
            start, end = rnd.choice(_NESTS)
            depth = rnd.choice((3, 30, 300, 3_000))
            text = start * depth + text[:200] + end * depth
        elif spoilt < 0.2:
            text = rnd.choice(some) * rnd.choice((2, 50, 500)) + text
        yield text[: rnd.randrange(len(text) + 1)] if rnd.random() < 0.1 else text


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "turn", [pytest.param(turn, marks=[pytest.mark.faults] * bool(turn)) for turn in range(_TURNS)]
)
def test_no_text_makes_a_parser_raise(kind: str, turn: int) -> None:
    read, pieces = _KINDS[kind]
    tried = 0
    for text in _texts((*pieces, "\n"), random.Random(f"{kind} {turn}{SEED}")):
        try:
            read(text)
        except Exception as error:
            error.add_note(f"reading {text!r}"[:2_000])
            raise
        tried += 1
    print(f"{tried} texts")
