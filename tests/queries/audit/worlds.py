"""A family whose provenance can be read off by hand, and the strays around it.

Upstream `acme/yi` has commits on days 0, 10, 20, 30, 100 and 200. The variant `acme/Yi-6B` copied
`config.json` from day 10 and, in a commit that names the upstream's sha, `model.py` from day 30.
"""

from typing import Any

from hubtrace.ingest.evidence.card_facts import card_facts
from hubtrace.ingest.records import HostData, ProjectMetadata, Text
from tests.ingest.evidence.test_card_facts import WELL_FILLED
from tests.queries.worlds import World, at, switches_of

GITHUB, HUB = "https://github.com", "https://huggingface.co"
YI, RIVAL, DEAD = f"{GITHUB}/acme/yi", f"{GITHUB}/rival/yi-tools", f"{GITHUB}/acme/dead"
BASE, SMALL, CHAT, LOST, ALONE = (
    f"{HUB}/acme/{name}" for name in ("yi-34b", "yi-6b", "yi-6b-chat", "lost", "alone")
)
UNTIL = at(250)
CARD_FACTS = card_facts(
    HostData(
        ProjectMetadata("id", "acme/Yi-6B"),
        texts=(Text("card", "README.md", None, WELL_FILLED),),
    )
)


def sha(name: str) -> str:
    """Return a sha that is told apart by its beginning."""
    return (name.encode().hex() * 40)[:40]


UP = {number: sha(f"up{number}") for number in (0, 10, 20, 30, 100, 200)}
OWN = {number: sha(f"6b{number}") for number in (1, 12, 35, 240)}
AREAS = {
    0: ["code"],
    10: ["config"],
    20: ["docs"],
    30: ["code"],
    100: ["code", "tokenizer"],
    200: ["docs"],
}
TYPES = {0: ["Add"], 10: ["Config"], 20: ["Docs"], 30: ["Model"], 100: ["Model"], 200: ["Docs"]}


def provenance() -> World:
    """Return the world that the tests of audits read."""
    world = World()
    _projects(world)
    _commits(world)
    _evidence(world)
    _copies(world)
    _around(world)
    return world


def _projects(world: World) -> None:
    world.family(
        "yi", {YI: {}}, {BASE: {}, SMALL: {}, CHAT: {sha("chat"): at(50)}}, observed_at=UNTIL
    )
    world.family("dead", {DEAD: {}}, {LOST: {sha("lost"): at(5)}}, observed_at=UNTIL)
    names = {
        YI: "acme/Yi",
        RIVAL: "rival/yi-tools",
        DEAD: "acme/dead",
        BASE: "acme/Yi-34B",
        SMALL: "acme/Yi-6B",
        CHAT: "acme/Yi-6B-Chat",
        LOST: "acme/lost",
        ALONE: "acme/alone",
    }
    for number, (key, name) in enumerate(names.items()):
        label = "Repository" if key.startswith(GITHUB) else "Variant"
        host = "https://github.com" if label == "Repository" else "https://huggingface.co"
        facts = {"name": name, "url": f"{host}/{name}", "default_branch": "refs/heads/main"}
        told = {"host_id": f"id{number}", "observed_at": UNTIL, "licence": "apache-2.0"}
        world.node(label, key, shallow=False, **facts, **told)
    world.node("Variant", SMALL, licence="other-1", library="transformers", downloads=1234)
    world.node("Variant", SMALL, task="text-generation", gated="auto", private=False)
    world.node("Variant", SMALL, card=CARD_FACTS)
    world.node("Repository", DEAD, gone_at=at(200))
    world.node("Variant", f"{HUB}/meta/llama", name="meta/llama")


def _commits(world: World) -> None:
    for number, commit in UP.items():
        world.commit("Repository", YI, commit, at(number))
        world.relationships["HAS_COMMIT", "Repository", "Commit"][-1] |= {
            "landed_at": at(number),
            "change_types": TYPES[number],
            "areas": AREAS[number],
            "bot": number == 200,
        }
        world.node("Commit", commit, author="Ann", subject=f"Change {number}")
    for number, commit in OWN.items():
        world.commit("Variant", SMALL, commit, at(number))
        world.node("Commit", commit, author="Bob", subject=f"Upload {number}")
    for earlier, later in ((1, 12), (12, 35), (35, 240)):
        world.join("PARENT", ("Commit", "Commit"), OWN[later], OWN[earlier], position=0)
    stray = sha("stray")
    world.commit("Variant", SMALL, stray, at(40), on_default=False, vanished_at=at(60))
    world.commit("Variant", BASE, sha("34b"), at(3))
    world.commit("Variant", ALONE, sha("alone"), at(3))
    world.relationships["HAS_COMMIT", "Variant", "Commit"][-1]["on_default"] = True
    world.node("Variant", ALONE, host_id=None)
    listed = {"sha256": "e" * 64, "place": "https://github.com/acme", "verdict": "none"}
    world.node("Attestation", "listed", **listed, observed_at=at(3))
    world.join("HAS_ATTESTATION", ("Variant", "Attestation"), ALONE, "listed")
    switches_of(world, "yi", [("upstream", UP[0], OWN[1]), ("downstream", OWN[1], UP[10])])
    refs: list[tuple[str, str, dict[str, Any]]] = [
        ("refs/heads/main", OWN[240], {"status": "default", "kind": "branch"}),
        ("refs/heads/old", OWN[12], {"status": "open", "kind": "branch"}),
    ]
    for name, head, facts in refs:
        key = f"{SMALL} {name}"
        moment = world.nodes["Commit"][head]["committed_at"]
        world.node("Branch", key, name=name, head=head, head_committed_at=moment, **facts)
        world.join("HAS_BRANCH", ("Variant", "Branch"), SMALL, key)
    world.node("Tag", f"{SMALL} refs/tags/v1", name="refs/tags/v1")
    world.join("HAS_TAG", ("Variant", "Tag"), SMALL, f"{SMALL} refs/tags/v1")
    world.join("TAGS", ("Tag", "Commit"), f"{SMALL} refs/tags/v1", OWN[12])


