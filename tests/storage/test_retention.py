"""What is kept for a time only: found, deleted in parts, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import bindparam, create_engine, select, text
from stored import FULL_ACTIVITY, NOW, PROVIDER, make_receipt

from gateway.records import replace
from storage import Store
from storage.tables import payloads, receipts
from storage.values import Moment

DAY = timedelta(days=1)
URLS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}


@pytest.fixture
def run(url: str) -> Callable[..., None]:
    """Runs a statement on the database."""
    scheme, _, rest = url.partition(":")

    def run(statement: str, **values: object) -> None:
        engine = create_engine(f"{URLS[scheme]}:{rest}")
        with engine.begin() as connection:
            moments = [bindparam(name, type_=Moment) for name in values if isinstance(values[name], datetime)]
            connection.execute(text(statement).bindparams(*moments), values)
        engine.dispose()

    return run


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts, without a rest between them."""
    monkeypatch.setattr("storage.retention.PART", 2)
    monkeypatch.setattr("storage.retention.REST", 0)


def keep(store: Store, number: int, age: int) -> None:
    """A receipt of so many days ago, with its payload."""
    receipt = make_receipt(f"R{number}", key=f"K{number}", at=NOW - age * DAY)
    store.write(PROVIDER, lambda unit: unit.receipts.add(receipt, b"payload", receipt.receipt.received_at))


def kept(store: Store, numbers: range) -> tuple[set[int], set[int]]:
    """Which receipts there are, and which payloads."""
    with store._engine.connect() as connection:
        answered = set(connection.scalars(select(receipts.c.id)))
        proven = set(connection.scalars(select(payloads.c.receipt_id)))
    return {n for n in numbers if f"R{n}" in answered}, {n for n in numbers if f"R{n}" in proven}


def test_payloads_end_before_their_receipts(store: Store) -> None:
    """A receipt outlives what it was given for, and is never gone while that is kept."""
    for number, age in enumerate((90, 70, 50, 50, 40, 20, 5)):
        keep(store, number, age)
    retention, numbers = store.retention, range(7)
    month, season = NOW - 30 * DAY, NOW - 60 * DAY
    assert (5, 0) == (retention.count("payloads", month), retention.count("receipts", season))
    assert [] == list(retention.prune("receipts", season))
    assert [2, 2, 1] == list(retention.prune("payloads", month))
    assert (set(numbers), {5, 6}) == kept(store, numbers)
    assert 2 == retention.count("receipts", season)
    assert 2 == sum(retention.prune("receipts", season))
    assert ({2, 3, 4, 5, 6}, {5, 6}) == kept(store, numbers)
    assert [] == list(retention.prune("payloads", month))


def test_all_that_there_is_may_be_too_old(store: Store) -> None:
    """With no young one behind, none of the old ones is overlooked."""
    for number in range(3):
        keep(store, number, 90)
    assert 3 == sum(store.retention.prune("payloads", NOW))
    assert 3 == store.retention.count("receipts", NOW)
    assert 3 == sum(store.retention.prune("receipts", NOW))


def test_only_answered_questions_end(store: Store, run: Callable[..., None]) -> None:
    """One that is open stays, however old it is."""
    question = (
        "INSERT INTO questions (id, provider_id, board, errand, credits, attempt, since, unanswered, done_at)"
        " VALUES (:id, :provider, 'ABIM', 'report', '[]', 1, :since, :no, :done)"
    )
    values = {"provider": PROVIDER, "since": NOW - 400 * DAY, "no": False}
    run(question, id="old", done=NOW - 200 * DAY, **values)
    run(question, id="young", done=NOW - 2 * DAY, **values)
    run(question, id="open", done=None, **values)
    assert 1 == store.retention.count("questions", NOW - 90 * DAY)
    assert [1] == list(store.retention.prune("questions", NOW - 90 * DAY))
    assert 1 == store.retention.count("questions", NOW)


def test_lookups_end(store: Store, run: Callable[..., None]) -> None:
    """They count by the hour."""
    for age in (3, 2, 0):
        values = {"provider": PROVIDER, "hour": NOW - age * DAY}
        run("INSERT INTO match_counts VALUES (:provider, :hour, 1, 1)", **values)
    assert 2 == store.retention.count("lookups", NOW - DAY)
    assert 2 == store.retention.forget_lookups(NOW - DAY)
    assert 0 == store.retention.count("lookups", NOW - DAY)


def test_audit_rows_are_counted_as_they_would_be_pruned(store: Store) -> None:
    """All that are older but the last of the chain."""
    from audited import entry

    for number in range(5):
        at = NOW - (90 - 20 * number) * DAY
        store.write(PROVIDER, lambda unit, at=at: unit.audit.add(replace(entry(1), at=at)))  # type: ignore[misc]
    store.trail.seal(lambda before, content: bytes(32), 100)
    for before in (NOW - 45 * DAY, NOW):
        due = store.retention.count("audit", before)
        assert due == store.trail.prune(before, lambda _: bytes(32), 100) > 0
    assert 0 == store.retention.count("audit", NOW)


def test_one_process_has_the_turn(store: Store) -> None:
    """Whoever asks first on a day; the others, and those that begin anew, wait for the next."""
    assert store.retention.claim(NOW, NOW - DAY)
    assert not store.retention.claim(NOW, NOW - DAY)
    later = NOW + timedelta(hours=23)
    assert not store.retention.claim(later, later - DAY)
    assert store.retention.claim(NOW + DAY, NOW)


def test_the_truth_is_no_kind(store: Store) -> None:
    """Activities, credits and participants cannot be named, however old they are."""
    old = replace(FULL_ACTIVITY, activity_id="199900001")
    store.write(PROVIDER, lambda unit: unit.activities.add([old]))
    for what in ("activities", "credits", "participants", "register"):
        with pytest.raises(KeyError):
            list(store.retention.prune(what, NOW))


def test_attempts_are_counted_as_they_would_be_forgotten(store: Store, run: Callable[..., None]) -> None:
    """Nonces whose time is over, and failures that lock nobody any more."""
    run("INSERT INTO nonces VALUES (:id, :until)", id=b"a", until=NOW - DAY)
    run("INSERT INTO nonces VALUES (:id, :until)", id=b"b", until=NOW + DAY)
    run("INSERT INTO attempts VALUES (:id, 1, :since, NULL)", id=b"c", since=NOW - 3 * DAY)
    assert 2 == store.guard.prunable() == store.guard.prune()
    assert 0 == store.guard.prunable()
