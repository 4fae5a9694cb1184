"""Which commits are on the default branch, since when, and which no ref reaches any more."""

from dataclasses import dataclass

from hubtrace.ingest.derive.dag import History
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


def membership_of(history: History, observation: Observation) -> Membership:
    """Place every commit of `history` by the refs of `observation`.

    A ref whose commit is not in the history reaches nothing. No other branch is taken for the
    default one if that is missing: a guess would turn up in the graph as a fact.
    """
    number = history.number
    targets = {ref.name: ref.target for ref in observation.refs}
    head = number.get(targets.get(observation.default_branch or "", ""))
    landed_at = _landed_at(history, head)
    on_default = [moment is not None for moment in landed_at]
    if all(on_default):
        return Membership(head, on_default, landed_at, [False] * len(on_default))
    heads = {number[sha] for sha in targets.values() if sha in number}
    vanished = [not reached for reached in history.ancestors(heads)]
    return Membership(head, on_default, landed_at, vanished)


def _landed_at(history: History, head: int | None) -> list[int | None]:
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
