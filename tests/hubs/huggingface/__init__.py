"""The loopback Hugging Face Hub."""

from tests.hubs.huggingface.model import Model
from tests.hubs.huggingface.reading import pointer
from tests.hubs.huggingface.server import HuggingFaceHub, User

__all__ = ["HuggingFaceHub", "Model", "User", "pointer"]
