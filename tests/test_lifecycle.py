"""The statuses of an activity: every gate, the calendar, the close switch, and the time before 2021."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import reported
from entries import entry
from fakes import PROVIDER, FakeActivities, Tables

from gateway import samples, saving
from gateway.amending import amend, naming
from gateway.lifecycle import (
    CLOSE_SWITCH,
    GATES,
    LEGACY_GATES,
    TABLE,
    Act,
    Cell,
    Gate,
    Standing,
    When,
    missing_to_close,
    next_statuses,
    refusals,
    standing,
    status,
)
from gateway.operations.copying import Copy, made_from
from gateway.records import (
    Action,
    Activity,
    ContentOutline,
    Credit,
    InKindSupport,
    LearnerAction,
    Location,
    MeasuredOutcome,
    MissingGate,
    MocRegistration,
    MonetarySupport,
    NextStatus,
    Place,
    Status,
    replace,
)
from gateway.rules import NOTICES, RULES

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
    moc_registrations=(
        MocRegistration("ABIM", Decimal(2), ("Medical Knowledge",), date(2027, 3, 10), attested=True),
    ),
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
JOURNAL = replace(
    DERIVED, legacy_type="JN", format="Journal-based CME/CE", delivery_methods=(), location=None
)

# What takes each gate away, gate by gate in the order of the table.
CITYLESS, COUNTRYLESS, STATELESS = (
    Location(None, "ME", "USA"),
    Location("Portland", "ME", None),
    Location("Portland", None, "USA"),
)
MOC = replace(COMPLETE.moc_registrations[0], practice_areas=("Of the board",))
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
    {"moc_registrations": (MOC, replace(MOC, board="ABP", practice_areas=()))},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", credit_types=()))},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", points=None))},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", claim_date=None))},
    {"moc_registrations": (MOC, replace(MOC, board="ABP", attested=None))},
    {"moc_registrations": (MOC, replace(MOC, board="ABA")), "born": "2.1"},
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


def _named(gate: Gate, activity: Activity) -> tuple[MissingGate, ...]:
    return (gate.missing(activity),)


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
    activity = replace(COMPLETE, **removal)
    assert _named(gate, activity) == missing_to_close(activity, TODAY)


@every_gate
def test_status_falls_with_its_gate(gate: Gate, removal: dict[str, Any]) -> None:
    """The status without a thing is the one before that which asks for it, and the next one names it."""
    activity = replace(COMPLETE, **removal)
    named = _named(gate, activity)
    fallen = {
        Status.ACTIVE: (Status.DRAFT, NextStatus(Status.READY_TO_CLOSE, named)),
        Status.READY_TO_CLOSE: (Status.ACTIVE, NextStatus(Status.READY_TO_CLOSE, named)),
        Status.CLOSED: (Status.READY_TO_CLOSE, NextStatus(Status.CLOSED, (*named, CLOSE_SWITCH))),
    }
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
    [
        {"passport": True},
        {"moc_registrations": (MOC,)},
        {"rems_type": "Mycophenolate"},
        {"rems_identifiers": ("EG-123456-001",)},
    ],
    ids=["passport", "moc", "rems", "rems by identifier"],
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


@pytest.mark.parametrize(
    "removal", [*LEGACY_REMOVALS, dict.fromkeys(samples.activity.FLAGS), {"legacy_type": None, "title": None}]
)
def test_record_of_then_is_told_nothing_else(removal: dict[str, Any]) -> None:
    """A 1.0 record that is Ready to Close is not asked for what came after 1.0, nor for the switch."""
    for activity in (replace(DERIVED, **removal), replace(JOURNAL, **removal)):
        if status(activity, TODAY) is Status.READY_TO_CLOSE:
            expected = tuple(
                gate.missing(activity) for gate in LEGACY_GATES if not gate.holds(activity, TODAY)
            )
            assert (NextStatus(Status.CLOSED, expected),) == next_statuses(activity, TODAY)


def test_record_of_then_is_told_each_flag() -> None:
    """Six of them are its own way to close, though today's way would be shorter."""
    [following] = next_statuses(replace(JOURNAL, **dict.fromkeys(samples.activity.FLAGS)), TODAY)
    assert {*samples.activity.FLAGS} == {gate.field for gate in following.missing}


