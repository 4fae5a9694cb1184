"""`ci_workflow`: what the steps of a repository's workflows publish to the Hub.

Only what is published to counts: a model that is downloaded, looked up, fetched, printed or
commented out is somebody's, not the repository's.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from hubtrace.ingest.evidence.mentions import addresses_in, variant_in, variant_named
from hubtrace.ingest.evidence.model import Evidence, observed
from hubtrace.ingest.evidence.python_calls import published
from hubtrace.ingest.evidence.shell import Command, commands
from hubtrace.ingest.evidence.unreadable import Unread, guarded, in_each
from hubtrace.ingest.evidence.workflow import Step, exported, steps_of
from hubtrace.ingest.records import HostData, Text

_ACTION = re.compile(
    r"(?:hub|hugging-?face|hf)[\w-]*[-_/](?:\w+[-_])*(?:sync|upload|push|publish|deploy|release)|"
    r"(?:sync|upload|push|publish|deploy|release)[\w-]*[-_](?:hf|hub|hugging-?face)(?:[-_.]|$)|"
    r"hugging-repo$"
)
_IS_SYNC = re.compile(r"sync|hugging-repo")
"""Actions that publish to a space if nobody says otherwise."""
_TARGETS = (
    *("huggingface_repo_id", "huggingface_repo", "huggingface-repo", "hf_repo_id", "hf-repo-id"),
    *("hf_repo", "hf-repo", "repo_id", "repo-id", "hub_model_id", "model_id", "model-id"),
    *("repo_name", "repo-name", "repository", "model"),
)
_PROGRAMS = {"hf", "huggingface-cli", "huggingface_hub.cli.hf"}
_UPLOADS = {"upload", "upload-large-folder"}
_OPTIONS = {"--hub_model_id", "--hub-model-id", "--repo-id", "--repo_id", "--hub-repo", "--hf-repo"}
_PUSHES = ("--push_to_hub", "--push-to-hub", "--upload", "--push")
_VERBS = {"upload", "push", "publish", "release", "deploy"}
"""What a project's own program is called with that publishes."""
_WITH_VALUE = {
    *("--repo-type", "--revision", "--commit-message", "--commit-description", "--every"),
    *("--token", "--num-workers", "--include", "--exclude", "--delete"),
}
"""Options of `hf upload` that a value follows; the others are switches."""
_SILENT = {"echo", "printf", "cat", "grep", "sed", "awk", ":", "true", "test", "[", "[["}
_NO_MODEL = re.compile(r"(?i)data_?-?sets?(?![a-z])|(?<![a-z])spaces?(?![a-z])")
"""In the name of a script: what it publishes is no model."""
_SCRIPT = re.compile(r"(?:^|/)[\w.-]*(?:upload|push|publish|deploy|release|sync)[\w.-]*$")
_PATH = re.compile(r"(?:\./)?\w[\w./-]{0,200}\.(?:py|sh)")
_PYTHON = re.compile(r"(?:^|/)python[\d.]*$")
_SHELLS = {"bash", "sh", "zsh", "dash"}
_OF_INTEREST = re.compile(
    r"hugging|(?<![a-z])hf(?![a-z])|hub[-_](?:sync|model)|push_to_hub|push-to-hub|HF_|upload_(?:folder|file)",
    re.IGNORECASE,
)
"""What a workflow that publishes has somewhere in it; the others need not be unrolled."""
_TRUSTED = "HF_OIDC_RESOURCE"
"""Names the repository of the Hub that a job may publish to without a token."""


def ci_workflow(
    repository: str, details: HostData, unread: Unread
) -> Iterator[tuple[str, Evidence]]:
    """Yield the variants that the workflows of a repository publish to, each once per file."""
    files = {text.path: text.text for text in details.texts if text.kind in ("workflow", "script")}

    def publishes(text: Text) -> Iterator[tuple[str, Evidence]]:
        if not (len(files) > 1 or _OF_INTEREST.search(text.text)):
            return
        seen: set[str] = set()
        work = _Work("", files)
        for step in steps_of(text.text, repository, files):
            if step.work != work.name:
                work = _Work(step.work, files)
            for name, excerpt in work.published(step):
                variant = variant_named(name)
                if variant and variant not in seen:
                    seen.add(variant)
                    location = f"{text.path}:{step.job}"
                    yield variant, observed("ci_workflow", repository, location, excerpt)

    return in_each("workflow", repository, details, publishes, unread)


