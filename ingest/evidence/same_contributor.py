"""`same_contributor`: somebody committed on both sides.

The weakest of the methods: people work on many things. It is only looked for where something else
joins the two (see `ingest.evidence.links`), and never for programs.
"""

import re
from collections.abc import Collection

from ingest.evidence.found import Found, found

_BOTS = re.compile(r"\[bot\]$|(?:^|[-_:])bot$|bot(?:$|-)|^(?:github-actions|dependabot|web-flow)")


def same_contributor(repository: str, shared: Collection[str]) -> Found | None:
    """Return the evidence for people with commits on both sides, by their keys.

    One of them is named if a login is known: an HMAC tells nobody anything.
    """
    if not shared:
        return None
    people = "1 contributor" if len(shared) == 1 else f"{len(shared)} contributors"
    logins = sorted(key for key in shared if not key.startswith("hmac:"))
    example = f", e.g. {logins[0]}" if logins else ""
    return found("same_contributor", repository, "contributors", f"{people} on both sides{example}")


def is_bot(key: str) -> bool:
    """Return True for a contributor's key that is a program's login."""
    login = key.partition(":")[2] if not key.startswith("hmac:") else ""
    return bool(_BOTS.search(login.lower()))
