"""Details of projects that say what a test wants them to say."""

from hubtrace.ingest.records import HostData, ProjectMetadata, Text


def variant(name: str, card: str) -> HostData:
    """Return what the Hub told of a variant with this card."""
    return HostData(ProjectMetadata("v", name), texts=(Text("card", "README.md", None, card),))


def repository(name: str, *, readme: str = "", workflow: str = "") -> HostData:
    """Return what GitHub told of a repository with this README and this workflow."""
    texts = [
        Text("readme", "README.md", None, readme),
        Text("workflow", ".github/workflows/publish.yml", None, workflow),
    ]
    return HostData(ProjectMetadata("r", name), texts=tuple(text for text in texts if text.text))
