"""The loopback Hub: the Hub's wire format, as huggingface_hub and git really call it.

    with HuggingFaceHub(tmp_path) as hub:
        model = hub.add("ada/one", downloads=10, licence="mit")
        model.git.commit({b"README.md": b"# One", b"model.bin": pointer(b"w" * 1000)})
        HfApi(endpoint=hub.url, token=False).model_info("ada/one")

What it sends was read from the parsers of huggingface_hub 2.4 and of the Hub's own JavaScript
client (@huggingface/hub 2.4), and is parsed by the former in the tests.
"""

import hashlib
import json
import re
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

from ..git_http import serve_git
from ..projects import ProjectRegister
from ..server import LoopbackHub
from ..wire import Answer, Request, Route, json_answer
from . import reading
from .model import Model

_NAME = r"((?:[\w.-]+/)?[\w.-]+?)"
_WINDOW = 300
CDN = "https://cdn-lfs.example.org"
"""Where large files are kept: another host, as on the real Hub."""


@dataclass(frozen=True, slots=True)
class User:
    """A user, by their token."""

    name: str
    role: str = "read"


class HuggingFaceHub(LoopbackHub):
    """A Hub with the models and papers that a test puts there; repositories are under `root`."""

    def __init__(self, root: Path) -> None:
        super().__init__(self._routes())
        self.models: ProjectRegister[Model] = ProjectRegister(root)
        self.papers: dict[str, dict[str, Any]] = {}
        """arXiv id → more fields of the paper, e.g. `{"githubRepo": …}`."""
        self.users: dict[str, User] = {}
        """Token → whose it is."""
        self.left: int | None = None
        """Requests left in this window of the rate limit; None for no limit."""
        self.page = {
            "models": 1000,
            "tree": 1000,
            "expanded": 50,
            "commits": 1000,
            "discussions": 50,
        }
        """The most entries of a page."""

    def add(self, name: str, **fields: Any) -> Model:
        """Make a model with an empty repository."""
        model = self.models.add(name, Model)
        for field, value in fields.items():
            assert hasattr(model, field), f"a model has no field {field}"
            setattr(model, field, value)
        return model

    def _routes(self) -> list[Route]:
        api = f"/api/models/{_NAME}"

        def route(kind: str, path: str, handler: Callable[..., Answer], how: str = "GET") -> Route:
            return Route(kind, how, re.compile(path), handler)

        git = rf"/{_NAME}(?:\.git)?/(info/refs|git-upload-pack)"
        return [
            route("git", git, self._of_model(self._git)),
            route("git", git, self._of_model(self._git), "POST"),
            route("whoami", "/api/whoami-v2", self._whoami),
            route("paper", r"/api/papers/([\w./-]+)", self._paper),
            route("models", "/api/models", self._list),
            route("refs", f"{api}/refs", self._of_model(self._refs)),
            route("discussions", f"{api}/discussions", self._of_model(self._discussions)),
            route("commits", f"{api}/commits/(.+)", self._of_model(self._commits)),
            route("tree", f"{api}/tree/.+", self._of_model(self._tree)),
            route("paths", f"{api}/paths-info/(.+)", self._of_model(self._paths), "POST"),
            route("model", f"{api}/revision/(.+)", self._of_model(self._revision)),
            route("model", api, self._of_model(self._about)),
            route("file", f"/api/resolve-cache/models/{_NAME}/.+", self._of_model(self._file)),
            route("resolve", f"/{_NAME}/resolve/.+", self._of_model(self._resolve)),
        ]

    def respond(self, request: Request, route: Route, groups: Sequence[str]) -> Answer:
        """Return the honest answer, with the rate limit and the ETag that the Hub adds to all."""
        if self.left is not None and self.left <= 0:
            told = _refusal(429, None, "You have been rate limited")
            return told.adding(_limits(0))
        left = 500 if self.left is None else self.left - 1
        self.left = None if self.left is None else left
        token = _token(request)
        if token and token not in self.users:
            told = _refusal(401, None, "Invalid credentials in Authorization header")
            return told.adding(_limits(left))
        answer = super().respond(request, route, groups)
        return _unless_known(request, answer).adding(_limits(left))

    def lost(self, request: Request) -> Answer:
        """Return the answer where no route leads."""
        return _refusal(404, None, "Sorry, we can't find the page you are looking for.")

    def _of_model(self, handler: Callable[..., Answer]) -> Callable[..., Answer]:
        """Let a handler be called with a model that the asker may see, else say why not."""

        def answer(request: Request, name: str, *rest: str) -> Answer:
            model, user = self.models.find(name), self._user(request)
            hidden = model is None or (model.private and user not in model.readers)
            if model is None or hidden:
                return _refusal(404 if user else 401, "RepoNotFound", "Repository not found")
            if model.blocked is not None:
                return _refusal(model.blocked, None, "Unavailable for legal reasons")
            if model.disabled:
                return _refusal(403, None, "Access to this resource is disabled.")
            if model.name != name:
                moved = request.target.replace(f"/{name}", f"/{model.name}", 1)
                return Answer(307, b"", {"Location": moved})
            return handler(request, model, *rest)

        return answer

    def _user(self, request: Request) -> str | None:
        user = self.users.get(_token(request))
        return user.name if user else None

    def _gate(self, request: Request, model: Model) -> Answer | None:
        """Return the refusal of somebody who was not let through the gate; None if they were."""
        user = self._user(request)
        if model.gated is None or user in model.readers:
            return None
        message = f"Access to model {model.name} is restricted."
        return _refusal(403 if user else 401, "GatedRepo", message)

    def _whoami(self, request: Request) -> Answer:
        user = self.users.get(_token(request))
        if user is None:
            return _refusal(401, None, "Invalid username or password.")
        auth = {"type": "access_token", "accessToken": {"role": user.role}}
        return json_answer({"type": "user", "name": user.name, "orgs": [], "auth": auth})

    def _paper(self, request: Request, arxiv: str) -> Answer:
        told = self.papers.get(arxiv)
        if told is None:
            return _refusal(404, None, "Paper not found")
        models = [m.about(["tags"]) for m in self._public() if arxiv in m.arxiv]
        known = {"id": arxiv, "title": "A paper", "publishedAt": reading.iso(1_600_000_000)}
        return json_answer({**known, "linkedModels": models, **told})

    def _public(self) -> list[Model]:
        return [model for model in self.models if not model.private]

    def _list(self, request: Request) -> Answer:
        query = parse_qs(urlsplit(request.target).query)
        asked = {name: values[0] for name, values in query.items()}
        found = [
            model
            for model in self._public()
            if asked.get("author", model.owner) == model.owner
            and asked.get("search", "").lower() in model.name.lower()
            and asked.get("pipeline_tag", model.task) == model.task
            and set(query.get("filter", ())) <= set(model.tags)
        ]
        if "sort" in asked:
            found.sort(key=lambda model: (-int(getattr(model, asked["sort"])), model.number))
        size = min(int(asked.get("limit", 1000)), self.page["models"])
        expand = query.get("expand", [])
        return _page(request, [model.about(expand) for model in found], size)

    def _about(self, request: Request, model: Model) -> Answer:
        return json_answer(model.about(parse_qs(urlsplit(request.target).query).get("expand", [])))

    def _revision(self, request: Request, model: Model, revision: str) -> Answer:
        sha = reading.resolve(model.path, revision)
        return json_answer({**model.about([]), "sha": sha}) if sha else _no_revision(revision)

    def _refs(self, request: Request, model: Model) -> Answer:
        groups = reading.refs(model.path)
        if request.query.get("include_prs") != "1":
            del groups["pullRequests"]
        return json_answer(groups)

    def _discussions(self, request: Request, model: Model) -> Answer:
        size, page = self.page["discussions"], int(request.query.get("p", 0))
        every = sorted(model.pulls.items(), reverse=True)
        shown = [
            {
                "num": number,
                "title": "A change",
                "status": status,
                "isPullRequest": True,
                "author": {"name": "ada", "type": "user"},
                "createdAt": "2024-01-01T00:00:00.000Z",
                "repo": {"name": model.name, "type": "model"},
            }
            for number, status in every[page * size :][:size]
        ]
        return json_answer({"discussions": shown, "count": len(every), "start": page * size})

    def _commits(self, request: Request, model: Model, revision: str) -> Answer:
        sha = reading.resolve(model.path, revision)
        if sha is None:
            return _no_revision(revision)
        every = reading.commits(model.path, sha)
        size = min(int(request.query.get("limit", 50)), self.page["commits"])
        start = int(request.query.get("p", 0)) * size
        shown = [_commit(commit) for commit in every[start : start + size]]
        answer = json_answer(shown, headers={"X-Total-Count": str(len(every))})
        if start + size >= len(every):
            return answer
        following = request.url(p=start // size + 1)
        return answer.adding({"Link": f'<{following}>; rel="next"'})

    def _tree(self, request: Request, model: Model) -> Answer:
        revision, folder = _two(request, "/tree/")
        sha = reading.resolve(model.path, revision)
        if sha is None:
            return _no_revision(revision)
        expand = request.query.get("expand", "").lower() == "true"
        deep = request.query.get("recursive", "").lower() == "true"
        inside = f"{folder}/" if folder else ""
        entries = [
            entry
            for entry in reading.tree(model.path, sha)
            if entry["path"].startswith(inside)
            and (deep or "/" not in entry["path"].removeprefix(inside))
        ]
        size = self.page["expanded" if expand else "tree"]
        if expand:
            entries = [_expanded(model, sha, entry) for entry in entries]
        return _page(request, entries, size)

    def _paths(self, request: Request, model: Model, revision: str) -> Answer:
        sha = reading.resolve(model.path, unquote(revision))
        if sha is None:
            return _no_revision(revision)
        form = parse_qsl(request.body.decode())
        expand = ("expand", "true") in [(name, value.lower()) for name, value in form]
        entries = [model.file(sha, path) for name, path in form if name == "paths"]
        known = [entry for entry in entries if entry]
        return json_answer([_expanded(model, sha, e) if expand else e for e in known])

    def _resolve(self, request: Request, model: Model) -> Answer:
        """Send to where the file is: a cache on this host, or for large ones another host."""
        revision, path = _two(request, "/resolve/")
        sha = reading.resolve(model.path, revision)
        if sha is None:
            return _no_revision(revision)
        refused = self._gate(request, model)
        if refused:
            return refused
        file = model.file(sha, path)
        if file is None or file["type"] == "directory":
            return _refusal(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": sha}
        if "lfs" in file:
            oid, size = file["lfs"]["oid"], str(file["lfs"]["size"])
            headers |= {"X-Linked-Size": size, "X-Linked-Etag": f'"{oid}"'}
            return Answer(302, b"", {**headers, "Location": f"{CDN}/{model.object_id}/{oid}"})
        cached = f"/api/resolve-cache/models/{model.name}/{sha}/{quote(path)}"
        return Answer(307, b"", {**headers, "Location": cached})

    def _file(self, request: Request, model: Model) -> Answer:
        sha, path = _two(request, f"/resolve-cache/models/{model.name}/")
        refused = self._gate(request, model)
        file = model.file(sha, path)
        if refused or file is None:
            return refused or _refusal(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": sha, "ETag": f'"{file["oid"]}"'}
        return Answer(200, reading.content(model.path, file["oid"]), headers)

    def _git(self, request: Request, model: Model, rest: str) -> Answer:
        refused = self._gate(request, model)
        if refused:
            return refused.adding({"WWW-Authenticate": 'Basic realm="Hub"'})
        return serve_git(request, model.path, rest)


def _commit(commit: reading.Shown) -> dict[str, Any]:
    return {
        "id": commit.sha,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.user, "avatar": "/avatars/0.svg"}],
        "date": commit.date,
    }


def _expanded(model: Model, sha: str, entry: dict[str, Any]) -> dict[str, Any]:
    last = reading.last_commit(model.path, sha, entry["path"])
    safe = {"status": "safe", "avScan": None, "pickleImportScan": None}
    more = {"lastCommit": {"id": last.sha, "title": last.title, "date": last.date}}
    return {**entry, **more, **({"securityFileStatus": safe} if entry["type"] == "file" else {})}


def _page(request: Request, entries: list[Any], size: int) -> Answer:
    """Return the part of a list that a cursor points to, with a link to the next."""
    cursor = request.query.get("cursor")
    start = int(urlsafe_b64decode(cursor)) if cursor else 0
    answer = json_answer(entries[start : start + size])
    if start + size >= len(entries):
        return answer
    parts = urlsplit(request.target)
    asked = [pair for pair in parse_qsl(parts.query) if pair[0] != "cursor"]
    cursor = urlsafe_b64encode(str(start + size).encode()).decode()
    query = "&".join(f"{quote(n)}={quote(v)}" for n, v in [*asked, ("cursor", cursor)])
    following = f"{request.origin}{parts.path}?{query}"
    return answer.adding({"Link": f'<{following}>; rel="next"'})


def _two(request: Request, after: str) -> tuple[str, str]:
    """Return the revision and the path of a URL: a slash in either comes as %2F, or in the path."""
    raw = urlsplit(request.target).path.partition(after)[2]
    revision, _, path = raw.partition("/")
    return unquote(revision), unquote(path)


def _token(request: Request) -> str:
    """Return the token that came with a request; git sends it as a password."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return b64decode(value).decode().partition(":")[2]
    return request.token


def _limits(left: int) -> dict[str, str]:
    return {
        "RateLimit": f'"api";r={left};t={_WINDOW}',
        "RateLimit-Policy": f'"fixed window";"api";q=500;w={_WINDOW}',
    }


def _unless_known(request: Request, answer: Answer) -> Answer:
    """Give an ETag to a JSON answer, and leave out the body that the asker has."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status != 200 or not kind.startswith("application/json"):
        return answer
    assert isinstance(answer.body, bytes)
    etag = f'W/"{len(answer.body):x}-{hashlib.sha1(answer.body).hexdigest()[:27]}"'
    if request.headers.get("If-None-Match") == etag:
        return Answer(304, b"", {"ETag": etag})
    return answer.adding({"ETag": etag})


def _no_revision(revision: str) -> Answer:
    return _refusal(404, "RevisionNotFound", f"Invalid rev id: {json.dumps(revision)}")


def _refusal(status: int, code: str | None, message: str) -> Answer:
    headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
    return json_answer({"error": message}, status, headers)
