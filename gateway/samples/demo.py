"""What the sandbox starts with, made by hand: activities and completions, one for each thing to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gateway import vocabulary as words
from gateway.records import (
    Activity,
    ClaimedCredit,
    Completion,
    Credit,
    CreditStatus,
    Identifier,
    InKindSupport,
    Learner,
    Location,
    MeasuredOutcome,
    MocRegistration,
    MonetarySupport,
    RegisterRow,
)
from gateway.samples.activity import FLAGS, Fields, held, reported
from gateway.vocabulary import CME_CREDIT, IN_PERSON


def demo_activities(today: date) -> tuple[Activity, ...]:
    """Activities as senders report them today.

    In order: a Draft, two Active ones (a course registered with a board, enduring material on its
    way), one Ready to Close without its counts, for which learners can be reported, and one with all
    that closing asks for.
    """
    moc = _registration(today)
    planned = (
        (90, 91, _PLAN),
        (60, 61, _COURSE | moc),
        (-300, 600, _ENDURING),
        (-20, -19, _COURSE | moc),
        (-80, -79, _COURSE | moc | _ACCOUNT),
    )
    return tuple(_demo(today, number, *plan) for number, plan in enumerate(planned, start=1))


def _demo(today: date, number: int, first: int, last: int, fields: Fields) -> Activity:
    start, end = today + timedelta(days=first), today + timedelta(days=last)
    return held(start, end, provider_activity_id=f"DMS-DEMO-{number}", **fields)


def _registration(today: date) -> Fields:
    claimed = today + timedelta(days=400)
    points = MocRegistration("ABIM", Decimal("11.25"), ("Medical Knowledge",), claimed, attested=True)
    return {"moc_registrations": (points,), "specialties": ("Internal Medicine",)}


_PLAN: Fields = {"format": "Live Course", "title": "Stroke Care for the Whole Team"}
_COURSE: Fields = {
    "format": "Live Course",
    "title": "Diabetes: from Guideline to Clinic",
    "description": "Two days on choosing, starting and changing therapy, with cases in small groups.",
    "url": "https://learn.example.org/diabetes",
    "credits": (Credit(CME_CREDIT, Decimal("11.25"), ("Lakeside Heart Club",)),),
    "providership": words.JOINT,
    "delivery_methods": (IN_PERSON, "Live-Streamed"),
    "location": Location("Portland", "ME", "USA"),
    "passport": True,
    "fee": "Yes",
    "registration": "Open to all",
}
_ENDURING = _COURSE | {
    "format": words.ENDURING,
    "title": "Asthma in Schools",
    "description": "An hour online for those who look after children with asthma in school hours.",
    "url": "https://learn.example.org/asthma",
    "credits": (Credit(CME_CREDIT, Decimal(1)),),
    "providership": words.DIRECT,
    "delivery_methods": ("Online",),
    "location": None,
    "fee": words.FREE,
}
_ACCOUNT: Fields = {
    "outcomes": (MeasuredOutcome("Learner Competence", ("Objective", "Subjective")),),
    "commendation_tags": ("Engages Teams",),
    "commercial_support": True,
    "monetary_supports": (MonetarySupport(25_000, "Harbor Pharma LLC", "USD"),),
    "in_kind_supports": (InKindSupport("Glucometers United"),),
    "physicians": 96,
    "other_learners": 22,
}


def demo_legacy_activities(today: date) -> tuple[Activity, ...]:
    """What a system from before November 2021 sends: a complete course of last year, and internet
    enduring material that still runs."""
    spring, summer = date(today.year - 1, 2, 1), date(today.year - 1, 6, 12)
    return (
        reported(summer, provider_activity_id="DMS-DEMO-6", **_THEN),
        reported(spring, provider_activity_id="DMS-DEMO-7", **_THEN_ONLINE),
    )


_THEN_ONLINE: Fields = {
    "legacy_type": "IEM",
    "format": words.ENDURING,
    "title": "Sleep Apnoea in Primary Care",
    "credits": (Credit(CME_CREDIT, Decimal(1)),),
    "providership": words.DIRECT,
    "hours_of_instruction": Decimal(1),
    "commercial_support": False,
    "physicians": 412,
    "other_learners": 0,
}
_THEN: Fields = _THEN_ONLINE | {
    "legacy_type": "C",
    "format": "Live Course",
    "title": "Heart Failure Update",
    "credits": (Credit(CME_CREDIT, Decimal("6.5")),),
    "hours_of_instruction": Decimal("6.5"),
    "location": Location("Duluth", "MN", "USA"),
    "competencies": ("Medical Knowledge",),
    **dict.fromkeys(FLAGS, True),
    "commercial_support": True,
    "monetary_supports": (MonetarySupport(12_000, "Northern Devices Inc", "USD"),),
    "in_kind_supports": (InKindSupport("Prairie Imaging", ("Durable equipment",)),),
    "physicians": 84,
    "other_learners": 31,
}


# --- completions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DemoCompletion:
    """A completion of the demo, and how its credits stand in the end."""

    completion: Completion
    expected: tuple[CreditStatus, ...]


def demo_people() -> tuple[RegisterRow, ...]:
    """People of the register whose ids are magic to the simulated boards (docs/boards.md): the first is
    accepted, the second rejected, the third accepted after a fault."""
    return (
        _person("DEMO-1", "MD012345", "1234567893", "900001", _ADA),
        _person("DEMO-2", "MD012346", "1234567802", "900014", _BRUNO),
        _person("DEMO-3", "MD012347", "1234567810", "900036", _CHIDI),
    )


def demo_completions(activity: Activity) -> tuple[DemoCompletion, ...]:
    """Completions of an activity that is registered with ABIM: accepted, rejected by the board, accepted
    after the board failed once, and of somebody whom nobody knows."""
    accepted, rejected = CreditStatus.ACCEPTED, CreditStatus.REJECTED
    return (
        _completed(activity, 1, _ADA, "900001", accepted, accepted),
        _completed(activity, 2, _BRUNO, "900014", accepted, rejected),
        _completed(activity, 3, _CHIDI, "900036", accepted, accepted),
        _completed(activity, 4, _DANA, None, rejected),
    )


_ADA = ("Ada", "Quimby-Torres", "02-29")
_BRUNO = ("Bruno", "Castellane", "07-14")
_CHIDI = ("Chidi", "Abernathy", "11-03")
_DANA = ("Dana", "Fennimore", "05-21")


def _person(person: str, licence: str, npi: str, board_id: str, who: tuple[str, str, str]) -> RegisterRow:
    given, family, birthday = who
    return RegisterRow(person, "ME", licence, npi, "ABIM", board_id, given, family, "", birthday)


def _completed(
    activity: Activity, number: int, who: tuple[str, str, str], board_id: str | None, *expected: CreditStatus
) -> DemoCompletion:
    given, family, birthday = who
    board = activity.moc_registrations[0]
    known = Identifier("ABIM", board_id) if board_id else Identifier("ME", "MD099999")
    cme = ClaimedCredit(f"ccid:dms:demo-{number}-1", CME_CREDIT, "Point", activity.credits[0].amount)
    moc = ClaimedCredit(f"ccid:dms:demo-{number}-2", board.credit_types[0], "Point", board.points)
    said = Completion(
        organization="Demo Medical Society",
        learner=Learner((given,), (family,), None, birthday, (known,)),
        provider_organization="0001234",
        activity_name=activity.title,
        activity_id=activity.activity_id,
        module_name=activity.title,
        status="Completed",
        completed_on=activity.end_date,
        credits=(cme, moc)[: len(expected)],
    )
    return DemoCompletion(said, expected)
