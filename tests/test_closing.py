"""Closing on purpose, refused with every missing gate; opening again what was closed by mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest
from amended import FIRST_ID, close, codes, keep, named, only, reopen, stored
from desk import Desk
from entries import COMPLETE, DRAFT, LEGACY, TODAY, entry, only_ids
from fakes import NOW, USER

from gateway import lifecycle
from gateway.records import Action, Outcome, Reopening, Status

CLOSED = replace(COMPLETE, closed=True)


@pytest.fixture
def desk() -> Desk:
    """A gateway without records."""
    return Desk()


def test_a_complete_activity_is_closed(desk: Desk) -> None:
    """SEED1: a deliberate act on what is Ready to Close; nothing else about it changes."""
    (before,) = keep(desk, COMPLETE)
    assert Status.READY_TO_CLOSE is lifecycle.status(before, TODAY)
    result = only(close(desk))
    assert (Action.UPDATED, FIRST_ID, Status.CLOSED, (), []) == (
        result.action,
        result.activity_id,
        result.status,
        result.next_statuses,
        codes(result),
    )
    assert [replace(before, closed=True)] == stored(desk)


def test_closing_too_early_lists_every_gate(desk: Desk) -> None:
    """SEED1, "Why can't I close my activity?": one finding each, and what it can become instead."""
    (before,) = keep(desk, DRAFT)
    result = only(close(desk))
    missing = lifecycle.missing_to_close(before, TODAY)
    assert (Action.REFUSED, Status.DRAFT) == (result.action, result.status)
    assert [("A907", f"/{gate.field}") for gate in missing] == [
        (found.code, found.path) for found in result.findings
    ]
    assert lifecycle.next_statuses(before, TODAY) == result.next_statuses
    assert [before] == stored(desk)


def test_what_is_closed_stays_so(desk: Desk) -> None:
    """To close it again changes nothing."""
    keep(desk, CLOSED)
    result = only(close(desk))
    assert (Action.UNCHANGED, Status.CLOSED, []) == (result.action, result.status, codes(result))


def test_a_record_of_1_0_is_closed_on_purpose_too(desk: Desk) -> None:
    """One that counts as closed already needs what all others need today."""
    keep(desk, LEGACY)
    result = only(close(desk))
    assert (Action.REFUSED, Status.CLOSED, {"A907"}) == (result.action, result.status, set(codes(result)))


def test_a_closed_activity_is_opened_again(desk: Desk) -> None:
    """Its status follows from its data again, and it takes changes and deletion."""
    keep(desk, CLOSED)
    assert ["A906"] == codes(only(desk.save(entry(replace(COMPLETE, physicians=99)))))
    result = only(reopen(desk))
    assert (Action.UPDATED, Status.READY_TO_CLOSE, []) == (result.action, result.status, codes(result))
    assert Action.UPDATED is only(desk.save(entry(replace(COMPLETE, physicians=99)))).action
    assert Action.DELETED is only(desk.save(entry(only_ids(FIRST_ID), "Delete"))).action


def test_who_opened_it_and_why_is_kept(desk: Desk) -> None:
    """Beside the audit row and the receipt, with the activity."""
    keep(desk, CLOSED)
    receipt = reopen(desk, reason="The counts were those of another course")
    kept = Reopening(
        activity_id=FIRST_ID, user=USER, at=NOW, reason="The counts were those of another course"
    )
    assert [kept] == desk.store.tables.reopenings
    assert ["ReopenActivity"] == [row.operation for row in desk.store.tables.audit]
    assert receipt.id == desk.store.tables.audit[0].receipt_id
    assert "another course" not in repr(kept)


@pytest.mark.parametrize(
    ("activity", "code", "status"),
    [
        (COMPLETE, "A913", Status.READY_TO_CLOSE),
        (DRAFT, "A913", Status.DRAFT),
        (LEGACY, "A914", Status.CLOSED),
    ],
)
def test_only_what_was_closed_on_purpose_is_opened(
    desk: Desk, activity: object, code: str, status: Status
) -> None:
    """What 1.0 closed by itself takes changes as it is; nothing is kept of a refusal."""
    keep(desk, activity)  # type: ignore[arg-type]  # an activity of the table above
    result = only(reopen(desk))
    assert (Action.REFUSED, [code], status) == (result.action, codes(result), result.status)
    assert [] == desk.store.tables.reopenings


@pytest.mark.parametrize("act", [close, reopen])
@pytest.mark.parametrize(
    ("ids", "code"),
    [((None, None), "A900"), (("202699999", None), "A901"), ((None, "NOBODY"), "A901")],
)
def test_what_is_not_there_is_neither_closed_nor_opened(
    desk: Desk, act: object, ids: tuple[str | None, str | None], code: str
) -> None:
    """Nor what belongs to another provider, in the same words."""
    keep(desk, CLOSED)
    receipt = act(desk, named(*ids))  # type: ignore[operator]  # one of the two
    assert (Outcome.FAILURE, [code]) == (receipt.outcome, codes(only(receipt)))
    foreign = act(desk.of_other_provider(), named())  # type: ignore[operator]
    assert ["A901"] == codes(only(foreign))


def test_it_is_found_by_the_providers_own_id(desk: Desk) -> None:
    """Or by both, where they agree."""
    keep(desk, COMPLETE, replace(DRAFT, provider_activity_id="OTHER"))
    assert ["A902"] == codes(only(close(desk, named(FIRST_ID, "OTHER"))))
    assert Action.UPDATED is only(close(desk, named(None, COMPLETE.provider_activity_id))).action


@pytest.mark.parametrize("act", [close, reopen])
def test_two_ids_that_disagree_name_nothing(desk: Desk, act: object) -> None:
    """Also where the own id is nobody's: it is a slip, and not a new one."""
    before = keep(desk, COMPLETE if act is close else CLOSED)
    (found,) = only(act(desk, named(FIRST_ID, "NOBODY"))).findings  # type: ignore[operator]  # one of the two
    assert ("A902", "/provider_activity_id") == (found.code, found.path)
    assert before == stored(desk)


@pytest.mark.parametrize("act", [close, reopen])
def test_validating_only_says_the_same_and_keeps_nothing(desk: Desk, act: object) -> None:
    """No receipt, no state, no reason."""
    keep(desk, COMPLETE if act is close else CLOSED)
    before = desk.store.tables
    tried = act(desk, validate_only=True)  # type: ignore[operator]  # one of the two
    assert (None, before) == (tried.id, desk.store.tables)
    done = act(desk)  # type: ignore[operator]
    assert tried.results == done.results


@pytest.mark.parametrize("act", [close, reopen])
def test_the_same_key_is_answered_again(desk: Desk, act: object) -> None:
    """And nothing is done twice."""
    keep(desk, COMPLETE if act is close else CLOSED)
    first = act(desk, submission_key="K")  # type: ignore[operator]  # one of the two
    after = desk.store.tables
    assert replace(first, replayed=True) == act(desk, submission_key="K")  # type: ignore[operator]
    assert after == desk.store.tables
