"""The verbs: one call is one transaction, one receipt, one audit row; sending again does nothing twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from desk import Desk
from entries import COMPLETE, DRAFT, LEGACY, OTHER, entry, only_ids
from fakes import NOW, PROVIDER, USER

from gateway import operations
from gateway.errors import Conflict, Malformed, NotFound, StoreUnavailable
from gateway.operations import Call
from gateway.records import (
    Action,
    Activity,
    AuditEntry,
    Finding,
    Outcome,
    Receipt,
    Severity,
    Status,
)

BAD = replace(OTHER, title=None)
NOTICE = Finding("X041", Severity.WARNING, "Text.", "Remedy.")


@pytest.fixture
def desk() -> Desk:
    """A gateway without records."""
    return Desk()


def codes(receipt: Receipt) -> list[list[str]]:
    """The codes found, record by record."""
    return [[finding.code for finding in result.findings] for result in receipt.results]


def actions(receipt: Receipt) -> list[Action]:
    """What became of each record."""
    return [result.action for result in receipt.results]


# --- the receipt ---------------------------------------------------------------------------------------


def test_a_receipt_tells_each_record_in_the_senders_order(desk: Desk) -> None:
    """Number, action and findings of each; the time in UTC, the version found, an id."""
    receipt = desk.save(entry(DRAFT, "Add"), entry(BAD, "Add", number=2))
    assert [(1, Action.ADDED), (2, Action.REFUSED)] == [
        (result.number, result.action) for result in receipt.results
    ]
    assert (NOW, "2.0", False) == (receipt.received_at, receipt.schema_version, receipt.replayed)
    assert re.fullmatch(r"20261121-\d{12}", receipt.id or "")


@pytest.mark.parametrize(
    ("entries", "outcome"),
    [
        ((DRAFT, OTHER), Outcome.SUCCESS),
        ((DRAFT, BAD), Outcome.PARTIAL),
        ((BAD,), Outcome.FAILURE),
    ],
)
def test_the_outcome_sums_up(desk: Desk, entries: tuple[Activity, ...], outcome: Outcome) -> None:
    """Success when none was refused, Failure when all were, Partial success between."""
    receipt = desk.save(*(entry(one, number=number) for number, one in enumerate(entries, 1)))
    assert outcome is receipt.outcome


def test_notices_of_the_call_are_told_with_its_first_record(desk: Desk) -> None:
    """They stand before what was found about the record itself."""
    call = Call(
        operation="SaveActivity", caller=desk.caller, trace_id="t", version=(2, 0), raw=b"r", digest=b"d"
    )
    entries = [entry(BAD), entry(DRAFT, number=2)]
    receipt = operations.save_activity(call, entries, [NOTICE], desk.store, desk.terms)
    assert [["X041", "A103"], []] == codes(receipt)


def test_the_audit_log_has_a_row_with_counts(desk: Desk) -> None:
    """Who, what, which receipt, how many records and how many refused: no value of a sender."""
    receipt = desk.save(entry(DRAFT), entry(BAD, number=2))
    expected = AuditEntry(
        at=NOW,
        provider_id=PROVIDER,
        user=USER,
        operation="SaveActivity",
        outcome="Partial success",
        receipt_id=receipt.id,
        trace_id="t1",
        records=2,
        refused=1,
    )
    assert [expected] == desk.store.tables.audit


def test_nothing_is_kept_when_the_store_fails(desk: Desk) -> None:
    """The failure reaches the caller; records, receipt and audit row go together."""
    desk.store.broken = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        desk.save(entry(DRAFT), submission_key="K")
    desk.store.broken = None
    assert not desk.store.tables.activities
    assert not desk.store.tables.receipts
    assert [Action.ADDED] == actions(desk.save(entry(DRAFT), submission_key="K"))


def test_the_zone_decides_what_today_is(desk: Desk) -> None:
    """At two in the morning UTC it is still the last day in Chicago: too early to close."""
    over = replace(COMPLETE, start_date=NOW.date(), end_date=NOW.date())
    desk.clock.now = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert [["A907"]] == codes(desk.save(entry(over, close=True)))
    desk.clock.advance(hours=5)
    assert [Status.CLOSED] == [result.status for result in desk.save(entry(over, close=True)).results]


# --- all or nothing, validate only -----------------------------------------------------------------------


def test_one_bad_record_does_not_stop_the_others(desk: Desk) -> None:
    """Without AllOrNothing each stands for itself."""
    assert [Action.REFUSED, Action.ADDED] == actions(desk.save(entry(BAD), entry(DRAFT, number=2)))
    assert 1 == len(desk.store.tables.activities)


def test_all_or_nothing_does_nothing_when_one_is_refused(desk: Desk) -> None:
    """The good ones are told that they were not done (A909), the bad one why; it is a Failure."""
    receipt = desk.save(entry(DRAFT, "Add"), entry(BAD, "Add", number=2), all_or_nothing=True)
    assert (Outcome.FAILURE, [["A909"], ["A103"]]) == (receipt.outcome, codes(receipt))
    assert [(DRAFT.provider_activity_id, None)] == [
        (result.provider_activity_id, result.activity_id) for result in receipt.results[:1]
    ]
    assert not desk.store.tables.activities


def test_all_or_nothing_does_all_when_none_is_refused(desk: Desk) -> None:
    """The control: the same call without the bad record is done."""
    receipt = desk.save(entry(DRAFT, "Add"), entry(OTHER, "Add", number=2), all_or_nothing=True)
    assert (Outcome.SUCCESS, [Action.ADDED] * 2) == (receipt.outcome, actions(receipt))


BATCHES = {
    "mixed": (entry(DRAFT, "Add"), entry(BAD, "Add", number=2), entry(COMPLETE, close=True, number=3)),
    "about one": (entry(DRAFT), entry(replace(DRAFT, title="New"), "Add", number=2)),
    "deleting": (
        entry(only_ids(own_id="STORED"), "Delete"),
        entry(replace(OTHER, provider_activity_id="STORED")),
    ),
    "unknown": (entry(only_ids("202699999"), "Update"),),
    "too early": (entry(DRAFT, close=True),),
    "old": (entry(LEGACY),),
}


@pytest.mark.parametrize("all_or_nothing", [False, True])
@pytest.mark.parametrize("name", BATCHES)
def test_validating_only_says_what_the_real_run_says(desk: Desk, name: str, all_or_nothing: bool) -> None:
    """The same results but for ids that are not issued; no receipt, and nothing stored at all."""
    desk.save(entry(replace(DRAFT, provider_activity_id="STORED")))
    before = desk.store.tables
    tried = desk.save(*BATCHES[name], validate_only=True, submission_key="K", all_or_nothing=all_or_nothing)
    assert before == desk.store.tables
    done = desk.save(*BATCHES[name], submission_key="K", all_or_nothing=all_or_nothing)
    assert before != desk.store.tables
    known = {result.activity_id for result in tried.results if result.activity_id}
    alike = [
        replace(result, activity_id=result.activity_id if result.activity_id in known else None)
        for result in done.results
    ]
    assert (None, done.outcome, alike) == (tried.id, tried.outcome, list(tried.results))


# --- sending again -----------------------------------------------------------------------------------------


def test_the_same_key_and_content_replays_the_stored_result(desk: Desk) -> None:
    """The same receipt but for Replayed, hours later too, and nothing is done twice."""
    first = desk.save(entry(DRAFT), submission_key="K")
    after = desk.store.tables
    desk.clock.advance(days=200)
    assert replace(first, replayed=True) == desk.save(entry(DRAFT), submission_key="K")
    assert after == desk.store.tables


def test_a_partial_success_replays(desk: Desk) -> None:
    """What was refused then is not tried anew under the same key."""
    first = desk.save(entry(DRAFT), entry(BAD, number=2), submission_key="K")
    again = desk.save(entry(DRAFT), entry(BAD, number=2), submission_key="K")
    assert (Outcome.PARTIAL, replace(first, replayed=True)) == (first.outcome, again)


def test_the_same_key_with_other_content_is_refused(desk: Desk) -> None:
    """The refusal names the receipt that holds the key; nothing is stored."""
    first = desk.save(entry(DRAFT), submission_key="K")
    with pytest.raises(Conflict, match=f"{first.id} of 2026-11-21 15:04:05 UTC"):
        desk.save(entry(OTHER), submission_key="K")
    assert 1 == len(desk.store.tables.activities)


def test_a_key_belongs_to_its_provider(desk: Desk) -> None:
    """Another provider's same key is another key."""
    desk.save(entry(DRAFT), submission_key="K")
    assert not desk.of_other_provider().save(entry(OTHER), submission_key="K").replayed


