"""What all processes know together of attempts to get in, on each database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from fakes import Clock
from sqlalchemy import Table, func, select
from stored import OTHER_PROVIDER, PROVIDER

from gateway.lifecycle import lasting
from gateway.records import Account, Lockout, Provider
from storage import Store, open_store
from storage.guard import Guard
from storage.tables import attempts, nonces

USER, HERE, THERE = "lms", "192.0.2.7", "192.0.2.8"
LOCKOUT = Lockout(failures=3, minutes=15)


class Plain:
    """A sealer that does nothing: there is nothing secret here."""

    def seal(self, plain: bytes) -> bytes:
        """Leave it."""
        return plain

    unseal = seal


@pytest.fixture
def clock() -> Clock:
    """A clock that goes when it is told to."""
    return Clock()


@pytest.fixture
def house(url: str, clock: Clock) -> Iterator[Store]:
    """A store with a provider and its user."""
    with closing(open_store(url, Plain(), clock, lasting)) as store:
        store.migrate()
        store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        store.accounts.add_user(Account(PROVIDER, USER))
        yield store


def _fail(store: Store, times: int, source: str = HERE, user: str = USER) -> list[int]:
    return [store.guard.failed(PROVIDER, user, source, LOCKOUT) for _ in range(times)]


def _locked(store: Store, source: str = HERE) -> bool:
    account = store.accounts.user(PROVIDER, USER, source)
    assert account is not None
    return account.locked


def test_nonce_counts_once(house: Store) -> None:
    """A nonce is new for each account, and new once."""
    asked = [(PROVIDER, USER), (PROVIDER, USER), (PROVIDER, "other"), (OTHER_PROVIDER, USER)]
    assert [True, False, True, True] == [house.guard.spend(*who, b"nonce") for who in asked]
    assert house.guard.spend(PROVIDER, USER, b"another")


def test_nonce_outlives_a_restart(house: Store, url: str, clock: Clock) -> None:
    """Whoever opens the database next knows it too."""
    assert house.guard.spend(PROVIDER, USER, b"nonce")
    with closing(open_store(url, Plain(), clock, lasting)) as again:
        assert not again.guard.spend(PROVIDER, USER, b"nonce")


@pytest.mark.parametrize(("seconds", "new"), [(599, False), (600, False), (601, True)])
def test_nonce_is_kept_ten_minutes(house: Store, clock: Clock, seconds: int, new: bool) -> None:
    """A message that bears it is taken five minutes before and after its time, and so no longer."""
    house.guard.spend(PROVIDER, USER, b"nonce")
    clock.advance(seconds=seconds)
    assert new == house.guard.spend(PROVIDER, USER, b"nonce")
    assert not house.guard.spend(PROVIDER, USER, b"nonce")


def test_sixteen_at_once_are_one(house: Store) -> None:
    """Of sixteen calls with one nonce one is let in."""
    came = threading.Barrier(16)
    new: list[bool] = []

    def come() -> None:
        came.wait()
        new.append(house.guard.spend(PROVIDER, USER, b"nonce"))

    threads = [threading.Thread(target=come) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [False] * 15 + [True] == sorted(new)


def test_pair_is_locked_and_nobody_else(house: Store) -> None:
    """The failure that is one too many locks the account for its source; from elsewhere it is open."""
    _fail(house, 2)
    assert not _locked(house)
    _fail(house, 1)
    assert [True, False] == [_locked(house, HERE), _locked(house, THERE)]


def test_lock_ends_in_its_time(house: Store, clock: Clock) -> None:
    """Fifteen minutes after it began it is over, whatever came meanwhile, and counting begins anew."""
    clock.advance(minutes=1)
    _fail(house, 3)
    clock.advance(minutes=14)
    _fail(house, 5)
    clock.advance(seconds=59)
    assert _locked(house)
    clock.advance(seconds=1)
    assert not _locked(house)
    _fail(house, 2)
    assert not _locked(house)


def test_old_failures_do_not_count(house: Store, clock: Clock) -> None:
    """After fifteen minutes without a lock counting begins anew."""
    _fail(house, 2)
    clock.advance(minutes=15)
    _fail(house, 2)
    assert not _locked(house)


def test_lock_outlives_a_restart(house: Store, url: str, clock: Clock) -> None:
    """It is the database that knows."""
    _fail(house, 3)
    with closing(open_store(url, Plain(), clock, lasting)) as again:
        assert _locked(again)


def test_lower_limit_counts_at_once(house: Store) -> None:
    """A limit that was lowered locks with the next failure."""
    _fail(house, 2)
    house.guard.failed(PROVIDER, USER, HERE, Lockout(failures=1))
    assert _locked(house)


def test_failures_are_summed_from_anywhere(house: Store) -> None:
    """What is given is how many an account had, wherever they came from; other accounts are others."""
    assert [1, 2] == _fail(house, 2)
    assert [3, 4] == _fail(house, 2, THERE)
    assert [1] == _fail(house, 1, user="nobody")


def test_what_is_over_is_pruned(house: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day later nothing is left, but of what is locked for longer; it happens by itself."""
    _fail(house, 2)
    house.guard.failed(PROVIDER, "other", HERE, Lockout(failures=1, minutes=3 * 24 * 60))
    house.guard.spend(PROVIDER, USER, b"nonce")
    clock.advance(days=1)
    monkeypatch.setattr("storage.guard.PRUNING", 0.0)
    house.guard.spend(PROVIDER, USER, b"another")
    assert (1, 1) == (_count(house, attempts), _count(house, nonces))


def _count(store: Store, table: Table) -> int:
    with store._engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_nothing_of_who_failed_can_be_read(house: Store) -> None:
    """Neither user nor address stands in the rows."""
    _fail(house, 1)
    with house._engine.connect() as connection:
        rows = repr(connection.execute(select(attempts)).all())
    assert not [one for one in (USER, HERE, PROVIDER) if one in rows]


def test_one_moment_decides(house: Store, clock: Clock) -> None:
    """A guard goes by the one clock, not by the database's."""
    clock.advance(days=-400)
    guard = Guard(house._engine, clock)
    assert guard.spend(PROVIDER, USER, b"nonce")
    assert not guard.spend(PROVIDER, USER, b"nonce")
    clock.now += timedelta(minutes=11)
    assert guard.spend(PROVIDER, USER, b"nonce")
