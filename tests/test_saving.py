"""What becomes of each record: found by its ids, laid over what is stored, judged, then kept or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from entries import COMPLETE, DRAFT, LEGACY, OTHER, TODAY, entry, only_ids
from fakes import OTHER_PROVIDER, PROVIDER, FakeActivities, Tables

from gateway import lifecycle, saving
from gateway.records import Action, Activity, ActivityEntry, Credit, Finding, Result, Severity, Status
from gateway.schemas import activity_v1_0, activity_v2_1
from gateway.schemas.activity import ActivityVersion
from gateway.vocabulary import CME_CREDIT

FIRST_ID, SECOND_ID = "202600001", "202600002"


@pytest.fixture
def tables() -> Tables:
    """An empty store's tables."""
    return Tables()


def save(
    tables: Tables, *entries: ActivityEntry, provider: str = PROVIDER, version: tuple[int, int] = (2, 0)
) -> list[Result]:
    """Save the entries in one call, and say what became of each."""
    shelf = saving.Shelf(FakeActivities(tables, provider), entries)
    by = saving.Judgement(provider, version, TODAY)
    decisions = [saving.decide(one, shelf, by) for one in entries]
    shelf.put_back(TODAY.year)
    return [saving.result(decision, TODAY) for decision in decisions]


def save_one(tables: Tables, one: ActivityEntry, version: tuple[int, int] = (2, 0)) -> Result:
    """Save one record in a call of its own."""
    return save(tables, one, version=version)[0]


def stored(tables: Tables) -> list[Activity]:
    """What the store holds, in the order it came."""
    return [activity for _, activity in tables.activities.values()]


def codes(result: Result) -> list[str]:
    """The codes of what was found."""
    return [finding.code for finding in result.findings]


# --- adding ------------------------------------------------------------------------------------------


def test_a_new_activity_gets_an_id_of_the_gateway(tables: Tables) -> None:
    """An Added record answers with its new id, its status and what it can become."""
    result = save_one(tables, entry(DRAFT, "Add"))
    assert (Action.ADDED, FIRST_ID, DRAFT.provider_activity_id, Status.DRAFT) == (
        result.action,
        result.activity_id,
        result.provider_activity_id,
        result.status,
    )
    assert lifecycle.next_statuses(DRAFT, TODAY) == result.next_statuses
    assert [replace(DRAFT, activity_id=FIRST_ID)] == stored(tables)


@pytest.mark.parametrize("action", ["Add", "Update", None])
def test_the_same_content_again_changes_nothing(tables: Tables, action: str | None) -> None:
    """Whatever is asked for, content that is stored already is Unchanged, without a warning."""
    save_one(tables, entry(DRAFT, "Add"))
    before = dict(tables.activities)
    result = save_one(tables, entry(DRAFT, action))
    assert (Action.UNCHANGED, FIRST_ID, ()) == (result.action, result.activity_id, result.findings)
    assert before == tables.activities


def test_an_add_of_what_exists_with_other_content_updates_and_says_so(tables: Tables) -> None:
    """The warning A903 names the activity that was there."""
    save_one(tables, entry(DRAFT, "Add"))
    result = save_one(tables, entry(replace(DRAFT, title="Asthma at School"), "Add"))
    assert (Action.UPDATED, FIRST_ID, ["A903"]) == (result.action, result.activity_id, codes(result))
    assert Severity.WARNING is result.findings[0].severity
    assert result.findings[0].text.endswith(f'It is "{FIRST_ID}".')
    assert ["Asthma at School"] == [activity.title for activity in stored(tables)]


def test_a_record_without_an_action_adds_or_updates(tables: Tables) -> None:
    """Who leaves the action out is not warned of either."""
    results = [
        save_one(tables, entry(DRAFT)),
        save_one(tables, entry(replace(DRAFT, title="Asthma at School"))),
    ]
    assert [(Action.ADDED, []), (Action.UPDATED, [])] == [
        (result.action, codes(result)) for result in results
    ]


