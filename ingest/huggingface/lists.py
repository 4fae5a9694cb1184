"""Lists of models, for what a person asks to ingest and for finding a repository's variants."""

from dataclasses import dataclass

from huggingface_hub.hf_api import ExpandModelProperty_T, ModelInfo

from ingest.huggingface import answers
from ingest.huggingface.hub import Hub
from ingest.huggingface.manners import TooManyPages
from ingest.huggingface.refusals import Missing

_MOST = 10_000
"""Models of one list. The largest owners have a few thousand."""
_PAGES = 500
"""Of one list, so that one without an end has one."""
_FIELDS: list[ExpandModelProperty_T] = ["downloads", "likes", "pipeline_tag", "sha", "tags"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which models are listed; all that is given must hold. The most downloaded come first."""

    author: str | None = None
    """A user or an organisation."""
    search: str | None = None
    """In the model's name."""
    task: str | None = None
    """E.g. `text-generation`."""
    library: str | None = None
    base_model: str | None = None
    """Derived from this one; `relation` narrows it to `finetune`, `adapter`, `merge`, …"""
    relation: str | None = None
    arxiv: str | None = None
    """Tagged with this paper."""
    min_downloads: int = 0
    """In the last 30 days."""
    most: int = _MOST


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of a list."""

    name: str
    downloads: int | None
    likes: int | None
    task: str | None
    tags: tuple[str, ...]
    head: str | None = None
    """The sha of its default branch's head, where the list tells it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of a list, most downloaded first, each once."""

    models: tuple[Listed, ...]
    cut: str | None = None
    """What was left out because it went beyond a limit, in words."""


def list_models(hub: Hub, wanted: Wanted) -> Listing:
    """Return a list of models.

    Raises:
        SourceError: the Hub cannot be asked, or knows no such owner.
    """
    what = _in_words(wanted)
    found: dict[str, Listed] = {}
    cut: str | None = None
    try:
        with hub.ask(what, pages=_PAGES):
            for info in hub.api.list_models(
                author=wanted.author,
                search=wanted.search,
                pipeline_tag=wanted.task,
                filter=_filters(wanted),
                sort="downloads",
                limit=wanted.most + 1,
                expand=_FIELDS,
            ):
                model = _listed(info)
                if (model.downloads or 0) < wanted.min_downloads:
                    break  # and so are all that follow
                found.setdefault(model.name.lower(), model)
    except TooManyPages as error:
        cut = str(error)
    except Missing:
        return Listing(())
    if len(found) > wanted.most:
        cut = f"{what}: only the first {wanted.most:,} are taken"
    return Listing(tuple(found.values())[: wanted.most], cut)


def _filters(wanted: Wanted) -> list[str]:
    relation = f"{wanted.relation}:" if wanted.relation else ""
    filters = {
        "": wanted.library,
        f"base_model:{relation}": wanted.base_model,
        "arxiv:": wanted.arxiv,
    }
    return [f"{kind}{value}" for kind, value in filters.items() if value]


def _in_words(wanted: Wanted) -> str:
    said = {
        "of": wanted.author,
        "named like": wanted.search,
        "for": wanted.task,
        "with": wanted.library,
        "derived from": wanted.base_model,
        "of the paper": wanted.arxiv,
    }
    return " ".join(["the models", *(f"{how} {value}" for how, value in said.items() if value)])


def _listed(info: ModelInfo) -> Listed:
    facts = answers.facts(info)
    head = answers.sha(info.sha) if info.sha else None
    return Listed(facts.name, facts.downloads, facts.likes, facts.task, facts.tags, head)
