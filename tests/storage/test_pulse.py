"""How a database is: what keeps it from being written is found out without waiting."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.errors import Busy, Failed, StoreUnavailable
from storage import Store
from storage.engine import open_engine
from storage.pulse import Pulse


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A SQLite file as we keep it, held open as by a gateway."""
    path = tmp_path / "gateway.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE a (b)")
        database.execute("PRAGMA user_version = 41")
        yield path


@contextmanager
def pulse_of(url: str) -> Iterator[Pulse]:
    """The pulse of a database, which is let go of at the end."""
    engine = open_engine(url)
    try:
        yield Pulse(engine)
    finally:
        engine.dispose()


@contextmanager
def no_room() -> Iterator[None]:
    """Let no file grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_writing_changes_nothing(file: Path) -> None:
    """It is a commit all the same: the log of the database has grown by it."""
    log = file.with_name("gateway.db-wal")
    before = log.stat().st_size
    with pulse_of(f"sqlite:///{file}") as pulse:
        pulse.write()
    assert log.stat().st_size > before
    with closing(sqlite3.connect(file)) as database:
        assert (41,) == database.execute("PRAGMA user_version").fetchone()


def test_a_full_disk_is_noticed_and_so_is_its_end(file: Path) -> None:
    """By writing: nothing else tells it for certain."""
    with pulse_of(f"sqlite:///{file}") as pulse:
        with no_room(), pytest.raises(StoreUnavailable):
            pulse.write()
        pulse.write()


def test_a_file_that_is_gone_is_noticed_and_not_made_anew(tmp_path: Path) -> None:
    """A new one would be empty."""
    with pulse_of(f"sqlite:///{tmp_path / 'gone.db'}") as pulse, pytest.raises(StoreUnavailable):
        pulse.write()
    assert [] == [*tmp_path.iterdir()]


def test_a_database_that_is_written_to_is_not_waited_for(file: Path) -> None:
    """Who holds it is told apart from what is broken."""
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as other,
        pulse_of(f"sqlite:///{file}") as pulse,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            pulse.write()
        other.execute("ROLLBACK")
        pulse.write()


def test_size_and_room_are_those_of_the_file(file: Path) -> None:
    """Its log counts too."""
    with pulse_of(f"sqlite:///{file}") as pulse:
        parts = [path.stat().st_size for path in file.parent.iterdir()]
        assert sum(parts) == pulse.size() > file.stat().st_size
        assert 0 < (pulse.free() or 0)
    with pulse_of(f"sqlite:///{file.parent / 'nowhere' / 'a.db'}") as pulse, pytest.raises(StoreUnavailable):
        pulse.free()


def test_the_pulse_of_every_store(store: Store) -> None:
    """It can be written, it has a size, and no row waits for the chain."""
    store.pulse.write()
    assert store.pulse.size() > 4096
    assert 0 == store.pulse.unsealed()


@contextmanager
def read_only(pulse: Pulse) -> Iterator[None]:
    """Have a database take no writing. It is made empty and used again by other tests: undone at the end."""
    with pulse._engine.connect() as connection, connection.begin():
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    pulse._engine.dispose()  # what is connected keeps the old setting
    try:
        yield
    finally:
        with pulse._engine.connect() as connection, connection.begin():
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))


def test_a_postgres_that_takes_no_writing_is_noticed(fresh_postgres: Callable[[], str]) -> None:
    """A standby, or one that was told so."""
    with pulse_of(fresh_postgres()) as pulse:
        pulse.write()
        with read_only(pulse), pytest.raises(Failed):
            pulse.write()
        assert pulse.free() is None
