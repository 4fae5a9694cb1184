"""The Hugging Face Hub, by its own client huggingface_hub.

Importing this room imports huggingface_hub, so commands import it when they need it.
"""

from hubtrace.ingest.sources.huggingface.client import stored_token
from hubtrace.ingest.sources.huggingface.host import (
    Account,
    HuggingFace,
    Listed,
    Listing,
    ModelFilter,
)

__all__ = ["Account", "HuggingFace", "Listed", "Listing", "ModelFilter", "stored_token"]
