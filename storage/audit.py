"""The audit log: rows are added in the transactions they tell of, and sealed into a chain afterwards.

Nothing changes a row but its sealing, once, and nothing deletes one but pruning from the front: triggers
refuse everything else. Who goes around them is found out by the chain (gateway/audit/).
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    delete,
    desc,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from gateway.records import AuditAnchor, AuditEntry, AuditLink, AuditRow, FailedAttempt
from storage import engine as database
from storage.scope import Scope, owning
from storage.tables import audit, audit_anchors, providers, users

T = TypeVar("T")
Link = Callable[[bytes, tuple[object, ...]], bytes]
"""The hash of a row's content behind the hash before it."""

START = AuditLink(0, bytes(32))
LOCK = 0x41554449  # any number, if all use the same: of all processes one seals
CONTENT = (
    "id",
    "provider_id",
    "at",
    "user",
    "operation",
    "outcome",
    "receipt_id",
    "trace_id",
    "records",
    "refused",
    "code",
    "source",
    "times",
)
"""What the hash of a row covers, in this order; its place is covered by the order of the chain."""

AFTER: Any = bindparam("after")
MOST: Any = bindparam("most")


def _stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value as it lies there: what a forger wrote into SQLite may be of no type of ours."""
    return type_coerce(column, NullType())


_UTC = func.to_char(func.timezone("UTC", audit.c.at), "YYYY-MM-DD HH24:MI:SS.US")
_AT = {"sqlite": _stored(audit.c.at), "postgresql": _UTC}  # the same text from both
_CONTENTS = {
    name: [(at if column == "at" else _stored(audit.c[column])).label(column) for column in CONTENT]
    for name, at in _AT.items()
}
_PLACE = (_stored(audit.c.position).label("position"), _stored(audit.c.hash).label("hash"))
_ROWS = {name: select(*_PLACE, *content) for name, content in _CONTENTS.items()}
_SEALED = {
    name: rows.where(audit.c.position > AFTER).order_by(audit.c.position).limit(MOST)
    for name, rows in _ROWS.items()
}
_UNSEALED = audit.c.position.is_(None)
_NEXT = {name: rows.where(_UNSEALED).order_by(audit.c.id).limit(MOST) for name, rows in _ROWS.items()}
_WAITING = select(audit.c.id).where(_UNSEALED).limit(1)
_REST = select(func.count()).select_from(audit).where(_UNSEALED)
_LAST = select(*_PLACE).where(audit.c.position.is_not(None)).order_by(desc(audit.c.position)).limit(1)
_PLACED = (
    update(audit)
    .where(audit.c.id == bindparam("row"), _UNSEALED)
    .values(position=bindparam("to"), hash=bindparam("by"))
)
_ANCHOR = select(audit_anchors).order_by(desc(audit_anchors.c.position)).limit(1)
_FIRST_KEPT = (
    select(audit.c.position)
    .where(audit.c.position > AFTER, audit.c.at >= bindparam("since", type_=audit.c.at.type))
    .order_by(audit.c.position)
    .limit(1)
)
_HASH = select(audit.c.hash).where(audit.c.position == bindparam("at"))
_PRUNED = delete(audit).where(audit.c.position <= bindparam("to"))
_NOTED = owning(audit)
_ENTRY = tuple(field.name for field in dataclasses.fields(AuditEntry))
_NOTHING_DONE = {"receipt_id": None, "records": 0, "refused": 0}


class Audit:
    """What happened, as one unit of work notes it: nothing here changes or deletes a row."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, entry: AuditEntry) -> None:
        """Append what happened; the row belongs to the unit's provider."""
        self._scope.run(_NOTED, {name: getattr(entry, name) for name in _ENTRY})


def end_of_chain(connection: Connection) -> AuditLink:
    """The end of the chain; of a log that was pruned to nothing, its anchor."""
    last = connection.execute(_LAST).one_or_none() or connection.execute(_ANCHOR).one_or_none()
    return AuditLink(last.position, last.hash) if last else START


