"""Names, URLs and keys of projects: the one parser of model and repository URLs (decision 0035).

A text that names a project is read by `parse_address`, whether a user typed it, a card links to it
or a commit message mentions it. Whether the project exists is for the graph or the host to say.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people

_GITHUB = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
"""`owner/name`: https://docs.github.com/en/rest/repos/repos and the sign-up form's rules."""
_HUGGING_FACE = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
"""`org/name`, or `name` alone for the oldest models: huggingface_hub's `validate_repo_id`."""

GITHUB = "https://github.com"
HUGGING_FACE = "https://huggingface.co"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Side(StrEnum):
    """The repository side or the variant side (docs/design.md, section 1)."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Project:
    """One repository or variant: what it is called and where it was read."""

    key: str
    """First-seen canonical URL in lower case (a `file:` URL keeps its case)."""
    side: Side
    name: str
    """`owner/name` on its host; for a local path the name that the user gave it."""
    url: str
    """Its page; empty if it has no public place."""


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project by its name on its side's host."""

    side: Side
    name: str
    """`owner/name` by its host's rules; `name` alone for the oldest models."""


@dataclass(frozen=True, slots=True)
class Address:
    """A project, and where in it: what a name or a URL points at."""

    side: Side | None
    """None for a name without a host, which either side may have."""
    name: str
    """`owner/name`, or `name` alone for the oldest models."""
    revision: str | None = None
    """A branch, tag or commit at which the project is shown."""
    path: str | None = None
    """A file or folder of it."""
    commit: str | None = None
    """The commit, by its sha in lower case, whose own page it is."""
    number: int | None = None
    """An issue, a pull request or a discussion."""
    indirect: bool = False
    """True for another host's view of the project: a badge, a notebook, GitHub Pages."""

    @property
    def at(self) -> str | None:
        """The revision that is shown, be it a page of the commit or of files at it."""
        return self.commit or self.revision


class NotHosted(SourceError):
    """The text is a path or an address, but on neither of the two hosts."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The web addresses of either side's projects. A company may have a GitHub of its own.

    Projects of a mirror of the Hub are named by the Hub's own pages.
    """

    github: str = GITHUB
    hugging_face: str = HUGGING_FACE
    mirror: str | None = None
    """Another address at which the Hub's pages may be named, e.g. that of HF_ENDPOINT."""

    def url(self, side: Side, name: str) -> str:
        """Return the page of a project by its name on its host.

        Raises:
            SourceError: the host allows no such name.
        """
        if side is Side.UPSTREAM:
            return repository_url(name, self.github)
        return variant_url(name, self.hugging_face)

    def project(self, side: Side, name: str) -> Project:
        """Return the project of this name on its side's host.

        Raises:
            SourceError: the host allows no such name.
        """
        url = self.url(side, name)
        return Project(key_of(url), side, name, url)

    def has(self, project: Project) -> bool:
        """Return True if the project is on one of the two hosts."""
        base = self.github if project.side is Side.UPSTREAM else self.hugging_face
        return project.url.startswith(f"{base}/")


def is_loopback(host: str) -> bool:
    """Return True for a name or an address of this machine."""
    return host in _LOOPBACK


