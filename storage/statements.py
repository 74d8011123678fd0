"""Statements as the drivers take them: written out once, then run without anything in between.

SQLAlchemy writes every statement, and knows how each column is spelled and read. To have it run one that
it has run before takes longer than the database does for it, and a call runs ten.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Dialect, Executable, LargeBinary
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
Spell = Callable[[Any], Any]

DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]  # it has no types
}
_NAMES = {"sqlite": ":{}", "postgresql": "%({})s"}
_LIST = "__[POSTCOMPILE_{}]"
"""What SQLAlchemy writes where the values of a list are to come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: rows by the names of their columns, or how many it changed."""

    rows: Sequence[Any]
    changed: int

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def one(self) -> Any:
        """Its only row."""
        (row,) = self.rows
        return row

    def one_or_none(self) -> Any:
        """Its only row, if there is one."""
        return self.one() if self.rows else None

    def firsts(self) -> list[Any]:
        """The first column of all rows."""
        return [row[0] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement written out: `given` are the values it brings along, `spelled` those that the driver
    does not take as they are, `lists` the names of each list's values, `read` the columns that it does
    not give as they are."""

    text: str
    given: Values
    spelled: tuple[tuple[str, Spell], ...]
    lists: Mapping[str, tuple[str, ...]]
    row: Callable[[Iterable[Any]], Any] | None
    read: tuple[tuple[int, Spell], ...]

    def bound(self, values: Values) -> dict[str, Any]:
        """Values as the driver takes them."""
        bound = {**self.given, **values}
        for name, spell in self.spelled:
            bound[name] = spell(bound[name])
        for name, places in self.lists.items():
            some = bound.pop(name)
            last = (some[-1:] or [None]) * (len(places) - len(some))  # the same once more changes nothing
            bound.update(zip(places, (*some, *last), strict=True))
        return bound

    def rows(self, cursor: Any) -> list[Any]:
        """What a statement that was run gives."""
        if self.row is None:
            return []
        if not self.read:
            return list(map(self.row, cursor.fetchall()))
        return [self.row(self._read(row)) for row in cursor.fetchall()]

    def _read(self, row: Sequence[Any]) -> list[Any]:
        cells = list(row)
        for place, read in self.read:
            cells[place] = read(cells[place])
        return cells


class Driver(Protocol):
    """A connection of a driver, whose errors are what `run` raises."""

    def cursor(self) -> Any:
        """Something to run statements with."""


def run(driver: Driver, database: str, statement: Executable, values: Sequence[Values]) -> Answer:
    """Run a statement that is made once and kept, within the transaction of a connection, once for each of
    the values, which are all of the same names. Raises the driver's errors.
    """
    lists = tuple((name, _size(value)) for name, value in values[0].items() if isinstance(value, list))
    prepared = _prepared(statement, tuple(values[0]), lists, database)
    cursor = driver.cursor()
    try:
        if len(values) == 1:
            cursor.execute(prepared.text, prepared.bound(values[0]))
        else:
            cursor.executemany(prepared.text, [prepared.bound(one) for one in values])
        return Answer(prepared.rows(cursor), cursor.rowcount)
    finally:
        cursor.close()


def _size(values: list[Any]) -> int:
    """How many places a list gets: so few sizes there are that each is written out but once."""
    return 1 << max(0, len(values) - 1).bit_length()


@lru_cache(1024)
def _prepared(
    statement: Executable, names: tuple[str, ...], sizes: tuple[tuple[str, int], ...], database: str
) -> Prepared:
    dialect = DIALECTS[database]
    compiled = statement.compile(dialect=dialect, column_keys=names)  # type: ignore[attr-defined]  # all have it
    assert isinstance(compiled, SQLCompiler)
    lists = {name: tuple(f"{name}_{place}" for place in range(size)) for name, size in sizes}
    text = str(compiled)
    for name, places in lists.items():
        text = text.replace(_LIST.format(name), ", ".join(map(_NAMES[database].format, places)))
    columns = getattr(statement, "exported_columns", ())
    spelling = ((name, _spelling(bind.type, dialect)) for bind, name in compiled.bind_names.items())
    reading = ((place, _reading(column.type, dialect)) for place, column in enumerate(columns))
    return Prepared(
        text=text,
        given={name: value for name, value in compiled.params.items() if name not in names},
        spelled=tuple((name, spell) for name, spell in spelling if spell and name not in lists),
        lists=lists,
        row=_row([column.key for column in columns]) if columns else None,
        read=tuple((place, read) for place, read in reading if read),
    )


def _spelling(type: TypeEngine[Any], dialect: Dialect) -> Spell | None:
    """How a value is told a driver, if not as it is."""
    if isinstance(type, LargeBinary):  # bytes are bytes
        return None
    spell = type.dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(256)(spell) if spell else None  # mostly it is the same moment or day again


def _reading(type: TypeEngine[Any], dialect: Dialect) -> Spell | None:
    """How a value is made of what a driver gives, if it is not the same."""
    if isinstance(type, LargeBinary):
        return None
    return type.dialect_impl(dialect).result_processor(dialect, None)


def _row(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    make: Callable[[Iterable[Any]], Any] = getattr(namedtuple("Row", names, rename=True), "_make")  # noqa: B009  mypy knows no fields that are not written out
    return make
