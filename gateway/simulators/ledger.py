"""What the simulated boards have on record, in a file that outlives them and that a judge can read.

No personal value is written: a reference is the sender's own number, and what makes two records the
same credit is kept as a keyed digest.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from gateway.simulators.magic import Reason, Record

TABLES = """
CREATE TABLE IF NOT EXISTS records (
  board TEXT, reference TEXT, received INTEGER, verdict TEXT, reason TEXT, effective INTEGER,
  times_effective INTEGER, withdrawals INTEGER, mark BLOB, PRIMARY KEY (board, reference)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS twins ON records (mark) WHERE effective;
CREATE TABLE IF NOT EXISTS tickets (ticket TEXT PRIMARY KEY, board TEXT, told TEXT);
CREATE TABLE IF NOT EXISTS secret (value BLOB);
"""
COLUMNS = ("reference", "received", "verdict", "reason", "effective", "times_effective", "withdrawals")
ACCEPTED, REJECTED = "accepted", "rejected"

Told = tuple[str, str | None, float]
"""What a ticket keeps of a record: its reference, the oddity of its answer, and when it is decided, in
seconds of the system's clock."""


@dataclass(slots=True)
class Entry:
    """What a board holds of one reference.

    `received` counts the reports of it, answered or not; `effective` says whether it counts for the
    learner now, and `times_effective` how often it began to, which is at most once.
    """

    reference: str
    received: int = 0
    verdict: str | None = None
    reason: str | None = None
    effective: bool = False
    times_effective: int = 0
    withdrawals: int = 0
    mark: bytes = b""

    def accept(self) -> None:
        """Let it count."""
        self.verdict, self.effective = ACCEPTED, True
        self.times_effective += 1

    def reject(self, reason: Reason) -> None:
        """Let it not count, for a reason."""
        self.verdict, self.reason = REJECTED, str(reason)


_values = attrgetter(*COLUMNS, "mark")


@dataclass(slots=True)
class Page:
    """The entries of one call, by reference, and who holds which mark; kept when the call is over."""

    entries: dict[str, Entry] = field(default_factory=dict)
    holders: dict[bytes, str] = field(default_factory=dict)


class Ledger:
    """The file of all boards. It is safe from the death of this process, not from a power cut."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=30)
        try:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=OFF")
            self._database.executescript(TABLES)
            self._secret = self._kept_secret()
        except BaseException:  # it is something else, or the disk is full
            self._database.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def mark(self, board: str, record: Record) -> bytes:
        """What two reports of the same credit have in common: learner, activity and credit type."""
        said = "\0".join((board, record.board_id, record.activity_id, record.credit_type))
        return hashlib.blake2b(said.encode(), key=self._secret, digest_size=16).digest()

    @contextmanager
    def page(self, board: str, references: Iterable[str], marks: Collection[bytes] = ()) -> Iterator[Page]:
        """Open a board's entries for a call, new ones included, and keep what the call makes of them.

        One call at a time: it is one transaction.
        """
        with self._lock, self._transaction():
            page = self._opened(board, list(dict.fromkeys(references)), marks)
            yield page
            self._database.executemany(
                "INSERT OR REPLACE INTO records VALUES (?,?,?,?,?,?,?,?,?)",
                [(board, *_values(entry)) for entry in page.entries.values()],
            )

    def keep_ticket(self, board: str, told: Sequence[Told]) -> str:
        """Give a ticket for what will be told of some references; it outlives the process."""
        ticket = secrets.token_hex(8)
        row = (ticket, board, json.dumps(told))
        with self._lock:
            self._database.execute("INSERT INTO tickets VALUES (?,?,?)", row)
        return ticket

    def ticket(self, board: str, ticket: str) -> list[Told] | None:
        """What a ticket is for; None where it was never given."""
        sql = "SELECT told FROM tickets WHERE ticket = ? AND board = ?"
        with self._lock:
            row = self._database.execute(sql, (ticket, board)).fetchone()
        return [tuple(told) for told in json.loads(row[0])] if row else None

    def dump(self) -> list[dict[str, Any]]:
        """Every reference of every board, in order."""
        with self._lock:
            return _dump(self._database)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _opened(self, board: str, references: list[str], marks: Collection[bytes]) -> Page:
        names = ",".join(COLUMNS)
        rows = self._database.execute(
            f"SELECT {names}, mark FROM records WHERE board = ?"  # noqa: S608  our own words
            " AND reference IN (SELECT value FROM json_each(?))",
            (board, json.dumps(references)),
        )
        known = {row[0]: Entry(*row) for row in rows}
        places = ",".join("?" * len(marks))
        twins = self._database.execute(
            f"SELECT mark, reference FROM records WHERE effective AND mark IN ({places})",  # noqa: S608  our own
            tuple(marks),
        )
        return Page({name: known.get(name) or Entry(name) for name in references}, dict(twins.fetchall()))

    def _kept_secret(self) -> bytes:
        with self._transaction():
            row = self._database.execute("SELECT value FROM secret").fetchone()
            value: bytes = row[0] if row else secrets.token_bytes(32)
            if row is None:
                self._database.execute("INSERT INTO secret VALUES (?)", (value,))
        return value


def read(path: Path | str) -> list[dict[str, Any]]:
    """What stands in a ledger's file, also while a board writes in it or after it died."""
    database = sqlite3.connect(str(path), timeout=30)
    try:
        return _dump(database)
    finally:
        database.close()


def _dump(database: sqlite3.Connection) -> list[dict[str, Any]]:
    names = ("board", *COLUMNS)
    sql = f"SELECT {','.join(names)} FROM records ORDER BY board, reference"  # noqa: S608  our own words
    rows = [dict(zip(names, row, strict=True)) for row in database.execute(sql)]
    return [{**row, "effective": bool(row["effective"])} for row in rows]
