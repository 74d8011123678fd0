"""What an activity is called, when and where it is held: A1 identity, A2 dates, A3 place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import pycountry

from gateway.records import Activity, Location, Severity
from gateway.rules.declaration import Context, rule
from gateway.vocabulary import FORMATS, US_STATES, USA, format_named, legacy_type_named

_LONGEST = {"provider_activity_id": 100, "title": 500, "description": 2500, "url": 2000}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)
_COUNTRIES = frozenset(country.alpha_3 for country in pycountry.countries)
_FIRST_YEAR, _YEARS_AHEAD = 1990, 10

USE_ONE = f"Use one of: {', '.join(format.name for format in FORMATS)}."


def _fits(activity: Activity, field: str) -> bool:
    return len(getattr(activity, field) or "") <= _LONGEST[field]


def _held(start: str, end: str) -> dict[str, Any]:
    """An example's dates, without the MOC registrations that would lean on others."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    reported = {"reporting_start": first, "reporting_end": last}
    return {"start_date": first, "end_date": last, **reported, "moc_registrations": ()}


@rule(
    "A101",
    "activity_id",
    remedy="Send the ACCME Activity ID as you received it, or leave it out of an Add.",
    source="JS-LRN",
    good={"activity_id": "202600001"},
    bad={"activity_id": "2026-1"},
)
def activity_id_has_nine_digits(activity: Activity, context: Context) -> bool:
    """An ACCME Activity ID has nine digits."""
    return activity.activity_id is None or bool(re.fullmatch("[0-9]{9}", activity.activity_id))


@rule(
    "A102",
    "provider_activity_id",
    remedy="Shorten your own id, and take tabs and line breaks out of it.",
    source="SEED1; the limit is the gateway's own",
    good={"provider_activity_id": "N" * 100},
    bad={"provider_activity_id": "N" * 101},
)
def provider_activity_id_is_short_and_printable(activity: Activity, context: Context) -> bool:
    """A Provider Activity ID has at most 100 characters, and no control characters."""
    own_id = activity.provider_activity_id or ""
    return _fits(activity, "provider_activity_id") and not _CONTROL.search(own_id)


@rule(
    "A103",
    "title",
    remedy="Give the title under which the activity is announced.",
    source="SEED1, FAQ-status",
    good={"title": "Asthma in Schools"},
    bad={"title": None},
)
def title_is_given(activity: Activity, context: Context) -> bool:
    """An activity has a title."""
    return bool((activity.title or "").strip())


@rule(
    "A104",
    "title",
    remedy="Shorten the title; the description has room for more.",
    source="the limit is the gateway's own",
    good={"title": "T" * 500},
    bad={"title": "T" * 501},
)
def title_is_short(activity: Activity, context: Context) -> bool:
    """A title has at most 500 characters."""
    return _fits(activity, "title")


@rule(
    "A105",
    "format",
    since=(2, 0),
    remedy=USE_ONE,
    source="SEED1, FAQ-status",
    good={"format": "Committee Learning"},
    bad={"format": None},
)
def format_is_given(activity: Activity, context: Context) -> bool:
    """An activity has a format."""
    return bool(activity.format)


@rule(
    "A106",
    "format",
    since=(2, 0),
    remedy=USE_ONE,
    source="RUBY, JA",
    good={"format": "Manuscript Review"},
    bad={"format": "Lunch"},
)
def format_is_known(activity: Activity, context: Context) -> bool:
    """The format is one of those in use since November 2021, or an earlier name of one."""
    return not activity.format or format_named(activity.format) is not None


@rule(
    "A107",
    "legacy_type",
    until=(1, 0),
    remedy="Use a code such as C, RSS or IEM, or its full name.",
    source="RUBY, JA",
    good={"legacy_type": "Manuscript Review"},
    bad={"legacy_type": "Lunch", "format": None},
)
def legacy_type_is_known(activity: Activity, context: Context) -> bool:
    """An activity has one of the types in use until November 2021, by code or by name."""
    kept = context.stored is not None and activity.legacy_type is None and format_named(activity.format)
    return bool(kept) or legacy_type_named(activity.legacy_type) is not None


@rule(
    "A108",
    "description",
    remedy="Shorten the description.",
    source="JS-ACT",
    good={"description": "D" * 2500},
    bad={"description": "D" * 2501},
)
def description_is_short(activity: Activity, context: Context) -> bool:
    """A description has at most 2,500 characters."""
    return _fits(activity, "description")


@rule(
    "A109",
    "url",
    remedy="Give the full address of the page, as a browser shows it.",
    source="JS-ACT; the limit is the gateway's own",
    good={"url": "https://learn.example.org/asthma?year=2026"},
    bad={"url": "learn.example.org/asthma"},
)
def url_is_a_web_address(activity: Activity, context: Context) -> bool:
    """A URL begins with http:// or https://, has no blanks and at most 2,000 characters."""
    return activity.url is None or (_fits(activity, "url") and bool(_WEB_ADDRESS.fullmatch(activity.url)))


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
    good={"format": "Enduring Material", **_held("2026-01-01", "2028-12-31")},
    bad={"format": "Regularly Scheduled Series", **_held("2026-01-01", "2027-01-01")},
)
def length_is_what_the_format_allows(activity: Activity, context: Context) -> bool:
    """A series runs for at most 12 months, enduring material for at most 36, both days counted."""
    format, start, end = format_named(activity.format), activity.start_date, activity.end_date
    if not (format and format.months and start and end):
        return True
    # Months are counted, never dates built: the last day would lie beyond the calendar in 9999.
    return (end.year * 12 + end.month - format.months, end.day) < (start.year * 12 + start.month, start.day)


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


def _same_year(reported: date | None, held: date | None) -> bool:
    return reported is None or held is None or reported.year == held.year


@rule(
    "A301",
    "location",
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
    "location",
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
    "location",
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
