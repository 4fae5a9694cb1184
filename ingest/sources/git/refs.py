"""The refs of a project: which are read on which side, and what each of them is."""

from collections.abc import Iterable, Mapping, Sequence

from hubtrace.graph.identity import Side
from hubtrace.graph.text import to_text
from hubtrace.ingest.records import Ref, RefKind
from hubtrace.ingest.sources.git.cache import RemoteHead
from hubtrace.ingest.sources.git.runner import Git

_KINDS: Mapping[str, RefKind] = {
    "refs/heads/": RefKind.BRANCH,
    "refs/tags/": RefKind.TAG,
    "refs/pr/": RefKind.PULL_REQUEST,
    "refs/convert/": RefKind.CONVERT,
}
_PREFIXES: Mapping[Side, tuple[str, ...]] = {
    Side.UPSTREAM: ("refs/heads/", "refs/tags/"),
    # Hub-only kinds. GitHub's pull-request heads (`refs/pull/`) are the `github` source's.
    Side.DOWNSTREAM: ("refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/"),
}


def refspecs(side: Side) -> list[str]:
    """Return what is fetched of a project on `side`; rewritten refs follow (`+`)."""
    return [f"+{prefix}*:{prefix}*" for prefix in _PREFIXES[side]]


def list_refs(git: Git, side: Side) -> tuple[Ref, ...]:
    """Return the refs of `side` that point to a commit, by name; annotated tags are peeled.

    Refs to trees and blobs are left out: they have no place in a history.

    Raises:
        SourceError: git cannot list them.
    """
    listed = git.run(
        "for-each-ref", "--format=%(refname)%00%(objectname)%00%(objecttype)", *_PREFIXES[side]
    )
    found = [line.split(b"\0") for line in listed.split(b"\n") if line]
    annotated = [sha.decode() for _, sha, kind in found if kind == b"tag"]
    peeled = dict(zip(annotated, _peel(git, annotated), strict=True))
    refs = []
    for raw_name, raw_sha, kind in found:
        name, sha = to_text(raw_name), raw_sha.decode()
        target = sha if kind == b"commit" else peeled.get(sha)
        ref_kind = kind_of_ref(name)
        if target is not None and ref_kind is not None:
            refs.append(Ref(name, ref_kind, target))
    return tuple(refs)


def existing_commits(git: Git, shas: Sequence[str]) -> list[str]:
    """Return those of `shas` that are commits in the clone, each once.

    Raises:
        SourceError: git cannot look them up.
    """
    asked = list(dict.fromkeys(sha for sha in shas if _is_sha(sha)))
    kinds = _look_up(git, asked)
    return [sha for sha, found in zip(asked, kinds, strict=True) if found == sha]


def default_branch(head: RemoteHead, refs: Iterable[Ref]) -> str | None:
    """Return the full name of the default branch, or None if no branch stands out.

    It is the branch that `HEAD` names. Where `HEAD` names none that exists (it is detached,
    dangling, or lost in a bundle), it is `main`, `master` or the only branch, and among these
    first the ones that point where `HEAD` points, as `git clone` guesses too.
    """
    branches = {ref.name: ref.target for ref in refs if ref.kind is RefKind.BRANCH}
    if head.ref in branches:
        return head.ref
    at_head = {name: target for name, target in branches.items() if target == head.sha}
    for candidates in (at_head, branches):
        for name in ("refs/heads/main", "refs/heads/master"):
            if name in candidates:
                return name
        if len(candidates) == 1:
            return next(iter(candidates))
    return None


def kind_of_ref(name: str) -> RefKind | None:
    """Return what a ref is by its full name; None if it is of no kind that is read."""
    return next((kind for prefix, kind in _KINDS.items() if name.startswith(prefix)), None)


def _is_sha(text: str) -> bool:
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


def _peel(git: Git, tags: Sequence[str]) -> list[str | None]:
    # Not `%(*objectname)`: before git 2.45 that peels a tag of a tag only once.
    return _look_up(git, [f"{tag}^{{}}" for tag in tags])


def _look_up(git: Git, names: Sequence[str]) -> list[str | None]:
    if not names:
        return []
    told = git.run(
        "cat-file",
        "--batch-check=%(objecttype) %(objectname)",
        feed="".join(f"{name}\n" for name in names).encode(),
    )
    return [
        sha if kind == "commit" else None
        for kind, _, sha in (line.partition(" ") for line in told.decode().splitlines())
    ]
