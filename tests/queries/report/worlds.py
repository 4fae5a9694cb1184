"""A world whose every text attacks: names, messages, branches, tags, addresses."""

from tests.queries.worlds import World, at, switches_of

ATTACKS = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "]]></script><script>document.title='owned'</script>",
    "javascript:document.title='owned'",
    "[link](javascript:alert(1)) `code` *bold* | cell @everyone https://evil.example/",
    "\u202eevil\u2066 \x1b[31mred\x07\nnew line\ttab\x00",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "' onmouseover='document.title=1' x='",
)
MEGABYTE = "A" * 1_000_000 + "<script>document.title='owned'</script>"
SHA = "0123456789abcdef0123456789abcdef01234567"


def hostile() -> World:
    """Return a family per attack, and one of a megabyte."""
    world = World()
    for number, attack in enumerate((*ATTACKS, MEGABYTE)):
        _family(world, number, attack)
    world.project("Variant", "hf/x/orphan", {}, observed_at=at(400))
    world.node("Variant", "hf/x/orphan", name=ATTACKS[0])
    return world


def _family(world: World, number: int, attack: str) -> None:
    family = attack if len(attack) < 1_000 else f"long {attack[:900]}"
    up, down = f"gh/up/{number}", f"hf/down/{number}"
    commits = {f"{number:02d}{SHA[2:-2]}{day:02d}": at(day) for day in (0, 3, 20, 90)}
    world.family(
        family, {up: commits}, {down: {f"{attack[:200]} {number}": at(1)}}, observed_at=at(600)
    )
    world.node("Repository", up, name=attack, url=f"javascript:alert({number})")
    world.node("Variant", down, name=attack, url=f'https://evil.example/{number}" onclick="x')
    for sha in commits:
        world.node("Commit", sha, subject=attack, author=attack)
    branch = f"{up} refs/heads/{number}"
    world.node(
        "Branch",
        branch,
        name=f"refs/heads/{attack[:900]}",
        status="open",
        head=SHA,
        head_committed_at=at(5),
        ahead=1,
        behind=2,
    )
    world.join("HAS_BRANCH", ("Repository", "Branch"), up, branch)
    world.node("Tag", branch, name=f"refs/tags/{attack[:900]}")
    world.join("HAS_TAG", ("Repository", "Tag"), up, branch)
    world.join("TAGS", ("Tag", "Commit"), branch, next(iter(commits)))
    world.node("Release", branch, name=attack, published_at=at(20))
    world.join("HAS_RELEASE", ("Repository", "Release"), up, branch)
    world.node("Event", f"event {number}", kind=attack[:100], observed_at=at(300), subject=attack)
    world.join("ABOUT", ("Event", "Repository"), f"event {number}", up)
    first, *_ = commits
    switches_of(world, family, [("upstream", first, f"{attack[:200]} {number}")])
