"""What earlier observations knew of the commits of a project."""

from hubtrace.ingest.derive.dag import history_of
from hubtrace.ingest.snapshot import ProjectHistory


def first_seen(project: ProjectHistory) -> dict[str, int]:
    """Return when each commit of a project was first observed, by sha."""
    history = history_of(project.commits(["sha", "parents", "committed_at"]))
    first = project.observations[0].observed_at
    times = dict.fromkeys(history.shas, first)
    missing = set(range(len(history.shas)))
    for seen in project.observations:
        heads = [history.number[ref.target] for ref in seen.refs if ref.target in history.number]
        reached = history.ancestors(heads)
        found = {number for number in missing if reached[number]}
        times.update({history.shas[number]: seen.observed_at for number in found})
        missing -= found
    return times
