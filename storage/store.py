"""The store: a database that was named, and the transactions run against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from gateway.errors import StoreUnavailable
from storage import engine as database
from storage import revision
from storage.accounts import Accounts
from storage.engine import Clock
from storage.scope import Scope, Sealer
from storage.unit import Unit

T = TypeVar("T")


class Store:
    """One database; safe to share between threads, not to carry over a fork."""

    def __init__(self, engine: Engine, sealer: Sealer, clock: Clock) -> None:
        self._engine = engine
        self._sealer = sealer
        self._clock = clock
        self.accounts = Accounts(engine)

    def migrate(self) -> None:
        """Bring the database to the schema of this program, in one transaction.

        Safe to repeat, and safe when two run at once. Raises StoreUnavailable (also if the database
        is newer than this program), Busy.
        """
        database.write(self._engine, revision.upgrade)

    def check(self) -> None:
        """Make sure that this program can work with the database.

        Raises StoreUnavailable: not reachable, not migrated, or newer than this program.
        """
        revision.refuse(self._standing())

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

    def _unit(self, connection: Connection, provider_id: str, *, writing: bool) -> Unit:
        return Unit(Scope(connection, provider_id, self._clock(), writing), self._sealer)

    def _standing(self) -> revision.Standing:
        if not database.exists(self._engine):
            return revision.Standing.BEHIND
        try:
            return database.read(self._engine, revision.standing)
        except StoreUnavailable:
            address = self._engine.url.render_as_string(hide_password=True)
            raise StoreUnavailable(
                f"The database at {address} cannot be reached.",
                remedy="Start the database, or correct CME_GATEWAY_DATABASE.",
            ) from None
