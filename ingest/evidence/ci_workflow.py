"""`ci_workflow`: a workflow of the repository publishes to the variant.

Four ways are known: the hub-sync action and its relatives, the Hub's command line (`hf upload`,
`huggingface-cli upload`), git pushes to the Hub, and Python that pushes (`push_to_hub`,
`upload_folder`). Matrices are expanded. Only models count: an upload to a dataset or a Space is
none, and hub-sync without `repo_type: model` is one to a Space.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from ingest.evidence.addresses import addresses_in, variant_in, variant_named
from ingest.evidence.found import Found, found
from ingest.evidence.shell import commands
from ingest.evidence.workflow import Step, exported, steps_of
from ingest.facts import Details

_ACTION = re.compile(r"(?:hub|hugging-?face(?:-hub|-space)?)[-_]sync(?:-action)?$|hugging-repo$")
_TARGETS = ("huggingface_repo_id", "huggingface_repo", "hf_repo_id", "hf_repo", "repo_id")
_PROGRAMS = {"hf", "huggingface-cli"}
_UPLOADS = {"upload", "upload-large-folder"}
_PYTHON = re.compile(r"push_to_hub|upload_(?:folder|file|large_folder)|create_commit")
_PYTHON_NAME = re.compile(
    r"(?:push_to_hub\(\s*|(?:repo_id|hub_model_id)\s*=\s*)[\"']([^\"'\s]{3,200})[\"']"
)
_OPTIONS = {"--hub_model_id", "--hub-model-id", "--repo-id", "--repo_id"}
_OF_INTEREST = re.compile(
    rf"hugging|\bhf\b|hf\.co|hub[-_](?:sync|model)|{_PYTHON.pattern}", re.IGNORECASE
)
"""What a workflow that publishes has somewhere in it; the others need not be unrolled."""
_OTHER_KINDS = re.compile(r"repo_type\s*=\s*[\"'](?:dataset|space)")


def ci_workflow(repository: str, details: Details) -> Iterator[tuple[str, Found]]:
    """Yield the variants that the workflows of a repository publish to, each once per file."""
    for text in details.texts:
        if text.kind != "workflow" or not _OF_INTEREST.search(text.text):
            continue
        seen: set[str] = set()
        for step in steps_of(text.text, repository):
            for variant, said in _published(step):
                if variant not in seen:
                    seen.add(variant)
                    place = f"{text.path}:{step.job}"
                    yield variant, found("ci_workflow", repository, place, said)


def _published(step: Step) -> Iterator[tuple[str, str]]:
    """Yield the models that a step publishes to, and how it says so."""
    targets = [*_by_action(step), *_by_command(step), *_by_python(step)]
    for name, said in targets:
        variant = variant_named(name)
        if variant:
            yield variant, said


def _by_action(step: Step) -> Iterator[tuple[str, str]]:
    if not _ACTION.search(step.uses.lower()):
        return
    if step.inputs.get("repo_type", "space").lower() == "model":
        for target in _TARGETS:
            if target in step.inputs:
                yield step.inputs[target], f"uses {step.uses}, {target}: {step.inputs[target]}"


def _by_command(step: Step) -> Iterator[tuple[str, str]]:
    environment = {**step.environment, **exported(step.run)}
    for words in commands(step.run, environment):
        yield from _by_hub_program(words)
        yield from _by_git(words)
        yield from _by_option(words)


def _by_hub_program(words: list[str]) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(words[:-2]):
        if word.rpartition("/")[2] in _PROGRAMS and words[position + 1] in _UPLOADS:
            rest = words[position + 2 :]
            options = _options(rest)
            if options.get("--repo-type", "model") == "model":
                name = options.get("", "")
                yield name, f"{word} {words[position + 1]} {name}"
            return


def _options(words: Iterable[str]) -> Mapping[str, str]:
    """Return the options of `hf upload` by name, and under the empty name the first argument."""
    found_: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            if equals:
                found_[name], name = value, ""
        elif name:
            found_.setdefault(name, word)
            name = ""
        else:
            found_.setdefault("", word)
    return found_


def _by_git(words: list[str]) -> Iterator[tuple[str, str]]:
    if words[:1] != ["git"] or not {"push", "remote"} & set(words[1:4]):
        return
    for word in words:
        for url in addresses_in(word):
            variant = variant_in(url)
            if variant:
                yield variant, f"git {words[1]} to huggingface.co/{variant}"


def _by_option(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what a training script is told to push to: `--hub_model_id org/name`."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in _OPTIONS and any(part.startswith("--push_to_hub") for part in words):
            yield (value if equals else following), f"{name} {value if equals else following}"


def _by_python(step: Step) -> Iterator[tuple[str, str]]:
    if _PYTHON.search(step.run) and not _OTHER_KINDS.search(step.run):
        for match in _PYTHON_NAME.finditer(step.run):
            yield match[1], match[0]
