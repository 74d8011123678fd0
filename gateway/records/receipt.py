"""What goes out: the receipt of a call that writes, with what became of each of its records."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from gateway.records.activity import Status
from gateway.records.completion import CreditStatus
from gateway.records.finding import Finding


class Action(enum.StrEnum):
    """What became of a record."""

    ADDED = "Added"
    UPDATED = "Updated"
    DELETED = "Deleted"
    UNCHANGED = "Unchanged"
    REFUSED = "Refused"


class Outcome(enum.StrEnum):
    """What became of a call as a whole, in the words of the MedBiquitous services."""

    SUCCESS = "Success"
    PARTIAL = "Partial success"
    FAILURE = "Failure"


@dataclass(frozen=True, slots=True)
class CreditResult:
    """What became of one credit of a completion; its findings stand in the record's result too."""

    credit_id: str | None
    status: CreditStatus
    board: str | None = None
    reason: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingGate:
    """One thing a status still waits for."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class NextStatus:
    """A status an activity can move to, and what is missing for it."""

    status: Status
    missing: tuple[MissingGate, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """What became of one instance of an activity that is held several times."""

    action: Action
    activity_id: str | None = None
    provider_activity_id: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    city: str | None = None
    status: Status | None = None
    next_statuses: tuple[NextStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class CountAsOf:
    """How many learners an enduring material had altogether on 31 December of a year, or at its end."""

    year: int
    physicians: int | None = None
    other_learners: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record; `instances` of an activity that is held several times, `counts` of
    enduring material, oldest first."""

    number: int
    action: Action
    activity_id: str | None = None
    provider_activity_id: str | None = None
    status: Status | None = None
    next_statuses: tuple[NextStatus, ...] = ()
    credits: tuple[CreditResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    instances: tuple[Instance, ...] = ()
    counts: tuple[CountAsOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a call that writes; it exists only after what it acknowledges (`id` is None
    for a call that only validated). `received_at` is UTC, `schema_version` the version found."""

    id: str | None
    received_at: datetime
    schema_version: str
    outcome: Outcome
    results: tuple[Result, ...]
    replayed: bool = False