# --- finding what is meant -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ids",
    [(FIRST_ID, None), (None, DRAFT.provider_activity_id), (FIRST_ID, DRAFT.provider_activity_id)],
    ids=["by ActivityId", "by own id", "by both"],
)
@pytest.mark.parametrize(("action", "done"), [("Update", Action.UPDATED), ("Delete", Action.DELETED)])
def test_an_activity_is_found_by_either_id(
    tables: Tables, ids: tuple[str | None, str | None], action: str, done: Action
) -> None:
    """Update and Delete reach the one activity meant, and leave its neighbour alone."""
    save(tables, entry(DRAFT, "Add"), entry(OTHER, "Add", number=2))
    content = replace(DRAFT, title="New", activity_id=ids[0], provider_activity_id=ids[1])
    result = save_one(tables, entry(content, action))
    assert (done, FIRST_ID, DRAFT.provider_activity_id, []) == (
        result.action,
        result.activity_id,
        result.provider_activity_id,
        codes(result),
    )
    left = {activity.activity_id: activity.title for activity in stored(tables)}
    assert ({FIRST_ID: "New"} if done is Action.UPDATED else {}) | {SECOND_ID: OTHER.title} == left


@pytest.mark.parametrize(
    ("action", "ids", "code", "path"),
    [
        ("Update", (None, None), "A900", "/activity_id"),
        ("Delete", (None, None), "A900", "/activity_id"),
        ("Update", ("202699999", None), "A901", "/activity_id"),
        ("Delete", ("202699999", None), "A901", "/activity_id"),
        ("Add", ("202699999", None), "A901", "/activity_id"),
        (None, ("202699999", "SPRING-27"), "A901", "/activity_id"),
        ("Update", (None, "NOBODY"), "A901", "/provider_activity_id"),
        ("Delete", (None, "NOBODY"), "A901", "/provider_activity_id"),
        ("Update", (FIRST_ID, "AUTUMN-27"), "A902", "/provider_activity_id"),
        ("Delete", (FIRST_ID, "AUTUMN-27"), "A902", "/provider_activity_id"),
        ("Add", (FIRST_ID, "AUTUMN-27"), "A902", "/provider_activity_id"),
        ("Delete", (FIRST_ID, "NOBODY"), "A902", "/provider_activity_id"),
    ],
)
def test_a_wrong_identity_is_refused(
    tables: Tables, action: str | None, ids: tuple[str | None, str | None], code: str, path: str
) -> None:
    """One finding says what is wrong and where; the answer bears the ids as sent; nothing changes."""
    save(tables, entry(DRAFT, "Add"), entry(OTHER, "Add", number=2))
    before = dict(tables.activities)
    content = replace(DRAFT, activity_id=ids[0], provider_activity_id=ids[1])
    result = save_one(tables, entry(content, action))
    assert (Action.REFUSED, [(code, path)]) == (
        result.action,
        [(finding.code, finding.path) for finding in result.findings],
    )
    assert (*ids, None) == (result.activity_id, result.provider_activity_id, result.status)
    assert before == tables.activities


@pytest.mark.parametrize("action", ["Add", "Update", None])
def test_what_is_saved_may_get_a_new_own_id(tables: Tables, action: str | None) -> None:
    """An own id that is nobody's is its new one, also where it had none."""
    save(tables, entry(DRAFT, "Add"), entry(replace(OTHER, provider_activity_id=None), "Add", number=2))
    for activity_id in (FIRST_ID, SECOND_ID):
        renamed = replace(DRAFT, activity_id=activity_id, provider_activity_id=f"NEW-{activity_id}")
        assert Action.UPDATED is save_one(tables, entry(renamed, action)).action
    assert [f"NEW-{FIRST_ID}", f"NEW-{SECOND_ID}"] == [one.provider_activity_id for one in stored(tables)]


