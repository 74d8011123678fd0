"""What is remembered of credentials that were right: marks from which no credential can be read."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

MOST_REMEMBERED = 10_000


class Memory:
    """Marks of credentials that were right, each for a while."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def mark(self, *parts: bytes) -> bytes:
        """The keyed hash of all parts; their lengths go in, so that no part can lean on the next."""
        content = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key, content, "sha256")

    def holds(self, mark: bytes) -> bool:
        """Whether the mark was kept less than the given seconds ago."""
        return self._clock() < self._until.get(mark, float("-inf"))

    def keep(self, mark: bytes) -> None:
        """Remember the mark from now on, and forget the oldest ones beyond the bound."""
        with self._lock:
            self._until.pop(mark, None)
            self._until[mark] = self._clock() + self._seconds
            while len(self._until) > MOST_REMEMBERED:
                self._until.popitem(last=False)
