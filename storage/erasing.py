"""What is kept of one person: read for all providers, deleted for good, and no trace left in the file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, or_, select, text

from gateway.records import AuditEntry, CreditStatus, Enrolment, KeptCredit, KeptPayload
from storage import engine as database
from storage import sealed
from storage.audit import Audit
from storage.engine import Clock
from storage.scope import Scope
from storage.sealed import Sealer
from storage.tables import credits, may_be_held, payloads, receipts, register
from storage.values import VALUES, chunks

TRIES, PAUSE = 20, 0.25  # to have the file alone; seconds between two of them
SAVING = "SaveLearnerActivity"  # the only calls whose payloads name people

_AFTER: Any = bindparam("after")
_MOST: Any = bindparam("most")
_CREDITS = (
    select(credits, may_be_held(credits).label("may_be_held"))
    .where(credits.c.row > _AFTER)
    .order_by(credits.c.row)
    .limit(_MOST)
)
_PAYLOADS = (
    select(receipts.c.row, receipts.c.id, payloads.c.provider_id, payloads.c.sealed)
    .join(payloads, payloads.c.receipt_id == receipts.c.id)
    .where(receipts.c.row > _AFTER, receipts.c.operation == SAVING)
    .order_by(receipts.c.row)
    .limit(_MOST)
)
_SIZES = (
    select(func.count()).select_from(credits),
    select(func.count()).select_from(payloads.join(receipts)).where(receipts.c.operation == SAVING),
)
_ENROLLED = select(register).where(register.c.person == bindparam("person"))
_PERSONS = [
    select(register.c.person).distinct().where(key.in_(VALUES))
    for key in (register.c.licence_key, register.c.npi_key, register.c.board_key)
]
# What a credit has yielded since it was read goes with it.
_GONE = delete(credits).where(or_(credits.c.row.in_(VALUES), credits.c.matched_from.in_(VALUES)))
_UNPROVEN = delete(payloads).where(payloads.c.receipt_id.in_(VALUES))
_STRUCK = delete(register).where(register.c.person == bindparam("person"))


class Erasing:
    """The way to everything that is kept of a person, whichever provider reported it.

    Each call is one transaction. Raises StoreUnavailable, Busy, Failed.
    """

    def __init__(self, engine: Engine, sealer: Sealer, clock: Clock) -> None:
        self._engine = engine
        self._sealer = sealer
        self._clock = clock

    def enrolled(self, person: str) -> list[Enrolment]:
        """The rows of the register that a person has."""
        values = {"person": person}
        rows = database.read(self._engine, lambda connection: connection.execute(_ENROLLED, values).all())
        return [Enrolment(**row._mapping) for row in rows]

    def persons(self, keys: Collection[bytes]) -> set[str]:
        """Whom the register knows by one of these keys as licence, NPI or board id."""
        values = {"values": sorted(keys)}

        def work(connection: Connection) -> set[str]:
            return {one for query in _PERSONS for one in connection.scalars(query, values)}

        return database.read(self._engine, work)

    def sizes(self) -> tuple[int, int]:
        """How many credits there are, and how many payloads that may name people."""

        def work(connection: Connection) -> tuple[int, int]:
            counted, proven = (int(connection.scalar(one) or 0) for one in _SIZES)
            return counted, proven

        return database.read(self._engine, work)

    def credits(self, after: int, most: int) -> list[KeptCredit]:
        """The next credits beyond a row, in the order of rows: all providers', the deleted too."""
        return [self._credit(row) for row in self._page(_CREDITS, after, most)]

    def payloads(self, after: int, most: int) -> list[KeptPayload]:
        """The next payloads that may name people, beyond a receipt's row."""
        return [
            KeptPayload(
                row=row.row,
                receipt_id=row.id,
                provider_id=row.provider_id,
                content=sealed.payload(row.sealed, self._sealer),
            )
            for row in self._page(_PAYLOADS, after, most)
        ]

    def erase(self, entry: AuditEntry, rows: Collection[int], receipt_ids: Collection[str]) -> None:
        """Delete credits and payloads of one provider for good, and note it in the audit log."""

        def work(connection: Connection) -> None:
            _overwriting(connection)
            for some_rows in chunks(rows):
                connection.execute(_GONE, {"values": some_rows})
            for some_ids in chunks(receipt_ids):
                connection.execute(_UNPROVEN, {"values": some_ids})
            Audit(Scope(connection, entry.provider_id, self._clock(), writing=True)).add(entry)

        database.write(self._engine, work)

    def strike(self, person: str) -> int:
        """Delete a person from the register; gives how many rows that were."""

        def work(connection: Connection) -> int:
            _overwriting(connection)
            return connection.execute(_STRUCK, {"person": person}).rowcount

        return database.write(self._engine, work)

    def scrub(self) -> bool:
        """Let nothing of what was deleted stay in the database's files; False where others are in the way.

        Deleted rows leave their bytes behind: SQLite's file is written anew, and its log emptied;
        PostgreSQL gives the room free to be written over, since to write a table anew would lock it.
        """
        if self._engine.dialect.name == "sqlite":
            return _rewritten(self._engine)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM credits, payloads, register"))
        return True

    def _credit(self, row: Any) -> KeptCredit:
        return KeptCredit(
            row=row.row,
            provider_id=row.provider_id,
            person=row.person,
            learner=sealed.learner(row.sealed, self._sealer),
            board=row.board,
            status=CreditStatus(row.status),
            living=row.deleted_at is None,
            may_be_held=row.may_be_held,
        )

    def _page(self, query: Any, after: int, most: int) -> Sequence[Any]:
        values = {"after": after, "most": most}
        return database.read(self._engine, lambda connection: connection.execute(query, values).all())


def _overwriting(connection: Connection) -> None:
    """What SQLite deletes from now on is overwritten with zeros, should the file not be written anew."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _rewritten(engine: Engine) -> bool:
    """Older versions of rows lie in pages that were changed since: only a file written anew has none."""
    pooled = engine.raw_connection()
    try:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        return any(_alone(connection) for _ in _tries())
    finally:
        pooled.close()


def _tries() -> Iterator[int]:
    for number in range(TRIES):
        if number:
            time.sleep(PAUSE)
        yield number


def _alone(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("VACUUM")
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as trouble:
        if trouble.sqlite_errorcode in database.RACES_SQLITE:
            return False
        raise database.translated(trouble) from None
    return not busy
