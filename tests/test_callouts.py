"""The pace of callouts, the breaker, one attempt at one question, and who takes over from whom."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from claims import a_claim
from fakes import NOW, Clock

from gateway.callouts import Asking, Breaker, Pace, Rhythm, Worker
from gateway.callouts import asking as module
from gateway.callouts.worker import Watch
from gateway.errors import BoardRefused, BoardUnavailable, Busy, Failed, StoreUnavailable, TakenForDead
from gateway.records import Errand, Question, Reply, Run, Verdict

FULL = Pace(retry=2.0, most=900.0, poll=5.0, share=lambda: 1.0)
CLAIM = a_claim(reference="1")
QUESTION = Question(id="q", board="ABIM", errand=Errand.REPORT, attempt=1, since=NOW, claims=(CLAIM,))
ACCEPTED = Reply((Verdict("1", accepted=True),))


@dataclass
class FakeCallouts:
    """Remembers what it is told; `broken` are raised, one after another, before anything else."""

    question: Question | None = QUESTION
    recorded: list[tuple[Reply, float]] = field(default_factory=list)
    put: list[tuple[str, int, float]] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)

    def _break(self) -> None:
        if self.broken:
            raise self.broken.pop(0)

    def take(self, question_id: str, attempt: int) -> Question | None:
        """The question, whatever its id."""
        self._break()
        return self.question and replace(self.question, attempt=attempt)

    def record(self, question: Question, reply: Reply, delay: float) -> int:
        """Remember it; what has no verdict is open."""
        self._break()
        self.recorded.append((reply, delay))
        return len(question.claims) - len(reply.verdicts)

    def put_off(self, question_id: str, attempt: int, delay: float) -> None:
        """Remember it."""
        self._break()
        self.put.append((question_id, attempt, delay))


class Board:
    """A board that answers, or raises what it is told to."""

    def __init__(self, reply: Reply | Exception = ACCEPTED) -> None:
        self.reply = reply
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> Reply:
        """Answer."""
        self.asked.append(question)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def make(
    callouts: FakeCallouts, board: Callable[[Question], Reply], clock: Clock | None = None, pace: Pace = FULL
) -> Asking:
    """One that asks the ABIM, with a breaker of five failures and a rest of 30 s of that clock."""
    clock = clock or Clock()
    breaker = Breaker(5, 30.0, lambda: (clock() - NOW).total_seconds())
    return Asking(callouts, board, pace, clock, {"ABIM": breaker}, at_once=4)


def test_pause_doubles_up_to_the_longest() -> None:
    """The longest pause after each attempt is 2, 4, 8 … 900 seconds, however many there were."""
    assert [2.0, 4.0, 8.0, 512.0, 900.0, 900.0] == [FULL.again(n) for n in (1, 2, 3, 9, 10, 5_000)]


def test_any_part_of_a_pause_is_waited() -> None:
    """Full jitter: those that failed together come back at any time within the pause."""
    pauses = [Pace(2.0, 900.0, 5.0).again(4) for _ in range(1_000)]
    assert 0 <= min(pauses) < 2 and 14 < max(pauses) <= 16


def test_ticket_has_pauses_of_its_own() -> None:
    """A ticket is asked for after its own pause, and less often the longer it takes."""
    assert [5.0, 5.0, 60.0, 900.0] == [FULL.collect(waited) for waited in (0, 50, 600, 86_400)]
    assert 2.5 == replace(FULL, share=lambda: 0.0).collect(0)


def test_breaker_opens_rests_and_tries_once() -> None:
    """After five failures in a row it rests; then one trial goes through, whose answer decides."""
    clock = Clock()
    breaker = Breaker(5, 30.0, lambda: (clock() - NOW).total_seconds())
    assert not breaker.open
    assert [False, False, False, False, True] == [breaker.failed() for _ in range(5)]
    assert breaker.open
    assert 30.0 == breaker.wait()
    clock.advance(seconds=30)
    assert (0.0, 30.0) == (breaker.wait(), breaker.wait())
    breaker.failed()
    assert 30.0 == breaker.wait()
    clock.advance(seconds=30)
    assert 0.0 == breaker.wait()
    breaker.succeeded()
    assert not breaker.open
    assert [0.0, 0.0] == [breaker.wait(), breaker.wait()]


def opened(clock: Clock) -> Breaker:
    """A breaker that has rested, so that the next one is the trial."""
    breaker = Breaker(5, 30.0, lambda: (clock() - NOW).total_seconds())
    for _ in range(5):
        breaker.failed()
    clock.advance(seconds=30)
    return breaker


def test_trial_that_is_not_made_is_given_back() -> None:
    """Who was let through and did not ask leaves the trial to the next; one that was made is spent."""
    breaker = opened(Clock())
    assert (0.0, 30.0) == (breaker.wait(), breaker.wait())
    breaker.unused()
    assert 0.0 == breaker.wait()
    breaker.failed()
    breaker.unused()
    assert 30.0 == breaker.wait()


def test_trial_of_another_is_not_given_back() -> None:
    """Who was let through before the breaker opened has no trial to give back."""
    breaker = opened(Clock())
    trial = threading.Thread(target=breaker.wait)
    trial.start()
    trial.join()
    breaker.unused()
    assert 30.0 == breaker.wait()


def test_breaker_forgets_failures_that_are_not_in_a_row() -> None:
    """An answer in between begins the count anew."""
    breaker = Breaker(5, 30.0)
    for _ in range(4):
        breaker.failed()
    breaker.succeeded()
    assert not breaker.failed() and 0.0 == breaker.wait()


def test_answer_is_recorded() -> None:
    """What the board said is recorded, with the pause before what is left."""
    callouts = FakeCallouts()
    make(callouts, Board())("ABIM", "q", 1)
    assert [(ACCEPTED, 2.0)] == callouts.recorded


def test_ticket_is_come_back_for_after_its_own_pause() -> None:
    """A board that answers later is asked after the pause of tickets, not of failures."""
    callouts = FakeCallouts()
    make(callouts, Board(Reply(ticket="T-1")))("ABIM", "q", 9)
    assert [(Reply(ticket="T-1"), 5.0)] == callouts.recorded


def test_nobody_waits_so_nobody_is_asked() -> None:
    """A question that is done, or of an older attempt, is no call."""
    callouts, board = FakeCallouts(question=None), Board()
    make(callouts, board)("ABIM", "q", 1)
    assert ([], [], []) == (board.asked, callouts.recorded, callouts.put)


def test_question_without_claims_for_now_is_no_call() -> None:
    """Where all claims wait for a withdrawal the board is not called, and the question comes again."""
    callouts, board = FakeCallouts(replace(QUESTION, claims=())), Board()
    make(callouts, board)("ABIM", "q", 1)
    assert ([], [(Reply(), 2.0)]) == (board.asked, callouts.recorded)


def test_board_that_is_away_is_asked_again() -> None:
    """A failure puts the question off, by the pause of its attempt."""
    callouts = FakeCallouts()
    make(callouts, Board(BoardUnavailable()))("ABIM", "q", 3)
    assert [("q", 3, 8.0)] == callouts.put


def test_dead_board_is_left_alone() -> None:
    """After five failures no more calls are made until one trial goes through; nothing is lost."""
    callouts, board, clock = FakeCallouts(), Board(BoardUnavailable()), Clock()
    ask = make(callouts, board, clock)
    for _ in range(20):
        ask("ABIM", "q", 1)
    assert (5, 20) == (len(board.asked), len(callouts.put))
    assert all(delay >= 30 for *_, delay in callouts.put[5:])
    clock.advance(seconds=30)
    board.reply = ACCEPTED
    ask("ABIM", "q", 1)
    ask("ABIM", "q", 1)
    assert (7, 2) == (len(board.asked), len(callouts.recorded))


def test_nobody_waits_long_for_a_board_that_is_back() -> None:
    """However often a question was put off while its board rested, it comes back within three rests."""
    callouts, board = FakeCallouts(), Board(BoardUnavailable())
    ask = make(callouts, board)
    for _ in range(5):
        ask("ABIM", "q", 1)
    callouts.put.clear()
    ask("ABIM", "q", 40)
    ((*_, delay),) = callouts.put
    assert 30 <= delay <= 90


def test_what_waits_for_a_withdrawal_comes_back_soon() -> None:
    """A question without claims for now was no call, so its pause does not grow like one's that failed."""
    callouts = FakeCallouts()
    callouts.question = replace(QUESTION, claims=(), attempt=40)
    make(callouts, Board())("ABIM", "q", 40)
    ((*_, delay),) = callouts.recorded
    assert 8.0 == delay


