"""An activity that is held several times and told once becomes as many activities, linked to the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from desk import Desk
from entries import COMPLETE, DRAFT, entry, only_ids
from fakes import NOW

from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    Location,
    MocRegistration,
    MonetarySupport,
    Outcome,
    Participant,
    Receipt,
    Repeat,
    Result,
    Severity,
    Status,
    StoredParticipant,
)

OWN = "SPRING-27"
COURSE = replace(DRAFT, location=Location("Duluth", "MN", "USA"), delivery_methods=("In-Person",))
MARCH = Repeat(date(2027, 3, 9))
MAY = Repeat(date(2027, 5, 4), date(2027, 5, 4), "Lyon", None, "FRA")


@pytest.fixture
def desk() -> Desk:
    """A gateway without records."""
    return Desk()


def held(
    *repeats: Repeat, action: str | None = None, close: bool | None = None, **said: Any
) -> ActivityEntry:
    """The course with further dates."""
    return replace(entry(replace(COURSE, **said), action, close=close), repeats=repeats)


def only(receipt: Receipt) -> Result:
    """The one result of a call."""
    (result,) = receipt.results
    return result


def stored(desk: Desk) -> list[Activity]:
    """What the store holds, in the order it came."""
    return [activity for _, activity in desk.store.tables.activities.values()]


def codes(receipt: Receipt) -> list[str]:
    """The codes of what was found."""
    return [finding.code for finding in only(receipt).findings]


def test_each_date_and_place_becomes_an_activity(desk: Desk) -> None:
    """SEED2: entered once, with the date and location of each instance; all else is the same."""
    result = only(desk.save(held(MARCH, MAY, action="Add")))
    assert (Action.ADDED, "202600001", OWN) == (
        result.action,
        result.activity_id,
        result.provider_activity_id,
    )
    first, second, third = stored(desk)
    assert replace(COURSE, activity_id="202600001") == first
    assert (date(2027, 3, 9), date(2027, 3, 10), COURSE.location) == (
        second.start_date,
        second.end_date,
        second.location,
    )
    assert (date(2027, 5, 4), date(2027, 5, 4), Location("Lyon", None, "FRA")) == (
        third.start_date,
        third.end_date,
        third.location,
    )
    assert [(one.start_date, one.end_date) for one in (second, third)] == [
        (one.reporting_start, one.reporting_end) for one in (second, third)
    ]
    assert {COURSE.title} == {one.title for one in stored(desk)}


def test_the_repeat_of_a_year_is_a_year(desk: Desk) -> None:
    """Whole months stay whole months, in a leap year too."""
    desk.save(held(Repeat(date(2028, 1, 1)), start_date=date(2027, 1, 1), end_date=date(2027, 12, 31)))
    assert [date(2027, 12, 31), date(2028, 12, 31)] == [one.end_date for one in stored(desk)]


def test_the_receipt_lists_the_instances(desk: Desk) -> None:
    """Each with its ids, its days and place, and what became of it."""
    first, second, third = only(desk.save(held(MARCH, MAY))).instances
    assert [("202600001", OWN), ("202600002", f"{OWN}#2"), ("202600003", f"{OWN}#3")] == [
        (one.activity_id, one.provider_activity_id) for one in (first, second, third)
    ]
    assert (Action.ADDED, Status.DRAFT, "Lyon", date(2027, 5, 4)) == (
        third.action,
        third.status,
        third.city,
        third.start_date,
    )
    assert () == only(desk.save(entry(replace(DRAFT, provider_activity_id="ONCE")))).instances


def test_instances_are_linked_to_the_first(desk: Desk) -> None:
    """By its ACCME Activity ID, which is found with them."""
    desk.save(held(MARCH, MAY))
    assert [None, "202600001", "202600001"] == [one.repeat_of for one in stored(desk)]


def test_the_link_follows_a_first_that_was_deleted_and_sent_anew(desk: Desk) -> None:
    """Repeats are those of an activity that is there, not of the id of one that is gone."""
    desk.save(held(MARCH, MAY))
    desk.save(entry(only_ids(None, OWN), "Delete"))
    assert ["202600001"] * 2 == [one.repeat_of for one in stored(desk)]
    desk.save(held(MARCH, MAY))
    assert {"202600004": None, "202600002": "202600004", "202600003": "202600004"} == {
        one.activity_id: one.repeat_of for one in stored(desk)
    }


def test_sent_again_the_instances_are_found_again(desk: Desk) -> None:
    """By own ids that follow from the first one's: Unchanged, and nothing is added."""
    desk.save(held(MARCH, MAY))
    again = only(desk.save(held(MARCH, MAY)))
    assert (Action.UNCHANGED, {Action.UNCHANGED}) == (
        again.action,
        {one.action for one in again.instances},
    )
    assert 3 == len(stored(desk))


