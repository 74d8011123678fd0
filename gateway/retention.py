"""Retention: what is kept for a time only, and its end. Activities and completions are never among it."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.audit import Chain, Trail
from gateway.duration import months
from gateway.errors import GatewayError

AUDIT_PART = 1_000  # rows deleted in one transaction
EVERY = timedelta(hours=24)
LOOKING = 1800.0  # seconds between two looks whether it is time, a little less or more
LOOKUPS_KEPT = timedelta(hours=48)  # they count by the hour
PAYLOADS, RECEIPTS, QUESTIONS, AUDIT, LOOKUPS, ATTEMPTS = (
    "payloads",
    "receipts",
    "questions",
    "audit",
    "lookups",
    "attempts",
)

_log = logging.getLogger(__name__)


class Keeping(Protocol):
    """What of the store is kept for a time only. Raises Failed."""

    def count(self, what: str, before: datetime) -> int:
        """How many rows of a kind are older."""

    def prune(self, what: str, before: datetime) -> Iterator[int]:
        """Delete them, a small part with each step; gives how many that were."""

    def forget_lookups(self, before: datetime) -> int:
        """Delete how often was asked who is who."""

    def claim(self, now: datetime, since: datetime) -> bool:
        """Take the turn to prune, if nobody had it since."""


class Attempts(Protocol):
    """What is known of attempts to get in, which has terms of its own. Raises Failed."""

    def prunable(self) -> int:
        """How many rows are over."""

    def prune(self) -> int:
        """Forget them."""


@dataclass(frozen=True, slots=True)
class Spans:
    """How long things are kept."""

    payloads: timedelta
    receipts: timedelta
    questions: timedelta
    audit: timedelta

    @classmethod
    def of(
        cls, *, payload_days: int, receipt_months: int, key_months: int, question_days: int, audit_months: int
    ) -> Spans:
        """As the settings say; a receipt is never gone before its key."""
        return cls(
            payloads=timedelta(days=payload_days),
            receipts=months(max(receipt_months, key_months)),
            questions=timedelta(days=question_days),
            audit=months(audit_months),
        )


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of one kind: before which moment, and how many rows that is or was."""

    what: str
    before: datetime
    rows: int


class Pruning:
    """Finds and deletes what is too old."""

    def __init__(
        self, keeping: Keeping, trail: Trail, attempts: Attempts, chain: Chain, spans: Spans
    ) -> None:
        self._keeping = keeping
        self._trail = trail
        self._attempts = attempts
        self._chain = chain
        self._spans = spans

    def due(self, now: datetime) -> list[Pruned]:
        """What would be deleted now; this deletes nothing."""
        told = [Pruned(what, at, self._keeping.count(what, at)) for what, at in self._before(now).items()]
        return [*told, Pruned(ATTEMPTS, now, self._attempts.prunable())]

    def prune(self, now: datetime, go_on: Callable[[], bool] = lambda: True) -> list[Pruned]:
        """Delete it, as long as it may `go_on`. Raises Failed."""
        told: list[Pruned] = []
        for what, before in self._before(now).items():
            rows = 0
            for part in self._parts(what, before):
                rows += part
                if not go_on():
                    return [*told, Pruned(what, before, rows)]
            told.append(Pruned(what, before, rows))
        return [*told, Pruned(ATTEMPTS, now, self._attempts.prune())]

    def _before(self, now: datetime) -> Mapping[str, datetime]:
        """Before which moment each kind is too old, payloads ahead of the receipts they belong to."""
        return {
            PAYLOADS: now - self._spans.payloads,
            RECEIPTS: now - self._spans.receipts,
            QUESTIONS: now - self._spans.questions,
            AUDIT: now - self._spans.audit,
            LOOKUPS: now - LOOKUPS_KEPT,
        }

    def _parts(self, what: str, before: datetime) -> Iterator[int]:
        if what == LOOKUPS:
            yield self._keeping.forget_lookups(before)
        elif what == AUDIT:
            while rows := self._trail.prune(before, self._chain.anchor, AUDIT_PART):
                yield rows
        else:
            yield from self._keeping.prune(what, before)


class Daily:
    """A thread of each serving process, one of which prunes once a day, wherever it runs."""

    def __init__(self, pruning: Pruning, keeping: Keeping, clock: Callable[[], datetime]) -> None:
        self._pruning = pruning
        self._keeping = keeping
        self._clock = clock
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in the process that serves."""
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, in the middle if need be: what is left is for another day."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def round(self) -> list[Pruned]:
        """Prune, if it is time and nobody else does. Raises Failed."""
        now = self._clock()
        if not self._keeping.claim(now, now - EVERY):
            return []
        return self._pruning.prune(now, lambda: not self._ending.is_set())

    def _run(self) -> None:
        while not self._ending.wait(LOOKING * random.uniform(0.5, 1.5)):  # noqa: S311  jitter, not a secret
            try:
                for one in self.round():
                    _log.info("pruned %s: %d rows", one.what, one.rows)
            except GatewayError as trouble:
                _log.warning("what is too old is pruned another day: %s", trouble.text)
            except Exception as trouble:
                _log.error("what is too old cannot be pruned: %s", type(trouble).__name__)