def rested(callouts: FakeCallouts, board: Board) -> Asking:
    """One whose board was away, and may be tried again."""
    clock, answer = Clock(), board.reply
    ask = make(callouts, board, clock)
    board.reply = BoardUnavailable()
    for _ in range(5):
        ask("ABIM", "q", 1)
    clock.advance(seconds=30)
    board.reply = answer
    board.asked.clear()
    callouts.put.clear()
    return ask


@pytest.mark.parametrize("fate", ["gone", "waits for another", "cannot be read"])
def test_trial_is_not_spent_on_what_is_not_asked(fate: str) -> None:
    """A question without a call leaves the trial to the next, which closes the breaker."""
    callouts, board = FakeCallouts(), Board()
    ask = rested(callouts, board)
    callouts.question = {"gone": None, "waits for another": replace(QUESTION, claims=())}.get(fate, QUESTION)
    callouts.broken = [Failed()] if fate == "cannot be read" else []
    ask("ABIM", "q", 1)
    assert [] == board.asked
    callouts.question = QUESTION
    ask("ABIM", "q", 1)
    ask("ABIM", "q", 1)
    assert 2 == len(board.asked)


def test_trial_that_fails_is_spent() -> None:
    """The control: a board that is asked and still away is left alone for another round."""
    callouts, board = FakeCallouts(), Board(BoardUnavailable())
    ask = rested(callouts, board)
    ask("ABIM", "q", 1)
    ask("ABIM", "q", 1)
    assert 1 == len(board.asked)


