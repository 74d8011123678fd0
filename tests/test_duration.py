"""Months, as a time to keep things."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.duration import months


def test_no_span_of_the_calendar_is_longer() -> None:
    """Whatever month it begins in, and however many they are."""
    for number in range(25):
        for begun in range(12):
            year, month = divmod(begun + number, 12)
            assert date(2027 + year, month + 1, 1) - date(2027, begun + 1, 1) <= months(number)
    assert timedelta(days=31) == months(1)
