"""A circuit breaker: after several failures in a row a board is left alone for a while.

Our own, since pybreaker holds its lock while it calls, which would let one call through at a time, and
measures by the wall clock (docs/decisions/0012-durable-work.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """One board's breaker, for all threads of a worker.

    It opens after `failures` in a row, rests `rest` seconds, then lets a single trial through: if that
    goes well it closes, else it rests again. `clock` counts seconds, from anywhere.
    """

    def __init__(self, failures: int, rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = failures
        self.rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._until = 0.0
        self._trial: int | None = None  # the thread that makes it

    @property
    def open(self) -> bool:
        """Whether the board is left alone, but for a trial now and then."""
        return self._failed >= self._most

    def wait(self) -> float:
        """Seconds to leave the board alone; 0 lets the caller ask, who then says, on the same thread, how
        it went, or that nothing was asked."""
        with self._lock:
            if self._failed < self._most:
                return 0.0
            left = self._until - self._clock()
            if left <= 0:
                self._until = self._clock() + self.rest  # the caller is the trial; the others wait
                self._trial = threading.get_ident()
            return max(0.0, left)

    def succeeded(self) -> None:
        """The board answered."""
        with self._lock:
            self._failed, self._trial = 0, None

    def failed(self) -> bool:
        """The board did not answer; says whether this has opened the breaker."""
        with self._lock:
            self._failed, self._trial = self._failed + 1, None
            self._until = self._clock() + self.rest
            return self._failed == self._most

    def unused(self) -> None:
        """The caller is done; if it was the trial and has not said how it went, the next may be it."""
        with self._lock:
            if self._trial == threading.get_ident():
                self._until, self._trial = self._clock(), None
