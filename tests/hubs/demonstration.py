"""A small world on both loopback hubs, to be watched and to be tested on.

    with Demonstration(folder) as world:
        hubtrace ingest acme/atlas-7b --github-url WORLD.github.url --hf-endpoint WORLD.hub.url
        world.a_month_later()

`python -m tests.hubs.demonstration` runs it until its standard input ends, and tells the addresses
in one line of JSON; a line `later` lets a month pass. `hubtrace demo --live` is built on that.

Three families, twelve variants: repositories that were renamed, archived and deleted, a gated
model, pull requests on both hubs, somebody else's quantization, a dead link and no link at all.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from .github import GitHubHub, GitHubWorld, Repository
from .huggingface import HuggingFaceHub, Model, User, pointer
from .worlds import START

DAY = 86_400
TOKEN = "demonstration"
"""A token that both hubs let in."""
ADA = b"Ada Lovelace <ada@example.org>"
HUB_ADA = b"ada <ada@users.noreply.huggingface.co>"


@dataclass(frozen=True, slots=True)
class Released:
    """A variant: when it was committed to, and what its card says."""

    name: str
    days: tuple[int, ...]
    card: str
    base: Mapping[str, str] | None = None
    gated: str | None = None
    downloads: int = 100


_CODE = "\n**Code:** https://github.com/{}\n"
VARIANTS = (
    Released("acme/atlas-7b", (3, 17, 31, 45), _CODE.format("acme-lab/atlas"), downloads=9_000),
    Released("acme/atlas-7b-chat", (17, 45), _CODE.format("acme-lab/atlas"), downloads=7_000),
    Released("acme/atlas-1b", (31,), "\nA small atlas.\n", downloads=2_000),
    Released(
        "acme/atlas-70b", (45, 59), _CODE.format("acme-lab/atlas"), gated="manual", downloads=5_000
    ),
    Released("borealis/aurora-base", (2, 30), _CODE.format("borealis-ai/aurora-v1")),
    Released("borealis/aurora-small", (30, 58), _CODE.format("borealis-ai/aurora")),
    Released("borealis/aurora-code", (58,), _CODE.format("borealis-ai/aurora")),
    Released("cirrus/nimbus-3b", (1, 100), _CODE.format("cirrus/nimbus")),
    Released("cirrus/nimbus-3b-instruct", (100,), "\nNimbus that does as it is told.\n"),
    Released(
        "thebits/atlas-7b-gguf",
        (20,),
        "\nMade from https://github.com/acme-lab/atlas by conversion.\n",
        {"acme/atlas-7b": "quantized"},
        downloads=4_000,
    ),
    Released("dusk/lost-1b", (5,), _CODE.format("dusk/lost")),
    Released("echo/silent", (6,), "\nNo word of where this comes from.\n"),
)


class Demonstration:
    """Both hubs, running for the length of a `with`, and what lies on them."""

    def __init__(self, folder: Path) -> None:
        self.github = GitHubHub(GitHubWorld(folder / "github"))
        self.hub = HuggingFaceHub(folder / "hub")
        self.github.allow(TOKEN, "ada")
        self.hub.users[TOKEN] = User("ada")
        self._running = ExitStack()
        self._make_repositories()
        for released in VARIANTS:
            self._release(released)
        aurora = self.model("borealis/aurora-code")
        base = aurora.git.commits
        aurora.git.commit({b"config.json": b"[]"}, ref="refs/pr/1", parents=base, at=_day(60))
        aurora.pulls = {1: "open"}
        atlas = self.model("acme/atlas-7b").git
        atlas.tag("v1.0", atlas.commits[1])

    def __enter__(self) -> Self:
        self._running.enter_context(self.github)
        self._running.enter_context(self.hub)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.__exit__(kind, error, trace)

    def repository(self, name: str) -> Repository:
        """Return a repository by a name that it has or had."""
        found = self.github.world.find(name)
        assert found is not None, name
        return found

    def model(self, name: str) -> Model:
        """Return a model by a name that it has or had."""
        found = self.hub.models.find(name)
        assert found is not None, name
        return found

    def a_month_later(self) -> None:
        """Let happen what hubs forget: renames, deletions, rewritten histories, closed gates."""
        self.github.world.rename("acme-lab/atlas", "atlas-foundation/atlas")
        nimbus = self.repository("cirrus/nimbus")
        self.github.world.remove("cirrus/nimbus")
        shutil.rmtree(nimbus.git.path)
        chat = self.model("acme/atlas-7b-chat")
        card = _card(VARIANTS[1])
        chat.git.commit(
            {b"README.md": card, b"config.json": b'{"squashed": 1}'},
            parents=[],
            message=b"Super-squash branch 'main' using huggingface_hub\n",
            at=_day(75),
            author=HUB_ADA,
        )
        self.model("acme/atlas-7b").gated = "auto"
        self.hub.models.rename("borealis/aurora-small", "borealis/aurora-mini")
        self.hub.models.remove("echo/silent")
        self.model("borealis/aurora-base").private = True

    def _make_repositories(self) -> None:
        world = self.github.world
        atlas = world.repository("acme-lab/atlas", licence="apache-2.0", stars=42)
        _code(atlas, (0, 14, 28, 42, 56), _ATLAS_README)
        atlas.git.commit({b".github/workflows/release.yml": _WORKFLOW}, at=_day(57))
        base = atlas.git.commits[2:3]
        fix = atlas.git.commit(
            {b"train.py": b"fix"}, ref="refs/heads/fix", parents=base, at=_day(43)
        )
        atlas.git.tag("v1.0", atlas.git.commits[2], annotated=True)
        atlas.release("v1.0", name="Atlas 1", at=_day(29), assets={"atlas.bin": b"weights"})
        atlas.pull(fix)
        aurora = world.repository("borealis-ai/aurora-v1", licence="mit")
        _code(aurora, (0, 1, 29, 57), _AURORA_README)
        world.rename("borealis-ai/aurora-v1", "borealis-ai/aurora")
        nimbus = world.repository("cirrus/nimbus", archived=True)
        _code(nimbus, (0, 20), b"# Nimbus\n\nSee https://huggingface.co/cirrus/nimbus-3b.\n")

    def _release(self, released: Released) -> None:
        model = self.hub.add(
            released.name,
            downloads=released.downloads,
            gated=released.gated,
            base_models=dict(released.base or {}),
            library="transformers",
            task="text-generation",
        )
        name = released.name.partition("/")[2]
        for number, day in enumerate(released.days):
            weights = f"{released.name} {number}".encode() * 50
            changes = {b"model.safetensors": pointer(weights), b"config.json": _config(name)}
            if number == 0:
                changes[b"README.md"] = _card(released)
            message = b"Upload folder using huggingface_hub\n"
            model.git.commit(changes, at=_day(day), author=HUB_ADA, message=message)


_ATLAS_README = b"""# Atlas

