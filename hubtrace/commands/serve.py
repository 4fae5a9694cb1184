"""`hubtrace serve`: pages over a graph, in a browser; read-only, on this machine by default."""

import errno
import ipaddress
import os
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError, extra
from hubtrace.graph.question import Limits
from hubtrace.graph.store import missing
from hubtrace.options import GRAPH, SNAPSHOT, Graph, SnapshotDir
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.web import Access

_LIMITS = Limits()
_TOKEN = "HUBTRACE_SERVE_TOKEN"  # noqa: S105 - the name of a variable
_SHORTEST = 16
_ELSEWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - addresses that need a token


# Long: every option is a parameter, which typer reads, and uvicorn has many.
def serve(
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; not on loopback: with a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65_535, help="0: a free one.")
    ] = 8017,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name that browsers call it by; repeatable."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.001, max=1e6, help="Of a question, at most.")
    ] = _LIMITS.seconds,
    most_rows: Annotated[
        int, typer.Option(metavar="N", min=1, help="Of the answer to a question, at most.")
    ] = 100_000,
) -> None:
    """Show a graph in a browser: audits, evidence, timelines, patterns, and questions in Cypher.

    It reads, and asks no network. On another address than this machine's own it needs a token in
    HUBTRACE_SERVE_TOKEN, which a browser asks for. Needs the extra `serve`.

    Example:  hubtrace serve --graph hubtrace-demo/hubtrace.kgl
    """
    with extra("serve", "pages need starlette and uvicorn"):
        import uvicorn

        from hubtrace.web import application
    access = _access(host, allow_host or [])
    with open_store(graph) as store:
        if not store.exists():
            raise missing(graph)
        store.run("RETURN 1")
    with _listening(host, port) as listening:
        taken = listening.getsockname()
        shown = f"[{taken[0]}]" if ":" in taken[0] else taken[0]
        say(f"hubtrace: http://{shown}:{taken[1]}/ shows {graph}; Ctrl-C ends it")
        config = uvicorn.Config(
            application(
                graph,
                access,
                Limits(timeout, most_rows, _LIMITS.gigabytes),
                snapshot,
                warm=True,
            ),
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=64,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run([listening])
    raise KeyboardInterrupt  # nothing else ends it, and not every Python says so


def _access(host: str, names: list[str]) -> "Access":
    """Return who may ask.

    Raises:
        HubtraceError: others than this machine can reach it, and there is no token.
    """
    from hubtrace.web import Access

    token = os.environ.get(_TOKEN) or None
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host.lower() == "localhost"
    if token is None and not loopback:
        raise HubtraceError(
            f"--host {host} can be reached from elsewhere, which needs a token: "
            f"`export {_TOKEN}=$(openssl rand -hex 32)`"
        )
    if token is not None and (len(token) < _SHORTEST or not token.isascii()):
        raise HubtraceError(f"{_TOKEN} needs {_SHORTEST} ASCII characters or more")
    known = {"localhost", *(name.lower() for name in names)}
    if host not in _ELSEWHERE:
        known.add(host.lower())
    return Access(frozenset(known), loopback, token)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise HubtraceError(
                f"port {port} of {host} is in use; choose another with --port, 0 for a free one"
            ) from None
        raise HubtraceError(f"cannot listen on {host}: {error.strerror or error}") from None
