"""What the audit log keeps of what happened, and how its rows hold together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What happened, without any personal value."""

    at: datetime
    provider_id: str
    user: str
    operation: str
    outcome: str
    receipt_id: str | None
    trace_id: str
    records: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempt:
    """What was refused or failed, and why, from which address; `times` says how often within a moment,
    `at` and `trace_id` are those of the first.

    Provider and user are as the caller named them, and the operation may be one that could not be read.
    """

    at: datetime
    provider_id: str | None
    user: str | None
    operation: str | None
    outcome: str
    code: str
    source: str | None
    trace_id: str
    times: int = 1


class AuditLink(NamedTuple):
    """A place in the audit chain: its position, counted from 1, and the hash of all up to there."""

    position: int
    hash: bytes


class AuditRow(NamedTuple):
    """A row of the audit log as it lies in the database, whatever may have been done to it there.

    `content` is all of it but its place, the time as UTC text, in an order that never changes.
    """

    position: object
    hash: object
    content: tuple[object, ...]

    @property
    def id(self) -> object:
        """The number it was given when it was added."""
        return self.content[0]

    @property
    def at(self) -> object:
        """When that was."""
        return self.content[2]


class AuditAnchor(NamedTuple):
    """Where the chain begins since the rows before were pruned, and the proof that it was us."""

    position: int
    hash: bytes
    proof: bytes
