"""Who grants a credit: C4, its type, its board, and what the board has to know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial

from gateway.records import Severity
from gateway.rules.certificate import Certificate, is_known_to
from gateway.rules.declaration import CompletionContext, Subject, rule, unless
from gateway.rules.examples import ABIM, ABP, KNOWLEDGE, LIFELONG, amid, board_credit, cme, moc
from gateway.vocabulary import CME_CREDIT

# The last day of a year on which a board takes data for that year (MOCG).
_YEAR_ENDS = {"ABP": (12, 1)}
_WITH_ABIM = amid(moc("ABIM", KNOWLEDGE))
_WITH_ABP = amid(moc("ABP", LIFELONG))
_FROM_ABP = board_credit(ABP, type=LIFELONG, amount="10")

of_each = partial(rule, subject=Subject.CREDIT)


@of_each(
    "C401",
    "credit_type",
    remedy=f"Give {CME_CREDIT}, or the type of credit by the board's own name.",
    source="JS-LRN",
    good=cme(),
    bad=cme(type=None),
)
def credit_has_its_type(certificate: Certificate, context: CompletionContext) -> bool:
    """A credit says of what type it is."""
    return certificate.credit_type is not None


@of_each(
    "C402",
    "credit_type",
    remedy=f"Write {CME_CREDIT}, or a credit type as GetServiceInfo lists it with its board.",
    source="JS-LRN, XLSX-L, MOCG",
    good=board_credit(ABIM, type=f"{KNOWLEDGE} (Part II)") | _WITH_ABIM,
    bad=cme(type="Nursing"),
)
def credit_type_is_known(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """A credit type is CME credit, or one that a board grants."""
    known = certificate.cme or certificate.credit_type is None or bool(certificate.boards)
    return unless(known, certificate.credit_type)


@of_each(
    "C403",
    "credit_type",
    remedy="Register the activity with the board first, or correct the credit type.",
    source="FAQ-7921, CHK",
    good=board_credit(ABIM) | _WITH_ABIM,
    bad=board_credit(ABIM) | _WITH_ABP,
)
def activity_is_registered_with_the_board(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """Board credit is claimed only for an activity that is registered with that board."""
    fine = not certificate.boards or context.activity is None or certificate.registered
    return unless(fine, certificate.credit_type)


@of_each(
    "C404",
    "credit_type",
    remedy="Add the credit type to the registration of the activity, or correct it in the record.",
    source="FAQ-7921, CHK",
    good=board_credit(ABIM) | amid(moc("ABIM", f"{KNOWLEDGE} (Part II)")),
    bad=board_credit(ABIM) | amid(moc("ABIM", "Patient Safety")),
)
def activity_is_registered_for_the_type(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """The registration of the activity with the board names the type of credit."""
    return unless(certificate.named or not certificate.registered, certificate.credit_type)


@of_each(
    "C405",
    "credit_type",
    remedy="Add the board's own number of the learner, its acronym as the domain.",
    source="FAQ-7921, FAQ-mismatch",
    good=board_credit(ABIM) | _WITH_ABIM,
    bad=board_credit() | _WITH_ABIM,
)
def learner_is_known_to_the_board(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """For board credit the learner has an identifier of that very board."""
    boards, completion = certificate.boards, certificate.completion
    if not boards or completion.learner is None:
        return ()
    known = [board for board in boards if is_known_to(board, completion)]
    return () if known else (f"none of {' or '.join(board.acronym for board in boards)}",)


@of_each(
    "C406",
    "credit_type",
    remedy="Send one record for each board, with the number of the learner at that board alone.",
    source="the gateway's own reading: a record does not name the board of a credit",
    good=board_credit(ABIM, type="Patient Safety")
    | amid(moc("ABIM", "Patient Safety"), moc("ABA", "Patient Safety")),
    bad=board_credit(ABIM, ("ABA", "70000001"), type="Patient Safety")
    | amid(moc("ABIM", "Patient Safety"), moc("ABA", "Patient Safety")),
)
def board_of_the_credit_is_one(certificate: Certificate, context: CompletionContext) -> Iterable[object]:
    """From credit type, registrations and identifiers just one board follows."""
    if len(certificate.boards) < 2 or not certificate.named:
        return ()
    known = is_known_to(certificate.boards[0], certificate.completion)
    return unless(not known, certificate.credit_type)


@of_each(
    "C407",
    "credit_type",
    remedy="Check the date; the board has told until when its credit may be claimed.",
    source="JS-ACT, FAQ-status",
    good=board_credit(ABIM) | amid(moc("ABIM", KNOWLEDGE, claim_date=date.max)),
    bad=board_credit(ABIM) | amid(moc("ABIM", KNOWLEDGE, claim_date=date.min)),
)
def completion_is_not_after_the_claim_date(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """Board credit is not of a day after the last one to claim it."""
    day, last = certificate.completion.completed_on, certificate.last_day
    return unless(day is None or last is None or day <= last or day > context.today, day)


@of_each(
    "C408",
    "credit_type",
    severity=Severity.WARNING,
    remedy="Ask the board whether it still counts; report its credit by 1 December from now on.",
    source="MOCG",
    good=_FROM_ABP | _WITH_ABP | {"completed_on": date(2026, 11, 30), "context.today": date(2026, 12, 1)},
    bad=_FROM_ABP | _WITH_ABP | {"completed_on": date(2026, 11, 30), "context.today": date(2026, 12, 2)},
)
def credit_comes_before_the_boards_year_ends(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """Credit of ABP that is earned by 1 December counts for its year if it comes by that day as well."""
    day, board = certificate.completion.completed_on, certificate.board
    last = _YEAR_ENDS.get(board.acronym) if board else None
    if last is None or day is None:
        return ()
    end = date(day.year, *last)  # for which year counts what is earned later is not known
    return unless(day > end or context.today <= end, day)