class Trail:
    """The whole audit log, of all providers. Each call is one transaction.

    Raises StoreUnavailable, Busy, Failed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dialect = engine.dialect.name

    # --- adding ----------------------------------------------------------------------------------------

    def note(self, failed: Sequence[FailedAttempt]) -> None:
        """Append attempts that failed. Of providers and users only those that exist are named: what else
        was sent as one may be anything."""

        def work(connection: Connection) -> None:
            known = _Known(connection, {one.provider_id for one in failed if one.provider_id})
            connection.execute(audit.insert(), [_NOTHING_DONE | known.named(one) for one in failed])

        database.write(self._engine, work)

    # --- sealing ---------------------------------------------------------------------------------------

    def waiting(self) -> bool:
        """Whether any row is not sealed; this locks nothing and writes nothing."""
        return self._read(lambda connection: connection.scalar(_WAITING)) is not None

    def seal(self, link: Link, most: int) -> tuple[AuditLink, int]:
        """Append at most so many rows to the chain; gives its end and their number.

        Others may call it at the same time: on PostgreSQL all but one seal nothing, on SQLite they wait.
        """

        def work(connection: Connection) -> tuple[AuditLink, int]:
            if not self._alone(connection):
                return self._end(connection), 0
            with _lenient(connection):
                rows = connection.execute(_NEXT[self._dialect], {"most": most}).all()
            end, placed = self._end(connection), []
            for row in rows:
                end = AuditLink(end.position + 1, link(end.hash, tuple(row[2:])))
                placed.append({"row": row[2], "to": end.position, "by": end.hash})
            if placed:
                connection.execute(_PLACED, placed)
            return end, len(placed)

        return database.write(self._engine, work)

    def _alone(self, connection: Connection) -> bool:
        """Whether this transaction is the one that seals or prunes; who writes to SQLite always is."""
        if self._dialect == "sqlite":
            return True
        return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK))))

    def _end(self, connection: Connection) -> AuditLink:
        return end_of_chain(connection)

    # --- reading ---------------------------------------------------------------------------------------

    def end(self) -> AuditLink:
        """The end of the chain."""
        return self._read(self._end)

    def anchor(self) -> AuditAnchor | None:
        """Where the chain begins, if it was pruned."""
        row = self._read(lambda connection: connection.execute(_ANCHOR).one_or_none())
        return AuditAnchor(*row) if row else None

    def rows(self, after: int, most: int) -> list[AuditRow]:
        """The next sealed rows beyond a position, in the order of positions."""
        values = {"after": after, "most": most}

        def work(connection: Connection) -> list[AuditRow]:
            with _lenient(connection):
                found = connection.execute(_SEALED[self._dialect], values).all()
            return [AuditRow(position, hash, tuple(content)) for position, hash, *content in found]

        return self._read(work)

    def unsealed(self) -> int:
        """How many rows wait to be sealed."""
        return int(self._read(lambda connection: connection.scalar(_REST)) or 0)

    def recent(
        self,
        most: int,
        *,
        provider_id: str | None = None,
        operation: str | None = None,
        since: datetime | None = None,
    ) -> list[Mapping[str, object]]:
        """The newest rows that fit, the newest first, by the names of their columns."""
        query = _ROWS[self._dialect].order_by(desc(audit.c.id)).limit(most)
        if provider_id is not None:
            query = query.where(audit.c.provider_id == provider_id)
        if operation is not None:
            query = query.where(audit.c.operation == operation)
        if since is not None:
            query = query.where(audit.c.at >= since)

        def work(connection: Connection) -> list[Mapping[str, object]]:
            with _lenient(connection):
                return [dict(row._mapping) for row in connection.execute(query)]

        return self._read(work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        return database.read(self._engine, work)

    # --- pruning ---------------------------------------------------------------------------------------

    def prune(self, before: datetime, prove: Callable[[AuditLink], bytes], most: int) -> int:
        """Delete at most so many rows from the front that are older, all but the last; gives how many.

        What stays is anchored: `prove` signs the place of the last one that went.
        """

        def work(connection: Connection) -> int:
            if not self._alone(connection):
                return 0
            anchor = connection.execute(_ANCHOR).one_or_none()
            start = anchor.position if anchor else START.position
            values = {"after": start, "since": before}
            kept = connection.scalar(_FIRST_KEPT, values) or self._end(connection).position
            to = min(kept - 1, start + most)
            if to <= start:
                return 0
            place = AuditLink(to, connection.execute(_HASH, {"at": to}).scalar_one())
            anchored = {"position": to, "hash": place.hash, "proof": prove(place)}
            connection.execute(audit_anchors.insert(), anchored)
            return connection.execute(_PRUNED, {"to": to}).rowcount

        return database.write(self._engine, work)


class _Known:
    """The accounts there are of some providers."""

    def __init__(self, connection: Connection, named: Collection[str]) -> None:
        ids: Any = sorted(named)
        some = connection.scalars(select(providers.c.id).where(providers.c.id.in_(ids)))
        accounts = select(users.c.provider_id, users.c.user).where(users.c.provider_id.in_(ids))
        self._providers = set(some)
        self._users = {(row.provider_id, row.user) for row in connection.execute(accounts)}

    def named(self, failed: FailedAttempt) -> dict[str, Any]:
        """The columns of an attempt, in which nobody is named who does not exist."""
        provider = failed.provider_id if failed.provider_id in self._providers else None
        user = failed.user if (provider, failed.user) in self._users else None
        return dataclasses.asdict(failed) | {"provider_id": provider, "user": user}


@contextmanager
def _lenient(connection: Connection) -> Iterator[None]:
    """Read text from SQLite that is none: a row that cannot be read could be neither sealed nor named."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str
