"""Evidence of where a variant comes from, by the methods of docs/design.md, section 4.

Pure functions over the metadata of a project: `in_variant` reads a variant's card and papers,
`in_repository` a repository's README and workflows, `references_in` a commit's message. `links`
makes ranked links of it all. Nothing here reads or writes files, and nothing that a text says is
executed; texts of any size and shape are read in bounded time. docs/evidence.md has the rules.
"""

from hubtrace.ingest.evidence.attestation import attested
from hubtrace.ingest.evidence.card import (
    card_evidence,
    owners_named,
    paper_repository,
    readme_link,
)
from hubtrace.ingest.evidence.commit_reference import commit_reference, references_in
from hubtrace.ingest.evidence.markdown import documents_in
from hubtrace.ingest.evidence.model import RANKS, Evidence, Link, confidence, links, observed
from hubtrace.ingest.evidence.owners import (
    learn_aliases,
    owners_agree,
    same_contributor,
    same_owner,
)
from hubtrace.ingest.evidence.publishing import ci_workflow, scripts_called
from hubtrace.ingest.evidence.unreadable import Unread, guarded
from hubtrace.ingest.records import HostData

__all__ = [
    "RANKS",
    "Evidence",
    "Link",
    "Unread",
    "commit_reference",
    "confidence",
    "documents_in",
    "in_repository",
    "in_variant",
    "learn_aliases",
    "links",
    "observed",
    "owners_agree",
    "owners_named",
    "references_in",
    "same_contributor",
    "same_owner",
    "scripts_called",
]


def in_variant(name: str, details: HostData, unread: Unread | None = None) -> list[Evidence]:
    """Return what cards, papers and attestations of the variant `org/name` say of repositories.

    What cannot be read is added to `unread`, here and below.
    """
    unread = [] if unread is None else unread
    papers = guarded(f"{name}: papers", lambda: paper_repository(name, details), unread)
    return [*card_evidence(name, details, unread), *papers, *attested(details)]


def in_repository(
    name: str, details: HostData, unread: Unread | None = None
) -> list[tuple[str, Evidence]]:
    """Return the variants that the READMEs and workflows of `owner/name` name, with the evidence.

    Names are as they were written; the Hub ignores case.
    """
    unread = [] if unread is None else unread
    return [*ci_workflow(name, details, unread), *readme_link(name, details, unread)]
