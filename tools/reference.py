"""The reference and the manual page, made from the code; a hook of MkDocs (`make docs`).

    python -m tools.reference > docs/hubtrace.1

Nothing here is written by hand: commands from the command line itself, exit codes from its help,
the graph from its model, questions from their headers, schemas from the records that are printed.
"""

import json
import posixpath
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtrace.cli import command_line
from hubtrace.commands.schema import json_schema, listed_schemas
from hubtrace.exit_codes import IN_A_SENTENCE
from hubtrace.graph.model import MODEL
from hubtrace.graph.schema import to_markdown
from hubtrace.help import GROUPS
from hubtrace.queries.catalogue import Parameter, Query, catalogue

ROOT = Path(__file__).parents[1]
MAN_PAGE = ROOT / "docs" / "hubtrace.1"
ROOT_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""File of the repository → its page."""
_DECISIONS = "decisions/"
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)]*)?\)")
_ENVIRONMENT = re.compile(r"\[env var: (\w+)")


@dataclass(frozen=True, slots=True)
class Described:
    """A command with the words of its help."""

    path: str
    """As it is typed: `hubtrace snapshot info`."""
    usage: str
    paragraphs: tuple[str, ...]
    options: tuple[tuple[str, str, str], ...]
    """`Arguments` or `Options`, how it is written, what it is."""


@dataclass
class _Rows:
    """Takes the rows that help would write."""

    width: int = 80
    current_indent: int = 0
    heading: str = ""
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Begin the rows under a heading."""
        self.heading = name
        yield

    def write_dl(self, rows: list[tuple[str, str]], *_: Any, **__: Any) -> None:
        """Take rows."""
        self.rows += [(self.heading, *row) for row in rows if self.heading != "Commands"]


def commands() -> list[Described]:
    """Return every command that help lists, in the order of its groups."""
    root = command_line()
    named = [name for names in GROUPS.values() for name in names]
    order = [*named, *(n for n in root.commands if n not in named)]
    top = root.context_class(root, info_name="hubtrace", **root.context_settings)
    found = [_described(root, top)]
    for name in order:
        found += _below(root.commands[name], name, top)
    return found


def _below(command: Any, name: str, parent: Any) -> Iterator[Described]:
    if command.hidden:
        return
    context = command.context_class(
        command, info_name=name, parent=parent, **command.context_settings
    )
    yield _described(command, context)
    for inner, each in getattr(command, "commands", {}).items():
        yield from _below(each, inner, context)


def _described(command: Any, context: Any) -> Described:
    rows = _Rows()
    if not getattr(command, "commands", {}):
        command.format_options(context, rows)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    paragraphs = tuple(part.strip("\n") for part in (command.help or "").split("\n\n"))
    return Described(context.command_path, usage, paragraphs, tuple(rows.rows))


def _example(paragraph: str) -> str | None:
    """Return the command of a paragraph that is an example."""
    text = paragraph.strip().removeprefix("Example:").strip()
    return text if text.startswith("hubtrace ") and "\n" not in text else None


def commands_page() -> str:
    """Return the page on all commands."""
    lines = ["# Commands", "", IN_A_SENTENCE, ""]
    for command in commands():
        lines += [f"## {command.path}", "", "```text", command.usage, "```", ""]
        for paragraph in command.paragraphs:
            example = _example(paragraph)
            lines += ["```sh", example, "```", ""] if example else [_prose(paragraph), ""]
        for heading in dict.fromkeys(row[0] for row in command.options):
            lines += [f"| {heading} | what it is |", "|---|---|"]
            for _, term, text in filter(lambda row: row[0] == heading, command.options):
                lines.append(f"| `{term}` | {_cell(text)} |")
            lines.append("")
    return "\n".join(lines)


