"""The git source: any repository that git can clone, as a stream of commits with their paths."""

from hubtrace.ingest.sources.git.source import GitSource

__all__ = ["GitSource"]
