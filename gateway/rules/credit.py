"""What a credit of a completion must satisfy beyond its type: C5 how much, C6 under which id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from gateway.records import Credit, replace
from gateway.rules.accreditation import in_quarters, most_cme, repeated
from gateway.rules.certificate import Certificate
from gateway.rules.declaration import At, CompletionContext, Subject, rule, unless
from gateway.rules.examples import (
    ABIM,
    ABP,
    CREDIT_ID,
    KNOWLEDGE,
    LIFELONG,
    amid,
    board_credit,
    cme,
    credit,
    moc,
)
from gateway.vocabulary import CME_CREDIT

_POINT, _LONGEST = "Point", 300
_CREDIT_ID = re.compile("ccid:[^:]+:[^:]+")
_WITH_ABIM = amid(moc("ABIM", KNOWLEDGE))
_WITH_ABP = amid(moc("ABP", LIFELONG))
_FROM_ABP = board_credit(ABP, type=LIFELONG, amount="10")
_OTHER_ID = "ccid:demo:2026-000002"


def _both_credits(second_id: str) -> dict[str, Any]:
    """A learner with CME and ABIM credit."""
    earned = (credit(), credit(KNOWLEDGE, credit_id=second_id))
    return board_credit(ABIM) | {"credits": earned}


of_each = partial(rule, subject=Subject.CREDIT)
of_all = partial(rule, subject=Subject.CREDITS)


# --- C5: how much ------------------------------------------------------------------------------------


@of_each(
    "C501",
    "amount",
    remedy="Give the number of credits or points.",
    source="JS-LRN",
    good=cme(),
    bad=cme() | {"credits": (replace(credit(), amount=None),)},
)
def amount_is_given(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """A credit has its amount."""
    return unless(certificate.credit.amount is not None, None)


@of_each(
    "C502",
    "amount",
    remedy="Send the credit earned, from 0.25 to 9,999.75, rounded to a quarter.",
    source="JS-LRN; the upper limit is the gateway's own",
    good=cme(amount="0.50"),
    bad=cme(amount="0.1"),
)
def amount_comes_in_quarters(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """An amount of credit is at least 0.25, less than 10,000, and in steps of 0.25."""
    amount = certificate.credit.amount
    return unless(amount is None or in_quarters(amount), amount)


@of_each(
    "C503",
    "amount",
    remedy="Lower the amount, or correct the credit of the activity.",
    source="the gateway's own reading",
    good=cme(amount="2") | amid(credits=(Credit(CME_CREDIT, Decimal(2)),)),
    bad=cme(amount="2.25") | amid(credits=(Credit(CME_CREDIT, Decimal(2)),)),
)
def cme_is_not_above_the_activitys_credit(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """A learner gets no more CME credit than the activity is certified for."""
    amount, activity = certificate.credit.amount, context.activity
    if not certificate.cme or amount is None or activity is None:
        return ()
    most = most_cme(activity)
    return (f"{amount}, certified {most}",) if _is_above(amount, most) else ()


def _is_above(amount: Decimal, most: Decimal | None) -> bool:
    """Whether an amount is too much; of one that cannot be granted at all, that alone is told."""
    if most is None or not (amount.is_finite() and most.is_finite()):
        return False
    return amount > most and in_quarters(amount)


@of_each(
    "C504",
    "amount",
    remedy="Lower the amount, or correct the points of the registration.",
    source="FAQ-7922; that the registered points bound each credit is the gateway's own reading",
    good=board_credit(ABIM, amount="2") | amid(moc("ABIM", KNOWLEDGE, "2")),
    bad=board_credit(ABIM, amount="2.25") | amid(moc("ABIM", KNOWLEDGE, "2")),
)
def points_are_not_above_the_registered(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """A learner gets no more points than the activity is registered for with the board."""
    amount, points, board = certificate.credit.amount, certificate.points, certificate.board
    if amount is None or board is None or board.one_report:
        return ()
    return (f"{amount}, registered {points}",) if _is_above(amount, points) else ()


@of_each(
    "C505",
    "amount",
    remedy="Give each learner the points of the registration; the board takes no part of them.",
    source="TIPS, FAQ-7921",
    good=_FROM_ABP | _WITH_ABP,
    bad=board_credit(ABP, type=LIFELONG, amount="9.75") | _WITH_ABP,
)
def points_are_the_registered_where_all_get_the_same(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """Where a board takes one report per learner, as ABP does, each gets just the registered points."""
    amount, points, board = certificate.credit.amount, certificate.points, certificate.board
    if amount is None or points is None or board is None or not board.one_report:
        return ()
    fine = not in_quarters(amount) or not points.is_finite() or amount == points
    return () if fine else (f"{amount}, registered {points}",)


@of_each(
    "C506",
    "unit",
    remedy="Send Point, or leave the unit out.",
    source="JS-LRN",
    good=cme(unit=None),
    bad=cme(unit="Hour"),
)
def unit_is_point(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """The unit of a credit is Point."""
    return unless(certificate.credit.unit in (None, _POINT), certificate.credit.unit)


# --- C6: under which id ------------------------------------------------------------------------------


@of_each(
    "C601",
    "credit_id",
    remedy="Give the credit an id of yours, ccid:<your organization>:<your number of it>.",
    source="JS-LRN",
    good=cme(credit_id=_OTHER_ID),
    bad=cme(credit_id=None),
)
def credit_has_an_id(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """A credit has a CreditID."""
    return unless(bool(certificate.credit.credit_id), None)


@of_each(
    "C602",
    "credit_id",
    remedy="Write it as ccid:<your organization>:<your number of it>, without further colons.",
    source="JS-LRN",
    good=cme(credit_id="ccid:demo.example:2026/17 b"),
    bad=cme(credit_id="ccid:2026-000001"),
)
def credit_id_has_its_three_parts(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """A CreditID is ccid, a name and a number, divided by colons."""
    id = certificate.credit.credit_id
    return unless(not id or bool(_CREDIT_ID.fullmatch(id)), id)


@of_each(
    "C603",
    "credit_id",
    remedy="Shorten the id.",
    source="JS-LRN",
    good=cme(credit_id="ccid:demo:".ljust(300, "1")),
    bad=cme(credit_id="ccid:demo:".ljust(301, "1")),
)
def credit_id_is_short(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """A CreditID has at most 300 characters."""
    id = certificate.credit.credit_id or ""
    return unless(len(id) <= _LONGEST, id)


@of_all(
    "C604",
    "credits",
    remedy="Give each credit an id of its own.",
    source="JS-LRN",
    good=_both_credits(_OTHER_ID) | _WITH_ABIM,
    bad=_both_credits(CREDIT_ID) | _WITH_ABIM,
)
def credit_id_is_of_one_credit(
    certificates: Sequence[Certificate], context: CompletionContext
) -> Iterable[object]:
    """A CreditID stands once in a record."""
    again = repeated(certificate.credit.credit_id for certificate in certificates)
    return [At(f"credits[{n}]", id) for n, id in again]


@of_all(
    "C605",
    "credits",
    remedy="Give each type of credit once, with all of its amount.",
    source="the gateway's own reading: a learner gets a credit once for an activity",
    good=_both_credits(_OTHER_ID) | _WITH_ABIM,
    bad=cme() | {"credits": (credit(), credit(f"{CME_CREDIT} Credit™", credit_id=_OTHER_ID))},
)
def credit_type_is_given_once(
    certificates: Sequence[Certificate], context: CompletionContext
) -> Iterable[object]:
    """A type of credit stands once in a record, however it is spelled."""
    again = repeated(certificate.credit_type for certificate in certificates)
    return [At(f"credits[{n}]", type) for n, type in again]
