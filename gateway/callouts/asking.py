"""One attempt at one question: take it, ask the board, keep what it said.

Whatever goes wrong, the question stays on its way: it is put off. Names and answers never reach a log.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, repeat
from typing import TypeVar

from gateway.callouts.breaker import Breaker
from gateway.callouts.pace import Pace
from gateway.errors import BoardRefused, BoardUnavailable, Busy, Failed, StoreUnavailable, TakenForDead
from gateway.records import Question, Reply
from gateway.store import Callouts

T = TypeVar("T")
Ask = Callable[[Question], Reply]
"""How a question's board is asked; raises BoardUnavailable."""

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds, while the store cannot be reached
SOON = 3  # the attempt whose pause is long enough for a withdrawal
LOOK = 0.2  # seconds between two looks whether the worker is to end

_log = logging.getLogger(__name__)


class Asking:
    """Makes attempts, on many threads, of each board so many at a time."""

    def __init__(
        self,
        callouts: Callouts,
        ask: Ask,
        pace: Pace,
        clock: Callable[[], datetime],
        breakers: dict[str, Breaker],
        at_once: int,
    ) -> None:
        self._callouts = callouts
        self._ask = ask
        self._pace = pace
        self._clock = clock
        self.breakers = breakers
        self._seats = {board: threading.Semaphore(at_once) for board in breakers}
        self._active = 0
        self._lock = threading.Lock()
        self.ending = threading.Event()

    @property
    def boards(self) -> Collection[str]:
        """The boards that are asked."""
        return self.breakers.keys()

    @property
    def resting(self) -> Collection[str]:
        """The boards that are left alone for now."""
        return [board for board, breaker in self.breakers.items() if breaker.open]

    @property
    def active(self) -> int:
        """How many attempts are being made."""
        return self._active

    def __call__(self, board: str, question_id: str, attempt: int) -> None:
        """Make an attempt. Raises TakenForDead, StoreUnavailable or Busy when the worker ends without a
        store, and Failed when the store does not even let it be put off."""
        with self._counted():
            try:
                self._attempt(board, question_id, attempt)
            except TakenForDead:
                self.ending.set()
                raise
            except (StoreUnavailable, Busy) as trouble:
                raise trouble from None
            except Failed as trouble:
                # It would fail again and again, in a seat that others need.
                _log.error(
                    "put off: board=%s question=%s attempt=%d %s", board, question_id, attempt, trouble.text
                )
                self._put_off(question_id, attempt, self._pace.again(attempt))
            except Exception as mistake:
                # Its text may quote what it met, so only its kind is told.
                _log.error(
                    "mistake of ours: board=%s question=%s attempt=%d %s",
                    board,
                    question_id,
                    attempt,
                    type(mistake).__name__,
                )
                self._put_off(question_id, attempt, self._pace.again(attempt))

    def _attempt(self, board: str, question_id: str, attempt: int) -> None:
        with self._seated(board) as seated:
            if not seated:  # the worker ends: let another one do it
                return self._put_off(question_id, attempt, 0.0)
            breaker = self.breakers[board]
            rest = breaker.wait()
            if rest:
                return self._put_off(question_id, attempt, rest + self._pace.beside(breaker.rest))
            try:
                question = self._insist(lambda: self._callouts.take(question_id, attempt))
                if question is not None:
                    self._put(breaker, question)
            finally:
                breaker.unused()
        return None

    def _put(self, breaker: Breaker, question: Question) -> None:
        try:
            reply = self._ask(question) if question.claims else Reply(ticket=question.ticket)
        except BoardRefused as trouble:
            breaker.succeeded()  # a board that refuses one question is there for all others
            return self._unanswered(question, trouble)
        except BoardUnavailable as trouble:
            if breaker.failed():
                _log.warning("board left alone for a while: board=%s", question.board)
            return self._unanswered(question, trouble)
        if question.claims:
            breaker.succeeded()
        delay = self._delay(question, reply)
        still_open = self._insist(lambda: self._callouts.record(question, reply, delay))
        return _tell(question, reply, still_open)

    def _unanswered(self, question: Question, trouble: BoardUnavailable) -> None:
        delay = self._delay(question, Reply(ticket=question.ticket))
        _log.warning(
            "no verdicts: board=%s errand=%s question=%s attempt=%d again_in=%.1f %s",
            question.board,
            question.errand,
            question.id,
            question.attempt,
            delay,
            trouble.text,
        )
        self._put_off(question.id, question.attempt, delay)

    def _delay(self, question: Question, reply: Reply) -> float:
        if reply.ticket is None:  # without claims nobody was asked: it waits for a withdrawal
            return self._pace.again(question.attempt if question.claims else min(question.attempt, SOON))
        return self._pace.collect((self._clock() - question.since).total_seconds())

    def _put_off(self, question_id: str, attempt: int, delay: float) -> None:
        self._insist(lambda: self._callouts.put_off(question_id, attempt, delay))

    def _insist(self, work: Callable[[], T]) -> T:
        """Do what only an absent store can prevent, until it is back.

        Raises StoreUnavailable or Busy when the worker ends first, and at once what will not pass.
        """
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                return work()
            except (StoreUnavailable, Busy) as trouble:
                _log.warning("the store does not let us, again in %.1f s: %s", pause, trouble.text)
                if self.ending.wait(pause):
                    raise
        raise AssertionError("pauses never end")

    @contextmanager
    def _seated(self, board: str) -> Iterator[bool]:
        """Wait for a seat at a board; False when the worker ends first."""
        seats = self._seats[board]
        while not self.ending.is_set():
            if seats.acquire(timeout=LOOK):
                try:
                    yield True
                finally:
                    seats.release()
                return
        yield False

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._active += 1
        try:
            yield
        finally:
            with self._lock:
                self._active -= 1


def _tell(question: Question, reply: Reply, still_open: int) -> None:
    accepted = sum(verdict.accepted for verdict in reply.verdicts)
    _log.info(
        "board asked: board=%s errand=%s question=%s attempt=%d claims=%d accepted=%d rejected=%d open=%d",
        question.board,
        question.errand,
        question.id,
        question.attempt,
        len(question.claims),
        accepted,
        len(reply.verdicts) - accepted,
        still_open,
    )
