"""How a simulated board is today: well, dead, slow, or failing a share of its calls. It can be told so
while it runs, by a Python object or over its control address."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gateway.simulators.magic import Mishap

ALIVE, DEAD, SILENT = "alive", "dead", "silent"
SAY = "Say alive, dead, silent, flaky SHARE [SEED] [KIND ...] or slow SECONDS."


class Mood:
    """What befalls the calls of one board, apart from magic values.

    `dead`: every connection is reset at once. `silent`: taken, and never answered. `share` of the calls
    (0 to 1) meet one of `kinds`, drawn by `seed`; `latency` is added to every call, in seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.calls: Counter[str] = Counter()
        self.strayed = 0
        self.revive()

    def revive(self) -> None:
        """Be well: alive, quick, no call fails."""
        self.state = ALIVE
        self.latency = 0.0
        self.trouble(0)

    def kill(self, *, silent: bool = False) -> None:
        """Be dead: reset every connection, or take them and say nothing."""
        self.state = SILENT if silent else DEAD

    def trouble(self, share: float, seed: int = 1, kinds: Sequence[Mishap | str] = tuple(Mishap)) -> None:
        """Let a share of the calls fail from now on. Raises ValueError for a kind there is not."""
        if not 0 <= share <= 1 or not kinds:
            raise ValueError(SAY)
        with self._lock:
            self._kinds = [Mishap(kind) for kind in kinds]
            self._share = share
            self._chance = random.Random(seed)  # noqa: S311  to be repeated, not to be safe

    def slow(self, seconds: float) -> None:
        """Let every call take so much longer from now on."""
        self.latency = seconds

    def draw(self) -> Mishap | None:
        """What befalls the call at hand."""
        with self._lock:
            struck = self._chance.random() < self._share
            return self._chance.choice(self._kinds) if struck else None

    def count(self, outcome: str) -> None:
        """Note how a call ended."""
        with self._lock:
            self.calls[outcome] += 1

    def stray(self) -> None:
        """Note that somebody followed a redirect."""
        with self._lock:
            self.strayed += 1

    def pause(self, seconds: float) -> None:
        """Let time pass, but not beyond the end of the board."""
        if seconds > 0:
            self._over.wait(seconds)

    @property
    def over(self) -> bool:
        """Whether the board has closed for good."""
        return self._over.is_set()

    def end(self) -> None:
        """Close for good: nobody waits any longer."""
        self._over.set()

    def obey(self, line: str) -> None:
        """Do what a line says, as it comes over the control address. Raises ValueError with what there is."""
        name, *rest = line.split() or [""]
        try:
            if name in {ALIVE, DEAD, SILENT} and not rest:
                self.revive() if name == ALIVE else self.kill(silent=name == SILENT)
            elif name == "flaky":
                self._be_flaky(*rest)
            elif name == "slow" and len(rest) == 1:
                self.slow(float(rest[0]))
            else:
                raise ValueError
        except (ValueError, TypeError):
            raise ValueError(SAY) from None

    def _be_flaky(self, share: str, *rest: str) -> None:
        seeded = bool(rest) and rest[0].isdecimal() and rest[0] not in {*Mishap}
        kinds = rest[1:] if seeded else rest
        self.trouble(float(share), int(rest[0]) if seeded else 1, kinds or tuple(Mishap))

    def told(self) -> dict[str, Any]:
        """How it is, for the control address: the calls by how they ended."""
        with self._lock:
            return {
                "state": self.state,
                "share": self._share,
                "latency": self.latency,
                "calls": dict(self.calls),
                "strayed": self.strayed,
            }
