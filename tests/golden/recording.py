"""`python -m tests.golden.recording worlds|store FOLDER`: ask, and record.

It is a process of its own, because all that varies from run to run is fixed in it before hubtrace
is imported, so that ids, hashes and orders that hang on it can be compared as they are:

- the clock (`time.time`): the looks are a month and a day apart,
- the secret and the id of a snapshot (`secrets`), on which the keys of people hang,
- hubtrace's own version, which graphs and boms tell,
- the ports of the loopback hubs, whose addresses some details of a snapshot hold,
- the environment, the width of lines, and paths: everything is done in a folder `here`.

Code that reads another clock (`datetime.now`) or another source of chance must be fixed here, too.
Projects are read one after the other, so that requests and words have one order.
"""

import contextlib
import hashlib
import importlib.metadata
import io
import json
import math
import os
import runpy
import secrets
import shlex
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from tests.golden import kept, pages, sheet

DAY = 86_400
_PORTS = (31_801, 31_802)
_moment = 1_612_137_600
"""The frozen clock: 2021-02-01."""


def _freeze_what_varies() -> None:
    assert not {"hubtrace", "graph.store"} & sys.modules.keys(), "too late to fix what varies"
    version = importlib.metadata.version
    fixed: list[tuple[ModuleType, str, Callable[..., Any]]] = [
        (time, "time", lambda: float(_moment)),
        (secrets, "token_bytes", lambda nbytes=None: bytes(range(nbytes or 32))),
        (secrets, "token_hex", lambda nbytes=None: "5a" * (nbytes or 32)),
        (importlib.metadata, "version", lambda name: "0" if name == "hubtrace" else version(name)),
    ]
    for module, name, function in fixed:
        setattr(module, name, function)
    # The command line is told that its program is `hubtrace`, not `python -m …`.
    sys.modules["__main__"].__package__ = ""


def _later(days: int) -> None:
    global _moment
    _moment += days * DAY


def call(arguments: Sequence[str]) -> tuple[int, str, str]:
    """Call `hubtrace` in this process; return its exit code and what it printed."""
    from hubtrace import progress
    from hubtrace.cli import main

    progress._LOG_EVERY = math.inf  # how far the work is depends on how fast this machine is
    printed = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
    sys.argv = ["hubtrace", *arguments]
    with contextlib.redirect_stdout(printed[0]), contextlib.redirect_stderr(printed[1]):
        with pytest.raises(SystemExit) as ended:
            main()
        for stream in printed:
            stream.flush()
    out, err = (stream.buffer.getvalue().decode() for stream in printed)
    code = ended.value.code
    return code if isinstance(code, int) else int(code is not None), out, err


