"""Details of projects that say what a test wants them to say."""

from ingest.facts import Details, Facts, Text


def variant(name: str, card: str) -> Details:
    """Return what the Hub told of a variant with this card."""
    return Details(Facts("v", name), texts=(Text("card", "README.md", None, card),))


def repository(name: str, *, readme: str = "", workflow: str = "") -> Details:
    """Return what GitHub told of a repository with this README and this workflow."""
    texts = [
        Text("readme", "README.md", None, readme),
        Text("workflow", ".github/workflows/publish.yml", None, workflow),
    ]
    return Details(Facts("r", name), texts=tuple(text for text in texts if text.text))
