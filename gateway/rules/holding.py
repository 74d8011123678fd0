"""When and where an activity is held: A2 dates, A3 place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pycountry

from gateway.records import Activity, Location, Severity
from gateway.rules.declaration import Context, rule
from gateway.vocabulary import US_STATES, USA, format_named

_COUNTRIES = frozenset(country.alpha_3 for country in pycountry.countries)
PUERTO_RICO = "PRI"
_FIRST_YEAR, _YEARS_AHEAD = 1990, 10
_A_YEAR = 12
_LEAP_DAY = (2, 29)  # in other years it may be the day after


def _held(start: str, end: str) -> dict[str, Any]:
    """An example's dates, without the MOC registrations that would lean on others."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    reported = {"reporting_start": first, "reporting_end": last}
    return {"start_date": first, "end_date": last, **reported, "moc_registrations": ()}


@rule(
    "A201",
    "start_date",
    remedy="Give the day on which the activity starts.",
    source="SEED1, FAQ-status",
    good=_held("2026-03-09", "2026-03-10"),
    bad={"start_date": None},
)
def start_date_is_given(activity: Activity, context: Context) -> bool:
    """An activity has a start date."""
    return activity.start_date is not None


@rule(
    "A202",
    "end_date",
    since=(2, 0),
    remedy="Give the last day of the activity; a one-day activity ends on the day it starts.",
    source="SEED1, FAQ-status",
    good=_held("2026-03-09", "2026-03-09"),
    bad={"end_date": None},
)
def end_date_is_given(activity: Activity, context: Context) -> bool:
    """An activity has an end date."""
    return activity.end_date is not None


@rule(
    "A203",
    "end_date",
    remedy="Check both dates.",
    source="SEED2 asks for both dates; the order is the gateway's own reading",
    good=_held("2026-03-10", "2026-03-10"),
    bad=_held("2026-03-10", "2026-03-09"),
)
def end_is_not_before_start(activity: Activity, context: Context) -> bool:
    """An activity does not end before it starts."""
    return not (activity.start_date and activity.end_date) or activity.end_date >= activity.start_date


@rule(
    "A204",
    "end_date",
    remedy="Report what runs on as a new activity with dates of its own.",
    source="SEED2, FAQ-79, FAQ-10496",
    good={"format": "Enduring Material", **_held("2026-01-01", "2029-01-01")},
    bad={"format": "Regularly Scheduled Series", **_held("2026-01-01", "2027-01-02")},
)
def length_is_what_the_format_allows(activity: Activity, context: Context) -> bool:
    """A series runs at most until the same day a year after its start, enduring material three years."""
    format = format_named(activity.format)
    return not (format and format.months) or _lasts_at_most(format.months, activity)


def _lasts_at_most(months: int, activity: Activity) -> bool:
    start, end = activity.start_date, activity.end_date
    if not (start and end):
        return True
    # Months are counted, never dates built: the last day would lie beyond the calendar in 9999.
    month, day = (3, 1) if (start.month, start.day) == _LEAP_DAY else (start.month, start.day)
    return (end.year * 12 + end.month - months, end.day) <= (start.year * 12 + month, day)


@rule(
    "A205",
    "start_date",
    remedy="Check the year of the start date.",
    source="the limits are the gateway's own",
    good=_held("1990-01-01", "1990-01-01"),
    bad=_held("1989-12-31", "1989-12-31"),
)
def start_is_from_1990_to_ten_years_ahead(activity: Activity, context: Context) -> bool:
    """An activity starts in 1990 or later, and at most ten years ahead."""
    last_year = context.today.year + _YEARS_AHEAD
    return activity.start_date is None or _FIRST_YEAR <= activity.start_date.year <= last_year


@rule(
    "A206",
    "reporting_start",
    severity=Severity.WARNING,
    since=(2, 0),
    remedy="Send the start date of the activity as ReportingStartDate.",
    source="JS-ACT, a draft",
    good=_held("2026-03-09", "2026-03-10"),
    bad={"reporting_start": date(1991, 1, 1)},
)
def reporting_start_agrees_with_start(activity: Activity, context: Context) -> bool:
    """The reporting start date is of the year in which the activity starts."""
    return _same_year(activity.reporting_start, activity.start_date)


@rule(
    "A207",
    "reporting_end",
    severity=Severity.WARNING,
    since=(2, 0),
    remedy="Send the end date of the activity as ReportingEndDate.",
    source="JS-ACT, a draft",
    good=_held("2026-12-31", "2027-01-01"),
    bad={"reporting_end": date(1991, 1, 1)},
)
def reporting_end_agrees_with_end(activity: Activity, context: Context) -> bool:
    """The reporting end date is of the year in which the activity ends."""
    return _same_year(activity.reporting_end, activity.end_date)


@rule(
    "A208",
    "end_date",
    severity=Severity.WARNING,
    remedy="Report each period of 12 months as an activity with dates of its own.",
    source="FAQ-79",
    good={"format": "Learning from Teaching", **_held("2026-03-01", "2027-03-01")},
    bad={"format": "Learning from Teaching", **_held("2026-03-01", "2027-03-02")},
)
def other_formats_last_a_year(activity: Activity, context: Context) -> bool:
    """An activity that is neither a series nor enduring material runs for at most 12 months."""
    format = format_named(activity.format)
    return format is None or format.months is not None or _lasts_at_most(_A_YEAR, activity)


def _same_year(reported: date | None, held: date | None) -> bool:
    return reported is None or held is None or reported.year == held.year


@rule(
    "A301",
    "location.country",
    remedy="Give the country as three capital letters, such as USA or CAN.",
    source="FAQ-status; ISO 3166-1 alpha-3",
    good={"location": Location("Lyon", None, "FRA")},
    bad={"location": Location("Lyon", None, "FR")},
)
def country_is_an_iso_code(activity: Activity, context: Context) -> Iterable[object]:
    """A country is given by its three-letter ISO 3166 code."""
    country = activity.location and activity.location.country
    return [country] if country and country not in _COUNTRIES else []


@rule(
    "A302",
    "location.state",
    remedy="Give the state as two capital letters, such as MN or PR.",
    source="FAQ-status, CF; USPS codes",
    good={"location": Location("Ponce", "PR", "USA")},
    bad={"location": Location("Duluth", "Minnesota", "USA")},
)
def state_is_a_postal_code(activity: Activity, context: Context) -> Iterable[object]:
    """A state of the USA is given by its two-letter postal code."""
    place = activity.location or Location()
    return [place.state] if place.country == USA and place.state and place.state not in US_STATES else []


@rule(
    "A303",
    "location.country",
    severity=Severity.WARNING,
    remedy="Give the country beside the state.",
    source="JS-ACT, SEED1",
    good={"location": Location("Duluth", "MN", "USA")},
    bad={"location": Location("Duluth", "MN", None)},
)
def state_stands_beside_its_country(activity: Activity, context: Context) -> Iterable[object]:
    """A state is given together with its country."""
    place = activity.location or Location()
    return [place.state] if place.state and not place.country else []


@rule(
    "A304",
    "location.country",
    severity=Severity.WARNING,
    remedy="Give the country USA and the state PR.",
    source="CF",
    good={"location": Location("Ponce", "PR", "USA")},
    bad={"location": Location("Ponce", None, "PRI")},
)
def puerto_rico_is_a_state_of_the_usa(activity: Activity, context: Context) -> Iterable[object]:
    """Puerto Rico is given as a state of the USA."""
    country = activity.location and activity.location.country
    return [country] if country == PUERTO_RICO else []