Weights: [7B](https://huggingface.co/acme/atlas-7b), [chat](https://huggingface.co/acme/atlas-7b-chat)
and [1B](https://huggingface.co/acme/atlas-1b).
"""
_AURORA_README = b"# Aurora\n\nAll models: https://huggingface.co/borealis\n"
_WORKFLOW = b"""on: push
jobs:
  release:
    strategy:
      matrix:
        model: [atlas-7b, atlas-70b]
    steps:
      - run: hf upload acme/${{ matrix.model }} ./out .
"""


def _code(repository: Repository, days: tuple[int, ...], readme: bytes) -> None:
    for number, day in enumerate(days):
        changes = {b"train.py": b"step %d" % number}
        if number == 0:
            changes |= {b"README.md": readme, b"configs/model.json": _config(repository.name)}
        repository.git.commit(changes, at=_day(day), author=ADA)


def _card(released: Released) -> bytes:
    name = released.name.partition("/")[2]
    return f"---\npipeline_tag: text-generation\n---\n# {name}\n{released.card}".encode()


def _config(name: str) -> bytes:
    """Return a file that the variants of a family and its repository have in common.

    It is as long as such files are: a shorter one proves no origin (docs/decisions/0055).
    """
    kind = name.rpartition("/")[2].split("-")[0]
    fields = {
        "architectures": [f"{kind.title()}ForCausalLM"],
        "hidden_act": "silu",
        "intermediate_size": 11_008,
        "max_position_embeddings": 4_096,
        "model_type": kind,
        "num_attention_heads": 32,
        "num_hidden_layers": len(kind) * 4,
        "rope_theta": 10_000.0,
        "vocab_size": 32_000,
    }
    return f"{json.dumps(fields, indent=2)}\n".encode()


def _day(day: int) -> int:
    return START + day * DAY


def main() -> None:
    """Run the hubs until standard input ends."""
    with tempfile.TemporaryDirectory() as folder, Demonstration(Path(folder)) as world:
        print(json.dumps({"github": world.github.api, "hub": world.hub.url}), flush=True)
        for line in sys.stdin:
            if line.strip() == "later":
                world.a_month_later()
                print(json.dumps({"later": True}), flush=True)


if __name__ == "__main__":
    main()
