"""What a unit of work speaks to: a provider's activities and receipts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, bindparam, case, desc, select, update

from gateway.errors import Failed
from gateway.records import (
    Activity,
    FoundActivities,
    Outcome,
    Receipt,
    SoughtActivities,
    StoredActivity,
    StoredReceipt,
)
from storage import finding, sealed
from storage.scope import Owned, Scope, Values, owned, owning
from storage.sealed import Sealer
from storage.tables import HOLDING, activities, counters, living, payloads, receipts
from storage.values import ROWS, chunks, title_key

SEARCHABLE = (
    "activity_id",
    "provider_activity_id",
    "title",
    "format",
    "start_date",
    "end_date",
    "closed",
    "born",
    "repeat_of",
)

Lasting = tuple[bool, bool]
"""Whether an activity has all that Active asks for, and all that closed it before November 2021."""

_json = msgspec.json.Encoder(order="deterministic")
_activity = msgspec.json.Decoder(Activity)
_receipt = msgspec.json.Decoder(Receipt)


def _text(record: object) -> str:
    return _json.encode(record).decode()


def searchable(activity: Activity, lasting: Callable[[Activity], Lasting]) -> Values:
    """The one place where the searchable copies are taken from the record."""
    said = {name: getattr(activity, name) for name in SEARCHABLE}
    complete, complete_then = lasting(activity)
    status = {"complete": complete, "complete_then": complete_then}
    return {**said, **status, **finding.copies(activity), "title_key": title_key(activity.title or "")}


def stored_activity(content: str) -> Activity:
    """The record as it was kept."""
    return _activity.decode(content)


def _identity(stored: StoredActivity) -> str | None:
    return stored.activity.provider_activity_id


# --- activities ------------------------------------------------------------------------------------

_IDENTITIES = (activities.c.activity_id, activities.c.provider_activity_id)
_BY_IDENTITY = [
    select(activities)
    .where(living(activities), column.in_(bindparam("ids", expanding=True)))
    .order_by(activities.c.row)
    for column in _IDENTITIES
]
_FOUND = [owned(query, activities) for query in _BY_IDENTITY]
_LOCKED = [owned(query.with_for_update(), activities) for query in _BY_IDENTITY]
_HELD = owned(_BY_IDENTITY[0].with_for_update(read=True, key_share=True), activities)
_OF_ROWS = owned(select(activities.c.row, activities.c.content).where(activities.c.row.in_(ROWS)), activities)
_KEPT = owning(activities)
_CHANGED = owned(
    update(activities).where(living(activities), activities.c.row == bindparam("at")), activities
)

_start, _last = bindparam("start", type_=BigInteger), counters.c.last
_ISSUED = (
    update(counters)
    .where(counters.c.name == "activity")
    .values(last=case((_last < _start, _start), else_=_last) + bindparam("count", type_=BigInteger))
    .returning(_last)
)


class Activities:
    """The provider's live activities; what is deleted stays as a tombstone that nobody finds."""

    def __init__(self, scope: Scope, lasting: Callable[[Activity], Lasting]) -> None:
        self._scope = scope
        self._lasting = lasting
        self._identities: dict[int, str | None] = {}

    def find(
        self, activity_ids: Collection[str], provider_activity_ids: Collection[str]
    ) -> list[StoredActivity]:
        """Those that bear one of the ids, in the order they were added; locked if writing."""
        sought = zip(
            _LOCKED if self._scope.writing else _FOUND, (activity_ids, provider_activity_ids), strict=True
        )
        rows = {
            row.row: row
            for found, ids in sought
            for chunk in chunks(ids)
            for row in self._scope.run(found, {"ids": chunk})
        }
        self._identities |= {number: row.provider_activity_id for number, row in rows.items()}
        return [StoredActivity(number, _activity.decode(rows[number].content)) for number in sorted(rows)]

    def named(self, activity_ids: Collection[str]) -> dict[str, Activity]:
        """Those of these ids, to look at; while writing they cannot vanish, and nobody waits."""
        found = _HELD if self._scope.writing else _FOUND[0]
        rows = (row for chunk in chunks(activity_ids) for row in self._scope.run(found, {"ids": chunk}))
        return {row.activity_id: _activity.decode(row.content) for row in rows}

    def search(self, sought: SoughtActivities, after: int, most: int) -> FoundActivities:
        """Those that fit, newest first from before row `after` (0: from the newest), `most` at most."""
        found, rest = finding.search(self._scope, sought, after, most)
        rows = {row.row: row for row in self._scope.run(_OF_ROWS, {"rows": found})} if found else {}
        records = (_activity.decode(rows[row].content) for row in found if row in rows)
        return FoundActivities(tuple(one for one in records if finding.is_of(one, sought.year)), rest)

    def issue(self, count: int, year: int) -> list[str]:
        """The next `count` free ACCME Activity IDs, nine digits from year x 100000 + 1 on.

        One counter serves all providers; after 99,999 in a year it runs on.
        The counter stays locked until the transaction ends, so ask for them late.
        """
        if not count:
            return []
        values = {"start": year * 100_000, "count": count}
        (end,) = self._scope.tell(_ISSUED, [values]).firsts()
        return [str(number) for number in range(end - count + 1, end + 1)]

    def add(self, new: Sequence[Activity]) -> None:
        """Store activities that have their ids."""
        now = self._scope.now
        stamps = {"created_at": now, "updated_at": now}
        if new:
            self._scope.run(_KEPT, *({**self._columns(activity), **stamps} for activity in new))

    def change(self, changed: Sequence[StoredActivity]) -> None:
        """Replace activities found in this unit of work; they may take over one another's ids."""
        now = self._scope.now
        renamed = [each for each in changed if self._identities.get(each.row) != _identity(each)]
        self._rewrite([{"at": each.row, "provider_activity_id": None} for each in renamed])
        rewritten = ((each.row, self._columns(each.activity)) for each in changed)
        self._rewrite([{"at": row, **columns, "updated_at": now} for row, columns in rewritten])

    def delete(self, gone: Sequence[StoredActivity]) -> None:
        """Bury activities found in this unit of work, which frees the provider's own ids."""
        self._rewrite([{"at": each.row, "deleted_at": self._scope.now} for each in gone])

    def _columns(self, activity: Activity) -> Values:
        return {**searchable(activity, self._lasting), "content": _text(activity)}

    def _rewrite(self, rows: Sequence[Values]) -> None:
        if not rows:
            return
        if self._scope.run(_CHANGED, *rows).changed != len(rows):
            raise Failed("An activity was to be changed that this provider does not have.")


