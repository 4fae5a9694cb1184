"""What the Hub answers instead of an answer, in our words.

Its own words are not shown: they are many lines, they come from a stranger, and could repeat the
token that was sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)

from graph.errors import SourceError
from ingest.host import ProjectGone


class Refused(SourceError):
    """The Hub tells this part of a project to some people only: it is gated."""


class Missing(SourceError):
    """There is no such file, revision, paper or user."""


@contextmanager
def in_our_words(label: str, what: str, project: str | None = None) -> Iterator[None]:
    """Turn what huggingface_hub raises inside `with` into one sentence.

    Inside stand its calls only: an answer of another shape breaks its parsers in every way.

    Raises:
        ProjectGone: the Hub shows no such project.
        Refused: it shows it, but not this part of it.
        Missing: it has no such thing.
        SourceError: anything else.
    """
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise SourceError(f"{label} is not asked for {what}: HF_HUB_OFFLINE is set") from error
    except HfHubHTTPError as error:
        raise _refusal(error, label, what, project) from error
    except _UNREADABLE as error:
        raise SourceError(f"{label} sent an answer for {what} that makes no sense") from error
    except httpx2.InvalidURL as error:
        raise SourceError(f"{label} names an address for {what} that is none") from error


_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What parsers raise on JSON that is none, is of another shape, or is nested a mile deep."""


def _refusal(error: HfHubHTTPError, label: str, what: str, project: str | None) -> SourceError:
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return Refused(f"{label} shows {what} only to those who were given access ({status})")
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        return Missing(f"{label} has no such thing: {what}")
    if project is not None:
        if isinstance(error, DisabledRepoError):
            return ProjectGone(project, "disabled")
        if status == 451:
            return ProjectGone(project, "blocked")
        if error.response.headers.get("X-Error-Code") == "RepoNotFound":
            return ProjectGone(project, "not_found")
        if status in (404, 410):  # so may any web server answer that is no Hub
            return SourceError(f"{label} answers {status} for {what}; is it the address of a Hub?")
    if status in (404, 410):
        return Missing(f"{label} has no such thing: {what}")
    if status == 401:
        return SourceError(f"{label} refuses the token, or wants one, for {what} (401)")
    return SourceError(f"{label} answers {status} for {what}")
