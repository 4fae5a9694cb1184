"""Evidence in a GitHub workflow: every step of every job, and what it publishes to the Hub."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from hubtrace.ingest.evidence.addresses import addresses_in, variant_in, variant_named
from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.records import HostData

UNKNOWN = "***"
"""Stands for what only a run would know, a secret above all."""

Value = str | bool
Names = Mapping[str, Value]
"""Dotted name in lower case (`matrix.repo`) → its value."""

_EXPRESSION = re.compile(r"\$\{\{(.{0,4000}?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d[\w.]*)|(?P<op>==|!=|&&|\|\||<=|>=|[<>!(),])"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[\w*-]+|\[\s*'[^']*'\s*\])*))"
)
_DEEPEST = 30
_LONGEST_EXPRESSION = 20_000
"""Characters that a text may grow to."""


def expand(text: str, names: Names) -> str:
    """Return a text with its expressions evaluated; what cannot be known becomes `UNKNOWN`."""

    def value(match: re.Match[str]) -> str:
        return _text(evaluate(match[1], names))

    return _EXPRESSION.sub(value, text[:_LONGEST_EXPRESSION])[:_LONGEST_EXPRESSION]


def evaluate(expression: str, names: Names) -> Value:
    """Return the value of one expression, `UNKNOWN` if it is broken or cannot be known."""
    try:
        tokens = _tokens(expression)
        parser = _Parser(tokens, names)
        value = parser.either(0)
    except _Broken:
        return UNKNOWN
    return value if parser.at == len(tokens) else UNKNOWN


class _Broken(Exception):
    """The expression is none."""


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    text, at = expression.strip(), 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _Broken
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _true(value: Value) -> bool:
    return value not in ("", False, "false", "0")


@dataclass
class _Parser:
    """A recursive descent over the tokens: one method for each level of precedence."""

    tokens: list[tuple[str, str]]
    names: Names
    at: int = 0

    def either(self, depth: int) -> Value:
        """Return `a || b`: the first that is true, else the last."""
        value = self._both(depth)
        while self._take("||"):
            other = self._both(depth)
            value = value if value != UNKNOWN and _true(value) else other
        return value

    def _both(self, depth: int) -> Value:
        """Return `a && b`: the first that is false, else the last."""
        value = self._compared(depth)
        while self._take("&&"):
            other = self._compared(depth)
            value = other if value == UNKNOWN or _true(value) else value
        return value

    def _compared(self, depth: int) -> Value:
        value = self._single(depth)
        for sign in ("==", "!="):
            if self._take(sign):
                other = self._single(depth)
                if UNKNOWN in (value, other):
                    return UNKNOWN
                same = _text(value).lower() == _text(other).lower()
                return same if sign == "==" else not same
        return value

    def _single(self, depth: int) -> Value:
        if depth > _DEEPEST or self.at >= len(self.tokens):
            raise _Broken
        kind, word = self.tokens[self.at]
        self.at += 1
        if word == "!" and kind == "op":
            value = self._single(depth + 1)
            return UNKNOWN if value == UNKNOWN else not _true(value)
        if word == "(" and kind == "op":
            value = self.either(depth + 1)
            self._need(")")
            return value
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return word
        if kind == "name":
            return self._called(word, depth) if self._take("(") else self._named(word)
        raise _Broken

    def _named(self, word: str) -> Value:
        if word in ("true", "false"):
            return word == "true"
        name = re.sub(r"\[\s*'([^']*)'\s*\]", r".\1", word).lower()
        return self.names.get(name, UNKNOWN)

    def _called(self, word: str, depth: int) -> Value:
        arguments: list[Value] = []
        while not self._take(")"):
            if arguments:
                self._need(",")
            arguments.append(self.either(depth + 1))
        function = _FUNCTIONS.get(word.lower())
        return function([_text(value) for value in arguments]) if function else UNKNOWN

    def _take(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("op", sign):
            self.at += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise _Broken


def _format(arguments: list[str]) -> Value:
    """`format('{0}/{1}', a, b)`; an argument that is unknown stays a hole in the text."""
    if not arguments:
        return UNKNOWN
    pattern, values = arguments[0], arguments[1:]

    def hole(match: re.Match[str]) -> str:
        number = int(match[1])
        return values[number] if number < len(values) else UNKNOWN

    return re.sub(r"\{(\d{1,2})\}", hole, pattern)[:_LONGEST_EXPRESSION]


def _contains(arguments: list[str]) -> Value:
    if len(arguments) != 2 or UNKNOWN in arguments:
        return UNKNOWN
    return arguments[1].lower() in arguments[0].lower()


def _starts_with(arguments: list[str]) -> Value:
    if len(arguments) != 2 or UNKNOWN in arguments:
        return UNKNOWN
    return arguments[0].lower().startswith(arguments[1].lower())


_FUNCTIONS: Mapping[str, Callable[[list[str]], Value]] = {
    "format": _format,
    "contains": _contains,
    "startswith": _starts_with,
}


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
    for number, line in enumerate(lines):
        if number >= _COMMANDS:
            return
        words = _words(line)
        while words and (set_ := _ASSIGNMENT.fullmatch(words[0])):
            known[set_[1]] = _expanded(set_[2], known)
            words = words[1:]
        if words[:1] == ["export"] and len(words) > 1 and (set_ := _ASSIGNMENT.fullmatch(words[1])):
            known[set_[1]] = _expanded(set_[2], known)
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
    document = read_yaml(text)
    if not isinstance(document, Mapping):
        return
    names = _facts_of(repository) | _defaults(document.get("on"))
    left = _STEPS
    for job, body in _mapping(document.get("jobs")).items():
        if not isinstance(body, Mapping):
            continue
        for cell in _cells(_mapping(body.get("strategy")).get("matrix")):
            for step in _job(str(job), body, {**names, **cell}, _mapping(document.get("env"))):
                yield step
                left -= 1
                if left == 0:
                    return


def _job(
    job: str, body: Mapping[str, Any], names: dict[str, Value], environment: Mapping[str, Any]
) -> Iterator[Step]:
    """Yield the steps of one job in one cell; what a script puts into the environment stays."""
    if _never(body, names):
        return
    known = _with_environment(names, {}, environment)
    known = _with_environment(names, known, _mapping(body.get("env")))
    if "uses" in body:  # a reusable workflow: its inputs may name the model
        yield _step(job, body, names, known)
    steps = body.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping) and not _never(step, {**names, **_as_names(known)}):
            here = _with_environment(names, known, _mapping(step.get("env")))
            done = _step(job, step, {**names, **_as_names(here)}, here)
            known |= exported(done.run)
            yield done


def _step(
    job: str, body: Mapping[str, Any], names: Mapping[str, Value], known: Mapping[str, str]
) -> Step:
    def text(value: Any) -> str:
        return expand(value, names) if isinstance(value, str) else ""

    uses = text(body.get("uses")).partition("@")[0]
    inputs = {str(k).lower(): text(v) for k, v in _mapping(body.get("with")).items()}
    return Step(job, uses, inputs, text(body.get("run")), known)


def exported(run: str) -> dict[str, str]:
    """Return what a script adds to the environment of later steps: `echo "A=b" >> $GITHUB_ENV`."""
    found: dict[str, str] = {}
    for line in run.split("\n"):
        words, _, target = line.partition(">>")
        if _FILE in target.replace("{", "").replace("}", ""):
            name, equals, value = words.strip().removeprefix("echo ").strip(" \"'").partition("=")
            if equals and name.isidentifier():
                found[name] = value.strip(" \"'")
    return found


def _never(body: Mapping[str, Any], names: Mapping[str, Value]) -> bool:
    """Return True if the condition of a job or step is surely false."""
    condition = body.get("if")
    if not isinstance(condition, str):
        return False
    inner = condition.strip().removeprefix("${{").removesuffix("}}")
    return evaluate(inner, names) in (False, "false", "")


def _cells(matrix: Any) -> list[dict[str, Value]]:
    """Return the cells of a matrix as names; one empty cell without any."""
    axes = {k: v for k, v in _mapping(matrix).items() if k not in ("include", "exclude")}
    lists = {key: values for key, values in axes.items() if isinstance(values, list) and values}
    cells: list[dict[str, Value]] = []
    if lists:
        for combination in product(*lists.values()):
            cell: dict[str, Value] = {}
            for key, value in zip(lists, combination, strict=True):
                cell |= _named(f"matrix.{key}", value)
            cells.append(cell)
            if len(cells) >= _CELLS:
                break
    return _included(cells, _mapping(matrix).get("include")) or [{}]


def _included(cells: list[dict[str, Value]], include: Any) -> list[dict[str, Value]]:
    """Add what `include` says: to the cells that it does not contradict, else as cells."""
    original = [set(cell) for cell in cells]
    for extra in include if isinstance(include, list) else ():
        named: dict[str, Value] = {}
        for key, value in _mapping(extra).items():
            named |= _named(f"matrix.{key}", value)
        fits = [
            cell
            for cell, own in zip(cells, original, strict=False)
            if all(cell[name] == value for name, value in named.items() if name in own)
        ]
        for cell in fits:
            cell |= named
        if not fits and named and len(cells) < _CELLS:
            cells.append(named)
    return cells


def _named(name: str, value: Any) -> dict[str, Value]:
    """Return a value of a matrix as dotted names, two levels deep."""
    if isinstance(value, Mapping):
        return {f"{name}.{key}".lower(): str(child) for key, child in value.items()}
    return {name.lower(): value} if isinstance(value, str) else {}


def _defaults(on: Any) -> dict[str, Value]:
    """Return the default inputs of a workflow that people or others start."""
    found: dict[str, Value] = {}
    for trigger in ("workflow_dispatch", "workflow_call"):
        for name, body in _mapping(_mapping(_mapping(on).get(trigger)).get("inputs")).items():
            default = _mapping(body).get("default")
            if isinstance(default, str):
                found[f"inputs.{name}".lower()] = default
                found[f"github.event.inputs.{name}".lower()] = default
    return found


def _facts_of(repository: str) -> dict[str, Value]:
    owner, _, name = repository.partition("/")
    return {
        "github.repository": repository,
        "github.repository_owner": owner,
        "github.event.repository.name": name,
        "github.repositoryurl": f"git://github.com/{repository}.git",
        "github.server_url": "https://github.com",
    }


def _with_environment(
    names: Mapping[str, Value], known: Mapping[str, str], body: Mapping[str, Any]
) -> dict[str, str]:
    """Return the environment with another layer on it, whose values may use what was known."""
    below = {**names, **_as_names(known)}
    layer = {str(k): expand(v, below) for k, v in body.items() if isinstance(v, str)}
    return {**known, **layer}


def _as_names(environment: Mapping[str, str]) -> dict[str, Value]:
    return {f"env.{name}".lower(): value for name, value in environment.items()}


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
            for variant, said in _published(step):
                if variant not in seen:
                    seen.add(variant)
                    place = f"{text.path}:{step.job}"
                    yield variant, observed("ci_workflow", repository, place, said)


def _published(step: Step) -> Iterator[tuple[str, str]]:
    """Yield the models that a step publishes to, and how it says so."""
    targets = [*_by_action(step), *_by_command(step), *_by_python(step)]
    for name, said in targets:
        variant = variant_named(name)
        if variant:
            yield variant, said


def _by_action(step: Step) -> Iterator[tuple[str, str]]:
    if not _ACTION.search(step.uses.lower()):
        return
    if step.inputs.get("repo_type", "space").lower() == "model":
        for target in _TARGETS:
            if target in step.inputs:
                yield step.inputs[target], f"uses {step.uses}, {target}: {step.inputs[target]}"


def _by_command(step: Step) -> Iterator[tuple[str, str]]:
    environment = {**step.environment, **exported(step.run)}
    for words in commands(step.run, environment):
        yield from _by_hub_program(words)
        yield from _by_git(words)
        yield from _by_option(words)


def _by_hub_program(words: list[str]) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(words[:-2]):
        if word.rpartition("/")[2] in _PROGRAMS and words[position + 1] in _UPLOADS:
            rest = words[position + 2 :]
            options = _options(rest)
            if options.get("--repo-type", "model") == "model":
                name = options.get("", "")
                yield name, f"{word} {words[position + 1]} {name}"
            return


def _options(words: Iterable[str]) -> Mapping[str, str]:
    """Return the options of `hf upload` by name, and under the empty name the first argument."""
    found_: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            if equals:
                found_[name], name = value, ""
        elif name:
            found_.setdefault(name, word)
            name = ""
        else:
            found_.setdefault("", word)
    return found_


def _by_git(words: list[str]) -> Iterator[tuple[str, str]]:
    if words[:1] != ["git"] or not {"push", "remote"} & set(words[1:4]):
        return
    for word in words:
        for url in addresses_in(word):
            variant = variant_in(url)
            if variant:
                yield variant, f"git {words[1]} to huggingface.co/{variant}"


def _by_option(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what a training script is told to push to: `--hub_model_id org/name`."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in _OPTIONS and any(part.startswith("--push_to_hub") for part in words):
            yield (value if equals else following), f"{name} {value if equals else following}"


def _by_python(step: Step) -> Iterator[tuple[str, str]]:
    if _PYTHON.search(step.run) and not _OTHER_KINDS.search(step.run):
        for match in _PYTHON_NAME.finditer(step.run):
            yield match[1], match[0]