# --- receipts ------------------------------------------------------------------------------


def _newest(*conditions: ColumnElement[bool]) -> Owned:
    newest = desc(receipts.c.received_at), desc(receipts.c.row)
    return owned(select(receipts).where(*conditions).order_by(*newest).limit(1), receipts)


_operation = receipts.c.operation == bindparam("of")
_key = receipts.c.submission_key == bindparam("key")
_since = receipts.c.received_at >= bindparam("since")
_BY_KEY = _newest(HOLDING, _operation, _key, _since)
_BY_ID = _newest(receipts.c.id == bindparam("id"))
_WITH_KEY = _newest(_key)
_DONE = receipts.c.outcome != Outcome.FAILURE
_SAME_CONTENT = _newest(_operation, receipts.c.digest == bindparam("same"), _since, _DONE)
_FREED = owned(
    update(receipts)
    .where(HOLDING, _operation, _key, receipts.c.received_at < bindparam("since"))
    .values(holds_key=False),
    receipts,
)
_GIVEN = owning(receipts)
_PROVEN = owning(payloads)


class Receipts:
    """The provider's receipts, and what they were given for."""

    def __init__(self, scope: Scope, sealer: Sealer) -> None:
        self._scope = scope
        self._sealer = sealer

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None:
        """The receipt that answers for this key, unless it is older than `since`."""
        return self._found(_BY_KEY, of=operation, key=key, since=since)

    def by_id(self, receipt_id: str) -> StoredReceipt | None:
        """The receipt of this id."""
        return self._found(_BY_ID, id=receipt_id)

    def latest_with_key(self, key: str) -> StoredReceipt | None:
        """The newest receipt given for this key, whatever the operation and the outcome."""
        return self._found(_WITH_KEY, key=key)

    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None:
        """The newest receipt for the same content that did something, not older than `since`."""
        return self._found(_SAME_CONTENT, of=operation, same=digest, since=since)

    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None:
        """Store a receipt that has its id, with the bytes it is given for.

        A receipt older than `since` no longer holds the same key; a younger one makes the work run
        again, so that it finds what the other one wrote.
        """
        if stored.holds_key:
            self._scope.run(_FREED, {"of": stored.operation, "key": stored.submission_key, "since": since})
        self._scope.run(_GIVEN, _receipt_columns(stored))
        proof = {"receipt_id": stored.receipt.id, "sealed": sealed.seal_payload(payload, self._sealer)}
        self._scope.run(_PROVEN, proof)

    def _found(self, newest: Owned, **values: Any) -> StoredReceipt | None:
        row = self._scope.run(newest, values).one_or_none()
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
        "outcome": stored.receipt.outcome,
        "content": _text(stored.receipt),
    }
