"""Where an activity stands, what it can become, and what is missing for it.

A status is never stored: it follows from the data, the day and the close switch.
"""

from __future__ import annotations

import enum
from datetime import date

from gateway.lifecycle.gates import GATES, LEGACY_GATES, missing, over
from gateway.lifecycle.lasting import TO_ACTIVE, complete, complete_then
from gateway.records import Activity, MissingGate, NextStatus, Status

_TO_READY = tuple(gate for gate in GATES if gate.status is Status.READY_TO_CLOSE)
CLOSE_SWITCH = MissingGate(
    "close", "It is closed only when you say so: by closeActivityRecord true, or CloseActivity."
)


class Standing(enum.StrEnum):
    """A status, with Closed told apart: on purpose, or by itself, as a complete record did before
    November 2021. Only the former is for good until it is reopened."""

    DRAFT = "Draft"
    ACTIVE = "Active"
    READY_TO_CLOSE = "Ready to Close"
    CLOSED = "Closed"
    CLOSED_AS_THEN = "Closed as then"

    @property
    def status(self) -> Status:
        """The status that answers give."""
        return Status.CLOSED if self is Standing.CLOSED_AS_THEN else Status(self.value)


def standing(activity: Activity, today: date) -> Standing:
    """Tell where an activity stands on a day; its start date is not tested (docs/sources.md)."""
    if activity.closed:
        return Standing.CLOSED
    if over(activity, today) and complete_then(activity):
        return Standing.CLOSED_AS_THEN
    if not complete(activity):
        return Standing.DRAFT
    return Standing.READY_TO_CLOSE if over(activity, today) else Standing.ACTIVE


def status(activity: Activity, today: date) -> Status:
    """Tell the status of an activity on a day."""
    return standing(activity, today).status


def next_statuses(activity: Activity, today: date) -> tuple[NextStatus, ...]:
    """Tell what an activity can become and what is missing for it: the answer to "why not yet?".

    A Closed one becomes nothing else. From Active on the calendar alone moves it.
    """
    match status(activity, today):
        case Status.DRAFT:
            reached = Status.READY_TO_CLOSE if over(activity, today) else Status.ACTIVE
            return (NextStatus(reached, missing(TO_ACTIVE, activity, today)),)
        case Status.ACTIVE:
            waited = missing(_TO_READY, activity, today)
            return (NextStatus(Status.READY_TO_CLOSE, waited),)
        case Status.READY_TO_CLOSE:
            return (NextStatus(Status.CLOSED, _shortest_way_to_close(activity, today)),)
        case _:
            return ()


def missing_to_close(activity: Activity, today: date) -> tuple[MissingGate, ...]:
    """Tell why the close switch cannot be granted; empty when it can (FAQ-status, SEED1)."""
    return missing(GATES, activity, today)


def _shortest_way_to_close(activity: Activity, today: date) -> tuple[MissingGate, ...]:
    # A record of the old time closes by itself once complete as then, or by the switch as any other: a way
    # to be told to who has said measured outcomes, which 1.0 cannot say.
    now = (*missing_to_close(activity, today), CLOSE_SWITCH)
    if activity.born != "1.0":
        return now
    then = missing(LEGACY_GATES, activity, today)
    return min(now, then, key=len) if activity.outcomes else then
