"""How many calls of a process do their work at a time, and how many may wait for it.

Threads that work at once fight for the interpreter and for the database's write lock: all of them
together get less done than one after the other, and some wait for ever. So a few threads do all the
work, in the order in which it came; some more calls may wait, and whoever comes beyond that is told so
at once, when it is still cheap to come back. What a thread keeps for itself, such as parsers and
compiled schemas, is kept by those few only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from gateway.errors import Busy

T = TypeVar("T")

RETRY_AFTER = 1
"""Seconds after which a refused caller may well find a place: a queue is worked off in few."""


class Admission:
    """The places of one process: `at_once` to work at, `queue` to wait at, for at most `seconds`.

    A body has to be read before: nobody who works waits for a sender.
    """

    def __init__(self, at_once: int = 1, queue: int = 32, seconds: float = 60.0) -> None:
        self._at_once = at_once
        self._most = at_once + queue
        self._seconds = seconds
        self._inside = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="call")  # it starts none before a call

    @property
    def working(self) -> int:
        """How many calls do their work now."""
        return min(self._inside, self._at_once)

    @property
    def waiting(self) -> int:
        """How many wait for that."""
        return max(0, self._inside - self._at_once)

    def run(self, work: Callable[[], T]) -> T:
        """Do the work of a call when it is its turn, and give what comes of it, or raise it.

        Raises Busy where too many wait already, or it takes too long; then nothing was done.
        """
        with self._lock:
            if self._inside >= self._most:
                raise Busy(retry_after=RETRY_AFTER)
            self._inside += 1
        future = self._pool.submit(copy_context().run, work)
        future.add_done_callback(self._leave)
        return self._outcome(future)

    def _outcome(self, future: Future[T]) -> T:
        try:
            return future.result(self._seconds)
        except TimeoutError:
            if future.cancel():  # it never began
                raise Busy(retry_after=RETRY_AFTER) from None
            return future.result()

    def _leave(self, future: Future[T]) -> None:
        with self._lock:
            self._inside -= 1
