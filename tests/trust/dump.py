"""The database as its owner would tell of it: sorted, without times and without numbers of its own making."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, create_engine, text

URLS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}


@dataclass
class Dump:
    """What lives in a database, and whether it is sound; each record with all its values, for it may
    lie there more than once."""

    records: dict[str, list[str]] = field(default_factory=dict)
    receipts: dict[str, str | None] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)
    taken_twice: list[str] = field(default_factory=list)
    unasked: int = 0
    unsound: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """The same for two databases that hold the same."""
        return hashlib.sha256(json.dumps(sorted(self.records.items())).encode()).hexdigest()


def dump(url: str) -> Dump:
    """Read a database of the gateway."""
    scheme, _, rest = url.partition(":")
    engine = create_engine(f"{URLS[scheme]}:{rest}")
    try:
        with engine.connect() as connection:
            return _dump(connection, sqlite=scheme == "sqlite")
    finally:
        engine.dispose()


def _dump(connection: Connection, *, sqlite: bool) -> Dump:
    told, records = Dump(), defaultdict[str, list[str]](list)
    for own_id, title in _rows(
        connection, "provider_activity_id, title FROM activities WHERE deleted_at IS NULL"
    ):
        records[f"activity {own_id}"].append(title)
    for (credit_id,) in _rows(connection, "credit_id FROM credits WHERE deleted_at IS NULL"):
        records[f"credit {credit_id}"].append("held")
    told.records = {name: sorted(values) for name, values in sorted(records.items())}
    told.receipts = dict(_rows(connection, "id, submission_key FROM receipts"))
    told.proven = {row[0] for row in _rows(connection, "receipt_id FROM audit")}
    told.taken_twice = [
        f"{key}: {count} receipts"
        for key, count in _rows(
            connection,
            "submission_key, count(*) FROM receipts WHERE submission_key IS NOT NULL "
            "AND outcome <> 'Failure' GROUP BY submission_key, operation HAVING count(*) > 1",
        )
    ]
    told.unasked = _unasked(connection)
    told.unsound = _unsound(connection) if sqlite else []
    return told


def _unasked(connection: Connection) -> int:
    """Credits of boards that nothing was enqueued for: neither may ever be kept without the other."""
    asked = {row for (rows,) in _rows(connection, "credits FROM questions") for row in json.loads(rows)}
    return sum(row not in asked for (row,) in _rows(connection, "row FROM credits WHERE board IS NOT NULL"))


def _unsound(connection: Connection) -> list[str]:
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    return found + [
        f"foreign key of {row[0]}" for row in connection.execute(text("PRAGMA foreign_key_check"))
    ]


def _rows(connection: Connection, what: str) -> list[Any]:
    return list(connection.execute(text(f"SELECT {what}")))