def test_a_change_reaches_all_instances(desk: Desk) -> None:
    """A new title is the title of each; a further date is added; what is told no more stays."""
    desk.save(held(MARCH))
    result = only(desk.save(held(MARCH, MAY, action="Update", title="Asthma at School")))
    assert [Action.UPDATED, Action.UPDATED, Action.ADDED] == [one.action for one in result.instances]
    assert ["Asthma at School"] * 3 == [one.title for one in stored(desk)]
    assert [None, "202600001", "202600001"] == [one.repeat_of for one in stored(desk)]
    assert Action.UNCHANGED is only(desk.save(held(title="Asthma at School"))).action
    assert 3 == len(stored(desk))


def test_a_date_is_corrected_in_its_place(desk: Desk) -> None:
    """The second instance is the second instance, whenever it is held."""
    desk.save(held(MARCH, MAY))
    moved = replace(MARCH, start_date=date(2027, 4, 9))
    result = only(desk.save(held(moved, MAY)))
    assert [Action.UNCHANGED, Action.UPDATED, Action.UNCHANGED] == [one.action for one in result.instances]
    assert (Action.UPDATED, 3) == (result.action, len(stored(desk)))


def attend(desk: Desk, activity: Activity) -> None:
    """Have somebody reported for an activity."""
    row, told = len(desk.store.tables.participants) + 1, Participant("17")
    kept = StoredParticipant(
        row=row,
        activity_id=str(activity.activity_id),
        local_key=b"17",
        completed_on=date(2027, 3, 9),
        submitted_at=NOW,
        participant=told,
    )
    desk.store.tables.participants[row] = (desk.caller.provider_id, kept)


def days(desk: Desk) -> dict[str | None, date | None]:
    """When each stored activity is held, by own id."""
    return {one.provider_activity_id: one.start_date for one in stored(desk)}


def test_one_that_is_left_out_moves_no_other(desk: Desk) -> None:
    """They are found by day and place, so the third one stays the third one."""
    desk.save(held(MARCH, MAY))
    before = stored(desk)
    assert [Action.UNCHANGED] * 2 == [one.action for one in only(desk.save(held(MAY))).instances]
    assert before == stored(desk)


def test_the_order_does_not_matter(desk: Desk) -> None:
    """Nor whether a new one is told before those that are there."""
    desk.save(held(MARCH, MAY))
    june = Repeat(date(2027, 6, 1))
    result = only(desk.save(held(june, MAY, MARCH)))
    assert [f"{OWN}#4", f"{OWN}#3", f"{OWN}#2"] == [one.provider_activity_id for one in result.instances[1:]]
    assert [Action.ADDED, Action.UNCHANGED, Action.UNCHANGED] == [one.action for one in result.instances[1:]]


def test_a_place_is_the_same_however_it_is_spelled(desk: Desk) -> None:
    """Else two of one day would swap their identities; the new spelling is kept."""
    paris, lyon = (replace(MAY, city=city) for city in ("Paris", "Le  Puy"))
    desk.save(held(paris, lyon))
    desk.save(held(*(replace(MAY, city=city) for city in ("LE PUY", "paris"))))
    assert [(f"{OWN}#2", "paris"), (f"{OWN}#3", "LE PUY")] == [
        (one.provider_activity_id, one.location.city) for one in stored(desk)[1:] if one.location
    ]


def test_one_with_learners_is_not_moved(desk: Desk) -> None:
    """Another day of its turn is a further instance: those who came were there on the day reported."""
    desk.save(held(MARCH))
    (second,) = (one for one in stored(desk) if one.repeat_of)
    attend(desk, second)
    moved = replace(MARCH, start_date=date(2027, 4, 9))
    assert [Action.UNCHANGED, Action.ADDED] == [one.action for one in only(desk.save(held(moved))).instances]
    assert {OWN: COURSE.start_date, f"{OWN}#2": MARCH.start_date, f"{OWN}#3": moved.start_date} == days(desk)


