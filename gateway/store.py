"""What the operations need of a store; `storage` provides it, tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from gateway.records import Activity, AuditEntry, StoredActivity, StoredReceipt

T = TypeVar("T")


class Activities(Protocol):
    """The live activities of one provider."""

    def find(
        self, activity_ids: Collection[str], provider_activity_ids: Collection[str]
    ) -> list[StoredActivity]:
        """Those that have one of these ids; what is written to is locked until the end."""

    def issue(self, count: int, year: int) -> list[str]:
        """New ACCME Activity IDs, never given out before."""

    def add(self, activities: Sequence[Activity]) -> None:
        """Keep new ones, whose ids are issued."""

    def change(self, activities: Sequence[StoredActivity]) -> None:
        """Keep new states of stored ones."""

    def delete(self, activities: Sequence[StoredActivity]) -> None:
        """Let go of stored ones; their own ids are free again."""


class Receipts(Protocol):
    """The receipts of one provider."""

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None:
        """The one that still answers for a submission key."""

    def by_id(self, receipt_id: str) -> StoredReceipt | None:
        """The one of that id."""

    def latest_with_key(self, key: str) -> StoredReceipt | None:
        """The newest that was given for a submission key, of whatever operation."""

    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None:
        """The newest for the same content that was no failure."""

    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None:
        """Keep a receipt and the payload it is for; its key is free again if the holder is older."""


class Audit(Protocol):
    """The audit log, to which is only ever added."""

    def add(self, entry: AuditEntry) -> None:
        """Note what happened, in the transaction in which it happened."""


class Unit(Protocol):
    """One transaction, bound to one provider."""

    @property
    def activities(self) -> Activities:
        """The provider's activities."""

    @property
    def receipts(self) -> Receipts:
        """The provider's receipts."""

    @property
    def audit(self) -> Audit:
        """The audit log."""

    def forget(self) -> None:
        """Undo everything at the end instead of keeping it."""


class Store(Protocol):
    """Runs work in one transaction; work that lost a race is run again from its start."""

    def write(self, provider_id: str, work: Callable[[Unit], T]) -> T:
        """Run work that changes things; all of it is kept, or nothing if it raises."""

    def read(self, provider_id: str, work: Callable[[Unit], T]) -> T:
        """Run work that only reads."""
