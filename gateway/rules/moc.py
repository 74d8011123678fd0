"""What an activity is registered for with the certifying boards: A7."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from gateway.boards import takes_part
from gateway.records import Activity, Credit, MocRegistration
from gateway.rules.accreditation import in_quarters, repeated
from gateway.rules.declaration import Context, rule
from gateway.vocabulary import CME_CREDIT

_TWO_CREDITS = (Credit(CME_CREDIT, Decimal(2)),)


def _moc(board: str, points: str, claimed: date | None = None) -> MocRegistration:
    return MocRegistration(board, Decimal(points), ("Medical Knowledge",), claimed)


@rule(
    "A701",
    "moc_registrations",
    remedy="Use one of the boards that GetServiceInfo lists, within its dates.",
    source="JS-ACT, NEWS",
    good={"moc_registrations": (_moc("ABP", "0.25"),)},
    bad={"moc_registrations": (_moc("ABXX", "0.25"),)},
)
def board_takes_part_when_the_activity_starts(activity: Activity, context: Context) -> Iterable[object]:
    """A board of a MOC registration takes part in the collaboration on the day the activity starts."""
    named = (registration.board for registration in activity.moc_registrations)
    return [name for name in named if not takes_part(name, activity.start_date)]


@rule(
    "A702",
    "moc_registrations",
    remedy="Round the points to a quarter.",
    source="JS-ACT; the upper limit is the gateway's own",
    good={"moc_registrations": (_moc("ABIM", "0.25"),)},
    bad={"moc_registrations": (_moc("ABIM", "0.1"),)},
)
def moc_points_come_in_quarters(activity: Activity, context: Context) -> Iterable[object]:
    """MOC points are at least 0.25, less than 10,000, and in steps of 0.25."""
    points = (registration.points for registration in activity.moc_registrations)
    return [amount for amount in points if amount is not None and not in_quarters(amount)]


@rule(
    "A703",
    "moc_registrations",
    remedy="Lower the points, or correct the credit.",
    source="FAQ-7922",
    good={"credits": _TWO_CREDITS, "moc_registrations": (_moc("ABIM", "2"),)},
    bad={"credits": _TWO_CREDITS, "moc_registrations": (_moc("ABIM", "2.25"),)},
)
def moc_points_are_not_above_the_credit(activity: Activity, context: Context) -> Iterable[object]:
    """MOC points are not above the credit of the activity."""
    told = (registration.points for registration in activity.moc_registrations)
    points = [amount for amount in told if amount is not None and amount.is_finite()]
    credit = max(filter(Decimal.is_finite, activity.credit_amounts), default=None) if points else None
    return [amount for amount in points if credit is not None and amount > credit]


@rule(
    "A704",
    "moc_registrations",
    remedy="Put all credit types of a board into one registration.",
    source="JS-ACT",
    good={"moc_registrations": (_moc("ABIM", "0.25"), _moc("ABP", "0.25"))},
    bad={"moc_registrations": (_moc("ABIM", "0.25"), _moc("ABIM", "0.25"))},
)
def board_is_registered_once(activity: Activity, context: Context) -> Iterable[object]:
    """An activity is registered once with each board."""
    return repeated(registration.board for registration in activity.moc_registrations)


@rule(
    "A705",
    "moc_registrations",
    remedy="Give the last day on which MOC credit may be claimed.",
    source="JS-ACT, FAQ-status",
    good={"moc_registrations": (_moc("ABIM", "0.25", date.max),)},
    bad={"moc_registrations": (_moc("ABIM", "0.25", date.min),)},
)
def claim_date_is_not_before_start(activity: Activity, context: Context) -> Iterable[object]:
    """MOC credit is not to be claimed before the activity starts."""
    claimed = (registration.claim_date for registration in activity.moc_registrations)
    return [day for day in claimed if day and activity.start_date and day < activity.start_date]
