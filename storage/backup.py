"""Copies of a whole database, taken while it is worked with, and the way back; here of SQLite.

What a copy lies in, what proves it and who may restore it is not known here (gateway/backup.py).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, table

from gateway.errors import Failed, Refused
from gateway.records import Copied
from storage import engine as database
from storage import revision
from storage.audit import Trail, end_of_chain
from storage.tables import secrets

DRAFT, BESIDE = ".draft", ("", "-wal", "-shm")
FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
IN_USE = "Somebody works with the database that is to be replaced."
STOP_FIRST = "Stop `serve` and `worker`, and run it again."


def told(connection: Connection) -> Copied:
    """What a database holds: its revision, the rows of each table, and the end of its audit log."""
    names = sorted(inspect(connection).get_table_names())
    counts = {name: _counted(connection, name) for name in names}
    return Copied(revision.noted(connection), counts, end_of_chain(connection))


def _counted(connection: Connection, name: str) -> int:
    return int(connection.scalar(select(func.count()).select_from(table(name))) or 0)


def sealed_in(engine: Engine) -> bytes | None:
    """A sealed secret of a database of any revision, None where there is none, nor a database."""
    if not database.exists(engine):
        return None

    def look(connection: Connection) -> bytes | None:
        there = inspect(connection).has_table(secrets.name)
        return connection.scalar(select(secrets.c.sealed).limit(1)) if there else None

    return database.read(engine, look)


class SqliteCopies:
    """Copies of a SQLite file."""

    refuse = staticmethod(revision.refuse_newer_than_this)
    file = "database.db"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._path = Path(engine.url.database or "")

    def sealed(self) -> bytes | None:
        """A sealed secret, by which a key can be tried. Raises Failed."""
        return sealed_in(self._engine)

    def copy(self, to: Path) -> Copied:
        """Copy the database as it is now. Raises Failed: it is damaged, or the disk is full.

        In one step, for which a reader's view is held: who writes goes on writing beside it, and does not
        make it begin anew as smaller steps would.
        """
        try:
            with closing(_opened(self._path)) as source, closing(sqlite3.connect(to)) as target:
                source.backup(target)
                whole = [row[0] for row in target.execute("PRAGMA integrity_check(1)")] == ["ok"]
        except sqlite3.Error as error:
            raise _failed(error) from None
        if not whole:
            raise Failed(
                "The database is damaged: SQLite's integrity check fails.",
                remedy="Keep its files as they are, and restore the last backup that is whole.",
            )
        with _engine_of(to) as engine:
            return database.read(engine, told)

    @contextmanager
    def trail(self, copy: Path) -> Iterator[Trail]:
        """The audit log to be verified: that of the copy."""
        with _engine_of(copy) as engine:
            yield Trail(engine)

    def occupied(self) -> bool:
        """Whether there is a database that a restore would take the place of."""
        return self._path.exists()

    def put(self, copy: Path, stamp: str) -> str | None:
        """Put a copy in the place of the database; gives where the old one lies. Raises Refused, OSError."""
        aside = _with(self._path, f".before-{stamp}")
        there = self.occupied()
        if there:
            _have_alone(self._path)
        draft = _with(self._path, DRAFT)
        try:
            _copied(copy, draft)
            _give(draft, self._path)
            _move(self._path, aside)
            draft.rename(self._path)
        except BaseException:
            draft.unlink(missing_ok=True)
            if not self._path.exists():
                _move(aside, self._path)
            raise
        sync(self._path.parent)
        return str(aside) if there else None

    def put_back(self, old: str | None) -> None:
        """Take a copy away that was put there, and have the old one back."""
        self._engine.dispose()
        for suffix in BESIDE:
            _with(self._path, suffix).unlink(missing_ok=True)
        if old is not None:
            _move(Path(old), self._path)
        sync(self._path.parent)

    def told(self) -> Copied:
        """What the database holds now. Raises Failed."""
        return database.read(self._engine, told)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk and not only on the way there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _engine_of(path: Path) -> Iterator[Engine]:
    engine = database.open_engine(f"sqlite:///{path}")
    try:
        yield engine
    finally:
        engine.dispose()


def _opened(path: Path) -> sqlite3.Connection:
    """A database that is there: merely opening must not make one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=database.PATIENCE)


def _have_alone(path: Path) -> None:
    """Make the old database one file, which SQLite refuses while anybody else has it open."""
    try:
        with closing(_opened(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise Refused(IN_USE, remedy=STOP_FIRST) from None
        # Damaged, which may be why it is replaced: it is kept as its files are.


def _copied(source: Path, to: Path) -> None:
    shutil.copyfile(source, to)
    to.chmod(0o600)
    sync(to)


def _give(draft: Path, place: Path) -> None:
    """Let a file belong to whom the one belongs whose place it takes, or else its folder: root restores what
    another user works with. What lies beside it SQLite gives away likewise."""
    there = place.exists()
    held = (place if there else place.parent).stat()
    with suppress(PermissionError):  # nobody but root gives anything away
        os.chown(draft, held.st_uid, held.st_gid)
    if there:
        draft.chmod(held.st_mode & 0o777)


def _move(old: Path, new: Path) -> None:
    """Rename a database with what lies beside it: a stale -wal would be taken for another file's own."""
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            _with(old, suffix).rename(_with(new, suffix))


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _failed(error: sqlite3.Error) -> Failed:
    """What went wrong, without SQLite's words."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in FULL:
        return Failed("The copy cannot be written.", remedy="Make room on the disk, and back up again.")
    return Failed("The database cannot be copied.", remedy="Check CME_GATEWAY_DATABASE and the file.")
