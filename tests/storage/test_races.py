"""Many at once: what must hold when calls get in one another's way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from stored import NOW, OPERATION, PROVIDER, make_receipt

from gateway.errors import Busy
from gateway.records import Activity, StoredReceipt, replace
from storage import Store, Unit
from storage import engine as database
from storage.tables import activities, receipts

T = TypeVar("T")
THREADS = 16
SINCE = NOW - timedelta(days=395)


def at_once(work: Callable[[int], T]) -> list[T]:
    """What `work` answered on 16 threads that started together; each is told its number."""
    start = Barrier(THREADS)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def save(unit: Unit, number: int, key: str) -> StoredReceipt:
    """What an operation does: look for the key's receipt, else do the work and leave one."""
    found = unit.receipts.by_key(OPERATION, key, SINCE)
    if found:
        return found
    (activity_id,) = unit.activities.issue(1, 2026)
    unit.activities.add([Activity(activity_id=activity_id)])
    new = make_receipt(f"{key}-{number}", key=key)
    unit.receipts.add(new, b"payload", SINCE)
    return new


def test_same_key_at_once_is_done_once(store: Store) -> None:
    """Of 16 simultaneous calls with one key one does the work, and all get its receipt; ten keys."""
    for key in map(str, range(10)):
        answers = at_once(lambda number, key=key: store.write(PROVIDER, lambda unit: save(unit, number, key)))  # type: ignore[misc]
        assert [answers[0]] * THREADS == answers
    with store._engine.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(t)) for t in (receipts, activities)]
    assert [10, 10] == counts


def test_same_identity_at_once_is_added_once(store: Store) -> None:
    """Of 16 simultaneous calls that add one of the provider's ids one adds it, the others find it."""

    def save_activity(unit: Unit) -> bool:
        if unit.activities.find([], ["A"]):
            return False
        (activity_id,) = unit.activities.issue(1, 2026)
        unit.activities.add([Activity(activity_id=activity_id, provider_activity_id="A")])
        return True

    added = at_once(lambda _: store.write(PROVIDER, save_activity))
    assert 1 == sum(added)


def test_no_update_is_lost(store: Store) -> None:
    """16 threads that each raise a figure of one activity five times raise it by 80."""
    store.write(PROVIDER, lambda unit: unit.activities.add([Activity(activity_id="1", physicians=0)]))

    def raise_it(unit: Unit) -> None:
        (stored,) = unit.activities.find(["1"], [])
        more = replace(stored.activity, physicians=(stored.activity.physicians or 0) + 1)
        unit.activities.change([replace(stored, activity=more)])

    at_once(lambda _: [store.write(PROVIDER, raise_it) for _ in range(5)])
    (stored,) = store.read(PROVIDER, lambda unit: unit.activities.find(["1"], []))
    assert 5 * THREADS == stored.activity.physicians


def test_crossed_locks_are_run_again(store: Store) -> None:
    """Of two calls that wait for one another's activity one is run again, and both succeed."""
    store.write(PROVIDER, lambda unit: unit.activities.add([Activity(activity_id=i) for i in ("1", "2")]))
    met = Barrier(2)

    def lock(unit: Unit, first: str, second: str) -> int:
        found = len(unit.activities.find([first], []))
        with suppress(BrokenBarrierError):  # they cannot meet on SQLite, where writers take turns
            met.wait(1)
        met.abort()
        return found + len(unit.activities.find([second], []))

    with ThreadPoolExecutor(2) as pool:
        orders = [("1", "2"), ("2", "1")]
        locked = pool.map(lambda order: store.write(PROVIDER, lambda unit: lock(unit, *order)), orders)
        assert [2, 2] == list(locked)


def test_numbers_are_issued_once(store: Store) -> None:
    """16 threads get 16 times 20 different numbers without a gap."""
    issued = at_once(lambda _: store.write(PROVIDER, lambda unit: unit.activities.issue(20, 2026)))
    expected = [str(202600001 + n) for n in range(20 * THREADS)]
    assert expected == sorted(number for numbers in issued for number in numbers)


def test_work_is_run_six_times_at_most(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that loses every race is run again five times, then the caller is told to come back."""
    monkeypatch.setattr(database, "PAUSES", (0.0,) * len(database.PAUSES))
    store.write(PROVIDER, lambda unit: unit.activities.add([Activity(activity_id="1")]))
    runs = []

    def lose(unit: Unit) -> None:
        runs.append(1)
        unit.activities.add([Activity(activity_id="1")])

    with pytest.raises(Busy) as caught:
        store.write(PROVIDER, lose)
    assert (6, Busy().text) == (len(runs), caught.value.text)


def test_all_migrate_at_once(empty_store: Store, url: str, open_one: Callable[[str], Store]) -> None:
    """16 programs that migrate one empty database at the same time leave it migrated once."""
    stores = [open_one(url) for _ in range(THREADS)]
    at_once(lambda number: stores[number].migrate())
    empty_store.check()