def test_record_of_then_with_outcomes_is_told_the_shorter_way() -> None:
    """Who has said them has taken it over: what is left of today's way can be said, or is the way of then."""
    taken_over = replace(COMPLETE, born="1.0", physicians=None)
    counted = MissingGate("physicians", "The physicians must be counted; 0 will do.")
    assert (NextStatus(Status.CLOSED, (counted, CLOSE_SWITCH)),) == next_statuses(taken_over, TODAY)
    of_then = replace(DERIVED, outcomes=COMPLETE.outcomes, physicians=None)
    assert (NextStatus(Status.CLOSED, (counted,)),) == next_statuses(of_then, TODAY)


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


# --- boards ------------------------------------------------------------------------------------------


def _closing(*registrations: MocRegistration, **changes: Any) -> list[str]:
    activity = replace(COMPLETE, moc_registrations=registrations, **changes)
    return [gate.text for gate in missing_to_close(activity, TODAY)]


def test_gate_names_each_board_that_lacks() -> None:
    """What several registrations lack is one gate that names their boards, and none that lack nothing."""
    bare = [MocRegistration(board, attested=True) for board in ("ABP", "ABXX")]
    texts = _closing(MOC, *bare, specialties=("Unheard of",))
    assert [" Missing: ABP, an unknown board."] * 3 == [text[text.index(" Missing") :] for text in texts]


def test_gate_stands_at_the_first_entry_that_lacks() -> None:
    """What some entries of a list lack is missing at the first of them, and not at the list."""
    bare, money = replace(MOC, points=None), MonetarySupport(5, "Northern Devices", "USD")
    registrations = (MOC, replace(bare, board="ABP"), replace(bare, board="ABA"))
    supports = (money, replace(money, amount=None))
    activity = replace(COMPLETE, moc_registrations=registrations, monetary_supports=supports)
    fields = [gate.field for gate in missing_to_close(activity, TODAY)]
    assert ["monetary_supports[1]", "moc_registrations[1]"] == fields


@pytest.mark.parametrize(
    ("board", "areas", "missing"),
    [
        ("ABIM", ("Internal Medicine",), 0),
        ("ABIM", ("internal medicine",), 0),
        ("ABP", ("Hospice and Palliative  medicine",), 0),
        ("ABIM", ("Hospice & Palliative Medicine",), 0),
        ("ABP", ("Professionalism / Patient Safety/Other Skills",), 0),
        ("ABIM", ("Otology",), 1),
        ("ABIM", ("Otology", "Hematology"), 0),
        ("ABIM", ("A field nobody lists",), 0),
        ("ABTS", ("Otology",), 0),
        ("ABTS", (), 1),
    ],
)
def test_area_counts_for_the_boards_it_may_be_of(board: str, areas: tuple[str, ...], missing: int) -> None:
    """As a specialty of the activity: one of another board's list says nothing of this one."""
    registration = replace(MOC, board=board, practice_areas=())
    assert missing == len(_closing(registration, specialties=areas))


@pytest.mark.parametrize(
    ("areas", "missing"),
    [(("Internal Medicine",), 0), (("Otology",), 0), (("A field nobody lists",), 0), ((), 1)],
)
def test_area_beside_a_registration_is_of_its_board(areas: tuple[str, ...], missing: int) -> None:
    """Whatever it is: that the board's list lacks it is a warning (A707), and only none is missing."""
    assert missing == len(_closing(replace(MOC, practice_areas=areas), specialties=()))


@pytest.mark.parametrize(
    ("born", "specialties", "areas", "field"),
    [
        ("2.0", (), (), "specialties"),
        ("2.1", ("Otology",), (), "specialties"),
        ("2.1", (), (), "moc_registrations[0].practice_areas"),
        ("2.0", (), ("Hematology",), "moc_registrations[1].practice_areas"),
    ],
)
def test_a_missing_area_is_told_where_areas_are_said(
    born: str, specialties: tuple[str, ...], areas: tuple[str, ...], field: str
) -> None:
    """Beside the registrations, or as specialties of the activity, by who says them so."""
    boards = (replace(MOC, practice_areas=areas), replace(MOC, board="ABP", practice_areas=()))
    activity = replace(COMPLETE, born=born, specialties=specialties, moc_registrations=boards)
    assert [field] == [gate.field for gate in missing_to_close(activity, TODAY)]


