"""What is kept for a time only: how long, in which order, by whom, and what the command says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command import run_command

from gateway import assembly
from gateway.audit import Chain
from gateway.retention import EVERY, Daily, Pruning, Spans
from gateway.settings import Settings

NOW = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
SPANS = Spans.of(payload_days=30, receipt_months=84, key_months=13, question_days=90, audit_months=84)


class Shelf:
    """A store that has five rows of everything that is older than a moment, in parts of two."""

    def __init__(self) -> None:
        self.told: list[tuple[str, datetime]] = []
        self.turn: datetime | None = None

    def count(self, what: str, before: datetime) -> int:
        """Five of each."""
        return 5

    def prune(self, what: str, before: datetime = NOW, *_: object) -> Iterator[int]:
        """In parts."""
        self.told.append((what, before))
        yield from (2, 2, 1)

    def forget_lookups(self, before: datetime) -> int:
        """At once."""
        self.told.append(("lookups", before))
        return 5

    def claim(self, now: datetime, since: datetime) -> bool:
        """Once a day."""
        if self.turn is not None and self.turn > since:
            return False
        self.turn = now
        return True


class Log:
    """An audit log of five old rows."""

    def __init__(self, shelf: Shelf) -> None:
        self.parts = [2, 2, 1, 0]
        self.shelf = shelf

    def prune(self, before: datetime, prove: object, most: int) -> int:
        """A part."""
        self.shelf.told.append(("audit", before))
        return self.parts.pop(0)


class Doorkeeper:
    """Who knows attempts to get in."""

    def prunable(self) -> int:
        """Three."""
        return 3

    def prune(self) -> int:
        """Three."""
        return 3


@pytest.fixture
def shelf() -> Shelf:
    """What is kept."""
    return Shelf()


@pytest.fixture
def pruning(shelf: Shelf) -> Pruning:
    """What prunes it."""
    return Pruning(shelf, Log(shelf), Doorkeeper(), Chain(lambda _: bytes(32)), SPANS)  # type: ignore[arg-type]


def test_each_kind_has_its_span(pruning: Pruning, shelf: Shelf) -> None:
    """Payloads go before the receipts they belong to, and everything is counted."""
    told = pruning.prune(NOW)
    rows = {one.what: one.rows for one in told}
    assert {
        "attempts": 3,
        **dict.fromkeys(("payloads", "receipts", "questions", "audit", "lookups"), 5),
    } == rows
    assert ("payloads", NOW - timedelta(days=30)) == shelf.told[0]
    assert ("receipts", NOW - timedelta(days=31 * 84)) == shelf.told[1]
    assert ("questions", NOW - timedelta(days=90)) in shelf.told


def test_a_dry_run_deletes_nothing(pruning: Pruning, shelf: Shelf) -> None:
    """It tells the same kinds in the same order."""
    due = pruning.due(NOW)
    assert [] == shelf.told
    assert [one.what for one in due] == [one.what for one in pruning.prune(NOW)]


def test_a_receipt_outlives_its_key() -> None:
    """Whatever is set: a key that is not answered any more would let a resent call in twice."""
    spans = Spans.of(payload_days=30, receipt_months=1, key_months=13, question_days=90, audit_months=84)
    assert timedelta(days=31 * 13) == spans.receipts


def test_pruning_ends_when_told_to(pruning: Pruning, shelf: Shelf) -> None:
    """In the middle of a kind: a server that stops does not wait for it."""
    told = pruning.prune(NOW, go_on=lambda: False)
    assert [("payloads", 2)] == [(one.what, one.rows) for one in told]


def test_it_is_done_once_a_day(pruning: Pruning, shelf: Shelf) -> None:
    """By one process: the other finds that it was done."""
    moments = [NOW, NOW, NOW + EVERY]
    first, second = (Daily(pruning, shelf, lambda: moments[0]) for _ in range(2))
    assert first.round()
    moments.pop(0)
    assert [] == second.round()


def test_the_thread_ends_at_once(pruning: Pruning, shelf: Shelf) -> None:
    """Also where it never began."""
    daily = Daily(pruning, shelf, lambda: NOW)
    daily.stop()
    daily = Daily(pruning, shelf, lambda: NOW)
    daily.start()
    daily.stop()
    assert [] == shelf.told


def test_the_command_shows_a_table(tmp_path: Path) -> None:
    """What, older than when, and how many rows: with --dry-run what would be deleted."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'g.db'}", key_file=str(tmp_path / "g.key"))
    assembly.migrate(settings)
    environment = {"CME_GATEWAY_DATABASE": settings.database, "CME_GATEWAY_KEY_FILE": settings.key_file}
    dry = run_command(tmp_path, "prune", "--dry-run", environment=environment)
    wet = run_command(tmp_path, "prune", environment=environment)
    assert (0, 0) == (dry.code, wet.code)
    assert "Would be" in dry.out and "Would be" not in wet.out
    for what in ("raw payloads", "receipts", "questions", "audit rows", "nonces"):
        assert what in dry.out and what in wet.out
