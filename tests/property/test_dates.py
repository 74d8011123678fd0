"""What takes as long as another: whole months stay whole months, wherever they begin."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.records import Activity
from gateway.rules import holding

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def moved(start: date, end: date, to: date) -> date | None:
    """The last day of what took from one day to another, if it began elsewhere."""
    return Activity(start_date=start, end_date=end).ending(to)


def first_after(day: date, months: int) -> date:
    """The day so many months later, or the first of the month after that if there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return day.replace(year=day.year + years, month=month + 1)
    except ValueError:
        return day.replace(year=day.year + years, month=month + 2, day=1)


@given(start=DAYS, to=DAYS, months=st.integers(1, 60))
def test_whole_months_stay_whole_months(start: date, to: date, months: int) -> None:
    """As many of them, from whichever day, and back again; none is longer than a rule lets it be."""
    end, there = (first_after(day, months) - timedelta(days=1) for day in (start, to))
    assert there == moved(start, end, to)
    assert end == moved(to, there, start)
    assert holding._lasts_at_most(months, Activity(start_date=to, end_date=there))


@given(start=DAYS, to=DAYS, years=st.sampled_from([1, 3]))
def test_the_same_day_years_later_stays_that(start: date, to: date, years: int) -> None:
    """So what is as long as a rule lets it be is so elsewhere; a day more is too long."""
    months = 12 * years
    end, there = first_after(start, months), first_after(to, months)
    assert there == moved(start, end, to)
    assert holding._lasts_at_most(months, Activity(start_date=to, end_date=there))
    assert not holding._lasts_at_most(months, Activity(start_date=to, end_date=there + timedelta(days=1)))


@given(start=DAYS, to=DAYS, days=st.integers(0, 2000))
def test_all_else_takes_as_many_days(start: date, to: date, days: int) -> None:
    """What is no number of whole months, nor ends on the same day years later."""
    end = start + timedelta(days=days)
    assume(all(end + timedelta(days=1) != first_after(start, months) for months in range(1, 70)))
    assume(all(end != first_after(start, months) for months in range(12, 70, 12)))
    assert to + timedelta(days=days) == moved(start, end, to)


@pytest.mark.parametrize(
    ("start", "end", "to", "there"),
    [
        (date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31)),
        (date(2023, 1, 1), date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31)),
        (date(2024, 1, 1), date(2026, 12, 31), date(2025, 1, 1), date(2027, 12, 31)),
        (date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1), date(2026, 2, 28)),
        (date(2023, 3, 1), date(2024, 2, 29), date(2024, 2, 29), date(2025, 2, 28)),
        (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)),
        (date(2024, 1, 1), date(2024, 12, 31), date(9999, 1, 1), date(9999, 12, 31)),
        (date(2024, 1, 1), date(2024, 12, 31), date(9999, 1, 2), None),
        (date(2024, 1, 1), date(2024, 1, 3), date(9999, 12, 30), None),
        (date(2024, 1, 3), date(2024, 1, 1), date.min, None),
    ],
)
def test_years_leap_days_and_the_calendars_end(start: date, end: date, to: date, there: date | None) -> None:
    """Of a year that is no leap year and one that is; beyond the last day there is none."""
    assert there == moved(start, end, to)
