"""What the tests of `hubtrace.ingest.sources.github` share."""

from dataclasses import dataclass, field

from hubtrace.ingest.http import Sleeper
from hubtrace.ingest.source import Fetched, Previous
from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.tokens import Token
from tests.hubs.github import GitHubWorld, Repository
from tests.ingest.worlds import START, World, git

CANARY = "ghp_canary0123456789"
"""A token that must be nowhere but on the wire."""
TOKENS = (Token(CANARY, "GITHUB_TOKEN"),)

UNCHANGED = {"repository": 1, "branches": 1, "tags": 1, "releases": 1, "pulls": 1}
"""The requests for a repository of which nothing has changed, all of them conditional."""
FIRST = {**UNCHANGED, "readme": 1, "contents": 1}
"""The requests of a first fetch, and one `blobs` per workflow file: the fixed number is seven."""


@dataclass
class Clock:
    """A clock that stands still but for those who sleep by it."""

    now: float = 1_700_000_000.0
    slept: list[str] = field(default_factory=list)
    """What was shown when somebody began to sleep, once for every wait."""
    shown: list[str] = field(default_factory=list)
    """Everything that was shown, the countdown included."""

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def show(self, what: str, done: int, total: int | None) -> None:
        self.shown.append(what)
        if done == 0:
            self.slept.append(what)

    def sleeper(self) -> Sleeper:
        return Sleeper(self.show, clock=self, sleep=self.sleep)


def furnish(world: GitHubWorld) -> Repository:
    """Make one of everything that GitHub returns of a repository."""
    parent = world.repository("base/Origin", licence="mit")
    it = world.repository("01-ai/Yi", licence="apache-2.0", topics=["llm", "yi"], stars=3)
    it.fork_of, it.homepage, it.description = parent, "https://01.ai", "A model"
    workflows = {b".github/workflows/sync.yml": b"on: push", b".github/workflows/notes.md": b"no"}
    first = it.git.commit({b"README.md": b"# Yi \xff", **workflows})
    side = it.git.commit({b"a": b"1"}, ref="refs/heads/side", parents=[first], author=b"Bo <b@x.y>")
    it.git.commit({b"b": b"2"}, parents=[first])
    it.git.tag("v1", first, annotated=True)
    it.release("v1", name="One", at=START + 5, assets={"w.bin": b"weights"})
    it.release("v2", draft=True)
    it.release("v3", assets={"old.bin": b"x"}, digests=False)
    for state in ("open", "closed", "merged"):
        it.pull(side, state)
    return it


def again(fetched: Fetched) -> Previous:
    """What the next fetch sees of this one."""
    return Previous(fetched.details, fetched.refs, fetched.validators)


def fetch_twice(host: GitHubHost, name: str) -> Fetched:
    """Fetch, and fetch again with what was seen."""
    return host.fetch(name, again(host.fetch(name, Previous())))


def many_commits(world: World, count: int, ref: str = "refs/heads/main") -> list[str]:
    """Add a straight line of commits, each an hour after the one before, in one process."""
    start = world.tips.get(ref)
    stream = [b"feature done\n"]
    for number in range(count):
        moment = 1_600_000_000 + 3600 * (number + len(world.commits))
        stream.append(
            b"commit %b\nmark :%d\nauthor Ada Lovelace <ada@example.org> %d +0000\n"
            b"committer Ada Lovelace <ada@example.org> %d +0000\ndata 4\nMore\n"
            % (ref.encode(), number + 1, moment, moment)
        )
        if number == 0 and start:
            stream.append(b"from %b\n" % start.encode())
    stream.append(b"done\n")
    git(world.path, "fast-import", "--quiet", "--force", feed=b"".join(stream))
    shas = git(world.path, "rev-list", f"--max-count={count}", "--reverse", ref).decode().split()
    world.commits += shas
    world.tips[ref] = shas[-1]
    return shas
