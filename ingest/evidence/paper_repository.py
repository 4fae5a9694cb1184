"""`paper_repository`: the variant is tagged with a paper, and the Hub knows the paper's repository.

A card that is tagged with several papers cites what it stands on, too: then none of them is
surely its own.
"""

from collections.abc import Iterator

from ingest.evidence.addresses import repository_in
from ingest.evidence.context import is_tool_of_others
from ingest.evidence.found import Found, found
from ingest.facts import Details


def paper_repository(variant: str, details: Details) -> Iterator[Found]:
    """Yield the repositories of the papers that a variant is tagged with."""
    several = "several_papers" if len(details.papers) > 1 else None
    for paper in details.papers:
        repository = repository_in(paper.repository or "")
        if repository:
            tool = "tooling" if is_tool_of_others(variant, repository) else None
            place = f"https://arxiv.org/abs/{paper.arxiv}"
            said = f"arXiv {paper.arxiv} names {repository}"
            yield found("paper_repository", repository, place, said, several, tool)