@pytest.mark.parametrize(("born", "missing"), [("", 0), ("1.0", 0), ("2.0", 0), ("2.1", 1), ("3.0", 1)])
def test_outline_is_asked_of_who_could_tag_it(born: str, missing: int) -> None:
    """ABA wants its outline tagged, which payloads before 2.1 cannot do; other boards want nothing."""
    aba = replace(MOC, board="ABA", credit_types=("Patient Safety",))
    assert missing == len(_closing(aba, born=born))
    assert [] == _closing(aba, born=born, content_outlines=(ContentOutline("01_ABAMCO"),))
    assert [] == _closing(MOC, born=born)


@pytest.mark.parametrize("attested", [None, False])
def test_registration_is_attested(attested: bool | None) -> None:
    """What the provider does not attest is not closed."""
    assert 1 == len(_closing(replace(MOC, attested=attested)))


# --- the table, cell by cell -------------------------------------------------------------------------

AT: dict[Standing, Activity] = {
    Standing.DRAFT: replace(DERIVED, url=None, passport=True, end_date=TOMORROW),
    Standing.ACTIVE: replace(DERIVED, end_date=TOMORROW),
    Standing.READY_TO_CLOSE: replace(COMPLETE, born="1.0", hours_of_instruction=None),
    Standing.CLOSED: replace(COMPLETE, closed=True),
    Standing.CLOSED_AS_THEN: replace(DERIVED, outcomes=COMPLETE.outcomes),
}
every_cell = pytest.mark.parametrize(
    ("at", "act"), [pytest.param(at, act, id=f"{at}-{act}") for at, act in TABLE]
)


def _codes(at: Standing, act: Act, *, learners: bool = False) -> set[str]:
    return {refusal.code for refusal in refusals(AT[at], act, TODAY, lambda: learners)}


def _after(at: Standing, act: Act) -> set[Standing]:
    """Where an activity may stand after an act that was granted."""
    activity = AT[at]
    match act:
        case Act.SAVE | Act.COUNT:
            left = [one for one in AT.values() if not one.closed]
        case Act.CLOSE:
            left = [replace(activity, closed=True)]
        case Act.REOPEN:
            of_then = replace(COMPLETE, **{name: getattr(THEN, name) for name in KNOWN_THEN})
            left = [replace(activity, closed=False), replace(of_then, closed=False)]
        case Act.CALENDAR:
            days = [TODAY + timedelta(days=day) for day in (0, 1, 2, 9999)]
            return {standing(one, day) for one in (activity, _of_now(activity)) for day in days}
        case _:
            left = [activity]
    return {standing(one, TODAY) for one in left}


KNOWN_THEN = ("born", "legacy_type", "hours_of_instruction", *samples.activity.FLAGS)


def _of_now(activity: Activity) -> Activity:
    return (
        replace(activity, born="2.0")
        if standing(activity, TODAY) is not Standing.CLOSED_AS_THEN
        else activity
    )


def test_table_is_whole() -> None:
    """There is a cell for every standing and act, and each of the standings is one that exists."""
    assert {(at, act) for at in Standing for act in Act} == set(TABLE)
    assert list(Standing) == [standing(activity, TODAY) for activity in AT.values()]


@every_cell
def test_cell_refuses_as_it_says(at: Standing, act: Act) -> None:
    """An act is refused with the code of its cell, on what the cell says, and not otherwise."""
    cell = TABLE[at, act]
    always = {cell.code} if cell.code and (cell.when is When.ALWAYS or not (cell.to or cell.gone)) else set()
    learners = {cell.code} if cell.when is When.LEARNERS else set()
    assert always == _codes(at, act)
    assert always | learners == _codes(at, act, learners=True)


@every_cell
def test_cell_leads_where_it_says(at: Standing, act: Act) -> None:
    """A granted act leads to the standings of its cell and to no other."""
    cell = TABLE[at, act]
    if cell.to:
        assert set(cell.to) == _after(at, act)


@pytest.mark.parametrize("gate", range(len(GATES)))
@pytest.mark.parametrize("at", [at for at in Standing if TABLE[at, Act.CLOSE].when is When.GATES])
def test_closing_lists_every_missing_gate(at: Standing, gate: int) -> None:
    """Whatever is missing, alone or with all else: closing names each gate, by its field."""
    missing = missing_to_close(replace(AT[at], **REMOVALS[gate]), TODAY)
    refused = refusals(replace(AT[at], **REMOVALS[gate]), Act.CLOSE, TODAY)
    assert [(one.field, one.text) for one in missing] == [(one.field, one.text) for one in refused]
    assert ({"A907"} if missing else set()) == {one.code for one in refused}


