"""What reported credit stands on: registration, points, dates, the activity's own credit.

A learner is refused where an activity does not give it; so it is told where an activity moves away from
below the learners it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from gateway.boards import BOARDS
from gateway.records import Activity, CreditsAlike, MocRegistration
from gateway.rules.accreditation import most_cme
from gateway.rules.certificate import names_type

Lost = tuple[str, str | None, str]
"""A field of the activity, or of its registration with the board, then the board and the type of credit."""

WHY = {
    "moc_registrations": "the activity is no longer registered with the board",
    "credit_types": "the activity is no longer registered for the type",
    "points": "the registered points are fewer now",
    "claim_date": "the claim date is before these completions now",
    "credits": "the activity is certified for less now",
    "start_date": "the activity starts after these completions now",
    "end_date": "the activity ends before these completions now",
}
"""Why credit no longer fits, by the field that changed."""


def grounds(activity: Activity) -> tuple[object, ...]:
    """All that reported credit of an activity stands on."""
    registered = [
        (one.board, one.points, one.credit_types, one.claim_date) for one in activity.moc_registrations
    ]
    return activity.start_date, activity.told_end, most_cme(activity), registered


def lost(before: Activity, after: Activity, credits: Iterable[CreditsAlike]) -> Mapping[Lost, int]:
    """How many reported credits fit an activity as it was and no longer do, and in what."""
    found = Counter[Lost]()
    for one in credits:
        fitted = {*_unfit(one, before)}
        for field in _unfit(one, after):
            if field not in fitted:
                found[field, one.board, one.credit_type] += one.number
    return found


def _unfit(one: CreditsAlike, activity: Activity) -> Iterator[str]:
    """The fields in which an activity does not give credit as it was reported (C204, C205, C403 to C407,
    C503, C504); what all learners get alike is not changed below them (A921). Of CME credit it is not known
    whether board credit stands beside it, by whose claim date it counts: the end of the activity is said."""
    day, end = one.completed_on, activity.told_end
    if activity.start_date and day < activity.start_date:
        yield "start_date"
    registration = next((each for each in activity.moc_registrations if each.board == one.board), None)
    if one.board and registration is None:
        yield "moc_registrations"
        return
    yield from _unregistered(one, registration) if registration else _uncertified(one, activity)
    last = registration.claim_date if registration else None
    if last is not None and day > last:
        yield "claim_date"
    elif last is None and end is not None and day > end:
        yield "end_date"


def _unregistered(one: CreditsAlike, registration: MocRegistration) -> Iterator[str]:
    board, points = BOARDS.get(one.board or ""), registration.points
    if board is not None and not names_type(registration, board, one.credit_type):
        yield "credit_types"
    if board is not None and not board.one_report and points is not None and one.amount > points:
        yield "points"


def _uncertified(one: CreditsAlike, activity: Activity) -> Iterator[str]:
    most = most_cme(activity)
    if most is not None and one.amount > most:
        yield "credits"
