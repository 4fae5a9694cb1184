"""The texts of a repository that can hold evidence: its README and its workflows."""

import base64
import binascii

from graph.errors import SourceError
from graph.text import to_text
from ingest.facts import Details, Text
from ingest.github.asking import Asking
from ingest.github.client import Refused
from ingest.github.fields import Fields, objects
from ingest.github.wire import TooLong

_FOLDER = ".github/workflows"


def texts_of(asking: Asking, head: str | None, known: Details | None) -> tuple[Text, ...]:
    """Return the texts at the head of the default branch, whose sha is `head`.

    They are what the commit holds, so that with the same head nothing is asked for.
    """
    if head is None:
        return ()
    if known is not None and asking.mark("texts") == head:
        for kind in ("texts", "readme", "workflows"):
            asking.keep(kind)
        return known.texts
    asking.marks["texts"] = head
    held = known.texts if known else ()
    readme = _readme(asking, [text for text in held if text.kind == "readme"])
    return (*readme, *_workflows(asking, [text for text in held if text.kind == "workflow"]))


def _readme(asking: Asking, held: list[Text]) -> list[Text]:
    most = asking.client.limits.text_bytes
    try:
        # In base64 a third longer, with room for the rest of the answer.
        told = asking.one("readme", f"{asking.path}/readme", 2 * most + (1 << 16))
    except Refused as refused:
        return [] if asking.is_missing("readme", refused) else held
    except TooLong as error:
        asking.cut_off("readme", f"left out, because {error}")
        return []
    if told is None:
        return held
    path, blob = told.text("path"), told.sha("sha")
    content, cut = _content(told, most)
    if cut:
        asking.cut_off("readme", f"{path} is longer than what is kept ({most:,} bytes)")
    return [Text("readme", path, blob, to_text(content), cut)]


def _workflows(asking: Asking, held: list[Text]) -> list[Text]:
    place = f"{asking.path}/contents/{_FOLDER}"
    try:
        answer = asking.client.get(place, mark=asking.mark("workflows"))
    except Refused as refused:
        return [] if asking.is_missing("workflows", refused) else held
    if answer.unchanged:
        asking.keep("workflows")
        return held
    if answer.mark is not None:
        asking.marks["workflows"] = answer.mark
    if isinstance(answer.body, dict):
        return []  # a file of that name
    files = [item for item in objects(answer.body, answer.place) if _is_workflow(item)]
    limits = asking.client.limits
    if len(files) > limits.workflows:
        asking.cut_off("workflows", f"only the first {limits.workflows:,} are kept")
    known = {(text.path, text.blob): text for text in held}
    texts = []
    for item in files[: limits.workflows]:
        same = known.get((item.text("path"), item.sha("sha")))
        texts += [same] if same else _workflow(asking, item)
    return texts


def _is_workflow(item: Fields) -> bool:
    return item.text("type") == "file" and item.text("name").endswith((".yml", ".yaml"))


def _workflow(asking: Asking, item: Fields) -> list[Text]:
    path, blob, most = item.text("path"), item.sha("sha"), asking.client.limits.text_bytes
    if item.number("size") > most:
        asking.cut_off("workflows", f"{path} is longer than what is kept ({most:,} bytes)")
        return []
    answer = asking.client.get(f"{asking.path}/git/blobs/{blob}", limit=2 * most + (1 << 16))
    content, cut = _content(Fields(answer.body, answer.place), most)
    return [Text("workflow", path, blob, to_text(content), cut)]


def _content(told: Fields, most: int) -> tuple[bytes, bool]:
    """Return the content that an answer carries, and whether there is more.

    GitHub leaves out what is longer than 1 MB, and calls that the encoding `none`.
    """
    if told.text("encoding") != "base64":
        return b"", told.number("size") > 0
    try:
        content = base64.b64decode(told.text("content", 4 * most), validate=False)
    except (binascii.Error, ValueError):
        raise SourceError(f"{told.text('url')}: the content is not in base64") from None
    return content[:most], len(content) > most
