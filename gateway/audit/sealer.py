"""The sealer: a thread of every process that writes, of which one at a time makes the chain longer.

Calls write their rows and do not wait for the chain; a few seconds later the rows are in it.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime

from gateway.audit.chain import Chain
from gateway.audit.heads import SETTING, Heads
from gateway.audit.refusals import Refusals
from gateway.audit.trail import Trail
from gateway.errors import GatewayError
from gateway.records import AuditLink

PAUSE = (
    2.0  # seconds between two rounds, a little less or more: several processes keep out of each other's way
)
MOST_SEALED = 1_000  # rows a transaction, for which callers wait on SQLite

_log = logging.getLogger(__name__)


class Sealer:
    """Writes down failed attempts, seals rows, and notes heads.

    Whatever it cannot do it does in a later round: no call depends on it.
    """

    def __init__(
        self,
        trail: Trail,
        chain: Chain,
        heads: Heads,
        refusals: Refusals,
        clock: Callable[[], datetime],
    ) -> None:
        self._trail = trail
        self._chain = chain
        self._heads = heads
        self._refusals = refusals
        self._clock = clock
        self._told: str | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in the process that is to seal: a thread does not outlive a fork."""
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Seal what is left, note the end of the chain, and end."""
        if self._thread is None:
            return
        self._ending.set()
        self._thread.join()
        self._try(lambda: self.round(ending=True))

    def round(self, *, ending: bool = False) -> None:
        """Do what there is to do now. Raises Failed, OSError."""
        self._write_down()
        if self._trail.waiting() or ending:
            self._heads.note(self._seal(), self._clock(), ending=ending)

    def _run(self) -> None:
        while not self._ending.wait(PAUSE * random.uniform(0.75, 1.25)):  # noqa: S311  jitter, not a secret
            self._try(self.round)

    def _try(self, work: Callable[[], None]) -> None:
        """Do what can be done later too; the same trouble in one round after another is told once."""
        trouble = self._trouble(work)
        if trouble is not None and trouble != self._told:
            _log.warning("%s", trouble)
        self._told = trouble

    def _write_down(self) -> None:
        taken = self._refusals.take()
        if not taken:
            return
        try:
            self._trail.note(taken)
        except GatewayError:
            self._refusals.put_back(taken)
            raise

    def _seal(self) -> AuditLink:
        """Seal all there is; gives the end of the chain."""
        end, sealed = self._trail.seal(self._chain.link, MOST_SEALED)
        while sealed == MOST_SEALED:
            end, sealed = self._trail.seal(self._chain.link, MOST_SEALED)
        return end

    def _trouble(self, work: Callable[[], None]) -> str | None:
        """What went wrong, without what it was about."""
        try:
            work()
        except GatewayError as trouble:
            return f"the audit log is sealed later: {trouble.text}"
        except OSError as trouble:
            where = f"{self._heads.path} ({SETTING})"
            return f"the head of the audit log cannot be noted in {where}: {trouble.strerror}"
        except Exception as trouble:
            return f"the audit log cannot be sealed: {type(trouble).__name__}"
        return None
