"""`card_code`: the model card names the repository under "Repository:", "Code:" or the like.

These are the words of the Hub's own card template ("Repository:") and of people who write their
own; a link whose text is `GitHub` or `source code` says the same.
"""

from collections.abc import Iterable, Iterator

from ingest.evidence.card import CardLink
from ingest.evidence.found import Found, found


def card_code(links: Iterable[CardLink]) -> Iterator[Found]:
    """Yield the links that are introduced as the place of the code."""
    for link in links:
        if link.code:
            yield found("card_code", link.repository, link.place, link.said, link.reason)