def test_an_activity_with_the_id_of_an_instance_is_left_alone(desk: Desk) -> None:
    """It was never a repeat of anything, whatever it is called; the number is passed over."""
    other = replace(COURSE, provider_activity_id=f"{OWN}#2", title="Of its own")
    desk.save(entry(other))
    assert [OWN, f"{OWN}#3"] == [one.provider_activity_id for one in only(desk.save(held(MARCH))).instances]
    assert "Of its own" == stored(desk)[0].title
    assert Action.UNCHANGED is only(desk.save(held(MARCH))).action


def test_many_that_are_told_no_more_are_left_as_they_are(desk: Desk) -> None:
    """However many there are, a new series after them gets numbers of its own, once."""
    first, second = ([Repeat(date(year, month, 1)) for month in range(1, 13)] for year in (2028, 2029))
    desk.save(held(*first))
    for one in stored(desk):
        attend(desk, one)
    assert {Action.ADDED} == {one.action for one in only(desk.save(held(*second))).instances[1:]}
    assert {Action.UNCHANGED} == {one.action for one in only(desk.save(held(*first[6:]))).instances}
    assert {Action.UNCHANGED} == {one.action for one in only(desk.save(held(*second))).instances}
    assert [*range(2, 26)] == sorted(int(str(own).split("#")[1]) for own in days(desk) if own != OWN)


def test_an_instance_is_told_once(desk: Desk) -> None:
    """Who lists the record's own date too, or one twice, means the same instance, and is told so (A933)."""
    own = Repeat(COURSE.start_date, COURSE.end_date)
    there = replace(MARCH, city="duluth ", state="MN", country="USA")
    result = only(desk.save(held(own, MARCH, MAY, MARCH, there)))
    assert (Action.ADDED, 3) == (result.action, len(result.instances))
    assert [("A933", Severity.WARNING, f"/repeats[{n}]") for n in (0, 3, 4)] == [
        (one.code, one.severity, one.path) for one in result.findings
    ]
    assert [True] * 3 == ["2027-01-10" in result.findings[0].text] + [
        "2027-03-09" in one.text for one in result.findings[1:]
    ]


def test_who_came_and_who_paid_is_each_instances_own(desk: Desk) -> None:
    """The first one's counts and support are not taken for the others, and theirs stay theirs."""
    support = (MonetarySupport(500, "Sample Pharma", "USD"),)
    paid: dict[str, Any] = {"physicians": 12, "commercial_support": True, "monetary_supports": support}
    desk.save(held(MARCH, **paid))
    first, second = stored(desk)
    assert (12, None, None, ()) == (
        first.physicians,
        second.physicians,
        second.commercial_support,
        second.monetary_supports,
    )
    (row,) = (row for row, (_, one) in desk.store.tables.activities.items() if one == second)
    counted = replace(second, physicians=7, other_learners=1)
    desk.store.tables.activities[row] = (desk.caller.provider_id, counted)
    desk.save(held(MARCH, title="New", **paid))
    assert [12, 7] == [one.physicians for one in stored(desk)]
    assert {"New"} == {one.title for one in stored(desk)}


def test_closing_closes_the_first_alone(desk: Desk) -> None:
    """Each instance is closed on its own, when its learners are counted."""
    early = Repeat(date(2026, 8, 1))
    told = replace(entry(COMPLETE, close=True), repeats=(early,))
    result = only(desk.save(told))
    assert [Status.CLOSED, Status.READY_TO_CLOSE] == [one.status for one in result.instances]


@pytest.mark.parametrize(
    ("repeat", "code", "path"),
    [
        (Repeat(date(1950, 1, 1)), "A205", "/repeats[1].start_date"),
        (Repeat(date(2027, 5, 4), date(2027, 5, 3)), "A203", "/repeats[1].end_date"),
        (Repeat(date(2027, 5, 4), None, "Lyon", None, "FR"), "A301", "/repeats[1].country"),
        (Repeat(date(9999, 12, 31)), "A205", "/repeats[1].start_date"),
        (Repeat(), "A201", "/repeats[1].start_date"),
    ],
)
def test_a_wrong_instance_refuses_the_record(desk: Desk, repeat: Repeat, code: str, path: str) -> None:
    """All instances or none; the finding says which one it is of."""
    receipt = desk.save(held(MARCH, repeat))
    assert (Outcome.FAILURE, (), []) == (receipt.outcome, only(receipt).instances, stored(desk))
    assert (code, path) in [(found.code, found.path) for found in only(receipt).findings]


