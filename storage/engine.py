"""Engines: how each database is opened, how its transactions begin, and what its errors mean here."""

from __future__ import annotations

import logging
import os
import pwd
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.errors import Busy, Failed, GatewayError, StoreUnavailable
from storage import statements
from storage.statements import Values

T = TypeVar("T")
File = tuple[int, int] | None
Clock = Callable[[], datetime]

PATIENCE = 5  # seconds to wait for another's lock; with all further attempts half a minute
PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16)  # seconds before each further attempt
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
FILE = "file"  # what a connection is kept with: which file it was that it opened
NO_FILE = {None, "", ":memory:"}
"""SQLite without a file: each connection would have a database of its own, and none would last."""
RACES_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_BUSY_RECOVERY,
    sqlite3.SQLITE_BUSY_SNAPSHOT,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
}
RACES_POSTGRES = {
    "23505",  # unique violation
    "40001",  # serialization failure
    "40P01",  # deadlock detected
    "55P03",  # lock not available
}
FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE,  # what lies beside the file found no room
    "53100",  # disk full
}
BUSY = "The database is busy; nothing was stored.", "Run it again when others are done with it."
NO_ROOM = "The disk of the database is full; nothing was stored.", "Make room on it, and run it again."
START = "Start the database, or correct CME_GATEWAY_DATABASE."
OTHER_FILE = "Name the right one by CME_GATEWAY_DATABASE, or restore a backup."
FAILURE, REFUSALS = "Error", {"DataError", "IntegrityError", "ProgrammingError"}
"""What every driver calls its errors (PEP 249), so that none is loaded that is not used; at a refusal the
database is there, and the mistake is ours."""

SHARED: dict[str, Any] = {
    "hide_parameters": True,  # they are personal data, and errors reach logs
    "pool_size": 16,
    "max_overflow": 16,
    "pool_timeout": PATIENCE,
}

_log = logging.getLogger(__name__)


class LostRace(Busy):
    """The same refusal as Busy; only this package tells them apart, to run the work again."""

    __doc__ = Busy.__doc__
    for_operator = BUSY


class Gone(StoreUnavailable):
    """The file of a database that was open is no longer where it was: what would be written now to what is
    open still would be lost with it."""

    def __init__(self) -> None:
        super().__init__(
            "The file of the database is gone from where it was.",
            remedy="Stop the gateway and put the file back, or restore a backup. Do not migrate: that would "
            "make an empty one.",
        )


class Unreached(StoreUnavailable):
    """The same failure as StoreUnavailable; only this package tells them apart, to name the database."""

    __doc__ = StoreUnavailable.__doc__


class Full(StoreUnavailable):
    """The same failure to a caller; an operator is told of the disk."""

    __doc__ = StoreUnavailable.__doc__
    for_operator = NO_ROOM


class NoDatabase(Unreached):
    """The same failure to a caller; an operator is told of the file."""

    __doc__ = StoreUnavailable.__doc__
    for_operator = ("The file of the database is no SQLite database.", OTHER_FILE)


def open_engine(url: str) -> Engine:
    """An engine with this project's guarantees, not connected yet.

    Raises StoreUnavailable if `url` names no database of ours; its text leaves the URL out, which
    may hold a password.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _listening_for_sqlite(create_engine(address, connect_args={"timeout": PATIENCE}, **SHARED))
    return create_engine(
        address,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,  # a restarted server must not cost a caller an answer
        connect_args={"connect_timeout": 10, "options": f"-c lock_timeout={PATIENCE}s"},
        **SHARED,
    )


def _address(url: str) -> URL:
    """The URL with the one driver we use for its database."""
    try:
        address = make_url(url)
        address = address.set(drivername=DRIVERS[address.drivername.partition("+")[0]])
        if address.get_backend_name() == "sqlite" and address.database in NO_FILE:
            raise ValueError
        return address
    except (ArgumentError, KeyError, ValueError):
        raise StoreUnavailable(
            "The database address is not one this program knows.",
            remedy="Set CME_GATEWAY_DATABASE to sqlite:///FILE or postgresql://USER@HOST/NAME.",
        ) from None


def _listening_for_sqlite(engine: Engine) -> Engine:
    path, opened = engine.url.database or "", set[File]()

    @event.listens_for(engine, "do_connect")
    def look(*_: object) -> None:
        if opened and _file(path) is None:  # SQLite would make an empty one
            raise Gone

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[FILE] = _file(path)
        opened.add(record.info[FILE])
        connection.isolation_level = None  # the driver starts no transactions of its own: `begin` does
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL loses acknowledged commits when the power fails: 183 of 16,126 in a simulation.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        teach(connection)

    @event.listens_for(engine, "checkout")
    def same(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if _file(path) != record.info[FILE]:  # another one in its place would meet with the log of this one
            raise Gone

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that starts as a reader can fail half way; IMMEDIATE waits its turn at the start.
        writing = connection.get_execution_options().get("writing")
        connection.connection.cursor().execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _file(path: str) -> File:
    """Which file it is that stands under a name, None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def teach(connection: sqlite3.Connection) -> None:
    """Let an older SQLite tell the time as DBOS asks for it.

    From Python 3.12 on DBOS takes it for granted that SQLite knows unixepoch('subsec'), as 3.42 does;
    before that it answers NULL, and nothing could be enqueued.
    """
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", -1, lambda *_: time.time())


