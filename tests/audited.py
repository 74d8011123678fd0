"""An audit log to be tampered with: rows in it, the chain they are sealed into, and the head file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.audit import Chain, Heads, Refusals, Sealer, Trail
from gateway.records import AuditEntry
from gateway.sealing import Key

NOW = datetime(2026, 11, 21, 15, 4, 5, 678901, tzinfo=UTC)
PROVIDER = "0001234"
KEY = Key(bytes(range(32)))
CHAIN = Chain(KEY.prove)
FORGED = Chain(Key(bytes(32)).prove)
HOUR = timedelta(hours=1)


class Loose(Chain):
    """Hashes each row by itself: no chain at all."""

    def link(self, previous: bytes, content: tuple[object, ...]) -> bytes:
        """The hash of the row alone."""
        return super().link(b"", content)


def entry(number: int) -> AuditEntry:
    """One of many rows, all different."""
    return AuditEntry(
        at=NOW + timedelta(seconds=number),
        provider_id=PROVIDER,
        user="lms",
        operation="SaveActivity",
        outcome="Success",
        receipt_id=f"20261121-{number:012d}",
        trace_id=f"{number:016x}",
        records=number + 1,
        refused=0,
    )


def heads(folder: Path, chain: Chain = CHAIN) -> Heads:
    """A head file in a folder, with a line an hour."""
    return Heads(folder / "gateway.heads", chain, HOUR)


def sealer(trail: Trail, folder: Path, refusals: Refusals | None = None) -> Sealer:
    """What seals a log, and notes heads in a folder."""
    kept = refusals if refusals is not None else Refusals()
    return Sealer(trail, CHAIN, heads(folder), kept, lambda: NOW)