def test_learners_are_asked_for_only_where_it_matters() -> None:
    """Whether learners are reported is looked up for deletions that hang on it, and for nothing else."""

    def unasked() -> bool:
        raise AssertionError

    asking = {(at, act) for at, act in TABLE if TABLE[at, act].when is When.LEARNERS}
    assert {(at, Act.DELETE) for at in (Standing.DRAFT, Standing.ACTIVE, Standing.READY_TO_CLOSE)} == asking
    for at, act in set(TABLE) - asking:
        refusals(AT[at], act, TODAY, unasked)


def test_every_code_of_the_table_is_known() -> None:
    """The codes of the table are codes of the rulebook."""
    assert {*RULES, *NOTICES} >= {cell.code for cell in TABLE.values() if cell.code}


@pytest.mark.parametrize("at", Standing)
@pytest.mark.parametrize(
    ("act", "action"), [(Act.REPORT, LearnerAction.ADD), (Act.FORGET, LearnerAction.DELETE)]
)
def test_rules_of_learners_follow_the_table(at: Standing, act: Act, action: LearnerAction) -> None:
    """The rules that look at the activity's status refuse a learner exactly where the table does."""
    known = {"context.activity": AT[at], "context.status": at.status, "credits": (), "learner": None}
    found = set(reported.codes(reported.found(known | {"context.action": action}))) & {"C106", "C107"}
    cell = TABLE[at, act]
    assert ({cell.code} if cell.code else set()) == found


@pytest.mark.parametrize("at", Standing)
@pytest.mark.parametrize("act", [Act.SAVE, Act.CLOSE, Act.DELETE])
def test_saving_follows_the_table(at: Standing, act: Act) -> None:
    """What SaveActivity does to an activity, it does as the table says, with the refusal at its field."""
    tables = Tables()
    own = replace(AT[at], activity_id="202600001", provider_activity_id="CELL-1")
    tables.activities[1] = (PROVIDER, own)
    changed = replace(own, commendation_tags=("Engages Teams",), closed=False) if act is Act.SAVE else own
    asked = entry(changed, "Delete" if act is Act.DELETE else None, close=act is Act.CLOSE or None)
    asked = replace(asked, onto=lambda stored: replace(changed, closed=stored.closed))
    shelf = saving.Shelf(FakeActivities(tables, PROVIDER), [asked])
    decision = saving.decide(asked, shelf, saving.Judgement(PROVIDER, (2, 0), TODAY))
    codes = {found.code for found in decision.findings if found.blocks}
    cell: Cell = TABLE[at, act]
    assert codes == {one.code for one in refusals(own, act, TODAY)}
    assert bool(codes) is (decision.action is Action.REFUSED)
    left = decision.slot.activity if decision.slot and not cell.gone else None
    assert left is None or codes or standing(left, TODAY) in cell.to


@pytest.mark.parametrize("at", Standing)
@pytest.mark.parametrize("act", [Act.CLOSE, Act.REOPEN, Act.COUNT])
def test_amending_follows_the_table(at: Standing, act: Act) -> None:
    """What the operations of one change do to an activity, they do as the table says."""
    tables = Tables()
    own = replace(AT[at], activity_id="202600001", provider_activity_id="CELL-1")
    tables.activities[1] = (PROVIDER, own)
    changes: dict[Act, dict[str, Any]] = {
        Act.CLOSE: {"closed": True},
        Act.REOPEN: {"closed": False},
        Act.COUNT: {"physicians": 77},
    }
    named = naming("202600001", None, lambda field: Place())
    asked = replace(named, onto=lambda stored: replace(stored, **changes[act]))
    shelf = saving.Shelf(FakeActivities(tables, PROVIDER), [asked])
    decision = amend(asked, act, shelf, saving.Judgement(PROVIDER, (2, 0), TODAY))
    refused = {one.code for one in refusals(own, act, TODAY)}
    assert refused == {found.code for found in decision.findings if found.blocks}
    assert bool(refused) is (decision.action is Action.REFUSED)
    left = decision.slot.activity if decision.slot else None
    assert left is not None
    assert refused or standing(left, TODAY) in TABLE[at, act].to


@pytest.mark.parametrize("at", Standing)
def test_copy_is_a_draft_beside_it(at: Standing) -> None:
    """Whatever may be copied, in every standing, gives a Draft that was first reported now."""
    made = made_from(AT[at], Copy(), (2, 1))
    assert (Standing.DRAFT, "2.1", None) == (standing(made, TODAY), made.born, made.activity_id)
