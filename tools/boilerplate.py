"""Makes the table of files that are in everybody's repositories: their ids and names, no texts.

    python -m tools.boilerplate --licences choosealicense.com --templates gitignore \
        --projects CLONE... > ingest/derive/boilerplate.tsv

Every argument is a clone by git. What comes from where:

    trivial      computed here: files of nothing, or of next to nothing
    licence      github/choosealicense.com, `_licenses/*.txt` below the front matter, every version
                 that has no blank to fill in: what GitHub's licence picker commits
    template     github/gitignore, every version of `Python.gitignore`; and `.gitattributes` as the
                 Hub writes it into a new model
    tokenizer    facts that the Hub tells of the first models that have these tokenizers
    any of them  files under a name of that kind that at least three of the projects hold, whose
                 histories began with different commits

More clones of more projects make a longer table; a row is never wrong for being there: such a file
is everybody's, whoever had it first.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from hubtrace.ingest.derive.blobs import Boilerplate, blob_id, pointer_text

_TRIVIAL = {
    b"": "empty file",
    b"\n": "one line end",
    b"\n\n": "two line ends",
    b"\r\n": "one line end of Windows",
    b" ": "one space",
    b" \n": "one space and a line end",
    b"{}": "empty JSON object",
    b"{}\n": "empty JSON object and a line end",
    b"[]": "empty JSON list",
    b"[]\n": "empty JSON list and a line end",
    b"null\n": "JSON null and a line end",
    b"{\n}\n": "empty JSON object on two lines",
    b"---\n---\n": "empty front matter",
    b"*\n": "a .gitignore of everything",
    b"__pycache__/\n": "a .gitignore of Python's cache",
    b"*.pyc\n": "a .gitignore of Python's compiled files",
    b".DS_Store\n": "a .gitignore of macOS's folder files",
    b"# -*- coding: utf-8 -*-\n": "a Python file of its encoding",
    b"#!/usr/bin/env python\n": "a Python file of its first line",
    b"#!/usr/bin/env python3\n": "a Python file of its first line",
}
_FACTS = (
    (
        "ae8c63daedbd4206d7d40126955d4e6ab1c80f8f",
        "template",
        ".gitattributes of the Hub, 391 bytes",
    ),
    (
        "6d34772f5ca361021038b404fb913ec8dc0b1a5a",
        "template",
        ".gitattributes of the Hub, 1175 bytes",
    ),
    (
        "c7d9f3332a950355d5a77d85000f05e6f45435ea",
        "template",
        ".gitattributes of the Hub, 1477 bytes",
    ),
    (
        "a6344aac8c09253b3b630fb776ae94478aa0275b",
        "template",
        ".gitattributes of the Hub, 1519 bytes",
    ),
    ("226b0752cac7789c48f0cb3ec53eda48b7be36cc", "tokenizer", "merges.txt of GPT-2"),
    ("1f1d9aaca301414e7f6c9396df506798ff4eb9a6", "tokenizer", "vocab.json of GPT-2"),
    (
        "b00361fece0387ca34b4b8b8539ed830d644dbeb",
        "tokenizer",
        "vocab.json of GPT-2, as saved again",
    ),
    ("4b988bccc9dc5adacd403c00b4704976196548f8", "tokenizer", "tokenizer.json of GPT-2"),
    ("fb140275c155a9c7c5a3b3e0e77a9e839594a938", "tokenizer", "vocab.txt of BERT, uncased"),
    ("469be27c5c010538f845f518c4f5e8574c78f7c8", "tokenizer", "vocab.json of CLIP"),
    ("76e821f1b6f0a9709293c3b6b51ed90980b3166b", "tokenizer", "merges.txt of CLIP"),
)
_LARGE = (
    (
        "9e556afd44213b6bd1be2b850ebbbd98f5481437a8021afaf58ee7fb1818d347",
        499_723,
        "tokenizer.model of Llama 1 and 2",
    ),
)
_NAMES = {
    "licence": re.compile(r"(?i)(?:.*/)?(?:licen[cs]e|copying|notice)[^/]*"),
    "tokenizer": re.compile(
        r"(?i)(?:.*/)?[^/]*(?:vocab|merges|bpe|tokenizer|encoder\.json|spiece)[^/]*"
        r"\.(?:txt|json|gz|model|bpe|bin|vocab)"
    ),
    "template": re.compile(r"(?:.*/)?\.(?:gitignore|gitattributes|dockerignore|editorconfig)"),
}
_BLANKS = re.compile(r"\[(?:year|fullname|project|email|projecturl|login|description)\]")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_HOLDERS = 3


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.boilerplate", description=__doc__)
    parser.add_argument("--licences", type=Path, required=True, metavar="CLONE")
    parser.add_argument("--templates", type=Path, required=True, metavar="CLONE")
    parser.add_argument("--projects", type=Path, nargs="*", default=[], metavar="CLONE")
    options = parser.parse_args()
    rows: dict[str, Boilerplate] = {}
    for row in (
        *_trivial(),
        *_facts(),
        *_licences(options.licences),
        *_templates(options.templates),
        *_counted(options.projects),
    ):
        rows.setdefault(row.blob, row)
    print("# Made by tools/boilerplate.py, which tells where each row comes from.")
    print("# blob\tkind\tname\tsource")
    for row in sorted(rows.values(), key=lambda row: (row.kind, row.name, row.blob)):
        print(row.blob, row.kind, row.name, row.source, sep="\t")
    return 0


def _trivial() -> Iterator[Boilerplate]:
    for content, name in _TRIVIAL.items():
        yield Boilerplate(blob_id(content), "trivial", name, "computed")


def _facts() -> Iterator[Boilerplate]:
    for blob, kind, name in _FACTS:
        yield Boilerplate(blob, kind, name, "Hugging Face Hub")
    for sha256, size, name in _LARGE:
        pointer = blob_id(pointer_text(sha256, size))
        yield Boilerplate(pointer, "tokenizer", f"{name} (LFS pointer)", "Hugging Face Hub")


def _licences(clone: Path) -> Iterator[Boilerplate]:
    for path, blob in _versions(clone, "_licenses"):
        text = _git(clone, "cat-file", "blob", blob).decode("utf-8", "replace")
        body = _FRONT_MATTER.sub("", text)
        if not _BLANKS.search(body):
            name = Path(path).stem
            yield Boilerplate(blob_id(body.encode()), "licence", name, "github/choosealicense.com")


def _templates(clone: Path) -> Iterator[Boilerplate]:
    for path, blob in _versions(clone, "Python.gitignore"):
        yield Boilerplate(blob, "template", path, "github/gitignore")


def _counted(clones: Iterable[Path]) -> Iterator[Boilerplate]:
    """Yield the files of our kinds that several projects hold."""
    holders: dict[str, set[str]] = defaultdict(set)
    names: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    roots: set[str] = set()
    for clone in clones:
        root = _git(clone, "rev-list", "--first-parent", "HEAD").split()[-1].decode()
        roots.add(root)
        for path, blob in _versions(clone):
            for kind, pattern in _NAMES.items():
                if pattern.fullmatch(path):
                    holders[blob].add(root)
                    names[blob][kind, path.rpartition("/")[2]] += 1
                    break
    for blob, found in holders.items():
        if len(found) >= _HOLDERS:
            (kind, name), _ = names[blob].most_common(1)[0]
            source = f"held by {len(found)} of {len(roots)} public projects"
            yield Boilerplate(blob, kind, name, source)


def _versions(clone: Path, *paths: str) -> Iterator[tuple[str, str]]:
    """Yield path and blob of every version of the files of a clone's default branch."""
    options = ("--raw", "-z", "--no-abbrev", "--no-renames", "--format=", "HEAD", "--", *paths)
    fields = _git(clone, "log", *options).decode("utf-8", "surrogateescape").split("\0")
    change: list[str] = []
    for field in fields:
        if field.startswith(":"):
            change = field.split(" ")
        elif change:
            if change[1].startswith("100") and change[3].strip("0"):
                yield field, change[3]
            change = []


def _git(clone: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(clone), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
