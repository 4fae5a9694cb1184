"""A measured function runs in a process of its own, whatever it prints or breaks."""

import os
import sys

import pytest

from benchmarks.measuring import BenchmarkFailed, Taken, has_module, measure


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Measuring waits for another process: here sleeping is allowed."""


def talkative(size: int) -> Taken:
    """Find more than a pipe holds."""
    return Taken(0.5, {"text": "x" * size, "process": os.getpid()})


def broken() -> Taken:
    """Break."""
    raise ValueError("no such luck")


def greedy(megabytes: int) -> Taken:
    """Hold so much memory for a moment."""
    held = bytearray(megabytes * 1_000_000)
    held[::4096] = b"x" * len(held[::4096])
    return Taken(0.1, {"held": len(held)})


def test_facts_of_any_size_come_back_from_another_process() -> None:
    measured = measure(talkative, {"size": 300_000}, repeat=2)
    assert measured.seconds == 0.5
    assert measured.runs == 2
    assert len(measured.facts["text"]) == 300_000
    assert measured.facts["process"] != os.getpid()


def test_what_broke_is_told() -> None:
    with pytest.raises(BenchmarkFailed, match="no such luck"):
        measure(broken, {})


def test_peak_memory_is_that_of_the_measured_process() -> None:
    small, large = measure(greedy, {"megabytes": 1}), measure(greedy, {"megabytes": 200})
    assert 150 < large.peak_mb - small.peak_mb < 250


def test_a_python_without_the_peer_is_noticed() -> None:
    assert has_module(sys.executable, "json")
    assert not has_module(sys.executable, "no_such_peer")
