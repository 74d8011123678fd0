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
    ) -> list[StoredActivity]: ...
    def issue(self, count: int, year: int) -> list[str]: ...
    def add(self, activities: Sequence[Activity]) -> None: ...
    def change(self, activities: Sequence[StoredActivity]) -> None: ...
    def delete(self, activities: Sequence[StoredActivity]) -> None: ...


class Receipts(Protocol):
    """The receipts of one provider."""

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None: ...
    def by_id(self, receipt_id: str) -> StoredReceipt | None: ...
    def latest_with_key(self, key: str) -> StoredReceipt | None: ...
    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None: ...
    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None: ...


class Audit(Protocol):
    """The audit log."""

    def add(self, entry: AuditEntry) -> None: ...


class Unit(Protocol):
    """One transaction, bound to one provider."""

    @property
    def activities(self) -> Activities: ...
    @property
    def receipts(self) -> Receipts: ...
    @property
    def audit(self) -> Audit: ...
    def forget(self) -> None: ...


class Store(Protocol):
    """Runs work in one transaction; work that lost a race is run again."""

    def write(self, provider_id: str, work: Callable[[Unit], T]) -> T: ...
    def read(self, provider_id: str, work: Callable[[Unit], T]) -> T: ...
