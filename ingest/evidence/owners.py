"""Evidence in names: the same owner on both sides, the same contributor."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Set

from hubtrace.ingest.evidence.model import Evidence, observed

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


def same_owner(variant: str, repository: str, aliases: Set[Alias] = frozenset()) -> Evidence | None:
    """Return the evidence if `org/name` and `owner/name` are of the same people."""
    org, owner = variant.partition("/")[0], repository.partition("/")[0]
    if not owners_agree(org, owner, aliases):
        return None
    excerpt = f"{org} on the Hub, {owner} on GitHub"
    if not names_agree(variant, repository):
        return observed("same_owner", repository, "owner", excerpt, "unnamed")
    excerpt += f"; {variant.partition('/')[2]} is named after {repository.partition('/')[2]}"
    return observed("same_owner", repository, "owner", excerpt)


def owners_agree(org: str, owner: str, aliases: Set[Alias] = frozenset()) -> bool:
    """Return True if an owner on the Hub and one on GitHub are the same people by their names."""
    return core(org) == core(owner) or (org.lower(), owner.lower()) in aliases


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
