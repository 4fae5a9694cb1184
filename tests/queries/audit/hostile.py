"""A variant whose hub, people and repositories mean ill, in every text that an audit shows."""

from tests.queries.audit.worlds import GITHUB, HUB, sha
from tests.queries.worlds import World, at

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
ESCAPES = "\x1b[31mred\x1b[0m\r\nsecond line\u202eevil\x9b2J\x7f"
MARKUP = "](javascript:alert(1)) | [x](http://evil.test) `code` @all"
HOSTILE = SCRIPT + ESCAPES + MARKUP

MODEL, CODE = f"{HUB}/evil/model", f"{GITHUB}/evil/code"


def hostile() -> tuple[World, str]:
    """Return the world, and the key of the variant."""
    world = World()
    world.family(HOSTILE, {CODE: {}}, {MODEL: {}}, observed_at=at(100))
    for label, key in (("Repository", CODE), ("Variant", MODEL)):
        told = {"host_id": HOSTILE, "observed_at": at(100), "licence": HOSTILE}
        world.node(label, key, name=HOSTILE, url="javascript:alert(1)", **told)
    world.node("Variant", MODEL, library=HOSTILE, task=HOSTILE, gated=HOSTILE, moved_to=HOSTILE)
    for label, key, name in (("Repository", CODE, "up"), ("Variant", MODEL, "own")):
        for number in (1, 2):
            commit = sha(f"{name}{number}")
            world.commit(label, key, commit, at(number))
            world.node("Commit", commit, author=HOSTILE, subject=HOSTILE * 50)
            world.join("AUTHORED_BY", ("Commit", "Contributor"), commit, HOSTILE)
            world.node("Contributor", HOSTILE, login=HOSTILE)
            world.relationships["HAS_COMMIT", label, "Commit"][-1] |= {
                "change_types": [HOSTILE],
                "areas": ["code", HOSTILE],
            }
    ends = ("Variant", "Repository")
    world.join("LINKS_TO", ends, MODEL, CODE, confidence=1.0, best_method=HOSTILE, role=HOSTILE)
    seen = {"method": HOSTILE, "rank": 1, "strength": 1.0, "reason": HOSTILE}
    world.node("Evidence", "e", place=f"https://evil.test/{SCRIPT}", said=HOSTILE, **seen)
    world.join("HAS_EVIDENCE", ("Variant", "Evidence"), MODEL, "e")
    world.join("POINTS_TO", ("Evidence", "Repository"), "e", CODE)
    copy = {"blob": sha("b"), "kind": HOSTILE, "origin_path": HOSTILE, "lag_seconds": 1}
    world.node("Copy", "c", path=HOSTILE, **copy)
    world.join("HAS_COPY", ("Variant", "Copy"), MODEL, "c")
    world.join("COPIED_FROM", ("Copy", "Repository"), "c", CODE)
    world.join("COPIED_IN", ("Copy", "Commit"), "c", sha("own1"))
    world.join("ORIGINATES_IN", ("Copy", "Commit"), "c", sha("up1"))
    base = f"{HUB}/evil/base"
    world.node("Variant", base, name=HOSTILE, url="javascript:alert(2)", licence=HOSTILE)
    world.join("DERIVED_FROM", ("Variant", "Variant"), MODEL, base, relation=HOSTILE)
    event = {"kind": HOSTILE, "subject": HOSTILE, "before": HOSTILE, "after": HOSTILE}
    world.node("Event", "event", observed_at=at(50), **event)
    world.join("ABOUT", ("Event", "Variant"), "event", MODEL)
    branch = {"kind": "branch", "status": "orphaned", "head": HOSTILE}
    world.node("Branch", "branch", name=f"refs/heads/{HOSTILE}", **branch)
    world.join("HAS_BRANCH", ("Variant", "Branch"), MODEL, "branch")
    world.node("File", "file", path=HOSTILE, sha256="b" * 64, size=1)
    world.join("HAS_FILE", ("Variant", "File"), MODEL, "file")
    return world, MODEL
