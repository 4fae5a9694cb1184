"""Pages over a graph for `hubtrace serve`: what is asked at which address, and what is refused.

Every answer comes from the graph alone and changes nothing. An address that ends in `.json` or
`.csv` is the same page as data. What a browser may do with a page is docs/serve.md, "Safety".
"""

import hmac
import io
import ipaddress
import os
import threading
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubtrace.graph import open_store
from hubtrace.graph.errors import CatalogueError, HubtraceError, QueryFailed
from hubtrace.graph.format import words
from hubtrace.graph.question import Limits
from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import as_json
from hubtrace.graph.urls import is_web
from hubtrace.options import SNAPSHOT
from hubtrace.output import cell, header, plain, write_csv
from hubtrace.queries.pages import Site, policy, render
from hubtrace.queries.report.formats.html import SCRIPTS
from hubtrace.web_pages import (
    PAGES,
    SECTIONS,
    Asked,
    Handler,
    Page,
    address,
    address_of,
    as_it_was,
)

_TOOL = f"hubtrace {version('hubtrace')}"
_MOST_STORES = 4
"""Graphs that are open at once, each for one question at a time."""
_MOST_KEPT = 64
"""Answers that are kept while the graph's file is as it was."""
_LARGEST_KEPT = 4 << 20
_PATIENCE = 0.12
"""Seconds that a page of the whole graph is waited for before one says that it is computed."""
_MOST_COMPUTED = 4
"""Pages of the whole graph that are computed or wait for it at a time."""
_SHOWN = 1_000
"""Rows of a table that a page shows; its data has all."""
_LONGEST = 300
_POLICY = policy(SCRIPTS, forms=True)
_HEADERS = {
    "content-security-policy": f"{_POLICY}; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask: by which names the server is called, and with which token."""

    names: frozenset[str] = frozenset({"localhost"})
    """Host names, in lower case; beside them addresses in digits, which no DNS can rebind."""
    loopback_only: bool = True
    """True if of the addresses only loopback ones are taken."""
    token: str | None = None

    def knows(self, host: str) -> bool:
        """Return True if a Host header names this server, and not a name that leads to it."""
        bare = host.partition("]")[0][1:] if host.startswith("[") else host.partition(":")[0]
        bare = bare.lower().rstrip(".")
        try:
            literal = ipaddress.ip_address(bare)
        except ValueError:
            return bare in self.names
        return literal.is_loopback or not self.loopback_only

    def admits(self, authorization: str) -> bool:
        """Return True if a request has the token: as a bearer's, or as a password."""
        if self.token is None:
            return True
        kind, _, given = authorization.partition(" ")
        if kind.lower() == "basic":
            try:
                given = b64decode(given, validate=True).decode().partition(":")[2]
            except ValueError:
                return False
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(given.strip().encode(), self.token.encode())


class _Guard:
    """Refuses what does not come from a person at this server's own pages; sets the headers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse to."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._app
        if scope["type"] == "http":
            answer = self._refusal(scope["method"], Headers(scope=scope)) or answer
        await answer(scope, receive, sending)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        if not self._access.knows(headers.get("host", "")):
            return PlainTextResponse(
                "This server does not answer under that name; --allow-host adds one.\n", 421
            )
        if not self._access.admits(headers.get("authorization", "")):
            # The browser asks for it, and sends it to this origin alone; no cookie is needed.
            ask = {"www-authenticate": 'Basic realm="hubtrace: any name, and the token"'}
            return PlainTextResponse("The token is missing or wrong.\n", 401, ask)
        if method not in ("GET", "HEAD"):
            allowed = {"allow": "GET, HEAD"}
            return PlainTextResponse("Pages are read; nothing can be sent.\n", 405, allowed)
        if _from_elsewhere(headers) and not _is_navigation(headers):
            return PlainTextResponse("Another site's page may not ask this server.\n", 403)
        return None


def _from_elsewhere(headers: Headers) -> bool:
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _is_navigation(headers: Headers) -> bool:
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == (
        "navigate",
        "document",
    )


class _Kept(NamedTuple):
    body: bytes
    media_type: str


@dataclass(slots=True)
class ServedGraph:
    """The graph that is served: stores for one question each, made anew when the file changes."""

    url: str
    seconds: float
    _idle: list[tuple[object, GraphStore]] = field(default_factory=list)
    _free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_MOST_STORES))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answers: "OrderedDict[tuple[object, str], _Kept]" = field(default_factory=OrderedDict)
    _pages: "dict[tuple[object, str], Future[Page]]" = field(default_factory=dict)
    _worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "pages of the whole graph")
    )

    def state(self) -> object:
        """Return what changes when the file does; None for a server, whose changes are unseen."""
        if "://" in self.url:
            return None
        try:
            found = os.stat(self.url)
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns, found.st_ino

    @contextmanager
    def borrowed(self) -> Iterator[GraphStore]:
        """Lend a store that reads the graph as it is now."""
        with self._free:
            state = self.state()
            with self._lock:
                at, store = self._idle.pop() if self._idle else (state, open_store(self.url))
            if at != state:
                store.close()
                store = open_store(self.url)
            try:
                store.deadline = self.seconds
                yield store
            finally:
                store.deadline = None
                with self._lock:
                    self._idle.append((state, store))

    def page(
        self, asked: str, make: Callable[[GraphStore], Page], patience: float | None
    ) -> Page | None:
        """Return a page of the whole graph, made once for each state; None while it is computed.

        One at a time is computed, beside what else is asked (docs/decisions/0068).

        Raises:
            QueryFailed: too many others wait to be computed.
        """
        state = self.state()
        if state is None:
            with self.borrowed() as store:
                return make(store)
        with self._lock:
            key = state, asked
            self._pages = {k: made for k, made in self._pages.items() if k[0] == state}
            if key not in self._pages:
                done = [k for k, made in self._pages.items() if made.done()]
                if len(self._pages) - len(done) >= _MOST_COMPUTED:
                    raise QueryFailed("other pages are being computed; ask again in a minute")
                if len(self._pages) >= 2 * _MOST_COMPUTED:
                    del self._pages[done[0]]
                self._pages[key] = self._worker.submit(self._made, make)
            found = self._pages[key]
        try:
            return found.result(patience)
        except FutureTimeout:
            return None
        except BaseException:
            with self._lock:
                self._pages.pop(key, None)
            raise

    def _made(self, make: Callable[[GraphStore], Page]) -> Page:
        with self.borrowed() as store:
            return make(store)

    def kept(self, asked: str) -> _Kept | None:
        """Return the answer to this question of the graph as it is now."""
        with self._lock:
            return self._answers.get((self.state(), asked))

    def keep(self, state: object, asked: str, answer: _Kept) -> None:
        """Keep an answer that was made while the graph was in this state."""
        if state is None or len(answer.body) > _LARGEST_KEPT:
            return
        with self._lock:
            self._answers[state, asked] = answer
            while len(self._answers) > _MOST_KEPT:
                self._answers.popitem(last=False)

    def close(self) -> None:
        """Close all stores."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for _, store in self._idle:
                store.close()
            self._idle.clear()


def application(
    graph: str, access: Access, limits: Limits, snapshot: Path = SNAPSHOT, *, warm: bool = False
) -> ASGIApp:
    """Return the application that serves a graph; nothing is opened before it is asked.

    `limits` are those of a question in Cypher; a page has its seconds for each of its own, and to
    load what was known at a moment from the `snapshot`. With `warm` the pages of the whole graph
    are computed at once, in the background, and one that is asked for meanwhile says so.
    """
    shared = ServedGraph(graph, limits.seconds)
    busy = threading.Semaphore(2)
    for (section, name), handler in PAGES.items():
        if warm and handler.whole and not section and shared.state() is not None:
            asked = Asked("", {}, limits, run=True, busy=busy, snapshot=snapshot)
            shared.page(f"{name}?", partial(_make, section, handler, asked), 0)

    def answer(request: Request) -> Response:
        name = request.path_params.get("page", request.path_params.get("name", ""))
        try:
            patience = _PATIENCE if warm else None
            return _answered(request, shared, limits, busy, snapshot, patience)
        except HubtraceError as error:
            status = 400 if isinstance(error, QueryFailed) else 503
            status = 404 if isinstance(error, CatalogueError) else status
            return _refused(str(error), status, name)

    def missing(request: Request, error: Exception) -> Response:
        return _refused("There is no page at this address.", 404, request.url.path)

    routes = [Route("/", answer)]
    for section in SECTIONS:
        place = f"/{section}/{{target:path}}"
        routes += [Route(f"{place}/{{page}}", answer), Route(place, _begin)]
    routes.append(Route("/{page}", answer))
    site = Starlette(routes=routes, exception_handlers={404: missing, HTTPException: missing})
    site.router.redirect_slashes = False
    return _Guard(site, access)


def _begin(request: Request) -> Response:
    """Lead from the address of a thing to the first page on it."""
    _, section, target = request.url.path.split("/", 2)
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(address(section, target) + asked, 307)


def _answered(
    request: Request,
    graph: ServedGraph,
    limits: Limits,
    busy: threading.Semaphore,
    snapshot: Path,
    patience: float | None,
) -> Response:
    path = request.url.path
    section = path.split("/")[1] if "target" in request.path_params else ""
    name, ending = _split(request.path_params.get("page", "families"))
    handler = PAGES.get((section, name))
    target = request.path_params.get("target", "")
    if handler is None and section:  # the address of a thing whose name has a slash
        return _begin(request)
    if handler is None:
        raise HTTPException(404)
    given = dict(request.query_params)
    unknown = next((key for key in given if key not in handler.takes), None)
    if unknown is not None and not handler.free:
        some = ", ".join(handler.takes) or "none"
        raise QueryFailed(f"this page has no parameter {unknown!r}; it takes {some}")
    elsewhere = _from_elsewhere(request.headers)
    if handler.bounded and elsewhere and ending:
        raise QueryFailed("a question from another site's page is not asked")
    run = bool(ending) or not elsewhere
    asked = Asked(target, given, limits, run, busy, snapshot)
    here = address(section, target, name) if section else f"/{'' if path == '/' else name}"
    key = f"{request.url.path}?{request.url.query}"
    kept = None if handler.bounded else graph.kept(key)
    if kept is None:
        state, make = graph.state(), partial(_make, section, handler, asked)
        if handler.whole and not section:
            asked_for = f"{name}?{request.url.query}"
            found = graph.page(asked_for, make, None if ending else patience)
            if found is None:
                return _computing(name, here)
            page = found
        else:
            with graph.borrowed() as store:
                state = graph.state()
                page = make(store)
        kept = _written(page, ending, here, request.url.query)
        if not handler.bounded and state == graph.state():
            graph.keep(state, key, kept)
    return Response(kept.body, media_type=kept.media_type)


def _make(section: str, handler: Handler, asked: Asked, store: GraphStore) -> Page:
    warnings: list[str] = []
    with as_it_was(store, section, handler, asked, warnings.append) as then:
        return replace(handler.make(then, asked), warnings=warnings)


def _computing(name: str, here: str) -> Response:
    """Return the page that comes before one that is computed; it is asked for again by itself."""
    note = "It is computed once for each state of the graph, and shown here as soon as it is there."
    page = Page(f"{words(name)}: being computed", "", (), (), notes=(note,))
    html = _table(page, Site(page.pages, here))
    return Response(html, 202, {"refresh": "1"}, media_type="text/html")


def _split(name: str) -> tuple[str, str]:
    """Return a page's name, and the ending that asks for its data."""
    for ending in (".json", ".csv"):
        if name.endswith(ending):
            return name.removesuffix(ending), ending
    return name, ""


def _written(page: Page, ending: str, here: str, query: str) -> _Kept:
    if ending == ".json":
        body = {"schema": page.schema, "rows": [dict(row) for row in page.rows]}
        body |= {"warnings": page.warnings} if page.warnings else {}
        text = page.document() if page.document else as_json(body, default=plain)
        return _Kept(text.encode(), "application/json")
    if ending == ".csv":
        file = io.StringIO()
        write_csv(page.rows, page.columns, file)
        return _Kept(file.getvalue().encode(), "text/csv")
    asked = f"?{query}" if query else ""
    data = "/families" if here == "/" else here
    tables = {f"{data}{end}{asked}": end[1:].upper() for end in (".json", ".csv")}
    site = Site(page.pages, here, tables if page.columns else {}, page.warnings)
    return _Kept((page.html(site) if page.html else _table(page, site)).encode(), "text/html")


class _Cell(NamedTuple):
    text: str
    address: str | None
    url: str | None
    number: bool
    value: Any


def _table(page: Page, site: Site) -> str:
    def shown(column: str, row: Mapping[str, Any]) -> _Cell:
        value = row[column]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        url = value if isinstance(value, str) and is_web(value) else None
        return _Cell(cell(column, value), address_of(column, row), url, number, value)

    rows = [[shown(column, row) for column in page.columns] for row in page.rows[:_SHOWN]]
    numbers = [any(row[at].number for row in rows) for at in range(len(page.columns))]
    notes = list(page.notes)
    if len(page.rows) > _SHOWN:
        notes.append(f"The first {_SHOWN:,} of {len(page.rows):,} rows; the data has all.")
    form = page.form and [
        # The text of a question keeps its lines: it is escaped, but not made visible.
        (name, label, escape(value), lines)
        for name, label, value, lines in page.form
    ]
    return render(
        "pages/table.html",
        title=page.title,
        scripts=("pages/table.js",) if rows else (),
        site=site,
        notes=notes,
        form=form,
        lines=page.lines,
        newline=Markup("\n"),
        picture=page.picture,
        columns=list(zip(map(header, page.columns), numbers, strict=True)),
        rows=rows,
        longest=_LONGEST,
        tool=_TOOL,
    )


def _refused(sentence: str, status: int, name: str) -> Response:
    if name.endswith(".json"):
        return Response(as_json({"error": sentence}), status, media_type="application/json")
    if name.endswith(".csv"):
        return PlainTextResponse(f"{sentence}\n", status)
    page = Page("There is no answer", "", (), (), notes=tuple(sentence.splitlines()))
    return Response(_table(page, Site()), status, media_type="text/html")
