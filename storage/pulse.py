"""How the database is: can it be written, how large is it, how much room is left beside it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text

from gateway.errors import Failed, StoreUnavailable
from storage import engine as database
from storage.tables import audit

LOCK_SECONDS = 0.2
"""Who writes at the moment proves as well as we could that it can be written."""
SUFFIXES = ("", "-wal", "-shm")

_STANDBY = text("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean")
_SIZE = text("SELECT pg_database_size(current_database())")
_UNSEALED = select(func.count()).select_from(audit).where(audit.c.position.is_(None))


class Pulse:
    """Looks at a database without waiting for anybody who works with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._file = Path(file) if file and file != ":memory:" else None

    def write(self) -> None:
        """Write and commit something that changes nothing. Raises StoreUnavailable, Busy, Failed."""
        if self._file is not None:
            _write_to(self._file)
        elif self._engine.dialect.name == "postgresql":
            database.read(self._engine, _refuse_standby)

    def size(self) -> int:
        """Bytes the database takes. Raises Failed."""
        if self._file is not None:
            parts = (self._file.with_name(self._file.name + suffix) for suffix in SUFFIXES)
            return sum(part.stat().st_size for part in parts if part.exists())
        if self._engine.dialect.name != "postgresql":
            return 0
        return int(database.read(self._engine, lambda connection: connection.scalar(_SIZE)) or 0)

    def free(self) -> int | None:
        """Bytes that are free where the database is; None where that is another machine's business."""
        if self._file is None:
            return None
        try:
            room = os.statvfs(self._file.parent)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder of the database cannot be looked at: {error.strerror}."
            ) from None
        return room.f_bavail * room.f_frsize

    def unsealed(self) -> int:
        """Rows of the audit log that are not in the chain yet. Raises Failed."""
        return int(database.read(self._engine, lambda connection: connection.scalar(_UNSEALED)) or 0)


def _write_to(file: Path) -> None:
    """Commit to a SQLite file: its user version, which nothing here uses, as it is."""
    try:
        with closing(
            sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=LOCK_SECONDS)
        ) as one:
            one.isolation_level = None
            one.execute("PRAGMA synchronous = FULL")
            one.execute("BEGIN IMMEDIATE")
            version = one.execute("PRAGMA user_version").fetchone()[0]
            one.execute(f"PRAGMA user_version = {int(version)}")
            one.execute("COMMIT")
    except sqlite3.Error as error:
        raise database.translated(error) from None


def _refuse_standby(connection: Connection) -> None:
    if connection.scalar(_STANDBY):
        raise Failed("The database takes no writing.")
