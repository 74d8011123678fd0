"""How much memory a process has, and how that of a large call goes back to the system when it is over.

An error and the context it passed through hold each other, and with them the tree, until Python looks
for such rings. The C library keeps what a tree was made of, in each thread's share of its own. Without
help a few large calls in turn leave a worker with a quarter of a gigabyte that nobody uses.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = resource.getpagesize()
LARGE = 512 << 10
"""Bytes of a body from which on it is worth its milliseconds."""

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc; others need none or have none


def resident() -> int:
    """Bytes of memory this process has; where the system does not tell, the most it ever had."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def give_back(size: int) -> None:
    """Let go of what a call of that many bytes has left."""
    if size < LARGE:
        return
    gc.collect()  # cheap, since a worker's own objects are frozen
    if _trim is not None:
        _trim(0)


@contextmanager
def lasting() -> Iterator[None]:
    """Look for no rings among what is made within, such as modules and schemas, neither now nor later.

    All of it stays; to look through it over and over took a tenth of the start, and to have the collector
    write marks into it would cost forked processes the memory they share.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
