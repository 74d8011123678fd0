"""What is kept for a time only, found and deleted in parts so small that calls do not wait for them.

The truth, activities and completions, is not among it. The audit log and what is known of attempts to get
in are pruned where they are kept (storage/audit.py, storage/guard.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Delete,
    Engine,
    Integer,
    Select,
    bindparam,
    delete,
    func,
    select,
    update,
)

from storage import engine as database
from storage.scope import INSERTS
from storage.tables import audit, audit_anchors, counters, match_counts, payloads, questions, receipts
from storage.values import VALUES, Moment

PART = 200  # rows deleted in one transaction, for which callers wait on SQLite
REST = 0.05  # seconds between two of them, in which callers come in
COUNTER = "pruned"

_BEFORE = bindparam("before", type_=Moment())
_AFTER: Any = bindparam("after")
_MOST: Any = bindparam("most", type_=Integer())


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is kept for a time: how many rows are too old, the next of them, and their end.

    `old` gives keys beyond `after`, in their order, at most so many; `start` lies before all of them.
    """

    count: Select[Any]
    old: Select[Any]
    gone: Delete
    start: object


def _kind(key: Column[Any], rows: Any, old: Any, start: object) -> Kind:
    page = select(key).select_from(rows).where(old, key > _AFTER).order_by(key).limit(_MOST)
    counted = select(func.count()).select_from(rows).where(old)
    return Kind(counted, page, delete(key.table).where(key.in_(VALUES), old_again(key)), start)


def old_again(key: Column[Any]) -> Any:
    """What else must still be true when a row is deleted, since it was found in another transaction."""
    return questions.c.done_at < _BEFORE if key.table is questions else key.is_not(None)


_YOUNG = receipts.alias()
_UNPROVEN = ~select(payloads.c.receipt_id).where(payloads.c.receipt_id == receipts.c.id).exists()
# Rows are numbered as they come: looked at from the oldest on, the young ones, which are most, are not read.
_FIRST_YOUNG = func.coalesce(
    select(func.min(_YOUNG.c.row)).where(_YOUNG.c.received_at >= _BEFORE).scalar_subquery(), 2**63 - 1
)
KINDS: Mapping[str, Kind] = {
    "payloads": _kind(
        payloads.c.receipt_id,
        payloads.join(receipts, payloads.c.receipt_id == receipts.c.id),
        receipts.c.received_at < _BEFORE,
        "",
    ),
    # One whose payload is still kept stays as long as that.
    "receipts": _kind(receipts.c.row, receipts, (receipts.c.row < _FIRST_YOUNG) & _UNPROVEN, 0),
    "questions": _kind(questions.c.id, questions, questions.c.done_at < _BEFORE, ""),
}
_LOOKED_UP = match_counts.c.hour < _BEFORE
_LOOKUPS = select(func.count()).select_from(match_counts).where(_LOOKED_UP)
_FORGOTTEN = delete(match_counts).where(_LOOKED_UP)

_ANCHORED = func.coalesce(select(func.max(audit_anchors.c.position)).scalar_subquery(), 0)
_FIRST_KEPT = select(func.min(audit.c.position)).where(audit.c.at >= _BEFORE).scalar_subquery()
_LAST = select(func.max(audit.c.position)).scalar_subquery()
_AUDIT = (
    select(func.count())
    .select_from(audit)
    .where(audit.c.position > _ANCHORED, audit.c.position < func.coalesce(_FIRST_KEPT, _LAST))
)
_COUNTS: Mapping[str, Any] = {
    "audit": _AUDIT,
    "lookups": _LOOKUPS,
    **{what: kind.count for what, kind in KINDS.items()},
}


class Retention:
    """The way to what is too old. Each call is one transaction, or several small ones. Raises Failed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, what: str, before: datetime) -> int:
        """How many rows of a kind are older; `audit` and `lookups` are kinds too."""
        query = _COUNTS[what]
        return int(database.read(self._engine, lambda it: it.scalar(query, {"before": before})) or 0)

    def prune(self, what: str, before: datetime) -> Iterator[int]:
        """Delete the rows of a kind that are older, a part with each step; gives how many it were."""
        kind, after = KINDS[what], KINDS[what].start
        while keys := self._old(kind, before, after):
            values = {"values": keys, "before": before}

            def work(connection: Connection, values: Mapping[str, Any] = values) -> int:
                return connection.execute(kind.gone, values).rowcount

            yield database.write(self._engine, work)
            after = keys[-1]
            time.sleep(REST)

    def forget_lookups(self, before: datetime) -> int:
        """Delete how often was asked who is who, in hours that are over."""
        return database.write(self._engine, lambda it: it.execute(_FORGOTTEN, {"before": before}).rowcount)

    def claim(self, now: datetime, since: datetime) -> bool:
        """Take the turn to prune, which nobody else then gets until another day; says whether it was had."""

        def work(connection: Connection) -> bool:
            moment = int(now.timestamp())
            new = INSERTS[connection.dialect.name](counters).values(name=COUNTER, last=0)
            connection.execute(new.on_conflict_do_nothing())
            mine = counters.c.name == COUNTER, counters.c.last <= int(since.timestamp())
            return bool(connection.execute(update(counters).where(*mine).values(last=moment)).rowcount)

        return database.write(self._engine, work)

    def _old(self, kind: Kind, before: datetime, after: object) -> list[Any]:
        values = {"before": before, "after": after, "most": PART}
        return list(database.read(self._engine, lambda it: it.scalars(kind.old, values).all()))