def exists(engine: Engine) -> bool:
    """Whether there is something to connect to: merely looking must not make a SQLite file."""
    return engine.dialect.name != "sqlite" or Path(engine.url.database or "").exists()


def read(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Run `work` in one reading transaction. Raises StoreUnavailable, Busy, Failed."""
    with _ours(engine), engine.connect().execution_options(postgresql_readonly=True) as connection:
        connection.begin()  # to close the connection undoes it
        return work(connection)


def ask(engine: Engine, statement: Executable, values: Values) -> Sequence[Any]:
    """The rows of one query that is made once and kept, in a transaction of its own: what every call asks
    has to be cheap. Raises StoreUnavailable, Busy, Failed."""
    with _ours(engine), closing(engine.raw_connection()) as pooled, _alone(pooled.driver_connection, engine):
        return statements.run(pooled, engine.dialect.name, statement, [values]).rows


@contextmanager
def _alone(driver: Any, engine: Engine) -> Iterator[None]:
    """Have no transaction around what is one statement: PostgreSQL's driver would go there and back once
    more to begin it, and once more to end it."""
    if engine.dialect.name == "sqlite":
        yield  # its driver begins none of its own
        return
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


def write(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Run `work` in one writing transaction, again when it lost a race.

    Commits unless `work` raises or has rolled back itself. Raises StoreUnavailable, Busy, Failed.
    """
    for pause in PAUSES:
        try:
            return _write_once(engine, work)
        except LostRace:
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311  jitter, not a secret
    return _write_once(engine, work)


def _write_once(engine: Engine, work: Callable[[Connection], T]) -> T:
    with _ours(engine), engine.connect().execution_options(writing=True) as connection, connection.begin():
        return work(connection)


@contextmanager
def _ours(engine: Engine) -> Iterator[None]:
    """The one place where a driver's errors become ours.

    What the driver says is left out on purpose: it quotes the row.
    """
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        if getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
            engine.dispose()  # what was opened on a read-only disk stays so when the disk is well again
        raise translated(error) from None


def translated(error: Exception) -> GatewayError:
    """What an error of a driver is called here."""
    cause, code = _cause(error)
    if code in RACES_POSTGRES or code in RACES_SQLITE:
        return LostRace()
    said = f"{type(cause).__name__} {code}"
    _log.warning("database error: %s", said)
    if code in FULL:
        return Full()
    if code == sqlite3.SQLITE_NOTADB:
        return NoDatabase()
    if isinstance(error, PoolTimeout):
        return _told(Busy(), *BUSY)
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    if FAILURE in kinds and not kinds & REFUSALS:
        return _told(Unreached(), f"The database cannot be reached ({said}).", START)
    refused = Failed("The database refused what was asked of it; nothing of this call was stored.")
    text = f"The database refused what was asked of it ({said}); nothing was stored."
    return _told(refused, text, "Run it again; if it stays, report it with this line.")


def is_full(error: Exception) -> bool:
    """Whether what is amiss is that a disk is full."""
    return _cause(error)[1] in FULL


def _cause(error: Exception) -> tuple[Exception, str | int | None]:
    """What the driver raised, and its code."""
    cause = getattr(error, "orig", error)
    return cause, getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorcode", None)


def _told(error: GatewayError, text: str, remedy: str) -> GatewayError:
    """An error as an operator is told of it, who made no call."""
    error.for_operator = text, remedy
    return error


def unreachable(url: URL, error: Exception) -> StoreUnavailable:
    """The failure that names a database, and what keeps it from being opened where that can be seen.

    Names stand in its text alone: the remedy is shown by /ready too.
    """
    if isinstance(error, Full):
        return StoreUnavailable(NO_ROOM[0], remedy=NO_ROOM[1])
    if isinstance(error, NoDatabase):
        return StoreUnavailable(f"The file {url.database} is no SQLite database.", remedy=OTHER_FILE)
    text = f"The database at {url.render_as_string(hide_password=True)} cannot be reached"
    file = Path(url.database or "").absolute()
    place = _barred(file) if url.get_backend_name() == "sqlite" else None
    if place is None:
        return StoreUnavailable(f"{text}.", remedy=START)
    if not place.exists():
        missing = f"{text}: there is no folder {place}."
        return StoreUnavailable(missing, remedy="Make that folder, or correct CME_GATEWAY_DATABASE.")
    user, owner = _user(os.geteuid()), _user(place.stat().st_uid)
    return StoreUnavailable(
        f"{text}: the user {user} has no right to {place}, which belongs to {owner}.",
        remedy="Give it to the user who runs this (chown), or run this as the user it belongs to.",
    )


def _barred(file: Path) -> Path | None:
    """What on the way to a file is missing, or not ours to use; SQLite writes beside the file too."""
    rights = dict.fromkeys(reversed(file.parents), os.X_OK)
    rights |= {file.parent: os.X_OK | os.W_OK, file: os.R_OK | os.W_OK}
    for place, right in rights.items():
        if not os.access(place, right, effective_ids=True):
            return place if place != file or file.exists() else None
    return None


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container may run under any number
        return str(number)
