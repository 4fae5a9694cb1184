"""The Hub's JSON as records; every field is validated as it is read."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from huggingface_hub import GitRefs
from huggingface_hub.hf_api import GitRefInfo, ModelInfo, PaperInfo, RepoFile
from huggingface_hub.utils import parse_datetime

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import variant_url
from hubtrace.graph.text import to_text
from hubtrace.ingest.evidence.commit_reference import references_in
from hubtrace.ingest.records import BaseModel, Commit, Paper, ProjectMetadata, Ref, TreeFile
from hubtrace.ingest.sources.git.refs import kind_of_ref

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ARXIV = re.compile(r"arxiv:(\d{4}\.\d{4,5}|[a-z][a-z.-]*/\d{7})", re.IGNORECASE)
_WEB = re.compile(r"https?://[!-~]{1,500}")
_RELATIONS = ("finetune", "adapter", "merge", "quantized")


def text(value: Any) -> str:
    """Return a text of an answer as text by the rule of `hubtrace.graph.text`."""
    if not isinstance(value, str):
        raise TypeError(f"a text is {type(value).__name__}")
    return to_text(value.encode("utf-8", "surrogatepass"))


def optional_text(value: Any) -> str | None:
    """Return a text, or None where the answer has none."""
    return text(value) if value not in (None, "", False) else None


def number(value: Any) -> int:
    """Return a count or a size."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise TypeError("a number is none")
    return value


def sha(value: Any) -> str:
    """Return the id of a git object."""
    if not isinstance(value, str) or not _SHA.fullmatch(value):
        raise ValueError("a git id is none")
    return value


def moment(value: Any) -> int | None:
    """Return a time as epoch seconds; None where there is none."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a time is none")
    return int(value.timestamp())


def facts(info: ModelInfo) -> ProjectMetadata:
    """Return what the Hub tells of a model."""
    tags = tuple(text(tag) for tag in _list(info.tags))
    licence = next((tag[8:] for tag in tags if tag.startswith("license:")), None)
    return ProjectMetadata(
        host_id=text(getattr(info, "_id", None)),
        name=model_name(info.id),
        default_branch=None,
        created_at=moment(info.created_at),
        pushed_at=moment(info.last_modified),
        licence=licence.lower() if licence else None,
        tags=tags,
        private=_flag(info.private),
        disabled=_flag(info.disabled),
        gated=optional_text(info.gated),
        library=optional_text(info.library_name),
        task=optional_text(info.pipeline_tag),
        base_models=_base_models(info.base_models, tags),
        downloads=None if info.downloads is None else number(info.downloads),
        likes=None if info.likes is None else number(info.likes),
    )


def model_name(value: Any) -> str:
    """Return a model's name, which is one by the Hub's own rule."""
    name = text(value)
    try:
        variant_url(name)
    except SourceError as error:
        raise ValueError(str(error)) from error
    return name


def _base_models(told: Any, tags: Iterable[str]) -> tuple[BaseModel, ...]:
    """Return the base models, from the answer's own field or else from the tags.

    The field is `{"relation": …, "models": [{"id": …}]}`; the tags are `base_model:NAME` and
    `base_model:RELATION:NAME`. A card may name what is no model at all: a folder, a sentence.
    """
    found: dict[str, BaseModel] = {}
    if isinstance(told, dict):
        for model in _list(told.get("models")):
            _note(found, model["id"], told.get("relation"))
    for tag in tags:
        kind, _, rest = tag.partition(":")
        if kind == "base_model":
            relation, _, name = rest.rpartition(":")
            _note(found, name, relation or None)
    return tuple(found.values())


def _note(found: dict[str, BaseModel], name: Any, relation: Any) -> None:
    known = relation if relation in _RELATIONS else None
    try:
        valid = model_name(name)
    except ValueError:
        return
    if valid not in found or found[valid].relation is None:
        found[valid] = BaseModel(valid, known)


def papers_in(tags: Iterable[str]) -> list[str]:
    """Return the arXiv ids that tags name, in their order."""
    matches = (_ARXIV.fullmatch(tag) for tag in tags)
    return list(dict.fromkeys(match[1].lower() for match in matches if match))


def paper(arxiv: str, info: PaperInfo) -> Paper:
    """Return the repository that a paper names."""
    told = optional_text(info.github_repo)
    return Paper(arxiv, told if told and _WEB.fullmatch(told) else None)


def refs(told: GitRefs) -> tuple[Ref, ...]:
    """Return the refs that are read on this side, by name."""
    every = [*told.branches, *told.tags, *told.converts, *(told.pull_requests or ())]
    known = {ref.name: ref for ref in map(_ref, every) if ref}
    return tuple(ref for _, ref in sorted(known.items()))


def _ref(item: GitRefInfo) -> Ref | None:
    name = text(item.ref)
    kind = kind_of_ref(name)
    return Ref(name, kind, sha(item.target_commit)) if kind else None


def tree_file(file: RepoFile) -> TreeFile:
    """Return one file of a tree."""
    lfs_sha256, lfs_size = None, None
    if file.lfs is not None:
        if not isinstance(file.lfs.sha256, str) or not _SHA256.fullmatch(file.lfs.sha256):
            raise ValueError("a sha256 is none")
        lfs_sha256, lfs_size = file.lfs.sha256, number(file.lfs.size)
    return TreeFile(text(file.path), sha(file.blob_id), number(file.size), lfs_sha256, lfs_size)


def commit(item: Any) -> Commit:
    """Return one commit of a list, which has neither parents nor addresses."""
    authors = [text(author["user"]) for author in item["authors"]]
    at = moment(parse_datetime(item["date"]))
    if at is None:
        raise TypeError("a commit has no time")
    title, message = text(item["title"]), item.get("message")
    named = references_in(f"{title}\n\n{text(message) if message else ''}")
    author, subject = authors[0] if authors else "", title.partition("\n")[0]
    return Commit(sha(item["id"]), (), author, "", at, at, subject, references=named)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError("a list is none")
    return value


def _flag(value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise TypeError("a flag is none")
    return bool(value)
