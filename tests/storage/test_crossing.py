"""What a provider deletes while its boards are being asked: through the operation, and both at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from threading import Event, Thread, Timer
from typing import Any

import pytest
from asked import ACCEPTED, a_credit, asked, matched, put, statuses, take, verdicts, worker
from fakes import Clock, terms
from reports import ADA, ADA_ROW, BOARD_CREDIT, BOARD_TYPE, COURSE, completion, deletion, report
from stored import PROVIDER

from gateway import operations
from gateway.ledger import Ledger
from gateway.lifecycle import lasting
from gateway.matching import Keys
from gateway.operations import Call
from gateway.records import (
    Caller,
    CompletionEntry,
    Errand,
    MocRegistration,
    Outcome,
    Provider,
    Question,
    Reply,
    Sought,
    StoredCredit,
)
from gateway.sealing import Key
from storage import Callouts, Store, open_store
from storage import verdicts as verdicts_module

SECOND_TYPE = "Patient Safety"
REGISTERED = MocRegistration("ABIM", Decimal("11.25"), (BOARD_TYPE, SECOND_TYPE))
TWO_TYPES = replace(COURSE, moc_registrations=(REGISTERED,))
KEY = Key(bytes(range(32)))
# On SQLite writers take turns.
TWO_WRITERS = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
LONG_ENOUGH = 0.3  # seconds for another thread to come to where it waits


@dataclass
class Crossing:
    """A learner with accepted credit, what it yielded, and a second credit whose board is being asked."""

    store: Store
    accepted: int
    yielded: int
    second: int
    callouts: Callouts
    question: Question

    def decide(self) -> None:
        """The second board says yes."""
        self.callouts.record(self.question, verdicts(*self.question.claims), 1.0)

    def delete(self, meanwhile: Callable[[], None] = lambda: None, *, again: bool = True) -> None:
        """The provider deletes the first; `meanwhile` happens, once, before it is written."""
        once = iter([meanwhile])

        def work(unit: Any) -> None:
            next(once, lambda: None)()
            unit.credits.delete([self.accepted, self.yielded])
            unit.credits.yield_again([self.accepted] if again else [])

        self.store.write(PROVIDER, work)

    @property
    def living(self) -> list[int]:
        """From which credits there is CME credit now."""
        return [row.matched_from for row in matched(self.store) if row.deleted_at is None]


@pytest.fixture
def crossing(store: Store) -> Crossing:
    """Everything as it is when a deletion begins."""
    callouts = worker(store)
    first = a_credit()
    (accepted,) = put(store, first)
    question = take(callouts, store)
    callouts.record(question, verdicts(*question.claims), 1.0)
    second = a_credit(learner_key=first.learner_key, person=first.person, credit_type="Patient Safety")
    put(store, second)
    (cme,) = matched(store)
    return Crossing(store, accepted, cme.row, second.row, callouts, take(callouts, store, 1))


@TWO_WRITERS
def test_verdict_amid_a_deletion_yields_after_all(crossing: Crossing) -> None:
    """A verdict that met the yield of what is being deleted gives the CME credit anew."""
    crossing.delete(crossing.decide)
    assert [crossing.second] == crossing.living


@TWO_WRITERS
def test_without_another_yield_the_credit_is_lost(crossing: Crossing) -> None:
    """The control: the second board has accepted, and there is no CME credit."""
    crossing.delete(crossing.decide, again=False)
    assert ([], [ACCEPTED]) == (crossing.living, statuses(crossing.store, crossing.second))


@TWO_WRITERS
@pytest.mark.slow
@pytest.mark.parametrize("where", ["match", "_note"])
def test_deletion_waits_for_a_verdict_on_its_way(
    crossing: Crossing, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict that is not committed yet, before or after its yield was tried, is not missed; where each
    waits for the other, one is made again."""
    stopped, go_on = Event(), Event()
    does = getattr(verdicts_module, where)

    def slowly(*args: Any) -> None:
        stopped.set()
        go_on.wait(10)
        does(*args)

    monkeypatch.setattr(verdicts_module, where, slowly)
    decision = Thread(target=crossing.decide)
    decision.start()
    assert stopped.wait(10)
    Timer(LONG_ENOUGH, go_on.set).start()
    crossing.delete()
    decision.join()
    assert [crossing.second] == crossing.living


def test_yield_is_not_given_twice(crossing: Crossing) -> None:
    """What is not accepted, not living or has its CME credit already yields nothing more."""
    crossing.store.write(PROVIDER, lambda unit: unit.credits.yield_again([crossing.accepted]))
    assert [crossing.accepted] == crossing.living
    crossing.delete()
    assert [] == crossing.living


# --- which credit yields -----------------------------------------------------------------------------


def amounts(store: Store) -> list[tuple[int, str]]:
    """The living CME credits that were yielded: from which credit, and how much."""
    return [(row.matched_from, row.amount) for row in matched(store) if row.deleted_at is None]


