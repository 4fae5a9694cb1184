"""Pages: one self-contained HTML file each, safe to open whatever the hubs have said."""

from hubtrace.queries.pages.rendering import commit_url, link, render

__all__ = ["commit_url", "link", "render"]
