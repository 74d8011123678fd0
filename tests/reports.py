"""Completions as they come out of a reader, ready to be saved, and the people they are of: all invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from gateway import samples
from gateway.records import (
    Activity,
    ClaimedCredit,
    Completion,
    CompletionEntry,
    Finding,
    Identifier,
    Learner,
    LearnerAction,
    MocRegistration,
    Participant,
    Place,
    RegisterRow,
)

TODAY = date(2026, 11, 21)  # in Chicago, at fakes.NOW
CME, BOARD_TYPE = "AMA PRA Category 1", "Medical Knowledge"

_COURSE = samples.demo_activities(TODAY)[4]
_ENDED = TODAY - timedelta(days=5)
COURSE = replace(
    _COURSE,
    start_date=_ENDED - timedelta(days=1),
    end_date=_ENDED,
    reporting_start=_ENDED - timedelta(days=1),
    reporting_end=_ENDED,
    activity_id="202600001",
    credits=(replace(_COURSE.credits[0], amount=Decimal("11.25")),),
    moc_registrations=(MocRegistration("ABIM", Decimal("11.25"), (BOARD_TYPE,), date(2027, 3, 1)),),
    closed=False,
    born="2.0",
)
REMS_COURSE = replace(
    COURSE,
    activity_id="202600002",
    provider_activity_id="REMS-26",
    rems_type="Opioid Analgesic",
    moc_registrations=(),
)
COMPLETED = COURSE.end_date

ADA = Learner(
    ("Ada",),
    ("Quimby-Torres",),
    None,
    "02-29",
    (Identifier("ABIM", "900001"), Identifier("ME", "MD012345")),
)
ADA_ROW = RegisterRow(
    "p1", "ME", "MD012345", "1234567893", "ABIM", "900001", "Ada", "Quimby Torres", "", "02-29"
)
BEN = Learner(("Ben",), ("Okonjo",), None, "07-04", (Identifier("NPI", "1999999984"),))
BEN_ROW = RegisterRow("p2", "VT", "V-77", "1999999984", "", "", "Ben", "Okonjo", "", "07-04")
STRANGER = Learner(("Nemo",), ("Nobody",), None, "01-01", (Identifier("NY", "000000"),))

CME_CREDIT = ClaimedCredit("ccid:demo:1", CME, "Point", Decimal("11.25"))
BOARD_CREDIT = ClaimedCredit("ccid:demo:2", BOARD_TYPE, "Point", Decimal("11.25"))
NURSE = Participant("P-1", "idd:demo.example:ce", "Vermont", "None", "Nurse", None, False, None)


def completion(
    learner: Learner | None = ADA,
    *credits: ClaimedCredit,
    activity: Activity = COURSE,
    completed_on: date | None = COMPLETED,
    participants: tuple[Participant, ...] = (),
) -> Completion:
    """A completion of the course."""
    return Completion(
        organization="Demo Medical Society",
        learner=learner,
        participants=participants,
        provider_organization="0001234",
        activity_name=activity.title,
        activity_id=activity.activity_id,
        module_name=activity.title,
        status="Completed",
        completed_on=completed_on,
        credits=credits,
    )


def report(
    said: Completion | None,
    action: LearnerAction = LearnerAction.ADD,
    *,
    number: int = 1,
    provider_id: str | None = None,
    findings: tuple[Finding, ...] = (),
) -> CompletionEntry:
    """A record of a submission; every field stands at the path that is its name."""
    return CompletionEntry(
        number,
        said,
        activity_id=said.activity_id if said else None,
        action=action,
        provider_id=provider_id,
        findings=findings,
        place=lambda field: Place(f"/{field}", number),
    )


def deletion(said: Completion, *, number: int = 1) -> CompletionEntry:
    """The same record, to be deleted."""
    return report(said, LearnerAction.DELETE, number=number)