def test_what_is_wrong_with_all_is_told_once(desk: Desk) -> None:
    """A missing title is one finding, not one an instance."""
    assert ["A103"] == codes(desk.save(held(MARCH, MAY, title=None)))


def test_what_is_wrong_with_a_new_record_and_its_instances_is_told_at_once(desk: Desk) -> None:
    """The record's own error does not hide that of a date, and nothing is left of either."""
    wrong = Repeat(date(2027, 5, 4), date(2027, 5, 3))
    assert ["A103", "A203"] == sorted(codes(desk.save(held(MARCH, wrong, title=None))))
    assert [] == stored(desk)


def test_a_refused_record_leaves_what_was_stored(desk: Desk) -> None:
    """And what other records of the call did to the same activities."""
    desk.save(held(MARCH))
    before = stored(desk)
    wrong = replace(MAY, country="FR")
    other = replace(entry(replace(COURSE, provider_activity_id="OTHER")), number=2)
    receipt = desk.save(held(MARCH, wrong, title="New"), other)
    assert [Action.REFUSED, Action.ADDED] == [one.action for one in receipt.results]
    assert before == stored(desk)[:2]
    assert 3 == len(stored(desk))


def test_without_an_own_id_a_stored_activity_is_not_repeated(desk: Desk) -> None:
    """Its repeats could not be found again, and would be added with each call (A915)."""
    desk.save(entry(COURSE))
    by_id = replace(
        entry(replace(COURSE, activity_id="202600001", provider_activity_id=None)), repeats=(MAY,)
    )
    assert ["A915"] == [code for code in codes(desk.save(by_id)) if code.startswith("A9")][:1]
    assert 1 == len(stored(desk))


def test_without_an_own_id_a_new_one_is_warned_of(desk: Desk) -> None:
    """As any activity without one is: it is added, and would be added again (A912)."""
    receipt = desk.save(held(MAY, provider_activity_id=None))
    assert (["A912"], 2) == (codes(receipt), len(stored(desk)))


def test_enduring_material_has_no_repeats(desk: Desk) -> None:
    """It is entered once for its whole life: nothing is saved, neither itself nor what would repeat it."""
    receipt = desk.save(held(MAY, format="Enduring Material"))
    assert (Action.REFUSED, []) == (only(receipt).action, stored(desk))
    assert ["A924"] == [one.code for one in only(receipt).findings if one.blocks]
    deletion = replace(entry(only_ids(own_id=OWN), "Delete"), repeats=(MAY,))
    desk.save(entry(replace(COURSE, format="Enduring Material")))
    assert Action.DELETED is only(desk.save(deletion)).action


def test_a_series_with_repeats_is_warned_of(desk: Desk) -> None:
    """It is one activity with all its sessions, which another series of the same name is not."""
    receipt = desk.save(held(MAY, MARCH, format="Regularly Scheduled Series"))
    assert ("A925", Severity.WARNING) == (only(receipt).findings[0].code, only(receipt).findings[0].severity)
    assert 3 == len(stored(desk))
    assert "A925" not in codes(desk.save(held(MAY, MARCH, provider_activity_id="COURSE")))


def test_a_closed_instance_does_not_change_and_may_be_left_out(desk: Desk) -> None:
    """It is told at its own RepeatInstance; without that the others change, and it stays as it is."""
    desk.save(held(MARCH, MAY))
    rows = desk.store.tables.activities
    row, (provider, second) = list(rows.items())[1]
    rows[row] = provider, replace(second, closed=True)
    refused = only(desk.save(held(MARCH, MAY, title="New")))
    assert [("A906", "/repeats[0]")] == [(one.code, one.path) for one in refused.findings if one.blocks]
    assert Action.UPDATED is only(desk.save(held(MAY, title="New"))).action
    assert ["New", COURSE.title, "New"] == [one.title for one in stored(desk)]


