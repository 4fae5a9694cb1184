"""One Hub, and the one way in which it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from huggingface_hub import HfApi
from huggingface_hub.utils import build_hf_headers

from graph.errors import SourceError
from ingest.host import Limits
from ingest.huggingface.client import install
from ingest.huggingface.endpoint import checked_endpoint, label_of
from ingest.huggingface.manners import Manners, Question
from ingest.huggingface.refusals import in_our_words
from ingest.names import is_private
from ingest.waiting import Waiter

_TOOL, _VERSION = "hubtrace", version("hubtrace")


class Hub:
    """The address, the token and the manners of one Hub. Threads may share it.

    Without `token` nothing is sent, whatever huggingface_hub finds on this machine.

    Raises:
        SourceError: the endpoint is none, or the token would be sent in clear.
    """

    def __init__(
        self, endpoint: str | None, token: str | None, waiter: Waiter, limits: Limits
    ) -> None:
        install()
        self.endpoint = checked_endpoint(endpoint)
        self.label = label_of(self.endpoint)
        if token is not None and not is_private(self.endpoint):
            raise SourceError(
                f"{self.label} is asked over http, which would show the token to everybody on the "
                "way; use https, or unset HF_TOKEN"
            )
        self.limits = limits
        self.manners = Manners(self.endpoint, self.label, waiter, limits)
        self.has_token = token is not None
        self.api = HfApi(
            self.endpoint, token=token or False, library_name=_TOOL, library_version=_VERSION
        )
        self._token = token

    def __repr__(self) -> str:
        """Without the token, which an error report would show."""
        return f"Hub({self.endpoint!r})"

    def headers(self) -> dict[str, str]:
        """Return what goes with a request that huggingface_hub has no function for."""
        return build_hf_headers(
            token=self._token or False, library_name=_TOOL, library_version=_VERSION
        )

    @contextmanager
    def ask(
        self,
        what: str,
        project: str | None = None,
        *,
        known: str | None = None,
        keep: int | None = None,
        pages: int | None = None,
    ) -> Iterator[Question]:
        """Ask for `what`, of `project` if it is part of one, by calls of huggingface_hub inside.

        Raises:
            NotModified: the answer is the one whose ETag is `known`.
            ProjectGone: the Hub shows no such project.
            Refused: it shows it, but not this part of it.
            Missing: it has no such thing.
            SourceError: it cannot be asked, or what it says makes no sense.
        """
        with (
            in_our_words(self.label, what, project),
            self.manners.asking(what, known=known, keep=keep, pages=pages) as question,
        ):
            yield question
