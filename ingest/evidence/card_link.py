"""`card_link`: the model card links to the repository, wherever in its text."""

from collections.abc import Iterable, Iterator

from ingest.evidence.card import CardLink
from ingest.evidence.found import Found, found


def card_link(links: Iterable[CardLink]) -> Iterator[Found]:
    """Yield the links that nothing introduces as the place of the code."""
    for link in links:
        if not link.code:
            yield found("card_link", link.repository, link.place, link.said, link.reason)
