"""When to ask again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

DOUBLINGS = 30  # beyond them any pause is the longest one
PATIENT = 10  # a ticket is asked for again after a tenth of the time it has taken so far


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses in seconds: `retry` doubles with each attempt up to `most`, and any part of it is waited
    (full jitter: those that failed together do not come back together). A ticket has pauses of its own,
    from `poll` on."""

    retry: float
    most: float
    poll: float
    share: Callable[[], float] = random.random

    def again(self, attempt: int) -> float:
        """The pause after an attempt that left something open."""
        return self.share() * min(self.most, self.retry * 2.0 ** min(attempt - 1, DOUBLINGS))

    def beside(self, rest: float) -> float:
        """The pause beyond a resting board's `rest`: the first trial is somebody else's, and after it
        nobody has to wait for long, however often they were put off."""
        return self.share() * 2 * rest

    def collect(self, waited: float) -> float:
        """The pause before a ticket is asked for, `waited` seconds after its question was first put."""
        longest = min(self.most, max(self.poll, waited / PATIENT))
        return longest * (1 + self.share()) / 2
