"""`attestation`: a workflow of the repository signed that it made a large file of the variant.

Rank 1 only where signature, certificate and log entry were verified. What is merely claimed is
worth no more than any word of the variant's owner, who can put any file into a model (decision
0049).
"""

from collections.abc import Iterator

from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.records import HostData


def attested(details: HostData) -> Iterator[Evidence]:
    """Yield what the attestations of a variant's large files say of repositories."""
    for row in details.attestations:
        if row.repository is None or row.verdict not in ("verified", "claimed"):
            continue
        method = "attestation" if row.verdict == "verified" else "attestation_claim"
        said = f"{row.workflow or row.predicate} at {(row.commit or 'an unknown commit')[:12]}"
        place = f"{row.place} sha256:{row.sha256}"
        yield observed(method, row.repository, place, said)