def is_private(url: str) -> bool:
    """Return True if nobody on the way can read what is sent: by https, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL: what a token belongs to.

    Raises:
        SourceError: its host or port is malformed.
    """
    parts = split_url(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def repository_url(name: str, base: str = GITHUB) -> str:
    """Return the page of a GitHub repository `owner/name`.

    Raises:
        SourceError: GitHub allows no such name.
    """
    if not _GITHUB.fullmatch(name) or name.endswith(("/.", "/..")):
        raise SourceError(f"{redact(name)!r} is not a GitHub repository name (owner/name)")
    return f"{base}/{name}"


def variant_url(name: str, base: str = HUGGING_FACE) -> str:
    """Return the page of a Hugging Face model `org/name`.

    Raises:
        SourceError: Hugging Face allows no such name.
    """
    if not _HUGGING_FACE.fullmatch(name) or ".." in name or "--" in name:
        raise SourceError(f"{redact(name)!r} is not a Hugging Face model name (org/name)")
    return f"{base}/{name}"


def key_of(url: str) -> str:
    """Return the key of the project at a canonical URL: the URL in lower case.

    A `file:` URL keeps its case, because most file systems tell it apart.
    """
    return url if url.startswith("file:") else url.lower()


def login_host(side: Side) -> str:
    """Return the host whose logins a side's contributors have."""
    return "github.com" if side is Side.UPSTREAM else "huggingface.co"


def host_key(side: Side, host_id: str) -> str:
    """Return the alias that outlives renames: the host and its own id of the project."""
    return f"{login_host(side)}#{host_id}"


_SHA_PREFIX = re.compile(r"[0-9a-f]{7,40}")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def parse_sha(text: str) -> str | None:
    """Return the id of a commit or blob, or its first 7 to 40 digits, in lower case; else None."""
    sha = text.strip().lower()
    return sha if _SHA_PREFIX.fullmatch(sha) else None


def is_web(url: str | None) -> bool:
    """Return True if a URL leads to a page; what a source says of itself could be anything."""
    return url is not None and url.startswith(("https://", "http://"))


def commit_url(project_url: str | None, sha: str | None) -> str | None:
    """Return the page of a commit; None where the project has no web page or the sha is none."""
    if project_url is None or not is_web(project_url) or not sha or not _SHA.fullmatch(sha):
        return None
    return f"{project_url.rstrip('/').removesuffix('.git')}/commit/{sha}"


# Up to the last `@` before the path; after a colon, which a password may follow, up to any `@`.
_USERINFO = re.compile(
    r"(?:(?<=://)|(?<=^//))(?:[^/]*@|[^/]*:.*@)|^[^/:@]+:[^/:@]+@(?=[^/:]+:)", re.DOTALL
)


def redact(url: str) -> str:
    """Return a URL fit for a terminal, without the user name and password that it may carry.

    Of one that is longer than any real URL only the scheme is left: a cut could show a secret.
    """
    if len(url) > _LONGEST:
        return f"{for_people(url[:20].partition('/')[0])}…"
    return for_people(_USERINFO.sub("", url))


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises:
        SourceError: its host or port is malformed.
    """
    try:
        parts = urlsplit(url)
        if parts.port != 0:
            return parts
    except ValueError:  # an unclosed bracket, a port that is not a number
        pass
    raise SourceError(f"{redact(url)} is not a URL: its host or port is malformed")


def server_url(url: str, what: str) -> str:
    """Return the URL of a web server in its canonical form, without a slash at its end.

    Raises:
        SourceError: it is not such a URL, or holds credentials or parameters; names `what` it is.
    """
    wrong = SourceError(f"{redact(url)} is not the address of {what}, like https://hub.example.com")
    try:
        parts = split_url(url)
    except SourceError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise wrong
    if "@" in parts.netloc or parts.query or parts.fragment or url != url.strip():
        raise SourceError(f"the address of {what} has no user, password or parameters in it")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


_LONGEST = 2_000
"""Characters. Longer than any URL that a browser shows."""
_SHOWN = 120
_SCHEMES = ("http", "https", "git", "ssh", "git+https", "git+http", "git+ssh")
_SHORT = {"gh": Side.UPSTREAM, "github": Side.UPSTREAM, "hf": Side.DOWNSTREAM}
"""What stands before a colon for a host."""
_SCP_LIKE = re.compile(
    r"(?:[\w.-]+@)?(?P<host>(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|(?<=git@)[\w-]+):(?!\d+(?:/|$))"
    r"(?P<path>[^/].*)"
)
_BARE = re.compile(
    r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[^:\s]+))?(?::(?P<path>[^:].*))?",
    re.ASCII | re.DOTALL,
)
"""`ORG/MODEL@REVISION:PATH`."""
_NO_REVISION = re.compile(r"[\w./-]*@[^/:]*[\[\]\\~^?*]")
"""What git lets no ref hold: `git@[::1]:x/y` is an address that is malformed, and no model."""
_END_OF_SENTENCE = re.compile(r"(?<=[\w/)\]>\"'`])[.,;:!?]+$")
_BRACKETS = {">": "<", ")": "(", "]": "[", '"': '"', "'": "'", "`": "`"}
"""Closing → opening."""
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
_PORT = re.compile(r"[\w.-]+:\d+")
_GITHUB_HOSTS = (
    *("github.com", "ssh.github.com", "codeload.github.com"),
    "raw.githubusercontent.com",
)
_HUB_HOSTS = ("huggingface.co", "hf.co", "huggingface.com", "hf-mirror.com")

_NO_OWNERS = {
    *("about", "apps", "collections", "contact", "customer-stories", "enterprise", "explore"),
    *("features", "issues", "join", "login", "marketplace", "new", "notifications", "orgs"),
    *("organizations", "pricing", "pulls", "search", "security", "settings", "site"),
    *("sponsors", "stars", "team", "topics", "trending", "user-attachments", "users"),
}
"""First parts of GitHub's own pages."""
_HUB_PAGES = (
    *("api", "assets", "autotrain", "avatars", "brand", "buckets", "changelog", "chat"),
    *("course", "enterprise", "front", "hardware", "inference", "inference-api"),
    *("inference-endpoints", "jobs", "join", "kernels", "leaderboards", "login", "models"),
    *("new", "nlp", "organizations", "pricing", "privacy", "reports", "search", "settings"),
    *("shop", "storage", "support", "tasks", "terms-of-service", "transformers", "welcome"),
)
_NO_MODELS = {
    **dict.fromkeys(_HUB_PAGES, "a page of the Hub"),
    **{"blog": "an article", "posts": "an article", "collections": "a collection"},
    **{"datasets": "a data set", "docs": "a manual", "learn": "a manual", "papers": "a paper"},
    "spaces": "a space",
}
"""First parts of the Hub's own pages, and the kinds of repository that are not models."""

_FILE_PAGES = frozenset({"blame", "blob", "commits", "edit", "raw", "resolve", "revision", "tree"})
"""Pages of a project that a revision follows, and perhaps a path."""
_NUMBERED = frozenset({"discussions", "issues", "pull", "pulls"})
_ARCHIVES = {"archive", "tar.gz", "legacy.tar.gz", "tarball", "zip", "legacy.zip", "zipball"}
_PAGES = _FILE_PAGES | _NUMBERED | {"commit", "settings", "upload"}
"""Second parts of the Hub's URLs that are not the name of a model: its owner is not named."""
_BADGE = re.compile(
    r"github/(?:v/\w+|(?:actions/)?workflow/status|commit-activity/\w+|languages/[\w-]+|[\w-]+)/"
    r"([^/]+/[^/]+)"
)


def parse_project(text: str, hosts: Hosts | None = None) -> ProjectRef:
    """Return the project that a user means; a name that could be on either side is a variant.

    Raises:
        SourceError: it is neither a name nor a URL of a project on one of the hosts.
    """
    try:
        address = parse_address(text, hosts)
    except NotHosted as error:
        raise NotHosted(f"{error}; name it with --family, --upstream and --variant") from None
    side = address.side or Side.DOWNSTREAM
    with _naming(text):
        if address.side is None and address.path and not address.revision:
            raise _wrong_name(side)
        return ProjectRef(side, _checked(side, address.name))


def parse_address(text: str, hosts: Hosts | None = None) -> Address:
    """Return what a name or URL points at.

    Understood are names (`org/model`, `gpt2`, `org/model@revision:path`, `gh:owner/name`), the
    pages of the two hosts and of their APIs, and what git clones from them.

    Raises:
        NotHosted: it is a path, or the URL of something on neither host.
        SourceError: it is malformed, or not of a project.
    """
    with _naming(text):
        return _read(_without_punctuation(text.strip()), hosts or Hosts())


@contextmanager
def _naming(text: str) -> Iterator[None]:
    """Let the sentence of an error begin with the text, without credentials."""
    try:
        yield
    except SourceError as error:
        shown = redact(text.strip()) or "an empty text"
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        raise type(error)(f"{shown} {error}") from None


def _without_punctuation(text: str) -> str:
    """Return a text without the brackets around it and the punctuation that ends its sentence."""
    text = _END_OF_SENTENCE.sub("", text)
    opening = _BRACKETS.get(text[-1:])
    if opening is not None and text[:1] == opening:
        text = text[1:-1]
    elif opening is not None and opening not in text[:-1]:
        text = text[:-1]
    return _END_OF_SENTENCE.sub("", text)


def _read(text: str, hosts: Hosts) -> Address:
    if not text or len(text) > _LONGEST:
        raise SourceError("is neither a name nor an address")
    short, _, rest = text.partition(":")
    side = _SHORT.get(short.lower())
    if side is not None and rest and not rest.startswith("//"):
        address = _bare(rest)
        return replace(address, side=side, name=_checked(side, address.name))
    if _NO_REVISION.match(text):
        raise SourceError("is not an address: it is malformed")
    split = _host_and_path(text, hosts)
    if split is None:
        return _bare(text)
    if not text.isprintable():
        raise SourceError("is neither a name nor an address")
    host, path, query = split
    parts = [unquote(part) for part in path.split("/") if part]
    side, parts, indirect = _on_host(host, parts, hosts)
    address = _within(side, parts, query, any_path=short.lower() == "hf")
    return replace(address, indirect=indirect)


def _host_and_path(text: str, hosts: Hosts) -> tuple[str, str, str] | None:
    """Return the host that a text names, with its port, then path and query; None for a name."""
    if text.startswith("//"):
        text = f"https:{text}"
    if "://" not in text:
        scp_like = _SCP_LIKE.fullmatch(text)
        if scp_like:
            return scp_like["host"].lower(), scp_like["path"], ""
        first, _, rest = text.partition("/")
        bases = (hosts.github, hosts.hugging_face, hosts.mirror or "")
        known = {urlsplit(base).netloc.lower() for base in bases}.union(_GITHUB_HOSTS, _HUB_HOSTS)
        elsewhere = _DOMAIN.fullmatch(first) and "/" in rest.strip("/")
        with_port = ":" in first and rest and not _BARE.fullmatch(first)
        is_known = first.lower().removeprefix("www.") in known
        if not first or not (is_known or elsewhere or with_port or _PORT.fullmatch(first)):
            return None
        text = f"https://{text}"
    try:
        parts = split_url(text)
    except SourceError:
        raise SourceError("is not an address: it is malformed") from None
    if parts.scheme == "hf":
        return "huggingface.co", f"{parts.netloc}{parts.path}", parts.query
    host = parts.hostname
    if parts.scheme not in _SCHEMES or not host:
        raise NotHosted("is not the address of a web page or a git repository")
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in (None, 22, 80, 443) else ""
    return f"{host.removeprefix('www.')}{port}", parts.path, parts.query


def _on_host(host: str, parts: list[str], hosts: Hosts) -> tuple[Side, list[str], bool]:
    """Return the side of a host, the parts that begin with a project's name, and if indirect."""
    up, down = Side.UPSTREAM, Side.DOWNSTREAM
    if host.startswith("gist.github"):
        raise SourceError("is a gist, not a repository")
    for base in filter(None, (hosts.hugging_face, hosts.mirror)):
        if (inside := _below(base, host, parts)) is not None:
            return down, _of_hub(inside), False
    if host in _HUB_HOSTS and hosts.hugging_face == HUGGING_FACE:
        return down, _of_hub(parts), False
    github = urlsplit(hosts.github).netloc
    if host == f"api.{github}" and parts[:1] == ["repos"]:
        return up, parts[1:], False
    if host == github and parts[:3] == ["api", "v3", "repos"]:
        return up, parts[3:], False
    if (inside := _below(hosts.github, host, parts)) is not None:
        return up, inside, False
    if hosts.github == GITHUB and (shown := _repository_shown(host, parts)) is not None:
        return up, shown, host not in _GITHUB_HOSTS
    raise NotHosted("is neither on GitHub nor on Hugging Face")


def _below(base: str, host: str, parts: list[str]) -> list[str] | None:
    """Return the parts below the URL of a server; None if they are not on it."""
    server = urlsplit(base)
    above = [part for part in server.path.split("/") if part]
    if host != server.netloc.lower() or parts[: len(above)] != above:
        return None
    return parts[len(above) :]


def _repository_shown(host: str, parts: list[str]) -> list[str] | None:
    """Return the parts of the repository that a host beside github.com shows, if it does."""
    if host == "raw.githubusercontent.com":
        return [*parts[:2], "raw", *parts[2:]]
    if host in _GITHUB_HOSTS:
        return parts
    if host == "colab.research.google.com" and parts[:1] == ["github"]:
        return parts[1:]
    owner, _, domain = host.partition(".")
    if domain == "github.io":
        return [owner, *(parts[:1] or [host])]
    badge = _BADGE.match("/".join(parts)) if host in ("img.shields.io", "shields.io") else None
    return badge[1].removesuffix(".svg").split("/") if badge else None


def _of_hub(parts: list[str]) -> list[str]:
    """Return the parts that begin with a model's name: `/models` and `/api` may stand before."""
    if parts[:1] == ["api"] and len(parts) > 1 and parts[1] in _NO_MODELS:
        parts = parts[1:]
    return parts[1:] if parts[:1] == ["models"] else parts


def _bare(text: str) -> Address:
    """Return what a name without a host points at."""
    parts = text.strip("/").split("/")
    if text.startswith("/") or parts[0] in ("", ".", "..") or parts[0].startswith("~"):
        raise NotHosted("is a path")
    match = _BARE.fullmatch(text)
    if match and not (match["revision"] is None is match["path"]):
        name = _checked(None, match["name"].removesuffix(".git"))
        return Address(None, name, match["revision"], match["path"])
    return _within(None, parts)


def _within(
    side: Side | None, parts: list[str], query: str = "", *, any_path: bool = True
) -> Address:
    """Return what the parts of a path point at, which begin with the name of a project.

    `any_path`: what follows the name and is not a page of a host is a path in the project.
    """
    on_page = len(parts) > 1 and parts[1] in _PAGES and (side is not None or len(parts) > 2)
    oldest = side is not Side.UPSTREAM and (len(parts) < 2 or on_page or "@" in parts[0])
    length = 1 if oldest else 2
    name, _, revision = "/".join(parts[:length]).partition("@")
    whole = Address(side, _checked(side, name.removesuffix(".git")))
    rest = parts[length:]
    if revision and side is Side.UPSTREAM:  # as pip takes it: a branch may have slashes
        found = replace(whole, revision="/".join([revision, *rest]))
    elif revision:
        found = _at_revision(whole, [revision, *rest])
    elif any_path and rest and rest[0] not in _PAGES:
        found = replace(whole, path="/".join(rest))
    else:
        found = _on_page(whole, rest, query)
    if found.revision is not None and not (found.revision and found.revision.isprintable()):
        raise SourceError("names a revision that is malformed")
    return found


def _on_page(whole: Address, rest: list[str], query: str) -> Address:
    """Return what stands after a project's name: `["blob", "main", "README.md"]`."""
    page, rest = rest[0] if rest else "", rest[1:]
    if page == "git" and rest[:1] in (["trees"], ["commits"]):  # of the API
        page, rest = "commit", rest[1:]
    if page == "contents":
        ref = next(iter(parse_qs(query).get("ref", ())), None)
        return replace(whole, revision=ref, path="/".join(rest) or None)
    if not rest:
        return whole
    if page in _FILE_PAGES:
        return _at_revision(whole, rest)
    if page in _NUMBERED:
        number = int(rest[0]) if rest[0].isascii() and rest[0].isdigit() else None
        commit = parse_sha(rest[2]) if rest[1:2] == ["commits"] and len(rest) > 2 else None
        return replace(whole, number=number, commit=commit)
    revision: str | None = None
    if page == "commit":
        if sha := parse_sha(rest[0]):
            return replace(whole, commit=sha)
        revision = rest[0]
    elif page == "compare":  # the second one is what the page leads to; or another repository's
        newest = "/".join(rest).rpartition("...")[2]
        revision = newest if ":" not in newest else None
    elif page == "releases" and len(rest) > 1 and rest[0] in ("tag", "tags", "download"):
        revision = rest[1] if rest[0] == "download" else "/".join(rest[1:])
    elif page in _ARCHIVES:
        revision = "/".join(rest).removesuffix(".zip").removesuffix(".tar.gz")
    elif page == "branches":
        revision = "/".join(rest)
    return replace(whole, revision=revision)


def _at_revision(whole: Address, parts: list[str]) -> Address:
    """Split `["refs", "pr", "1", "folder", "file"]`: a full name of a ref has three parts."""
    length = 1
    if parts[0] == "refs" and len(parts) > 2:
        length = 4 if parts[1] == "pull" else 3
    path = "/".join(parts[length:]) or None
    return replace(whole, revision="/".join(parts[:length]), path=path)


def _checked(side: Side | None, name: str) -> str:
    """Return a name that its host, or either host, allows for a project."""
    first = name.partition("/")[0].lower()
    if side is Side.UPSTREAM and first in _NO_OWNERS:
        raise SourceError("is not a page of a repository")
    if side is Side.DOWNSTREAM and first in _NO_MODELS:
        raise SourceError(f"is {_NO_MODELS[first]}, not a model")
    for each in (side,) if side else (Side.DOWNSTREAM, Side.UPSTREAM):
        with suppress(SourceError):
            Hosts().url(each, name)
            return name
    raise _wrong_name(side or Side.DOWNSTREAM)


def _wrong_name(side: Side) -> SourceError:
    kind = "GitHub repository name (owner/name)"
    if side is Side.DOWNSTREAM:
        kind = "Hugging Face model name (org/name)"
    return SourceError(f"is not a {kind}")