def test_a_failure_frees_the_key(desk: Desk) -> None:
    """The corrected content may come under the same key, and then holds it."""
    assert Outcome.FAILURE is desk.save(entry(BAD), submission_key="K").outcome
    second = desk.save(entry(OTHER), submission_key="K")
    assert (Outcome.SUCCESS, False) == (second.outcome, second.replayed)
    with pytest.raises(Conflict):
        desk.save(entry(BAD), submission_key="K")


def test_a_failed_call_sent_again_is_processed_again(desk: Desk) -> None:
    """What failed for want of an activity succeeds once that is there, key and content the same."""
    update = entry(replace(DRAFT, title="New"), "Update")
    assert Outcome.FAILURE is desk.save(update, submission_key="K").outcome
    desk.save(entry(DRAFT, "Add"))
    second = desk.save(update, submission_key="K")
    assert (Outcome.SUCCESS, False, [Action.UPDATED]) == (second.outcome, second.replayed, actions(second))


def test_a_key_is_kept_for_thirteen_months_and_then_forgotten(desk: Desk) -> None:
    """The same content still replays after 395 days, and is done anew after 404."""
    desk.save(entry(DRAFT), submission_key="K")
    desk.clock.advance(days=395)
    assert desk.save(entry(DRAFT), submission_key="K").replayed
    desk.clock.advance(days=9)
    renewed = desk.save(entry(DRAFT), submission_key="K")
    assert (False, [Action.UNCHANGED]) == (renewed.replayed, actions(renewed))
    assert renewed.id == desk.save(entry(DRAFT), submission_key="K").id


