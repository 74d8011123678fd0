"""What tables have in common: their metadata, their numbered rows and owners, and partial indexes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER keys only


def row() -> Column[int]:
    """The number of a row, which the database gives."""
    return Column("row", ROW_NUMBER, primary_key=True)


def provider(*, key: bool = False) -> Column[str]:
    """Whose a row is."""
    return Column("provider_id", String, ForeignKey("providers.id"), nullable=False, primary_key=key)


def index_where(
    condition: ColumnElement[bool],
    name: str,
    table: Table,
    *columns: str | ColumnElement[str],
    unique: bool = False,
) -> None:
    """An index of those rows only that a condition is true of."""
    kept = (table.c[column] if isinstance(column, str) else column for column in columns)
    Index(name, *kept, unique=unique, sqlite_where=condition, postgresql_where=condition)


def living(table: FromClause) -> ColumnElement[bool]:
    """What was not deleted."""
    return table.c.deleted_at.is_(None)
