"""A world whose origins are known: the ground on which precision and recall are measured.

Everything is made by real git with real LFS pointers: 32 repositories of 16 owners, 4 forks and 3
tools; 64 variants that come from them, each told by other evidence; 16 variants that others made of
these, and 8 that come from nowhere. In between are decoys of every kind: a tokenizer and a licence
that many share, forks, vendored code, links to tools and to another repository of the same owner,
inspired-by links, lists of the community.
"""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import (
    Asset,
    BaseModel,
    HostData,
    Observation,
    Paper,
    ProjectMetadata,
    Ref,
    RefKind,
    Release,
    Text,
    TreeFile,
)
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import ProjectData
from hubtrace.ingest.sources.git.log import read_log
from hubtrace.ingest.sources.git.runner import Git
from tests.ingest.provenance_texts import TOOLS, card, readme, workflow
from tests.ingest.worlds import World, blob_id

DAY = 86_400
EPOCH = 1_650_000_000
KINDS = ("files", "large", "message", "owner", "code", "paper", "asset", "workflow", "link")
"""What the card, the commits or the files of a variant tell, beside its decoys."""

_NAMES = (
    *("Orrery", "Lantern", "Cinder", "Thistle", "Marlin", "Quartz", "Bramble", "Falcon"),
    *("Juniper", "Kestrel", "Nimbus", "Pumice", "Saffron", "Tundra", "Willow", "Zephyr"),
    *("Alder", "Basalt", "Clover", "Drumlin", "Ember", "Fjord", "Gannet", "Heather"),
    *("Isthmus", "Jackdaw", "Krill", "Lichen", "Moraine", "Nettle", "Osprey", "Petrel"),
)
_OWNERS = (
    *("acorn", "birch", "cobalt", "dune", "estuary", "flint", "grove", "harbor"),
    *("inlet", "jasper", "kelp", "larch", "meadow", "north", "opal", "prairie"),
)
_LICENCE = b"A licence that everybody uses.\n" * 40
_TOKENIZER = b'{"model": "the tokenizer that many share"}\n'

Origin = tuple[str, str, str]
"""Repository, path in it, and sha of the commit that a file comes from."""


@dataclass
class Made:
    """A project of the world: its commits, and what its host tells of it."""

    name: str
    side: Side
    world: World
    steps: list[tuple[dict[bytes, bytes], bytes, int]] = field(default_factory=list)
    shas: list[str] = field(default_factory=list)
    details: HostData = field(default_factory=lambda: HostData(ProjectMetadata("", "")))

    def add(self, day: float, message: str, files: Mapping[str, bytes]) -> int:
        """Plan a commit; return its number."""
        changes = {path.encode(): content for path, content in files.items()}
        self.steps.append((changes, f"{message}\n".encode(), EPOCH + round(day * DAY)))
        return len(self.steps) - 1

    def make(self) -> None:
        """Let git make the planned commits."""
        self.shas = self.world.grow(self.steps, self.author)

    @property
    def author(self) -> bytes:
        """Whoever makes the commits: on both sides one person for each owner."""
        return f"P <p@{self.name.partition('/')[0].lower()[:4]}.example>".encode()

    def tell(self, kind: str, path: str, text: str) -> None:
        """Let its host tell a text."""
        texts = (*self.details.texts, Text(kind, path, None, text))
        self.details = replace(self.details, texts=texts)

    @property
    def project(self) -> Project:
        """The project as a snapshot has it."""
        host = "https://github.com" if self.side is Side.UPSTREAM else "https://huggingface.co"
        url = f"{host}/{self.name}"
        return Project(url.lower(), self.side, self.name, url)


@dataclass
class Truth:
    """What is so in the world, by names."""

    upstream: dict[str, str | None] = field(default_factory=dict)
    """Variant → the repository that it comes from; None if from nowhere."""
    member: dict[str, bool] = field(default_factory=dict)
    """Variant → True if that repository's people released it."""
    origins: dict[tuple[str, str], Origin] = field(default_factory=dict)
    """Variant and path → where the file comes from."""
    kind: dict[str, str] = field(default_factory=dict)


