"""What the questions about copies answer on the hand-made world, counted by hand."""

from typing import Any

from tests.queries.worlds import DAY, at

STEADY, MONO = "gh/acme/steady", "gh/acme/mono"
LARGE, SMALL, PART, LEFT = "hf/acme/large", "hf/acme/small", "hf/acme/part", "hf/acme/left"
OF_COPIES: dict[str, list[tuple[Any, ...]]] = {}

_TWO = (SMALL, "acme/small", "model.py", "f1", "blob", False, 0.5)
_BIN = (LARGE, "acme/large", "w.bin", "f3", "asset", False, 1.0)
_TEXT = (LARGE, "acme/large", "LICENSE", "f2", "blob", True, 0.0)
_OF = (STEADY, "acme/steady")
OF_COPIES["origins"] = [
    (*_TEXT, *_OF, "src/LICENSE", "s1", at(0), None, "b1", at(31), None, 31 * DAY, True),
    (*_BIN, *_OF, "src/w.bin", None, at(30), None, "b1", at(31), at(200), DAY, True),
    (
        *(*_TWO, MONO, "acme/mono", "src/model.py", "m1", at(0), None),
        *("a1", at(3), None, 3 * DAY, True),
    ),
    (*_TWO, *_OF, "src/model.py", "s2", at(1), None, "a1", at(3), None, 2 * DAY, False),
]
for _name in ("carriers", "trace_commit", "trace_blob", "trace_references", "commit_places"):
    OF_COPIES[_name] = []
OF_COPIES["revisions"] = [
    (STEADY, "refs/tags/v1", "s3", at(15)),
    (SMALL, "refs/tags/v1", "a3", at(60)),
]
OF_COPIES["trace_path"] = [
    ("m1", MONO, "src/model.py", 1),
    ("s1", STEADY, "src/LICENSE", 1),
    ("s2", STEADY, "src/model.py", 1),
]
OF_COPIES["blob_weight"] = [
    ("f1", False, 0.5, [MONO, STEADY], [SMALL]),
    ("f2", True, 0.0, [STEADY], [LARGE]),
    ("f3", False, 1.0, [STEADY], [LARGE]),
]
OF_COPIES["families_between"] = [
    (LARGE, STEADY, "steady", None),
    (LEFT, "gh/acme/gone", "gone", None),
    (PART, MONO, "scoped", ["lib/"]),
    (SMALL, STEADY, "steady", None),
]
OF_COPIES["people_between"] = [
    (LARGE, STEADY, "hmac:2", "github:ann", "ann", "same_name", 1, 2),
    (PART, MONO, "hmac:3", "github:bob", "bob", "same_name", 1, 2),
    (SMALL, STEADY, "hmac:2", "github:ann", "ann", "same_name", 2, 2),
    (SMALL, STEADY, "hmac:1", "hmac:1", None, "same_key", 1, 1),
]
OF_COPIES["bases_between"] = [
    (LARGE, 1, ["acme/large", "acme/small"], ["finetune"], MONO, 0.2, [], 1),
    (LARGE, 1, ["acme/large", "acme/small"], ["finetune"], STEADY, 0.93, ["steady"], 1),
]
