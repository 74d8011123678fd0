"""Opening, migrating and checking a database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from asked import a_credit
from fakes import Mirror
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from stored import NOW, PROVIDER

from gateway.errors import Busy, Failed, StoreUnavailable
from gateway.lifecycle import lasting
from gateway.records import Account, Provider, Secret, StoredCredit
from storage import Store, open_store, revision
from storage.engine import Full, translated
from storage.tables import metadata

Opener = Callable[[str], Store]
CUT_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# On SQLite the durable queue keeps its tables beside ours; they are its own business.
OF_THE_QUEUE = set(
    "application_versions dbos_migrations notifications operation_outputs queues streams workflow_events"
    " workflow_events_history workflow_input workflow_output workflow_schedules workflow_status".split()
)
MIGRATE = ("The database is not set up for this version.", "Run `cme-gateway migrate`.")


def refusal(store: Store) -> tuple[str, str]:
    """What `check` says, and what to do about it."""
    with pytest.raises(StoreUnavailable) as caught:
        store.check()
    return caught.value.text, caught.value.remedy


def test_revisions_are_those_alembic_knows() -> None:
    """The names of the migrations' files say the revisions that stand in them, in their order."""
    scripts = ScriptDirectory.from_config(revision._config())
    assert [script.revision for script in scripts.walk_revisions()][::-1] == revision._revisions()


# SQLite tells nothing of an index with an expression; the next test looks at it.
@pytest.mark.filterwarnings("ignore:.*unsupported reflection", "ignore:autogenerate skipping")
def test_migrations_sum_to_the_tables(store: Store) -> None:
    """Whoever migrates has the tables this program is written for, no more and no less."""
    only_ours = {"include_name": lambda name, kind, _: kind != "table" or name not in OF_THE_QUEUE}
    with store._engine.connect() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection, opts=only_ours), metadata)


def test_migrations_sum_to_the_tables_word_for_word(tmp_path: Path, open_one: Opener) -> None:
    """Conditions of partial indexes are the same too: with others SQLite would not use them."""
    open_one(f"sqlite:///{tmp_path / 'migrated.db'}").migrate()
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(made)
    made.dispose()
    assert _indexes(tmp_path / "made.db") == _indexes(tmp_path / "migrated.db")


def _indexes(path: Path) -> list[str]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index'"))
        found = sorted(row.sql for row in rows if row.sql and row.tbl_name not in OF_THE_QUEUE)
    engine.dispose()
    return found


def test_migrating_again_is_harmless(store: Store) -> None:
    """Migrating what is migrated changes nothing: the providers are still there."""
    before = store.accounts.providers()
    store.migrate()
    store.check()
    assert before == store.accounts.providers()


def test_what_was_kept_before_boards_had_credit_of_their_own_stays(empty_store: Store) -> None:
    """An older database keeps its credits, and from then on takes a type of credit from each board."""
    with empty_store._engine.begin() as connection:
        revision.upgrade(connection, "0003")
    empty_store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    kept, cme = a_credit(), a_credit(board=None)
    second = a_credit(learner_key=kept.learner_key, board="ABA")
    with pytest.raises(Busy):
        _keep(empty_store, kept, second)
    _keep(empty_store, kept, cme)
    empty_store.migrate()
    _keep(empty_store, second)
    for again in (kept, cme):
        with pytest.raises(Busy):
            _keep(empty_store, a_credit(learner_key=again.learner_key, board=again.board))
    ids = [one.credit_id for one in (kept, cme, second)]
    found = empty_store.read(PROVIDER, lambda unit: unit.credits.find(ids, (), ()))
    assert {kept.row, cme.row, second.row} == {one.row for one in found}


def _keep(store: Store, *credits: StoredCredit) -> None:
    store.write(PROVIDER, lambda unit: unit.credits.add(credits))


def test_check_of_an_empty_database(empty_store: Store) -> None:
    """A database without tables is to be migrated, and then it is fine."""
    assert MIGRATE == refusal(empty_store)
    empty_store.migrate()
    empty_store.check()


def test_check_makes_no_file(tmp_path: Path, open_one: Opener) -> None:
    """Looking at a SQLite file that is not there does not make it."""
    assert MIGRATE == refusal(open_one(f"sqlite:///{tmp_path / 'none.db'}"))
    assert [] == list(tmp_path.iterdir())


class OtherKey(Mirror):
    """A sealer that has another key than the store was filled with."""

    def unseal(self, sealed: bytes) -> bytes:
        """Refuse it."""
        raise Failed("Sealed with another key.")


