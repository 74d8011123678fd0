"""Who works on questions: heartbeats, by which alone a worker is known to be alive."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, select, update

from gateway.errors import TakenForDead
from storage import engine as database
from storage.engine import Clock
from storage.tables import workers

_ME = workers.c.executor == bindparam("me")
_ALIVE = (
    select(workers.c.executor)
    .where(_ME)
    .with_for_update(read=True, key_share=True)  # who buries it waits until what it does now is kept
)
_BEAT = update(workers).where(_ME).values(beat_at=bindparam("at"), resting=bindparam("boards"))
LATELY = timedelta(minutes=1)
"""A worker that was heard of since then counts; clocks of several machines may differ a little."""


def assert_alive(connection: Connection, executor: str) -> None:
    """Make sure that a worker is not held for dead, nor will be until this transaction ends.

    Raises TakenForDead.
    """
    if connection.scalar(_ALIVE, {"me": executor}) is None:
        raise TakenForDead


def resting(connection: Connection, now: datetime) -> list[frozenset[str]]:
    """Of each worker that was heard of lately, the boards it leaves alone."""
    query = select(workers.c.resting).where(workers.c.beat_at > now - LATELY)
    return [frozenset(filter(None, boards.split(","))) for boards in connection.scalars(query)]


class Workers:
    """The workers there are, as one of them sees it."""

    def __init__(self, engine: Engine, clock: Clock, executor: str) -> None:
        self._engine = engine
        self._clock = clock
        self.me = executor

    def enter(self) -> None:
        """Note that this worker begins."""
        now = self._clock()
        new = {"executor": self.me, "started_at": now, "beat_at": now, "resting": ""}
        database.write(self._engine, lambda connection: connection.execute(workers.insert(), new))

    def beat(self, resting: Collection[str] = ()) -> None:
        """Note that this worker lives, and which boards it leaves alone for now. Raises TakenForDead once
        it was buried."""
        heard = {"me": self.me, "at": self._clock(), "boards": ",".join(sorted(resting))}
        if not database.write(self._engine, lambda connection: connection.execute(_BEAT, heard).rowcount):
            raise TakenForDead

    def leave(self) -> None:
        """Note that this worker has ended, so that its work is taken over at once."""
        self._remove(workers.c.executor == self.me)

    def beats(self) -> dict[str, datetime]:
        """When each worker was last heard of, by its own clock."""
        query = select(workers.c.executor, workers.c.beat_at)
        rows = database.read(self._engine, lambda connection: connection.execute(query).all())
        return {row.executor: row.beat_at for row in rows}

    def bury(self, executor: str, beat: datetime) -> None:
        """Hold a worker for dead, unless it was heard of again since that beat."""
        self._remove(and_(workers.c.executor == executor, workers.c.beat_at == beat))

    def _remove(self, which: Any) -> None:
        database.write(self._engine, lambda connection: connection.execute(delete(workers).where(which)))
