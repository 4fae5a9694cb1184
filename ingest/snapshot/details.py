"""What a host told of a project, as JSON and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ingest.facts import (
    Asset,
    BaseModel,
    Details,
    Facts,
    Paper,
    PullHead,
    Release,
    Text,
    TreeFile,
)


def details_to_json(details: Details) -> dict[str, Any]:
    """Return what a host told as JSON; files are short lists, because there can be thousands."""
    files = [[f.path, f.blob, f.size, f.lfs_sha256, f.lfs_size] for f in details.files]
    return {
        "facts": asdict(details.facts),
        "texts": [asdict(text) for text in details.texts],
        "releases": [asdict(release) for release in details.releases],
        "pulls": [[pull.number, pull.state, pull.sha] for pull in details.pulls],
        "files": files,
        "papers": [asdict(paper) for paper in details.papers],
        "gone": details.gone,
        "cut": list(details.cut),
    }


def details_from_json(body: Mapping[str, Any]) -> Details:
    """Return the details that `details_to_json` was given."""
    return Details(
        facts=_facts(body["facts"]),
        texts=tuple(Text(**text) for text in body["texts"]),
        releases=tuple(_release(release) for release in body["releases"]),
        pulls=tuple(PullHead(*pull) for pull in body["pulls"]),
        files=tuple(TreeFile(*file) for file in body["files"]),
        papers=tuple(Paper(**paper) for paper in body["papers"]),
        gone=body["gone"],
        cut=tuple(body["cut"]),
    )


def _facts(body: Mapping[str, Any]) -> Facts:
    base_models = tuple(BaseModel(**model) for model in body["base_models"])
    return Facts(**{**body, "tags": tuple(body["tags"]), "base_models": base_models})


def _release(body: Mapping[str, Any]) -> Release:
    return Release(**{**body, "assets": tuple(Asset(**asset) for asset in body["assets"])})