@pytest.mark.parametrize(("action", "more"), [("Update", ["A103"]), (None, ["A103"]), ("Delete", [])])
def test_a_wrong_identity_hides_nothing_else(tables: Tables, action: str | None, more: list[str]) -> None:
    """All that is wrong with a record is said at once; of one that is to be deleted its content is not."""
    wrong = replace(DRAFT, activity_id="202699999", title="")
    assert ["A901", *more] == codes(save_one(tables, entry(wrong, action)))


@pytest.mark.parametrize("action", ["Update", "Delete"])
def test_what_belongs_to_another_provider_looks_unknown(tables: Tables, action: str) -> None:
    """The answer is that of an id nobody has, so that ids of others cannot be probed."""
    save_one(tables, entry(DRAFT, "Add"))
    taken = entry(replace(DRAFT, activity_id=FIRST_ID), action)
    foreign = save(tables, taken, provider=OTHER_PROVIDER)
    assert foreign == save(Tables(), taken)
    assert ["A901"] == codes(foreign[0])


def test_two_providers_may_use_the_same_own_id(tables: Tables) -> None:
    """An own id is unique within its provider only."""
    save(tables, entry(DRAFT, "Add"))
    assert [Action.ADDED] == [
        result.action for result in save(tables, entry(DRAFT, "Add"), provider=OTHER_PROVIDER)
    ]


def test_a_document_of_another_provider_is_refused(tables: Tables) -> None:
    """ProviderID inside the document must be the caller's (A904)."""
    assert ["A904"] == codes(save_one(tables, entry(DRAFT, "Add", provider_id=OTHER_PROVIDER)))
    assert [] == codes(save_one(tables, entry(DRAFT, "Add", provider_id=PROVIDER)))


# --- several records of one call -------------------------------------------------------------------------


def test_a_record_sees_what_earlier_ones_of_its_call_did(tables: Tables) -> None:
    """An own id that the first record takes belongs to it for the second."""
    results = save(
        tables, entry(DRAFT, "Add"), entry(replace(DRAFT, title="Second thoughts"), "Update", number=2)
    )
    assert [(Action.ADDED, FIRST_ID), (Action.UPDATED, FIRST_ID)] == [
        (result.action, result.activity_id) for result in results
    ]
    assert ["Second thoughts"] == [activity.title for activity in stored(tables)]


def test_only_what_changes_an_activity_again_is_told(tables: Tables) -> None:
    """A911 at each record that changes what one before has changed, and not at one that changes nothing."""
    other = replace(DRAFT, title="Second thoughts")
    told = save(tables, *(entry(one, number=n) for n, one in enumerate((DRAFT, DRAFT, other, other), 1)))
    assert [[], [], ["A911"], []] == [codes(result) for result in told]
    assert "Record 1." in told[2].findings[0].text


def test_a_refused_record_leaves_nothing_for_later_ones(tables: Tables) -> None:
    """What was refused does not exist for the rest of its call."""
    results = save(tables, entry(replace(DRAFT, title=None), "Add"), entry(DRAFT, "Update", number=2))
    assert [["A103"], ["A901"]] == [codes(result) for result in results]


def test_a_new_own_id_frees_the_old_one_within_a_call(tables: Tables) -> None:
    """Renamed by its ActivityId, an activity leaves its old own id to the next record."""
    save_one(tables, entry(DRAFT, "Add"))
    renamed = replace(DRAFT, activity_id=FIRST_ID, provider_activity_id="RENAMED")
    results = save(tables, entry(renamed, "Update"), entry(DRAFT, "Add", number=2))
    assert [(Action.UPDATED, FIRST_ID), (Action.ADDED, SECOND_ID)] == [
        (result.action, result.activity_id) for result in results
    ]


