"""How many calls of a process do their work at a time, and how many may wait for it.

Threads that work at once fight for the interpreter and for the database's write lock: all of them
together get less done than one after the other, and some wait for ever. So a few threads do all the
work, in the order in which it came; some more calls may wait, and whoever comes beyond that is told so
at once, when it is still cheap to come back. What a thread keeps for itself, such as parsers and
compiled schemas, is kept by those few only.

libxml2 keeps each name it reads, of an element, an attribute or a prefix, as long as the thread lives that
read it. Whoever sends names that are always new would fill the memory, so threads are relieved in time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from gateway.errors import Busy
from gateway.memory import resident

T = TypeVar("T")

RETRY_AFTER = 1
"""Seconds after which a refused caller may well find a place: a queue is worked off in few."""
LOOK = 8 << 20
"""Bytes of bodies after which a thread looks at how much the process has grown."""
GROWTH = 16 << 20
"""Bytes by which it may have grown since the thread began."""


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
        self._threads = _Threads(at_once)

    @property
    def working(self) -> int:
        """How many calls do their work now."""
        return min(self._inside, self._at_once)

    @property
    def waiting(self) -> int:
        """How many wait for that."""
        return max(0, self._inside - self._at_once)

    def run(self, work: Callable[[], T], size: int = 0) -> T:
        """Do the work of a call of `size` bytes when it is its turn, and give what comes of it, or raise it.

        Raises Busy where too many wait already, or it takes too long; then nothing was done.
        """
        with self._lock:
            if self._inside >= self._most:
                raise Busy(retry_after=RETRY_AFTER)
            self._inside += 1
        future = self._threads.submit(partial(copy_context().run, work), size)
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


@dataclass(frozen=True, slots=True)
class _Task(Generic[T]):
    """Work to be done, and who waits for it."""

    work: Callable[[], T]
    size: int
    future: Future[T] = field(default_factory=Future)

    def do(self) -> None:
        """Do it, unless nobody waits any more."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work())
        except BaseException as error:
            self.future.set_exception(error)


class _Threads:
    """So many threads, which do what comes, in order; none begins before there is something to do."""

    def __init__(self, number: int) -> None:
        self._places = number
        self._lock = threading.Lock()
        self._tasks: SimpleQueue[_Task[Any]] = SimpleQueue()

    def submit(self, work: Callable[[], T], size: int) -> Future[T]:
        """Have something done."""
        task = _Task(work, size)
        self._tasks.put(task)
        with self._lock:
            begins, self._places = self._places > 0, max(0, self._places - 1)
        if begins:
            self._begin()
        return task.future

    def _begin(self) -> None:
        threading.Thread(target=self._work, name="call", daemon=True).start()

    def _work(self) -> None:
        had, read = resident(), 0
        while read < LOOK or resident() - had < GROWTH:
            read = 0 if read >= LOOK else read
            task = self._tasks.get()
            task.do()
            read += task.size
            del task  # with it goes all that the call has left
        self._begin()
