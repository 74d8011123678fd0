"""Failed attempts: noted where they are refused, kept together, and written a moment later.

A flood of failures is not to become a flood of writes: those alike within a moment are one row with a
count, and what is more than so many kinds is counted by code alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from gateway.errors import GatewayError, GuessingSuspected
from gateway.records import FailedAttempt, replace

MOST_KINDS = 100
LONGEST_NAME = 100  # characters of what is said to be a provider or user; what is longer is not kept
NEVER_MERGED = {GuessingSuspected.code}  # rare, and of no use without the account

Kind = tuple[str | None, str | None, str | None, str, str | None]


@contextmanager
def attempting(operation: str, provider_id: str | None, user: str | None) -> Iterator[None]:
    """Let whatever is refused within say whose call of what it was, as they said themselves."""
    try:
        yield
    except GatewayError as error:
        error.operation, error.provider_id, error.user = operation, provider_id, user
        raise


class Refusals:
    """What was refused or failed in this process since it was last taken; threads may share it."""

    def __init__(self, most: int = MOST_KINDS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[Kind, FailedAttempt] = {}

    def note(self, error: GatewayError, at: datetime, source: str | None, trace_id: str) -> None:
        """Count an attempt that came from the address `source`; this writes nothing."""
        self._keep(
            FailedAttempt(
                at=at,
                provider_id=_short(error.provider_id),
                user=_short(error.user),
                operation=error.operation,
                outcome=error.outcome,
                code=error.code,
                source=source,
                trace_id=trace_id,
            )
        )

    def take(self) -> list[FailedAttempt]:
        """What there is, and begin anew."""
        with self._lock:
            taken, self._kept = self._kept, {}
        return list(taken.values())

    def put_back(self, taken: Sequence[FailedAttempt]) -> None:
        """Keep for later what could not be written."""
        for one in taken:
            self._keep(one)

    def _keep(self, one: FailedAttempt) -> None:
        kind: Kind = (one.provider_id, one.user, one.operation, one.code, one.source)
        with self._lock:
            if kind not in self._kept and len(self._kept) >= self._most and one.code not in NEVER_MERGED:
                one = replace(one, provider_id=None, user=None, operation=None, source=None)
                kind = (None, None, None, one.code, None)
            known = self._kept.get(kind)
            self._kept[kind] = replace(known, times=known.times + one.times) if known else one


def _short(name: str | None) -> str | None:
    return name if name and len(name) <= LONGEST_NAME else None
