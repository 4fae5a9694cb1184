"""Pages: one self-contained HTML file each, safe to open whatever the hubs have said."""

from queries.pages.links import commit_url, link
from queries.pages.rendering import render

__all__ = ["commit_url", "link", "render"]
