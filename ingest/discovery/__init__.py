"""Finding the other side: the repositories that variants come from, and their variants.

What cards, papers, READMEs and workflows say is scored by `ingest/evidence`. `search` fetches
what was requested, what that names and what names it; `scoring` makes links of it;
`grouping` makes families of the links. Nothing is written here.
"""

from hubtrace.ingest.discovery.grouping import Formed, Reason, group
from hubtrace.ingest.discovery.scoring import Linked
from hubtrace.ingest.discovery.search import Bounds, Discovered, ModelsOf, RepositoriesOf, discover

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
