"""What an audit could not tell, in sentences: what is unknown is said, never guessed."""

from collections.abc import Iterator

from queries.audit.facts import Audit


def unknown_of(audit: Audit) -> tuple[str, ...]:
    """Return one sentence for each thing that the graph does not hold."""
    return tuple(_unknown(audit))


def _unknown(audit: Audit) -> Iterator[str]:
    identity, link, drift = audit.identity, audit.upstream, audit.drift
    if identity.host_id is None:
        yield "The Hub was not asked about the model: licence, access, task and base models."
    elif identity.licence is None:
        yield "The Hub tells no licence of the model."
    if audit.revision is None:
        yield "No commit of the variant is known up to this moment, so there is no revision."
    elif audit.revision.how == "newest":
        yield (
            "The head of the default branch is not among the commits up to this moment; the "
            "revision is the newest of its commits."
        )
    if identity.shallow:
        yield "Only a part of the variant's history was read."
    if link is None:
        yield "No repository is known to be its upstream."
        return
    if link.host_id is None:
        yield "GitHub was not asked about the upstream: licence, archiving, renames, releases."
    elif link.licence is None:
        yield "GitHub tells no licence of the upstream."
    if link.confidence is None:
        yield "No evidence was collected for the upstream; a families file names it."
    if link.later_evidence:
        yield (
            "The confidence of the upstream rests on observations that were made after this moment "
            f"as well ({len(link.later_evidence)})."
        )
    if link.shallow:
        yield "Only a part of the upstream's history was read."
    if not audit.files and audit.revision is not None and not audit.revision.is_head:
        yield "The SHA-256 of large files is known only at the head of the default branch."
    if audit.origin.commit is None:
        yield (
            "No file and no commit message proves which upstream commit the revision was made "
            "from; drift is counted from the revision's own date."
        )
    if drift is not None and any(count.name is None for count in drift.by_type):
        yield "Not every commit upstream was classified by what it changes."
    if drift is not None and any(count.name is None for count in drift.by_area):
        yield "It is not known of every commit upstream which paths it changes."
    if not audit.method.snapshots:
        yield "The graph does not say which snapshot it was loaded from; load it again."
