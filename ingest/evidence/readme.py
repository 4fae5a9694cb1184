"""`readme_link`: the repository's README links to the variant.

A README links to models of others as well: those that it starts from, compares with or thanks. So
a link to another owner's model counts less, and least in a part about the community. Owners that
turn out to be the same people are told apart later (`hubtrace.ingest.evidence.model`).
"""

from collections.abc import Iterator

from hubtrace.ingest.evidence.addresses import hub_owner_in, variant_in
from hubtrace.ingest.evidence.context import in_readme
from hubtrace.ingest.evidence.markdown import Link, links_in
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.records import HostData


def readme_link(repository: str, details: HostData) -> Iterator[tuple[str, Evidence]]:
    """Yield the variants that the READMEs of a repository link to."""
    for path, link in _links(details):
        variant = variant_in(link.url)
        if variant:
            reason = in_readme(link, repository, variant)
            said = f"{link.before} {link.text or link.url}"
            yield variant, observed("readme_link", repository, f"{path}:{link.line}", said, reason)


def owners_named(repository: str, details: HostData) -> Iterator[str]:
    """Yield the owners whose Hub pages a README links to, where it is about its own models."""
    for _, link in _links(details):
        owner = hub_owner_in(link.url)
        if owner and in_readme(link, repository, f"{owner}/") in (None, "other_owner"):
            yield owner


def _links(details: HostData) -> Iterator[tuple[str, Link]]:
    for text in details.texts:
        if text.kind == "readme":
            for link in links_in(text.text):
                yield text.path, link
