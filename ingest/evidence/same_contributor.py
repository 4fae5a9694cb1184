"""`same_contributor`: somebody committed on both sides.

The weakest of the methods: people work on many things. It is only looked for where something else
joins the two (see `ingest.evidence.links`), and never for programs.
"""

import re

from ingest.evidence.found import Found, found

_BOTS = re.compile(r"\[bot\]$|(?:^|[-_:])bot$|bot(?:$|-)|^(?:github-actions|dependabot|web-flow)")


def same_contributor(repository: str, shared: int, example: str) -> Found | None:
    """Return the evidence for `shared` people with commits on both sides, of whom one is named.

    `example` is a contributor's key (`github.com:login` or an HMAC), never an address.
    """
    if shared <= 0:
        return None
    people = "1 contributor" if shared == 1 else f"{shared} contributors"
    said = f"{people} on both sides, e.g. {example}"
    return found("same_contributor", repository, "contributors", said)


def is_bot(key: str) -> bool:
    """Return True for a contributor's key that is a program's login."""
    login = key.partition(":")[2] if not key.startswith("hmac:") else ""
    return bool(_BOTS.search(login.lower()))
