"""Pages: one self-contained HTML file each, safe to open whatever the hubs have said."""

from hubtrace.queries.pages.rendering import link, render

__all__ = ["link", "render"]
