"""Repositories that are one history count once."""

from itertools import permutations

from hubtrace.ingest.derive.copy_index import Lineage, collapse

A, B, C, D, E, F = (f"https://github.com/o/{name}" for name in "abcdef")


def _networks(repositories: dict[str, Lineage]) -> set[frozenset[str]]:
    numbers = collapse(repositories)
    assert set(numbers) == set(repositories)
    assert set(numbers.values()) == set(range(len(set(numbers.values()))))
    return {
        frozenset(key for key, number in numbers.items() if number == wanted)
        for wanted in numbers.values()
    }


def test_a_common_first_commit_or_the_hosts_word_joins() -> None:
    repositories = {
        A: Lineage("1", None),
        B: Lineage("1", None),  # the same first commit
        C: Lineage("2", "O/A"),  # the host says so; it was rewritten since
        D: Lineage(None, "x/gone"),  # two forks of what the snapshot does not hold
        E: Lineage("3", "x/gone"),
        F: Lineage(None, None),
    }
    expected = {frozenset({A, B, C}), frozenset({D, E}), frozenset({F})}
    for order in permutations(repositories):
        assert _networks({key: repositories[key] for key in order}) == expected


def test_nothing_known_joins_nothing() -> None:
    assert _networks({A: Lineage(None, None), B: Lineage(None, None)}) == {
        frozenset({A}),
        frozenset({B}),
    }
    assert collapse({}) == {}