@pytest.mark.parametrize("filled", [True, False])
def test_check_of_the_key(filled: bool, store: Store, url: str) -> None:
    """A key that does not open the secrets of the accounts is found out; where there are none any will do."""
    if filled:
        secret = Secret("a", b"a secret", generated=True, created_at=NOW)
        store.accounts.add_user(Account(PROVIDER, "lms", (secret,)))
    store.check()
    with (
        closing(open_store(url, OtherKey(), lambda: NOW, lasting)) as other,
        pytest.raises(Failed, match="another key") if filled else nullcontext(),
    ):
        other.check()


def test_newer_database_is_left_alone(store: Store) -> None:
    """A database of a newer program is neither worked with nor migrated."""
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    text_, remedy = refusal(store)
    assert "The database was set up by a newer version of this program." == text_
    assert "Install the newer version, or have this one restore a backup that it made." == remedy
    with pytest.raises(StoreUnavailable, match="newer version"):
        store.migrate()


@pytest.mark.parametrize("what", ["a folder", "no database"])
def test_check_of_what_cannot_be_opened(what: str, tmp_path: Path, open_one: Opener) -> None:
    """A path that is no database is named, with what to do about it."""
    path = tmp_path / "gateway.db"
    path.mkdir() if what == "a folder" else path.write_bytes(b"no database at all" * 100)
    address = f"sqlite+pysqlite:///{path}"
    expected = {
        "a folder": (
            f"The database at {address} cannot be reached.",
            "Start the database, or correct CME_GATEWAY_DATABASE.",
        ),
        "no database": (
            f"The file {path} is no SQLite database.",
            "Name the right one by CME_GATEWAY_DATABASE, or restore a backup.",
        ),
    }
    assert expected[what] == refusal(open_one(address))


def test_a_full_disk_is_told_to_an_operator(tmp_path: Path, open_one: Opener) -> None:
    """What to do is to make room; a caller is told to send again, as before."""
    store = open_one(f"sqlite:///{tmp_path / 'gateway.db'}")
    store.migrate()

    @event.listens_for(store._engine, "checkout")
    def fill(connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreUnavailable) as caught:
        store.accounts.add_provider(Provider(PROVIDER, "x" * 100_000))
    assert StoreUnavailable().text == caught.value.text
    text_, remedy = caught.value.for_operator or ("", "")
    assert ("disk of the database is full" in text_, "Make room" in remedy) == (True, True)


@pytest.mark.parametrize("error", [psycopg.errors.DiskFull(), DBAPIError("", {}, psycopg.errors.DiskFull())])
def test_a_full_disk_of_postgresql_is_told_too(error: Exception) -> None:
    """By its own code."""
    assert isinstance(translated(error), Full)


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError(), psycopg.errors.CheckViolation(), PoolTimeout(), sqlite3.Error()]
)
def test_an_operator_is_told_nothing_of_calls(error: Exception) -> None:
    """Whoever runs a command made none, and has no SubmissionKey."""
    told = " ".join(translated(error).for_operator or ())
    assert (True, False, False) == (told != "", "SubmissionKey" in told, "call" in told)


