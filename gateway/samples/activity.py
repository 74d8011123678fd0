"""Invented activities, and those the sandbox starts with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from gateway import vocabulary as words
from gateway.records import (
    Activity,
    Credit,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MocRegistration,
    MonetarySupport,
    Status,
    Version,
    replace,
)
from gateway.samples.breaking import Breaks, maybe_broken
from gateway.samples.since_2_1 import added
from gateway.vocabulary import CME_CREDIT, FORMATS, IN_PERSON

Fields = dict[str, Any]

_SUBJECTS = ("Asthma", "Heart Failure", "Sleep Apnoea", "Diabetes", "Sepsis", "Stroke", "Chronic Pain")
_ANGLES = ("an Update", "in Primary Care", "Case by Case", "for the Whole Team", "from Guideline to Clinic")
_PLACES = (
    Location("Duluth", "MN", "USA"),
    Location("Portland", "ME", "USA"),
    Location("Ponce", "PR", "USA"),
    Location("Halifax", None, "CAN"),
    Location("Lyon", None, "FRA"),
)
_SPONSORS = ("Northern Devices Inc", "Harbor Pharma LLC", "Glucometers United", "Prairie Imaging")
_PARTNERS = ("Lakeside Heart Club", "Pine County Hospital", "Riverbend Nurses Guild")
# Boards without a first day of their own, so that a registration is right whenever it starts.
_REGISTERS = (
    ("ABA", "Lifelong Learning (CME)", "Pain Medicine"),
    ("ABIM", "Medical Knowledge", "Internal Medicine"),
    ("ABP", "Lifelong Learning and Self-Assessment", "General Pediatrics"),
    ("ABOHNS", "Patient Safety", "Otology"),
)
FLAGS = tuple(
    f"{verb}_{change}"
    for verb in ("designed", "measured")
    for change in ("competence", "performance", "outcomes")
)
# Days from the first to the last, within what the format allows.
_LONGEST = {None: 3, 12: 364, 36: 1094}
_THREE_YEARS = 1096


@dataclass(frozen=True, slots=True)
class Sample:
    """An invented activity; `breaks` is the code of the one rule it breaks, None when it breaks none."""

    activity: Activity
    breaks: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What invented activities are to be like: of this status on the day they are made, and of this format;
    None is any."""

    status: Status | None = None
    format: str | None = None


ANY = Wanted()


def activities(
    version: Version,
    count: int,
    seed: int,
    today: date,
    error_percent: int = 0,
    breaks: Breaks = (),
    wanted: Wanted = ANY,
) -> Iterator[Sample]:
    """Invent `count` activities as a sender of a payload version would report them.

    For (1, 0) only what 1.0 can say is filled in, the format beside the old type that says it.
    About `error_percent` of a hundred have one of `breaks`, each a rule's code and the changes that
    break it, applied; the status is that before. An unknown version is a KeyError, a format that the
    version cannot say a ValueError.
    """
    chance = Random(seed)  # noqa: S311  invented on purpose the same each time, no secret
    invent = _INVENTORS[max(known for known in _INVENTORS if known <= version)]
    for number in range(1, count + 1):
        activity = invent(chance, f"DMS-{seed:04}-{number:04}", today, wanted)
        yield Sample(*maybe_broken(chance, activity, breaks, error_percent))


# --- since November 2021: drafted, then offered, then accounted for ------------------------------


def _present(chance: Random, own_id: str, today: date, wanted: Wanted) -> Activity:
    status = wanted.status or chance.choices(tuple(_OFTEN), tuple(_OFTEN.values()))[0]
    draft = _drafted(chance, own_id, today, status, _format(chance, FORMATS, wanted))
    if status is Status.DRAFT:
        return draft
    offered = replace(draft, **_offered(chance, draft))
    over = status is not Status.ACTIVE
    accounted = over and (status is Status.CLOSED or chance.random() < 0.7)
    told = replace(offered, **_accounted(chance)) if accounted else offered
    return replace(told, closed=status is Status.CLOSED)


def _since_2_1(chance: Random, own_id: str, today: date, wanted: Wanted) -> Activity:
    return added(chance, _present(chance, own_id, today, wanted))


# How often each status comes where none is wanted; a closed activity takes no corrections, so none is.
_OFTEN = {Status.DRAFT: 15, Status.ACTIVE: 30, Status.READY_TO_CLOSE: 55}
Named = TypeVar("Named", words.Format, words.LegacyType)


def _format(chance: Random, known: Sequence[Named], wanted: Wanted) -> Named:
    fitting = [one for one in known if wanted.format in (None, getattr(one, "format", one.name))]
    if not fitting:
        raise ValueError(wanted.format)
    return chance.choice(fitting)


def _drafted(chance: Random, own_id: str, today: date, status: Status, format: words.Format) -> Activity:
    lasts = chance.randint(0, _LONGEST[format.months])
    end = today + timedelta(days=_last_day(chance, status, lasts))
    start = end - timedelta(days=lasts)
    return held(start, end, provider_activity_id=own_id, title=_title(chance), format=format.name)


def _last_day(chance: Random, status: Status, lasts: int) -> int:
    """How many days from today an activity of that length ends, to be of a status; it may have begun."""
    match status:
        case Status.ACTIVE:
            return chance.randrange(200 + lasts)
        case Status.DRAFT:
            return chance.randrange(-700, 200) + lasts
        case _:
            return chance.randrange(-700, 0)


