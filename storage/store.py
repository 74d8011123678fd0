"""The store: a database that was named, and the transactions run against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Engine

from gateway.records import Activity, Backlog, Migrated
from storage import engine as database
from storage import revision, stamping
from storage.accounts import Accounts
from storage.audit import Trail
from storage.callouts import Callouts, backlogs
from storage.engine import Clock, Full, Unreached
from storage.erasing import Erasing
from storage.guard import Guard
from storage.legacy import Legacy
from storage.pulse import Pulse
from storage.questions import Chunk
from storage.register import Loading
from storage.repositories import Lasting
from storage.retention import Retention
from storage.scope import Scope
from storage.sealed import Sealer
from storage.unit import Unit
from storage.workers import Workers, resting

if TYPE_CHECKING:
    from storage.backup import SqliteCopies
    from storage.dumps import PostgresCopies
    from storage.queue import Outbox, Queue

T = TypeVar("T")


class Store:
    """One database; safe to share between threads, not to carry over a fork."""

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        clock: Clock,
        lasting: Callable[[Activity], Lasting],
        chunk: Chunk,
    ) -> None:
        self._engine = engine
        self._lasting = lasting
        self._is_known = False  # whether it was there once
        self._sealer = sealer
        self._clock = clock
        self._chunk = chunk
        self.accounts = Accounts(engine, clock)
        self.guard = Guard(engine, clock)
        self.loading = Loading(engine)
        self.trail = Trail(engine)
        self.pulse = Pulse(engine)
        self.erasing = Erasing(engine, sealer, clock)
        self.retention = Retention(engine)
        self.legacy = Legacy(engine)

    def migrate(self) -> Migrated:
        """Bring the database to the schema of this program; says which one it had.

        Our tables come last, in one transaction: where they are, those of the durable queue are too.
        Safe to repeat, and safe when two run at once. Raises StoreUnavailable (also if the database
        is newer than this program), Busy.
        """
        from storage import queue

        with self._named():
            database.write(self._engine, revision.refuse_newer)  # so that a lost race is run again
            queue.migrate(self._engine)
            migrated = database.write(self._engine, revision.upgrade)
            stamping.stamp(self._engine, self._lasting)
        return migrated

    def check(self) -> None:
        """Make sure that this program can work with the database.

        Raises StoreUnavailable: not reachable, not migrated, or newer than this program; Failed where
        the key is not the one its secrets were sealed with.
        """
        revision.refuse(self._standing())
        secret = self.accounts.any_secret()
        if secret is not None:
            self._sealer.unseal(secret)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def write(self, provider_id: str, work: Callable[[Unit], T]) -> T:
        """Run `work` in one transaction; it is run again, up to five times, when it lost a race.

        Commits unless `work` raises or called `unit.forget()`. So `work` changes nothing outside
        the unit. Raises Busy after the last attempt, StoreUnavailable, Failed.
        """

        def attempt(connection: Connection) -> T:
            unit = self._unit(connection, provider_id, writing=True)
            answer = work(unit)
            if unit.forgotten:
                connection.rollback()
            return answer

        return database.write(self._engine, attempt)

    def read(self, provider_id: str, work: Callable[[Unit], T]) -> T:
        """Run `work` in one reading transaction. Raises StoreUnavailable, Busy, Failed."""
        return database.read(
            self._engine, lambda connection: work(self._unit(connection, provider_id, writing=False))
        )

    def callouts(self, executor: str, patience: timedelta) -> Callouts:
        """The questions to the boards, for one worker; still open after `patience` they are marked."""
        return Callouts(self._engine, self._sealer, self._clock, lambda: self.outbox, executor, patience)

    def backlogs(self) -> list[Backlog]:
        """What waits for an answer, by board. Raises StoreUnavailable, Busy, Failed."""
        return database.read(self._engine, backlogs)

    def resting(self) -> list[frozenset[str]]:
        """Of each worker there is, the boards it leaves alone for now. Raises Failed."""
        return database.read(self._engine, lambda connection: resting(connection, self._clock()))

    def workers(self, executor: str) -> Workers:
        """The workers, as one of them sees them."""
        return Workers(self._engine, self._clock, executor)

    def queue(self, executor: str) -> Queue:
        """The durable queue, for the one worker of this process; to be closed at its end."""
        from storage.queue import Queue

        return Queue(self._engine, executor)

    def warm(self) -> None:
        """Load now what the first question would wait for; before a fork, so that it is shared."""
        _ = self.outbox

    @cached_property
    def copies(self) -> SqliteCopies | PostgresCopies:
        """The way to copies of the whole database."""
        from storage.backup import SqliteCopies
        from storage.dumps import PostgresCopies

        kind = SqliteCopies if self._engine.dialect.name == "sqlite" else PostgresCopies
        return kind(self._engine)

    @cached_property
    def outbox(self) -> Outbox:
        """Where attempts are enqueued. It loads dbos, 0.4 s and 26 MB, which only few commands need."""
        from storage.queue import Outbox

        return Outbox(self._engine)

    def _unit(self, connection: Connection, provider_id: str, *, writing: bool) -> Unit:
        scope = Scope(connection, provider_id, self._clock(), writing)
        return Unit(scope, self._sealer, lambda: self.outbox, self._chunk, self._lasting)

    def _standing(self) -> revision.Standing:
        with self._named():
            if not self._is_known and not database.exists(self._engine):
                return revision.Standing.BEHIND
            found = database.read(self._engine, revision.standing)
        self._is_known = True
        return found

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the database that cannot be reached, to those who can do something about it."""
        try:
            yield
        except (Unreached, Full, PermissionError) as error:
            raise database.unreachable(self._engine.url, error) from None
