"""What one unit of work may touch: one provider's rows, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Select, Table, Update, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from storage import statements
from storage.statements import Answer, Values

__all__ = ["INSERTS", "OWNER", "PROVIDER", "Owned", "Scope", "Values", "owned", "owning"]

OWNER, PROVIDER = "owner", "provider_id"

# What the two databases call alike, and SQLAlchemy does not.
INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Owned:
    """A statement that touches one provider's rows only; `key` is what its values call the provider."""

    statement: Executable
    key: str


def owned(statement: Select[Any] | Update, table: Table) -> Owned:
    """Bind a statement to a provider: the only place where a query gets its provider id."""
    return Owned(statement.where(table.c.provider_id == bindparam(OWNER)), OWNER)


@cache
def owning(table: Table) -> Owned:
    """New rows of a table, which belong to a provider from their first moment."""
    return Owned(table.insert().inline(), PROVIDER)  # nobody asks for the number it gets


@dataclass(frozen=True, slots=True)
class Scope:
    """One provider within one transaction. Statements are made once, when this package is loaded:
    to build one costs more than to run it."""

    connection: Connection
    provider_id: str
    now: datetime
    writing: bool

    def run(self, owned: Owned, *values: Values) -> Answer:
        """Run a statement for this scope's provider, once for each of the values."""
        bound = [{**each, owned.key: self.provider_id} for each in values or ({},)]
        return self.tell(owned.statement, bound)

    def tell(self, statement: Executable, values: Sequence[Values]) -> Answer:
        """Run a statement that is about no provider."""
        connection = self.connection
        return statements.run(connection.connection, connection.dialect.name, statement, values)

    def ask(self, query: Owned) -> Sequence[Any]:
        """The rows of a query that was built for this once, and has its values in it."""
        return self.connection.execute(query.statement, {query.key: self.provider_id}).all()

    def keep(self, table: Table, rows: Iterable[Values]) -> None:
        """Add rows, one at least and all of the same columns, which belong to this scope's provider."""
        self.run(owning(table), *rows)
