"""An audit as an in-toto statement, to be signed and attached to a release.

The statement is that of the in-toto attestation framework, v1; its predicate is ours
(docs/audit.md, docs/decisions/0033).
"""

from dataclasses import asdict
from typing import Any

from hubtrace.graph.format import is_day, timestamp
from hubtrace.graph.text import as_json
from hubtrace.queries.audit.formats.cyclonedx import package_url
from hubtrace.queries.audit.records import Audit

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:x-hubtrace:predicate:audit:1"


def to_in_toto(audit: Audit) -> str:
    """Return the audit as an in-toto statement about the revision and its large files.

    Raises:
        ValueError: there is no revision with a sha, so that there is nothing to speak of.
    """
    if audit.revision is None or is_day(audit.revision.commit.sha):
        raise ValueError("an in-toto statement needs a revision with a sha; none is known")
    ancestors = [_named(base.url, base.name or base.variant, None) for base in audit.bases]
    identity, link, made_from = audit.identity, audit.upstream, audit.origin.commit
    subject = _named(identity.url, identity.name or identity.variant, audit.revision.commit.sha)
    files = [{"name": file.path, "digest": {"sha256": file.sha256}} for file in audit.files]
    upstream = None
    if link is not None:
        sha = made_from.sha if made_from else None
        upstream = _named(link.url, link.name or link.repository, sha)
    body = {
        "_type": STATEMENT,
        "subject": [subject, *files],
        "predicateType": PREDICATE,
        "predicate": {
            "auditedFor": timestamp(audit.method.until),
            "tool": audit.method.tool,
            "upstream": upstream,
            "ancestors": ancestors,
            "audit": asdict(audit),
        },
    }
    return as_json(body)


def _named(url: str | None, name: str, sha: str | None) -> dict[str, Any]:
    """Return a resource descriptor; its digest is the git commit."""
    purl = package_url(url, sha)
    place = {"uri": str(purl)} if purl is not None else {}
    digest = {"digest": {"gitCommit": sha}} if sha else {}
    return {"name": name, **place, **digest}
