"""What one unit of work may touch: one provider's rows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Executable, Select, Table, Update, bindparam

Values = Mapping[str, Any]
OWNER = "owner"


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
    return Owned(table.insert(), "provider_id")


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
