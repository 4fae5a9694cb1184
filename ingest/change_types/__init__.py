"""Change types: what a commit changed, of the study's 15 types (docs/change-types.md).

- `types`: the types and the areas, and what they mean
- `tables/`: the rules, as data that can be read; begin here
- `paths`: what a file is; `messages`: what a message speaks of; `classifier`: both together
- `bots`: who is no human
- `columns`: a whole history at once; `lines`: commits as lines of JSON
"""

from hubtrace.ingest.change_types.classifier import Changed, Classified, classify
from hubtrace.ingest.change_types.rules import Area, ChangeType

__all__ = ["Area", "ChangeType", "Changed", "Classified", "classify"]
