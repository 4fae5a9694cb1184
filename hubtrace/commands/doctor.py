"""`hubtrace doctor`: whether everything is there that hubtrace needs."""

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from hubtrace.exit_codes import FINDINGS
from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import count
from hubtrace.graph.urls import origin_of
from hubtrace.hub_settings import open_clients
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Cache,
    GitHubUrl,
    Graph,
    HubEndpoint,
    OutputFormat,
    SnapshotDir,
    default_cache,
    table_options,
)
from hubtrace.output import Format, Table, date
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.hub_settings import Clients
    from hubtrace.ingest.sources.huggingface import HuggingFace

_CLIENTS = ("PyGithub", "huggingface-hub", "kglite", "neo4j", "pyarrow")
_EXTRAS = {
    **{"statistics": "scipy", "plot": "matplotlib", "serve": "starlette", "mcp": "mcp"},
    **{"verify": "sigstore", "notebook": "pandas"},
}
"""The extras, each with the library that its name stands for."""
_COUNTED = ("Family", "Variant", "Commit")
_NETWORK = {
    "proxy": ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
    "certificates": ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"),
}


class State(StrEnum):
    """Whether a check found a problem."""

    OK = "ok"
    NOTE = "note"
    """It works, and could be better."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, without the text of any token."""

    check: str
    state: State
    detail: str


def _finding(check: str, detail: str, state: State = State.OK) -> Finding:
    return Finding(check, state, detail)


@dataclass(frozen=True, slots=True)
class DoctorDocument:
    """The results of all checks."""

    problems: int
    findings: tuple[Finding, ...]


_TABLE = Table.of_records("hubtrace.doctor/1", Finding, first=("check", "state", "detail"))


