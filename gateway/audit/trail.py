"""What sealing and verifying need of a store; `storage` provides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from gateway.records import AuditAnchor, AuditLink, AuditRow, FailedAttempt


class Trail(Protocol):
    """The whole audit log, of all providers. Each call is one transaction, and raises Failed."""

    def note(self, failed: Sequence[FailedAttempt]) -> None:
        """Append attempts that failed; nobody is named who does not exist."""

    def waiting(self) -> bool:
        """Whether any row is not sealed; this locks nothing and writes nothing."""

    def seal(self, link: Callable[[bytes, tuple[object, ...]], bytes], most: int) -> tuple[AuditLink, int]:
        """Append at most so many rows to the chain; gives its end and their number. Nothing is sealed
        while another process does."""

    def end(self) -> AuditLink:
        """The end of the chain."""

    def anchor(self) -> AuditAnchor | None:
        """Where the chain begins, if it was pruned."""

    def rows(self, after: int, most: int) -> Sequence[AuditRow]:
        """The next sealed rows beyond a position."""

    def unsealed(self) -> int:
        """How many rows wait to be sealed."""

    def prune(self, before: datetime, prove: Callable[[AuditLink], bytes], most: int) -> int:
        """Delete at most so many rows from the front that are older, all but the last, leaving an anchor
        with this proof; gives how many."""
