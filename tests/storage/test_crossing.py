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
            unit.credits.yield_again([self.second] if again else [])

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
    again = [crossing.accepted, crossing.second]
    crossing.store.write(PROVIDER, lambda unit: unit.credits.yield_again(again))
    assert [crossing.accepted] == crossing.living
    crossing.store.write(PROVIDER, lambda unit: unit.credits.delete([crossing.accepted, crossing.yielded]))
    crossing.store.write(PROVIDER, lambda unit: unit.credits.yield_again(again))
    assert [] == crossing.living


# --- through the operation ---------------------------------------------------------------------------


@pytest.fixture
def gateway(url: str) -> Iterator[Store]:
    """A store with the course and Ada in the register, where each credit is a question of its own."""
    store = open_store(url, KEY, Clock(), lambda board: 1)
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
