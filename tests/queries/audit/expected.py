"""The rows of every question behind an audit, counted by hand: question → parameters, rows."""

from typing import Any

from tests.queries.audit.worlds import (
    ALONE,
    BASE,
    CARD_FACTS,
    CHAT,
    DEAD,
    HUB,
    LOST,
    OWN,
    RIVAL,
    SMALL,
    UNTIL,
    UP,
    YI,
    sha,
)
from tests.queries.worlds import DAY, at

_DIGEST = "d" * 64
_SMALL = {"variants": [SMALL]}
_TOLD = ("transformers", "text-generation", "auto", False, None, 1234, None, UNTIL, None, None)


def _commit(day: int, name: str, parents: list[str], **other: Any) -> tuple[Any, ...]:
    sha_, seen = other.get("sha", OWN.get(day)), other.get("vanished_at")
    return (
        SMALL,
        sha_,
        at(day),
        at(day),
        seen is None,
        seen,
        None,
        None,
        *other.get("who", ("Bob", name)),
        parents,
        parents[0] if parents else None,
        None,
    )


def _copy(name: str, path: str, origin: int, own: int, **other: Any) -> tuple[Any, ...]:
    known = (sha(name), path, other["origin_path"], "blob", other.get("boilerplate"))
    ours = ((own - origin) * DAY, other.get("gone_at"), OWN[own], at(own), "Bob", f"Upload {own}")
    theirs = (UP[origin], at(origin), at(origin), "Ann", f"Change {origin}")
    return (SMALL, YI, *known, *ours, *theirs, None, None, None, 1)


def _missed(day: int, types: list[str], areas: list[str], bot: bool) -> tuple[Any, ...]:
    return ("m", YI, UP[day], at(day), at(day), "Ann", f"Change {day}", types, areas, bot, None)


def _variant(key: str, name: str, how: str, observed_at: int | None = UNTIL) -> tuple[Any, ...]:
    url = f"{HUB}/{name}" if observed_at else None
    return (key, name, url, how, observed_at)


