"""Evidence in names: the same owner on both sides, the same contributor."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Set
from enum import StrEnum

from hubtrace.ingest.evidence.model import Evidence, observed


class Kinship(StrEnum):
    """How a variant and a repository are related by their names."""

    OWNERS = "owners"
    """Their owners are the same people, as far as names can say."""
    NAMES = "names"
    """The variant is named after the repository, whoever owns them."""
    STRANGERS = "strangers"


Alias = tuple[str, str]
"""Owner on the Hub, owner on GitHub, both in lower case."""

_AFFIXES = (
    *("ai", "ml", "nlp", "llm", "lm", "lab", "labs", "research", "team", "org", "hq", "inc", "hf"),
    *("official", "tech", "technologies", "io", "dev", "opensource", "oss", "community", "project"),
    *("workshop", "models", "model", "group", "corp", "foundation", "huggingface"),
)
_BETWEEN = re.compile(r"[^a-z0-9]+")
_WORDS = re.compile(r"[a-z]+|[0-9]+")
_FILLERS = {"llm", "models", "model", "main", "official", "pytorch", "the", "open", "hf", "code"}
"""Words of a repository's name that a variant's name need not repeat."""
_GENERIC = {
    *("albert", "bart", "bert", "bloom", "clip", "deberta", "diffusion", "distil", "distilbert"),
    *("electra", "falcon", "flux", "gemma", "gpt", "llama", "longformer", "mamba", "mistral"),
    *("mixtral", "opus", "pegasus", "phi", "qwen", "roberta", "stable", "vit", "wav", "whisper"),
    *("xlm", "xlnet", "yolo", "transformer", "transformers", "language", "lm", "nlp", "base"),
    *("small", "large", "tiny", "mini", "medium", "big", "cased", "uncased", "multilingual"),
    *("finetuned", "finetune", "finetuning", "fine", "tuned", "tuning", "pretrained", "training"),
    *("train", "chat", "instruct", "ner", "qa", "tts", "asr", "ocr", "rl", "v", "b", "m", "t"),
}
"""Words of architectures, sizes and tasks: names that have them in common are not alike."""
_FROM_HERE = {"finetuned", "finetune", "finetuning", "fine", "ft", "trained", "on", "for"}
_ALIKE = 5
"""Letters that names must have in common to be alike."""
_SHARE = 0.7
"""The share of the shorter name that these must be."""


def same_owner(variant: str, repository: str, aliases: Set[Alias] = frozenset()) -> Evidence | None:
    """Return the evidence if `org/name` and `owner/name` are of the same people."""
    org, owner = variant.partition("/")[0], repository.partition("/")[0]
    if not owners_agree(org, owner, aliases):
        kin = kinship(variant, repository) is Kinship.OWNERS
        excerpt = f"{org} on the Hub is like {owner} on GitHub"
        return observed("same_owner", repository, "owner", excerpt, "alike") if kin else None
    excerpt = f"{org} on the Hub, {owner} on GitHub"
    if not names_agree(variant, repository):
        return observed("same_owner", repository, "owner", excerpt, "unnamed")
    excerpt += f"; {variant.partition('/')[2]} is named after {repository.partition('/')[2]}"
    return observed("same_owner", repository, "owner", excerpt)


def owners_agree(org: str, owner: str, aliases: Set[Alias] = frozenset()) -> bool:
    """Return True if an owner on the Hub and one on GitHub are the same people by their names."""
    return core(org) == core(owner) or (org.lower(), owner.lower()) in aliases


def kinship(variant: str, repository: str) -> Kinship:
    """Return how the names of a variant and of a repository are related."""
    org, owner = variant.partition("/")[0], repository.partition("/")[0]
    if owners_agree(org, owner) or owners_alike(org, owner) or _is_home(org, repository):
        return Kinship.OWNERS
    return Kinship.NAMES if names_alike(variant, repository) else Kinship.STRANGERS


def owners_alike(org: str, owner: str) -> bool:
    """Return True if most of the shorter name is in the other one: `jdoe`, `janedoe`."""
    one, other = sorted((core(org), core(owner)), key=len)
    needed = max(_ALIKE, math.ceil(len(one) * _SHARE))
    return any(one[at : at + needed] in other for at in range(len(one) - needed + 1))


def owners_alike_only(variant: str, repository: str) -> bool:
    """Return True if nothing but a likeness of their owners' names joins two projects."""
    org, owner = variant.partition("/")[0], repository.partition("/")[0]
    return not owners_agree(org, owner) and not _is_home(org, repository)


def _is_home(org: str, repository: str) -> bool:
    """Return True for a repository named like the organization: `acme`, `thelab/acme-py`."""
    words = [word for word in _words(repository) if word not in _FILLERS]
    if not words or words[0] in _GENERIC:
        return False
    return words[0] == core(org) or "".join(_words(repository)) == _BETWEEN.sub("", org.lower())