def held(start: date, end: date, **fields: Any) -> Activity:
    """An activity of these days, which are those it is reported for."""
    dates: Fields = {"start_date": start, "end_date": end, "reporting_start": start, "reporting_end": end}
    return Activity(**dates, **fields)


def _offered(chance: Random, draft: Activity) -> Fields:
    format = words.format_named(draft.format)
    methods = _some(chance, words.DELIVERY_METHODS, 2) if format and format.delivered else ()
    fields = {
        "description": f"{draft.title}: what has changed, and what to do on Monday.",
        "delivery_methods": methods,
        "location": chance.choice(_PLACES) if IN_PERSON in methods else None,
        "mips": chance.choice((None, True, False)),
        "commendation_tags": _some(chance, words.COMMENDATION_TAGS, 3) if chance.random() < 0.4 else (),
        **_accredited(chance),
    }
    return fields | _announced(chance, draft) | _registered(chance, draft, fields["credits"])


def _announced(chance: Random, draft: Activity) -> Fields:
    # Registered with boards or not, listed or not: a page to register on does no harm.
    return {
        "passport": chance.choice((True, False)),
        "fee": chance.choice(words.FEES),
        "registration": chance.choice(words.REGISTRATIONS),
        "url": f"https://learn.example.org/{draft.provider_activity_id}",
        "rems_type": chance.choice(words.REMS_TYPES) if chance.random() < 0.1 else None,
    }


def _registered(chance: Random, draft: Activity, credits: tuple[Credit, ...]) -> Fields:
    if chance.random() < 0.7 or draft.end_date is None:
        return {}
    registers = chance.sample(_REGISTERS, chance.randint(1, 2))
    claimed = draft.end_date + timedelta(days=365)
    return {
        "moc_registrations": tuple(
            MocRegistration(board, credits[0].amount, (type,), claimed, attested=True)
            for board, type, _ in registers
        ),
        "specialties": tuple(area for _, _, area in registers),
    }


def _accounted(chance: Random) -> Fields:
    measured = _some(chance, words.OUTCOMES, 2)
    outcomes = tuple(MeasuredOutcome(name, _some(chance, words.MEASUREMENT_TYPES, 2)) for name in measured)
    return {"outcomes": outcomes, **_supported(chance, ()), **_counted(chance)}


# --- until November 2021 ---------------------------------------------------------------------------


def _legacy(chance: Random, own_id: str, today: date, wanted: Wanted) -> Activity:
    type = _format(chance, words.LEGACY_TYPES, wanted)
    start = today - timedelta(days=_first_day(chance, type, wanted.status))
    counted = chance.random() < 0.8 if wanted.status is None else wanted.status is Status.CLOSED
    return reported(
        start,
        provider_activity_id=own_id,
        title=_title(chance),
        legacy_type=type.code,
        format=type.format,
        location=chance.choice(_PLACES) if type.located else None,
        hours_of_instruction=_amount(chance),
        competencies=_some(chance, words.COMPETENCIES, 3),
        **{flag: chance.random() < 0.6 for flag in FLAGS},
        **(_accredited(chance) if wanted.status is not Status.DRAFT else {}),
        **_supported(chance, words.IN_KIND_KINDS),
        **(_counted(chance) if counted else {}),
    )


def _first_day(chance: Random, type: words.LegacyType, status: Status | None) -> int:
    """How many days ago an activity began, to be of a status: enduring material ran for three years, all
    else for a day."""
    lasts = _THREE_YEARS if type.format == words.ENDURING else 0
    match status:
        case None:
            return chance.randrange(-100, 1500)
        case Status.DRAFT | Status.ACTIVE:
            return chance.randrange(-100, 1)
        case _:
            return lasts + chance.randrange(1, 1500)


def reported(start: date, **fields: Any) -> Activity:
    """An activity as it was reported until November 2021: for the year it started in."""
    year: Fields = {"reporting_start": date(start.year, 1, 1), "reporting_end": date(start.year, 12, 31)}
    return Activity(start_date=start, **year, **fields)


# --- what all versions say ---------------------------------------------------------------------------


def _title(chance: Random) -> str:
    return f"{chance.choice(_SUBJECTS)} {chance.choice(_ANGLES)}"


def _some(chance: Random, words: Sequence[str], most: int) -> tuple[str, ...]:
    return tuple(chance.sample(words, chance.randint(1, most)))


def _amount(chance: Random) -> Decimal:
    return Decimal(chance.randint(1, 160)) / 4


def _accredited(chance: Random) -> Fields:
    partners = _some(chance, _PARTNERS, 2) if chance.random() < 0.3 else ()
    return {
        "credits": (Credit(CME_CREDIT, _amount(chance), partners),),
        "providership": words.JOINT if partners else words.DIRECT,
    }


def _supported(chance: Random, kinds: Sequence[str]) -> Fields:
    if chance.random() < 0.6:
        return {"commercial_support": False}
    givers = _some(chance, _SPONSORS, 3)
    gifts = tuple(InKindSupport(giver, _some(chance, kinds, 2) if kinds else ()) for giver in givers[1:])
    money = MonetarySupport(chance.randint(5, 400) * 100, givers[0], "USD")
    return {"commercial_support": True, "monetary_supports": (money,), "in_kind_supports": gifts}


def _counted(chance: Random) -> Fields:
    return {"physicians": chance.randint(0, 400), "other_learners": chance.randint(0, 120)}


# A version without an inventor of its own takes the one of the version before.
_INVENTORS: dict[Version, Callable[[Random, str, date, Wanted], Activity]] = {
    (1, 0): _legacy,
    (2, 0): _present,
    (2, 1): _since_2_1,
}
