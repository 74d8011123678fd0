"""What an activity costs in process beside its floor: goal P3.

    python -m bench.floors [--postgresql] [--calls N]

The floor is to parse the same call, to hold its record to its XSD, and to commit the same rows by the
driver alone. Both take turns call by call, each on a database of its own, and the waiting for the disk
counts: what is told is the middle of all.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from lxml import etree
from sqlalchemy import create_engine

from bench import activities
from bench.stages import post
from bench.templates import POSTGRESQL, SQLITE, accounted
from gateway import assembly
from gateway.application import Application

AIM = 2.0
CALLS, QUICK = 600, 60
TABLES = ("activities", "receipts", "payloads", "audit")
NUMBERED = {"activities": "row", "receipts": "row", "audit": "id"}
OWN = {"activity_id", "provider_activity_id", "receipt_id", "id"}
"""What is another one in each row."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of a call, and of its floor."""

    kind: str
    ours: float
    floor: float

    @property
    def ratio(self) -> float:
        """How many floors a call takes."""
        return self.ours / self.floor

    @property
    def reached(self) -> bool:
        """Whether the aim is."""
        return self.ratio <= AIM

    def line(self) -> str:
        """What is told of it."""
        verdict = "reached" if self.reached else "missed"
        return (
            f"P3 on {self.kind}: {self.ours * 1e6:,.0f} us a call, floor {self.floor * 1e6:,.0f} us,"
            f" ratio {self.ratio:.2f}, aim {AIM:.0f}: {verdict}"
        )


def measure(kind: str, calls: int) -> Outcome:
    """One run."""
    with accounted(kind) as ours, accounted(kind) as other:
        application = assembly.application(ours)
        post(application, activities.call(0))
        with _driver(ours.database) as known, _driver(other.database) as driver:
            floor = _floor(application, driver, _rows(known))
            both = [
                (_seconds(partial(post, application, body)), _seconds(partial(floor, body)))
                for body in map(activities.call, range(1, calls + 1))
            ]
        application.gateway.store.close()  # type: ignore[attr-defined]  # the one of the assembly has it
    return Outcome(kind, *(statistics.median(one) for one in zip(*both, strict=True)))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextmanager
def _driver(url: str) -> Iterator[Any]:
    """A connection of the driver, set up as ours are."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with closing(engine.raw_connection()) as pooled:
        if engine.dialect.name == "sqlite":
            pooled.driver_connection.isolation_level = None  # type: ignore[union-attr]  # it is connected
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                pooled.driver_connection.execute(f"PRAGMA {pragma}").fetchall()  # type: ignore[union-attr]
        yield pooled.driver_connection
    engine.dispose()


def _rows(driver: Any) -> dict[str, dict[str, Any]]:
    """The rows that a call leaves, by table."""
    rows = {}
    for table in TABLES:
        cursor = driver.execute(f"SELECT * FROM {table}")  # noqa: S608  our own words
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchall()[-1], strict=True))
        row.pop(NUMBERED.get(table, ""), None)
        rows[table] = row
    driver.rollback()
    return rows


def _floor(application: Application, driver: Any, rows: dict[str, dict[str, Any]]) -> Callable[[bytes], None]:
    version = application.gateway.reader.named("activity", "2.0")
    sqlite = type(driver).__module__.startswith("sqlite3")
    mark = "?" if sqlite else "%s"
    inserts = {
        table: f"INSERT INTO {table} ({', '.join(f'{chr(34)}{name}{chr(34)}' for name in row)})"  # noqa: S608  our own words
        f" VALUES ({', '.join([mark] * len(row))})"
        for table, row in rows.items()
    }
    numbers = iter(range(10**9))

    def floor(body: bytes) -> None:
        root = etree.fromstring(body)
        assert all(version.judge._validator.validate(record) for record in root.iter(version.record))
        own = str(next(numbers))
        if sqlite:
            driver.execute("BEGIN IMMEDIATE")
        driver.execute("UPDATE counters SET last = last + 1 WHERE name = 'activity'")
        for table, row in rows.items():
            driver.execute(inserts[table], [own if name in OWN else value for name, value in row.items()])
        driver.commit()

    return floor


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    options = parser.parse_args(arguments)
    outcome = measure(POSTGRESQL if options.postgresql else SQLITE, options.calls)
    sys.stdout.write(f"{outcome.line()}\n")
    return 0 if outcome.reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
