"""A store in memory, a clock that stands still, and a gateway on both: what the unit tests run on.

The fake keeps a store's promises (one provider, all or nothing, unique ids and keys) and breaks with
an AssertionError when an operation leans on more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from gateway import schemas
from gateway.accounts import Gatekeeper, hash_secret
from gateway.intake import Limits
from gateway.operations import Terms
from gateway.records import Account, Activity, AuditEntry, Outcome, StoredActivity, StoredReceipt
from gateway.schema import Reader
from gateway.service import Gateway

T = TypeVar("T")

NOW = datetime(2026, 11, 21, 15, 4, 5, 678901, tzinfo=UTC)
PROVIDER = "0001234"
OTHER_PROVIDER = "0005678"
USER, PASSWORD = "lms", "pass-word-of-the-tests"


@dataclass(slots=True)
class Clock:
    """A clock that goes only when it is told to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, **span: float) -> None:
        """Let time pass: days, hours, seconds."""
        self.now += timedelta(**span)


@dataclass(slots=True)
class Tables:
    """Everything a store holds; the rows of all providers."""

    activities: dict[int, tuple[str, Activity]] = field(default_factory=dict)
    receipts: list[tuple[str, StoredReceipt, bytes]] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    rows: int = 0
    issued: int = 0

    def copy(self) -> Tables:
        """A draft that can be thrown away; the records in it are frozen."""
        return replace(
            self, activities=dict(self.activities), receipts=list(self.receipts), audit=list(self.audit)
        )


class FakeStore:
    """Runs work on a draft of the tables, and keeps the draft if the work ends well."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.broken: Exception | None = None
        self._lock = threading.Lock()

    def write(self, provider_id: str, work: Callable[[FakeUnit], T]) -> T:
        """Run work that changes things."""
        with self._lock:
            unit = FakeUnit(self.tables.copy(), provider_id)
            answer = self.read(provider_id, lambda _: work(unit))
            if not unit.forgotten:
                self.tables = unit.tables
            return answer

    def read(self, provider_id: str, work: Callable[[FakeUnit], T]) -> T:
        """Run work that only reads."""
        if self.broken is not None:
            raise self.broken
        return work(FakeUnit(self.tables.copy(), provider_id))


class FakeUnit:
    """One transaction of one provider; activities, receipts and audit log in one."""

    def __init__(self, tables: Tables, provider_id: str) -> None:
        self.tables = tables
        self.activities = FakeActivities(tables, provider_id)
        self.receipts = FakeReceipts(tables, provider_id)
        self.audit = FakeAudit(tables)
        self.forgotten = False

    def forget(self) -> None:
        """Keep nothing of this unit."""
        self.forgotten = True


@dataclass(slots=True)
class FakeActivities:
    """The live activities of one provider."""

    tables: Tables
    provider_id: str

    def find(
        self, activity_ids: Collection[str], provider_activity_ids: Collection[str]
    ) -> list[StoredActivity]:
        """Those that have one of these ids."""
        assert None not in {*activity_ids, *provider_activity_ids}
        return [
            StoredActivity(row, activity)
            for row, (provider_id, activity) in self.tables.activities.items()
            if provider_id == self.provider_id
            and (
                activity.activity_id in activity_ids or activity.provider_activity_id in provider_activity_ids
            )
        ]

    def issue(self, count: int, year: int) -> list[str]:
        """New ids, never given out before."""
        first = max(self.tables.issued, year * 100_000) + 1
        self.tables.issued = first + count - 1
        return [str(number) for number in range(first, first + count)]

    def add(self, activities: Sequence[Activity]) -> None:
        """Keep new ones."""
        for activity in activities:
            self.tables.rows += 1
            self._keep(self.tables.rows, activity)

    def change(self, activities: Sequence[StoredActivity]) -> None:
        """Keep new states."""
        for stored in activities:
            self._keep(stored.row, stored.activity)

    def delete(self, activities: Sequence[StoredActivity]) -> None:
        """Let go of stored ones."""
        for stored in activities:
            del self.tables.activities[stored.row]

    def _keep(self, row: int, activity: Activity) -> None:
        assert activity.activity_id is not None
        own_id = activity.provider_activity_id
        twins = self.find({activity.activity_id}, {own_id} if own_id else ())
        assert [] == [twin for twin in twins if twin.row != row], "two activities of one identity"
        self.tables.activities[row] = (self.provider_id, activity)


@dataclass(slots=True)
class FakeReceipts:
    """The receipts of one provider."""

    tables: Tables
    provider_id: str

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None:
        """The one that still answers for a submission key."""
        return self._newest(
            lambda stored: (
                stored.holds_key
                and (stored.operation, stored.submission_key) == (operation, key)
                and stored.receipt.received_at >= since
            )
        )

    def by_id(self, receipt_id: str) -> StoredReceipt | None:
        """The one of that id."""
        return self._newest(lambda stored: stored.receipt.id == receipt_id)

    def latest_with_key(self, key: str) -> StoredReceipt | None:
        """The newest that was given for a submission key."""
        return self._newest(lambda stored: stored.submission_key == key)

    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None:
        """The newest for the same content that was no failure."""
        return self._newest(
            lambda stored: (
                (stored.operation, stored.digest) == (operation, digest)
                and stored.receipt.received_at >= since
                and stored.receipt.outcome is not Outcome.FAILURE
            )
        )

    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None:
        """Keep a receipt; an expired holder of its key lets go."""
        if stored.holds_key:
            assert stored.submission_key is not None
            assert self.by_key(stored.operation, stored.submission_key, since) is None, "a key held twice"
        self.tables.receipts.append((self.provider_id, stored, payload))

    def _newest(self, fits: Callable[[StoredReceipt], bool]) -> StoredReceipt | None:
        fitting = (
            stored
            for provider_id, stored, _ in reversed(self.tables.receipts)
            if provider_id == self.provider_id and fits(stored)
        )
        return next(fitting, None)


@dataclass(slots=True)
class FakeAudit:
    """The audit log."""

    tables: Tables

    def add(self, entry: AuditEntry) -> None:
        """Note what happened."""
        self.tables.audit.append(entry)


class Mirror:
    """A sealer: what it sealed is not what it was given, and no secret."""

    def seal(self, plain: bytes) -> bytes:
        """Turn it round."""
        return plain[::-1]

    unseal = seal


_SECRET = hash_secret(PASSWORD, Mirror())  # once: argon2 is slow on purpose


def find_account(provider_id: str, user: str) -> Account | None:
    """The one user of each of the two providers."""
    known = provider_id in {PROVIDER, OTHER_PROVIDER} and user == USER
    return Account(provider_id, user, _SECRET) if known else None


def terms(clock: Callable[[], datetime]) -> Terms:
    """The terms of the default settings."""
    return Terms(clock=clock, zone=ZoneInfo("America/Chicago"), key_months=13, duplicate_hours=24)


GATEKEEPER = Gatekeeper(find_account, Mirror(), seconds=3600)


def make_gateway(store: FakeStore, clock: Callable[[], datetime], limits: Limits | None = None) -> Gateway:
    """A whole gateway on a fake store."""
    limits = limits or Limits()
    return Gateway(
        store=store,
        reader=Reader(schemas.VERSIONS, limits),
        gatekeeper=GATEKEEPER,
        terms=terms(clock),
        limits=limits,
    )
