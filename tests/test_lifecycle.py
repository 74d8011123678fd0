"""The statuses of an activity: every gate, the calendar, the close switch, and the time before 2021."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.lifecycle import (
    CLOSE_SWITCH,
    GATES,
    LEGACY_GATES,
    Gate,
    missing_to_close,
    next_statuses,
    status,
)
from gateway.records import (
    Activity,
    Credit,
    InKindSupport,
    Location,
    MeasuredOutcome,
    MissingGate,
    MocRegistration,
    MonetarySupport,
    NextStatus,
    Status,
    replace,
)

TODAY = date(2026, 11, 21)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)

COMPLETE = Activity(
    title="Diabetes Update",
    format="Live Course",
    start_date=date(2026, 3, 9),
    end_date=date(2026, 3, 10),
    description="Two days.",
    url="https://learn.example.org/diabetes",
    credits=(Credit("AMA PRA Category 1", Decimal(2), ("Lakeside Heart Club",)),),
    location=Location("Portland", "ME", "USA"),
    delivery_methods=("In-Person",),
    passport=True,
    fee="Yes",
    registration="Limited",
    providership="joint",
    outcomes=(MeasuredOutcome("Patient Health", ("Objective",)),),
    commercial_support=True,
    monetary_supports=(MonetarySupport(500, "Northern Devices", "USD"),),
    physicians=0,
    other_learners=0,
    specialties=("Internal Medicine",),
    moc_registrations=(MocRegistration("ABIM", Decimal(2), ("Medical Knowledge",), date(2027, 3, 10)),),
    born="2.0",
)
ONLINE = replace(COMPLETE, delivery_methods=("Online",), location=None)
PLAIN = replace(ONLINE, passport=False, moc_registrations=(), fee=None, registration=None, url=None)
THEN = Activity(
    title="Heart Failure Update",
    legacy_type="C",
    start_date=date(2015, 5, 12),
    end_date=date(2015, 5, 12),
    credits=(Credit("AMA PRA Category 1", Decimal("6.5"), ("Lakeside Heart Club",)),),
    location=Location("Duluth", "MN", "USA"),
    providership="joint",
    hours_of_instruction=Decimal("6.5"),
    designed_competence=True,
    designed_performance=False,
    designed_outcomes=False,
    measured_competence=True,
    measured_performance=False,
    measured_outcomes=False,
    commercial_support=True,
    in_kind_supports=(InKindSupport("Prairie Imaging", ("Other",)),),
    physicians=84,
    other_learners=0,
    born="1.0",
)
# What 1.0 could not say and the reading derives.
DERIVED = replace(
    THEN,
    description=THEN.title,
    format="Live Course",
    delivery_methods=("In-Person",),
    passport=False,
)

# What takes each gate away, gate by gate in the order of the table.
CITYLESS, COUNTRYLESS, STATELESS = (
    Location(None, "ME", "USA"),
    Location("Portland", "ME", None),
    Location("Portland", None, "USA"),
)
MOC = COMPLETE.moc_registrations[0]
UNCREDITED = (Credit("AMA PRA Category 1", None, ("Lakeside Heart Club",)),)
ALONE = (Credit("AMA PRA Category 1", Decimal(2)),)
REMOVALS: tuple[dict[str, Any], ...] = (
    {"delivery_methods": ()},
    {"location": CITYLESS},
    {"location": COUNTRYLESS},
    {"location": STATELESS},
    {"credits": UNCREDITED},
    {"passport": None},
    {"fee": None},
    {"registration": None},
    {"url": None},
    {"description": ""},
    {"providership": None},
    {"end_date": TODAY},
    {"credits": ALONE},
    {"outcomes": ()},
    {"commercial_support": None},
    {"monetary_supports": ()},
    {"monetary_supports": (MonetarySupport(None, "Northern Devices", "USD"),)},
    {"physicians": None},
    {"other_learners": None},
    {"specialties": ()},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", credit_types=()))},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", points=None))},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", claim_date=None))},
)
LEGACY_REMOVALS: tuple[dict[str, Any], ...] = (
    {"legacy_type": None},
    {"title": None},
    {"start_date": None},
    {"location": CITYLESS},
    {"location": COUNTRYLESS},
    {"location": STATELESS},
    {"hours_of_instruction": Decimal(0)},
    {"credits": UNCREDITED},
    {"providership": None},
    {"credits": ALONE},
    {"designed_competence": None},
    {"designed_performance": None},
    {"designed_outcomes": None},
    {"measured_competence": None},
    {"measured_performance": None},
    {"measured_outcomes": None},
    {"physicians": None},
    {"other_learners": None},
    {"commercial_support": None},
    {"in_kind_supports": ()},
)


def _named(gate: Gate) -> tuple[MissingGate, ...]:
    return (MissingGate(gate.field, gate.text),)


every_gate = pytest.mark.parametrize(("gate", "removal"), list(zip(GATES, REMOVALS, strict=True)))
every_legacy_gate = pytest.mark.parametrize(
    ("gate", "removal"), list(zip(LEGACY_GATES, LEGACY_REMOVALS, strict=True))
)


def test_nothing_is_missing_of_a_complete_activity() -> None:
    """A complete activity whose end has passed is Ready to Close and waits for the switch alone."""
    assert Status.READY_TO_CLOSE is status(COMPLETE, TODAY)
    assert () == missing_to_close(COMPLETE, TODAY)
    assert (NextStatus(Status.CLOSED, (CLOSE_SWITCH,)),) == next_statuses(COMPLETE, TODAY)


@every_gate
def test_missing_gate_is_named_to_who_closes(gate: Gate, removal: dict[str, Any]) -> None:
    """Take one thing away from a complete activity, and closing misses exactly that."""
    assert _named(gate) == missing_to_close(replace(COMPLETE, **removal), TODAY)


@every_gate
def test_status_falls_with_its_gate(gate: Gate, removal: dict[str, Any]) -> None:
    """The status without a thing is the one before that which asks for it, and the next one names it."""
    fallen = {
        Status.ACTIVE: (Status.DRAFT, NextStatus(Status.READY_TO_CLOSE, _named(gate))),
        Status.READY_TO_CLOSE: (Status.ACTIVE, NextStatus(Status.READY_TO_CLOSE, _named(gate))),
        Status.CLOSED: (Status.READY_TO_CLOSE, NextStatus(Status.CLOSED, (*_named(gate), CLOSE_SWITCH))),
    }
    activity = replace(COMPLETE, **removal)
    assert fallen[gate.status] == (status(activity, TODAY), *next_statuses(activity, TODAY))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (YESTERDAY, Status.READY_TO_CLOSE),
        (TODAY, Status.ACTIVE),
        (TOMORROW, Status.ACTIVE),
    ],
)
def test_calendar_moves_active_to_ready(end: date, expected: Status) -> None:
    """An activity is Active up to and on its last day, and Ready to Close from the next."""
    assert expected is status(replace(COMPLETE, end_date=end), TODAY)


def test_start_date_is_not_tested() -> None:
    """An activity that has not started is Active all the same."""
    assert Status.ACTIVE is status(replace(COMPLETE, start_date=TOMORROW, end_date=TOMORROW), TODAY)


def test_draft_before_its_end_becomes_active() -> None:
    """A Draft that is not over is told what it misses to become Active."""
    [following] = next_statuses(replace(COMPLETE, end_date=TOMORROW, description=None), TODAY)
    assert (Status.ACTIVE, ["description"]) == (following.status, [gate.field for gate in following.missing])


def test_bare_draft_is_told_all() -> None:
    """A Draft with nothing but title, format and dates is told every gate that applies to it."""
    bare = Activity(title="T", format="Live Course", start_date=TOMORROW, end_date=TOMORROW)
    [following] = next_statuses(bare, TODAY)
    expected = ["delivery_methods", "credits", "passport", "description", "providership"]
    assert expected == [gate.field for gate in following.missing]


def test_switch_closes() -> None:
    """The switch, once granted, closes, and from Closed nothing follows."""
    closed = replace(COMPLETE, closed=True)
    assert (Status.CLOSED, ()) == (status(closed, TODAY), next_statuses(closed, TODAY))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "Committee Learning", "delivery_methods": ()},
        {"location": Location("Lyon", None, "FRA"), "delivery_methods": ("In-Person",)},
        {"providership": "direct", "credits": ALONE},
        {"commercial_support": False, "monetary_supports": ()},
        {"monetary_supports": (), "in_kind_supports": (InKindSupport("Prairie Imaging"),)},
        {"specialties": ()},
    ],
    ids=["no delivery", "abroad", "direct", "no support", "in kind only", "no board"],
)
def test_gate_is_asked_only_where_it_applies(changes: dict[str, Any]) -> None:
    """What an activity is not, asks for nothing."""
    assert () == missing_to_close(replace(PLAIN, **changes), TODAY)


@pytest.mark.parametrize(
    "changes",
    [{"passport": True}, {"moc_registrations": (MOC,)}, {"rems_type": "Mycophenolate"}],
    ids=["passport", "moc", "rems"],
)
def test_public_activity_says_how_to_register(changes: dict[str, Any]) -> None:
    """Passport, MOC and REMS each ask for fee, registration and URL; without them nothing does."""
    missing = missing_to_close(replace(PLAIN, **changes), TODAY)
    assert ["fee", "registration", "url"] == [gate.field for gate in missing]


@pytest.mark.parametrize("activity", [THEN, DERIVED], ids=["as sent", "as derived"])
def test_complete_record_of_then_is_closed(activity: Activity) -> None:
    """A 1.0 record with everything 1.0 asked for, and its end past, counts as closed, as it did then."""
    assert (Status.CLOSED, ()) == (status(activity, TODAY), next_statuses(activity, TODAY))


def test_record_of_then_stays_open_until_it_is_over() -> None:
    """A complete 1.0 record is not closed before its end has passed."""
    assert Status.ACTIVE is status(replace(DERIVED, end_date=TODAY), TODAY)


def test_record_of_now_does_not_close_by_itself() -> None:
    """The same data reported in a later payload waits for the switch."""
    assert Status.READY_TO_CLOSE is status(replace(DERIVED, born="2.0"), TODAY)


@every_legacy_gate
def test_record_of_then_stays_open_for_each_gate(gate: Gate, removal: dict[str, Any]) -> None:
    """Take one thing away from a complete 1.0 record, and it is not closed."""
    assert Status.CLOSED is not status(replace(DERIVED, **removal), TODAY)


@every_legacy_gate
def test_record_of_then_is_told_what_it_misses(gate: Gate, removal: dict[str, Any]) -> None:
    """A 1.0 record that is kept open by one thing is told that thing."""
    [following] = next_statuses(replace(DERIVED, **removal), TODAY)
    assert gate.field in [missing.field for missing in following.missing]


def test_record_of_then_is_told_nothing_else() -> None:
    """A 1.0 record that is Ready to Close is not asked for what came after 1.0, nor for the switch."""
    expected = (
        NextStatus(Status.CLOSED, (MissingGate("physicians", "The physicians must be counted; 0 will do."),)),
    )
    assert expected == next_statuses(replace(DERIVED, physicians=None), TODAY)


@pytest.mark.parametrize("type", ["IEM", "Internet Live Course", "JN"])
def test_type_of_then_without_a_place_needs_none(type: str) -> None:
    """Only courses and series of that time ask for a place."""
    assert Status.CLOSED is status(replace(THEN, legacy_type=type, location=None), TODAY)


def test_record_of_then_may_close_as_now() -> None:
    """A 1.0 record completed with what is asked for now is shown that shorter way: the switch."""
    taken_over = replace(COMPLETE, born="1.0")
    assert (NextStatus(Status.CLOSED, (CLOSE_SWITCH,)),) == next_statuses(taken_over, TODAY)


def test_activity_without_dates_is_never_over() -> None:
    """A record without an end is judged without failing, and is not over."""
    assert Status.ACTIVE is status(replace(COMPLETE, end_date=None), TODAY)
