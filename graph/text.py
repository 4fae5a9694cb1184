"""Text that is safe to display, and one reversible rule for text that is not UTF-8.

Names, paths and messages in git are bytes. hubtrace keeps them as text, unchanged wherever they
are valid UTF-8. A byte that is not becomes one character of a private block, U+10FE80 for 0x80
to U+10FEFF for 0xFF; a character of that block that was really there is escaped byte by byte in
the same way, so that `to_bytes(to_text(raw)) == raw` holds for every `raw`. (Python's own
`surrogateescape` is reversible too, but its surrogates are no Unicode text: neither Parquet nor
a graph engine takes them.)
"""

import json
import re
from collections.abc import Callable
from typing import Any

NEW_COMMITS_UNREAD = "its new commits were not read"
"""How what a host did not let us read (`unread` of a project) says that the refs are older ones."""
_BLOCK = 0x10FE00
_FIRST, _LAST = chr(_BLOCK + 0x80), chr(_BLOCK + 0xFF)
_COMMAND = re.compile(r"\A\s*::|##\[")
_COMMAND_IN_LINES = re.compile(r"(?:^|(?<=\r))[^\S\r\n]*::|##\[", re.MULTILINE)
"""How a line of a log becomes a command to GitHub's runner: the second form stands anywhere."""
_BEYOND_ASCII = re.compile("[^\n -~]")
_WWW = re.compile("www(?=\\.)", re.IGNORECASE)


# URLs are taken first, so that nothing in one is taken for an address, and paths from the root,
# which are the user's own.
_KEPT = r"(?P<kept>[A-Za-z][A-Za-z0-9+.-]{0,20}://\S++|\bgit@"
_LOCAL = r"[\w.+%-]++@(?:[A-Za-z0-9-]++\.)"
_NO_CLONE = r"(?!:[\w~.-]*+/)"
_IN_PROSE = rf"(?<![\w.+%/@-]){_LOCAL}++[A-Za-z]{{2,}}+(?![\w@-]){_NO_CLONE}"
_PROSE = re.compile(rf"{_KEPT})|{_IN_PROSE}")
_DOMAINS = (
    "com|org|net|edu|gov|mil|info|biz|io|ai|dev|me|co|us|eu|uk|de|fr|es|it|nl|be|ch|at|se|no|dk|fi|"
    "cz|ru|ua|cn|jp|kr|tw|hk|sg|in|il|tr|br|mx|ar|ca|au|nz"
)
_NAME = re.compile(
    rf"{_KEPT}|(?<![^\s'\"(])/\S++)|{_IN_PROSE}"
    rf"|(?<![\w.+%-]){_LOCAL}+(?:{_DOMAINS})(?![a-z0-9]){_NO_CLONE}",
    re.IGNORECASE,
)
"""Names of refs and files: an address may stand between slashes, and a dash may follow it. A model
with its revision looks the same (`org/model@v1.rc`), so there it must end in a usual domain."""
ADDRESS = "(e-mail)"
"""What stands in place of an address."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')


def without_addresses(prose: str) -> str:
    """Return a text with its e-mail addresses left out; those of clones, as `git@host`, stay."""
    return _PROSE.sub(_masked, prose) if "@" in prose else prose


def masked(name: str) -> str:
    """Return the name of a ref or file, or what holds one, with its e-mail addresses left out.

    A snapshot keeps names as they are; this is for whatever shows or exports them.
    """
    return _NAME.sub(_masked, name) if "@" in name else name


def _masked(found: re.Match[str]) -> str:
    return found["kept"] or ADDRESS


def _escape(raw: bytes) -> str:
    return "".join(chr(_BLOCK + byte) for byte in raw)


def _has_escape(text: str) -> bool:
    return not text.isascii() and max(text) >= _FIRST and any(_FIRST <= c <= _LAST for c in text)


def to_text(raw: bytes) -> str:
    """Return `raw` as text: unchanged where it is UTF-8, escaped where it is not."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        pieces = raw.decode("utf-8", "surrogateescape")
        return "".join(
            _escape(c.encode("utf-8", "surrogateescape"))
            if "\udc80" <= c <= "\udcff" or _FIRST <= c <= _LAST
            else c
            for c in pieces
        )
    if _has_escape(text):
        return "".join(_escape(c.encode()) if _FIRST <= c <= _LAST else c for c in text)
    return text


