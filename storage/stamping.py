"""Filling the copies that activities are searched by, for what was kept before there were such copies.

A migration cannot: they follow from the record and from the life cycle, which change.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, Engine, bindparam, select, update

from gateway.records import Activity
from storage import engine as database
from storage.repositories import Lasting, searchable, stored_activity
from storage.tables import activities, living

CHUNK = 1_000

_UNSTAMPED = (
    select(activities.c.row, activities.c.content)
    .where(living(activities), activities.c.complete.is_(None))
    .order_by(activities.c.row)
    .limit(CHUNK)
)
_STAMPED = update(activities).where(activities.c.row == bindparam("at"))


def stamp(engine: Engine, lasting: Callable[[Activity], Lasting]) -> None:
    """Fill them in chunks, a transaction each, so that a killed run goes on where it was. Raises
    StoreUnavailable, Busy, Failed."""
    while database.write(engine, partial(_stamp, lasting=lasting)) == CHUNK:
        pass


def _stamp(connection: Connection, lasting: Callable[[Activity], Lasting]) -> int:
    rows = connection.execute(_UNSTAMPED).all()
    copies = [{"at": row.row, **searchable(stored_activity(row.content), lasting)} for row in rows]
    if copies:
        connection.execute(_STAMPED, copies)
    return len(copies)
