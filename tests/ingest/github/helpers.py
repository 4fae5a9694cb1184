"""What the tests of `ingest.github` share."""

from dataclasses import dataclass, field

from ingest.github.host import GitHubHost
from ingest.github.tokens import Token
from ingest.host import Look, Seen
from ingest.waiting import Waiter
from tests.ingest.worlds import World, git

CANARY = "ghp_canary0123456789"
"""A token that must be nowhere but on the wire."""
TOKENS = (Token(CANARY, "GITHUB_TOKEN"),)

UNCHANGED = {"repository": 1, "branches": 1, "tags": 1, "releases": 1, "pulls": 1}
"""The requests for a repository of which nothing has changed, all of them conditional."""
FIRST = {**UNCHANGED, "readme": 1, "contents": 1}
"""The requests of a first look, and one `blobs` per workflow file: the fixed number is seven."""


@dataclass
class Clock:
    """A clock that stands still but for those who sleep by it."""

    now: float = 1_700_000_000.0
    slept: list[str] = field(default_factory=list)
    """What was shown while somebody slept, once for every wait."""

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def show(self, what: str, done: int, total: int | None) -> None:
        if done == 0:
            self.slept.append(what)

    def waiter(self) -> Waiter:
        return Waiter(self.show, clock=self, sleep=self.sleep)


def again(look: Look) -> Seen:
    """What the next look sees of this one."""
    return Seen(look.details, look.refs, look.marks)


def look_twice(host: GitHubHost, name: str) -> Look:
    """Look, and look again with what was seen."""
    return host.look(name, again(host.look(name, Seen())))


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
