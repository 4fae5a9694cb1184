"""`same_blob` and `same_lfs`: a file of the variant is, byte for byte, a file of the repository.

The weight of a file is 1 / the number of repositories that hold it (forks count once), and nothing
for what is everywhere (licences, standard tokenizers, empty files). A tool's files and those of a
collection, which keeps the cards of many unrelated owners, say nothing of a release. Of several
holders those that had it later may have copied it themselves, as vendored code is, and count half
of that. A README that is equal without its front matter is a weaker kind.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hubtrace.ingest.evidence.model import FACTORS, Evidence, observed


@dataclass(frozen=True, slots=True)
class Held:
    """A file of a variant that a repository holds."""

    repository: str
    path: str
    """In the variant."""
    origin_path: str
    """In the repository; for an asset of a release its name."""
    blob: str
    kind: str
    """`blob`, `lfs`, `asset` or `readme`, as `Copy.kind` in `hubtrace.graph.model`."""
    boilerplate: bool
    holders: int = 1
    """Repositories that hold it, forks counted once."""
    first: bool = True
    """True if none of them had it earlier."""
    against: str | None = None
    """Why the repository's files say little: it is a tool, or a collection of others' models."""


def content(held: Iterable[Held]) -> Iterator[Evidence]:
    """Yield what each file is worth as evidence."""
    for file in held:
        method = "same_lfs" if file.kind in ("lfs", "asset") else "same_blob"
        excerpt = f"{file.path} is {file.origin_path} ({file.blob[:12]})"
        boilerplate = "boilerplate" if file.boilerplate else None
        readme = "readme" if file.kind == "readme" else None
        location = f"{file.path} {file.blob}"
        reasons = boilerplate, readme, file.against
        one = observed(method, file.repository, location, excerpt, *reasons)
        if file.holders > 1:
            reason = boilerplate or file.against or ("shared" if file.first else "later")
            strength = one.strength / file.holders * FACTORS[reason]
            excerpt = f"{one.said}, held by {file.holders} repositories"
            one = replace(one, strength=strength, reason=reason, said=excerpt)
        yield one