def test_a_deleted_identity_is_free_at_once_and_its_number_never_again(tables: Tables) -> None:
    """Delete and Add of one own id in one call make a new activity, with a new ActivityId."""
    save_one(tables, entry(DRAFT, "Add"))
    gone = only_ids(own_id=DRAFT.provider_activity_id)
    results = save(tables, entry(gone, "Delete"), entry(DRAFT, "Add", number=2))
    assert [(Action.DELETED, FIRST_ID, None), (Action.ADDED, SECOND_ID, Status.DRAFT)] == [
        (result.action, result.activity_id, result.status) for result in results
    ]
    save_one(tables, entry(gone, "Delete"))
    assert [] == stored(tables)
    assert "202600003" == save_one(tables, entry(DRAFT, "Add")).activity_id


def test_what_is_added_and_deleted_in_one_call_is_not_stored(tables: Tables) -> None:
    """It never gets an id either."""
    results = save(
        tables,
        entry(DRAFT, "Add"),
        entry(only_ids(own_id=DRAFT.provider_activity_id), "Delete", number=2),
    )
    assert [(Action.ADDED, None), (Action.DELETED, None)] == [
        (result.action, result.activity_id) for result in results
    ]
    assert ([], 0) == (stored(tables), tables.issued)


@pytest.mark.parametrize("seed", range(40))
def test_one_call_does_what_as_many_calls_would(seed: int) -> None:
    """Random records about few ids, in one call or in a call each: same actions, findings and store."""
    chance = Random(seed)
    entries = [
        entry(
            replace(
                DRAFT,
                title=chance.choice(["One", "Two", None]),
                activity_id=chance.choice([None, None, FIRST_ID, SECOND_ID]),
                provider_activity_id=chance.choice([None, "A", "B", "C"]),
            ),
            chance.choice(["Add", "Update", "Delete", None]),
            close=chance.choice([None, True]),
            number=number,
        )
        for number in range(1, 13)
    ]
    together, apart = Tables(), Tables()
    for tables in (together, apart):
        save(tables, entry(replace(COMPLETE, provider_activity_id="A")), entry(OTHER))
    at_once = save(together, *entries)
    one_by_one = [save_one(apart, one) for one in entries]
    twice = {"A911"}  # only within a call an activity can stand twice
    assert [(result.action, codes(result)) for result in one_by_one] == [
        (result.action, [code for code in codes(result) if code not in twice]) for result in at_once
    ]
    assert _without_ids(stored(apart)) == _without_ids(stored(together))


def _without_ids(activities: list[Activity]) -> list[str]:
    """Of what is added and deleted again one call issues no id, many calls do."""
    return sorted(repr(replace(activity, activity_id=None)) for activity in activities)


# --- judging -----------------------------------------------------------------------------------------


def test_a_record_is_judged_as_it_would_be_stored(tables: Tables) -> None:
    """MOC points of 2.0 stay when 1.0 lowers the credit, and are then too many: nothing changes."""
    save_one(tables, entry(COMPLETE, "Add"))
    before = dict(tables.activities)
    lowered = replace(
        LEGACY, provider_activity_id=COMPLETE.provider_activity_id, credits=(Credit(CME_CREDIT, Decimal(1)),)
    )
    assert Action.ADDED is save_one(Tables(), entry(lowered, version=activity_v1_0.VERSION), (1, 0)).action
    result = save_one(tables, entry(lowered, "Update", version=activity_v1_0.VERSION), (1, 0))
    assert (Action.REFUSED, FIRST_ID) == (result.action, result.activity_id)
    assert before == tables.activities


def test_a_record_whose_shape_is_wrong_is_refused_with_what_was_found(tables: Tables) -> None:
    """The ids that could be made out stand in the answer."""
    found = Finding("X023", Severity.ERROR, "Text.", "Remedy.", path="/m:A", line=3)
    broken = replace(entry(None, findings=(found,)), provider_activity_id="SPRING-27")
    assert Result(1, Action.REFUSED, None, "SPRING-27", findings=(found,)) == save_one(tables, broken)


