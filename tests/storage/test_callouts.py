"""Questions to boards: taken, answered, put off, taken over; on each database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from asked import (
    ACCEPTED,
    MADE,
    PATIENCE,
    REJECTED,
    SUBMITTED,
    a_credit,
    asked,
    delete,
    matched,
    put,
    statuses,
    stored,
    take,
    verdicts,
    worker,
)
from sqlalchemy import event, func, select, text
from stored import FULL_ACTIVITY, NOW, PROVIDER

from gateway.errors import TakenForDead
from gateway.records import Backlog, Errand, Reply, StoredCredit, Verdict
from storage import Callouts, Store
from storage.tables import audit, credits

LONG_ENOUGH = 0.3  # seconds for another thread to come to where it waits


def enqueued(store: Store) -> list[tuple[str, str]]:
    """The attempts in the durable queue: which, and whether they may begin."""
    schema = "" if store._engine.dialect.name == "sqlite" else "dbos."
    query = f"SELECT workflow_uuid, status FROM {schema}workflow_status ORDER BY workflow_uuid"  # noqa: S608  no input
    with store._engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.execute(text(query))]


@contextmanager
def listening(store: Store, before: Callable[..., None]) -> Iterator[None]:
    """Call something before each statement: with connection, cursor, and the statement's text."""
    event.listen(store._engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(store._engine, "before_cursor_execute", before)


def test_question_is_kept_with_its_first_attempt(store: Store) -> None:
    """Credits, their question and its attempt are kept together."""
    rows = put(store, a_credit(), a_credit())
    (question,) = asked(store)
    assert (rows, "ABIM", "report", 1) == (
        json.loads(question.credits),
        question.board,
        question.errand,
        question.attempt,
    )
    assert [(f"{question.id}.1", "ENQUEUED")] == enqueued(store)


def test_nothing_is_kept_of_a_unit_that_fails(store: Store) -> None:
    """When the work fails after the question was put, neither it nor its attempt is there."""

    def fail(unit: Any) -> None:
        unit.questions.put("ABIM", Errand.REPORT, [1])
        raise LookupError

    with pytest.raises(LookupError):
        store.write(PROVIDER, fail)
    assert ([], []) == (asked(store), enqueued(store))


def test_credits_are_put_in_chunks(store: Store) -> None:
    """A question holds no more credits than the board takes: 250 make three."""
    put(store, *(a_credit() for _ in range(250)))
    assert [100, 100, 50] == [len(json.loads(row.credits)) for row in asked(store)]


def test_taken_question_says_all_a_board_needs(store: Store) -> None:
    """A claim has the learner as sealed, the activity's title, and a reference of our own."""
    store.write(PROVIDER, lambda unit: unit.activities.add([FULL_ACTIVITY]))
    (row,) = put(store, a_credit())
    question = take(worker(store), store)
    (claim,) = question.claims
    assert (str(row), "900001", "02-29", FULL_ACTIVITY.title) == (
        claim.reference,
        claim.board_id,
        claim.birthday,
        claim.activity_title,
    )
    assert (("Ada",), Decimal("11.25"), PROVIDER) == (claim.given_names, claim.amount, claim.provider_id)
    assert "Quimby" not in repr(question) + repr(claim)
    assert NOW == stored(store, row)[0].asked_at == asked(store)[0].asked_at


def test_verdicts_are_kept(store: Store) -> None:
    """Accepted and rejected stand as the board said, with its reason; the question is done."""
    good, bad = put(store, a_credit(), a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    said = Reply((Verdict(str(bad), False, "Not in the programme."), Verdict(str(good), True)))
    assert 0 == callouts.record(question, said, 1.0)
    assert [(ACCEPTED, None, NOW), (REJECTED, "Not in the programme.", NOW)] == [
        (row.status, row.reason, row.decided_at) for row in stored(store, good, bad)
    ]
    assert [NOW] == [row.done_at for row in asked(store)]
    assert callouts.take(question.id, 1) is None


def test_audit_log_has_counts_only(store: Store) -> None:
    """What was recorded is one row of the provider's audit log, by the question's id."""
    put(store, a_credit(), a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    callouts.record(question, verdicts(*question.claims, accepted=False, reason="No."), 1.0)
    with store._engine.connect() as connection:
        (row,) = connection.execute(select(audit))
    assert ("worker", "BoardVerdict", PROVIDER, 2, 2, question.id) == (
        row.user,
        row.operation,
        row.provider_id,
        row.records,
        row.refused,
        row.trace_id,
    )


def test_late_and_repeated_answers_change_nothing(store: Store) -> None:
    """The first answer stands; one to the same attempt, or about what was not asked, is dropped."""
    (row,) = put(store, a_credit())
    (other,) = put(store, a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    callouts.record(question, Reply((Verdict(str(row), True), Verdict(str(other), True))), 1.0)
    callouts.record(question, verdicts(*question.claims, accepted=False, reason="Late."), 1.0)
    assert [ACCEPTED, SUBMITTED] == statuses(store, row, other)
    assert 1 == len(matched(store))


def test_what_is_open_is_asked_again(store: Store) -> None:
    """A claim without a verdict stays submitted; the next attempt is enqueued for later, with a ticket."""
    first, second = put(store, a_credit(), a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    assert 1 == callouts.record(question, Reply((Verdict(str(first), True),), "T-1"), 60.0)
    again = take(callouts, store)
    assert (2, "T-1", [str(second)]) == (again.attempt, again.ticket, [c.reference for c in again.claims])
    assert (f"{question.id}.2", "DELAYED") in enqueued(store)


def test_put_off_counts_once(store: Store) -> None:
    """Of two that put the same attempt off only the first does, and the question is not unanswered yet."""
    put(store, a_credit())
    callouts = worker(store)
    (row,) = asked(store)
    for _ in range(2):
        callouts.put_off(row.id, 1, 5.0)
    (now,) = asked(store)
    assert (2, False, 2) == (now.attempt, now.unanswered, len(enqueued(store)))


def test_question_that_waits_too_long_is_marked(store: Store) -> None:
    """After the operator's patience a question counts as unanswered, is still asked, and ends the mark."""
    put(store, a_credit())
    store.workers("late").enter()
    later = Callouts(
        store._engine,
        store._sealer,
        lambda: NOW + PATIENCE + timedelta(seconds=1),
        lambda: store.outbox,
        "late",
        PATIENCE,
    )
    later.put_off(asked(store)[0].id, 1, 1.0)
    assert [Backlog("ABIM", 1, NOW, 1)] == store.backlogs()
    question = take(later, store)
    later.record(question, verdicts(*question.claims), 1.0)
    assert [] == store.backlogs()
    assert not asked(store)[0].unanswered


# --- credit match ------------------------------------------------------------------------------------


def test_accepted_credit_yields_cme_credit(store: Store) -> None:
    """One credit of the activity's CME, accepted, of the same amount, day and learner."""
    put(store, board := a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    callouts.record(question, verdicts(*question.claims), 1.0)
    (cme,) = matched(store)
    assert ("AMA PRA Category 1", None, ACCEPTED, board.row) == (
        cme.credit_type,
        cme.board,
        cme.status,
        cme.matched_from,
    )
    assert (f"ccid:cme-gateway:{cme.row}", "11.25", board.completed_on) == (
        cme.credit_id,
        cme.amount,
        cme.completed_on,
    )
    (found,) = store.read(PROVIDER, lambda unit: unit.credits.find([cme.credit_id], [], []))
    assert board.learner_key == found.learner_key


@pytest.mark.parametrize("sender", ["sent it too", "has two boards"])
def test_cme_credit_is_given_once(store: Store, sender: str) -> None:
    """A learner who has the activity's CME credit, sent or matched, is not given it twice."""
    board = a_credit()
    twin = a_credit(learner_key=board.learner_key, person=board.person)
    if sender == "sent it too":
        cme = a_credit(learner_key=board.learner_key, credit_type="AMA PRA Category 1", board=None)
        store.write(PROVIDER, lambda unit: unit.credits.add([cme]))
    put(store, board, *([a_credit()] if sender == "sent it too" else []))
    if sender == "has two boards":
        put(store, *[a_credit(learner_key=twin.learner_key, credit_type="Practice Assessment")])
    callouts = worker(store)
    for number in range(len(asked(store))):
        question = take(callouts, store, number)
        callouts.record(question, verdicts(*question.claims), 1.0)
    mine = [row for row in matched(store) if row.learner_key == board.learner_key]
    assert (0 if sender == "sent it too" else 1) == len(mine)


@pytest.mark.parametrize("why", ["rejected", "deleted"])
def test_no_cme_credit_without_living_accepted_credit(store: Store, why: str) -> None:
    """Rejected credit, and credit deleted meanwhile, yield nothing."""
    (row,) = put(store, a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    if why == "deleted":
        delete(store, row)
    callouts.record(question, verdicts(*question.claims, accepted=why == "deleted"), 1.0)
    assert [] == matched(store)


# --- deleting ----------------------------------------------------------------------------------------


def test_credit_deleted_before_it_was_asked_is_never_put(store: Store) -> None:
    """It is left out for good, and a question of nothing else is done."""
    row, other = put(store, a_credit(), a_credit())
    callouts = worker(store)
    delete(store, row)
    assert [str(other)] == [claim.reference for claim in take(callouts, store).claims]
    delete(store, *put(store, a_credit()))
    assert callouts.take(asked(store)[1].id, 1) is None


def test_credit_deleted_while_it_was_asked_is_withdrawn(store: Store) -> None:
    """What the board accepted meanwhile is put to it as a withdrawal, which it confirms once."""
    (row,) = put(store, a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    delete(store, row)
    assert 0 == callouts.record(question, verdicts(*question.claims), 1.0)
    withdrawal = take(callouts, store, 1)
    assert (Errand.WITHDRAW, [str(row)]) == (withdrawal.errand, [c.reference for c in withdrawal.claims])
    assert 1 == callouts.record(withdrawal, Reply(), 1.0)
    withdrawal = take(callouts, store, 1)
    assert 0 == callouts.record(withdrawal, verdicts(*withdrawal.claims), 1.0)
    assert [(ACCEPTED, NOW)] == [(r.status, r.withdrawn_at) for r in stored(store, row)]


def test_credit_deleted_in_doubt_is_withdrawn_at_once(store: Store) -> None:
    """What a board was asked about without an answer is reported no more, but withdrawn."""
    row, other = put(store, a_credit(), a_credit())
    callouts = worker(store)
    assert 2 == callouts.record(take(callouts, store), Reply(), 1.0)
    delete(store, row)
    assert [str(other)] == [claim.reference for claim in take(callouts, store).claims]
    withdrawal = take(callouts, store, 1)
    assert (Errand.WITHDRAW, [str(row)]) == (withdrawal.errand, [c.reference for c in withdrawal.claims])
    assert 0 == callouts.record(withdrawal, verdicts(*withdrawal.claims), 1.0)
    assert [(SUBMITTED, NOW)] == [(r.status, r.withdrawn_at) for r in stored(store, row)]


@pytest.mark.parametrize("accepted", [True, False])
def test_late_answer_to_what_was_withdrawn_changes_nothing(store: Store, accepted: bool) -> None:
    """A verdict that comes after the withdrawal yields nothing, and nothing more is asked."""
    (row,) = put(store, a_credit())
    callouts = worker(store)
    question = take(callouts, store)
    delete(store, row)
    withdrawal = take(callouts, store, 1)
    callouts.record(withdrawal, verdicts(*withdrawal.claims), 1.0)
    assert 0 == callouts.record(question, verdicts(*question.claims, accepted=accepted), 1.0)
    assert ([NOW, NOW], []) == ([each.done_at for each in asked(store)], matched(store))


def in_doubt(store: Store, callouts: Callouts) -> tuple[StoredCredit, StoredCredit]:
    """A credit that a board was asked about in vain, and the same one anew, of an earlier number: two
    machines number rows by clocks of their own."""
    new, old = a_credit(), a_credit()
    put(store, old)
    callouts.record(take(callouts, store), Reply(), 1.0)
    return old, replace(new, learner_key=old.learner_key, person=old.person)


@pytest.mark.parametrize("accepted", [True, False])
def test_successor_goes_on_after_the_withdrawal(store: Store, accepted: bool) -> None:
    """While the board may hold the deleted credit, the same credit anew is not put; after its last
    word on the withdrawal, whatever it is, it is."""
    callouts = worker(store)
    old, new = in_doubt(store, callouts)
    delete(store, old.row)
    put(store, new)
    assert () == take(callouts, store, 2).claims
    withdrawal = take(callouts, store, 1)
    callouts.record(withdrawal, Reply(), 1.0)
    assert () == take(callouts, store, 2).claims
    withdrawal = take(callouts, store, 1)
    callouts.record(withdrawal, verdicts(*withdrawal.claims, accepted=accepted), 1.0)
    assert [str(new.row)] == [claim.reference for claim in take(callouts, store, 2).claims]


def test_without_a_withdrawal_the_successor_waits(store: Store) -> None:
    """The control: what is deleted in doubt and never withdrawn is in the way."""
    callouts = worker(store)
    old, new = in_doubt(store, callouts)
    store.write(PROVIDER, lambda unit: unit.credits.delete([old.row]))
    put(store, new)
    assert callouts.take(asked(store)[0].id, asked(store)[0].attempt) is None
    assert () == take(callouts, store, 1).claims


def test_successor_of_accepted_credit_waits_for_its_withdrawal(store: Store) -> None:
    """Where the board says yes while the deletion is on its way, its yes is withdrawn first."""
    callouts = worker(store)
    old = a_credit()
    put(store, old)
    question = take(callouts, store)
    delete(store, old.row)
    (new,) = put(store, a_credit(learner_key=old.learner_key, person=old.person))
    callouts.record(question, verdicts(*question.claims), 1.0)
    assert () == take(callouts, store, 2).claims
    withdrawal = take(callouts, store, 1)
    callouts.record(withdrawal, verdicts(*withdrawal.claims), 1.0)
    assert [str(new)] == [claim.reference for claim in take(callouts, store, 2).claims]


def test_deletion_waits_for_who_is_about_to_ask(store: Store) -> None:
    """A credit that is deleted while it is being taken is known to have been asked about."""
    (row,) = put(store, a_credit())
    callouts = worker(store)
    deletion = Thread(target=delete, args=(store, row))

    def before(*args: Any) -> None:
        if "asked_at=" in args[2] and "UPDATE credits" in args[2]:
            deletion.start()
            deletion.join(LONG_ENOUGH)

    with listening(store, before):
        assert [str(row)] == [claim.reference for claim in take(callouts, store).claims]
    deletion.join()
    assert ["report", "withdraw"] == [question.errand for question in asked(store)]


@pytest.mark.parametrize("fate", ["rejected", "never asked"])
def test_successor_of_what_no_board_holds_waits_for_nothing(store: Store, fate: str) -> None:
    """A deleted credit that was rejected, or never asked about, holds nobody up."""
    callouts = worker(store)
    old = a_credit()
    put(store, old)
    if fate == "rejected":
        question = take(callouts, store)
        callouts.record(question, verdicts(*question.claims, accepted=False), 1.0)
    delete(store, old.row)
    (new,) = put(store, a_credit(learner_key=old.learner_key))
    assert [str(new)] == [claim.reference for claim in take(callouts, store, 1).claims]


# --- who is alive ------------------------------------------------------------------------------------


def test_who_is_buried_can_do_nothing(store: Store) -> None:
    """A worker held for dead, which still lives, changes nothing more and is told so."""
    (row,) = put(store, a_credit())
    callouts, me = worker(store), store.workers("one")
    question = take(callouts, store)
    me.bury("one", me.beats()["one"])
    acts: Sequence[Callable[[], object]] = (
        lambda: callouts.take(question.id, 1),
        lambda: callouts.record(question, verdicts(*question.claims), 1.0),
        lambda: callouts.put_off(question.id, 1, 1.0),
        me.beat,
    )
    for act in acts:
        with pytest.raises(TakenForDead):
            act()
    assert [SUBMITTED] == statuses(store, row)


def test_who_was_heard_of_again_is_not_buried(store: Store) -> None:
    """A beat that came in between saves a worker."""
    me = store.workers("one")
    me.enter()
    me.bury("one", MADE)
    me.beat()
    assert {"one": NOW} == me.beats()
    me.leave()
    assert {} == me.beats()


def test_who_leaves_which_board_alone_is_known_to_all(store: Store) -> None:
    """As each worker said lately; who is silent for long says nothing."""
    one, two = store.workers("one"), store.workers("two")
    assert [] == store.resting()
    one.enter()
    two.enter()
    one.beat(["ABIM", "ABA"])
    assert [frozenset(), frozenset({"ABA", "ABIM"})] == sorted(store.resting(), key=len)
    one.beat()
    assert [frozenset(), frozenset()] == store.resting()
    store._clock = lambda: NOW + timedelta(minutes=2)
    assert [] == store.resting()


def test_answer_of_an_overtaken_attempt_is_dropped(store: Store) -> None:
    """Once another worker has put an attempt on its way again, its first maker records nothing."""
    (row,) = put(store, a_credit())
    slow, quick = worker(store), worker(store, "two")
    question = take(slow, store)
    quick.put_off(question.id, question.attempt, 0.0)
    again = take(quick, store)
    slow.record(question, verdicts(*question.claims, accepted=False), 1.0)
    assert [SUBMITTED] == statuses(store, row)
    quick.record(again, verdicts(*again.claims), 1.0)
    assert [ACCEPTED] == statuses(store, row)


def test_many_chunks_make_no_double_credit(store: Store) -> None:
    """A full chunk of 100 yields 100 CME credits with numbers of their own."""
    put(store, *(a_credit() for _ in range(100)))
    callouts = worker(store)
    question = take(callouts, store)
    callouts.record(question, verdicts(*question.claims), 1.0)
    with store._engine.connect() as connection:
        assert 200 == connection.scalar(select(func.count()).select_from(credits))