def of_one(amount: str, first: StoredCredit | None = None, **changes: Any) -> StoredCredit:
    """A credit of so much, of the same learner as another one."""
    same = {"learner_key": first.learner_key, "person": first.person} if first else {}
    return a_credit(amount=Decimal(amount), **same, **changes)


@pytest.mark.parametrize("large_first", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_cme_credit_is_that_of_the_largest(store: Store, large_first: bool, at_once: bool) -> None:
    """Whichever verdict comes first, and also where both come together: one, under one id."""
    large = of_one("10")
    small = of_one("9.75", large, credit_type=SECOND_TYPE)
    some = [large, small] if large_first else [small, large]
    callouts = worker(store)
    for group in [some] if at_once else [[one] for one in some]:
        put(store, *group)
        question = take(callouts, store, len(asked(store)) - 1)
        callouts.record(question, verdicts(*question.claims), 1.0)
    assert [(large.row, "10")] == amounts(store)
    assert 1 == len(matched(store))


def test_of_credits_alike_the_first_yields(store: Store) -> None:
    """What comes later and is no more changes nothing."""
    first = of_one("5")
    put(store, first, of_one("5.00", first, credit_type=SECOND_TYPE))
    callouts = worker(store)
    question = take(callouts, store)
    callouts.record(question, verdicts(*question.claims), 1.0)
    assert [(first.row, "5")] == amounts(store)


def test_cme_credit_of_the_sender_stays(store: Store) -> None:
    """However much a board accepts."""
    board = of_one("5")
    own = of_one("1", board, credit_type="AMA PRA Category 1", board=None)
    store.write(PROVIDER, lambda unit: unit.credits.add([own]))
    put(store, board)
    callouts = worker(store)
    question = take(callouts, store)
    callouts.record(question, verdicts(*question.claims), 1.0)
    assert [] == matched(store)


@TWO_WRITERS
@pytest.mark.slow
@pytest.mark.parametrize("large_first", [True, False])
def test_two_verdicts_at_once_leave_the_largest(
    store: Store, large_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for the first, which has yielded and is not committed, and then decides."""
    large = of_one("10")
    small = of_one("9.75", large, credit_type=SECOND_TYPE)
    put(store, large if large_first else small)
    put(store, small if large_first else large)
    callouts = worker(store)
    questions = [take(callouts, store, number) for number in range(2)]
    stopped, go_on = Event(), Event()
    note = verdicts_module._note

    def slowly(scope: Any, question: Question, *told: Any) -> None:
        if question.id == questions[0].id:
            stopped.set()
            go_on.wait(10)
        note(scope, question, *told)

    monkeypatch.setattr(verdicts_module, "_note", slowly)
    first = Thread(target=callouts.record, args=(questions[0], verdicts(*questions[0].claims), 1.0))
    first.start()
    assert stopped.wait(10)
    Timer(LONG_ENOUGH, go_on.set).start()
    callouts.record(questions[1], verdicts(*questions[1].claims), 1.0)
    first.join()
    assert [(large.row, "10")] == amounts(store)


# --- through the operation ---------------------------------------------------------------------------


@pytest.fixture
def gateway(url: str) -> Iterator[Store]:
    """A store with the course and Ada in the register, where each credit is a question of its own."""
    store = open_store(url, KEY, Clock(), lasting, lambda board: 1)
    store.migrate()
    store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    store.write(PROVIDER, lambda unit: unit.activities.add([TWO_TYPES]))
    with store.loading as loading:
        loading.keep([Keys(KEY.digest).enrol(ADA_ROW)])
    yield store
    store.close()


def save(store: Store, *entries: CompletionEntry) -> None:
    """What the operation does with these records."""
    call = Call(
        operation="SaveLearnerActivity",
        caller=Caller(PROVIDER, "lms"),
        trace_id="t",
        version=(2, 0),
        raw=b"<r/>",
        digest=b"%032d" % len(asked(store)),
    )
    by = replace(terms(Clock()), digest=KEY.digest)
    receipt = operations.save_learner_activity(call, entries, (), store, by)
    assert Outcome.SUCCESS is receipt.outcome, receipt


MK = BOARD_CREDIT
PS = replace(BOARD_CREDIT, credit_id="ccid:demo:3", credit_type=SECOND_TYPE)


def test_credit_deleted_in_doubt_and_added_again_is_asked_about(gateway: Store) -> None:
    """After a board gave no usable answer the provider corrects its record, and the new one is judged."""
    callouts = worker(gateway)
    save(gateway, report(completion(ADA, MK)))
    callouts.record(take(callouts, gateway), Reply(), 1.0)
    save(gateway, deletion(completion(ADA, MK)))
    save(gateway, report(completion(ADA, replace(MK, credit_id="ccid:demo:9"))))
    assert () == take(callouts, gateway, 2).claims
    withdrawal = take(callouts, gateway, 1)
    assert Errand.WITHDRAW is withdrawal.errand
    callouts.record(withdrawal, verdicts(*withdrawal.claims), 1.0)
    question = take(callouts, gateway, 2)
    callouts.record(question, verdicts(*question.claims), 1.0)
    assert 1 == len(matched(gateway))


@pytest.fixture
def both(gateway: Store) -> tuple[CompletionEntry, CompletionEntry]:
    """Ada's credits of 5 and of 1, accepted, each as a record of its own."""
    large, small = (
        completion(ADA, replace(one, amount=n)) for one, n in ((MK, Decimal(5)), (PS, Decimal(1)))
    )
    save(gateway, report(large), report(small, number=2))
    accept_all(gateway)
    return report(large), report(small)


def accept_all(gateway: Store) -> None:
    """The boards say yes to everything, withdrawals first."""
    callouts = worker(gateway)
    for errand in (Errand.WITHDRAW, Errand.REPORT):
        for row in asked(gateway):
            if row.done_at is None and row.errand == errand.value:
                question = callouts.take(row.id, row.attempt)
                assert question is not None
                callouts.record(question, verdicts(*question.claims), 1.0)


def told(gateway: Store) -> list[tuple[str | None, str]]:
    """Which credit yielded CME credit, and how much, as it is told."""
    found = gateway.read(PROVIDER, lambda unit: unit.credits.search(Sought(), 0, 9))
    return [(one.yielded_by, str(one.amount)) for one in found if one.matched_from is not None]


def test_correction_is_followed_by_the_cme_credit(
    gateway: Store, both: tuple[CompletionEntry, CompletionEntry]
) -> None:
    """Deleted and added again with another amount in one call: the CME credit is that of a credit that is
    there, before and after the board's new answer."""
    large, small = both
    assert [(MK.credit_id, "5")] == told(gateway)
    assert large.completion is not None
    for amount, least in (("0.5", "1"), ("3", "1")):
        (was,) = gateway.read(PROVIDER, lambda unit: unit.credits.find([MK.credit_id or ""], [], []))
        before = completion(ADA, replace(MK, amount=was.amount))
        corrected = completion(ADA, replace(MK, amount=Decimal(amount)))
        save(gateway, deletion(before), report(corrected, number=2))
        assert [(PS.credit_id, least)] == told(gateway)
        accept_all(gateway)
    assert [(MK.credit_id, "3")] == told(gateway)
    save(gateway, deletion(corrected))
    assert [(PS.credit_id, "1")] == told(gateway)
    assert small.completion is not None
    save(gateway, deletion(small.completion))
    assert [] == told(gateway)


@TWO_WRITERS
def test_two_deletions_at_once_leave_no_yield(
    gateway: Store, both: tuple[CompletionEntry, CompletionEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first deletion lets the second credit yield goes with that one."""
    first, second = [one.completion for one in both]
    assert first is not None and second is not None
    put_back, meanwhile = Ledger.put_back, [lambda: save(gateway, deletion(first))]

    def amid(ledger: Ledger) -> None:
        if meanwhile:
            meanwhile.pop()()
        put_back(ledger)

    monkeypatch.setattr(Ledger, "put_back", amid)
    save(gateway, deletion(second))
    assert [] == told(gateway)


@TWO_WRITERS
def test_verdict_on_what_is_deleted_leaves_the_others_yield(
    gateway: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The larger credit is accepted, and takes over the yield, amid its own deletion: the other's is back."""
    large = completion(ADA, replace(MK, amount=Decimal(5)))
    save(gateway, report(completion(ADA, replace(PS, amount=Decimal(1)))))
    accept_all(gateway)
    save(gateway, report(large))
    put_back, meanwhile = Ledger.put_back, [lambda: accept_all(gateway)]

    def amid(ledger: Ledger) -> None:
        if meanwhile:
            meanwhile.pop()()
            assert [(MK.credit_id, "5")] == told(gateway)
        put_back(ledger)

    monkeypatch.setattr(Ledger, "put_back", amid)
    save(gateway, deletion(large))
    assert [(PS.credit_id, "1")] == told(gateway)


@TWO_WRITERS
@pytest.mark.parametrize("again", [True, False])
def test_operation_yields_again(gateway: Store, again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict on the learner's second credit that comes amid the deletion of the first leaves the
    learner with CME credit; and, for control, with none where nothing looks again."""
    callouts = worker(gateway)
    save(gateway, report(completion(ADA, MK, PS)))
    questions = [take(callouts, gateway, number) for number in range(2)]
    callouts.record(questions[0], verdicts(*questions[0].claims), 1.0)
    decide = [lambda: callouts.record(questions[1], verdicts(*questions[1].claims), 1.0)]
    put_back = Ledger.put_back

    def amid(ledger: Ledger) -> None:
        if decide:
            decide.pop()()
        put_back(ledger)

    monkeypatch.setattr(Ledger, "put_back", amid)
    if not again:
        monkeypatch.setattr("storage.credits.match", lambda *_: None)
    save(gateway, deletion(completion(ADA, MK)))
    living = [row.matched_from for row in matched(gateway) if row.deleted_at is None]
    assert ([int(questions[1].claims[0].reference)] if again else []) == living
