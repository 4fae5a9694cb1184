"""Pages: one self-contained HTML file each, safe to open whatever the hubs sent."""

from hubtrace.queries.pages.rendering import link, render, render_markdown

__all__ = ["link", "render", "render_markdown"]
