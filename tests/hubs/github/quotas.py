"""How a loopback GitHub treats its callers: tokens, quotas, ETags and pages."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..wire import Answer, Request, json_answer

_DOCS = "https://docs.github.com/rest"


def message(text: str, status: int) -> Answer:
    """Return GitHub's form of an error."""
    body = {"message": text, "documentation_url": _DOCS, "status": str(status)}
    return json_answer(body, status)


NOT_FOUND = message("Not Found", 404)


@dataclass
class Account:
    """One who calls, and what is left of the hour's quota."""

    login: str | None
    scopes: str = "repo"
    limit: int = 5_000
    used: int = 0
    reset_at: int = 0

    @property
    def left(self) -> int:
        """How many requests are left."""
        return max(0, self.limit - self.used)


@dataclass
class Quotas:
    """The accounts by token; the empty token is anybody."""

    clock: Callable[[], float]
    accounts: dict[str, Account] = field(default_factory=lambda: {"": Account(None, "", 60)})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, request: Request) -> Answer | None:
        """Return why a request is refused: an unknown token, or nothing is left."""
        account = self.accounts.get(request.token)
        if account is None:
            return message("Bad credentials", 401)
        with self._lock:
            if self.clock() >= account.reset_at:
                account.used, account.reset_at = 0, int(self.clock()) + 3600
            if not account.left:
                who = f"user ID {account.login}" if account.login else "127.0.0.1"
                return self.stamped(request, message(f"API rate limit exceeded for {who}.", 403))
            account.used += 1
        return None

    def give_back(self, request: Request) -> None:
        """Uncount a request: an authorized one that is answered with 304 is free."""
        if request.token:
            with self._lock:
                self.accounts[request.token].used -= 1

    def stamped(self, request: Request, answer: Answer) -> Answer:
        """Return an answer with the headers that tell the quota and the scopes."""
        account = self.accounts[request.token]
        headers = {
            "X-RateLimit-Limit": str(account.limit),
            "X-RateLimit-Remaining": str(account.left),
            "X-RateLimit-Reset": str(account.reset_at),
            "X-RateLimit-Used": str(account.used),
            "X-RateLimit-Resource": "core",
        }
        if account.login:
            headers["X-OAuth-Scopes"] = account.scopes
        return answer.adding(headers)


def conditional(request: Request, answer: Answer) -> Answer:
    """Give an answer its ETag, and send nothing if the client has it.

    The ETag differs by token, as GitHub's answers vary by `Authorization`.
    """
    if answer.status != 200 or not isinstance(answer.body, bytes):
        return answer
    digest = hashlib.sha256(request.token.encode() + b"\0" + answer.body).hexdigest()
    etag = f'W/"{digest}"'
    if request.headers.get("If-None-Match") == etag:
        return Answer(304, b"", {"ETag": etag})
    return answer.adding({"ETag": etag, "Vary": "Accept, Authorization, Cookie"})


def window(request: Request) -> tuple[int, int]:
    """Return how many items come before the page that is asked for, and how many are on it."""
    size = min(100, max(1, int(request.query.get("per_page", 30))))
    page = max(1, int(request.query.get("page", 1)))
    return (page - 1) * size, size


def paged(request: Request, items: Sequence[Any], total: int, place: str) -> Answer:
    """Return one page of `total` items, with links to the others.

    `place` is where the links lead: GitHub writes them by the repository's number.
    """
    before, size = window(request)
    page, last = before // size + 1, max(1, -(-total // size))
    named: dict[str, int] = {}
    if page > 1:
        named |= {"prev": page - 1, "first": 1}
    if page < last:
        named |= {"next": page + 1, "last": last}
    links = []
    for rel, number in named.items():
        query = request.url(page=number).partition("?")[2]
        links.append(f'<{place}?{query}>; rel="{rel}"')
    return json_answer(list(items), 200, {"Link": ", ".join(links)} if links else {})
