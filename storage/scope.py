"""What one unit of work may touch: one provider's rows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table, Update, select, update

Values = Mapping[str, Any]


class Sealer(Protocol):
    """Who keeps the key: bytes go to disk sealed, and only its holder can read them back."""

    def seal(self, plain: bytes) -> bytes:
        """What may lie on disk."""

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One provider within one transaction: the only place where a query gets its provider id."""

    connection: Connection
    provider_id: str
    now: datetime
    writing: bool

    def select(self, table: Table) -> Select[Any]:
        """The provider's rows of `table`."""
        return select(table).where(table.c.provider_id == self.provider_id)

    def update(self, table: Table) -> Update:
        """A change to the provider's rows of `table`."""
        return update(table).where(table.c.provider_id == self.provider_id)

    def insert(self, table: Table, rows: Sequence[Values]) -> None:
        """Add rows to the provider's, all in one go."""
        if rows:
            owned = [{**row, "provider_id": self.provider_id} for row in rows]
            self.connection.execute(table.insert(), owned)
