"""Pages: one self-contained HTML file each, safe to open whatever the hubs sent."""

from hubtrace.queries.pages.rendering import commit_url, link, render, render_markdown

__all__ = ["commit_url", "link", "render", "render_markdown"]
