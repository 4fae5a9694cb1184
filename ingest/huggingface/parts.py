"""What the Hub tells of a model beside its facts: files, card, papers; each within limits."""

import hashlib
import threading
from dataclasses import dataclass, field

from huggingface_hub import hf_hub_url
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import get_session, hf_raise_for_status

from graph.errors import SourceError
from graph.text import to_text
from ingest.facts import Details, Facts, Paper, Text, TreeFile
from ingest.huggingface import answers
from ingest.huggingface.hub import Hub
from ingest.huggingface.manners import OffHost, TooManyPages
from ingest.huggingface.refusals import Missing, Refused

_CARD = "README.md"
_PAGES = 500
"""Of a tree; the Hub puts 1,000 files on one."""


@dataclass(slots=True)
class Parts:
    """What was read of one model at one commit."""

    files: tuple[TreeFile, ...] = ()
    cut: list[str] = field(default_factory=list)
    refused: bool = False
    """True if a part was kept from us, so that asking again may tell more."""

    @property
    def card(self) -> TreeFile | None:
        """The card's file, if the tree lists one."""
        return next((file for file in self.files if file.path == _CARD), None)


class PartReader:
    """Reads the parts of models from a Hub; a paper that many of them name is asked for once."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._papers: dict[str, Paper] = {}
        self._lock = threading.Lock()

    def read(self, facts: Facts, head: str | None, known: Details | None) -> tuple[Details, bool]:
        """Return all that is told of a model at `head`, and whether some of it is kept from us.

        A card that `known` holds already is not asked for again.
        """
        parts = Parts()
        texts: tuple[Text, ...] = ()
        if head is not None:
            self._read_tree(facts.name, head, parts)
            texts = self._card(facts.name, head, parts, known.texts if known else ())
        papers = self.papers(facts, parts.cut)
        details = Details(facts, texts, files=parts.files, papers=papers, cut=tuple(parts.cut))
        return details, parts.refused

    def is_shown(self, name: str, head: str) -> bool:
        """Return False if a model's card is kept from us."""
        try:
            self._ask_card(name, head, keep=1)
        except Refused:
            return False
        except (Missing, OffHost):
            pass  # that is an answer too
        return True

    def _read_tree(self, name: str, head: str, parts: Parts) -> None:
        found: dict[str, TreeFile] = {}
        most = self._hub.limits.files
        try:
            with self._hub.ask(f"the files of {name}", name, pages=_PAGES):
                for item in self._hub.api.list_repo_tree(name, recursive=True, revision=head):
                    if isinstance(item, RepoFile):
                        found.setdefault(item.path, answers.tree_file(item))
                    if len(found) > most:
                        break
        except TooManyPages as error:
            parts.cut.append(str(error))
        except Refused as error:
            parts.refused = True
            parts.cut.append(str(error))
        if len(found) > most:
            parts.cut.append(f"the files of {name}: only the first {most:,} are kept")
        parts.files = tuple(found.values())[:most]

    def _card(
        self, name: str, head: str, parts: Parts, known: tuple[Text, ...]
    ) -> tuple[Text, ...]:
        file = parts.card
        if file is None and not parts.cut:
            return ()
        if file is not None:
            if file.lfs_sha256 is not None:
                parts.cut.append(f"the card of {name} is not read: it is stored as a large file")
                return ()
            if any(text.blob == file.blob for text in known):
                return known
        try:
            return (self._fetch_card(name, head, file),)
        except Missing:
            return ()
        except OffHost as error:
            parts.cut.append(str(error))
        except Refused as error:
            parts.refused = True
            parts.cut.append(str(error))
        return ()

    def _fetch_card(self, name: str, head: str, file: TreeFile | None) -> Text:
        raw, cut = self._ask_card(name, head, keep=self._hub.limits.text_bytes)
        if cut:
            raw = raw[: raw.rfind(b"\n") + 1] or raw  # no half line, and so no half character
        elif file is not None and len(file.blob) == 40 and _blob_id(raw) != file.blob:
            raise SourceError(f"{self._hub.label} sent a card of {name} that is not in its tree")
        return Text("card", _CARD, file.blob if file else None, to_text(raw), cut)

    def _ask_card(self, name: str, head: str, *, keep: int) -> tuple[bytes, bool]:
        """Return the first bytes of the card, and whether there are more."""
        url = hf_hub_url(name, _CARD, revision=head, endpoint=self._hub.endpoint)
        with self._hub.ask(f"the card of {name}", name, keep=keep) as question:
            response = get_session().get(url, headers=self._hub.headers())
            hf_raise_for_status(response)
        return response.content, question.cut

    def papers(self, facts: Facts, cut: list[str]) -> tuple[Paper, ...]:
        """Return the papers that a model is tagged with, up to a limit."""
        named = answers.papers_in(facts.tags)
        most = self._hub.limits.papers
        if len(named) > most:
            cut.append(f"{facts.name} is tagged with {len(named)} papers; {most} are asked for")
        return tuple(self._paper(arxiv) for arxiv in named[:most])

    def _paper(self, arxiv: str) -> Paper:
        with self._lock:
            known = self._papers.get(arxiv)
        if known is not None:
            return known
        try:
            with self._hub.ask(f"the paper {arxiv}"):
                paper = answers.paper(arxiv, self._hub.api.paper_info(arxiv))
        except Missing:
            paper = Paper(arxiv, None)
        with self._lock:
            self._papers[arxiv] = paper
        return paper


def _blob_id(content: bytes) -> str:
    """Return the id that git gives to a file."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
