"""The ground that both loopback hubs stand on, tried with plain clients and the real git."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from pathlib import Path

import pytest

from hubtrace.ingest.sources.git.runner import Git
from tests.hubs import faults
from tests.hubs.git_http import serve_git
from tests.hubs.projects import HostedProject, ProjectRegister
from tests.hubs.server import LoopbackHub
from tests.hubs.wire import Answer, Request, Route, json_answer
from tests.ingest.worlds import git


def _hello(request: Request, name: str) -> Answer:
    return json_answer({"hello": name, "query": dict(request.query)})


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub([Route("hello", "GET", re.compile(r"/hello/(\w+)"), _hello)]) as running:
        yield running


@contextmanager
def ask(
    hub: LoopbackHub, path: str, method: str = "GET", timeout: float = 5
) -> Iterator[HTTPResponse]:
    connection = HTTPConnection(hub.url.removeprefix("http://"), timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        with connection.getresponse() as answer:
            yield answer
    finally:
        connection.close()


def text(hub: LoopbackHub, path: str) -> str:
    with ask(hub, path) as answer:
        return answer.read().decode()


def test_requests_are_routed_answered_and_counted(hub: LoopbackHub) -> None:
    assert text(hub, "/hello/ada?x=1") == '{"hello": "ada", "query": {"x": "1"}}'
    with ask(hub, "/hello/ada", "HEAD") as head:
        assert (head.status, head.read()) == (200, b"")
    with ask(hub, "/nowhere") as lost:
        assert lost.status == 404
    assert hub.counts() == {"hello": 2, "lost": 1}
    assert [entry.target for entry in hub.log] == ["/hello/ada?x=1", "/hello/ada", "/nowhere"]
    hub.forget()
    assert not hub.counts()


def test_a_fault_is_shown_as_often_as_asked_then_all_is_fine(hub: LoopbackHub) -> None:
    hub.faults.inject("hello", faults.status(502), times=2, after=1)
    seen = []
    for _ in range(4):
        with ask(hub, "/hello/a") as answer:
            seen.append(answer.status)
    assert seen == [200, 502, 502, 200]
    hub.faults.inject(faults.ANY, faults.redirect("http://example.org/"))
    with ask(hub, "/hello/a") as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "http://example.org/")
    hub.faults.clear()
    with ask(hub, "/hello/a") as answer:
        assert answer.status == 200


def test_broken_connections_look_broken(hub: LoopbackHub) -> None:
    hub.faults.inject("hello", faults.reset(), times=1)
    with pytest.raises(ConnectionError):
        text(hub, "/hello/a")
    hub.faults.inject("hello", faults.truncate(), times=1)
    with ask(hub, "/hello/a") as answer, pytest.raises(IncompleteRead):
        answer.read()
    hub.faults.inject("hello", faults.delay(60), times=1)
    with pytest.raises(TimeoutError), ask(hub, "/hello/a", timeout=0.05):
        pass


def test_wrong_and_endless_and_huge_answers(hub: LoopbackHub) -> None:
    hub.faults.inject("hello", faults.not_json(), times=1)
    assert text(hub, "/hello/a").startswith("<html>")
    hub.faults.inject("hello", faults.other_json([None]), times=1)
    assert text(hub, "/hello/a") == "[null]"
    hub.faults.inject("hello", faults.endless(), times=1)
    with ask(hub, "/hello/a?page=7") as answer:
        assert answer.headers["Link"] == f'<{hub.url}/hello/a?page=8>; rel="next"'
    for fault in (faults.huge(), faults.huge(promised=False), faults.bomb()):
        hub.faults.inject("hello", fault, times=1)
        with ask(hub, "/hello/a") as answer:
            assert len(answer.read(5_000)) == 5_000  # and the client hangs up


def test_a_huge_answer_has_the_size_that_it_promises(hub: LoopbackHub) -> None:
    hub.faults.inject("hello", faults.huge(3_000_000), times=1)
    assert text(hub, "/hello/a") == '"' + "a" * 2_999_998 + '"'


def test_a_bug_in_a_hub_fails_the_test_that_met_it() -> None:
    def broken(_request: Request) -> Answer:
        raise ZeroDivisionError

    def meet() -> None:
        routes = [Route("x", "GET", re.compile("/x"), broken)]
        with LoopbackHub(routes) as hub, pytest.raises((HTTPException, ConnectionError)):
            text(hub, "/x")

    with pytest.raises(ZeroDivisionError):
        meet()


def test_projects_keep_their_old_names_until_somebody_takes_them(tmp_path: Path) -> None:
    register: ProjectRegister[HostedProject] = ProjectRegister(tmp_path)
    first = register.add("Ada/One", HostedProject)
    register.rename("ada/one", "Ada/Two")
    assert register.find("ADA/ONE") is first is register.find("ada/two") is register.numbered(1)
    second = register.add("Ada/One", HostedProject)
    assert register.find("ada/one") is second
    assert {project.name for project in register} == {"Ada/One", "Ada/Two"}
    register.remove("Ada/Two")
    assert (register.find("Ada/Two"), register.find("Ada/One")) == (None, second)


def test_git_clones_over_http_without_the_contents(tmp_path: Path) -> None:
    register: ProjectRegister[HostedProject] = ProjectRegister(tmp_path)
    project = register.add("ada/one", HostedProject)
    head = project.git.commit({b"weights.bin": b"w" * 5_000})
    path = re.compile(r"/ada/one\.git/(info/refs|git-upload-pack)")

    def serve(request: Request, rest: str) -> Answer:
        return serve_git(request, project.git.path, rest)

    with LoopbackHub([Route("git", m, path, serve) for m in ("GET", "POST")]) as hub:
        clone = tmp_path / "clone.git"
        url = f"{hub.url}/ada/one.git"
        reader = Git(tmp_path / "none", url, "http")
        reader.run("clone", "--bare", "--filter=blob:none", "--", url, str(clone))
        pushing = Git(clone, url, "http")
        with pytest.raises(Exception, match="cannot read"):
            pushing.run("push", "origin", "HEAD:refs/heads/other")
    assert git(clone, "rev-parse", "HEAD").decode().strip() == head
    missing = git(clone, "rev-list", "--objects", "--missing=print", "HEAD").decode()
    assert sum(line.startswith("?") for line in missing.splitlines()) == 1
