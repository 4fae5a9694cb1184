"""`hubtrace doctor`: whether everything is there that hubtrace needs."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from hubtrace.clients import GitHubUrl, HubEndpoint, open_clients
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.text import count
from hubtrace.options import GRAPH, SNAPSHOT, Cache, Graph, OutputFormat, SnapshotDir, default_cache
from hubtrace.output import Format, date, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubtrace.clients import Clients


_CLIENTS = ("PyGithub", "huggingface-hub", "kglite", "neo4j", "pyarrow")
_COUNTED = ("Family", "Variant", "Commit")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")


class State(StrEnum):
    """How something is."""

    OK = "ok"
    NOTE = "note"
    """It works, and could be better."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. No token is ever in it."""

    check: str
    state: State
    detail: str


def look_here(graph: str, snapshot: Path, cache: Path) -> Iterator[Finding]:
    """Yield how things are on this machine; nobody is asked, and nothing is changed."""
    yield Finding("hubtrace", State.OK, version("hubtrace"))
    yield Finding("python", State.OK, f"{platform.python_version()} on {platform.platform()}")
    yield _checked("git", _git)
    for client in _CLIENTS:
        yield Finding(client, State.OK, version(client))
    yield from _network()
    yield Finding("clone cache", *_cache(cache))
    yield _checked("snapshot", lambda: _snapshot(snapshot))
    yield _checked("graph", lambda: _graph(graph))


def look_at_hubs(hubs: "Clients") -> Iterator[Finding]:
    """Yield whether the hubs can be reached, and what their tokens may do."""
    yield from _github(hubs)
    yield from _hugging_face(hubs)


def _checked(check: str, look: Callable[[], tuple[State, str]]) -> Finding:
    try:
        return Finding(check, *look())
    except HubtraceError as error:
        return Finding(check, State.PROBLEM, str(error))


def _git() -> tuple[State, str]:
    from hubtrace.ingest.sources.git.runner import git_program, git_version

    program = git_program()
    return State.OK, f"{'.'.join(map(str, git_version(program)))} ({program})"


def _network() -> Iterator[Finding]:
    for kind, names in (("proxy", _PROXIES), ("certificates", _AUTHORITIES)):
        for name in names:
            if os.environ.get(name):
                said = urlsplit(os.environ[name])
                host = said.netloc.rpartition("@")[2]  # a proxy's address can hold a password
                yield Finding(kind, State.OK, f"{name} is {host or said.path}")


def _cache(cache: Path) -> tuple[State, str]:
    if not cache.exists():
        return State.OK, f"{cache} is not there yet"
    if not os.access(cache, os.W_OK):
        return State.PROBLEM, f"{cache} cannot be written"
    clones = sum(1 for _ in cache.glob("*.git"))
    free = shutil.disk_usage(cache).free / 1e9
    return State.OK, f"{cache}: {count(clones, 'clone')}, {free:,.1f} GB free"


def _snapshot(path: Path) -> tuple[State, str]:
    from hubtrace.ingest.snapshot import Snapshot

    if not path.exists():
        return State.OK, f"{path} is not there yet"
    opened = Snapshot(path)
    projects = [pointer for _, pointer in opened.pointers()]
    newest = max((pointer.observed_at for pointer in projects), default=None)
    held = f"{count(len(projects), 'project')} of {count(len(opened.families()), 'family')}"
    seen = f", last observed {date(newest)}" if newest is not None else ""
    return State.OK, f"{path}: {held}{seen}"


def _graph(url: str) -> tuple[State, str]:
    from hubtrace.graph.store import open_store

    if "://" not in url and not Path(url).exists():
        return State.OK, f"{url} is not there yet"
    with open_store(url) as store:
        if not store.exists():
            return State.OK, f"there is no graph at {url} yet"
        families, variants, commits = (
            store.run(f"MATCH (n:{label}) RETURN count(n)").evaluate() for label in _COUNTED
        )
    held = f"{count(families, 'family')}, {count(variants, 'variant')}, {count(commits, 'commit')}"
    return State.OK, f"{url}: {held}"


def _github(hubs: "Clients") -> Iterator[Finding]:
    try:
        quotas = hubs.github.quotas()
    except HubtraceError as error:
        yield Finding("GitHub", State.PROBLEM, str(error))
        return
    yield Finding("GitHub", State.OK, f"{hubs.github.address.api_host} answers")
    for quota in quotas:
        if not quota.accepted:
            yield Finding("GitHub token", State.PROBLEM, f"{quota.source} is not accepted")
            continue
        scopes = ", ".join(quota.scopes) or "none told"
        until = f" until {date(quota.resets_at)}" if quota.resets_at else ""
        left = f"{quota.remaining:,} of {quota.limit:,} requests left{until}"
        if quota.source == "no token":
            advice = "set GITHUB_TOKEN or run `gh auth login` for 5,000"
            yield Finding("GitHub token", State.NOTE, f"none; {left}; {advice}")
        else:
            yield Finding("GitHub token", State.OK, f"{quota.source}: scopes {scopes}; {left}")


def _hugging_face(hubs: "Clients") -> Iterator[Finding]:
    from hubtrace.ingest.sources.huggingface import ModelFilter

    hub = hubs.hugging_face
    where = urlsplit(hub.endpoint).netloc
    try:
        hub.models(ModelFilter(most=1))
    except HubtraceError as error:
        yield Finding("Hugging Face", State.PROBLEM, str(error))
        return
    yield Finding("Hugging Face", State.OK, f"{where} answers")
    if not hubs.tokens.get(urlsplit(hub.endpoint).hostname or ""):
        advice = "set HF_TOKEN or run `hf auth login` for gated models and more requests"
        yield Finding("Hugging Face token", State.NOTE, f"none; {advice}")
        return
    try:
        account = hub.account()
    except HubtraceError as error:
        yield Finding("Hugging Face token", State.PROBLEM, str(error))
        return
    left = f"; {account.remaining:,} requests left" if account.remaining is not None else ""
    role = f", role {account.role}" if account.role else ""
    yield Finding("Hugging Face token", State.OK, f"of {account.name}{role}{left}")


COLUMNS = ("check", "state", "detail")
_SCHEMA = "hubtrace.doctor/1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    github_url: GitHubUrl = None,
    hf_endpoint: HubEndpoint = None,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    cache: Cache = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Look at programs, tokens, hubs, the snapshot and the graph; exit code 1 if one has a problem.

    Tokens are told by where they were found and what they may do, never by their text.

    Example:  hubtrace doctor --format json
    """
    findings = [*look_here(graph, snapshot, cache or default_cache())]
    findings += _hubs(github_url, hf_endpoint)
    problems = sum(finding.state is State.PROBLEM for finding in findings)
    rows = [{"check": f.check, "state": str(f.state), "detail": f.detail} for f in findings]
    print_rows(rows, COLUMNS, format_, _SCHEMA, "findings", {"problems": problems})
    say("everything works" if not problems else count(problems, "problem"))
    if problems:
        raise typer.Exit(1)


def _hubs(github_url: str | None, hf_endpoint: str | None) -> "Iterator[Finding]":
    try:
        # Not to wait for a hub that is away or overloaded: that is what is to be told.
        with open_clients(github_url, hf_endpoint, lambda *_: None, patient=False) as hubs:
            yield from look_at_hubs(hubs)
    except HubtraceError as error:
        yield Finding("hubs", State.PROBLEM, str(error))
