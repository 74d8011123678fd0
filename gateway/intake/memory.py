"""Memory of a large call goes back to the system when the call is over.

An error and the context it passed through hold each other, and with them the tree, until Python looks
for such rings. The C library keeps what a tree was made of, in each thread's share of its own. Without
help a few large calls in turn leave a worker with a quarter of a gigabyte that nobody uses.
"""

from __future__ import annotations

import ctypes
import gc

LARGE = 512 << 10
"""Bytes of a body from which on it is worth its milliseconds."""

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc; others need none or have none


def give_back(size: int) -> None:
    """Let go of what a call of that many bytes has left."""
    if size < LARGE:
        return
    gc.collect()  # cheap, since a worker's own objects are frozen
    if _trim is not None:
        _trim(0)
