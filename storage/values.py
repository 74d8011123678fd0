"""Values as statements take them: moments in UTC, parameters that many statements have, lists that are
not too long, and titles as they are searched by."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, DateTime, Dialect, TypeDecorator, bindparam

Value = TypeVar("Value", int, str, bytes)

CHUNK = 5_000  # values in one IN list: SQLite takes 32,766 parameters in a statement


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as UTC: SQLite forgets zones, and PostgreSQL answers in the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take what has a zone. Raises ValueError for what has none."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give it back in UTC."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


ROWS: BindParameter[int] = bindparam("rows", expanding=True)
VALUES: BindParameter[Any] = bindparam("values", expanding=True)
AT: BindParameter[datetime] = bindparam("at", type_=Moment())


def chunks(values: Collection[Value]) -> Iterator[list[Value]]:
    """All of them, in lists of `CHUNK` at most and in order: whoever locks, locks in the same order."""
    ordered = sorted(values)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


def title_key(title: str) -> str:
    """A title as it is compared: whatever the case, and however its letters are put together."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
