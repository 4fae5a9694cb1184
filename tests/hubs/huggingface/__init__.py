"""The loopback Hugging Face Hub."""

from .model import Model
from .reading import pointer
from .server import HuggingFaceHub, User

__all__ = ["HuggingFaceHub", "Model", "User", "pointer"]
