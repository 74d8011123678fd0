"""When a completion was: C2, within the time that may be reported, and within its activity."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

from gateway.records import Completion, Severity
from gateway.rules.certificate import Certificate, certified, is_cme
from gateway.rules.declaration import CompletionContext, Subject, rule, unless
from gateway.rules.examples import ABIM, KNOWLEDGE, NURSE, amid, board_credit, cme, moc, took_part
from gateway.vocabulary import REMS_TYPES

_GRACE = (3, 31)  # until then the year before the last is still open
_EXPECTED_WITHIN = timedelta(days=30)
_REGISTERED = amid(moc("ABIM", KNOWLEDGE))
_UNTOLD = frozenset({"end_date"})

completion = partial(rule, subject=Subject.COMPLETION)


@completion(
    "C201",
    "completed_on",
    remedy="Give the day on which the learner completed the activity.",
    source="JS-LRN",
    good=cme() | amid() | {"completed_on": date(2026, 3, 10), "context.today": date(2026, 3, 10)},
    bad={"completed_on": None},
)
def completion_date_is_given(completion: Completion, context: CompletionContext) -> bool:
    """A completion has its date."""
    return completion.completed_on is not None


@completion(
    "C202",
    "completed_on",
    remedy="Check the date; report a completion once it has taken place.",
    source="the gateway's own reading of AMC's window",
    good=cme() | amid() | {"completed_on": date(2026, 3, 10), "context.today": date(2026, 3, 10)},
    bad={"completed_on": date(9999, 12, 31)},
)
def completion_has_taken_place(completion: Completion, context: CompletionContext) -> bool:
    """A completion is not of a day to come."""
    return completion.completed_on is None or completion.completed_on <= context.today


@completion(
    "C203",
    "completed_on",
    remedy="Check the year of the date; what is older is no longer taken.",
    source="AMC; until when exactly is the gateway's own reading",
    good=cme() | amid() | {"completed_on": date(2025, 1, 1), "context.today": date(2027, 3, 31)},
    bad={"completed_on": date(1991, 1, 1)},
)
def completion_is_recent(completion: Completion, context: CompletionContext) -> bool:
    """A completion is of this year or the one before, until 31 March also of the one before that."""
    return completion.completed_on is None or completion.completed_on >= _oldest(context.today)


def _oldest(today: date) -> date:
    """The first day that may still be reported."""
    return date(today.year - (2 if (today.month, today.day) <= _GRACE else 1), 1, 1)


def _is_open(day: date | None, today: date) -> bool:
    """Whether a day may be reported; if not, that is told and nothing else of it."""
    return day is not None and _oldest(today) <= day <= today


@completion(
    "C204",
    "completed_on",
    remedy="Check the date, and whether this is the right activity.",
    source="the gateway's own reading",
    good=cme() | amid(start_date=date.min),
    bad=cme() | amid(start_date=date.max),
)
def completion_is_not_before_the_activity(completion: Completion, context: CompletionContext) -> bool:
    """An activity is not completed before it starts."""
    day, start = completion.completed_on, context.activity.start_date if context.activity else None
    return day is None or start is None or start <= day or not _is_open(day, context.today)


@rule(
    "C205",
    "credits",
    subject=Subject.CREDIT,
    remedy="Check the date, and whether this is the right activity.",
    source="the gateway's own reading; JS-ACT for the claim date",
    good=board_credit(ABIM) | amid(moc("ABIM", KNOWLEDGE, claim_date=date.max), end_date=date.min),
    bad=cme() | amid(moc("ABIM", KNOWLEDGE, claim_date=date.max), end_date=date.min),
)
def credit_is_not_of_a_day_after_the_activity(
    certificate: Certificate, context: CompletionContext
) -> Iterable[object]:
    """Credit is not of a day after the activity ends; where its board gives time to claim it, that counts,
    and so it does for CME credit beside it."""
    day = certificate.completion.completed_on
    if day is None or certificate.last_day is not None or not _is_after_the_end(day, context):
        return ()
    return unless(certificate.cme and _may_be_claimed_beside(certificate, day, context), day)


def _may_be_claimed_beside(certificate: Certificate, day: date, context: CompletionContext) -> bool:
    """Whether the same record has board credit that may still be claimed that day: CME follows from it, and
    would be there without being said."""
    completion, activity = certificate.completion, context.activity
    others = (certified(one, completion, activity, context.boards) for one in completion.credits)
    return any(last is not None and day <= last for last in (one.last_day for one in others))


@completion(
    "C207",
    "completed_on",
    since=(2, 0),
    remedy="Check the date, and whether this is the right activity.",
    source="the gateway's own reading",
    good=took_part(NURSE) | amid(rems_type=REMS_TYPES[0], end_date=date.max),
    bad=took_part(NURSE) | amid(rems_type=REMS_TYPES[0], end_date=date.min),
)
def participants_took_part_before_the_activity_ended(
    completion: Completion, context: CompletionContext
) -> bool:
    """Nobody takes part in an activity after it ends."""
    return bool(completion.credits) or not _is_after_the_end(completion.completed_on, context)


def _is_after_the_end(day: date | None, context: CompletionContext) -> bool:
    """Whether a day that may be reported is after the activity's last one."""
    end = context.activity.told_end if context.activity else None
    return day is not None and end is not None and day > end and _is_open(day, context.today)


@completion(
    "C208",
    "completed_on",
    severity=Severity.WARNING,
    remedy="Check the date. If the activity ran on, say until when: send an Update of it in activity 2.0 or "
    "newer, with its endDateTime.",
    source="the gateway's own reading",
    good=cme() | amid(end_date=date.max, derived=_UNTOLD),
    bad=cme() | amid(end_date=date.min, derived=_UNTOLD),
)
def completion_is_not_after_an_end_that_was_derived(
    completion: Completion, context: CompletionContext
) -> bool:
    """A completion is not of a day after the end of its activity that was derived, since nobody told it."""
    activity, day = context.activity, completion.completed_on
    if day is None or activity is None or activity.end_date is None or activity.told_end is not None:
        return True
    return day <= activity.end_date or not _is_open(day, context.today)


def _claims_board_credit(completion: Completion) -> bool:
    return any(credit.credit_type and not is_cme(credit.credit_type) for credit in completion.credits)


@completion(
    "C206",
    "completed_on",
    severity=Severity.WARNING,
    remedy="Report board credit soon after the learner's evaluation; the board may turn late data down.",
    source="FAQ-7921",
    good=board_credit(ABIM)
    | {"completed_on": date(2026, 3, 10), "context.today": date(2026, 4, 9)}
    | _REGISTERED,
    bad=board_credit(ABIM)
    | {"completed_on": date(2026, 3, 10), "context.today": date(2026, 4, 10)}
    | _REGISTERED,
)
def board_credit_comes_within_30_days(completion: Completion, context: CompletionContext) -> bool:
    """Board credit is reported within 30 days of the completion."""
    day = completion.completed_on
    if day is None or context.today - day <= _EXPECTED_WITHIN or not _is_open(day, context.today):
        return True
    return not _claims_board_credit(completion)
