"""The register of learners, as keyed hashes: looking people up, counting who asks, and loading it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Select,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from gateway.errors import Failed
from gateway.records import Enrolment, KeyKind, Loaded, Registered
from storage import engine as database
from storage.scope import INSERTS, PROVIDER, Owned, Scope
from storage.tables import match_counts, register
from storage.values import VALUES, chunks

CACHE = "PRAGMA cache_size = -131072"  # KiB: a load touches pages all over its indexes

_KEYS = {
    KeyKind.LICENCE: register.c.licence_key,
    KeyKind.NPI: register.c.npi_key,
    KeyKind.BOARD: register.c.board_key,
    KeyKind.FORM: register.c.form_key,
}
_COMPARED = register.c.person, register.c.family, register.c.given, register.c.first, register.c.birthday


def _binary(statement: Any) -> str:
    """A statement as psycopg takes it, its arrays in binary: as text they took longer than the query."""
    dialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # it has no types
    return str(statement.compile(dialect=dialect)).replace("%s", "%b")


@dataclass(frozen=True, slots=True)
class _Among:
    """A query for the rows whose key is one of many: a list for SQLite, one array for PostgreSQL."""

    listed: Select[Any]
    array: str

    def ask(self, connection: Connection, values: Sequence[bytes]) -> Iterator[Any]:
        """The rows of these values, with so many in one question as a database takes."""
        for part in chunks(values):
            if connection.dialect.name == "sqlite":
                yield from connection.execute(self.listed, {"values": part}).all()
            else:
                yield from connection.exec_driver_sql(self.array, (part,)).all()


def _among(key: ColumnElement[bytes], *columns: ColumnElement[Any]) -> _Among:
    query, many = select(*columns), bindparam("values", type_=postgresql.ARRAY(LargeBinary))
    listed = query.where(key.in_(VALUES))
    return _Among(listed, _binary(query.where(key == any_(many))))


_FOUND = {kind: _among(key, key, *_COMPARED) for kind, key in _KEYS.items()}


def _spending(insert: Any) -> Owned:
    """Counts added to those of the hour, if there are any."""
    new = insert(match_counts)
    counts = match_counts.c.lookups, match_counts.c.misses
    added = {count.name: count + new.excluded[count.name] for count in counts}
    hour = [match_counts.c.provider_id, match_counts.c.hour]
    return Owned(new.on_conflict_do_update(index_elements=hour, set_=added).returning(*counts), PROVIDER)


_SPENT = {dialect: _spending(insert) for dialect, insert in INSERTS.items()}


class Register:
    """Who is who; the register is everybody's, the counts are the provider's own."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def find(self, keys: Collection[bytes]) -> dict[bytes, list[Registered]]:
        """The rows that have one of these keys, by key: one query a kind of key, by its first byte."""
        found: dict[bytes, list[Registered]] = {}
        by_kind: dict[int, list[bytes]] = {}
        for key in sorted(set(keys)):  # in the order of the index
            by_kind.setdefault(key[0], []).append(key)
        for kind, sought in by_kind.items():
            for row in _FOUND[KeyKind(kind)].ask(self._scope.connection, sought):
                found.setdefault(row[0], []).append(Registered(*row[1:]))
        return found

    def spend(self, lookups: int, misses: int) -> tuple[int, int]:
        """Add to what the provider asked in this hour, and give its lookups and misses so far.

        Only a unit that writes can count, and one that is rolled back has counted nothing. Raises
        Failed in one that reads.
        """
        if not self._scope.writing:
            raise Failed("What is asked of the register is counted in a transaction that writes.")
        hour = self._scope.now.replace(minute=0, second=0, microsecond=0)
        spent = _SPENT[self._scope.connection.dialect.name]
        row = self._scope.run(spent, {"hour": hour, "lookups": lookups, "misses": misses}).one()
        return row.lookups, row.misses


# --- loading -----------------------------------------------------------------------------------------

_COLUMNS = tuple(column.name for column in register.c)
_values = attrgetter(*_COLUMNS)
_STORED = _among(register.c.id, *register.c)
# Hashes fall everywhere in an index: row by row they cost more than to make it at the end.
_SCATTERED = [index for index in register.indexes if index.name != "ix_register_person"]


def _keeping(new: Any) -> Any:
    changed = {name: new.excluded[name] for name in _COLUMNS if name != "id"}
    return new.on_conflict_do_update(index_elements=[register.c.id], set_=changed)


def _arrays() -> Select[Any]:
    """Rows out of an array for each column."""
    arrays = (bindparam(column.name, type_=postgresql.ARRAY(column.type)) for column in register.c)
    return select(func.unnest(*arrays).table_valued(*_COLUMNS).render_derived())


# As the drivers take them: to have a million rows prepared took longer than to keep them.
_KEPT_ROWS = str(_keeping(sqlite.insert(register)).compile(dialect=sqlite.dialect(paramstyle="qmark")))
_KEPT_ARRAYS = _binary(_keeping(postgresql.insert(register).from_select(_COLUMNS, _arrays())))


class Loading:
    """The way into the register, beside a running gateway: each chunk is a transaction of its own.

    To be entered before and left after: while nobody is in the register yet there are no indexes to
    keep up. Raises StoreUnavailable, Busy, Failed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Loading:
        database.write(self._engine, _unindex)
        return self

    def keep(self, rows: Sequence[Enrolment]) -> Loaded:
        """Add what is new and replace what changed; the later of two rows of one id counts."""
        return database.write(self._engine, lambda connection: _keep(connection, rows))

    def __exit__(self, *error: object) -> None:
        """Make the indexes that are missing, also those an earlier load was stopped before making."""
        for index in _SCATTERED:
            database.write(self._engine, partial(index.create, checkfirst=True))
        if self._engine.dialect.name == "postgresql":
            database.write(self._engine, lambda connection: connection.execute(text("ANALYZE register")))


def _unindex(connection: Connection) -> None:
    if connection.execute(select(register.c.id).limit(1)).first():
        return
    for index in _SCATTERED:
        index.drop(connection, checkfirst=True)


def _keep(connection: Connection, rows: Sequence[Enrolment]) -> Loaded:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(CACHE)
    known = _known(connection, rows)
    changing: dict[bytes, tuple[Any, ...]] = {}
    added = changed = 0
    for row in rows:
        values = _values(row)
        before = known.get(row.id)
        if before == values:
            continue
        added, changed = added + (before is None), changed + (before is not None)
        known[row.id] = changing[row.id] = values
    if changing:
        _change(connection, [*changing.values()])
    return Loaded(added, changed, len(rows) - added - changed)


def _change(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_KEPT_ROWS, rows)
    else:
        connection.exec_driver_sql(_KEPT_ARRAYS, tuple(map(list, zip(*rows, strict=True))))


def _known(connection: Connection, rows: Sequence[Enrolment]) -> dict[bytes, tuple[Any, ...]]:
    ids = sorted({row.id for row in rows})
    return {row[0]: tuple(row) for row in _STORED.ask(connection, ids)}
