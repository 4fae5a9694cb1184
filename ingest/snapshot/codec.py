"""Records as JSON and back, for the small files of a snapshot."""

from dataclasses import asdict
from typing import Any

from ingest.records import Event, Family, Observation, Project, Ref, RefKind, Side, Upstream


def project_to_json(project: Project) -> dict[str, Any]:
    """Return a project as JSON."""
    return asdict(project)


def project_from_json(body: dict[str, Any]) -> Project:
    """Return the project that `project_to_json` was given."""
    return Project(**{**body, "side": Side(body["side"])})


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """Return an observation as JSON; refs are short lists, because there can be thousands."""
    body = {name: getattr(observation, name) for name in _OBSERVATION}
    return {**body, "refs": [[ref.name, ref.kind, ref.target] for ref in observation.refs]}


def observation_from_json(body: dict[str, Any]) -> Observation:
    """Return the observation that `observation_to_json` was given."""
    refs = tuple(Ref(name, RefKind(kind), target) for name, kind, target in body["refs"])
    return Observation(refs=refs, **{name: body[name] for name in _OBSERVATION})


_OBSERVATION = ("observed_at", "default_branch", "shallow", "ancestry")


def event_from_json(body: dict[str, Any]) -> Event:
    """Return an event from its JSON (`dataclasses.asdict`)."""
    return Event(**body)


def family_to_json(family: Family) -> dict[str, Any]:
    """Return a family as JSON."""
    return asdict(family)


def family_from_json(body: dict[str, Any]) -> Family:
    """Return the family that `family_to_json` was given."""
    upstreams = tuple(Upstream(up["project"], tuple(up["paths"])) for up in body["upstreams"])
    return Family(**{**body, "upstreams": upstreams, "variants": tuple(body["variants"])})
