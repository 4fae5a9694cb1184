"""What a question is about and the graph lacks is ingested first, if somebody agrees to that.

On a terminal the user is asked. Elsewhere it takes `--ingest`: a job must not begin to read hubs
because a name is misspelt.
"""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.errors import GraphMissing, HubtraceError, ProjectMissing
from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import for_people
from hubtrace.graph.urls import NotHosted, Side, parse_address
from hubtrace.options import GRAPH, SNAPSHOT

Ingest = Annotated[
    bool,
    typer.Option(
        "--ingest", help="First ingest what the graph lacks; on a terminal you are asked."
    ),
]

_UNOBSERVED = """
MATCH (v:Variant {key: $key}) WHERE v.observed_at IS NULL AND NOT (:Family)-[:RELEASES]->(v)
RETURN coalesce(v.name, v.key)
"""
_NAMED = 10
"""Models that are named where more are missing."""


def open_graph_with(
    graph: str,
    wanted: Sequence[tuple[Side, str]],
    snapshot: Path,
    *,
    ingest: bool,
    families: bool = False,
) -> GraphStore:
    """Return the open graph; what it lacks is ingested first if `ingest` or the user agrees.

    Opened once where it lacks nothing: opening a large graph takes longer than most questions.
    With `families`, a name may be that of a family, which is not ingested.

    Raises:
        HubtraceError: the graph lacks some and nobody agreed; names the command that ingests them.
            Or they could not be read.
    """
    with ExitStack() as held:
        store = held.enter_context(open_store(graph))
        lacking = _lacking(store, graph, wanted, families=families)
        if lacking and (targets := _agreed(graph, lacking, snapshot, ingest=ingest)):
            from hubtrace.commands.ingest import ingest_projects

            held.close()
            result = ingest_projects(targets, snapshot, graph)
            reasons = {project.name.lower(): reason for project, reason in result.failures.items()}
            store = held.enter_context(open_store(graph))
            for target, _ in _lacking(store, graph, wanted, families=families):
                reason = reasons.get(target.removeprefix("github.com/").lower())
                if reason is not None:
                    raise HubtraceError(f"{target} could not be ingested: {reason}")
        held.pop_all()
        return store


def _agreed(
    graph: str,
    lacking: Sequence[tuple[str, HubtraceError | None]],
    snapshot: Path,
    *,
    ingest: bool,
) -> list[str]:
    """Return what to ingest; nothing if nobody agrees and the question can be asked anyway."""
    targets = list(dict.fromkeys(target for target, _ in lacking))
    command = _command(targets, graph, snapshot)
    if ingest or _agrees(targets, graph, command):
        return targets
    error = next((error for _, error in lacking if error), None)
    if error is None:  # known by name alone: the question itself says what that means
        return []
    them = "it" if len(targets) == 1 else "them"
    raise HubtraceError(
        f"{error if len(targets) == 1 else _list(targets, graph)}; to ingest {them}: "
        f"`{command}`, then this again, or add --ingest"
    )


def _lacking(
    store: GraphStore, graph: str, wanted: Sequence[tuple[Side, str]], *, families: bool
) -> list[tuple[str, HubtraceError | None]]:
    """Return what to ingest, with the error that the question would end in."""
    from hubtrace.queries.catalogue import family_names
    from hubtrace.queries.lookup import resolve

    found: list[tuple[str, HubtraceError | None]] = []
    for side, text in wanted:
        try:
            names = family_names(store) if families else ()
            if text in names:
                continue
            project = resolve(store, text, side, names).project
        except ProjectMissing as error:
            found += [(target, error) for target in _targets(side, error.name)]
        except GraphMissing:
            missing = GraphMissing(f"there is no graph at {graph}")
            with suppress(NotHosted):  # it can be named in a graph, and on no host
                address = parse_address(text)
                targets = _targets(address.side or side, address.name)
                found += [(target, missing) for target in targets]
        else:
            rows = store.run(_UNOBSERVED, key=project.key).rows()
            found += [(name, None) for (name,) in rows]
    return found


def _targets(side: Side, name: str) -> Iterator[str]:
    """Yield what `hubtrace ingest` understands; nothing for what is a family's name rather."""
    if "/" in name:
        yield name if side is Side.DOWNSTREAM else f"github.com/{name}"


def _command(targets: Sequence[str], graph: str, snapshot: Path) -> str:
    words = ["hubtrace", "ingest", *targets]
    words += ["--snapshot", str(snapshot)] if snapshot != SNAPSHOT else []
    words += ["--graph", graph] if graph != os.environ.get("HUBTRACE_GRAPH", GRAPH) else []
    return shlex.join(words)


def _list(targets: Sequence[str], graph: str) -> str:
    more = f" and {len(targets) - _NAMED:,} more" if len(targets) > _NAMED else ""
    return f"{graph} lacks {', '.join(targets[:_NAMED])}{more}"


def _agrees(targets: Sequence[str], graph: str, command: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    question = f"{_list(targets, graph)}. Ingest now ({command})? [Y/n] "
    print(for_people(question), end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()  # empty at the end of the input: that is no answer
    return bool(answer) and answer.strip().lower() in ("", "y", "yes")