def is_utf8(text: str) -> bool:
    """Return False of a text in which `to_text` escaped bytes."""
    return not _has_escape(text)


def to_bytes(text: str) -> bytes:
    """Return the exact bytes that `to_text` was given."""
    if not _has_escape(text):
        return text.encode()
    return b"".join(bytes((ord(c) - _BLOCK,)) if _FIRST <= c <= _LAST else c.encode() for c in text)


def for_people(text: str) -> str:
    r"""Return `text` for display: escaped bytes and control characters as `\xNN`.

    Terminal escape codes, line breaks and bidirectional marks inside a name or a message become
    visible instead of taking effect; so do commands to what keeps the log of a workflow.
    E-mail addresses are left out.
    """
    text = masked(text)
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, text))
    return _COMMAND.sub(_escaped_sign, text)


def without_commands(text: str) -> str:
    """Return a text of several lines as it is, but for commands to what keeps a workflow's log."""
    return _COMMAND_IN_LINES.sub(_escaped_sign, text)


def _escaped_sign(command: re.Match[str]) -> str:
    """Return the beginning of a command with its last sign escaped."""
    return f"{command[0][:-1]}\\x{ord(command[0][-1]):02x}"


def for_markdown(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: no markup, link, mention or new line."""
    shown = for_people(text)
    for char in "\\`*_{}[]<>|#~!&":
        shown = shown.replace(char, f"\\{char}")
    # A bare address or an @name would become a link on some hosts.
    shown = shown.replace("://", ":\u200b//").replace("@", "@\u200b")
    return _WWW.sub("\\g<0>\u200b", shown)


def as_json(
    body: Any, *, indent: int | None = 2, default: Callable[[Any], Any] | None = None
) -> str:
    """Return a JSON document that ends in a newline, and in which nothing acts on a terminal.

    All JSON that people are given is written here.
    """
    return inert(json_text(body, indent=indent, ensure_ascii=False, default=default)) + "\n"


def json_text(body: Any, **options: Any) -> str:
    """Return JSON by the options of `json.dumps`; numbers that JSON does not have become texts."""
    try:
        return json.dumps(body, allow_nan=False, **options)
    except ValueError:  # rare, so that only then everything is copied
        finite = json.loads(json.dumps(body, **options), parse_constant=str)
        return json.dumps(finite, **options)


def one_line(document: str) -> str:
    """Return a document of `as_json` as a line of JSON Lines."""
    return as_json(json.loads(document), indent=None)


def inert(document: str) -> str:
    """Return the same JSON with all characters escaped that are not to be seen.

    JSON itself escapes only the first 32: C1 controls and marks of direction act on a terminal.
    E-mail addresses are left out.
    """
    document = _STRING.sub(_masked_string, document) if "@" in document else document
    document = document.replace("##[", "##\\u005b")  # a command to GitHub's runner
    if document.isascii() and "\x7f" not in document:
        return document
    return _BEYOND_ASCII.sub(lambda found: _in_json(found[0]), document)


def _masked_string(found: re.Match[str]) -> str:
    if "@" not in found[0]:
        return found[0]
    text = json.loads(found[0])
    shown = masked(text)
    return found[0] if shown == text else json.dumps(shown, ensure_ascii=False)


def _in_json(char: str) -> str:
    return char if char.isprintable() else "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def _visible(char: str) -> str:
    if _FIRST <= char <= _LAST:
        return f"\\x{ord(char) - _BLOCK:02x}"
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
