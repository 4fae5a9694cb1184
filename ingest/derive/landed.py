"""What is on the default branch: commits with the time they landed, and branches by their content.

`membership_of` places commits, by ancestry. `landed_heads` finds the branches whose work is on the
default branch although their head is not: squashed, rebased.

docs/design.md, section 3 says: every path that the branch changed has its final blob in the default
branch's history after the merge base. The exact rule, for a head that is no ancestor of the
default head:

1. The *fork point* f is the first commit on the head's first-parent chain that is on default.
   If the chain never meets default, nothing is known to compare with: not landed.
2. The branch's *net change* is every path whose blob at the head differs from its blob at f,
   "no file" being one of the values. Changes are recorded against first parents, so the tree at
   a commit is known exactly along its first-parent chain: the newest mention of a path holds.
   A file added and deleted again, or changed and changed back, is therefore no net change.
3. The branch landed if each net change, as a pair of path and final blob (or deletion), is a
   change that some commit on default made which is not an ancestor of f. What became of the file
   afterwards does not matter. A branch without net change has landed: nothing is left in it.

f is the merge base unless default was merged into the branch; then the merge base is younger.
f is taken all the same, because first-parent chains give exact trees at f and not there. The
merge's own row lists default's changes, which are on default after f, so they ask nothing new.
The two differ if default made a change after f and undid it, and the branch merged default in
and kept the change: with f it has landed, because that change did once.

The rule asks for whole blobs and nothing else, file modes in particular. A squash that git had to
merge with other changes of the same file made a third blob, and its branch counts as not landed:
the rule never claims more than it saw.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from hubtrace.ingest.derive.dag import Changes, History
from hubtrace.ingest.records import Observation


@dataclass(frozen=True, slots=True)
class Membership:
    """Where each commit of a `History` stands, by number."""

    head: int | None
    """The head of the default branch; None if there is no default branch or its head is unknown."""
    on_default: list[bool]
    """True for the head of the default branch and its ancestors; all False without a head."""
    landed_at: list[int | None]
    """docs/design.md, section 1, *landed*: epoch seconds, UTC; None for commits not on default."""
    vanished: list[bool]
    """True for commits that no ref reaches, tags included: history was rewritten, a ref deleted."""


def default_head(history: History, observation: Observation) -> int | None:
    """Return the head of the default branch; None if there is none, or it is unknown."""
    targets = {ref.name: ref.target for ref in observation.refs}
    return history.number.get(targets.get(observation.default_branch or "", ""))


def membership_of(history: History, observation: Observation) -> Membership:
    """Place every commit of `history` by the refs of `observation`.

    A ref whose commit is not in the history reaches nothing. No other branch is taken for the
    default one if that is missing: a guess would turn up in the graph as a fact.
    """
    number = history.number
    targets = {ref.name: ref.target for ref in observation.refs}
    head = default_head(history, observation)
    landed_at = landing_times(history, head)
    on_default = [moment is not None for moment in landed_at]
    if all(on_default):
        return Membership(head, on_default, landed_at, [False] * len(on_default))
    heads = {number[sha] for sha in targets.values() if sha in number}
    vanished = [not reached for reached in history.ancestors(heads)]
    return Membership(head, on_default, landed_at, vanished)


def landing_times(history: History, head: int | None) -> list[int | None]:
    """Walk the first-parent chain of `head`, oldest first, with the largest time so far.

    Each commit is brought by the oldest commit of the chain that reaches it. The running
    maximum makes the moment grow along the chain even where a clock was wrong.
    """
    landed: list[int | None] = [None] * len(history.shas)
    if head is None:
        return landed
    parents, committed_at = history.parents, history.committed_at
    chain = history.first_parent_chain(head)
    moment = committed_at[chain[-1]]
    for commit in reversed(chain):
        if committed_at[commit] > moment:
            moment = committed_at[commit]
        landed[commit] = moment
        for parent in parents[commit]:
            if landed[parent] is None:
                _bring(history, landed, parent, moment)
    return landed


def _bring(history: History, landed: list[int | None], start: int, moment: int) -> None:
    """Land `start` and its ancestors at `moment`, but for those that landed before."""
    stack = [start]
    while stack:
        commit = stack.pop()
        if landed[commit] is None:
            landed[commit] = moment
            stack += history.parents[commit]


_UNKNOWN = "unknown"  # no blob id: the state of a file that was last changed beyond a cut

_PathBlob = tuple[str, str | None]
_Rows = dict[int, list[_PathBlob]]


def landed_heads(
    history: History,
    on_default: list[bool],
    heads: Collection[int],
    changes: Callable[[], Changes],
) -> set[int]:
    """Return those of `heads` that landed by content (docs/design.md, section 3, `landed`).

    Heads on default are never among them. `changes` is called only if there is a head off the
    default branch with a fork point.
    """
    forks = fork_points(history, on_default, heads)
    candidates = {head for head in heads if head in forks}
    if not candidates:
        return set()
    rows = _relevant_rows(history, on_default, forks, changes())
    bits = {fork: bit for bit, fork in enumerate(sorted(set(forks.values())))}
    before = _ancestor_forks(history.masks(list(bits)), on_default, rows)
    landed: set[int] = set()
    children, roots = _first_parent_trees(history, candidates)
    for root in roots:
        tree = _Tree(rows, before, _UNKNOWN if root in history.cut else None)
        for commit, entering in _tour(children, root):
            if commit not in rows and commit not in forks:
                continue  # most of the default branch: it changed none of the branches' files
            if not entering:
                tree.leave()
                continue
            tree.enter(commit, bits[forks[commit]] if commit in forks else None)
            if commit in candidates and not tree.left:
                landed.add(commit)
    return landed


def fork_points(history: History, on_default: list[bool], heads: Iterable[int]) -> dict[int, int]:
    """Return the fork point of each commit off default on the first-parent chains of `heads`.

    Chains that never meet the default branch are left out.
    """
    ends: dict[int, int | None] = {}
    for head in heads:
        chain: list[int] = []
        commit: int | None = head
        while commit is not None and not on_default[commit] and commit not in ends:
            chain.append(commit)
            commit = history.first_parent[commit]
        end = commit if commit is None else ends.get(commit, commit)
        ends.update(dict.fromkeys(chain, end))
    return {commit: end for commit, end in ends.items() if end is not None}


def _relevant_rows(
    history: History, on_default: list[bool], forks: dict[int, int], changes: Changes
) -> _Rows:
    """Read all changes of the branches' commits, and default's changes of the same paths."""
    number, rows = history.number, defaultdict[int, list[_PathBlob]](list)
    paths: set[str] = set()
    for sha, path, blob in changes.of_commits([history.shas[commit] for commit in forks]):
        paths.add(path)
        rows[number[sha]].append((path, blob))
    for sha, path, blob in changes.of_paths(paths):
        commit = number.get(sha)
        if commit is not None and on_default[commit]:
            rows[commit].append((path, blob))
    return rows


def _ancestor_forks(masks: list[int], on_default: list[bool], rows: _Rows) -> dict[_PathBlob, int]:
    """Return for each change on default the fork points that reach every commit that made it.

    The other fork points have seen it made after them.
    """
    before: dict[_PathBlob, int] = {}
    for commit, changed in rows.items():
        if on_default[commit]:
            for change in changed:
                before[change] = before.get(change, -1) & masks[commit]
    return before


def _first_parent_trees(
    history: History, heads: Iterable[int]
) -> tuple[dict[int, list[int]], list[int]]:
    """Return the first-parent chains of `heads` upside down: children by commit, and the roots."""
    children: dict[int, list[int]] = {}
    roots: list[int] = []
    for head in heads:
        commit = head
        known = commit in children
        children.setdefault(commit, [])
        while not known:
            parent = history.first_parent[commit]
            if parent is None:
                roots.append(commit)
                break
            known = parent in children
            children.setdefault(parent, []).append(commit)
            commit = parent
    return children, roots


def _tour(children: dict[int, list[int]], root: int) -> Iterator[tuple[int, bool]]:
    """Walk a tree depth first; yield each commit when it is entered (True) and left (False)."""
    stack = [root]
    while stack:
        commit = stack.pop()
        if commit < 0:
            yield ~commit, False
        else:
            yield commit, True
            stack.append(~commit)
            stack += children[commit]


@dataclass(slots=True)
class _Tree:
    """The files at the commit where a tour stands, and how many of them keep it from landing.

    Chains that many branches share are walked once: what a commit changed is undone on the way
    back to where the next branch leaves.
    """

    rows: _Rows
    before: dict[_PathBlob, int]
    absent: str | None
    """What an unmentioned path is: None, no file; or unknown, if the root's parents are."""
    left: int = 0
    """Net changes since the fork point that default has not made after it."""
    blobs: dict[str, str | None] = field(default_factory=dict)
    at_fork: dict[tuple[int, str], str | None] = field(default_factory=dict)
    undo: list[tuple[int, list[_PathBlob]]] = field(default_factory=list)

    def enter(self, commit: int, fork: int | None) -> None:
        """Apply the changes of `commit`; `fork` is the bit of its fork point, None on default."""
        self.undo.append((self.left, replaced := []))
        for path, blob in self.rows.get(commit, ()):
            old = self.blobs.get(path, self.absent)
            replaced.append((path, old))
            self.blobs[path] = blob
            if fork is not None:
                base = self.at_fork.setdefault((fork, path), old)
                self.left -= self._keeps(fork, path, base, old)
                self.left += self._keeps(fork, path, base, blob)

    def leave(self) -> None:
        """Undo the last commit entered."""
        self.left, replaced = self.undo.pop()
        self.blobs.update(replaced)

    def _keeps(self, fork: int, path: str, base: str | None, blob: str | None) -> bool:
        """Tell whether `blob` at `path` is a net change that default did not make after `fork`."""
        return blob != base and bool(self.before.get((path, blob), -1) >> fork & 1)
