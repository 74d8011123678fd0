"""Numbers for new rows, given before they are stored, so that nobody waits for a counter."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime

SPREAD_BITS = 22
"""Below the milliseconds stand random bits: two processes may number rows in the same one."""

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Of 63 bits 41 are left for milliseconds, which last until 2089."""

LAST = 2**63 - 1

_lock = threading.Lock()
_last = 0


def new_rows(now: datetime, count: int) -> range:
    """`count` numbers in a row, greater than all this process gave before, in the order of time.

    63 bits: milliseconds since 2020, then random ones. Should two processes ever meet, the primary
    key refuses the later one, whose work is then run again with other numbers.
    """
    global _last
    with _lock:
        start = first_row(now) + random.getrandbits(SPREAD_BITS - 1)
        start = max(start, _last + 1)
        _last = start + count - 1
    return range(start, start + count)


def first_row(moment: datetime) -> int:
    """The least number a row of this moment can have; of one before or after all rows, of the first or
    the last."""
    return max(0, min(int((moment - EPOCH).total_seconds() * 1000) << SPREAD_BITS, LAST))
