"""The Hugging Face Hub, asked by its own client.

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
