"""A GitHub workflow file, unrolled: every step of every job for every cell of its matrix.

Syntax: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax.
Nothing is run; what only a run would know is `expressions.UNKNOWN`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from ingest.evidence.bounded_yaml import read_yaml
from ingest.evidence.expressions import Value, evaluate, expand

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
