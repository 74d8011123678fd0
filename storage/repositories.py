"""What a unit of work speaks to: a provider's activities, receipts and audit rows."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, case, desc, update

from gateway.errors import Failed
from gateway.records import Activity, AuditEntry, Receipt, StoredActivity, StoredReceipt
from storage.scope import Scope, Sealer, Values
from storage.tables import HOLDING, LIVE, activities, audit, counters, payloads, receipts

CHUNK = 5_000  # values in one IN list: SQLite takes 32,766 parameters in a statement
SEARCHABLE = (
    "activity_id",
    "provider_activity_id",
    "title",
    "format",
    "start_date",
    "end_date",
    "closed",
    "born",
)

_json = msgspec.json.Encoder(order="deterministic")
_activity = msgspec.json.Decoder(Activity)
_receipt = msgspec.json.Decoder(Receipt)


def _text(record: object) -> str:
    return _json.encode(record).decode()


def _columns(activity: Activity) -> Values:
    """The one place where the searchable copies are taken from the record."""
    copies = {name: getattr(activity, name) for name in SEARCHABLE}
    return {**copies, "content": _text(activity)}


def _identity(stored: StoredActivity) -> str | None:
    return stored.activity.provider_activity_id


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)  # whoever locks, locks in the same order
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


class Activities:
    """The provider's live activities; what is deleted stays as a tombstone that nobody finds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._identities: dict[int, str | None] = {}

    def find(
        self, activity_ids: Collection[str], provider_activity_ids: Collection[str]
    ) -> list[StoredActivity]:
        """Those that bear one of the ids, in the order they were added; locked if writing."""
        sought = (
            (activities.c.activity_id, activity_ids),
            (activities.c.provider_activity_id, provider_activity_ids),
        )
        rows = {
            row.row: row
            for column, ids in sought
            for chunk in _chunks(ids)
            for row in self._rows(column.in_(chunk))
        }
        self._identities |= {number: row.provider_activity_id for number, row in rows.items()}
        return [StoredActivity(number, _activity.decode(rows[number].content)) for number in sorted(rows)]

    def _rows(self, condition: ColumnElement[bool]) -> Sequence[Any]:
        query = self._scope.select(activities).where(LIVE, condition).order_by(activities.c.row)
        locked = query.with_for_update() if self._scope.writing else query
        return self._scope.connection.execute(locked).all()

    def issue(self, count: int, year: int) -> list[str]:
        """The next `count` free ACCME Activity IDs, nine digits from year x 100000 + 1 on.

        One counter serves all providers; after 99,999 in a year it runs on (contract, section 6).
        The counter stays locked until the transaction ends, so ask for them late.
        """
        if not count:
            return []
        start, last = year * 100_000, counters.c.last
        step = (
            update(counters)
            .where(counters.c.name == "activity")
            .values(last=case((last < start, start), else_=last) + count)
            .returning(last)
        )
        end = self._scope.connection.execute(step).scalar_one()
        return [str(number) for number in range(end - count + 1, end + 1)]

    def add(self, new: Sequence[Activity]) -> None:
        """Store activities that have their ids."""
        now = self._scope.now
        stamps = {"created_at": now, "updated_at": now}
        self._scope.insert(activities, [{**_columns(activity), **stamps} for activity in new])

    def change(self, changed: Sequence[StoredActivity]) -> None:
        """Replace activities found in this unit of work; they may take over one another's ids."""
        now = self._scope.now
        renamed = [each for each in changed if self._identities.get(each.row) != _identity(each)]
        self._rewrite([{"at": each.row, "provider_activity_id": None} for each in renamed])
        self._rewrite([{"at": each.row, **_columns(each.activity), "updated_at": now} for each in changed])

    def delete(self, gone: Sequence[StoredActivity]) -> None:
        """Bury activities found in this unit of work, which frees the provider's own ids."""
        self._rewrite([{"at": each.row, "deleted_at": self._scope.now} for each in gone])

    def _rewrite(self, rows: Sequence[Values]) -> None:
        if not rows:
            return
        change = self._scope.update(activities).where(LIVE, activities.c.row == bindparam("at"))
        if self._scope.connection.execute(change, rows).rowcount != len(rows):
            raise Failed("An activity was to be changed that this provider does not have.")


class Receipts:
    """The provider's receipts, and what they were given for."""

    def __init__(self, scope: Scope, sealer: Sealer) -> None:
        self._scope = scope
        self._sealer = sealer

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None:
        """The receipt that answers for this key, unless it is older than `since`."""
        return self._newest(
            HOLDING,
            receipts.c.operation == operation,
            receipts.c.submission_key == key,
            receipts.c.received_at >= since,
        )

    def by_id(self, receipt_id: str) -> StoredReceipt | None:
        """The receipt of this id."""
        return self._newest(receipts.c.id == receipt_id)

    def latest_with_key(self, key: str) -> StoredReceipt | None:
        """The newest receipt given for this key, whatever the operation and the outcome."""
        return self._newest(receipts.c.submission_key == key)

    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None:
        """The newest receipt for the same content, with whatever key, not older than `since`."""
        return self._newest(
            receipts.c.operation == operation,
            receipts.c.digest == digest,
            receipts.c.received_at >= since,
        )

    def payload(self, receipt_id: str) -> bytes | None:
        """The bytes a receipt was given for, as they were received."""
        query = self._scope.select(payloads).where(payloads.c.receipt_id == receipt_id)
        row = self._scope.connection.execute(query).one_or_none()
        return zlib.decompress(self._sealer.unseal(row.sealed)) if row else None

    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None:
        """Store a receipt that has its id, with the bytes it is given for.

        A receipt older than `since` no longer holds the same key; a younger one makes the work run
        again, so that it finds what the other one wrote.
        """
        if stored.holds_key:
            self._free(stored, since)
        self._scope.insert(receipts, [_receipt_columns(stored)])
        # Compressed while others wait for the lock: quick counts for more than small.
        sealed = self._sealer.seal(zlib.compress(payload, level=1))
        self._scope.insert(payloads, [{"receipt_id": stored.receipt.id, "sealed": sealed}])

    def _free(self, stored: StoredReceipt, since: datetime) -> None:
        expired = self._scope.update(receipts).where(
            HOLDING,
            receipts.c.operation == stored.operation,
            receipts.c.submission_key == stored.submission_key,
            receipts.c.received_at < since,
        )
        self._scope.connection.execute(expired.values(holds_key=False))

    def _newest(self, *conditions: ColumnElement[bool]) -> StoredReceipt | None:
        newest = desc(receipts.c.received_at), desc(receipts.c.row)
        query = self._scope.select(receipts).where(*conditions).order_by(*newest).limit(1)
        row = self._scope.connection.execute(query).one_or_none()
        return _stored_receipt(row) if row else None


def _stored_receipt(row: Any) -> StoredReceipt:
    receipt = _receipt.decode(row.content)
    return StoredReceipt(receipt, row.operation, row.digest, row.submission_key, row.holds_key)


def _receipt_columns(stored: StoredReceipt) -> Values:
    return {
        "id": stored.receipt.id,
        "operation": stored.operation,
        "digest": stored.digest,
        "submission_key": stored.submission_key,
        "holds_key": stored.holds_key,
        "received_at": stored.receipt.received_at,
        "content": _text(stored.receipt),
    }


class Audit:
    """What happened, row after row: nothing here changes or deletes one."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, entry: AuditEntry) -> None:
        """Append what happened; the row belongs to the unit's provider."""
        self._scope.insert(audit, [dataclasses.asdict(entry)])