def test_validating_only_neither_holds_nor_asks_a_key(desk: Desk) -> None:
    """A key that was only tried is free, and one that is held does not answer a trial."""
    desk.save(entry(DRAFT), submission_key="K", validate_only=True)
    first = desk.save(entry(OTHER), submission_key="K")
    tried = desk.save(entry(OTHER), submission_key="K", validate_only=True)
    assert (False, False, [Action.UNCHANGED]) == (first.replayed, tried.replayed, actions(tried))


@pytest.mark.parametrize(("hours", "told"), [(0, [["A910"]]), (23.9, [["A910"]]), (24.1, [[]])])
def test_the_same_content_without_a_key_is_done_and_warned_of(
    desk: Desk, hours: float, told: list[list[str]]
) -> None:
    """Within 24 hours the first record names the earlier receipt and its time."""
    first = desk.save(entry(DRAFT))
    desk.clock.advance(hours=hours)
    again = desk.save(entry(DRAFT))
    assert (told, False) == (codes(again), again.replayed)
    assert again.id != first.id
    assert all(
        f"{first.id} of 2026-11-21 15:04:05 UTC" in finding.text for finding in again.results[0].findings
    )


def test_the_warning_tells_of_a_receipt_with_a_key_too(desk: Desk) -> None:
    """The same content counts, whatever key the earlier call had."""
    desk.save(entry(DRAFT), submission_key="K")
    assert [["A910"]] == codes(desk.save(entry(DRAFT)))


def test_a_failure_is_not_warned_of(desk: Desk) -> None:
    """Trying again after a refusal is what the remedy asks for."""
    desk.save(entry(BAD))
    assert [["A103"]] == codes(desk.save(entry(BAD)))


# --- reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activity_id", "own_id"),
    [("202600001", None), (None, DRAFT.provider_activity_id), ("202600001", DRAFT.provider_activity_id)],
)
def test_an_activity_is_read_by_either_id_or_both(
    desk: Desk, activity_id: str | None, own_id: str | None
) -> None:
    """It comes with the status it has today."""
    desk.save(entry(DRAFT))
    assert replace(DRAFT, activity_id="202600001") == desk.get(activity_id, own_id)
    view = operations.get_activity(desk.caller, activity_id, own_id, desk.store, desk.terms)
    assert Status.DRAFT is view.status
    assert view.next_statuses


@pytest.mark.parametrize(
    ("activity_id", "own_id"),
    [
        ("202600002", DRAFT.provider_activity_id),
        ("202600001", "NOBODY"),
        ("202699999", None),
        (None, "NOBODY"),
    ],
)
def test_ids_that_do_not_agree_find_nothing(desk: Desk, activity_id: str | None, own_id: str | None) -> None:
    """Both ids must be of one activity."""
    desk.save(entry(DRAFT), entry(OTHER, number=2))
    with pytest.raises(NotFound):
        desk.get(activity_id, own_id)


def test_without_an_id_nothing_can_be_read(desk: Desk) -> None:
    """The refusals name the two parameters that would do."""
    with pytest.raises(Malformed, match="ActivityId"):
        desk.get()
    with pytest.raises(Malformed, match="ReceiptId"):
        desk.receipt()


def test_what_is_another_providers_looks_unknown(desk: Desk) -> None:
    """Activities and receipts of others are refused in the words for what does not exist."""
    receipt = desk.save(entry(DRAFT), submission_key="K")
    other = desk.of_other_provider()
    for read, missing in (
        (lambda: other.get("202600001"), lambda: other.get("202699999")),
        (lambda: other.receipt(receipt.id), lambda: other.receipt("20261121-000000000000")),
        (lambda: other.receipt(key="K"), lambda: other.receipt(key="L")),
    ):
        with pytest.raises(NotFound) as foreign:
            read()
        with pytest.raises(NotFound) as unknown:
            missing()
        assert (unknown.value.text, unknown.value.remedy) == (foreign.value.text, foreign.value.remedy)


def test_a_receipt_is_read_back_as_it_was_given(desk: Desk) -> None:
    """By its id, by its key or by both, a year later too."""
    first = desk.save(entry(DRAFT), entry(BAD, number=2), submission_key="K")
    desk.clock.advance(days=365)
    assert [first] * 3 == [desk.receipt(first.id), desk.receipt(key="K"), desk.receipt(first.id, "K")]
    with pytest.raises(NotFound):
        desk.receipt(first.id, "L")


def test_a_key_gives_its_latest_receipt(desk: Desk) -> None:
    """After a failure and its correction, the correction."""
    desk.save(entry(BAD), submission_key="K")
    desk.clock.advance(seconds=1)
    assert desk.save(entry(OTHER), submission_key="K") == desk.receipt(key="K")


def test_a_failure_has_a_receipt_too(desk: Desk) -> None:
    """What was refused record by record can be looked up later."""
    failed = desk.save(entry(BAD), submission_key="K")
    assert [failed, failed] == [desk.receipt(failed.id), desk.receipt(key="K")]