class Recorder:
    """Pages that are written into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pages").mkdir(parents=True)
        (folder / "here").mkdir()
        os.chdir(folder / "here")

    def put(self, name: str, text: str) -> None:
        """Write a page."""
        (self.folder / "pages" / name).write_bytes(text.encode())

    def ask(self, asked: sheet.Pages) -> None:
        """Call the commands of every page."""
        for name, commands in asked.items():
            made = Path("out")
            made.mkdir()
            told = ""
            for command in commands:
                arguments = shlex.split(command)
                told += pages.transcript(arguments, *call(arguments))
            self.put(f"{name}.txt", told + pages.files(made))
            shutil.rmtree(made)

    def help(self) -> None:
        """Write what every command says of itself."""
        told = {name: call([*name.split(), "--help"])[1] for name in _commands()}
        self.put("help.json", pages.document(dict(sorted(told.items()))))

    def rows(self, url: str, *, briefly: bool = False) -> None:
        """Write the rows of every stored question, by its defaults and with fitting parameters.

        Briefly: the latter only where there are no rows by default.
        """
        import hubtrace

        by_default, fitting = "", ""
        with hubtrace.open_graph(url) as graph:
            for query in json.loads(call(["queries", "--format", "json"])[1])["queries"]:
                given = {n: sheet.FITTING[n] for n in query["parameters"] if n in sheet.FITTING}
                found, text = _asked(graph, query["query"], {})
                by_default += text
                if given and not (briefly and found):
                    fitting += _asked(graph, query["query"], given)[1]
        self.put("rows.txt", by_default)
        self.put("rows-fitting.txt", fitting)

    def tables(self, url: str) -> None:
        """Write how many rows every stored question has, and their digest by the first column."""
        code, _, err = call(["export", "tables", "tables", "--graph", url])
        assert code == 0, err
        told = {file.stem: _digests(file) for file in sorted(Path("tables").iterdir())}
        shutil.rmtree("tables")
        self.put("tables.json", pages.document(told))

    def graph(self, name: str, url: str, *, whole: bool) -> None:
        """Write counts and digests of a graph by label and type; of a small one, all of it."""
        import hubtrace
        from tests.graphs import contents

        with hubtrace.open_graph(url) as graph:
            nodes, relationships = contents(cast(Any, graph))
        groups: dict[str, list[str]] = {}
        rows: list[tuple[Any, ...]] = [*nodes, *relationships]
        for row in rows:
            groups.setdefault(row[0], []).append(json.dumps(row[1:], ensure_ascii=False))
        everything = {kind: sorted(rows) for kind, rows in sorted(groups.items())}
        told = {kind: _digest("\n".join(rows)) for kind, rows in everything.items()}
        counts = {kind: len(rows) for kind, rows in everything.items()}
        total = _digest(json.dumps(everything, ensure_ascii=False))
        self.put(
            f"{name}.json", pages.document({"sha256": total, "counts": counts, "digests": told})
        )
        if whole:
            text = "".join(f"{kind} {row}\n" for kind, rows in everything.items() for row in rows)
            self.put(f"{name}.txt", text)


def _asked(graph: Any, query: str, given: Mapping[str, Any]) -> tuple[int, str]:
    result = graph.query(query, **given)
    rows = result.rows()
    asked = " ".join([query, *(f"{name}={json.dumps(value)}" for name, value in given.items())])
    columns = ", ".join(result.columns)
    return len(rows), f"# {asked}: {len(rows)}\n{columns}\n{pages.lines(rows)}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _digests(file: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    groups: dict[str, list[Any]] = {}
    for row in table.to_pylist():
        groups.setdefault(str(next(iter(row.values()))), []).append(list(row.values()))
    digests = {key: _digest(pages.lines(rows))[:16] for key, rows in groups.items()}
    if len(digests) > 100:
        digests = {"all": _digest(pages.lines(digests.items()))}
    columns = {field.name: str(field.type) for field in table.schema}
    return {"rows": table.num_rows, "columns": columns, "digests": digests}


def _commands() -> Iterator[str]:
    from hubtrace.cli import command_line

    yield ""
    for name, command in command_line().commands.items():
        yield name
        yield from (f"{name} {inner}" for inner in getattr(command, "commands", ()))


def _sample(recorder: Recorder) -> None:
    out = "hubtrace-demo"
    code, told, err = call(["demo", "--directory", out])
    recorder.put("demo.txt", pages.transcript(["demo"], code, told, err))
    recorder.put("demo-report.txt", pages.files(Path(out, "report")))
    recorder.graph("graph", f"{out}/hubtrace.kgl", whole=False)
    for name in ("hubtrace.kgl", "snapshot"):
        Path(out, name).rename(name)
    recorder.tables("hubtrace.kgl")
    recorder.ask(sheet.SAMPLE)


def _demonstration(recorder: Recorder) -> None:
    from tests.hubs.demonstration import Demonstration
    from tests.hubtrace.live import ALL, let_in, requests

    Path(sheet.COMMITS).write_text(sheet.TO_CLASSIFY)
    world = Demonstration(recorder.folder / "world")
    world.github.port, world.hub.port = _PORTS
    with pytest.MonkeyPatch.context() as patch, _running(world):
        let_in(world, patch)
        counted: dict[str, dict[str, int]] = {}
        answered: dict[str, dict[str, int]] = {}
        for look, asked in sheet.LOOKS.items():
            arguments = ["ingest", *ALL, "--workers", "1"]
            told = pages.transcript(arguments, *call(arguments))
            logged = [f"{one.kind} {one.status}" for one in world.github.log + world.hub.log]
            answered[look] = dict(sorted(Counter(logged).items()))
            counted[look] = dict(sorted(requests(world).items()))
            recorder.put(f"ingest-{look}.txt", told)
            recorder.graph(f"graph-{look}", "hubtrace.kgl", whole=look == "second")
            if look == "first":
                shutil.copytree("hubtrace-snapshot", "hubtrace-before")
                world.a_month_later()
            if look == "second":
                shutil.copytree("hubtrace-snapshot", recorder.folder / "snapshot")
                shutil.copy("hubtrace.kgl", recorder.folder)
                shutil.copy("hubtrace.kgl", "tagged.kgl")
                assert call(["tag", "--graph", "tagged.kgl"])[0] == 0
                recorder.rows("tagged.kgl")
            recorder.ask(asked)
            _later(30 if look == "first" else 1)
        recorder.put("requests.json", pages.document({"asked": counted, "answered": answered}))
        out = call(["doctor", "--format", "json"])[1]
        recorder.put("doctor.json", pages.doctor(out))
    recorder.help()


@contextlib.contextmanager
def _running(world: Any) -> Iterator[None]:
    """Run the hubs; wait while another recording has their ports."""
    with contextlib.ExitStack() as stack:
        for attempt in range(240):
            try:
                stack.enter_context(world)
                break
            except OSError:
                world.__exit__(None, None, None)
                if attempt == 239:
                    raise
                time.sleep(0.5)
        yield


def _evidence(recorder: Recorder) -> None:
    out = io.StringIO()
    sys.argv = ["benchmarks.evidence", "--worlds", "1"]
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
        runpy.run_module("benchmarks.evidence", run_name="__main__")
    assert not ended.value.code
    recorder.put("scores.md", out.getvalue())


def _store(recorder: Recorder) -> None:
    """Load the snapshot at FOLDER/given into the graph at HUBTRACE_GRAPH, and ask all of it."""
    url = os.environ["HUBTRACE_GRAPH"]
    _later(30)  # as for the second look
    code, _, err = call(["load", str(recorder.folder / "given")])
    assert code == 0, err
    recorder.graph("graph", url, whole=True)
    assert call(["tag"])[0] == 0
    recorder.rows(url, briefly=True)


def _kept(recorder: Recorder, made: Path) -> None:
    """Ask what is kept; where nothing is kept yet, and that is wanted, keep what was made."""
    if not (kept.SNAPSHOT.exists() and kept.GRAPH.exists()):
        assert os.environ.get("HUBTRACE_REFREEZE"), "what was kept is not there"
        kept.keep(made)
    kept.unpack(Path.cwd())
    recorder.graph("kept", "kept.kgl", whole=False)
    recorder.ask(sheet.KEPT)
    recorder.graph("loaded", "hubtrace.kgl", whole=False)


def _worlds(folder: Path) -> None:
    _sample(Recorder(folder / "sample"))
    _demonstration(Recorder(folder / "demonstration"))
    _kept(Recorder(folder / "kept"), folder / "demonstration")
    _evidence(Recorder(folder / "evidence"))


_WAYS: Mapping[str, Callable[[Path], None]] = {
    "worlds": _worlds,
    "store": lambda folder: _store(Recorder(folder)),
}


def main() -> None:
    """Record what the first argument names into the folder that the second one names."""
    way, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    _freeze_what_varies()
    _WAYS[way](folder)


if __name__ == "__main__":
    main()
