"""The unit of work: everything one call does for one provider, kept or dropped as a whole."""

from __future__ import annotations

from storage.repositories import Activities, Audit, Receipts
from storage.scope import Scope, Sealer


class Unit:
    """What an operation is given: one provider's records within one transaction."""

    def __init__(self, scope: Scope, sealer: Sealer) -> None:
        self.activities = Activities(scope)
        self.receipts = Receipts(scope, sealer)
        self.audit = Audit(scope)
        self.forgotten = False

    def forget(self) -> None:
        """Keep nothing of this unit: it is rolled back at its end (ValidateOnly)."""
        self.forgotten = True
