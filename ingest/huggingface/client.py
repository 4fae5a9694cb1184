"""The HTTP client that huggingface_hub is given, and the token that it finds."""

import re
import threading
from functools import partial
from typing import Any

import httpx2
from huggingface_hub import constants, get_token, set_client_factory
from huggingface_hub.errors import DeviceCodeError, OfflineModeIsEnabled, OIDCError

from graph.errors import SourceError
from ingest.huggingface.manners import current

_TOKEN = re.compile(r"[\x21-\x7e]+")
_installed = threading.Event()
_installing = threading.Lock()


class _Client(httpx2.Client):
    """Leaves the requests that are ours to their manners; others go as huggingface_hub's own do.

    Proxies and certificates come from the environment, as httpx takes them.
    """

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        if constants.is_offline_mode():
            raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
        question = current.get()
        if question is None:
            return super().send(request, **options)
        options |= {"stream": True, "follow_redirects": False}
        return question.manners.send(partial(super().send, **options), request, question)


def install() -> None:
    """Let huggingface_hub use our client from now on, and tell nobody what runs here.

    Of what it prints itself nothing is left: no call of ours shows a progress bar, what it logs
    when it retries does not happen, and the server's own warnings are dropped (`manners.py`).
    """
    with _installing:
        if not _installed.is_set():
            constants.HF_HUB_DISABLE_TELEMETRY = True
            set_client_factory(lambda: _Client(follow_redirects=True, timeout=None))
            _installed.set()


def stored_token() -> str | None:
    """Return the token of `HF_TOKEN` or of `hf auth login`; None if there is none.

    Raises:
        SourceError: there is one that cannot be read, or that no server would take.
    """
    try:
        token = get_token()
    except (OSError, UnicodeError, DeviceCodeError, OIDCError) as error:
        kind = type(error).__name__
        raise SourceError(f"the Hugging Face token cannot be read ({kind})") from error
    if token is not None and not _TOKEN.fullmatch(token):
        raise SourceError("the Hugging Face token has characters that no token has")
    return token
