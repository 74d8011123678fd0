"""The activity: everything any payload version can say of it."""

from __future__ import annotations

import enum
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


class Status(enum.StrEnum):
    """The four statuses of an activity (docs/sources.md, FAQ-status)."""

    DRAFT = "Draft"
    ACTIVE = "Active"
    READY_TO_CLOSE = "Ready to Close"
    CLOSED = "Closed"


@dataclass(frozen=True, slots=True)
class Location:
    """Where an in-person activity is held; state as two letters in the USA, country as three."""

    city: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit an activity is certified for, with the joint providers named beside it on the wire."""

    certification: str | None = None
    amount: Decimal | None = None
    joint_providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonetarySupport:
    """Commercial support in money: whole units of the currency."""

    amount: int | None = None
    source: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class InKindSupport:
    """Commercial support in kind; the kinds were asked for until November 2021 only."""

    source: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredOutcome:
    """An outcome that was measured, objectively, subjectively or both (since November 2021)."""

    outcome: str | None = None
    measurement_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MocRegistration:
    """The registration of an activity with one certifying board for MOC credit.

    The board's practice areas and the provider's attestation are said since 2.1. Before, who registered
    attested by it; None is an attestation that could have been given and was not.
    """

    board: str | None = None
    points: Decimal | None = None
    credit_types: tuple[str, ...] = ()
    claim_date: date | None = None
    practice_areas: tuple[str, ...] = ()
    attested: bool | None = None


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many learners of one category took part: since 2.1, beside physicians and other learners."""

    category: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class OutlineKey:
    """An entry of a content outline, and by what it is named: a numeric code, a tag or free text."""

    keyword: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class ContentOutline:
    """A selection from the content outline of a board; ABA has a first one and a second one."""

    source: str | None = None
    keys: tuple[OutlineKey, ...] = ()


@dataclass(frozen=True, slots=True)
class StateContent:
    """A subject that a state asks its licensees to learn about, such as a topic of opioids."""

    domain: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A CME activity: everything any payload version can say of it.

    The fields up to `specialties` are shared by all versions, the next block belongs to PARS before
    November 2021 (payload 1.0), the one after to PARS since (2.0 on), the third to what came in 2025
    (2.1 on). The last block is the gateway's own: what 1.0 could not say and was derived, whether the
    activity was closed on purpose, the payload version in which it was first reported, and the ACCME
    Activity ID of the first of its repeats, of which itself is a further one.

    All versions count `physicians` and `other_learners`; `participants` tells the latter by category.
    """

    activity_id: str | None = None
    provider_activity_id: str | None = None
    url: str | None = None
    title: str | None = None
    description: str | None = None
    reporting_start: date | None = None
    reporting_end: date | None = None
    credits: tuple[Credit, ...] = ()
    location: Location | None = None
    start_date: date | None = None
    end_date: date | None = None
    providership: str | None = None
    format: str | None = None
    commercial_support: bool | None = None
    monetary_supports: tuple[MonetarySupport, ...] = ()
    in_kind_supports: tuple[InKindSupport, ...] = ()
    physicians: int | None = None
    other_learners: int | None = None
    specialties: tuple[str, ...] = ()

    legacy_type: str | None = None
    hours_of_instruction: Decimal | None = None
    competencies: tuple[str, ...] = ()
    designed_competence: bool | None = None
    designed_performance: bool | None = None
    designed_outcomes: bool | None = None
    measured_competence: bool | None = None
    measured_performance: bool | None = None
    measured_outcomes: bool | None = None
    exhibit_income: int | None = None
    other_income: int | None = None
    expenses: int | None = None

    delivery_methods: tuple[str, ...] = ()
    passport: bool | None = None
    fee: str | None = None
    registration: str | None = None
    outcomes: tuple[MeasuredOutcome, ...] = ()
    commendation_tags: tuple[str, ...] = ()
    moc_registrations: tuple[MocRegistration, ...] = ()
    mips: bool | None = None
    rems_type: str | None = None

    participants: tuple[CategoryCount, ...] = ()
    professions: tuple[str, ...] = ()
    interprofessional: bool | None = None
    content_outlines: tuple[ContentOutline, ...] = ()
    rems_identifiers: tuple[str, ...] = ()
    has_state_content: bool | None = None
    state_content: tuple[StateContent, ...] = ()
    pharmacy_type: str | None = None
    pharmacy_topic: str | None = None
    pharmacy_live_date: date | None = None
    pharmacy_sequence: int | None = None
    uan_pharmacy: str | None = None
    uan_pharmacy_tech: str | None = None
    pharmacy_recertifications: str | None = None
    pharmacy_content_tags: str | None = None

    derived: frozenset[str] = frozenset()
    closed: bool = False
    born: str = ""
    repeat_of: str | None = None

    @property
    def joint_providers(self) -> tuple[str, ...]:
        """All joint providers, whichever credit they stand beside."""
        return tuple(name for credit in self.credits for name in credit.joint_providers)

    @property
    def others_by_category(self) -> int | None:
        """How many other learners the categories make together, None where none is counted."""
        counts = [one.count for one in self.participants if one.count is not None]
        return sum(counts) if counts else None

    @property
    def credit_amounts(self) -> tuple[Decimal, ...]:
        """The amounts of the credits that state one."""
        return tuple(credit.amount for credit in self.credits if credit.amount is not None)

    @property
    def told_end(self) -> date | None:
        """Its last day as somebody said it, None where it was merely derived."""
        return None if "end_date" in self.derived else self.end_date

    def runs_in(self, year: int) -> bool:
        """Whether a day of it lies in a year; where a date is not known, it may."""
        first = self.start_date.year if self.start_date else year
        last = self.end_date.year if self.end_date else year
        return first <= year <= last

    def ending(self, start: date) -> date | None:
        """Its last day if it began on another: whole months stay whole months, the same day years later stays
        that, all else as many days. None without dates of its own, or beyond the calendar."""
        if self.start_date is None or self.end_date is None:
            return None
        apart = _month(self.end_date) - _month(self.start_date)
        try:
            for months in (apart, apart + 1):
                if months > 0 and _last_day(self.start_date, months) == self.end_date:
                    return _last_day(start, months)
            years = self.end_date.year - self.start_date.year
            if years > 0 and _years_later(self.start_date, years) == self.end_date:
                return _years_later(start, years)
            return start + (self.end_date - self.start_date)
        except (OverflowError, ValueError):
            return None


def _last_day(start: date, months: int) -> date:
    """The last day of so many months; where the month has no such day as the first, its own last."""
    year, month = divmod(_month(start) + months - (start.day == 1), 12)
    days = monthrange(year, month + 1)[1]
    return date(year, month + 1, days if start.day == 1 else min(start.day - 1, days))


def _years_later(start: date, years: int) -> date:
    """The same day of a later year; of 29 February, where there is none, the day after."""
    year = start.year + years
    gone = (start.month, start.day) == (2, 29) and not isleap(year)
    return date(year, 3, 1) if gone else start.replace(year=year)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1
