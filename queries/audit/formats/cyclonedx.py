"""An audit as a CycloneDX bill of materials: a machine-learning model with its pedigree.

What the library has no classes for (`modelCard`, `compositions`, `citations`) is in `model_card`.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from cyclonedx import spdx
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    IdentifiableAction,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Commit, Component, ComponentType, Pedigree
from cyclonedx.model.component_evidence import (
    AnalysisTechnique,
    ComponentEvidence,
    Identity,
    IdentityField,
    Method,
    Occurrence,
)
from cyclonedx.model.contact import OrganizationalContact, OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense, License
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot7
from packageurl import PackageURL

from hubtrace.graph.format import is_day, shorten, timestamp
from hubtrace.graph.text import for_people, inert
from hubtrace.graph.urls import is_web
from hubtrace.queries.audit import records
from hubtrace.queries.audit.formats.model_card import add_model_card, owner_of, said
from hubtrace.queries.audit.records import Audit, Base, Evidence, LargeFile, Link
from hubtrace.queries.pages import LONGEST

_TYPES = {"github.com": "github", "huggingface.co": "huggingface"}


def package_url(url: str | None, version: str | None) -> PackageURL | None:
    """Return `pkg:huggingface/ns/name@sha` or `pkg:github/owner/name@sha`; None for other places.

    Source: the purl specification's types `huggingface` and `github`.
    """
    if url is None:
        return None
    parts = urlsplit(url)
    type_ = _TYPES.get(parts.netloc)
    namespace, _, name = parts.path.strip("/").removesuffix(".git").rpartition("/")
    if type_ is None or not name or "/" in namespace:
        return None
    known = version if version and not is_day(version) else None
    return PackageURL(type_, namespace or None, name, known)


_AUTHORS = 20
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "hubtrace audit")
_TECHNIQUES = {
    "same_blob": AnalysisTechnique.HASH_COMPARISON,
    "same_lfs": AnalysisTechnique.HASH_COMPARISON,
    "ci_workflow": AnalysisTechnique.MANIFEST_ANALYSIS,
    "card_link": AnalysisTechnique.MANIFEST_ANALYSIS,
    "card_code": AnalysisTechnique.MANIFEST_ANALYSIS,
    "paper_repository": AnalysisTechnique.MANIFEST_ANALYSIS,
    "readme_link": AnalysisTechnique.MANIFEST_ANALYSIS,
}
"""Method of our evidence → the technique of CycloneDX that it is; `other` for the rest."""


def to_cyclonedx(audit: Audit) -> str:
    """Return the audit as CycloneDX 1.7 JSON."""
    model = _model(audit)
    name, _, version = audit.method.tool.partition(" ")
    tool = Component(type=ComponentType.APPLICATION, name=name, version=version, bom_ref="tool")
    bom = Bom(
        serial_number=audit_id(audit),
        metadata=BomMetaData(
            timestamp=_time(audit.method.until),
            tools=ToolRepository(components=[tool]),
            component=model,
            lifecycles=[PredefinedLifecycle(phase=LifecyclePhase.DISCOVERY)],
            properties=list(_properties(audit)),
        ),
    )
    bom.register_dependency(model)
    if audit.upstream is not None:
        upstream = _upstream(audit, audit.upstream)
        bom.components.add(upstream)
        bom.register_dependency(model, [upstream])
    body = json.loads(JsonV1Dot7(bom).output_as_string())
    add_model_card(body, audit)
    return inert(json.dumps(body, indent=2, ensure_ascii=False)) + "\n"


def audit_id(audit: Audit) -> uuid.UUID:
    """Return an id that is the same for the same audit."""
    revision = audit.revision.commit.sha if audit.revision else ""
    digests = [seen.digest for seen in audit.method.snapshots]
    seed = " ".join([audit.identity.variant, revision, str(audit.method), *digests])
    return uuid.uuid5(_NAMESPACE, seed)


def _component(
    kind: ComponentType, project: records.Identity | Link | Base, version: str | None, **more: Any
) -> Component:
    """Return a project as a component: its package URL, its name for people, its licence."""
    key = project.repository if isinstance(project, Link) else project.variant
    group, _, name = (project.name or key).rpartition("/")
    purl = package_url(project.url, version)
    return Component(
        type=kind,
        bom_ref=more.pop("bom_ref", str(purl or key)),
        group=for_people(group) or None,
        name=for_people(name),
        version=version,
        purl=purl,
        licenses=_licences(project.licence),
        **more,
    )


def _model(audit: Audit) -> Component:
    identity = audit.identity
    sha = audit.revision.commit.sha if audit.revision else None
    return _component(
        ComponentType.MACHINE_LEARNING_MODEL,
        identity,
        sha,
        supplier=_owner(identity.name, identity.url),
        authors=[OrganizationalContact(name=for_people(cut(name))) for name in _authors(audit)],
        description=for_people(cut(said(audit, "description", "introduction"))) or None,
        external_references=[*_places(identity.url, sha, model=True), *_attested(audit)],
        components=[_file(file) for file in audit.files],
        pedigree=Pedigree(
            ancestors=[_ancestor(base) for base in audit.bases],
            commits=list(_commits(audit)),
            notes=_notes(audit),
        ),
    )


def _owner(name: str | None, url: str | None) -> OrganizationalEntity | None:
    """Return the account that a project belongs to: who supplies it."""
    owner = owner_of(name)
    if owner is None:
        return None
    place = (url or "").rpartition("/")[0]
    return OrganizationalEntity(
        name=for_people(owner), urls=[XsUri(place)] if is_web(place) else None
    )


def _authors(audit: Audit) -> list[str]:
    """Return who wrote most of the model's commits, by name; no address is in the graph."""
    names = [person.name or person.login for person in audit.people.variant]
    return list(dict.fromkeys(name for name in names if name))[:_AUTHORS]