def test_board_that_refuses_a_question_is_there_for_others() -> None:
    """However often a board refuses a question it is asked about others; that one is put off."""
    callouts, board = FakeCallouts(), Board(BoardRefused())
    ask = make(callouts, board)
    for _ in range(20):
        ask("ABIM", "q", 3)
    assert (20, [("q", 3, 8.0)] * 20) == (len(board.asked), callouts.put)


def test_refusal_closes_the_breaker() -> None:
    """A board that was away and refuses a question is back."""
    callouts, board = FakeCallouts(), Board(BoardRefused())
    ask = rested(callouts, board)
    ask("ABIM", "q", 1)
    ask("ABIM", "q", 1)
    assert 2 == len(board.asked)


@pytest.mark.parametrize("when", ["taken", "recorded"])
def test_what_will_not_pass_is_put_off(when: str, caplog: pytest.LogCaptureFixture) -> None:
    """What no repetition mends does not hold a seat: it is tried once, and put off."""
    callouts = FakeCallouts()

    def board(question: Question) -> Reply:
        callouts.broken = [Failed("Sealed with another key.")]
        return ACCEPTED

    callouts.broken = [Failed("Sealed with another key.")] if when == "taken" else []
    make(callouts, board)("ABIM", "q", 3)
    assert ([], [("q", 3, 8.0)]) == (callouts.recorded, callouts.put)
    assert "put off: board=ABIM question=q attempt=3 Sealed with another key." in caplog.text


def test_mistake_of_ours_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An exception that nobody thought of puts the question off; what it says stays out of the log."""
    callouts = FakeCallouts()
    make(callouts, Board(KeyError("Quux")))("ABIM", "q", 1)
    assert [("q", 1, 2.0)] == callouts.put
    assert "KeyError" in caplog.text and "Quux" not in caplog.text


def test_store_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store cannot be reached an answer is kept in hand, and recorded once it is back."""
    monkeypatch.setattr(module, "PAUSES", (0.0,))
    callouts, board = FakeCallouts(), Board()
    ask = make(callouts, board)
    callouts.broken = [StoreUnavailable(), Busy()]
    ask("ABIM", "q", 1)
    assert (1, 1) == (len(board.asked), len(callouts.recorded))


def test_who_was_taken_for_dead_stops() -> None:
    """A worker that finds itself buried does not ask, records nothing, and ends."""
    callouts, board = FakeCallouts(broken=[TakenForDead()]), Board()
    ask = make(callouts, board)
    with pytest.raises(TakenForDead):
        ask("ABIM", "q", 1)
    assert ask.ending.is_set() and [] == board.asked


def test_who_ends_begins_nothing() -> None:
    """After the signal to end, what has not begun is left to others at once."""
    callouts, board = FakeCallouts(), Board()
    ask = make(callouts, board)
    ask.ending.set()
    ask("ABIM", "q", 1)
    assert ([], [("q", 1, 0.0)]) == (board.asked, callouts.put)