@table_options
def doctor(
    github_url: GitHubUrl = None,
    hf_endpoint: HubEndpoint = None,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    cache: Cache = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Check programs, tokens, hubs, the snapshot and the graph; exit code 1 if one has a problem.

    Of a token only its origin and its rights are shown, never its text.

    Example:  hubtrace doctor --format json
    """
    findings = [
        *_programs(),
        *_network(),
        _cache(cache or default_cache()),
        *_checked("snapshot", _snapshot(snapshot)),
        *_checked("graph", _graph(graph)),
        *_checked("hubs", _hubs(github_url, hf_endpoint)),
    ]
    problems = sum(finding.state is State.PROBLEM for finding in findings)
    _TABLE.print(findings, format_, DoctorDocument(problems, tuple(findings)))
    say("everything works" if not problems else count(problems, "problem"))
    if problems:
        raise typer.Exit(FINDINGS)


def _checked(check: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings; an error that ends them is a problem of `check`."""
    try:
        yield from findings
    except HubtraceError as error:
        yield _finding(check, str(error), State.PROBLEM)


def _programs() -> Iterator[Finding]:
    yield _finding("hubtrace", version("hubtrace"))
    yield _finding("python", f"{platform.python_version()} on {platform.platform()}")
    yield from _checked("git", _git())
    yield from (_finding(client, version(client)) for client in _CLIENTS)
    for name, library in _EXTRAS.items():
        try:
            yield _finding(f"extra {name}", f"{library} {version(library)}")
        except PackageNotFoundError:
            yield _finding(f"extra {name}", f"not installed: `pip install 'hubtrace[{name}]'`")


def _git() -> Iterator[Finding]:
    from hubtrace.ingest.sources.git.runner import git_program, git_version

    program = git_program()
    yield _finding("git", f"{'.'.join(map(str, git_version(program)))} ({program})")


def _network() -> Iterator[Finding]:
    for kind, names in _NETWORK.items():
        for name in names:
            if os.environ.get(name):
                url = urlsplit(os.environ[name])
                host = url.netloc.rpartition("@")[2]  # a proxy's address can hold a password
                yield _finding(kind, f"{name} is {host or url.path}")


def _cache(cache: Path) -> Finding:
    if not cache.exists():
        return _finding("clone cache", f"{cache} is not there yet")
    if not os.access(cache, os.W_OK):
        return _finding("clone cache", f"{cache} cannot be written", State.PROBLEM)
    clones = sum(1 for _ in cache.glob("*.git"))
    free = shutil.disk_usage(cache).free / 1e9
    return _finding("clone cache", f"{cache}: {count(clones, 'clone')}, {free:,.1f} GB free")


def _snapshot(path: Path) -> Iterator[Finding]:
    from hubtrace.ingest.snapshot import Snapshot

    if not path.exists():
        yield _finding("snapshot", f"{path} is not there yet")
        return
    opened = Snapshot(path)
    projects = [pointer for _, pointer in opened.pointers()]
    newest = max((pointer.observed_at for pointer in projects), default=None)
    content = f"{count(len(projects), 'project')} of {count(len(opened.families()), 'family')}"
    observed = f", last observed {date(newest)}" if newest is not None else ""
    yield _finding("snapshot", f"{path}: {content}{observed}")


def _graph(url: str) -> Iterator[Finding]:
    from hubtrace.graph.embedded import EmbeddedStore  # imports the engine

    if "://" not in url and not Path(url).exists():
        yield _finding("graph", f"{url} is not there yet")
        return
    with open_store(url) as store:
        if not store.exists():
            yield _finding("graph", f"there is no graph at {url} yet")
            return
        counts = {
            label: store.run(f"MATCH (n:{label}) RETURN count(n)").evaluate() for label in _COUNTED
        }
        held = ", ".join(count(number, label.lower()) for label, number in counts.items())
        yield _finding("graph", f"{url}: {held}")
        if isinstance(store, EmbeddedStore) and store.is_large and not store.is_mapped:
            slow = "every question reads the whole file; `hubtrace load` makes the copy beside it"
            yield _finding("graph", f"{slow} that need not be read", State.NOTE)


def _hubs(github_url: str | None, hf_endpoint: str | None) -> Iterator[Finding]:
    # Without waiting for a hub that is down or overloaded: that is the finding.
    with open_clients(github_url, hf_endpoint, lambda *_: None, patient=False) as hubs:
        yield from _checked("GitHub", _github(hubs))
        yield from _checked("Hugging Face", _hugging_face(hubs))


def _github(hubs: "Clients") -> Iterator[Finding]:
    quotas = hubs.github.quotas()
    yield _finding("GitHub", f"{hubs.github.address.api_host} answers")
    for quota in quotas:
        if not quota.accepted:
            yield _finding("GitHub token", f"{quota.source} is not accepted", State.PROBLEM)
            continue
        until = f" until {date(quota.resets_at)}" if quota.resets_at else ""
        left = f"{quota.remaining:,} of {quota.limit:,} requests left{until}"
        if quota.source == "no token":
            advice = "set GITHUB_TOKEN or run `gh auth login` for 5,000"
            yield _finding("GitHub token", f"none; {left}; {advice}", State.NOTE)
        else:
            scopes = ", ".join(quota.scopes) or "not reported"
            yield _finding("GitHub token", f"{quota.source}: scopes {scopes}; {left}")


def _hugging_face(hubs: "Clients") -> Iterator[Finding]:
    from hubtrace.ingest.sources.huggingface import ModelFilter

    hub = hubs.hugging_face
    address = urlsplit(hub.endpoint)
    hub.models(ModelFilter(most=1))
    yield _finding("Hugging Face", f"{address.netloc} answers")
    if origin_of(hub.endpoint) in hubs.tokens:
        yield from _checked("Hugging Face token", _account(hub))
    else:
        advice = "set HF_TOKEN or run `hf auth login` for gated models and more requests"
        yield _finding("Hugging Face token", f"none; {advice}", State.NOTE)


def _account(hub: "HuggingFace") -> Iterator[Finding]:
    account = hub.account()
    left = f"; {account.remaining:,} requests left" if account.remaining is not None else ""
    role = f", role {account.role}" if account.role else ""
    yield _finding("Hugging Face token", f"of {account.name}{role}{left}")
