"""What was first reported in an old payload version, for all providers: to be migrated."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, bindparam, func, select

from gateway.records import KeptActivity
from storage import engine as database
from storage.repositories import stored_activity
from storage.tables import activities, living

_AFTER: Any = bindparam("after")
_MOST: Any = bindparam("most")
_OLD = (living(activities), activities.c.born == bindparam("born"))
_SIZE = select(func.count()).select_from(activities).where(*_OLD)
_PAGE = (
    select(activities.c.row, activities.c.provider_id, activities.c.content)
    .where(*_OLD, activities.c.row > _AFTER)
    .order_by(activities.c.row)
    .limit(_MOST)
)


class Legacy:
    """The way to activities that were first reported in one payload version, whoever reported them.

    Each call is one reading transaction. Raises StoreUnavailable, Busy, Failed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def size(self, born: str) -> int:
        """How many there are."""
        counted = database.read(self._engine, lambda connection: connection.scalar(_SIZE, {"born": born}))
        return int(counted or 0)

    def page(self, born: str, after: int, most: int) -> list[KeptActivity]:
        """The next ones beyond a row, in the order of rows."""
        values = {"born": born, "after": after, "most": most}
        rows = database.read(self._engine, lambda connection: connection.execute(_PAGE, values).all())
        return [KeptActivity(row.row, row.provider_id, stored_activity(row.content)) for row in rows]