class Provenance:
    """The world under `folder`; the same for the same seed."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        self._folder = folder
        shuffled = random.Random(seed)
        self._names = shuffled.sample(_NAMES, len(_NAMES))
        self._owners = shuffled.sample(_OWNERS, len(_OWNERS))
        self._kinds = shuffled.sample(KINDS * 8, 2 * len(_NAMES))
        self.truth = Truth()
        self.repositories: dict[str, Made] = {}
        self.variants: dict[str, Made] = {}
        self._weights: dict[str, tuple[bytes, str, int]] = {}
        for number in range(len(_NAMES)):
            self._repository(number)
        self._vendor()
        for made in self.repositories.values():
            made.make()
        for number, name in enumerate(list(self.repositories)):
            if number % 8 == 0:
                self._fork(name)
        for tool in TOOLS:
            self._made(tool, Side.UPSTREAM).add(0, "A tool", {"tool.py": tool.encode()})
            self.repositories[tool].make()
        for number in range(len(_NAMES)):
            for size in ("7B", "34B"):
                self._variant(number, size)
        for number in range(16):
            self._quantized(number)
        for number in range(8):
            self._stray(number)
        self._publish()

    def write(self, path: Path) -> SnapshotWriter:
        """Write all of it, as git reads it, into a snapshot, with what its hosts tell."""
        writer = SnapshotWriter(path)
        for made in (*self.repositories.values(), *self.variants.values()):
            facts = replace(made.details.facts, host_id=made.name, name=made.name)
            details = replace(made.details, facts=facts)
            commits = read_log(Git(made.world.path, made.name), [made.shas[-1]], [], _warn)
            main = Ref("refs/heads/main", RefKind.BRANCH, made.shas[-1])
            seen = Observation(EPOCH + 1_000 * DAY, main.name, (main,))
            writer.write_project(ProjectData(made.project, seen, commits, details=details), "test")
        return writer

    def org_of(self, number: int) -> str:
        """Return the name on the Hub of a repository's owner."""
        owner = self._owners[number // 2]
        names = (owner, f"{owner}-ai", f"{owner.upper()}LM", f"the-{owner[::-1]}-models")
        return names[number // 2 % 4]

    def name_of(self, number: int) -> str:
        """Return `owner/name` of a repository."""
        return f"{self._owners[number // 2]}/{self._names[number]}"

    def _made(self, name: str, side: Side) -> Made:
        shelf = self.repositories if side is Side.UPSTREAM else self.variants
        folder = self._folder / side / name.replace("/", "--")
        shelf[name] = Made(name, side, World(folder))
        return shelf[name]

    def _repository(self, number: int) -> None:
        """Plan a repository of nine commits: configurations, code, a pointer, and later changes."""
        made = self._made(self.name_of(number), Side.UPSTREAM)
        name, start = made.name, 3.0 * number
        made.add(start, "Begin", {"LICENSE": _LICENCE, "setup.py": f"# {name}\n".encode()})
        for size in ("7B", "34B"):
            made.add(start + 1, f"Configure {size}", {f"configs/{size}.json": _config(name, size)})
        made.add(
            start + 2, "Model", {f"src/modeling_{self._names[number].lower()}.py": _code(name, 1)}
        )
        if number % 4 == 0:
            made.add(start + 3, "Tokenizer", {"tokenizer/tokenizer.json": _TOKENIZER})
        content = f"weights of {name}".encode()
        digest = hashlib.sha256(content).hexdigest()
        self._weights[name] = (_pointer(digest, len(content)), digest, len(content))
        if number % 8 == 6:
            release = Release(
                "v1", "One", EPOCH, (Asset("w.bin", len(content), f"sha256:{digest}"),)
            )
            made.details = replace(made.details, releases=(release,))
        else:
            made.add(start + 4, "Weights", {"weights/model.bin": self._weights[name][0]})
        made.add(start + 200, "Change the model", {"src/later.py": _code(name, 2)})
        made.add(start + 201, "Configure again", {"configs/7B.json": _config(name, "new")})

    def _vendor(self) -> None:
        """Let every fifth repository carry the code of the one before it, from later on."""
        for number in range(5, len(_NAMES), 5):
            code = _code(self.name_of(number - 1), 1)
            self.repositories[self.name_of(number)].add(
                400, "Vendor", {f"third_party/modeling_{self._names[number - 1].lower()}.py": code}
            )

    def _fork(self, name: str) -> None:
        """Fork a repository after its fourth commit, and go on with it."""
        source = self.repositories[name]
        made = self._made(f"forker/{name.partition('/')[2]}", Side.UPSTREAM)
        made.shas = made.world.grow(source.steps[:6], source.author)
        alone = {b"own.py": name.encode()}
        made.shas.append(made.world.commit(alone, at=EPOCH + 300 * DAY, author=made.author))
        made.details = replace(made.details, facts=replace(made.details.facts, fork_of=name))
        made.tell("readme", "README.md", f"# Fork of {name}\n")

    def _variant(self, number: int, size: str) -> None:
        """Make a variant that the repository's people released, told by one kind of evidence."""
        upstream = self.repositories[self.name_of(number)]
        kind = self._kinds[2 * number + (size == "34B")]
        if kind in ("large", "asset"):  # which of the two the repository has
            kind = "asset" if upstream.details.releases else "large"
        name = f"{self.org_of(number)}/{self._names[number]}-{size}"
        made = self._made(name, Side.DOWNSTREAM)
        self.truth.upstream[name], self.truth.member[name] = upstream.name, True
        self.truth.kind[name] = kind
        day = 3.0 * number + 20
        files = {"LICENSE": _LICENCE}
        if number % 4 == 0:
            files["tokenizer.json"] = _TOKENIZER
        message = "initial commit"
        if kind == "files":
            files |= self._copied(name, upstream, size)
        elif kind in ("large", "asset"):
            files["model.bin"] = self._large(made, upstream, pointer=kind == "large")
        elif kind == "message":
            source = f"git://github.com/{upstream.name}.git/commit/{upstream.shas[3]}"
            message = f"Auto Sync from {source}"
        elif kind == "paper":
            page = f"https://github.com/{upstream.name}"
            made.details = replace(made.details, papers=(Paper(f"2401.{number:05}", page),))
        text = self._card(number, name, kind)
        made.tell("card", "README.md", text)
        made.add(day, message, {**files, "README.md": text.encode()})
        made.make()

    def _card(self, number: int, name: str, kind: str) -> str:
        """Return the card of a variant: what tells its repository, and decoys.

        A link to another repository of the same owner is among them, but not where names alone
        tell the right one: then nobody could tell.
        """
        own, sibling = self.name_of(number), self.name_of(number ^ 1)
        hidden = kind == "owner" and number % 3 == 2  # the README lists nothing
        return card(
            name,
            own if kind == "code" else None,
            plain=own if kind == "link" else None if hidden else sibling,
            inspired=self.name_of((number + 7) % len(_NAMES)),
            fork=number % 3 == 0,
        )

    def _copied(self, name: str, upstream: Made, size: str) -> dict[str, bytes]:
        """Return the configuration and code that a variant has from its repository."""
        short = upstream.name.partition("/")[2].lower()
        source = f"src/modeling_{short}.py"
        self.truth.origins[name, "config.json"] = (
            *(upstream.name, f"configs/{size}.json", upstream.shas[1 if size == "7B" else 2]),
        )
        self.truth.origins[name, f"modeling_{short}.py"] = upstream.name, source, upstream.shas[3]
        return {
            "config.json": _config(upstream.name, size),
            f"modeling_{short}.py": _code(upstream.name, 1),
        }

    def _large(self, made: Made, upstream: Made, *, pointer: bool) -> bytes:
        """Return the pointer of the weights, and let the Hub tell their SHA-256."""
        content, digest, size = self._weights[upstream.name]
        file = TreeFile("model.bin", blob_id(content), size, digest, size)
        made.details = replace(made.details, files=(file,))
        number = next((n for n, step in enumerate(upstream.steps) if b"Weights" in step[1]), None)
        if pointer and number is not None:
            self.truth.origins[made.name, "model.bin"] = (
                *(upstream.name, "weights/model.bin", upstream.shas[number]),
            )
        return content

    def _quantized(self, number: int) -> None:
        """Make a variant of somebody else's variant, with its files and its links."""
        base = self.variants[list(self.variants)[number * 3]]
        upstream = self.truth.upstream[base.name]
        assert upstream is not None
        name = f"quantizer/{base.name.partition('/')[2]}-GGUF"
        made = self._made(name, Side.DOWNSTREAM)
        self.truth.upstream[name], self.truth.member[name] = upstream, False
        self.truth.kind[name] = "derived"
        facts = replace(made.details.facts, base_models=(BaseModel(base.name, "quantized"),))
        made.details = replace(made.details, facts=facts)
        files = {k.decode(): v for k, v in base.steps[0][0].items() if k != b"README.md"}
        for (variant, path), origin in list(self.truth.origins.items()):
            if variant == base.name:
                self.truth.origins[name, path] = origin
        text = f"# {name}\nOriginal model: https://huggingface.co/{base.name}\n"
        text += f"Original repository: https://github.com/{upstream}\n"
        text += f"Quantized with [llama.cpp](https://github.com/{TOOLS[1]}).\n"
        made.tell("card", "README.md", text)
        made.add(500 + number, "Upload", {**files, "README.md": text.encode()})
        made.make()

    def _stray(self, number: int) -> None:
        """Make a variant from nowhere, full of what looks like evidence."""
        name = f"stray-{number}/Model-{number}"
        made = self._made(name, Side.DOWNSTREAM)
        self.truth.upstream[name], self.truth.member[name] = None, False
        self.truth.kind[name] = "stray"
        text = card(name, None, plain=None, inspired=self.name_of(number), fork=False)
        made.tell("card", "README.md", text)
        files = {"LICENSE": _LICENCE, "README.md": text.encode()}
        if number % 2:
            files["tokenizer.json"] = _TOKENIZER
        made.add(600 + number, "Upload", files)
        made.make()

    def _publish(self) -> None:
        """Let the repositories tell their READMEs and workflows."""
        for number in range(len(_NAMES)):
            made = self.repositories[self.name_of(number)]
            own = [v for v, repository in self.truth.upstream.items() if repository == made.name]
            members = [name for name in own if self.truth.member[name]]
            others = [name for name in own if not self.truth.member[name]]
            rival = self.org_of((number + 5) % len(_NAMES))
            listed = members if number % 3 != 2 else []
            text = readme(made.name, self.org_of(number), listed, others, rival)
            made.tell("readme", "README.md", text)
            published = [name for name in members if self.truth.kind[name] == "workflow"]
            if published:
                made.tell("workflow", ".github/workflows/publish.yml", workflow(published))


def _warn(warning: str) -> None:
    raise AssertionError(warning)


def _config(name: str, size: str) -> bytes:
    return f'{{"model": "{name}", "size": "{size}"}}\n'.encode()


def _code(name: str, version: int) -> bytes:
    return f"# {name}, version {version}\n".encode() * 20


def _pointer(digest: str, size: int) -> bytes:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"
    return text.encode()