def names_alike(variant: str, repository: str) -> bool:
    """Return True if all that a repository's name says is in the variant's name, too.

    Words that half of all models have in their names say nothing.
    """
    wanted = [word for word in _words(repository) if word not in _FILLERS]
    given = _words(variant)
    for position, word in enumerate(given):
        if position and word in _FROM_HERE:  # from here on it names data and tasks
            given = given[:position]
            break
    telling = _telling(wanted)
    if "".join(wanted) in "".join(given) and len("".join(telling)) >= _ALIKE:
        return True
    return bool(telling) and set(wanted) <= set(given) and _telling(given)[0] in telling


_IN_REPOSITORY = re.compile(r"/(?:blob|tree|raw)/[^/?#]+/([^?#]+)")
_COINED = re.compile(r"(?=\w*\d)(?=\w*[a-z])\w+")
_SIZE = re.compile(r"v?\d+(?:\.\d+)?[bmk]?|\d+bit|int\d|fp\d+|q\d.*")


def named_in_path(variant: str, url: str) -> bool:
    """Return True if a URL leads to a folder or file with the name that a model's name coins.

    That is its first word of letters and digits, as `ab3` of `multilingual-ab3-large`: many models
    are made in a repository of several, or in a library.
    """
    path = _IN_REPOSITORY.search(url.lower())
    coined = (
        word
        for word in re.split(r"[-_.]", variant.partition("/")[2].lower())
        if _COINED.fullmatch(word) and not _SIZE.fullmatch(word) and _telling(_WORDS.findall(word))
    )
    return path is not None and next(coined, None) in re.split(r"[-_./]", path[1])


def _telling(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in _GENERIC and not word.isdigit()]


def core(owner: str) -> str:
    """Return what is left of an owner's name without the words that organizations add."""
    name = _BETWEEN.sub("", owner.lower())
    shorter = True
    while shorter:
        shorter = False
        for affix in _AFFIXES:
            # At least three characters stay: `AI21` is not `21`, and `AI-ML` is not empty.
            if len(name) - len(affix) >= 3:
                if name.endswith(affix):
                    name, shorter = name.removesuffix(affix), True
                elif name.startswith(affix) and affix in ("official", "team", "project"):
                    name, shorter = name.removeprefix(affix), True
    return name


def names_agree(variant: str, repository: str) -> bool:
    """Return True if the variant's name begins with the repository's, word by word."""
    wanted = [word for word in _words(repository) if word not in _FILLERS]
    given = [word for word in _words(variant) if word not in _FILLERS]
    if not wanted:
        return _words(variant) == _words(repository)
    return given[: len(wanted)] == wanted


def _words(name: str) -> list[str]:
    return _WORDS.findall(name.partition("/")[2].lower())


def learn_aliases(
    to_repositories: Iterable[tuple[str, str]], to_variants: Iterable[tuple[str, str]]
) -> frozenset[Alias]:
    """Return the owners that name each other.

    `to_repositories` are pairs of a variant and a repository that its card names;
    `to_variants` are pairs of a repository and a variant, or an owner's page (`org/`), that its
    README or a workflow names. Only what was said without a reason against it should come in.
    An owner on the Hub is an owner on GitHub if its variants name a repository of theirs, most of
    what that repository names on the Hub is its, and that is more than one model: its page, or two.
    """
    named_by: dict[str, set[str]] = {}
    for repository, variant in to_variants:
        named_by.setdefault(repository.lower(), set()).add(variant.lower())
    aliases: set[Alias] = set()
    for variant, repository in to_repositories:
        org, owner = _owner(variant), _owner(repository)
        named = Counter(_owner(name) for name in named_by.get(repository.lower(), ()))
        enough = named[org] > 1 or f"{org}/" in named_by.get(repository.lower(), ())
        if enough and named[org] * 2 > named.total():
            aliases.add((org, owner))
    return frozenset(aliases)


def _owner(name: str) -> str:
    return name.partition("/")[0].lower()


_BOTS = re.compile(r"\[bot\]$|(?:^|[-_:])bot$|bot(?:$|-)|^(?:github-actions|dependabot|web-flow)")


def same_contributor(repository: str, shared: Collection[str]) -> Evidence | None:
    """Return the evidence for people with commits on both sides, by their keys.

    One of them is named if a login is known: an HMAC means nothing to a reader.
    """
    if not shared:
        return None
    people = "1 contributor" if len(shared) == 1 else f"{len(shared)} contributors"
    logins = sorted(key for key in shared if not key.startswith("hmac:"))
    example = f", e.g. {logins[0]}" if logins else ""
    return observed(
        "same_contributor", repository, "contributors", f"{people} on both sides{example}"
    )


def is_bot(key: str) -> bool:
    """Return True for a contributor's key that is a program's login."""
    login = key.partition(":")[2] if not key.startswith("hmac:") else ""
    return bool(_BOTS.search(login.lower()))