def test_what_is_wrong_with_an_instance_alone_is_told_of_it(desk: Desk) -> None:
    """At its own RepeatInstance, and with its day: an own id that gets too long; what is wrong with the
    record as well is told once, of the record."""
    (long,) = [
        one for one in only(desk.save(held(MAY, provider_activity_id="N" * 99))).findings if one.blocks
    ]
    assert ("A102", "/repeats[0]") == (long.code, long.path)
    assert "repeat of 2027-05-04, with your own id and #2 behind it." in long.text
    for field, code in (("provider_activity_id", "A102"), ("title", "A104")):
        wrong: dict[str, Any] = {field: "\t" * 501}
        told = only(desk.save(held(MARCH, **wrong)))
        assert (code, f"/{field}") in [(one.code, one.path) for one in told.findings if one.blocks]
        assert 1 == [one.code for one in told.findings].count(code)


def test_a_claim_date_that_is_over_is_left_out_of_an_instance(desk: Desk) -> None:
    """Of it alone, and told there; what an update of its own says stays when the record is sent again."""
    moc = MocRegistration("ABIM", credit_types=("Patient Safety",), claim_date=date(2027, 4, 1))
    other = replace(moc, board="ABA", claim_date=date(2027, 12, 31))
    record = held(MARCH, MAY, moc_registrations=(moc, other), start_date=date(2027, 1, 1))
    told = only(desk.save(record))
    assert Action.ADDED is told.action
    (late,) = [one for one in told.findings if one.code == "A934"]
    assert ("/repeats[1]", True) == (late.path, "ABIM" in late.text)
    last = other.claim_date
    assert [[moc.claim_date, last], [moc.claim_date, last], [None, last]] == _claimed(desk)
    june = replace(stored(desk)[2], moc_registrations=(replace(moc, claim_date=date(2027, 6, 30)), other))
    assert Action.UPDATED is only(desk.save(entry(june))).action
    again = only(desk.save(record, content="again"))
    assert (Action.UNCHANGED, False) == (again.action, "A934" in [one.code for one in again.findings])
    assert [date(2027, 6, 30), last] == _claimed(desk)[2]
    moved = replace(record, repeats=(MARCH, replace(MAY, start_date=date(2027, 7, 1), end_date=None)))
    assert "A934" in codes(desk.save(moved))
    assert [None, last] == _claimed(desk)[2]


def test_a_claim_date_before_the_record_itself_is_refused(desk: Desk) -> None:
    """It is over in the first instance, and nothing is left out of that."""
    moc = (MocRegistration("ABIM", credit_types=("Patient Safety",), claim_date=date(2027, 1, 1)),)
    refused = only(desk.save(held(MARCH, moc_registrations=moc)))
    assert ["A705"] == [one.code for one in refused.findings if one.blocks]
    assert [] == stored(desk)


def _claimed(desk: Desk) -> list[list[date | None]]:
    return [[one.claim_date for one in each.moc_registrations] for each in stored(desk)]


def test_a_delete_deletes_what_it_names(desk: Desk) -> None:
    """The repeats are activities of their own."""
    desk.save(held(MARCH))
    gone = replace(entry(only_ids(own_id=OWN), "Delete"), repeats=(MARCH,))
    assert Action.DELETED is only(desk.save(gone)).action
    assert [f"{OWN}#2"] == [one.provider_activity_id for one in stored(desk)]


def test_validating_only_tells_the_instances_and_keeps_none(desk: Desk) -> None:
    """Without ids, which are not issued."""
    result = only(desk.save(held(MARCH), validate_only=True))
    assert [None, None] == [one.activity_id for one in result.instances]
    assert [] == stored(desk)


def test_two_records_of_a_call_may_name_the_same_instance(desk: Desk) -> None:
    """The second sees what the first did, and is warned."""
    second = replace(entry(replace(COURSE, provider_activity_id=f"{OWN}#2", title="Own")), number=2)
    receipt = desk.save(held(MARCH), second)
    assert [Action.ADDED, Action.UPDATED] == [one.action for one in receipt.results]
    assert "A911" in [found.code for found in receipt.results[1].findings]
    assert ["Asthma in Schools", "Own"] == [one.title for one in stored(desk)]


def test_registrations_are_those_of_each_instance(desk: Desk) -> None:
    """A course registered with a board is so wherever it is held."""
    moc = (MocRegistration("ABIM"),)
    desk.save(held(MARCH, moc_registrations=moc))
    assert [moc, moc] == [one.moc_registrations for one in stored(desk)]
