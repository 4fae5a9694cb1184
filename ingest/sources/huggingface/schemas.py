"""The Hub's JSON as records, validated while it is converted.

huggingface_hub has parsed it into its own objects, which take any type in any field. Every
function raises ValueError or TypeError on a malformed one (msgspec's ValidationError is one).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from huggingface_hub.utils import parse_datetime
from msgspec import Meta, Struct

from hubtrace.graph.decoding import convert
from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import variant_url
from hubtrace.ingest.evidence.commit_reference import references_in
from hubtrace.ingest.records import (
    BaseModel,
    Commit,
    Paper,
    ProjectMetadata,
    Ref,
    RefKind,
    TreeFile,
)

if TYPE_CHECKING:
    from huggingface_hub import GitRefs
    from huggingface_hub.hf_api import ModelInfo, PaperInfo, RepoFile

_ARXIV = re.compile(r"arxiv:(\d{4}\.\d{4,5}|[a-z][a-z.-]*/\d{7})", re.IGNORECASE)
_WEB = re.compile(r"https?://[!-~]{1,500}")
_RELATIONS = ("finetune", "adapter", "merge", "quantized")

Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Sha = Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Time = Annotated[datetime, Meta(tz=True)]


class _Model(Struct, rename={"object_id": "_id"}):
    id: str
    object_id: str
    sha: Sha | None = None
    tags: list[str] | None = None
    created_at: Time | None = None
    last_modified: Time | None = None
    private: bool | None = None
    disabled: bool | None = None
    gated: bool | str | None = None
    library_name: str | None = None
    pipeline_tag: str | None = None
    base_models: Any = None
    downloads: Number | None = None
    likes: Number | None = None


class _BaseModelId(Struct):
    id: str


class _BaseModels(Struct):
    models: list[_BaseModelId] | None = None
    relation: Any = None


class _GitRef(Struct):
    ref: str
    target_commit: Any


class _Refs(Struct):
    branches: list[_GitRef]
    tags: list[_GitRef]
    converts: list[_GitRef]
    pull_requests: list[_GitRef] | None = None


class _LfsFile(Struct):
    sha256: Sha256
    size: Number


class _File(Struct):
    path: str
    blob_id: Sha
    size: Number
    lfs: _LfsFile | None = None


class _Author(Struct):
    user: str


class _ListedCommit(Struct):
    id: Sha
    title: str
    date: str
    authors: list[_Author]
    message: str | None = None


class _AccessToken(Struct):
    role: str | None = None


class _Auth(Struct, rename={"access_token": "accessToken"}):
    access_token: _AccessToken = msgspec.field(default_factory=_AccessToken)


class _WhoAmI(Struct):
    name: str
    auth: _Auth = msgspec.field(default_factory=_Auth)


def _read(value: Any, type_: Any) -> Any:
    return convert(value, type_, from_attributes=True)


def model(info: "ModelInfo") -> tuple[ProjectMetadata, str | None]:
    """Return a model's metadata, and the head of its default branch if there is one."""
    it: _Model = _read(info, _Model)
    if it.gated is True:
        raise ValueError("expected `auto`, `manual` or false")
    tags = tuple(it.tags or ())
    licences = dict.fromkeys(tag[8:].lower() for tag in tags if tag.startswith("license:"))
    metadata = ProjectMetadata(
        host_id=it.object_id,
        name=model_name(it.id),
        default_branch=None,
        created_at=int(it.created_at.timestamp()) if it.created_at else None,
        pushed_at=int(it.last_modified.timestamp()) if it.last_modified else None,
        licence=", ".join(filter(None, licences)) or None,
        tags=tags,
        private=bool(it.private),
        disabled=bool(it.disabled),
        gated=it.gated or None,
        library=it.library_name or None,
        task=it.pipeline_tag or None,
        base_models=_base_models(it.base_models, tags),
        downloads=it.downloads,
        likes=it.likes,
    )
    return metadata, it.sha


def model_name(name: str) -> str:
    """Return a model's name if it is valid by the Hub's own rule."""
    try:
        variant_url(name)
    except SourceError as error:
        raise ValueError(str(error)) from error
    return name


def _base_models(field: Any, tags: Iterable[str]) -> tuple[BaseModel, ...]:
    """Return the base models, from the response's own field or else from the tags.

    The field is `{"relation": …, "models": [{"id": …}]}`; the tags are `base_model:NAME` and
    `base_model:RELATION:NAME`. A card may name what is not a model: a folder, a sentence.
    """
    found: dict[str, BaseModel] = {}

    def add(name: str, relation: Any) -> None:
        known = relation if relation in _RELATIONS else None
        try:
            model_name(name)
        except ValueError:
            return
        if name not in found or found[name].relation is None:
            found[name] = BaseModel(name, known)

    if isinstance(field, dict):
        named: _BaseModels = _read(field, _BaseModels)
        for it in named.models or ():
            add(it.id, named.relation)
    for tag in tags:
        kind, _, rest = tag.partition(":")
        if kind == "base_model":
            relation, _, name = rest.rpartition(":")
            add(name, relation or None)
    return tuple(found.values())


def papers_in(tags: Iterable[str]) -> list[str]:
    """Return the arXiv ids that tags name, in their order."""
    matches = (_ARXIV.fullmatch(tag) for tag in tags)
    return list(dict.fromkeys(match[1].lower() for match in matches if match))


def paper(arxiv: str, info: "PaperInfo") -> Paper:
    """Return the repository that a paper names."""
    named: str | None = _read(info.github_repo, str | None)
    return Paper(arxiv, named if named and _WEB.fullmatch(named) else None)


def refs(listed: "GitRefs") -> tuple[Ref, ...]:
    """Return the refs that are read on this side, by name."""
    it: _Refs = _read(listed, _Refs)
    found: dict[str, Ref] = {}
    for ref in (*it.branches, *it.tags, *it.converts, *(it.pull_requests or ())):
        if kind := RefKind.of(ref.ref):
            found[ref.ref] = Ref(ref.ref, kind, _read(ref.target_commit, Sha))
    return tuple(ref for _, ref in sorted(found.items()))


def tree_file(file: "RepoFile") -> TreeFile:
    """Return one file of a tree."""
    it: _File = _read(file, _File)
    lfs = it.lfs
    return TreeFile(
        it.path, it.blob_id, it.size, lfs.sha256 if lfs else None, lfs.size if lfs else None
    )


def commit(item: Any) -> Commit:
    """Return one commit of a list, which has neither parents nor addresses."""
    it: _ListedCommit = _read(item, _ListedCommit)
    date = parse_datetime(it.date)
    if date.tzinfo is None:
        raise ValueError("expected a time with a time zone")
    at = int(date.timestamp())
    named = references_in(f"{it.title}\n\n{it.message or ''}")
    author, subject = it.authors[0].user if it.authors else "", it.title.partition("\n")[0]
    return Commit(it.id, (), author, "", at, at, subject, references=named)


def who_am_i(body: Any) -> tuple[str, str | None]:
    """Return the name of an account, and what its token may do."""
    it: _WhoAmI = _read(body, _WhoAmI)
    return it.name, it.auth.access_token.role
