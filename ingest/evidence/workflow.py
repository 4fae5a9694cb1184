"""The steps of a GitHub workflow, every one of every job.

Nothing is run. A matrix is unrolled, and the expressions that names and conditions are made of are
evaluated as far as a text alone allows.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.shell import UNKNOWN, commands

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


_CELLS = 256
"""Cells of a matrix; GitHub allows as many jobs of one."""
_STEPS = 5_000
"""Steps that a workflow is unrolled to."""
_CALLS = 3
"""Workflows that call each other."""
_NEEDS = 20
_FROM_JSON = re.compile(r"\$\{\{\s*fromjson\((.{1,4000})\)\s*\}\}", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job, with its expressions evaluated."""

    job: str
    work: str
    """What one job in one cell of its matrix has in common: its steps share a machine."""
    uses: str
    """The action, without its version; empty for a script."""
    inputs: Mapping[str, str]
    """What the action is given, names in lower case."""
    run: str
    """The script; empty for an action."""
    environment: Mapping[str, str]
    shell: str = ""
    folder: str = ""
    """Where the script runs."""


def steps_of(text: str, repository: str, files: Mapping[str, str] | None = None) -> Iterator[Step]:
    """Yield the steps of a workflow file of `owner/name`; none if the file is broken.

    `files` are the repository's other workflows by path, which a job may call.
    """
    return islice(_steps(read_yaml(text), _context(repository), files or {}, 0), _STEPS)


def _steps(document: Any, known: Names, files: Mapping[str, str], depth: int) -> Iterator[Step]:
    document = _mapping(document)
    known = {**_defaults(document.get("on")), **known}
    outputs: dict[str, str] = {}
    for job, body in _in_order(_mapping(document.get("jobs"))):
        matrix = _mapping(body.get("strategy")).get("matrix")
        for number, cell in enumerate(_cells(_matrix(matrix, {**known, **outputs}))):
            names = {**known, **outputs, **cell}
            run = f"{depth}:{job}:{number}"
            called = files.get(str(body.get("uses")).removeprefix("./").partition("@")[0])
            if called is not None and depth < _CALLS and not _never(body, names):
                given = _inputs(body, names)
                yield from _steps(read_yaml(called), {**_bare(known), **given}, files, depth + 1)
                continue
            yield from _job(job, run, body, names, _layer(names, {}, document), outputs)


def _in_order(jobs: Mapping[Any, Any]) -> list[tuple[str, Mapping[Any, Any]]]:
    """Return the jobs so that one stands after those that it needs, as far as that goes."""
    waiting = {str(name): _mapping(body) for name, body in jobs.items()}
    ordered: list[tuple[str, Mapping[Any, Any]]] = []
    for _ in range(_NEEDS):
        for name, body in list(waiting.items()):
            needs = body.get("needs")
            named = [needs] if isinstance(needs, str) else needs
            if not any(str(one) in waiting for one in (named if isinstance(named, list) else ())):
                ordered.append((name, waiting.pop(name)))
    return [*ordered, *waiting.items()]


def _bare(known: Names) -> dict[str, str]:
    """Return what a called workflow knows of its caller: not its inputs."""
    return {name: value for name, value in known.items() if name.startswith("github.")}


def _inputs(body: Mapping[str, Any], names: Names) -> dict[str, str]:
    """Return the inputs that a job gives the workflow that it calls."""
    given = _mapping(body.get("with")).items()
    return {f"inputs.{k}".lower(): expand(v, names) for k, v in given if isinstance(v, str)}


def _job(
    job: str,
    run: str,
    body: Mapping[str, Any],
    names: Mapping[str, str],
    environment: Mapping[str, str],
    outputs: dict[str, str],
) -> Iterator[Step]:
    """Yield the steps of one job in one cell; what a script puts into the environment stays."""
    if _never(body, names):
        return
    known, names = _layer(names, environment, body), dict(names)
    defaults = _mapping(_mapping(body.get("defaults")).get("run"))
    if "uses" in body:  # a reusable workflow of others: its inputs may name the model
        yield _step(job, run, body, names, known, defaults)
    steps = body.get("steps")
    for step in map(_mapping, steps if isinstance(steps, list) else ()):
        if not _never(step, _with(names, known)):
            own = _layer(names, known, step)
            done = _step(job, run, step, _with(names, own), own, defaults)
            added = exported(done.run, done.environment)
            known |= added
            for name, value in added.items():
                names[f"steps.{step.get('id')}.outputs.{name}".lower()] = value
            yield done
    for name, value in _mapping(body.get("outputs")).items():
        if isinstance(value, str):
            outputs[f"needs.{job}.outputs.{name}".lower()] = expand(value, names)


def _step(
    job: str,
    run: str,
    body: Mapping[str, Any],
    names: Names,
    environment: Mapping[str, str],
    defaults: Mapping[Any, Any],
) -> Step:
    def text(value: Any) -> str:
        return expand(value, names) if isinstance(value, str) else ""

    uses = text(body.get("uses")).partition("@")[0]
    inputs = {str(key).lower(): text(value) for key, value in _mapping(body.get("with")).items()}
    shell = text(body.get("shell") or defaults.get("shell"))
    folder = text(body.get("working-directory") or defaults.get("working-directory"))
    return Step(job, run, uses, inputs, text(body.get("run")), environment, shell, folder)


def exported(run: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a script gives later steps: `echo "A=b" >> $GITHUB_ENV`, or GITHUB_OUTPUT."""
    if not any(name in run for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "::set-output")):
        return {}
    added: dict[str, str] = {}
    for command in commands(run, environment):
        if command.words[0] not in ("echo", "printf", "cat"):
            continue
        words = [word for word in command.words[1:] if not word.startswith(">")]
        for line in (*words, *command.stdin.split("\n")):
            line = re.sub(r"^::set-output name=(\w+)::", r"\1=", line).removesuffix("\\n")
            name, equals, value = line.partition("=")
            if equals and re.fullmatch(r"[A-Za-z_][\w-]*", name.strip()):
                added[name.strip()] = value.strip(" \"'")
    return added


def _matrix(matrix: Any, names: Names) -> Mapping[Any, Any]:
    """Return a matrix with the lists that are written in expressions as `fromJSON('[…]')`."""
    if isinstance(matrix, str):
        return _mapping(_from_json(matrix, names))
    return {
        key: _from_json(value, names) if isinstance(value, str) else value
        for key, value in _mapping(matrix).items()
    }


def _from_json(text: str, names: Names) -> Any:
    found = _FROM_JSON.fullmatch(text.strip())
    try:
        return _as_text(json.loads(evaluate(found[1], names))) if found else text
    except (ValueError, RecursionError):
        return text


def _as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    if isinstance(value, dict):
        return {key: _as_text(one) for key, one in value.items()}
    return value if isinstance(value, str) else json.dumps(value)


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
    for left_out in (_cell(_mapping(one).items()) for one in _list(matrix.get("exclude"))):
        cells = [cell for cell in cells if not left_out.items() <= cell.items()]
    include = matrix.get("include")
    original = [set(cell) for cell in cells]
    # An entry of `include` joins the cells that it does not contradict, else it is a cell itself.
    for extra in _list(include):
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


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
