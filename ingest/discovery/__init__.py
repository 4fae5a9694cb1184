"""Finding the other side: the repositories that variants come from, and their variants.

What cards, papers, READMEs and workflows say is weighed by `ingest/evidence`. `search` looks at
what was asked for, at what that names and at what names it; `scoring` makes links of it;
`grouping` makes families of the links. Nothing is written here.
"""

from hubtrace.ingest.discovery.grouping import Formed, Reason, group
from hubtrace.ingest.discovery.records import Bounds, Discovered, Linked, ModelsOf, RepositoriesOf
from hubtrace.ingest.discovery.search import discover

__all__ = [
    "Bounds",
    "Discovered",
    "Formed",
    "Linked",
    "ModelsOf",
    "Reason",
    "RepositoriesOf",
    "discover",
    "group",
]
