"""`hubtrace serve`: its pages over a real graph, what it refuses, and a person at a keyboard."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hubtrace.graph import open_store
from hubtrace.graph.errors import QueryFailed
from hubtrace.graph.question import Limits
from hubtrace.graph.store import GraphStore
from hubtrace.web import Access, ServedGraph, application
from hubtrace.web_pages import PAGES, Page
from tests.browser import OpenPage
from tests.hubtrace.conftest import Call
from tests.queries.worlds import at, hand_made

EVIL = 'x/<script>alert(1)</script>"><img src=x onerror=alert(2)>\u202e?a#b&c=\x1b[2J'
TOKEN = "a-token-of-sixteen-or-more"
_LIMITS = Limits(5, 1_000, 0.5)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made world, and a family whose names are an attack."""
    path = tmp_path_factory.mktemp("served") / "graph.kgl"
    world = hand_made()
    world.family(EVIL, {EVIL: {"e1": at(1)}}, {EVIL: {"e2": at(2)}}, observed_at=at(400))
    world.node("Variant", EVIL, url="javascript:alert(3)", licence=EVIL)
    world.node("Variant", "hf/acme/small", default_branch="main")
    with open_store(str(path)) as store:
        world.write(store)
    return path


@pytest.fixture(scope="module")
def client(graph: Path) -> TestClient:
    """A client of the application as it is on loopback."""
    return TestClient(application(str(graph), Access(), _LIMITS), base_url="http://localhost")


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/", "steady"),
        ("/families.json", '"family": "steady"'),
        ("/search.csv?q=ACME/Sm", '"model","acme/small","hf/acme/small"'),
        ("/model/acme/small", "Provenance of acme/small"),
        ("/model/acme/small/audit.json", '"schema": "hubtrace.audit/'),
        ("/model/acme/small/audit.csv", '"hf/acme/small","rewritten"'),
        ("/model/hf/acme/small/evidence", "card_code"),
        ("/model/acme/small/evidence.csv", '"hf/acme/small","acme/small","gh/acme/steady"'),
        ("/model/acme/small/evidence?repository=acme/steady", "They are linked"),
        ("/model/acme/small/lineage", '<figure class="lineage">'),
        ("/model/acme/small/lineage.csv", '"upstream","acme/steady"'),
        ("/model/acme/small/files.json", '"schema": "hubtrace.query.origins/1"'),
        ("/model/acme/small/history", "No rows"),
        ("/repository/acme/steady", "Models that may come from acme/steady"),
        ("/repository/acme/steady/history.csv", '"history rewritten"'),
        ("/family/steady", "steady: synchronization report"),
        ("/family/steady/timeline.csv", '"steady",1704110400,"upstream","gh/acme/steady"'),
        ("/family/steady/patterns.json", '"family": "steady"'),
        ("/family/steady/flags", "abandoned"),
        ("/patterns.csv", '"steady","'),
        ("/flags?all=1", "x/unlinked"),
        ("/history", "refs/heads/main"),
        ("/cypher", "the stored questions"),
        ("/cypher.csv?q=RETURN%20'%3D1'%20AS%20formula", '"\'=1"'),
        ("/question/side_status", "MATCH (f:Family"),
        ("/question/side_status/rows.csv?families=steady", '"steady"'),
    ],
)
def test_each_page_answers(client: TestClient, address: str, text: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert text in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("page", sorted(f"/{a}/{b}" for a, b in PAGES if a in ("model", "family")))
def test_hostile_names_are_text_on_every_page(client: TestClient, page: str) -> None:
    found = client.get("/search.json", params={"q": "onerror"}).json()["rows"]
    assert [row["key"] for row in found] == [EVIL] * 3
    _, section, name = page.split("/")
    html = client.get("/search", params={"q": "onerror"}).text
    (address,) = set(re.findall(rf'href="(/{section}/[^"]*)"', html))
    answer = client.get(f"{address.rpartition('/')[0]}/{name}")
    assert answer.status_code == 200
    for raw in ("<script>alert", "<img", "\u202e", "\x1b", 'href="javascript:'):
        assert raw not in html
        assert raw not in answer.text


@pytest.mark.parametrize(
    ("method", "address", "headers", "status", "why"),
    [
        ("GET", "/", {"host": "evil.example"}, 421, "does not answer under that name"),
        ("GET", "/", {"host": "localhost.evil.example:80"}, 421, "under that name"),
        ("GET", "/", {"host": "10.0.0.1"}, 421, "under that name"),
        ("GET", "/", {"host": ""}, 421, "under that name"),
        ("GET", "/", {"host": "[::1]:8017"}, 200, "steady"),
        ("GET", "/", {"host": "127.0.0.1:8017"}, 200, "steady"),
        ("POST", "/cypher", {}, 405, "nothing can be sent"),
        ("PUT", "/", {}, 405, "nothing can be sent"),
        ("HEAD", "/", {}, 200, ""),
        ("GET", "/", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403, "site"),
        ("GET", "/cypher?q=CREATE+(:Family)", {}, 400, "changes the graph"),
        ("GET", "/cypher?q=LOAD+CSV+FROM+'file:///etc/passwd'+AS+x+RETURN+x", {}, 400, "LOAD CSV"),
        ("GET", "/cypher?q=UNWIND+range(1,2000)+AS+i+RETURN+i", {}, 400, "rows"),
        ("GET", "/cypher?q=MATCH+(", {}, 400, "There is no answer"),
        ("GET", "/question/nothing/rows", {}, 404, "no query `nothing`"),
        ("GET", "/question/lag/rows?family=steady", {}, 404, "no parameter `family`"),
        ("GET", "/flags?al=1", {}, 400, "no parameter"),
        ("GET", "/flags?until=soon", {}, 503, "invalid date"),
        ("GET", "/family/nobody", {}, 404, "no family `nobody`"),
        ("GET", "/model/acme/steady.json", {}, 404, "no variant"),
        ("GET", "/commit/ffffffffff/trace.json", {}, 404, '"error"'),
        ("GET", "/nothing", {}, 404, "no page at this address"),
        ("GET", "/../../etc/passwd", {}, 404, "no page at this address"),
    ],
)
def test_what_is_refused(
    client: TestClient, method: str, address: str, headers: dict[str, str], status: int, why: str
) -> None:
    answer = client.request(method, address, headers=headers)
    assert (answer.status_code, why in answer.text) == (status, True), answer.text


def test_a_question_without_an_end_is_ended_and_another_site_cannot_ask_one(graph: Path) -> None:
    limits = Limits(0.3, 1_000, 0.5)
    client = TestClient(application(str(graph), Access(), limits), base_url="http://localhost")
    endless = "UNWIND range(1,100000) AS a UNWIND range(1,100000) AS b RETURN count(a * b)"
    answer = client.get("/cypher", params={"q": endless})
    assert (answer.status_code, "longer than 0.3 seconds" in answer.text) == (400, True)
    led = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    led["sec-fetch-dest"] = "document"
    shown = client.get("/cypher", params={"q": endless}, headers=led)
    assert (shown.status_code, "Another page led here" in shown.text) == (200, True)
    assert endless in shown.text
    data = client.get("/cypher.json", params={"q": endless}, headers=led)
    assert data.status_code == 400


def test_elsewhere_a_token_is_needed(graph: Path) -> None:
    access = Access(frozenset({"graph.example"}), loopback_only=False, token=TOKEN)
    client = TestClient(application(str(graph), access, _LIMITS), base_url="http://graph.example")
    basic = b64encode(f"anybody:{TOKEN}".encode()).decode()
    for given, status in (
        (None, 401),
        ("Bearer wrong", 401),
        ("Basic !!", 401),
        (f"Digest {TOKEN}", 401),
        (f"Bearer {TOKEN}", 200),
        (f"Basic {basic}", 200),
    ):
        headers = {} if given is None else {"authorization": given}
        answer = client.get("/families.json", headers=headers)
        assert answer.status_code == status, given
        assert ("www-authenticate" in answer.headers) == (status == 401)


def test_a_graph_that_is_written_again_is_shown_as_it_is_now(tmp_path: Path) -> None:
    path = str(tmp_path / "graph.kgl")
    client = TestClient(application(path, Access(), _LIMITS), base_url="http://localhost")
    assert client.get("/families.json").status_code == 503
    for name in ("one", "two"):
        with open_store(path) as store, store.write() as writer:
            writer.run("CREATE (:Family {name: $name, observed_at: 1})", name=name)
        rows = client.get("/families.json").json()["rows"]
        assert rows[-1] == {"family": name}


def test_a_page_of_the_whole_graph_is_computed_once_beside_others(tmp_path: Path) -> None:
    path, gate = str(tmp_path / "graph.kgl"), threading.Event()
    with open_store(path) as store:
        hand_made().write(store)
    graph = ServedGraph(path, 5)
    made: list[int] = []

    def make(store: GraphStore) -> Page:
        assert gate.wait(60)
        made.append(len(made))
        return Page(str(made), "", (), ())

    assert [graph.page(f"{n}", make, 0) for n in (1, 1, 2, 3, 4)] == [None] * 5
    with pytest.raises(QueryFailed, match="other pages are being computed"):
        graph.page("5", make, 0)
    gate.set()
    pages = [graph.page(f"{n}", make, None) for n in (1, 1, 2, 3, 4)]
    assert (len(made), pages[0] is pages[1]) == (4, True)
    with open_store(path) as store, store.write() as writer:
        writer.run("CREATE (:Family {name: 'new', observed_at: 1})")
    assert graph.page("1", make, None) is not pages[0]
    graph.close()
    warm = application(path, Access(), _LIMITS, warm=True)
    answer = TestClient(warm, base_url="http://localhost").get("/patterns")
    assert (answer.status_code, "refresh" in answer.headers) in ((200, False), (202, True))


def test_what_cannot_be_served_is_one_sentence(
    call: Call, graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        used = call("serve", "--graph", graph, "--port", port)
    assert (used.code, used.err) == (
        2,
        f"hubtrace: port {port} of 127.0.0.1 is in use; choose another with --port, 0 for a free "
        "one\n",
    )
    missing = call("serve", "--graph", "none.kgl")
    assert (missing.code, "there is no graph at none.kgl" in missing.err) == (2, True)
    open_ = call("serve", "--graph", graph, "--host", "0.0.0.0")
    assert (open_.code, "needs a token" in open_.err) == (2, True)
    monkeypatch.setenv("HUBTRACE_SERVE_TOKEN", "short")
    short = call("serve", "--graph", graph, "--host", "0.0.0.0")
    assert (short.code, "16 ASCII characters" in short.err) == (2, True)


def test_a_person_with_a_keyboard_comes_from_a_search_to_an_audit(
    graph: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "hubtrace", "serve", "--graph", str(graph), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>blank</title>")
    with subprocess.Popen(
        program, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    ) as server:
        assert server.stderr is not None
        address = re.search(r"http://\S+", server.stderr.readline())
        try:
            assert address is not None
            shown = open_page(blank)
            page = shown.page
            page.goto(address[0])
            page.get_by_role("searchbox").focus()
            page.keyboard.type("acme/small")
            page.keyboard.press("Enter")
            page.wait_for_url("**/search?q=acme%2Fsmall")
            page.get_by_role("link", name="acme/small", exact=True).focus()
            page.keyboard.press("Enter")
            page.wait_for_url("**/model/hf/acme/small/audit")
            assert page.get_by_role("heading", level=1).inner_text() == "Provenance of acme/small"
            page.get_by_role("link", name="evidence").focus()
            page.keyboard.press("Enter")
            page.wait_for_url("**/evidence")
            page.get_by_role("button", name="strength").focus()
            page.keyboard.press("Enter")
            assert page.locator("th[aria-sort=descending]").inner_text() == "strength"
            page.goto(f"{address[0]}family/steady")
            page.locator("details.family").scroll_into_view_if_needed()
            page.locator("figure.timeline svg").wait_for()
            assert shown.errors == []
            hosts = {url.split("/")[2] for url in shown.requests if url.startswith("http")}
            assert hosts == {address[0].split("/")[2]}
        finally:
            server.send_signal(signal.SIGINT)
            rest = server.stderr.read()
    assert (server.returncode, "Traceback" in rest) == (130, False), rest
