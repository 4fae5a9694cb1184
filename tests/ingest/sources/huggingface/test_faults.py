"""Every fault at every kind of request ends in a retry that succeeds, or in one clear line."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import to_text
from hubtrace.ingest.source import Fetched, Limits, Previous
from hubtrace.ingest.sources.huggingface import HuggingFace, Listing, ModelFilter
from tests.effort import share
from tests.hubs import faults
from tests.hubs.faults import Fault
from tests.hubs.huggingface import HuggingFaceHub, User
from tests.hubs.server import LoopbackHub
from tests.hubs.wire import Answer, Request
from tests.ingest.sources.huggingface.conftest import NAME, TOKEN, Clock, described, host

LIMITS = Limits(
    silent_seconds=5.0, answer_bytes=1 << 20, text_bytes=1 << 16, pages=5, commits=10_000
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HuggingFaceHub]:
    """One Hub for all, because nothing here changes it."""
    with HuggingFaceHub(tmp_path_factory.mktemp("hub")) as running:
        running.users[TOKEN] = User("bob")
        described(running)
        yield running


@pytest.fixture(autouse=True)
def _fine_again(hub: HuggingFaceHub) -> Iterator[None]:
    yield
    hub.faults.clear()
    hub.forget()


def fetch(asked: HuggingFace) -> Fetched:
    return asked.fetch(NAME, Previous())


def history(asked: HuggingFace) -> list[Any]:
    return list(asked.history(NAME, fetch(asked), ()))


def models(asked: HuggingFace) -> Listing:
    return asked.models(ModelFilter(author="ada"))


ASKING: dict[str, Callable[[HuggingFace], Any]] = {
    "model": fetch,
    "refs": fetch,
    "tree": fetch,
    "resolve": fetch,
    "file": fetch,
    "paper": fetch,
    "commits": history,
    "models": models,
    "whoami": HuggingFace.account,
}
"""Kind of request → what asks it."""
JSON = [kind for kind in ASKING if kind not in ("resolve", "file")]

PASSING: dict[str, tuple[Fault, list[float]]] = {
    "500": (faults.status(500), [1, 2]),
    "502": (faults.status(502), [1, 2]),
    "503": (faults.status(503, headers={"Retry-After": "7"}), [7, 7]),
    "429": (faults.status(429), [1, 2]),
    "429 with Retry-After": (faults.status(429, headers={"Retry-After": "30"}), [30, 30]),
    "429 with RateLimit": (
        faults.status(429, headers={"RateLimit": '"api";r=0;t=55', "Retry-After": "3"}),
        [56, 56],
    ),
    "reset": (faults.reset(), [1, 2]),
}
"""A fault that passes → the seconds that are waited if it is met twice."""


@pytest.mark.parametrize("kind", ASKING)
def test_what_passes_is_waited_for_and_the_answer_is_the_same(
    hub: HuggingFaceHub, clock: Clock, kind: str
) -> None:
    undisturbed = ASKING[kind](host(hub, clock, limits=LIMITS))
    assert clock.slept == []
    for name, (fault, pauses) in share(PASSING.items(), list(ASKING).index(kind), 3):
        clock.slept.clear()
        hub.faults.inject(kind, fault, times=2)
        assert ASKING[kind](host(hub, clock, limits=LIMITS)) == undisturbed, name
        assert sum(clock.slept) == sum(pauses), name


@pytest.mark.parametrize("kind", [kind for kind in ASKING if kind != "resolve"])
def test_half_an_answer_is_asked_for_again(hub: HuggingFaceHub, clock: Clock, kind: str) -> None:
    undisturbed = ASKING[kind](host(hub, clock, limits=LIMITS))
    hub.faults.inject(kind, faults.truncate(), times=2)
    assert ASKING[kind](host(hub, clock, limits=LIMITS)) == undisturbed
    assert sum(clock.slept) == 3


@pytest.mark.parametrize("kind", ASKING)
def test_an_answer_that_does_not_come_is_asked_for_again(
    hub: HuggingFaceHub, clock: Clock, kind: str
) -> None:
    undisturbed = ASKING[kind](host(hub, clock, limits=LIMITS))
    hub.faults.inject(kind, faults.delay(3600), times=1)
    assert ASKING[kind](host(hub, clock, limits=Limits(silent_seconds=0.5))) == undisturbed
    assert sum(clock.slept) >= 1  # a busy machine can be that slow at other requests too


LASTING: dict[str, tuple[Fault, str]] = {
    "500": (faults.status(500), r"cannot fetch .*: HTTP 500 \(5 tries\)"),
    "501": (faults.status(501), "responds with 501 for"),
    "429": (faults.status(429), r"HTTP 429, without a time \(5 tries\)"),
    "a limit for ever": (
        faults.status(429, headers={"RateLimit": '"api";r=0;t=300'}),
        "is still rate-limiting us after 20 waits for .*",
    ),
    "a limit for years": (faults.status(429, headers={"Retry-After": "99999999"}), "minutes"),
    "reset": (faults.reset(), r"the connection broke \(5 tries\)"),
    "401": (faults.status(401), "refuses the token, or requires one, for .* \\(401\\)"),
    "403": (faults.status(403), "responds with 403 for"),
    "a redirect in circles": (
        lambda request, _: faults.redirect(request.target)(request, _),
        "redirects in circles",
    ),
    "the token in the error": (
        faults.status(400, {"error": TOKEN}, {"X-Error-Message": f"not {TOKEN}\x1b[2J"}),
        "responds with 400 for",
    ),
}
"""A fault that stays → the sentence that it ends in."""


@pytest.mark.parametrize("kind", ASKING)
def test_what_does_not_pass_ends_in_one_line(hub: HuggingFaceHub, clock: Clock, kind: str) -> None:
    for name, (fault, sentence) in share(LASTING.items(), list(ASKING).index(kind), 3):
        hub.faults.clear()
        hub.faults.inject(kind, fault)
        with pytest.raises(SourceError, match=sentence) as failed:
            ASKING[kind](host(hub, clock, limits=LIMITS))
        assert one_clear_line(str(failed.value)), name


def one_clear_line(messages: str) -> bool:
    return messages.isprintable() and TOKEN not in messages and len(messages) < 250


WRONG: list[Any] = [None, True, 7, "text", [], {}, [None], [[]], [7], ["x"], [{}], [{"id": 7}]]
"""Valid JSON of another shape. A list of nothing is a right answer to some requests."""
RIGHT = {("tree", 4), ("commits", 4), ("models", 4), ("paper", 5)}
"""Which of them some requests take: a list without entries, a paper that names no repository."""


@pytest.mark.parametrize("kind", JSON)
def test_an_answer_of_another_shape_ends_in_one_line(
    hub: HuggingFaceHub, clock: Clock, kind: str
) -> None:
    pages: list[Fault] = [faults.other_json(value) for value in WRONG]
    pages += [faults.not_json(), faults.other_body(b"[" * 100_000 + b"]" * 100_000)]
    pages += [faults.other_body(b"\xff\xfe"), faults.other_body(b'{"id": 1' + b"0" * 9_999 + b"}")]
    for number, fault in enumerate(pages):
        if (kind, number) in RIGHT:
            continue
        hub.faults.clear()
        hub.faults.inject(kind, fault)
        with pytest.raises(SourceError, match="malformed response") as failed:
            ASKING[kind](host(hub, clock, limits=LIMITS))
        assert one_clear_line(str(failed.value)), number
    assert clock.slept == []  # it would be the same again


FIELDS: dict[str, list[tuple[str, Any]]] = {
    "model": [
        ("id", 7),
        ("id", "../../etc/passwd"),
        ("_id", None),
        ("sha", "main"),
        ("sha", 7),
        ("createdAt", 7),
        ("createdAt", "yesterday"),
        ("createdAt", "9999-99-99T00:00:00.000Z"),
        ("tags", {"a": 1}),
        ("tags", [7]),
        ("gated", {}),
        ("gated", ["auto"]),
        ("private", "yes"),
        ("downloads", -1),
        ("downloads", 1 << 64),
        ("downloads", 1.5),
        ("downloads", True),
        ("pipeline_tag", ["x"]),
        ("baseModels", {"models": [7]}),
        ("baseModels", {"models": 7}),
    ],
    "refs": [
        ("branches", None),
        ("branches", [{"name": "main", "ref": "refs/heads/main", "targetCommit": "HEAD"}]),
        ("branches", [{"name": "main", "ref": 7, "targetCommit": "0" * 40}]),
        ("tags", 7),
        ("pullRequests", [7]),
    ],
    "paper": [("githubRepo", 7), ("githubRepo", ["https://github.com/a/b"])],
    "whoami": [("name", None), ("name", 7), ("auth", "x"), ("auth", {"accessToken": 7})],
}
"""Kind → one field of the honest answer with a value of another type."""


@pytest.mark.parametrize("kind", FIELDS)
def test_a_field_of_another_type_ends_in_one_line(
    hub: HuggingFaceHub, clock: Clock, kind: str
) -> None:
    for field, value in FIELDS[kind]:
        hub.faults.clear()
        hub.faults.inject(kind, faults.changed({field: value}))
        with pytest.raises(SourceError, match="malformed response") as failed:
            ASKING[kind](host(hub, clock, limits=LIMITS))
        assert one_clear_line(str(failed.value)), field


def test_half_characters_are_kept_as_text(hub: HuggingFaceHub, clock: Clock) -> None:
    hub.faults.inject("model", faults.changed({"tags": ["\ud800 x"]}))
    (tag,) = fetch(host(hub, clock, limits=LIMITS)).details.facts.tags
    assert tag == to_text(b"\xed\xa0\x80 x")


ENTRIES: dict[str, list[tuple[str, Any]]] = {
    "tree": [
        ("path", 7),
        ("oid", "x"),
        ("size", "7"),
        ("size", -7),
        ("lfs", {}),
        ("lfs", {"oid": "x", "size": 1, "pointerSize": 1}),
        ("lfs", {"oid": "0" * 64, "size": "1", "pointerSize": 1}),
    ],
    "commits": [
        ("id", "x"),
        ("authors", [{}]),
        ("authors", None),
        ("authors", [{"user": 7}]),
        ("date", 7),
        ("date", "yesterday"),
        ("title", None),
    ],
    "models": [("id", "a//b"), ("downloads", "many"), ("tags", "x")],
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_of_another_type_ends_in_one_line(
    hub: HuggingFaceHub, clock: Clock, kind: str
) -> None:
    for field, value in ENTRIES[kind]:
        hub.faults.clear()
        hub.faults.inject(kind, faults.changed({field: value}))
        with pytest.raises(SourceError, match="malformed response") as failed:
            ASKING[kind](host(hub, clock, limits=LIMITS))
        assert one_clear_line(str(failed.value)), field


@pytest.fixture
def other() -> Iterator[LoopbackHub]:
    """Another host, which nobody should ask."""
    with LoopbackHub() as running:
        yield running
        assert running.log == []


@pytest.mark.parametrize("kind", JSON)
def test_a_redirect_to_another_host_is_not_followed(
    hub: HuggingFaceHub, other: LoopbackHub, clock: Clock, kind: str
) -> None:
    for code in (301, 302, 303, 307, 308):
        hub.faults.clear()
        hub.faults.inject(kind, faults.redirect(f"{other.url}/x", code))
        with pytest.raises(SourceError, match=r"another host .* 127\.0\.0\.1:\d+ is not followed"):
            ASKING[kind](host(hub, clock, limits=LIMITS))


@pytest.mark.parametrize("kind", ["resolve", "file"])
def test_a_card_on_another_host_is_left_out_and_said_to_be(
    hub: HuggingFaceHub, other: LoopbackHub, clock: Clock, kind: str
) -> None:
    hub.faults.inject(kind, faults.redirect(f"{other.url}/x"))
    received = fetch(host(hub, clock, limits=LIMITS)).details
    assert received.texts == ()
    assert len(received.files) == 3
    assert [cut for cut in received.cut if "points to another host for the card" in cut]


@pytest.mark.parametrize("kind", ["tree", "commits", "models"])
def test_the_next_page_on_another_host_is_not_asked_for(
    hub: HuggingFaceHub, other: LoopbackHub, clock: Clock, kind: str
) -> None:
    link = {"Link": f'<{other.url}/next>; rel="next"'}
    hub.faults.inject(kind, lambda _, answer: answer.adding(link))
    with pytest.raises(SourceError, match="another host"):
        ASKING[kind](host(hub, clock, limits=LIMITS))


def test_a_card_that_is_not_the_one_of_the_tree_is_refused(
    hub: HuggingFaceHub, clock: Clock
) -> None:
    hub.faults.inject("file", faults.not_json())
    with pytest.raises(SourceError, match="a card of ada/one that is not in its tree"):
        fetch(host(hub, clock, limits=LIMITS))


def test_lists_without_an_end_have_one(hub: HuggingFaceHub, clock: Clock) -> None:
    for kind in ("tree", "commits", "models"):
        hub.faults.inject(kind, faults.endless())
    asked = host(hub, clock, limits=LIMITS)
    received = fetch(asked).details
    assert received.cut == ("the files of ada/one: the list has more than 5 pages",)
    assert {file.path for file in received.files} == {"README.md", "config.json", "w/model.bin"}
    listing = models(asked)
    assert [model.name for model in listing.models] == [NAME]
    assert listing.cut == "the models of ada: the list has more than 5 pages"
    with pytest.raises(SourceError, match="the commits of ada/one: the list has more than 5 pages"):
        history(asked)
    assert hub.counts()["models"] == 5


@pytest.mark.parametrize(
    "fault", [faults.huge(1 << 24), faults.bomb(1 << 24)], ids=["long", "packed"]
)
@pytest.mark.parametrize("kind", JSON)
def test_an_answer_without_an_end_is_refused(
    hub: HuggingFaceHub, clock: Clock, kind: str, fault: Fault
) -> None:
    hub.faults.inject(kind, fault)
    with pytest.raises(SourceError, match=r"sent more than [0-9,]+ bytes for"):
        ASKING[kind](host(hub, clock, limits=LIMITS))
    assert clock.slept == []


def test_a_huge_card_is_cut(hub: HuggingFaceHub, clock: Clock) -> None:
    for fault in (faults.huge(1 << 24), faults.huge(1 << 24, promised=False), faults.bomb(1 << 24)):
        hub.faults.clear()
        hub.faults.inject("file", fault)
        (card,) = fetch(host(hub, clock, limits=LIMITS)).details.texts
        assert (len(card.text), card.cut) == (LIMITS.text_bytes, True)


def test_an_answer_that_trickles_is_given_up(hub: HuggingFaceHub, clock: Clock) -> None:
    def trickle(_request: Request, answer: Answer) -> Answer:
        def blocks() -> Iterator[bytes]:
            while True:
                threading.Event().wait(0.01)
                yield b" " * (1 << 16)

        return answer.having(body=blocks(), headers={})

    hub.faults.inject("model", trickle)
    with pytest.raises(SourceError, match=r"the model ada/one .* more than 0\.2 seconds"):
        fetch(host(hub, clock, limits=Limits(answer_seconds=0.2)))
    assert clock.slept == []


def test_a_limit_is_shared_by_all_who_ask(hub: HuggingFaceHub, clock: Clock) -> None:
    hub.faults.inject("refs", faults.status(429, headers={"RateLimit": '"api";r=0;t=9'}), times=1)
    fetch(host(hub, clock, limits=LIMITS))
    assert sum(clock.slept) == 10
    assert clock.shown[0] == f"waiting for {hub.url[7:]}'s rate limit, 10 s left"


def test_where_nobody_listens_is_said(clock: Clock) -> None:
    asked = HuggingFace("http://127.0.0.1:1", sleeper=clock.sleeper)
    with pytest.raises(SourceError, match=r"a/b from .*: the connection is refused \(5 tries\)"):
        asked.fetch("a/b", Previous())
    assert sum(clock.slept) == 15