def test_a_record_is_answered_with_twenty_findings_at_most_errors_first(tables: Tables) -> None:
    """A flood of warnings hides nothing that blocks."""
    warnings = tuple(
        Finding("X031", Severity.WARNING, "Text.", "Remedy.", path=f"/{number}") for number in range(30)
    )
    result = save_one(tables, entry(replace(DRAFT, title=None), findings=warnings))
    assert (20, "A103") == (len(result.findings), result.findings[0].code)


def test_warnings_beyond_twenty_are_counted(tables: Tables) -> None:
    """Of a record that is taken, the last of twenty findings says how many more there are."""
    for many, listed, last in (
        (20, 20, "Text."),
        (21, 20, "Further: 2 at least."),
        (30, 20, "Further: 11 at least."),
    ):
        warnings = tuple(
            Finding("X031", Severity.WARNING, "Text.", "Remedy.", path=f"/{number}") for number in range(many)
        )
        said = replace(COMPLETE, provider_activity_id=f"W{many}")
        findings = save_one(tables, entry(said, findings=warnings)).findings
        assert (listed, True) == (len(findings), findings[-1].text.endswith(last))
        assert ("A931" in {one.code for one in findings}) is (many > listed)


# --- closing -----------------------------------------------------------------------------------------


def test_a_complete_activity_is_closed_on_request(tables: Tables) -> None:
    """Ready to Close until asked, Closed from then on."""
    assert Status.READY_TO_CLOSE is save_one(tables, entry(COMPLETE, "Add")).status
    result = save_one(tables, entry(COMPLETE, "Update", close=True))
    assert (Action.UPDATED, Status.CLOSED, ()) == (result.action, result.status, result.next_statuses)
    assert [True] == [activity.closed for activity in stored(tables)]


@pytest.mark.parametrize(("close", "told"), [(True, []), (False, ["A926"]), (None, [])])
def test_the_same_closed_content_again_is_unchanged(
    tables: Tables, close: bool | None, told: list[str]
) -> None:
    """Sent again with the switch, with it off or without it, what is closed stays as it is; to who turns
    it off, that and the way back are told."""
    save_one(tables, entry(COMPLETE, "Add", close=True))
    result = save_one(tables, entry(COMPLETE, "Update", close=close))
    assert (Action.UNCHANGED, Status.CLOSED, told) == (result.action, result.status, codes(result))
    assert ["/close"] * len(told) == [found.path for found in result.findings]
    assert all("ReopenActivity" in found.remedy for found in result.findings)


@pytest.mark.parametrize("known", [True, False])
def test_an_open_activity_may_say_that_it_is(tables: Tables, known: bool) -> None:
    """The switch turned off asks for nothing where nothing is closed."""
    for one in [COMPLETE] * known:
        save_one(tables, entry(one, "Add"))
    assert [] == codes(save_one(tables, entry(COMPLETE, close=False)))


@pytest.mark.parametrize("close", [True, False, None])
def test_a_closed_activity_does_not_change(tables: Tables, close: bool | None) -> None:
    """Other content is refused with A906, and the answer says that it is Closed."""
    save_one(tables, entry(COMPLETE, "Add", close=True))
    before = dict(tables.activities)
    result = save_one(tables, entry(replace(COMPLETE, physicians=1), "Update", close=close))
    assert (Action.REFUSED, Status.CLOSED, ["A906"]) == (result.action, result.status, codes(result))
    assert result.findings[0].text.endswith(f'It is "{FIRST_ID}".')
    assert before == tables.activities


def test_a_closed_activity_is_not_deleted(tables: Tables) -> None:
    """Delete is refused with A905."""
    save_one(tables, entry(COMPLETE, "Add", close=True))
    result = save_one(tables, entry(only_ids(FIRST_ID), "Delete"))
    assert (Action.REFUSED, Status.CLOSED, ["A905"]) == (result.action, result.status, codes(result))
    assert 1 == len(tables.activities)


