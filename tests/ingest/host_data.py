"""What a host returned of the projects of `readings`: a repository with a release, a variant."""

from dataclasses import replace
from typing import Any

from hubtrace.ingest.records import (
    Asset,
    BaseModel,
    HostData,
    Paper,
    ProjectMetadata,
    PullHead,
    Release,
    Text,
    TreeFile,
)
from hubtrace.ingest.source import ProjectData

SHA256 = "ab" * 32
REPOSITORY_DATA = HostData(
    ProjectMetadata(
        "17", "o/r", default_branch="refs/heads/main", created_at=5, licence="mit", tags=("ml",)
    ),
    texts=(Text("readme", "README.md", "c" * 40, "# \udcff r\n"),),
    releases=(
        Release("v1", "One", 7, (Asset("w.bin", 3, f"sha256:{SHA256}"), Asset("x", 0, None))),
        Release("v2", "", None),
    ),
    pulls=(PullHead(3, "merged", "d" * 40),),
)
VARIANT_DATA = HostData(
    ProjectMetadata(
        "abc",
        "o/v",
        gated="auto",
        library="transformers",
        downloads=10,
        base_models=(BaseModel("o/base", "finetune"), BaseModel("not a name", None)),
    ),
    files=(TreeFile("w.bin", "e" * 40, 3, SHA256, 3), TreeFile("README.md", "f" * 40, 9)),
    papers=(Paper("2508.10157", "https://github.com/o/r"),),
    cut=("files beyond 2",),
)


def with_data(
    reading: ProjectData, details: HostData, *, at: int | None = None, **facts: Any
) -> ProjectData:
    """Return a reading whose host told `details`, with some facts changed, at a moment."""
    changed = replace(details, facts=replace(details.facts, **facts))
    moment = reading.observation.observed_at if at is None else at
    observation = replace(reading.observation, observed_at=moment)
    return replace(reading, observation=observation, details=changed, validators={"etag": '"1"'})
