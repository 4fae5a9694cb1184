"""The provenance of a variant: where it comes from, what proves it, what should worry us."""

from queries.audit.facts import Audit, Finding
from queries.audit.gather import Asked, audit, audits

__all__ = ["Asked", "Audit", "Finding", "audit", "audits"]