@contextmanager
def _somebody_else() -> Iterator[None]:
    """Go on as a user who is not root, who may do everything; whoever is not root stays who they are."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.parametrize("barred", ["gateway.db", "folder", "."])
def test_check_of_what_belongs_to_another(barred: str, open_one: Opener) -> None:
    """What may not be opened is told apart from what is not there: place and user are named, in the text
    alone."""
    with TemporaryDirectory() as root:  # which everybody may enter, unlike those of pytest
        Path(root).chmod(0o755)
        path = Path(root, "folder", "gateway.db")
        path.parent.mkdir()
        path.parent.chmod(0o777)
        place = path if barred == path.name else Path(root, barred)
        with closing(open_one(f"sqlite:///{path}")) as store:
            store.migrate()
        place.chmod(0o000)
        with _somebody_else():
            text_, remedy = refusal(open_one(f"sqlite:///{path}"))
        place.chmod(0o755)
    assert f" has no right to {place}, which belongs to " in text_
    assert ("chown" in remedy, root in remedy) == (True, False)


def test_migrating_without_a_folder(tmp_path: Path, open_one: Opener) -> None:
    """A folder that is missing is named."""
    with pytest.raises(StoreUnavailable, match=r"there is no folder .*/none\."):
        open_one(f"sqlite:///{tmp_path / 'none' / 'gateway.db'}").migrate()


def test_check_of_a_server_that_is_not_there(tmp_path: Path, open_one: Opener) -> None:
    """A server that is not there is named without its password."""
    text_, _ = refusal(open_one(f"postgresql://me:hush@/db?host={tmp_path}"))
    assert (True, False) == ("me:***@" in text_, "hush" in text_)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.db",
        "mysql://me:hush@host/db",
        "postgresql://host:port/db",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_unknown_address_is_refused(url: str, open_one: Opener) -> None:
    """An address of no database of ours is refused at once, without repeating it."""
    with pytest.raises(StoreUnavailable) as caught:
        open_one(url)
    assert "The database address is not one this program knows." == caught.value.text


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_one_driver_for_a_database(name: str, open_one: Opener) -> None:
    """However PostgreSQL is addressed, psycopg 3 is what speaks to it."""
    assert "postgresql+psycopg" == open_one(f"{name}://me@host/db")._engine.url.drivername


def test_lost_connection_costs_no_answer(fresh_postgres: Callable[[], str], open_one: Opener) -> None:
    """After the server cut its connections, as a restart does, the next call is answered."""
    store = open_one(url := fresh_postgres())
    store.migrate()
    with psycopg.connect(url, autocommit=True) as operator:
        cut = operator.execute(CUT_OTHERS).fetchall()
    assert [(True,)] == cut
    store.check()


def test_sqlite_is_durable_and_strict(tmp_path: Path, open_one: Opener) -> None:
    """Every connection syncs at each commit, and minds foreign keys.

    synchronous must be 2 (FULL): WAL with NORMAL lost 183 of 16,126 acknowledged commits in a
    simulated power failure, FULL none of 10,760.
    """
    store = open_one(f"sqlite:///{tmp_path / 'gateway.db'}")
    with store._engine.connect() as first, store._engine.connect() as second:
        for connection in (first, second):
            names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            set_to = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
            assert ["wal", 2, 1, 5_000] == set_to


def test_sqlite_writers_take_turns_from_the_start(tmp_path: Path, open_one: Opener) -> None:
    """A writing transaction has the lock before its work reads anything; a reading one has none."""
    store = open_one(f"sqlite:///{tmp_path / 'gateway.db'}")
    store.migrate()
    begun: list[str] = []
    with store._engine.connect() as connection:  # one pooled connection, which the units below use
        connection.connection.driver_connection.set_trace_callback(begun.append)  # type: ignore[union-attr]
    store.write("0001234", lambda unit: None)
    store.read("0001234", lambda unit: unit.activities.find(["1"], []))
    assert ["BEGIN IMMEDIATE", "BEGIN"] == [each.strip() for each in begun if each.startswith("BEGIN")]


def test_what_was_opened_read_only_is_opened_anew(tmp_path: Path, open_one: Opener) -> None:
    """Once the disk takes writes again so does the store: no connection stays as it was opened before."""
    store = open_one(f"sqlite:///{tmp_path / 'gateway.db'}")
    store.migrate()
    with store._engine.connect() as connection:  # one pooled connection, which the units below use
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailable):
        store.accounts.add_provider(Provider("0009999", "Invented"))
    store.accounts.add_provider(Provider("0009999", "Invented"))


def test_a_file_that_is_gone_takes_nothing(tmp_path: Path, open_one: Opener) -> None:
    """What is written to a file that nobody can find any more would be lost: it is refused until the file
    is back, and no empty one is made in its place."""
    path, away = tmp_path / "gateway.db", tmp_path / "away"
    store = open_one(f"sqlite:///{path}")
    store.migrate()
    store.check()
    path.rename(away)
    for refused in (store.check, lambda: store.accounts.add_provider(Provider(PROVIDER, "Society"))):
        with pytest.raises(StoreUnavailable, match="gone") as caught:
            refused()
        assert "put the file back" in caught.value.remedy
    assert not path.exists()
    away.rename(path)
    store.accounts.add_provider(Provider(PROVIDER, "Society"))
    assert [PROVIDER] == [known.id for known in store.accounts.providers()]


def test_a_file_that_took_anothers_place_is_left_alone(tmp_path: Path, open_one: Opener) -> None:
    """It would meet with the write-ahead log of the one before: whoever puts one back stops first."""
    path, other = tmp_path / "gateway.db", tmp_path / "other.db"
    store, copy = open_one(f"sqlite:///{path}"), open_one(f"sqlite:///{other}")
    store.migrate()
    copy.migrate()
    copy.close()
    other.rename(path)
    with pytest.raises(StoreUnavailable, match="gone"):
        store.check()
    store.close()
