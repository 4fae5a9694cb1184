"""The Hugging Face Hub, asked by its own client.

Importing this room imports huggingface_hub, so commands import it when they need it.
"""

from ingest.huggingface.account import Account
from ingest.huggingface.client import stored_token
from ingest.huggingface.host import HuggingFace
from ingest.huggingface.lists import Listed, Listing, Wanted

__all__ = ["Account", "HuggingFace", "Listed", "Listing", "Wanted", "stored_token"]
