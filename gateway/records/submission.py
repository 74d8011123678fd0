"""What comes in: the records of a call as they were read, and what their sender asks for."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from gateway.records.activity import Activity
from gateway.records.completion import Completion
from gateway.records.finding import NOWHERE, Finding, PlaceOf

Version = tuple[int, int]
"""The version of a payload as a pair: as text, 10.0 would come before 2.0."""


def dotted(version: Version) -> str:
    """A version as it is written: 2.0."""
    return "{}.{}".format(*version)


class RecordAction(enum.StrEnum):
    """What the sender asks for, by the record's own `activityRecordAction`."""

    ADD = "Add"
    UPDATE = "Update"
    DELETE = "Delete"


class LearnerAction(enum.StrEnum):
    """What the sender asks for, by the record's own `LearnerRecordAction`."""

    ADD = "add"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A further date and place of an activity: each becomes an activity of its own.

    Without an end it takes as long as the record's own instance, without any part of a place it is held
    where that is.
    """

    start_date: date | None = None
    end_date: date | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One record of a submission as it was read: number from 1, and where its fields stand.

    `activity` is None when its shape is wrong; then `findings` say why, the two ids are what could still
    be made out, and `legible` is all that could be read, so that the rest that is wrong is told too. `onto`
    lays the record over the one that is stored: an update replaces exactly the fields its version can hold,
    all others stay (docs/wire.md). `noted` tells, of the activity before, if there was one, and after it,
    what was derived and what was dropped. `repeats` are the further instances of the activity, which itself
    is the first.
    """

    number: int
    activity: Activity | None
    legible: Activity | None = None
    activity_id: str | None = None
    provider_activity_id: str | None = None
    action: RecordAction | None = None
    close: bool | None = None
    provider_id: str | None = None
    repeats: tuple[Repeat, ...] = ()
    onto: Callable[[Activity], Activity] = lambda stored: stored
    noted: Callable[[Activity | None, Activity], tuple[Finding, ...]] = lambda before, after: ()
    findings: tuple[Finding, ...] = ()
    place: PlaceOf = lambda field: NOWHERE


@dataclass(frozen=True, slots=True)
class CompletionEntry:
    """One completion of a submission as it was read: number from 1, and where its fields stand.

    `completion` is None when its shape is wrong; then `findings` say why, and `legible` is all that could
    be read, so that the rest that is wrong is told too. `place` knows the fields of a Completion and of its
    learner, and of the n-th credit (from 0) `credits[n]` and `credits[n].amount`, of an identifier
    `identifiers[n]`, of a participant `participants[n]`.
    """

    number: int
    completion: Completion | None
    legible: Completion | None = None
    activity_id: str | None = None
    action: LearnerAction | None = None
    provider_id: str | None = None
    findings: tuple[Finding, ...] = ()
    place: PlaceOf = lambda field: NOWHERE