def _prose(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|").replace("[", "\\[")


def queries_page() -> str:
    """Return the page on the stored questions, as their headers declare them."""
    lines = ["# Stored questions", "", "Asked with `hubtrace query NAME --param KEY=VALUE`.", ""]
    for query in catalogue().values():
        lines += [f"## {query.name}", "", _cell(query.what), "", *_tables(query)]
        lines += ["```cypher", query.text.rstrip(), "```", ""]
    return "\n".join(lines)


def _tables(query: Query) -> Iterator[str]:
    if query.parameters:
        yield from ("| parameter | type | default |", "|---|---|---|")
        for parameter in query.parameters:
            yield f"| `{parameter.name}` | {parameter.type} | {_default(parameter)} |"
        yield ""
    yield from ("| column | type |", "|---|---|")
    for column in query.returns:
        yield f"| `{column.name}` | {column.type} |"
    yield ""


def _default(parameter: Parameter) -> str:
    if parameter.all_families:
        return "all families"
    return "required" if parameter.required else f"`{json.dumps(parameter.default)}`"


def schemas_page() -> str:
    """Return the page on the documents of JSON, with links to their schemas."""
    lines = [
        *("# JSON documents", ""),
        "Each document has its shape and version in the field `schema`. `hubtrace schema NAME`",
        "prints its JSON Schema (draft 2020-12). `--columns` leaves fields of rows out.",
        *("", "| schema | document | printed by |", "|---|---|---|"),
    ]
    for each in listed_schemas():
        document = f"`{each.schema}`" if each.schema else "a line each"
        printed = each.printed_by if ":" in each.printed_by else f"`hubtrace {each.printed_by}`"
        lines.append(f"| [{each.name}](schemas/{each.name}.json) | {document} | {printed} |")
    return "\n".join(lines) + "\n"


def tour_page(notebook: str) -> str:
    """Return a notebook as a page: its texts, and its code with what it printed."""
    lines: list[str] = []
    for cell in json.loads(notebook)["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            lines += [text, ""]
            continue
        lines += ["```python", text, "```", ""]
        for output in cell["outputs"]:
            shown = output.get("text") or output.get("data", {}).get("text/plain", [])
            lines += ["```text", "".join(shown).rstrip(), "```", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return the pages that are made: those from the code, and those from files elsewhere."""
    made = {
        "reference/commands.md": commands_page(),
        "reference/graph.md": to_markdown(MODEL),
        "reference/queries.md": queries_page(),
        "reference/schemas.md": schemas_page(),
        f"{_DECISIONS}README.md": decisions_page(),
        "tour.md": tour_page((ROOT / "docs/tour.ipynb").read_text("utf-8")),
    }
    return made | {page: (ROOT / file).read_text("utf-8") for file, page in ROOT_PAGES.items()}


def schema_files() -> Iterator[tuple[str, str]]:
    """Yield the file of every JSON Schema."""
    for each in listed_schemas():
        text = json.dumps(json_schema(each.name), indent=2, ensure_ascii=False)
        yield f"reference/schemas/{each.name}.json", f"{text}\n"


def rewritten(markdown: str, page: str) -> str:
    """Return a page with its links to files of the repository as links to their pages.

    What is no page of the site, such as a module, keeps its name and loses its link.
    """
    sources = {place: file for file, place in ROOT_PAGES.items()}
    file = sources.get(page, f"docs/{page}")

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        place = posixpath.normpath(posixpath.join(posixpath.dirname(file), target))
        if place == "docs/decisions":
            place, anchor = "docs/decisions/README.md", ""
        there = ROOT_PAGES.get(place, place.removeprefix("docs/").replace(".ipynb", ".md"))
        if place not in ROOT_PAGES and not place.startswith("docs/"):
            return words if (ROOT / place).exists() else found[0]
        near = posixpath.relpath(there, posixpath.dirname(page) or ".")
        return f"[{words}]({near}{anchor})"

    return _LINK.sub(link, markdown)


def decisions() -> list[str]:
    """Return the pages of the decisions, in order."""
    return [f"{_DECISIONS}{file.name}" for file in sorted((ROOT / "docs/decisions").glob("0*.md"))]


def decisions_page() -> str:
    """Return the list of the decisions, by their headings."""
    lines = ["# Decisions", "", "What was decided, and why; the newest last.", ""]
    for page in decisions():
        heading = (ROOT / "docs" / page).read_text("utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{heading}]({page.removeprefix(_DECISIONS)})")
    return "\n".join(lines) + "\n"


def on_config(config: Any) -> Any:
    """Put every decision into the navigation, where it says `decisions/`."""
    for section in config.nav:
        for items in section.values():
            if isinstance(items, list) and _DECISIONS in items:
                items[items.index(_DECISIONS)] = {
                    "Decisions": [f"{_DECISIONS}README.md", *decisions()]
                }
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made."""
    from mkdocs.structure.files import File

    for place, text in (*pages().items(), *schema_files()):
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links to files into links to pages."""
    return rewritten(markdown, page.file.src_uri)


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


def man_page() -> str:
    """Return the manual page of section 1."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    root, *others = commands()
    lines = [
        f'.TH HUBTRACE 1 "" "hubtrace {version}" "User Commands"',
        *(".SH NAME", f"hubtrace \\- {_roff(root.paragraphs[0].rstrip('.'))}"),
        *(".SH SYNOPSIS", f".B {_roff(root.usage)}", ".SH COMMANDS"),
    ]
    for command in others:
        lines.append(f'.SS "{_roff(command.usage)}"')
        for number, paragraph in enumerate(command.paragraphs):
            example = _example(paragraph)
            lines += [".PP"] if number else []
            text = _roff(example or " ".join(paragraph.split()))
            lines += [".EX", text, ".EE"] if example else [text]
        for _, term, text in command.options:
            lines += [".TP", f".B {_roff(term)}", _roff(" ".join(text.split()))]
    lines += [
        ".SH EXIT STATUS",
        _roff(IN_A_SENTENCE.removeprefix("Exit codes: ")),
        ".SH ENVIRONMENT",
    ]
    texts = " ".join(text for command in others for _, _, text in command.options)
    for name in sorted(set(_ENVIRONMENT.findall(texts))):
        users = [c.path for c in others if any(f"env var: {name}" in o[2] for o in c.options)]
        lines += [".TP", f".B {name}", _roff(f"Read by {', '.join(users)}.")]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(man_page())
