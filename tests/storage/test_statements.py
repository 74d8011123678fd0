"""Statements that are written out once say and give the same as those that SQLAlchemy runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    select,
)

from gateway.errors import Failed
from storage import Store, statements
from storage import engine as database
from storage.values import Moment

NOW = datetime(2027, 3, 10, 9, 30, 15, 250, tzinfo=UTC)
things = Table(
    "things",
    MetaData(),
    Column("row", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("at", Moment),
    Column("day", Date),
    Column("content", LargeBinary),
)
ALL = select(things).order_by(things.c.row)
SOME = select(things).where(things.c.name.in_(bindparam("names", expanding=True))).order_by(things.c.row)
KEPT = things.insert().inline()
RENAMED = things.update().where(things.c.name == bindparam("before")).values(name=bindparam("after"))
ROWS = [
    {"name": f"N{number}", "at": NOW, "day": NOW.date(), "content": bytes([number])} for number in range(5)
]
Run = Callable[..., statements.Answer]


@pytest.fixture
def tell(empty_store: Store) -> Run:
    """A function that runs a statement in a transaction of its own, on a database with some things."""
    engine = empty_store._engine

    def run(statement: Any, *values: statements.Values) -> statements.Answer:
        return database.write(
            engine,
            lambda connection: statements.run(
                connection.connection, engine.dialect.name, statement, values or ({},)
            ),
        )

    database.write(engine, things.metadata.create_all)
    run(KEPT, *ROWS)
    return run


def test_what_is_kept_comes_back(tell: Run, empty_store: Store) -> None:
    """Every type comes back as it was kept, and as SQLAlchemy reads it."""

    def plainly(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(ALL)]

    found = tell(ALL)
    assert [tuple(row) for row in found] == database.read(empty_store._engine, plainly)
    assert [row.name for row in found] == ["N0", "N1", "N2", "N3", "N4"]
    assert {(NOW, NOW.date())} == {(row.at, row.day) for row in found}


@pytest.mark.parametrize("names", [[], ["N3"], ["N1", "N2", "N4"], ["N9"], ["N0", "N1", "N2", "N3", "N4"]])
def test_a_list_finds_just_its_values(tell: Run, names: list[str]) -> None:
    """However many values a list has, also none, those are found and no others."""
    assert [name for name in names if name != "N9"] == [row.name for row in tell(SOME, {"names": names})]


def test_lists_of_some_sizes_are_written_out_once(tell: Run) -> None:
    """Five, six and seven values are one text: there are as many as there are powers of two."""
    before = statements._prepared.cache_info().misses
    for count in (5, 6, 7, 8):
        tell(SOME, {"names": [f"N{number}" for number in range(count)]})
    assert 1 >= statements._prepared.cache_info().misses - before


def test_changes_are_counted(tell: Run) -> None:
    """Of one statement with several values, all that were changed are counted."""
    values = [
        {"before": "N1", "after": "M1"},
        {"before": "N9", "after": "M9"},
        {"before": "N2", "after": "M2"},
    ]
    assert 2 == tell(RENAMED, *values).changed


def test_an_error_of_the_driver_is_one_of_ours(tell: Run) -> None:
    """What the driver says quotes the row: nothing of it is told."""
    with pytest.raises(Failed) as caught:
        tell(KEPT, {"name": None, "at": NOW, "day": None, "content": b"quoted"})
    assert "quoted" not in str(caught.value)
    assert caught.value.__cause__ is None
