"""How long what the settings count in months is kept: never shorter than the calendar has it."""

from __future__ import annotations

from datetime import timedelta

LONGEST_MONTH = 31


def months(number: int) -> timedelta:
    """As many months, each as long as the longest there is."""
    return timedelta(days=LONGEST_MONTH * number)
