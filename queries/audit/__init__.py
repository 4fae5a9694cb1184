"""The provenance of a variant: where it comes from, what proves it, and findings."""

from hubtrace.queries.audit.build import AuditRequest, audit, audits
from hubtrace.queries.audit.records import Audit, Finding

__all__ = ["Audit", "AuditRequest", "Finding", "audit", "audits"]
