"""Keys made of parts that can be of any length: engines index no more than a few kilobytes."""

import hashlib

LONGEST = 512
"""Characters of a key. Neo4j's range index takes 8,167 bytes, UTF-8 needs up to 4 a character."""

_DIGEST = 64


def key_of_parts(*parts: object) -> str:
    """Return the parts joined by spaces; what is too long is cut and told apart by its SHA-256."""
    key = " ".join(map(str, parts))
    if len(key) <= LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: LONGEST - _DIGEST - 1]}#{digest}"
