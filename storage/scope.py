"""What one unit of work may touch: one provider's rows, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Protocol

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Executable,
    LargeBinary,
    Select,
    Table,
    Update,
    bindparam,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

Values = Mapping[str, Any]
OWNER, PROVIDER = "owner", "provider_id"

_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]  # it has no types
}


class Sealer(Protocol):
    """Who keeps the key: bytes go to disk sealed, and only its holder can read them back."""

    def seal(self, plain: bytes) -> bytes:
        """What may lie on disk."""

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A statement that touches one provider's rows only; `key` is what its values call the provider."""

    statement: Executable
    key: str


def owned(statement: Select[Any] | Update, table: Table) -> Owned:
    """Bind a statement to a provider: the only place where a query gets its provider id."""
    return Owned(statement.where(table.c.provider_id == bindparam(OWNER)), OWNER)


def owning(table: Table) -> Owned:
    """New rows of a table, which belong to a provider from their first moment."""
    return Owned(table.insert(), PROVIDER)


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of a table, as a driver takes them; `spelled` are the columns it does not take as they are."""

    statement: str
    spelled: tuple[tuple[str, Callable[[Any], Any]], ...]


@cache
def _insert(table: Table, names: tuple[str, ...], database: str) -> Insert:
    dialect = _DIALECTS[database]
    statement = str(table.insert().compile(dialect=dialect, column_keys=names))
    types = {name: table.c[name].type for name in names}
    spelling = {
        name: type.dialect_impl(dialect).bind_processor(dialect)
        for name, type in types.items()
        if not isinstance(type, LargeBinary)  # bytes are bytes
    }
    # Mostly it is the same moment or day again.
    spelled = ((name, lru_cache(256)(spell)) for name, spell in spelling.items() if spell)
    return Insert(statement, tuple(spelled))


@dataclass(frozen=True, slots=True)
class Scope:
    """One provider within one transaction. Statements are made once, when this package is loaded:
    to build one costs more than to run it."""

    connection: Connection
    provider_id: str
    now: datetime
    writing: bool

    def run(self, owned: Owned, *values: Values) -> CursorResult[Any]:
        """Run a statement for this scope's provider, once for each of the values."""
        bound = [{**each, owned.key: self.provider_id} for each in values or ({},)]
        return self.connection.execute(owned.statement, bound if len(bound) > 1 else bound[0])

    def keep(self, table: Table, rows: Iterable[Values]) -> None:
        """Add rows, one at least and all of the same columns, which belong to this scope's provider.

        They go straight to the driver: to have them prepared took longer than to keep them.
        """
        bound = [{**row, PROVIDER: self.provider_id} for row in rows]
        insert = _insert(table, tuple(bound[0]), self.connection.dialect.name)
        for name, spell in insert.spelled:
            for row in bound:
                row[name] = spell(row[name])
        self.connection.exec_driver_sql(insert.statement, bound)
