"""Evidence of where a variant comes from: one module for each method of DESIGN.md section 4.

Pure functions over what a host told of a project: `in_variant` reads a variant's card and papers,
`in_repository` a repository's README and workflows, `references_in` a commit's message. `links`
makes ranked links of it all. Nothing here reads or writes anything, and nothing that a text says is
executed; texts of any size and shape are read in bounded time. docs/evidence.md tells the rules.
"""

from ingest.evidence.card import card_links
from ingest.evidence.card_code import card_code
from ingest.evidence.card_link import card_link
from ingest.evidence.ci_workflow import ci_workflow
from ingest.evidence.commit_reference import commit_reference, references_in
from ingest.evidence.confidence import confidence
from ingest.evidence.found import RANKS, Found, found
from ingest.evidence.links import Link, links
from ingest.evidence.paper_repository import paper_repository
from ingest.evidence.readme_link import owners_named, readme_link
from ingest.evidence.same_contributor import same_contributor
from ingest.evidence.same_owner import learn_aliases, owners_agree, same_owner
from ingest.facts import Details

__all__ = [
    "RANKS",
    "Found",
    "Link",
    "commit_reference",
    "confidence",
    "found",
    "in_repository",
    "in_variant",
    "learn_aliases",
    "links",
    "owners_agree",
    "owners_named",
    "references_in",
    "same_contributor",
    "same_owner",
]


def in_variant(name: str, details: Details) -> list[Found]:
    """Return what the cards and papers of the variant `org/name` say of repositories."""
    named = card_links(name, details)
    return [*card_code(named), *card_link(named), *paper_repository(name, details)]


def in_repository(name: str, details: Details) -> list[tuple[str, Found]]:
    """Return the variants that the READMEs and workflows of `owner/name` name, with the evidence.

    Names are as they were written; the Hub tells apart no case.
    """
    return [*ci_workflow(name, details), *readme_link(name, details)]
