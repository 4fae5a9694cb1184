"""Evidence in a GitHub workflow: every step of every job, and what it publishes to the Hub.

Nothing is run. A matrix is unrolled, the expressions that names and conditions are made of are
evaluated as far as a text alone allows, and scripts are split into the words of their commands.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.mentions import addresses_in, variant_in, variant_named
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.records import HostData

UNKNOWN = "***"
"""Stands for what only a run would know, a secret above all."""

Names = Mapping[str, str]
"""Dotted name in lower case (`matrix.repo`) → its value; a truth value is `true` or `false`."""

_EXPRESSION = re.compile(r"\$\{\{(.{0,4000}?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\d[\w.]*|==|!=|&&|\|\||<=|>=|[<>!(),]"
    r"|[A-Za-z_][\w-]*(?:\.[\w*-]+|\[\s*'[^']*'\s*\])*"
)
_OPERATORS = ({"||"}, {"&&"}, {"==", "!="})
"""From those that bind least to those that bind most."""
_DEEPEST = 30
_LONGEST_EXPRESSION = 20_000
"""Characters that a text may grow to."""


def expand(text: str, names: Names) -> str:
    """Return a text with its expressions evaluated; what cannot be known becomes `UNKNOWN`."""

    def value(match: re.Match[str]) -> str:
        return evaluate(match[1], names)

    return _EXPRESSION.sub(value, text[:_LONGEST_EXPRESSION])[:_LONGEST_EXPRESSION]


def evaluate(expression: str, names: Names) -> str:
    """Return the value of one expression, `UNKNOWN` if it is broken or cannot be known."""
    if _TOKEN.sub("", expression).strip():
        return UNKNOWN
    parser = _Parser(_TOKEN.findall(expression)[::-1], names)
    try:
        value = parser.value()
    except ValueError:
        return UNKNOWN
    return UNKNOWN if parser.tokens else value


@dataclass
class _Parser:
    """A recursive descent over the tokens of an expression; ValueError where it is broken."""

    tokens: list[str]
    """The next one last."""
    names: Names

    def value(self, depth: int = 0, level: int = 0) -> str:
        """Return the value of what comes next, up to an operator that binds less than `level`."""
        if level == len(_OPERATORS):
            return self._operand(depth)
        value = self.value(depth, level + 1)
        while self.tokens and self.tokens[-1] in _OPERATORS[level]:
            operator = self.tokens.pop()
            value = _combined(operator, value, self.value(depth, level + 1))
        return value

    def _operand(self, depth: int) -> str:
        if depth > _DEEPEST or not self.tokens:
            raise ValueError
        word = self.tokens.pop()
        if word == "!":
            value = self._operand(depth + 1)
            return UNKNOWN if value == UNKNOWN else _truth(not _is_true(value))
        if word == "(":
            value = self.value(depth + 1)
            self._need(")")
            return value
        if word[0] == "'":
            return word[1:-1].replace("''", "'")
        if word[0].isdigit() or word in ("true", "false"):
            return word
        if not (word[0].isalpha() or word[0] == "_"):
            raise ValueError
        if self._take("("):
            return _called(word.lower(), self._arguments(depth))
        return self.names.get(re.sub(r"\[\s*'([^']*)'\s*\]", r".\1", word).lower(), UNKNOWN)

    def _arguments(self, depth: int) -> list[str]:
        arguments: list[str] = []
        while not self._take(")"):
            if arguments:
                self._need(",")
            arguments.append(self.value(depth + 1))
        return arguments

    def _take(self, token: str) -> bool:
        if self.tokens[-1:] != [token]:
            return False
        self.tokens.pop()
        return True

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise ValueError


def _combined(operator: str, left: str, right: str) -> str:
    """Return the value of `left operator right`; `&&` and `||` return one of the two."""
    if operator == "||":
        return left if left != UNKNOWN and _is_true(left) else right
    if operator == "&&":
        return right if left == UNKNOWN or _is_true(left) else left
    if UNKNOWN in (left, right):
        return UNKNOWN
    return _truth((left.lower() == right.lower()) is (operator == "=="))


def _called(function: str, arguments: list[str]) -> str:
    """Return the value of a function; an unknown argument of `format` stays a hole in its text."""
    if function == "format" and arguments:
        pattern, *values = arguments
        holes = dict(enumerate(values))
        return re.sub(r"\{(\d{1,2})\}", lambda m: holes.get(int(m[1]), UNKNOWN), pattern)[
            :_LONGEST_EXPRESSION
        ]
    if len(arguments) == 2 and UNKNOWN not in arguments:
        text, part = (argument.lower() for argument in arguments)
        if function == "contains":
            return _truth(part in text)
        if function == "startswith":
            return _truth(text.startswith(part))
    return UNKNOWN


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _is_true(value: str) -> bool:
    return value not in ("", "false", "0")


_LONGEST_SCRIPT = 20_000
_COMMANDS = 500
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^{}]*))?\}|([A-Za-z_]\w*))")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SEPARATORS = re.compile(r"(?:&&|\|\||[;|])\s")


def commands(script: str, environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the commands of a script as lists of words."""
    known = dict(environment)
    joined = script[:_LONGEST_SCRIPT].replace("\\\r\n", " ").replace("\\\n", " ")
    lines = (part for line in joined.split("\n") for part in _SEPARATORS.split(line))
    for line in islice(lines, _COMMANDS):
        words = _words(line)
        while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
            known[assignment[1]] = _expanded(assignment[2], known)
            words = words[1:]
        if words[:1] == ["export"] and (assignment := _ASSIGNMENT.fullmatch("".join(words[1:2]))):
            known[assignment[1]] = _expanded(assignment[2], known)
        elif words:
            yield [_expanded(word, known) for word in words]


