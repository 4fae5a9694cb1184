"""A loopback GitHub: REST as documented, git over HTTP, and a world that real git makes.

world = GitHubWorld(tmp_path)
yi = world.repository("01-ai/Yi", licence="apache-2.0")
yi.git.commit({b"README.md": b"# Yi"})
yi.release("v1", assets={"weights.bin": b"..."})
with GitHubHub(world) as hub:
    ...  # hub.api is the address for clients, hub.url the one for git
"""

from .server import GitHubHub
from .world import GitHubWorld, Repository

__all__ = ["GitHubHub", "GitHubWorld", "Repository"]
