"""Change types: what a commit changed, of the study's 15 types (docs/change-types.md).

- `tables/`: the rules, as data that can be read; begin here
- `rules`: the types, the areas and the entries of the tables
- `paths`: what a file is; `messages`: what a message is about, bots, merges; `classifier`: both,
  also of a whole history at once; `lines`: commits as lines of JSON
"""

from hubtrace.ingest.change_types.classifier import Changed, Classified, classify
from hubtrace.ingest.change_types.rules import Area, ChangeType

__all__ = ["Area", "ChangeType", "Changed", "Classified", "classify"]