def _words(line: str) -> list[str]:
    if line.lstrip().startswith("#"):
        return []
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # a quote that ends on another line
        return line.split()


def _expanded(word: str, known: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return known.get(match[1] or match[3], match[2] or match[0])

    return _VARIABLE.sub(value, word)[:_LONGEST_SCRIPT]


_CELLS = 256
"""Cells of a matrix; GitHub allows as many jobs of one."""
_STEPS = 5_000
"""Steps that a workflow is unrolled to."""
_FILE = "$GITHUB_ENV"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job, with its expressions evaluated."""

    job: str
    uses: str
    """The action, without its version; empty for a script."""
    inputs: Mapping[str, str]
    """What the action is given, names in lower case."""
    run: str
    """The script; empty for an action."""
    environment: Mapping[str, str]


def steps_of(text: str, repository: str) -> Iterator[Step]:
    """Yield the steps of a workflow file of `owner/name`; none if the file is broken."""
    document = _mapping(read_yaml(text))
    known = _context(repository) | _defaults(document.get("on"))
    unrolled = (
        step
        for job, body in _mapping(document.get("jobs")).items()
        for cell in _cells(_mapping(_mapping(_mapping(body).get("strategy")).get("matrix")))
        for names in ({**known, **cell},)
        for step in _job(str(job), _mapping(body), names, _layer(names, {}, document))
    )
    return islice(unrolled, _STEPS)


def _job(
    job: str, body: Mapping[str, Any], names: Names, environment: Mapping[str, str]
) -> Iterator[Step]:
    """Yield the steps of one job in one cell; what a script puts into the environment stays."""
    if _never(body, names):
        return
    known = _layer(names, environment, body)
    if "uses" in body:  # a reusable workflow: its inputs may name the model
        yield _step(job, body, names, known)
    steps = body.get("steps")
    for step in map(_mapping, steps if isinstance(steps, list) else ()):
        if not _never(step, _with(names, known)):
            own = _layer(names, known, step)
            done = _step(job, step, _with(names, own), own)
            known |= exported(done.run)
            yield done


def _step(job: str, body: Mapping[str, Any], names: Names, environment: Mapping[str, str]) -> Step:
    def text(value: Any) -> str:
        return expand(value, names) if isinstance(value, str) else ""

    uses = text(body.get("uses")).partition("@")[0]
    inputs = {str(key).lower(): text(value) for key, value in _mapping(body.get("with")).items()}
    return Step(job, uses, inputs, text(body.get("run")), environment)


def exported(run: str) -> dict[str, str]:
    """Return what a script adds to the environment of later steps: `echo "A=b" >> $GITHUB_ENV`."""
    added: dict[str, str] = {}
    for line in run.split("\n"):
        words, _, target = line.partition(">>")
        if _FILE in target.replace("{", "").replace("}", ""):
            name, equals, value = words.strip().removeprefix("echo ").strip(" \"'").partition("=")
            if equals and name.isidentifier():
                added[name] = value.strip(" \"'")
    return added


def _never(body: Mapping[str, Any], names: Names) -> bool:
    """Return True if the condition of a job or step is surely false."""
    condition = body.get("if")
    if not isinstance(condition, str):
        return False
    return evaluate(condition.strip().removeprefix("${{").removesuffix("}}"), names) in (
        "false",
        "",
    )


def _cells(matrix: Mapping[Any, Any]) -> list[dict[str, str]]:
    """Return the cells of a matrix as names; one empty cell without any."""
    axes = {
        key: values
        for key, values in matrix.items()
        if key not in ("include", "exclude") and isinstance(values, list) and values
    }
    combinations = islice(product(*axes.values()), _CELLS) if axes else ()
    cells = [_cell(zip(axes, combination, strict=True)) for combination in combinations]
    include = matrix.get("include")
    original = [set(cell) for cell in cells]
    # An entry of `include` joins the cells that it does not contradict, else it is a cell itself.
    for extra in include if isinstance(include, list) else ():
        added = _cell(_mapping(extra).items())
        fits = [
            cell
            for cell, own in zip(cells, original, strict=False)
            if all(cell[name] == value for name, value in added.items() if name in own)
        ]
        for cell in fits:
            cell |= added
        if not fits and added and len(cells) < _CELLS:
            cells.append(added)
    return cells or [{}]


def _cell(entries: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    """Return the values of a matrix as dotted names, two levels deep."""
    names: dict[str, str] = {}
    for key, value in entries:
        if isinstance(value, str):
            names[f"matrix.{key}".lower()] = value
        for part, child in _mapping(value).items():
            names[f"matrix.{key}.{part}".lower()] = str(child)
    return names


def _defaults(on: Any) -> dict[str, str]:
    """Return the default inputs of a workflow that people or other workflows start."""
    names: dict[str, str] = {}
    for trigger in ("workflow_dispatch", "workflow_call"):
        for name, body in _mapping(_mapping(_mapping(on).get(trigger)).get("inputs")).items():
            default = _mapping(body).get("default")
            if isinstance(default, str):
                names[f"inputs.{name}".lower()] = default
                names[f"github.event.inputs.{name}".lower()] = default
    return names


def _context(repository: str) -> dict[str, str]:
    owner, _, name = repository.partition("/")
    return {
        "github.repository": repository,
        "github.repository_owner": owner,
        "github.event.repository.name": name,
        "github.repositoryurl": f"git://github.com/{repository}.git",
        "github.server_url": "https://github.com",
    }


def _layer(names: Names, environment: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment with the `env` of a body on it, whose values may use what was set."""
    below, own = _with(names, environment), _mapping(body.get("env"))
    return {
        **environment,
        **{str(name): expand(text, below) for name, text in own.items() if isinstance(text, str)},
    }


def _with(names: Names, environment: Mapping[str, str]) -> dict[str, str]:
    return {**names, **{f"env.{name}".lower(): value for name, value in environment.items()}}


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


_ACTION = re.compile(r"(?:hub|hugging-?face(?:-hub|-space)?)[-_]sync(?:-action)?$|hugging-repo$")
_TARGETS = ("huggingface_repo_id", "huggingface_repo", "hf_repo_id", "hf_repo", "repo_id")
_PROGRAMS = {"hf", "huggingface-cli"}
_UPLOADS = {"upload", "upload-large-folder"}
_PYTHON = re.compile(r"push_to_hub|upload_(?:folder|file|large_folder)|create_commit")
_PYTHON_NAME = re.compile(
    r"(?:push_to_hub\(\s*|(?:repo_id|hub_model_id)\s*=\s*)[\"']([^\"'\s]{3,200})[\"']"
)
_OPTIONS = {"--hub_model_id", "--hub-model-id", "--repo-id", "--repo_id"}
_OF_INTEREST = re.compile(
    rf"hugging|\bhf\b|hf\.co|hub[-_](?:sync|model)|{_PYTHON.pattern}", re.IGNORECASE
)
"""What a workflow that publishes has somewhere in it; the others need not be unrolled."""
_OTHER_KINDS = re.compile(r"repo_type\s*=\s*[\"'](?:dataset|space)")


def ci_workflow(repository: str, details: HostData) -> Iterator[tuple[str, Evidence]]:
    """Yield the variants that the workflows of a repository publish to, each once per file."""
    for text in details.texts:
        if text.kind != "workflow" or not _OF_INTEREST.search(text.text):
            continue
        seen: set[str] = set()
        for step in steps_of(text.text, repository):
            for name, excerpt in (*_by_action(step), *_by_command(step), *_by_python(step)):
                variant = variant_named(name)
                if variant and variant not in seen:
                    seen.add(variant)
                    location = f"{text.path}:{step.job}"
                    yield variant, observed("ci_workflow", repository, location, excerpt)


def _by_action(step: Step) -> Iterator[tuple[str, str]]:
    """Yield the names of models that a step publishes to, each with an excerpt that says so."""
    to_model = step.inputs.get("repo_type", "space").lower() == "model"
    if to_model and _ACTION.search(step.uses.lower()):
        for target in _TARGETS:
            if target in step.inputs:
                yield step.inputs[target], f"uses {step.uses}, {target}: {step.inputs[target]}"


def _by_command(step: Step) -> Iterator[tuple[str, str]]:
    for words in commands(step.run, {**step.environment, **exported(step.run)}):
        yield from _by_hub_program(words)
        yield from _by_git(words)
        yield from _by_option(words)


def _by_hub_program(words: list[str]) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(words[:-2]):
        if word.rpartition("/")[2] in _PROGRAMS and words[position + 1] in _UPLOADS:
            options = _options(words[position + 2 :])
            if options.get("--repo-type", "model") == "model":
                name = options.get("", "")
                yield name, f"{word} {words[position + 1]} {name}"
            return


def _options(words: Iterable[str]) -> Mapping[str, str]:
    """Return the options of `hf upload` by name, and under the empty name the first argument."""
    options: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            if equals:
                options[name], name = value, ""
        else:
            options.setdefault(name, word)
            name = ""
    return options


def _by_git(words: list[str]) -> Iterator[tuple[str, str]]:
    if words[:1] == ["git"] and {"push", "remote"} & set(words[1:4]):
        for url in addresses_in("\n".join(words)):
            variant = variant_in(url)
            if variant:
                yield variant, f"git {words[1]} to huggingface.co/{variant}"


def _by_option(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what a training script pushes to: `--push_to_hub --hub_model_id org/name`."""
    if any(word.startswith("--push_to_hub") for word in words):
        for word, following in zip(words, [*words[1:], ""], strict=True):
            name, equals, value = word.partition("=")
            if name in _OPTIONS:
                yield (value if equals else following), f"{name} {value if equals else following}"


def _by_python(step: Step) -> Iterator[tuple[str, str]]:
    if _PYTHON.search(step.run) and not _OTHER_KINDS.search(step.run):
        for match in _PYTHON_NAME.finditer(step.run):
            yield match[1], match[0]
