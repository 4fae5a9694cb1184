"""How much a property test tries: some examples in `make test`, all of them in `make faults`."""

import os

THOROUGH = bool(os.environ.get("HUBTRACE_THOROUGH"))


def examples(most: int) -> int:
    """Return how many examples to try: `most` in a campaign, a fifth of them otherwise."""
    return most if THOROUGH else max(most // 5, 5)
