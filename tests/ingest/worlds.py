"""Real git repositories in milliseconds; they live with the loopback hubs, which ship with them."""

from tests.hubs.worlds import START, File, World, blob_id, git

__all__ = ["START", "File", "World", "blob_id", "git"]
