"""Windows that follow each other: their numbers, their edges, and which ones a stretch of time touches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azurine.recurrence.reading import moment
from azurine.recurrence.rules import Frequency
from azurine.recurrence.windows import Windows


def at(text: str) -> float:
    found = moment(text)
    assert found is not None
    return found


def windows(frequency: Frequency, interval: int, start: str, end: str = "") -> Windows:
    return Windows(frequency, interval, at(start), at(end) if end else None)


@pytest.mark.parametrize(
    ("made", "number", "begin", "end"),
    [
        (windows(Frequency.MINUTE, 15, "2024-01-01T00:05:00Z"), 0, "2024-01-01T00:05:00Z", "2024-01-01T00:20:00Z"),
        (windows(Frequency.HOUR, 24, "2024-01-01T00:00:00Z"), 60, "2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"),
        (windows(Frequency.MONTH, 1, "2024-01-31T06:00:00Z"), 1, "2024-02-29T06:00:00Z", "2024-03-31T06:00:00Z"),
        (windows(Frequency.MONTH, 3, "2024-01-01T00:00:00Z"), 4, "2025-01-01T00:00:00Z", "2025-04-01T00:00:00Z"),
    ],
)
def test_the_window_of_a_number(made: Windows, number: int, begin: str, end: str) -> None:
    assert made.window(number) == (at(begin), at(end))
    assert made.number(at(begin)) == number
    assert made.number(at(begin) - 1) == number - 1


def test_the_last_window_ends_with_the_end() -> None:
    made = windows(Frequency.HOUR, 1, "2024-01-01T00:00:00Z", "2024-01-01T02:30:00Z")
    assert [made.window(number) is None for number in (-1, 0, 1, 2)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("begin", "end", "numbers"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", [0]),
        ("2024-01-01T00:30:00Z", "2024-01-01T02:30:00Z", [0, 1, 2]),
        ("2023-12-31T00:00:00Z", "2024-01-01T00:00:00Z", []),
        ("2023-12-31T00:00:00Z", "2024-01-01T00:00:01Z", [0]),
        ("2024-01-01T04:00:00Z", "2024-01-01T09:00:00Z", [4]),
        ("2024-01-01T05:00:00Z", "2024-01-01T09:00:00Z", []),
        ("2024-01-01T02:00:00Z", "2024-01-01T02:00:00Z", []),
    ],
)
def test_those_that_overlap(begin: str, end: str, numbers: list[int]) -> None:
    made = windows(Frequency.HOUR, 1, "2024-01-01T00:00:00Z", "2024-01-01T05:00:00Z")
    assert list(made.overlapping(at(begin), at(end))) == numbers


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([Frequency.MINUTE, Frequency.HOUR, Frequency.MONTH]), st.integers(1, 100), st.integers(0, 2_000_000_000), st.integers(0, 500))
def test_there_are_no_gaps(frequency: Frequency, interval: int, start: int, number: int) -> None:
    made = Windows(frequency, interval, float(start))
    one, next_one = made.window(number), made.window(number + 1)
    assert one is not None
    assert next_one is not None
    assert one[0] < one[1] == next_one[0]
    assert made.number(one[0]) == number == made.number(one[1] - 0.001)
    assert list(made.overlapping(*one)) == [number]