def _evidence(world: World) -> None:
    ends = ("Variant", "Repository")
    world.join(
        "LINKS_TO", ends, SMALL, YI, confidence=0.98, best_method="same_blob", role="upstream"
    )
    world.join(
        "LINKS_TO", ends, SMALL, RIVAL, confidence=0.3, best_method="card_link", role="weaker"
    )
    world.join("LINKS_TO", ends, BASE, YI, confidence=0.9, best_method="card_code", role="upstream")
    seen: list[tuple[str, str, str, int, float, str, str | None, int]] = [
        ("e1", YI, "same_blob", 1, 0.98, "config.json", None, 200),
        ("e2", YI, "card_link", 3, 0.6, "README.md", None, 210),
        ("e3", RIVAL, "card_link", 3, 0.3, "README.md", "in a list of related work", 210),
        ("e4", YI, "ci_workflow", 2, 0.9, ".github/workflows/sync.yml", None, 300),
    ]
    for key, repository, method, rank, strength, place, reason, moment in seen:
        facts = {"method": method, "rank": rank, "strength": strength, "place": place}
        said = f"{repository} is said in {place}"
        world.node("Evidence", key, reason=reason, observed_at=at(moment), said=said, **facts)
        world.join("HAS_EVIDENCE", ("Variant", "Evidence"), SMALL, key)
        world.join("POINTS_TO", ("Evidence", "Repository"), key, repository)


def _copies(world: World) -> None:
    copies: list[tuple[str, str, int, int, dict[str, Any]]] = [
        ("c1", "config.json", 10, 12, {"origin_path": "conf/config.json", "gone_at": at(240)}),
        ("c2", "LICENSE", 0, 1, {"origin_path": "LICENSE", "boilerplate": True}),
        ("c3", "model.py", 30, 35, {"origin_path": "yi/model.py"}),
        ("c6", "back.py", 200, 35, {"origin_path": "back.py"}),
        ("c4", "config.json", 100, 240, {"origin_path": "conf/config.json"}),
    ]
    for key, path, origin, own, facts in copies:
        lag = (own - origin) * 86_400
        world.node("Copy", key, blob=sha(key), path=path, kind="blob", lag_seconds=lag, **facts)
        world.join("HAS_COPY", ("Variant", "Copy"), SMALL, key)
        world.join("COPIED_FROM", ("Copy", "Repository"), key, YI)
        world.join("COPIED_IN", ("Copy", "Commit"), key, OWN[own])
        world.join("ORIGINATES_IN", ("Copy", "Commit"), key, UP[origin])
    asset = {
        "blob": sha("c5"),
        "path": "weights.bin",
        "origin_path": "weights.bin",
        "kind": "asset",
    }
    world.node("Copy", "c5", **asset)
    world.join("HAS_COPY", ("Variant", "Copy"), SMALL, "c5")
    world.join("COPIED_FROM", ("Copy", "Repository"), "c5", RIVAL)
    world.join("COPIED_IN", ("Copy", "Commit"), "c5", OWN[35])
    file = {"path": "model.safetensors", "size": 1000, "blob": sha("pointer")}
    world.node("File", f"{SMALL} model.safetensors", sha256="a" * 64, **file)
    world.join("HAS_FILE", ("Variant", "File"), SMALL, f"{SMALL} model.safetensors")
    world.join("REFERENCES", ("Commit", "Commit"), OWN[35], UP[30], method="commit_url")


def _around(world: World) -> None:
    chain = ((CHAT, SMALL, "finetune"), (SMALL, BASE, "quantized"), (BASE, CHAT, "merge"))
    for start, end, relation in chain:
        world.join("DERIVED_FROM", ("Variant", "Variant"), start, end, relation=relation)
    world.join(
        "DERIVED_FROM", ("Variant", "Variant"), BASE, f"{HUB}/meta/llama", relation="finetune"
    )
    events: list[tuple[str, str, str, int, dict[str, Any]]] = [
        (SMALL, "Variant", "renamed", 20, {"before": "acme/Yi-Small", "after": "acme/Yi-6B"}),
        (
            YI,
            "Repository",
            "history_rewritten",
            80,
            {"subject": "refs/heads/main", "before": sha("x")},
        ),
        (SMALL, "Variant", "licence_changed", 245, {"before": "apache-2.0", "after": "other-1"}),
    ]
    for key, label, kind, moment, facts in events:
        event = f"{key} {kind}"
        world.node("Event", event, kind=kind, observed_at=at(moment), **{"subject": "", **facts})
        world.join("ABOUT", ("Event", label), event, key)
    for person in ("github.com:ann", "huggingface.co:bob", "hmac:1"):
        login = person.partition(":")[2] if not person.startswith("hmac") else None
        world.node("Contributor", person, login=login)
    for commit in UP.values():
        world.join("AUTHORED_BY", ("Commit", "Contributor"), commit, "github.com:ann")
    for number, commit in OWN.items():
        who = "hmac:1" if number == 1 else "huggingface.co:bob"
        world.join("AUTHORED_BY", ("Commit", "Contributor"), commit, who)
    ends = ("Contributor", "Contributor")
    world.join("SAME_PERSON", ends, "huggingface.co:bob", "github.com:ann", method="same_login")
    digest = {"digest": "d" * 64, "tool": "hubtrace 0.1.0", "observed_at": UNTIL}
    world.node("Snapshot", "snapshot-1", **digest)
