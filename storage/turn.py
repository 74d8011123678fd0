"""Taking turns within a process, where the database has but one writer at a time.

SQLite lets who comes too early sleep and look again, ever longer: with many threads that write, most of
the time nobody did (2,000 verdicts/s against 6,000). Correctness rests on the database, never on this.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

LONG = 10.0  # seconds after which somebody has forgotten to give the turn back
HELD = "turn"


class Turn:
    """One lock for all engines of a process on one SQLite file; on PostgreSQL nobody waits."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._needed = engine.dialect.name == "sqlite"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for our turn, and give it back."""
        held = self._needed and self._lock.acquire(timeout=LONG)
        try:
            yield
        finally:
            if held:
                self._lock.release()

    def rule(self, engine: Engine) -> None:
        """Let everybody who uses a connection of this engine take turns, from checkout to return."""
        if self._needed:
            event.listen(engine, "checkout", self._begin)
            event.listen(engine, "checkin", self._end)

    def _begin(self, _connection: Any, record: Any, _proxy: Any) -> None:
        record.info[HELD] = self._lock.acquire(timeout=LONG)

    def _end(self, _connection: Any, record: Any) -> None:
        if record.info.pop(HELD, False):
            self._lock.release()