def _attested(audit: Audit) -> Iterator[ExternalReference]:
    """Yield the bundles that sign the model's large files, with the verdict on each."""
    for each in {it.place: it for it in audit.attestations if it.verdict != "none"}.values():
        url = each.place if is_web(each.place) else f"{audit.identity.url}/blob/main/{each.place}"
        if is_web(url):
            yield ExternalReference(
                type=ExternalReferenceType.ATTESTATION,
                url=XsUri(quote(url, safe=":/?#@!$&'()*+,;=%~")),
                comment=for_people(cut(f"{each.verdict}: {each.why or each.repository or ''}")),
            )


def _upstream(audit: Audit, link: Link) -> Component:
    origin = audit.origin.commit.sha if audit.origin.commit else None
    evidence = None
    if link.evidence:
        named = package_url(link.url, origin) is None
        identity = Identity(
            field=IdentityField.NAME if named else IdentityField.PURL,
            confidence=_decimal(link.confidence),
            methods=[_method(seen) for seen in link.evidence],
        )
        found = {copy.path: copy for copy in audit.origin.copies if copy.proves}
        places = [
            # Without a reference of its own, occurrences come in another order every time.
            Occurrence(
                bom_ref=f"occurrence {path}",
                location=for_people(cut(path)),
                additional_context=f"git blob {copy.blob}",
            )
            for path, copy in found.items()
            if copy.repository == link.repository
        ]
        evidence = ComponentEvidence(identity=[identity], occurrences=places)
    references = list(_places(link.url, origin, model=False))
    return _component(
        ComponentType.APPLICATION,
        link,
        origin,
        supplier=_owner(link.name, link.url),
        external_references=references,
        evidence=evidence,
    )


def _method(seen: Evidence) -> Method:
    parts = [seen.method, seen.place, seen.said, seen.reason]
    return Method(
        technique=_TECHNIQUES.get(seen.method, AnalysisTechnique.OTHER),
        confidence=_decimal(seen.strength) or Decimal(0),
        value=for_people(": ".join(cut(part) for part in parts if part)),
    )


def _ancestor(base: Base) -> Component:
    more = {"relation": base.relation, "depth": str(base.depth), "upstream": base.upstream}
    return _component(
        ComponentType.MACHINE_LEARNING_MODEL,
        base,
        None,
        bom_ref=f"ancestor {base.depth} {base.variant}",
        properties=[_property(name, value or "unknown") for name, value in more.items()],
    )


def _file(file: LargeFile) -> Component:
    return Component(
        type=ComponentType.FILE,
        bom_ref=f"file {file.path}",
        name=for_people(file.path),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
    )


def _commits(audit: Audit) -> Iterator[Commit]:
    """Yield the upstream commits that the revision provably holds something of, each once."""
    origin = audit.origin
    proved = [origin.commit] if origin.commit else []
    proved += [named.origin for named in origin.references]
    proved += [copy.origin for copy in origin.copies if copy.origin and copy.proves]
    for commit in {each.sha: each for each in proved}.values():
        author = for_people(cut(commit.author)) or None
        yield Commit(
            uid=commit.sha,
            url=XsUri(commit.url) if commit.url else None,
            author=IdentifiableAction(timestamp=_time(commit.at), name=author),
            message=for_people(cut(commit.subject)) or None,
        )


def _notes(audit: Audit) -> str:
    if audit.origin.commit is None:
        return "Nothing proves which upstream commit the revision was made from."
    basis = audit.origin.basis.replace("_", " ")
    return f"Made from {audit.origin.commit.sha} or a later commit; proved by {basis}."


def _places(url: str | None, sha: str | None, *, model: bool) -> Iterator[ExternalReference]:
    if url is None or not is_web(url):
        return
    yield ExternalReference(type=ExternalReferenceType.SCM, url=XsUri(url))
    if model:
        yield ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(url))
        files = f"{url}/tree/{sha}" if sha and not is_day(sha) else url
        yield ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(files))
        card = f"{url}/blob/{sha}/README.md" if sha else url
        yield ExternalReference(type=ExternalReferenceType.MODEL_CARD, url=XsUri(card))


def _licences(licence: str | None) -> list[License]:
    if licence is None:
        return []
    known = spdx.fixup_id(licence)
    name = for_people(cut(licence)) if known is None else None
    return [DisjunctiveLicense(id=known, name=name)]


def _properties(audit: Audit) -> Iterator[Property]:
    yield _property("schema", audit.schema)
    yield _property("until", timestamp(audit.method.until))
    for seen in audit.method.snapshots:
        yield _property("snapshot", f"{seen.snapshot} sha256:{seen.digest}")
    if audit.upstream is not None and audit.upstream.confidence is not None:
        yield _property("upstream:confidence", f"{audit.upstream.confidence:.2f}")
    if audit.drift is not None:
        yield _property("drift:commits", str(audit.drift.commits))
        yield _property("drift:days_behind", str(audit.drift.days_behind))
    for found in audit.findings:
        yield _property(f"finding:{found.kind}", found.text)
    for sentence in audit.unknown:
        yield _property("unknown", sentence)


def _property(name: str, value: str) -> Property:
    return Property(name=f"hubtrace:{name}", value=for_people(value))


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.4f}").normalize()


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # git takes years that no calendar has
        return datetime.fromtimestamp(0, UTC)


def cut(text: str | None) -> str:
    """Return a text of at most `LONGEST` characters; empty for None."""
    return shorten(text or "", LONGEST)
