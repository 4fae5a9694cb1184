"""Finding the other side: the repositories that variants come from, and their variants.

What cards, papers, READMEs and workflows say is weighed by `ingest.evidence`. `search` looks at
what was asked for, at what that names and at what names it; `weighing` makes links of it; `forming`
makes families of the links. Nothing is written here.
"""

from ingest.discovery.forming import Formed, Reason, form
from ingest.discovery.result import Bounds, Discovered, Linked, ModelsOf, RepositoriesOf
from ingest.discovery.search import discover

__all__ = [
    "Bounds",
    "Discovered",
    "Formed",
    "Linked",
    "ModelsOf",
    "Reason",
    "RepositoriesOf",
    "discover",
    "form",
]
