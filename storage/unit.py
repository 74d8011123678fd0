"""The unit of work: everything one call does for one provider, kept or dropped as a whole."""

from __future__ import annotations

from collections.abc import Callable

from gateway.records import Activity
from storage.audit import Audit
from storage.credits import Credits
from storage.history import Counts, Reopenings
from storage.program import Program
from storage.questions import Chunk, Outbox, Questions
from storage.register import Register
from storage.repositories import Activities, Lasting, Receipts
from storage.scope import Scope
from storage.sealed import Sealer


class Unit:
    """What an operation is given: one provider's records within one transaction."""

    def __init__(
        self,
        scope: Scope,
        sealer: Sealer,
        outbox: Callable[[], Outbox],
        chunk: Chunk,
        lasting: Callable[[Activity], Lasting],
    ) -> None:
        self.activities = Activities(scope, lasting)
        self.counts = Counts(scope)
        self.reopenings = Reopenings(scope, sealer)
        self.program = Program(scope)
        self.receipts = Receipts(scope, sealer)
        self.audit = Audit(scope)
        self.credits = Credits(scope, sealer)
        self.register = Register(scope)
        self.questions = Questions(scope, outbox, chunk)
        self.forgotten = False

    def forget(self) -> None:
        """Keep nothing of this unit: it is rolled back at its end (ValidateOnly)."""
        self.forgotten = True
