"""What the options of `hubtrace ingest` ask for, and whether they go together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graph.errors import HubtraceError

if TYPE_CHECKING:
    from hubtrace.hubs import Hubs
    from ingest.pasted import Asked
    from ingest.targets import FamilyTarget

_MOST = 10_000
"""Models of one owner. The largest have a few thousand."""
_NOTHING = """say what to ingest: a TARGET such as Qwen/Qwen2.5-7B or github.com/QwenLM/Qwen2.5; or
--org NAME, --top N, --families FILE, --from-study DIR, or --family with --upstream and --variant"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as it was typed."""

    targets: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()
    top: int | None = None
    task: str | None = None
    min_downloads: int = 0
    family: str | None = None
    upstreams: tuple[str, ...] = ()
    upstream_paths: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    families_file: Path | None = None
    study: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not go together, before anything is read."""
        listed = bool(self.targets or self.orgs or self.top is not None)
        said = bool(self.family or self.upstreams or self.upstream_paths or self.variants)
        files = (self.families_file is not None) + (self.study is not None)
        if not (listed or said or files):
            raise HubtraceError(" ".join(_NOTHING.split()))
        if files > 1 or (files and (listed or said)):
            raise HubtraceError("--families and --from-study name all projects; give nothing else")
        if listed and self.variants:
            raise HubtraceError("--variant goes with --family; name the variant as a TARGET")
        if listed and self.family and not self.upstreams:
            raise HubtraceError("--family names what --upstream says; without it names are found")
        if (self.task or self.min_downloads) and not (self.top or self.orgs):
            raise HubtraceError("--task and --min-downloads narrow --top or --org; give one")
        if said and not listed and not self.family:
            raise HubtraceError("--family NAME is missing: what is the family called?")
        if self.upstream_paths and len(self.upstreams) != 1:
            raise HubtraceError(
                "--upstream-path needs exactly one --upstream; for more, write a families file"
            )

    @property
    def is_stated(self) -> bool:
        """True if the families are said, so that nothing has to be found."""
        return self.families_file is not None or bool(self.family or self.upstreams)

    def asked(self, hubs: "Hubs", held: "Iterable[Asked]" = ()) -> "list[Asked]":
        """Return the projects that are asked for; lists are asked of the Hub.

        `held` are the projects of the snapshot: an owner's model that is listed no more is asked
        for by its name, so that it is seen what became of it.

        Raises:
            SourceError: a target is none, an owner has no models, or the Hub cannot be asked.
        """
        from ingest.pasted import parse_pasted

        named = [parse_pasted(text, hubs.web) for text in self.targets]
        owners = {owner.lower() for owner in self.orgs}
        known = [one for one in held if one.name.partition("/")[0].lower() in owners]
        return list(dict.fromkeys([*named, *self._listed(hubs), *known]))

    def families(self, hubs: "Hubs") -> "list[FamilyTarget]":
        """Return the families that are said.

        Raises:
            TableError: the families file is broken.
            SourceError: as `asked`, or a target is no variant.
        """
        from ingest.families_file import read_families
        from ingest.records import Side
        from ingest.targets import FamilyTarget, Target, hosted_project, parse_target

        if self.families_file is not None:
            return read_families(self.families_file, hubs.web)
        upstreams = [
            parse_target(Side.UPSTREAM, text, self.upstream_paths, hubs.web)
            for text in self.upstreams
        ]
        variants = [parse_target(Side.DOWNSTREAM, text, web=hubs.web) for text in self.variants]
        for asked in self.asked(hubs):
            if asked.side is Side.UPSTREAM:
                raise HubtraceError(
                    f"{asked.name} is a repository; with --upstream the targets are its variants"
                )
            project = hosted_project(asked.side, asked.name, hubs.web)
            variants.append(Target(project, project.url))
        name = self.family or upstreams[0].project.name
        return [FamilyTarget(name, tuple(upstreams), tuple(variants))]

    def _listed(self, hubs: "Hubs") -> "Iterator[Asked]":
        from ingest.huggingface import Wanted as Models
        from ingest.pasted import Asked
        from ingest.records import Side

        lists: list[tuple[str | None, int]] = [(owner, _MOST) for owner in self.orgs]
        if self.top is not None:
            lists.append((None, self.top))
        for owner, most in lists:
            wanted = Models(
                author=owner, task=self.task, min_downloads=self.min_downloads, most=most
            )
            listing = hubs.hugging_face.models(wanted)
            if not listing.models:
                whose = f"{owner} has" if owner else "there are"
                raise HubtraceError(f"{whose} no models on the Hub that were asked for")
            for model in listing.models:
                yield Asked(Side.DOWNSTREAM, model.name)
