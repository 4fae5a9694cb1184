"""Dates, shas, numbers and suggestions are written in one way everywhere."""

import pytest

from hubtrace.graph.format import (
    DAY,
    HOUR,
    closest,
    count,
    date,
    date_time,
    did_you_mean,
    duration,
    later,
    short_sha,
    shorten,
    timestamp,
)

MAY = 1_714_568_700  # 2024-05-01T13:05:00Z


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (date(MAY), "2024-05-01"),
        (date_time(MAY), "2024-05-01 13:05"),
        (date_time(5 * DAY), "1970-01-06"),
        (timestamp(MAY), "2024-05-01T13:05:00Z"),
        (date(None), "unknown"),
        (date_time(None, "no date"), "no date"),
        (timestamp(None, "never"), "never"),
        (date(10**18), "@1000000000000000000"),
        (timestamp(-(10**12)), "@-1000000000000"),
        (short_sha("0123456789abcdef"), "0123456789"),
        (short_sha("day:v:2024-05-01"), "day:v:2024-05-01"),
        (short_sha("day:v:2024-05-01", day="a commit"), "a commit"),
        (short_sha(None, ""), ""),
        (count(1, "family"), "1 family"),
        (count(2, "family"), "2 families"),
        (count(0, "day"), "0 days"),
        (count(4, "orphaned branch"), "4 orphaned branches"),
        (count(2_000, "new commit"), "2,000 new commits"),
        (duration(61), "1 minute"),
        (duration(-2 * HOUR), "2 hours"),
        (later(4 * DAY + 1), "4 days later"),
        (later(-2 * HOUR), "2 hours earlier"),
        (shorten("abcd", 4), "abcd"),
        (shorten("abcde", 4), "abc…"),
    ],
)
def test_a_value_is_written_for_a_reader(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_suggestion_names_what_is_alike_and_nothing_else() -> None:
    known = ["Qwen/Qwen2.5-7B", "01-ai/Yi-6B"]
    assert closest("qwen/qwen2.5-7b", known) == ["Qwen/Qwen2.5-7B"]
    assert closest("zzz", known) == []
    assert did_you_mean([]) == ""
    assert did_you_mean(["a", "b"]) == "; did you mean `a` or `b`?"
    assert did_you_mean(["a"], "family") == "; did you mean the family `a`?"