def test_closing_too_early_lists_every_gate(tables: Tables) -> None:
    """One finding a gate, each naming what is missing; the record is not stored half."""
    missing = lifecycle.missing_to_close(DRAFT, TODAY)
    assert 8 < len(missing) < 20
    result = save_one(tables, entry(DRAFT, "Add", close=True))
    assert [("A907", f"/{gate.field}") for gate in missing] == [
        (finding.code, finding.path) for finding in result.findings
    ]
    assert all(gate.text in finding.text for gate, finding in zip(missing, result.findings, strict=True))
    assert {} == tables.activities


def test_an_activity_is_not_closed_on_its_last_day(tables: Tables) -> None:
    """The end date must have passed: today is too early, yesterday is not."""
    yesterday = TODAY.replace(day=TODAY.day - 1)
    ends_today = replace(COMPLETE, start_date=TODAY, end_date=TODAY)
    ended = replace(COMPLETE, start_date=yesterday, end_date=yesterday)
    assert ["A907"] == codes(save_one(tables, entry(ends_today, "Add", close=True)))
    assert Status.CLOSED is save_one(tables, entry(ended, "Add", close=True)).status


def test_what_was_complete_as_1_0_counts_as_closed(tables: Tables) -> None:
    """It closed by itself then: not deleted, but corrected as it could be then."""
    old = entry(LEGACY, "Add", version=activity_v1_0.VERSION)
    assert Status.CLOSED is save_one(tables, old, (1, 0)).status
    assert [False] == [activity.closed for activity in stored(tables)]
    assert ["A923"] == codes(save_one(tables, entry(only_ids(FIRST_ID), "Delete"), (1, 0)))
    corrected = entry(replace(LEGACY, physicians=85), "Update", version=activity_v1_0.VERSION)
    result = save_one(tables, corrected, (1, 0))
    assert (Action.UPDATED, Status.CLOSED) == (result.action, result.status)


@pytest.mark.parametrize("version", [activity_v1_0.VERSION, activity_v2_1.VERSION])
@pytest.mark.parametrize("type", ["C", "IEM"])
def test_what_1_0_closed_is_deleted_as_its_remedy_says(
    tables: Tables, type: str, version: ActivityVersion
) -> None:
    """Whatever it is, and in any version: sent without its providership it counts as closed no more."""
    typed = replace(LEGACY, legacy_type=type, start_date=date(2015, 5, 12), end_date=None)
    of_then, delete = activity_v1_0.complete(typed), entry(only_ids(FIRST_ID), "Delete")
    assert Status.CLOSED is save_one(tables, entry(of_then, version=activity_v1_0.VERSION), (1, 0)).status
    (refused,) = save_one(tables, delete).findings
    assert ("A923", True) == (refused.code, "without its activitySponsorship" in refused.remedy)
    save_one(tables, entry(replace(of_then, providership=None), version=version), version.number)
    assert Action.DELETED is save_one(tables, delete).action


def test_an_incomplete_1_0_record_is_not_closed(tables: Tables) -> None:
    """The control of the test above: one thing missing keeps it open."""
    old = entry(replace(LEGACY, physicians=None), "Add", version=activity_v1_0.VERSION)
    assert Status.CLOSED is not save_one(tables, old, (1, 0)).status


# --- putting back --------------------------------------------------------------------------------------


def test_only_what_changed_is_written(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resent batch costs no writes."""
    entries = (entry(DRAFT), entry(OTHER, number=2))
    save(tables, *entries)
    written: list[object] = []
    for verb in ("add", "change", "delete"):
        monkeypatch.setattr(FakeActivities, verb, lambda self, rows: written.extend(rows))
    save(tables, *entries)
    assert [] == written
    save(tables, entry(replace(DRAFT, title="New")), entry(OTHER, number=2))
    assert 1 == len(written)
