"""A small world for `trace` and `why`: two repositories, a model and what was made from it."""

from typing import Any

from tests.queries.worlds import DAY, World, at

REPOSITORY, OTHER = "https://github.com/o/r", "https://github.com/o/other"
MODEL, CHILD = "https://huggingface.co/o/m", "https://huggingface.co/x/child"
FIRST, SECOND, NEVER, ELSEWHERE = "aa11" + "0" * 36, "aa22" + "0" * 36, "a3" * 20, "a4" * 20
TAKEN, SYNCED, DERIVED = "b1" * 20, "b2" * 20, "b3" * 20
CODE, WEIGHTS, LICENCE, DRAFT = "c1" * 20, "c2" * 20, "c3" * 20, "c4" * 20
HOSTILE = "\x1b[31m[red]|=1+1.py"


def traced() -> World:
    """Return the world.

    `o/m` took the code that `o/r` made on day 1 (which `o/other` had on day 5) on day 3 and lost it
    on day 9, a licence on day 3, a draft that never landed on day 9, and the weights of a release
    on day 9, a day before it was published. `x/child` is a finetune of it.
    """
    world = World()
    world.family(
        "fam",
        {REPOSITORY: {FIRST: at(1), SECOND: at(8)}},
        {MODEL: {TAKEN: at(3), SYNCED: at(9)}},
        observed_at=at(90),
    )
    world.project("Repository", OTHER, {ELSEWHERE: at(5)})
    world.project("Variant", CHILD, {DERIVED: at(20)})
    world.commit("Repository", REPOSITORY, NEVER, at(2), on_default=False)
    _names(world)
    _copies(world)
    _reasons(world)
    return world


def _names(world: World) -> None:
    for label, key in (
        *(("Repository", REPOSITORY), ("Repository", OTHER)),
        *(("Variant", MODEL), ("Variant", CHILD)),
    ):
        world.node(label, key, name="/".join(key.rsplit("/", 2)[1:]), url=key)
    for sha, subject in ((FIRST, "Add code"), (SYNCED, "Sync"), (SECOND, "Fix")):
        world.node("Commit", sha, subject=subject)
    for joined in world.relationships["HAS_COMMIT", "Repository", "Commit"]:
        joined["landed_at"] = joined["at"] if joined["on_default"] else None
    world.node("Branch", f"{MODEL} refs/heads/main", name="refs/heads/main", head=SYNCED)
    world.join("HAS_BRANCH", ("Variant", "Branch"), MODEL, f"{MODEL} refs/heads/main")
    world.join("HEAD", ("Branch", "Commit"), f"{MODEL} refs/heads/main", SYNCED)
    for branch in ("main", "feature/x"):
        key = f"{REPOSITORY} refs/heads/{branch}"
        world.node("Branch", key, name=f"refs/heads/{branch}", head=SECOND)
        world.join("HAS_BRANCH", ("Repository", "Branch"), REPOSITORY, key)
        world.join("HEAD", ("Branch", "Commit"), key, SECOND)


def _copies(world: World) -> None:
    rows: list[tuple[str, str, str, str | None, str, dict[str, Any]]] = [
        ("code.py", CODE, REPOSITORY, FIRST, TAKEN, {"lag_seconds": 2 * DAY, "gone_at": at(9)}),
        ("code.py", CODE, OTHER, ELSEWHERE, TAKEN, {"lag_seconds": -2 * DAY, "gone_at": at(9)}),
        ("LICENSE", LICENCE, REPOSITORY, FIRST, TAKEN, {"boilerplate": True}),
        (HOSTILE, DRAFT, REPOSITORY, NEVER, SYNCED, {"lag_seconds": 7 * DAY}),
        ("w.bin", WEIGHTS, REPOSITORY, None, SYNCED, {"kind": "asset", "lag_seconds": -DAY}),
    ]
    for number, (path, blob, repository, origin, copied, facts) in enumerate(rows):
        key = str(number)
        own = {"blob": blob, "path": path, "origin_path": f"src/{path}", "kind": "blob"}
        common = {"boilerplate": False, "lag_seconds": 2 * DAY}
        world.node("Copy", key, **{**own, **common, **facts})
        world.join("HAS_COPY", ("Variant", "Copy"), MODEL, key)
        world.join("COPIED_FROM", ("Copy", "Repository"), key, repository)
        world.join("COPIED_IN", ("Copy", "Commit"), key, copied)
        if origin is not None:
            world.join("ORIGINATES_IN", ("Copy", "Commit"), key, origin)


def _reasons(world: World) -> None:
    ends = ("Variant", "Repository")
    link = {"confidence": 0.9, "best_method": "same_blob", "role": "upstream"}
    world.join("LINKS_TO", ends, MODEL, REPOSITORY, **link)
    for key, method, reason in (("e1", "card_link", "badge"), ("e2", "same_blob", None)):
        facts = {"method": method, "rank": 3, "strength": 0.5, "reason": reason, "said": "said so"}
        world.node("Evidence", key, place="README.md:3", observed_at=at(9), **facts)
        world.join("HAS_EVIDENCE", ("Variant", "Evidence"), MODEL, key)
        world.join("POINTS_TO", ("Evidence", "Repository"), key, REPOSITORY)
    commits = ("Commit", "Commit")
    world.join("REFERENCES", commits, SYNCED, SECOND, method="commit_reference")
    moved = {"kind": "transferred", "before": "Old/R", "after": "o/r", "observed_at": at(80)}
    world.node("Event", "moved", **moved)
    world.join("ABOUT", ("Event", "Repository"), "moved", REPOSITORY)
    world.join("DERIVED_FROM", ("Variant", "Variant"), CHILD, MODEL, relation="finetune")
    world.node("Contributor", "github.com:ann", login="ann")
    for sha in (FIRST, TAKEN):
        world.join("AUTHORED_BY", ("Commit", "Contributor"), sha, "github.com:ann")
