"""The yearly cycle: what a provider has to do for a year of reporting, what was done, and its figures."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gateway.records.activity import Activity, Status
from gateway.records.finding import Finding


class Step(enum.StrEnum):
    """The steps of a year (docs/sources.md, SEED2 and SEED3), in the order they are told of."""

    AGREEMENT = "Agreement"
    ACTIVITIES = "Activities"
    COUNTS = "Learner Counts"
    CONTACTS = "Contacts"
    SUMMARY = "Program Summary"


@dataclass(frozen=True, slots=True)
class FormatFigures:
    """What a year's activities of one format come to, and how many of them have each status."""

    format: str | None
    activities: int
    physicians: int
    other_learners: int
    statuses: tuple[tuple[Status, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CreditFigures:
    """The amounts of one kind of credit, of all the year's activities together."""

    certification: str | None
    activities: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a year's activities come to; `hours` are of records that have any, `support` is in dollars."""

    activities: int = 0
    physicians: int = 0
    other_learners: int = 0
    hours: Decimal = Decimal(0)
    support: int = 0
    supported_in_kind: int = 0
    credits: tuple[CreditFigures, ...] = ()
    formats: tuple[FormatFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that somebody took for a year; of a submitted summary with the figures it had then."""

    year: int
    step: Step
    user: str
    at: datetime
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A step as it stands: `findings` say what is open, empty where it is done; `open` is how many
    activities it waits for, of which `activities` are some. `taken` is what was done last."""

    step: Step
    findings: tuple[Finding, ...] = ()
    open: int = 0
    activities: tuple[tuple[Activity, Status], ...] = ()
    taken: Taken | None = None

    @property
    def done(self) -> bool:
        """Whether nothing of it is left to do."""
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSummary:
    """A provider's year: when it is due, how its steps stand, and its figures as they are now."""

    year: int
    due: date
    overdue: bool
    steps: tuple[Checked, ...]
    figures: Figures
    changed: bool = False
    """Whether the figures are others than those that were submitted."""