OF_AUDITS: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "commits_since": (
        {
            "marks": [
                {"mark": "m", "repository": YI, "family": "yi", "since": at(30), "until": at(200)}
            ]
        },
        [
            _missed(30, ["Model"], ["code"], False),
            _missed(100, ["Model"], ["code", "tokenizer"], False),
            _missed(200, ["Docs"], ["docs"], True),
        ],
    ),
    "landed_together": (
        {"marks": [{"mark": "m", "repository": YI, "at": at(99)}]},
        [("m", UP[30], at(30), at(30), None, [])],
    ),
    "project_facts": (
        {"projects": [YI, f"{HUB}/meta/llama"]},
        [
            (YI, "acme/Yi", "id0", "refs/heads/main", False, *[None] * 3, UNTIL, *[None] * 3),
            (f"{HUB}/meta/llama", "meta/llama", *[None] * 10),
        ],
    ),
    "upstream_commits": (
        {"families": ["yi", "dead"], "until": at(99)},
        [("dead", DEAD, None, 0), ("yi", YI, None, 4)],
    ),
    "project_contributors": (
        {"projects": [SMALL, YI], "until": at(100)},
        [
            (YI, "github.com:ann", "ann", "Ann", 5, at(0), at(100)),
            (SMALL, "huggingface.co:bob", "bob", "Bob", 2, at(12), at(35)),
            (SMALL, "hmac:1", None, "Bob", 1, at(1), at(1)),
        ],
    ),
    "project_events": (
        {"projects": [SMALL], "until": at(244)},
        [(SMALL, at(20), "renamed", "", "acme/Yi-Small", "acme/Yi-6B")],
    ),
    "same_persons": (
        {"contributors": ["github.com:ann", "hmac:1"]},
        [("github.com:ann", "huggingface.co:bob", "same_login")],
    ),
    "snapshots": ({}, [("snapshot-1", _DIGEST, "hubtrace 0.1.0", UNTIL)]),
    "variant_bases": (
        {"variants": [BASE]},
        [
            (BASE, CHAT, "acme/Yi-6B-Chat", f"{HUB}/acme/Yi-6B-Chat", "merge", "apache-2.0", UNTIL),
            (BASE, f"{HUB}/meta/llama", "meta/llama", None, "finetune", None, None),
        ],
    ),
    "variant_commits": (
        _SMALL,
        [
            _commit(240, "Upload 240", [OWN[35]]),
            _commit(40, "", [], sha=sha("stray"), vanished_at=at(60), who=(None, None)),
            _commit(35, "Upload 35", [OWN[12]]),
            _commit(12, "Upload 12", [OWN[1]]),
            _commit(1, "Upload 1", []),
        ],
    ),
    "variant_copies": (
        _SMALL,
        [
            _copy("c2", "LICENSE", 0, 1, origin_path="LICENSE", boilerplate=True),
            _copy("c6", "back.py", 200, 35, origin_path="back.py"),
            _copy("c4", "config.json", 100, 240, origin_path="conf/config.json"),
            _copy("c1", "config.json", 10, 12, origin_path="conf/config.json", gone_at=at(240)),
            _copy("c3", "model.py", 30, 35, origin_path="yi/model.py"),
            (
                *(SMALL, RIVAL, sha("c5"), "weights.bin", "weights.bin", "asset", None, None, None),
                *(
                    OWN[35],
                    at(35),
                    "Bob",
                    "Upload 35",
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    1,
                ),
            ),
        ],
    ),
    "variant_attestations": (
        {"variants": [ALONE, SMALL]},
        [(ALONE, "e" * 64, "https://github.com/acme", "none", *[None] * 5, at(3))],
    ),
    "variant_evidence": (
        _SMALL,
        [
            (
                SMALL,
                YI,
                method,
                rank,
                strength,
                place,
                f"{YI} is said in {place}",
                None,
                at(day),
                None,
            )
            for method, rank, strength, place, day in (
                ("same_blob", 1, 0.98, "config.json", 200),
                ("ci_workflow", 2, 0.9, ".github/workflows/sync.yml", 300),
                ("card_link", 3, 0.6, "README.md", 210),
            )
        ]
        + [
            (
                *(SMALL, RIVAL, "card_link", 3, 0.3, "README.md"),
                *(f"{RIVAL} is said in README.md", "in a list of related work", at(210), None),
            )
        ],
    ),
    "variant_facts": (
        _SMALL,
        [
            (
                *(SMALL, "acme/Yi-6B", f"{HUB}/acme/Yi-6B", "id4", "other-1", *_TOLD),
                *("refs/heads/main", False, ["yi"], None, [*CARD_FACTS]),
            )
        ],
    ),
    "variant_files": (_SMALL, [(SMALL, "model.safetensors", "a" * 64, 1000, sha("pointer"), None)]),
    "variant_links": (
        {"variants": [SMALL, LOST, ALONE]},
        [
            (
                *(LOST, DEAD, "acme/dead", "https://github.com/acme/dead", None, None, None),
                *(["dead"], "apache-2.0", "id2", None, None, at(200), None, UNTIL, False, None),
            ),
            (
                *(SMALL, YI, "acme/Yi", "https://github.com/acme/Yi", 0.98, "same_blob"),
                *(
                    "upstream",
                    ["yi"],
                    "apache-2.0",
                    "id0",
                    None,
                    None,
                    None,
                    None,
                    UNTIL,
                    False,
                    None,
                ),
            ),
            (
                *(SMALL, RIVAL, "rival/yi-tools", RIVAL, 0.3, "card_link"),
                *("weaker", [], "apache-2.0", "id1", None, None, None, None, UNTIL, False, None),
            ),
        ],
    ),
    "variant_references": (
        _SMALL,
        [
            (
                SMALL,
                YI,
                "commit_url",
                OWN[35],
                at(35),
                UP[30],
                at(30),
                at(30),
                "Change 30",
                "Ann",
                None,
            )
        ],
    ),
    "variant_refs": (
        _SMALL,
        [
            (SMALL, "refs/heads/main", "branch", OWN[240], None),
            (SMALL, "refs/heads/old", "branch", OWN[12], None),
            (SMALL, "refs/tags/v1", "tag", OWN[12], None),
        ],
    ),
    "variants": (
        {"target": "ACME/Yi-Small"},
        [_variant(SMALL, "acme/Yi-6B", "former_name")],
    ),
}
