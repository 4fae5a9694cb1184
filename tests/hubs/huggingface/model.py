"""A model of the loopback Hub: what its world says of it, and what the Hub works out itself."""

from pathlib import Path
from typing import Any

import yaml

from ..projects import HostedProject
from ..worlds import World
from . import reading

CREATED = 1_650_000_000


class Model(HostedProject):
    """A model. The fields are what its owners and visitors did; tests set them."""

    def __init__(self, number: int, name: str, git: World) -> None:
        super().__init__(number, name, git)
        self.gated: str | None = None
        """`auto` or `manual`."""
        self.disabled = False
        self.readers: set[str] = set()
        """Users who may read it although it is private or gated."""
        self.downloads, self.likes = 0, 0
        self.library: str | None = None
        self.task: str | None = None
        self.licence: str | None = None
        self.base_models: dict[str, str] = {}
        """Name → `finetune`, `adapter`, `merge` or `quantized`."""
        self.arxiv: list[str] = []
        self.pulls: dict[int, str] = {}
        """Number of a pull request → `open`, `draft`, `closed` or `merged`."""
        self.created_at = CREATED

    @property
    def path(self) -> Path:
        """Its git repository."""
        return self.git.path

    @property
    def object_id(self) -> str:
        """The Hub's own id, which outlives renames."""
        return f"{self.number:024x}"

    @property
    def head(self) -> str | None:
        """The commit of the default branch."""
        return reading.resolve(self.path, "main")

    @property
    def tags(self) -> list[str]:
        """The tags, those of the card and those that the Hub adds."""
        tags = [tag for tag in (self.library, self.task) if tag]
        for name, relation in self.base_models.items():
            tags += [f"base_model:{name}", f"base_model:{relation}:{name}"]
        tags += [f"arxiv:{paper}" for paper in self.arxiv]
        if self.licence:
            tags.append(f"license:{self.licence}")
        return [*tags, "region:us"]

    def card_data(self) -> dict[str, Any]:
        """Return the metadata at the head of the card."""
        file = self.file(self.head, "README.md") if self.head else None
        card = reading.content(self.path, file["oid"]).decode(errors="replace") if file else ""
        if not card.startswith("---\n"):
            return {}
        told = yaml.safe_load(card[4:].partition("\n---")[0])
        return told if isinstance(told, dict) else {}

    def file(self, sha: str, path: str) -> dict[str, Any] | None:
        """Return the entry of a path at a commit."""
        entries = reading.tree(self.path, sha)
        return next((entry for entry in entries if entry["path"] == path), None)

    def about(self, expand: list[str]) -> dict[str, Any]:
        """Return what `/api/models/NAME` says: the fields asked for, or the usual ones."""
        always = {"_id": self.object_id, "id": self.name}
        wanted = expand or _USUAL
        return {**always, **{key: value for key, value in self._fields(wanted) if key in wanted}}

    def _fields(self, wanted: list[str]) -> list[tuple[str, Any]]:
        head = self.head
        told = reading.commits(self.path, head)[0].date if head else reading.iso(self.created_at)
        fields: list[tuple[str, Any]] = [
            ("modelId", self.name),
            ("author", self.owner),
            ("createdAt", reading.iso(self.created_at)),
            ("disabled", self.disabled),
            ("downloads", self.downloads),
            ("gated", self.gated or False),
            ("lastModified", told),
            ("likes", self.likes),
            ("private", self.private),
            ("tags", self.tags),
            ("spaces", []),
        ]
        if "siblings" in wanted:
            fields.append(("siblings", self._siblings(head)))
        if "cardData" in wanted:
            fields.append(("cardData", self.card_data()))
        if head:
            fields.append(("sha", head))
        if self.library:
            fields.append(("library_name", self.library))
        if self.task:
            fields.append(("pipeline_tag", self.task))
        if self.base_models:
            models = [{"_id": f"{n:024x}", "id": name} for n, name in enumerate(self.base_models)]
            relation = next(iter(self.base_models.values()))
            fields.append(("baseModels", {"relation": relation, "models": models}))
        return fields

    def _siblings(self, head: str | None) -> list[dict[str, str]]:
        entries = reading.tree(self.path, head) if head else ()
        return [{"rfilename": e["path"]} for e in entries if e["type"] == "file"]


_USUAL = [
    "modelId",
    "author",
    "cardData",
    "createdAt",
    "disabled",
    "downloads",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "sha",
    "siblings",
    "spaces",
    "tags",
]