def test_no_more_calls_at_a_time_than_set() -> None:
    """Of twenty attempts at one board four are made at a time."""
    most, now, lock, gate = 0, 0, threading.Lock(), threading.Semaphore(0)

    def board(question: Question) -> Reply:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
            if now == 4:
                gate.release(20)
        gate.acquire(timeout=5)
        with lock:
            now -= 1
        return ACCEPTED

    callouts = FakeCallouts()
    ask = make(callouts, board)
    threads = [threading.Thread(target=ask, args=("ABIM", "q", 1)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (4, 20, 0) == (most, len(callouts.recorded), ask.active)


def test_log_has_counts_only(caplog: pytest.LogCaptureFixture) -> None:
    """One line for an attempt: board, errand, question and counts."""
    with caplog.at_level(logging.INFO):
        make(FakeCallouts(), Board())("ABIM", "q", 1)
    (line,) = caplog.messages
    assert "board asked: board=ABIM errand=report question=q attempt=1 claims=1 accepted=1" in line
    assert "Quux" not in line and "900001" not in line


# --- who is alive ------------------------------------------------------------------------------------


def test_silence_is_measured_by_our_own_clock() -> None:
    """Who does not beat for as long as we watch is silent, however wrong the clock it beats by."""
    clock = Clock()
    watch = Watch(15.0, lambda: (clock() - NOW).total_seconds())
    early, late = NOW - timedelta(days=1), NOW + timedelta(days=1)
    assert {} == watch.silent({"a": early, "b": late})
    clock.advance(seconds=10)
    assert {} == watch.silent({"a": early + timedelta(seconds=2), "b": late})
    clock.advance(seconds=10)
    assert {"b": late} == watch.silent({"a": early + timedelta(seconds=2), "b": late})


@dataclass
class FakeWorkers:
    """The workers there are."""

    alive: dict[str, datetime]
    me: str = "me"

    def enter(self) -> None:
        """Begin."""

    def beat(self, resting: Collection[str] = ()) -> None:
        """Live."""

    def leave(self) -> None:
        """End."""

    def beats(self) -> dict[str, datetime]:
        """Who lives."""
        return dict(self.alive)

    def bury(self, executor: str, beat: datetime) -> None:
        """Take one away."""
        del self.alive[executor]


@dataclass
class FakeQueue:
    """A queue with attempts in it."""

    runs: list[Run]
    forgotten: list[Run] = field(default_factory=list)

    def start(
        self,
        boards: Collection[str],
        work: Callable[[str, str, int], None],
        *,
        at_once: int,
        rate: int,
        pause: float,
    ) -> None:
        """Begin."""

    def stop(self, patience: float) -> None:
        """End."""

    def unfinished(self) -> list[Run]:
        """What is there."""
        return self.runs

    def forget(self, runs: Collection[Run]) -> None:
        """Remember them."""
        self.forgotten += runs

    def sweep(self, before: datetime) -> int:
        """Nothing to remove."""
        return 0


def test_work_of_the_dead_and_what_failed_is_taken_over() -> None:
    """What a gone worker was doing, and what failed, is put on its way again; a living one's is not."""
    runs = [Run("mine", 1, "me"), Run("hers", 2, "she"), Run("lost", 3, "gone"), Run("failed", 4, None)]
    callouts, queue = FakeCallouts(), FakeQueue(runs)
    rhythm = Rhythm(beat=2, silence=15, look=1, stop=1, keep=1, at_once=4, rate=0)
    workers = FakeWorkers({"me": NOW, "she": NOW})
    Worker(make(callouts, Board()), callouts, workers, queue, rhythm, Clock()).recover()
    assert [("lost", 3, 0.0), ("failed", 4, 0.0)] == callouts.put
    assert runs[2:] == queue.forgotten


def test_who_looks_buries_the_others_and_never_itself() -> None:
    """A worker whose own beats are not kept, as on a busy machine, lives: it is the others who tell."""
    runs = [Run("mine", 1, "me"), Run("hers", 2, "she")]
    callouts, queue = FakeCallouts(), FakeQueue(runs)
    rhythm = Rhythm(beat=2, silence=0, look=1, stop=1, keep=1, at_once=4, rate=0)
    workers = FakeWorkers({"me": NOW, "she": NOW})
    worker = Worker(make(callouts, Board()), callouts, workers, queue, rhythm, Clock())
    for _ in range(2):
        worker.recover()
    assert (["me"], [("hers", 2, 0.0)]) == ([*workers.alive], callouts.put)
