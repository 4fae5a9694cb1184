"""JSON and plain values as records, in any thread.

msgspec (0.22) learns a type when it is first used. Where two threads use one for the first time at
once, the second reads what the first has not finished, and the process ends by a segmentation
fault. So each type is prepared by one thread at a time here, and nowhere else is one decoded.
"""

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_PREPARED: set[Any] = set()
_PREPARING = threading.Lock()
_DEEP = "it is nested too deeply"


def decode_json(raw: bytes | str, type_: type[T]) -> T:
    """Return the value of a JSON text as a `type_`.

    Raises:
        msgspec.ValidationError: it is something else; a DecodeError, which is a ValueError too.
        msgspec.DecodeError: it is not JSON, is nested too deeply, or holds half a surrogate pair,
            which `json` reads.
    """
    _prepare(type_)
    try:
        return msgspec.json.decode(raw, type=type_)
    except RecursionError:
        raise msgspec.DecodeError(_DEEP) from None


def convert(value: object, type_: type[T], *, from_attributes: bool = False) -> T:
    """Return plain values as a `type_`; with `from_attributes` any object's attributes, too.

    Raises:
        msgspec.ValidationError: they are something else, or are nested too deeply.
    """
    _prepare(type_)
    try:
        return msgspec.convert(value, type_, from_attributes=from_attributes)
    except RecursionError:
        raise msgspec.ValidationError(_DEEP) from None


def _prepare(type_: Any) -> None:
    if type_ not in _PREPARED:
        with _PREPARING:
            msgspec.json.Decoder(type_)  # learns all types within it
            _PREPARED.add(type_)
