"""What a completion must satisfy: C1 of what it is, C3 what it reports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from gateway.records import Completion, LearnerAction, Status, replace
from gateway.rules.declaration import CompletionContext, Subject, rule, unless
from gateway.rules.examples import (
    LICENCE,
    NURSE,
    amid,
    cme,
    learner,
    took_part,
)

_ID, _PROVIDER = re.compile("[0-9]{9}"), re.compile("[0-9]{7}")
_COMPLETED = "Completed"
_NOTHING = {"learner": learner(LICENCE), "credits": (), "participants": ()}
_DELETES = {"context.action": LearnerAction.DELETE}

completion = partial(rule, subject=Subject.COMPLETION)


@completion(
    "C101",
    "activity_id",
    deletes=True,
    remedy="Give the ACCME Activity ID as moduleID; your own id will not do.",
    source="JS-LRN",
    good={"activity_id": "202600001"},
    bad={"activity_id": None},
)
def activity_is_named(completion: Completion, context: CompletionContext) -> bool:
    """A completion names its activity by the ACCME Activity ID."""
    return bool(completion.activity_id)


@completion(
    "C102",
    "activity_id",
    deletes=True,
    remedy="Send the ACCME Activity ID as you received it when you reported the activity.",
    source="JS-LRN",
    good={"activity_id": "202600001"},
    bad={"activity_id": "2026-1"},
)
def activity_id_has_nine_digits(completion: Completion, context: CompletionContext) -> bool:
    """An ACCME Activity ID has nine digits."""
    return not completion.activity_id or bool(_ID.fullmatch(completion.activity_id))


@completion(
    "C103",
    "provider_organization",
    remedy="Send your provider id, its leading zeros kept, as ProviderOrganization.",
    source="JS-LRN, JS-TRN",
    good={"provider_organization": "0001234"},
    bad={"provider_organization": "1234"},
)
def provider_id_has_seven_digits(completion: Completion, context: CompletionContext) -> bool:
    """The providing organization is named by its seven digits."""
    named = completion.provider_organization
    return named is None or bool(_PROVIDER.fullmatch(named))


@completion(
    "C104",
    "status",
    remedy="Send Completed, and only those who completed the activity.",
    source="JS-LRN",
    good={"status": None},
    bad={"status": "Registered"},
)
def activity_was_completed(completion: Completion, context: CompletionContext) -> bool:
    """Only what was completed is reported."""
    return completion.status in (None, _COMPLETED)


@completion(
    "C105",
    "action",
    remedy="Send LearnerRecordAction add or delete.",
    source="JS-LRN",
    good={"context.action": LearnerAction.ADD},
    bad={"context.action": None},
)
def record_says_what_to_do(completion: Completion, context: CompletionContext) -> Iterable[object]:
    """A record says whether it adds or deletes."""
    return unless(context.action is not None, None)


@completion(
    "C106",
    "activity_id",
    remedy="Complete the activity first; the answer to SaveActivity lists what is missing.",
    source="CHK",
    good={"context.status": Status.READY_TO_CLOSE},
    bad={"context.status": Status.DRAFT},
)
def activity_is_no_draft(completion: Completion, context: CompletionContext) -> Iterable[object]:
    """Learners are reported for an activity that is Active or was, never for a Draft."""
    return unless(context.status is not Status.DRAFT, Status.DRAFT)


@completion(
    "C107",
    "activity_id",
    deletes=True,
    remedy="To correct them, have the activity opened again by ReopenActivity (scope admin), then send the "
    "record again.",
    source="CHK, SEED1; refusing is the gateway's own reading",
    good=cme() | amid() | {"context.status": Status.CLOSED},
    bad=cme() | amid(closed=True) | {"context.status": Status.CLOSED},
)
def activity_was_not_closed(completion: Completion, context: CompletionContext) -> bool:
    """To an activity that was closed on purpose no learner is added, and none is deleted from it."""
    return context.activity is None or not context.activity.closed


# --- C3: what it reports -----------------------------------------------------------------------------


@completion(
    "C301",
    "credits",
    remedy="Give the credits of the learner, or the participants of a REMS activity.",
    source="JS-LRN, MBQ",
    good=took_part(NURSE),
    bad=_NOTHING,
)
def record_reports_something(completion: Completion, context: CompletionContext) -> bool:
    """A record reports credits of a learner, or participants."""
    return bool(completion.credits or completion.participants)


@completion(
    "C302",
    "participants",
    since=(2, 0),
    remedy="Send two records: one with the learner and the credits, one with the participants.",
    source="the gateway's own reading: a participant has no name",
    good=took_part(NURSE),
    bad=took_part(NURSE) | {"learner": learner(LICENCE)},
)
def participants_stand_alone(completion: Completion, context: CompletionContext) -> Iterable[object]:
    """Participants stand in a record of their own, without a learner and without credits."""
    alone = not completion.participants or (completion.learner is None and not completion.credits)
    return unless(alone, f"{len(completion.participants)} participants")


@completion(
    "C303",
    "learner",
    remedy="Give the learner's names, birthday and identifiers.",
    source="JS-LRN",
    good=cme(),
    bad=cme() | {"learner": None},
)
def credits_are_of_a_learner(completion: Completion, context: CompletionContext) -> bool:
    """Credits are those of a learner."""
    return not completion.credits or completion.learner is not None or bool(completion.participants)


@completion(
    "C304",
    "participants",
    since=(2, 0),
    remedy="Give the activity its REMS type first, or report the learners with their credits.",
    source="LRNTUT, JS-LRN",
    good=took_part(NURSE, replace(NURSE, local_id="P-0002")),
    bad=took_part(NURSE) | amid(),
)
def participants_are_of_a_rems_activity(
    completion: Completion, context: CompletionContext
) -> Iterable[object]:
    """Participants without names are reported only of an activity with a REMS type."""
    fine = not completion.participants or context.activity is None or bool(context.activity.rems_type)
    return unless(fine, f"{len(completion.participants)} participants")


@completion(
    "C305",
    "credits",
    deletes=True,
    remedy="Give the credits to delete by their CreditID, or the learner, or the participants.",
    source="the gateway's own reading of LRNTUT",
    good=_NOTHING | _DELETES,
    bad=_NOTHING | {"learner": None} | _DELETES,
)
def deletion_says_whose(completion: Completion, context: CompletionContext) -> bool:
    """A record that deletes says what: credits, a learner's, or participants."""
    named = completion.credits or completion.participants or completion.learner is not None
    return not context.deleting or bool(named)
