"""An audit as an SPDX 3.0.1 document (JSON-LD) with the AI profile.

Only what is known is stated. What the profile asks for and is not known has SPDX's own
word for it, `NoAssertionLicense`; where there is no word for it, there is no document (`to_spdx`).
"""

import re
from typing import Any

from cyclonedx import spdx

from hubtrace.graph.format import is_day, timestamp
from hubtrace.graph.text import as_json, for_people
from hubtrace.graph.urls import is_web
from hubtrace.queries.audit.formats.cyclonedx import audit_id, cut, package_url
from hubtrace.queries.audit.records import Audit, Base, CommitFact, Identity, Link

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_UNKNOWN_LICENCE = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"
_PROFILES = ["core", "software", "simpleLicensing", "ai"]
_CREATION = "_:creation"
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


class _Document:
    """The elements of a document, each with an id of its own."""

    def __init__(self, audit: Audit) -> None:
        self.place = f"urn:uuid:{audit_id(audit)}"
        self.elements: list[dict[str, Any]] = []

    def add(self, type_: str, **properties: Any) -> str:
        """Add an element with those properties that are known, and return its id."""
        id_ = f"{self.place}#{type_.rpartition('_')[2]}-{len(self.elements)}"
        known = {key: value for key, value in properties.items() if value not in (None, [])}
        self.elements.append({"type": type_, "spdxId": id_, "creationInfo": _CREATION, **known})
        return id_

    def relate(self, start: str, kind: str, *ends: str, **more: Any) -> None:
        """Add a relationship."""
        properties = {"from": start, "relationshipType": kind, "to": list(ends), **more}
        self.add("Relationship", **properties)


def to_spdx(audit: Audit) -> str:
    """Return the audit as SPDX 3.0.1 JSON-LD.

    Raises:
        ValueError: there is no revision with a sha, no owner, or no URL to get it from: the AI
            profile needs a version, its time, a supplier and a place.
    """
    url, (owner, slash, _) = _web(audit.identity.url), (audit.identity.name or "").partition("/")
    if audit.revision is None or is_day(audit.revision.commit.sha) or not slash or url is None:
        raise ValueError(
            "an SPDX document with the AI profile needs a revision with a sha, an owner and a URL"
        )
    document = _Document(audit)
    agent = document.add("SoftwareAgent", name=audit.method.tool)
    model = _model(document, audit, audit.revision.commit, url, owner)
    _upstream(document, audit, model)
    for base in audit.bases:
        relation = f"{base.relation or 'unknown relation'}, {base.depth} steps up"
        parent = _package(document, base, None, "model")
        document.relate(model, "descendantOf", parent, comment=relation)
    for found in audit.findings:
        _annotate(document, model, f"{found.kind}: {found.text}")
    for sentence in audit.unknown:
        _annotate(document, model, f"unknown: {sentence}")
    every = [element["spdxId"] for element in document.elements]
    common = {"element": every, "rootElement": [model], "profileConformance": _PROFILES}
    bom = document.add("software_Sbom", software_sbomType=["analyzed"], **common)
    document.add("SpdxDocument", **{**common, "element": [*every, bom], "rootElement": [bom]})
    creation = {
        "type": "CreationInfo",
        "@id": _CREATION,
        "specVersion": "3.0.1",
        "created": timestamp(audit.method.until),
        "createdBy": [agent],
    }
    return as_json({"@context": CONTEXT, "@graph": [creation, *document.elements]})


def _model(document: _Document, audit: Audit, at: CommitFact, url: str, owner: str) -> str:
    """Add the model with its supplier, its licence and its large files."""
    identity, sha = audit.identity, at.sha
    known = {"task": identity.task, "library": identity.library}
    about = ", ".join(f"{name}: {value}" for name, value in known.items() if value)
    supplier = document.add("Agent", name=for_people(owner))
    model = _package(
        document,
        identity,
        sha,
        "model",
        type_="ai_AIPackage",
        software_downloadLocation=f"{url}/tree/{sha}",
        releaseTime=timestamp(at.at),
        suppliedBy=supplier,
        ai_informationAboutApplication=for_people(about) or None,
        comment="releaseTime is the time of the commit that is the revision.",
    )
    document.relate(model, "hasDeclaredLicense", _licence(document, identity.licence))
    document.relate(model, "hasConcludedLicense", _UNKNOWN_LICENCE)
    files = [
        document.add(
            "software_File",
            name=for_people(file.path),
            verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": file.sha256}],
        )
        for file in audit.files
    ]
    if files:
        document.relate(model, "contains", *files, completeness="incomplete")
    return model


def _upstream(document: _Document, audit: Audit, model: str) -> None:
    """Add the repository that the model comes from, at its origin, and how that is known."""
    link = audit.upstream
    if link is None:
        return
    origin = audit.origin.commit.sha if audit.origin.commit else None
    upstream = _package(document, link, origin, "source")
    if link.licence is not None:
        document.relate(upstream, "hasDeclaredLicense", _licence(document, link.licence))
    said = [f"{seen.method}: {seen.place or ''}".rstrip(": ") for seen in link.evidence]
    sure = "" if link.confidence is None else f"confidence {link.confidence:.2f}; "
    basis = f"{sure}evidence: {', '.join(dict.fromkeys(said)) or 'none'}"
    document.relate(model, "descendantOf", upstream, comment=for_people(cut(basis)))


def _package(
    document: _Document,
    project: Identity | Link | Base,
    version: str | None,
    purpose: str,
    type_: str = "software_Package",
    **more: Any,
) -> str:
    key = project.repository if isinstance(project, Link) else project.variant
    sha = version if version and not is_day(version) else None
    purl = package_url(project.url, version)
    revision = {
        "type": "software_ContentIdentifier",
        "software_contentIdentifierType": "swhid",
        "software_contentIdentifierValue": f"swh:1:rev:{sha}",
    }
    properties = {
        "name": for_people(project.name or key),
        "software_primaryPurpose": purpose,
        "software_packageVersion": sha,
        "software_packageUrl": str(purl) if purl else None,
        "software_downloadLocation": _web(project.url),
        "software_contentIdentifier": [revision] if sha and len(sha) == _SHA1 else [],
        **more,
    }
    return document.add(type_, **properties)


_SHA1 = 40
"""Letters of a sha that Software Heritage's identifiers know."""


def _licence(document: _Document, licence: str | None) -> str:
    """Add a licence as the hub states it; an id that SPDX does not list is a reference of ours."""
    if licence is None:
        return _UNKNOWN_LICENCE
    known = spdx.fixup_id(licence)
    stated = None if known else f"as the hub states it: {for_people(cut(licence))}"
    own = f"LicenseRef-{_UNSAFE.sub('-', cut(licence)).strip('-') or 'unnamed'}"
    return document.add(
        "simplelicensing_LicenseExpression",
        simplelicensing_licenseExpression=known or own,
        comment=stated,
    )


def _annotate(document: _Document, subject: str, statement: str) -> None:
    properties = {"annotationType": "other", "subject": subject, "statement": for_people(statement)}
    document.add("Annotation", **properties)


def _web(url: str | None) -> str | None:
    return url if url is not None and is_web(url) else None
