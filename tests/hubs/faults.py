"""What can go wrong with an answer. Each is a switch: `hub.faults.inject("tags", status(502), 2)`.

A fault takes the request and the honest answer, and returns the answer that is sent instead.
"""

import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .wire import Answer, Ending, Request, json_answer

Fault = Callable[[Request, Answer], Answer]
ANY = "*"
"""The kind that stands for every request."""

GIGABYTE = 1 << 30
_BLOCK = 1 << 20


def status(code: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Fault:
    """An error with a JSON body, `{"message": …}` unless another is given."""
    told = {"message": f"injected {code}"} if body is None else body
    return lambda _request, _answer: json_answer(told, code, headers)


def delay(seconds: float) -> Fault:
    """The honest answer, late. The end of the server ends the wait."""
    return lambda _request, answer: answer.having(delay=seconds)


def reset() -> Fault:
    """The connection is reset before a byte is sent."""
    return lambda _request, answer: answer.having(ending=Ending.RESET)


def truncate() -> Fault:
    """Half of the body, and the connection closes."""
    return lambda _request, answer: answer.having(ending=Ending.CUT)


def not_json() -> Fault:
    """A page for people, as a proxy shows it, called JSON."""
    page = b"<html><body>Please log in</body></html>"
    return lambda _request, answer: answer.having(status=200, body=page)


def other_json(value: Any) -> Fault:
    """Valid JSON of another shape, with the honest headers."""
    return lambda _request, answer: json_answer(value).adding(answer.headers)


def other_body(body: bytes) -> Fault:
    """Any bytes, with the honest headers."""
    return lambda _request, answer: answer.having(body=body)


def changed(fields: Mapping[str, Any]) -> Fault:
    """The honest JSON with some fields changed, in the object or in every object of the list."""

    def fault(_request: Request, answer: Answer) -> Answer:
        assert isinstance(answer.body, bytes)
        told = json.loads(answer.body)
        one = (
            {**told, **fields} if isinstance(told, dict) else [{**item, **fields} for item in told]
        )
        return answer.having(body=json.dumps(one).encode())

    return fault


def redirect(url: str, code: int = 302) -> Fault:
    """A redirect to another place, e.g. to another host."""
    return lambda _request, _answer: Answer(code, b"", {"Location": url})


def endless() -> Fault:
    """A list of which every page names a next one; beyond the honest end the first comes again."""
    first: list[Answer] = []

    def fault(request: Request, answer: Answer) -> Answer:
        first.append(answer) if not first else None
        page = int(request.query.get("page", 1)) + 1
        same = answer if answer.body not in (b"[]", b"") else first[0]
        return same.adding({"Link": f'<{request.url(page=page)}>; rel="next"'})

    return fault


def huge(size: int = 2 * GIGABYTE, *, promised: bool = True) -> Fault:
    """A JSON string of `size` bytes; with or without a `Content-Length` that says so."""

    def fault(_request: Request, answer: Answer) -> Answer:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if promised:
            headers["Content-Length"] = str(size)
        return answer.having(status=200, body=_long_string(size), headers=headers)

    return fault


def bomb(size: int = 2 * GIGABYTE) -> Fault:
    """A JSON string of `size` bytes that gzip has made a thousand times shorter."""

    def fault(_request: Request, answer: Answer) -> Answer:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return answer.having(status=200, body=_packed_blocks(size), headers=headers)

    return fault


def _long_string(size: int) -> Iterator[bytes]:
    yield b'"'
    for start in range(1, size - 1, _BLOCK):
        yield b"a" * min(_BLOCK, size - 1 - start)
    yield b'"'


def _packed_blocks(size: int) -> Iterator[bytes]:
    """Pack as one stream, as it goes: some clients stop after the first of several."""
    packer = zlib.compressobj(1, wbits=31)  # a gzip header around it
    for block in _long_string(size):
        yield packer.compress(block)
    yield packer.flush()


@dataclass(slots=True)
class _Planned:
    kind: str
    fault: Fault
    left: int | None
    spared: int


class Faults:
    """The faults that a server is told to show, for every kind of request."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def inject(self, kind: str, fault: Fault, times: int | None = None, *, after: int = 0) -> None:
        """Show a fault to the requests of a kind, `times` times (or always), then be fine.

        The first `after` requests are spared.
        """
        with self._lock:
            self._planned.append(_Planned(kind, fault, times, after))

    def clear(self) -> None:
        """Be fine from now on."""
        with self._lock:
            self._planned.clear()

    def take(self, kind: str) -> Fault | None:
        """Return the fault that the next request of a kind gets, and count it as shown."""
        with self._lock:
            for planned in self._planned:
                if planned.kind not in (kind, ANY) or planned.left == 0:
                    continue
                if planned.spared:
                    planned.spared -= 1
                    continue
                if planned.left is not None:
                    planned.left -= 1
                return planned.fault
        return None