def scripts_called(repository: str, workflows: Iterable[Text]) -> list[str]:
    """Return the paths of the scripts that workflows which speak of the Hub run, each once."""
    paths: dict[str, None] = {}
    for text in workflows:
        # What is unreadable is reported where its evidence is read.
        found = guarded(text.path, partial(_scripts_in, repository, text), [])
        paths |= dict.fromkeys(found)
    return list(paths)


def _scripts_in(repository: str, workflow: Text) -> Iterator[str]:
    if not _OF_INTEREST.search(workflow.text):
        return
    for step in steps_of(workflow.text, repository):
        for command in commands(step.run, step.environment):
            for word in command.words if command.words[0] not in _SILENT else ():
                if _PATH.fullmatch(word) and ".." not in word:
                    yield posixpath.normpath(posixpath.join(step.folder, word))


@dataclass
class _Work:
    """One job on its machine: what its steps so far have cloned, and under which names."""

    name: str
    files: Mapping[str, str]
    """Scripts and workflows of the repository that were read, by path."""
    clones: dict[str, str] = field(default_factory=dict)
    """Folder → the model that was cloned into it."""
    remotes: dict[tuple[str, str], str] = field(default_factory=dict)
    """Folder and name of a remote → the model."""
    folder: str = "."

    def published(self, step: Step) -> Iterator[tuple[str, str]]:
        """Yield the names of models that a step publishes to, each with what says so."""
        yield from _by_action(step)
        trusted = step.environment.get(_TRUSTED, "")
        if trusted:
            name = re.sub(r"^(?:https://huggingface\.co/)?(?:models?[/:])?", "", trusted)
            yield name, f"{_TRUSTED}: {name}"
        self.folder = posixpath.normpath(step.folder or ".")
        environment = {**step.environment, **exported(step.run, step.environment)}
        if step.shell.startswith("python"):
            yield from published(step.run, environment)
        else:
            yield from self._by_script(step.run, environment, 0)

    def _by_script(
        self, script: str, environment: Mapping[str, str], depth: int
    ) -> Iterator[tuple[str, str]]:
        known = dict(environment)
        for command in commands(script, known):
            words = command.words
            if words[0] in _SILENT:
                continue
            if words[0] == "cd" and len(words) > 1:
                self.folder = posixpath.normpath(posixpath.join(self.folder, words[1]))
            yield from _by_hub_program(words)
            yield from self._by_git(words)
            yield from _by_option(words)
            yield from self._by_interpreter(command, known, depth)

    def _by_git(self, words: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Follow what git clones, names and pushes."""
        if "git" not in words:
            return
        folder, rest = self.folder, list(words[words.index("git") + 1 :])
        while rest[:1] and rest[0].startswith("-"):
            if rest[0] == "-C" and len(rest) > 1:
                folder = posixpath.normpath(posixpath.join(folder, rest[1]))
            rest = rest[2:] if rest[0] in ("-C", "-c") else rest[1:]
        action, arguments = rest[0] if rest else "", [w for w in rest[1:] if w[:1] != "-"]
        variant = next(filter(None, map(_model_at, arguments)), None)
        if action in ("clone",) and variant:
            place = next((w for w in arguments[1:] if not _model_at(w)), variant.rpartition("/")[2])
            self.clones[posixpath.normpath(posixpath.join(folder, place))] = variant
        elif action == "remote" and variant and len(arguments) > 2:
            self.remotes[folder, arguments[1]] = variant
        elif action in ("push", "subtree") and (action == "push" or "push" in arguments):
            named = variant or self._pushed_to(folder, arguments)
            if named:
                yield named, f"git push to huggingface.co/{named}"

    def _pushed_to(self, folder: str, arguments: Sequence[str]) -> str | None:
        """Return the model behind the remote that is pushed to, else behind the folder's clone."""
        for word in arguments:
            if (folder, word) in self.remotes:
                return self.remotes[folder, word]
        clone = next((v for k, v in self.clones.items() if _is_within(folder, k)), None)
        known = {name for _, name in self.remotes}
        if clone and not (set(arguments) & known - {"origin"}):
            return clone
        origin = self.remotes.get((folder, "origin"))
        return origin if not arguments or "origin" in arguments else None

    def _by_interpreter(
        self, command: Command, environment: Mapping[str, str], depth: int
    ) -> Iterator[tuple[str, str]]:
        """Read the code that a command is given: in a word, a here document or a file."""
        words = list(command.words)
        program = next((n for n, w in enumerate(words) if _PYTHON.search(w) or w in _SHELLS), None)
        if program is None:  # a script that is run by its name, or by another program
            called = next((n for n, word in enumerate(words) if self._file(word)), None)
            if called is None:
                return
            words.insert(called, "python" if words[called].endswith(".py") else "bash")
            program = called
        python, rest = bool(_PYTHON.search(words[program])), words[program + 1 :]
        path, arguments = _script_of(rest)
        code = command.stdin
        if "-c" in rest[:-1]:
            code, arguments = rest[rest.index("-c") + 1], rest[rest.index("-c") + 2 :]
        elif path:
            code = self._file(path)
        if python and code:
            yield from published(code, environment, arguments)
        elif code and depth < 2:
            yield from self._by_script(code, environment, depth + 1)
        elif path and _SCRIPT.search(path.rpartition(".")[0] or path):
            yield from _by_arguments(path, arguments)

    def _file(self, path: str) -> str:
        return self.files.get(posixpath.normpath(posixpath.join(self.folder, path)), "")


def _script_of(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the script that an interpreter is given, and the script's arguments."""
    for number, word in enumerate(words):
        if word == "-m" and number + 1 < len(words):
            return f"{words[number + 1].replace('.', '/')}.py", list(words[number + 2 :])
        if word in ("-c", "-"):
            return "", list(words[number + 1 :])
        if not word.startswith("-"):
            return word, list(words[number + 1 :])
    return "", []


def _by_arguments(path: str, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the model that an upload script, whose text is not known, is given to publish to."""
    kinds = [word.rpartition("=")[2] for word in arguments]
    if _NO_MODEL.search(path) or "dataset" in kinds or "space" in kinds:
        return
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag in _OPTIONS or flag in ("--repo", "--hub_repo", "--hf_repo", "--repository"):
            name = value if equals else following
            yield name, f"{path} {flag} {name}"


def _is_within(folder: str, clone: str) -> bool:
    return folder == clone or folder.startswith(f"{clone}/")


def _model_at(word: str) -> str | None:
    """Return the model whose address a word is."""
    return next(filter(None, map(variant_in, addresses_in(word))), None)


def _by_action(step: Step) -> Iterator[tuple[str, str]]:
    """Yield the names of models that an action publishes to."""
    uses = step.uses.lower()
    if not _ACTION.search(uses.removesuffix(".yml").removesuffix(".yaml")):
        return
    kind = step.inputs.get("repo_type") or step.inputs.get("repo-type")
    if (kind or ("space" if _IS_SYNC.search(uses) else "model")).lower() != "model":
        return
    for target in _TARGETS:
        if target in step.inputs:
            yield step.inputs[target], f"uses {step.uses}, {target}: {step.inputs[target]}"
            return


def _by_hub_program(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for position, word in enumerate(words[:-2]):
        if word.rpartition("/")[2] in _PROGRAMS and words[position + 1] in _UPLOADS:
            options = _options(words[position + 2 :])
            if options.get("--repo-type", "model") == "model":
                name = options.get("", "")
                yield name, f"{word} {words[position + 1]} {name}"
            return


def _options(words: Iterable[str]) -> Mapping[str, str]:
    """Return the options of `hf upload` by name, and under the empty name the first argument."""
    options: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            if equals:
                options[name], name = value, ""
            elif name not in _WITH_VALUE:
                name = ""
        else:
            options.setdefault(name, word)
            name = ""
    return options


def _by_option(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what a program pushes to: `--push_to_hub --hub_model_id a/b`, `upload --repo-id b`."""
    kinds = {word.rpartition("=")[2] for word in words}
    uploads = _VERBS & {*words[1:]} and not {"dataset", "space"} & kinds
    if uploads or any(word.partition("=")[0] in _PUSHES for word in words):
        for word, following in zip(words, [*words[1:], ""], strict=True):
            name, equals, value = word.partition("=")
            if name in _OPTIONS:
                yield (value if equals else following), f"{name} {value if equals else following}"
