"""What an activity is called and of what kind it is: A1."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.records import Activity, Severity
from gateway.rules.declaration import At, Context, rule
from gateway.vocabulary import FORMATS, PROFESSIONS, format_named, legacy_type_named

_LONGEST = {"provider_activity_id": 100, "title": 500, "description": 2500, "url": 2000}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)

USE_ONE = f"Use one of: {', '.join(format.name for format in FORMATS)}."


def _fits(activity: Activity, field: str) -> bool:
    return len(getattr(activity, field) or "") <= _LONGEST[field]


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
    "A110",
    "professions",
    severity=Severity.WARNING,
    since=(2, 1),
    remedy="Write the profession as Joint Accreditation does, such as Physician Assistant.",
    source="JA, JS-ACT",
    good={"professions": ("Physician Assistant",)},
    bad={"professions": ("Doctor",)},
)
def profession_is_known(activity: Activity, context: Context) -> Iterable[object]:
    """A profession that an activity is for is one of those that Joint Accreditation lists."""
    named = enumerate(activity.professions)
    return [At(f"professions[{n}]", name) for n, name in named if name not in PROFESSIONS]
