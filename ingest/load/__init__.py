"""Snapshot → graph: derives what the graph needs and writes it through a store."""

from hubtrace.ingest.load.loader import Loaded, load

__all__ = ["Loaded", "load"]
