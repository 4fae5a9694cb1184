"""The loopback GitHub: its places, and who may see what.

Laid out as GitHub Enterprise Server is: the API at `/api/v3`, git and pages at the root.
https://docs.github.com/en/rest (version 2022-11-28) describes every answer.
"""

import json
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from ..git_http import serve_git
from ..server import LoopbackHub
from ..wire import Answer, Request, Route, json_answer
from . import reading
from .bodies import Bodies, Body
from .quotas import (
    NOT_FOUND,
    Account,
    Quotas,
    conditional,
    message,
    paged,
    window,
)
from .world import GitHubWorld, Repository, iso

_PREFIX = "/api/v3"
_Handler = Callable[..., Answer]
T = TypeVar("T")


class GitHubHub(LoopbackHub):
    """A running loopback GitHub, with the world that it shows.

    `clock` tells the seconds since the epoch, for the quotas.
    """

    def __init__(self, world: GitHubWorld, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.world = world
        self.quotas = Quotas(clock)
        for kind, path, handler in self._places():
            self.routes.append(Route(kind, "GET", re.compile(_PREFIX + path), handler))
        bulk = re.compile(_PREFIX + "/(?:orgs|users)/([^/]+)/attestations/bulk-list")
        self.routes.append(Route("attestations", "POST", bulk, self._attested))
        git = re.compile(r"/([^/]+/[^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
        self.routes += [Route("git", method, git, self._git) for method in ("GET", "POST")]

    @property
    def api(self) -> str:
        """The address of the API."""
        return self.url + _PREFIX

    def allow(self, token: str, login: str, **account: int | str) -> Account:
        """Let a token in; `account` are fields of `Account`."""
        made = Account(login)
        for name, value in account.items():
            assert hasattr(made, name), name
            setattr(made, name, value)
        self.quotas.accounts[token] = made
        return made

    def respond(self, request: Request, route: Route, groups: Sequence[str]) -> Answer:
        if route.kind == "git":
            return super().respond(request, route, groups)
        if route.kind == "rate_limit":  # never counted
            known = request.token in self.quotas.accounts
            return super().respond(request, route, groups) if known else message("Bad", 401)
        refused = self.quotas.admit(request)
        if refused is not None:
            return refused
        answer = conditional(request, super().respond(request, route, groups))
        if answer.status == 304:
            self.quotas.give_back(request)
        return self.quotas.stamped(request, answer)

    def lost(self, request: Request) -> Answer:
        return NOT_FOUND

    def _places(self) -> list[tuple[str, str, _Handler]]:
        within: list[tuple[str, str, _Handler]] = [
            ("repository", "", self._repository),
            ("branches", "/branches", self._branches),
            ("tags", "/tags", self._tags),
            ("releases", "/releases", self._releases),
            ("pulls", "/pulls", self._pulls),
            ("readme", "/readme", self._readme),
            ("contents", "/contents/(.*)", self._contents),
            ("blobs", "/git/blobs/([0-9a-f]+)", self._blob),
            ("commits", "/commits", self._commits),
        ]
        places: list[tuple[str, str, _Handler]] = [
            ("rate_limit", "/rate_limit", self._rate_limit),
            ("bundle", r"/storage/([^/]+)/([0-9a-f]+)/(\d+)\.json\.sn", self._stored),
            ("user", "/user", self._user),
            ("user", "/users/([^/]+)", self._user),
            ("repositories", "/(?:users|orgs)/([^/]+)/repos", self._owned),
        ]
        for kind, path, handler in within:
            places.append((kind, r"/repos/([^/]+/[^/]+)" + path, self._named(handler)))
            places.append((kind, r"/repositories/(\d+)" + path, self._numbered(handler)))
        return places

    @property
    def _bodies(self) -> Bodies:
        return Bodies(self.api, self.url)

    def _named(self, handler: _Handler) -> _Handler:
        """Find a repository by name; an old name redirects to the repository's number."""

        def answer(request: Request, name: str, *rest: str) -> Answer:
            found = self.world.find(name)
            if found is None or not self._shows(found, request):
                return NOT_FOUND if found is None else _hidden(found)
            if found.name.lower() != name.lower():
                tail = request.target.partition(f"/repos/{name}")[2]
                place = f"{self.api}/repositories/{found.number}{tail}"
                body = {"message": "Moved Permanently", "url": place, "documentation_url": ""}
                return json_answer(body, 301, {"Location": place})
            return handler(request, found, *rest)

        return answer

    def _numbered(self, handler: _Handler) -> _Handler:
        def answer(request: Request, number: str, *rest: str) -> Answer:
            found = self.world.numbered(int(number))
            if found is None or not self._shows(found, request):
                return NOT_FOUND if found is None else _hidden(found)
            return handler(request, found, *rest)

        return answer

    def _shows(self, it: Repository, request: Request) -> bool:
        account = self.quotas.accounts.get(request.token)
        reader = account is not None and "repo" in account.scopes.split(", ")
        return it.blocked is None and (reader or not it.private)

    def _repository(self, request: Request, it: Repository) -> Answer:
        return json_answer(self._bodies.repository(it))

    def _branches(self, request: Request, it: Repository) -> Answer:
        found = reading.refs(it, "refs/heads/")
        return self._page(request, it, "branches", found, lambda r: self._bodies.branch(it, *r))

    def _tags(self, request: Request, it: Repository) -> Answer:
        found = reading.refs(it, "refs/tags/")[::-1]
        return self._page(request, it, "tags", found, lambda r: self._bodies.tag(it, *r))

    def _releases(self, request: Request, it: Repository) -> Answer:
        shown = [r for r in reversed(it.releases) if not r.draft or request.token]
        return self._page(request, it, "releases", shown, partial(self._bodies.release, it))

    def _pulls(self, request: Request, it: Repository) -> Answer:
        wanted = request.query.get("state", "open")
        is_open = {"open": (True,), "closed": (False,)}.get(wanted, (True, False))
        shown = [p for p in it.pulls if (p.state == "open") in is_open]
        if request.query.get("sort") == "updated":
            shown.sort(key=lambda pull: (pull.updated_at, pull.number))
        if request.query.get("direction", "desc") == "desc":
            shown.reverse()
        make = partial(self._bodies.pull, it, self._bodies.end(it))
        return self._page(request, it, "pulls", shown, make)

    def _page(
        self,
        request: Request,
        it: Repository,
        what: str,
        items: Sequence[T],
        make: Callable[[T], Body],
    ) -> Answer:
        before, size = window(request)
        place = f"{self.api}/repositories/{it.number}/{what}"
        bodies = [make(item) for item in items[before : before + size]]
        return paged(request, bodies, len(items), place)

    def _readme(self, request: Request, it: Repository) -> Answer:
        found = [e for e in reading.entries(it) if e.path.lower().startswith("readme")]
        return self._file(it, found[0]) if found else NOT_FOUND

    def _contents(self, request: Request, it: Repository, path: str) -> Answer:
        folder = reading.entries(it, path.strip("/"))
        if folder:
            return json_answer([self._bodies.entry(it, entry) for entry in folder])
        parent, _, _ = path.rpartition("/")
        found = [e for e in reading.entries(it, parent) if e.path == path]
        return self._file(it, found[0]) if found else NOT_FOUND

    def _file(self, it: Repository, entry: reading.Entry) -> Answer:
        content = reading.content(it, entry.blob) or b""
        return json_answer(self._bodies.file(it, entry, content))

    def _blob(self, request: Request, it: Repository, sha: str) -> Answer:
        content = reading.content(it, sha)
        return NOT_FOUND if content is None else json_answer(self._bodies.blob(it, sha, content))

    def _commits(self, request: Request, it: Repository) -> Answer:
        start = request.query.get("sha") or it.default_branch
        if not it.git.commits:
            return message("Git Repository is empty.", 409)
        if not reading.has(it, start):
            return NOT_FOUND
        more = [
            f"--{name}={request.query[name]}"
            for name in ("since", "until")
            if name in request.query
        ]
        before, size = window(request)
        told = reading.commits(it, start, before, size, *more)
        bodies = [self._bodies.commit(it, one, self.world.people.get(one.email)) for one in told]
        place = f"{self.api}/repositories/{it.number}/commits"
        return paged(request, bodies, reading.count(it, start, *more), place)

    def _owned(self, request: Request, owner: str) -> Answer:
        shown = [
            it
            for it in self.world
            if it.owner.lower() == owner.lower() and self._shows(it, request)
        ]
        if not shown:
            return NOT_FOUND
        before, size = window(request)
        bodies = [self._bodies.minimal_repository(it) for it in shown[before : before + size]]
        return paged(request, bodies, len(shown), f"{self.api}/users/{owner}/repos")

    def _attested(self, request: Request, owner: str) -> Answer:
        if not any(it.owner.lower() == owner.lower() for it in self.world):
            return NOT_FOUND
        found: dict[str, list[dict[str, object]]] = {}
        for digest in json.loads(request.body)["subject_digests"]:
            sha = digest.removeprefix("sha256:")
            bundles = self.world.attestations.get((owner.lower(), sha), [])
            entries: list[dict[str, object]] = [
                {"bundle": json.loads(bundle), "repository_id": 1}
                if self.world.bundles_inline
                else {
                    "bundle": None,
                    "bundle_url": f"{self.api}/storage/{owner.lower()}/{sha}/{number}.json.sn",
                    "repository_id": 1,
                }
                for number, bundle in enumerate(bundles)
            ]
            if entries:
                found[digest] = entries
        pages = {"has_next": False, "has_previous": False, "next": "", "previous": ""}
        return json_answer({"attestations_subject_digests": found, "page_info": pages})

    def _stored(self, request: Request, owner: str, sha: str, number: str) -> Answer:
        assert not request.token, "GitHub's storage is sent no token"
        bundle = self.world.attestations[owner, sha][int(number)]
        return Answer(200, packed(bundle), {"Content-Type": "application/x-snappy"})

    def _rate_limit(self, request: Request) -> Answer:
        account = self.quotas.accounts[request.token]
        core = {
            "limit": account.limit,
            "remaining": account.left,
            "reset": account.reset_at,
            "used": account.used,
        }
        body = {"resources": {"core": core, "search": core}, "rate": core}
        return self.quotas.stamped(request, json_answer(body))

    def _user(self, request: Request, login: str | None = None) -> Answer:
        named = login or self.quotas.accounts[request.token].login
        if named is None:
            return message("Requires authentication", 401)
        return json_answer(self._bodies.public_user(named))

    def _git(self, request: Request, name: str, rest: str) -> Answer:
        found = self.world.find(name)
        if found is None or not self._shows(found, request):
            challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
            return Answer(401, b"Repository not found.", challenge)
        if found.name.lower() != name.lower():
            query = request.target.partition("?")[2]
            place = f"{self.url}/{found.name}.git/{rest}" + (f"?{query}" if query else "")
            return Answer(301, b"", {"Location": place})
        return serve_git(request, found.git.path, rest)


def packed(content: bytes) -> bytes:
    """Return a block of Snappy that holds a content, as literals alone."""
    out, size = bytearray(), len(content)
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    for first in range(0, len(content), 60):
        piece = content[first : first + 60]
        out += bytes([len(piece) - 1 << 2]) + piece
    return bytes(out)


def _hidden(it: Repository) -> Answer:
    """Return how GitHub hides what may not be seen: 404 for what is private, 451 for a takedown."""
    if it.blocked in (403, 451):
        reason = "dmca" if it.blocked == 451 else "tos"
        block = {"reason": reason, "created_at": iso(0), "html_url": None}
        return json_answer({"message": "Repository access blocked", "block": block}, it.blocked)
    return NOT_FOUND
