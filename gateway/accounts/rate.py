"""How often somebody may come: counted in a page of memory that all processes of a machine share.

A database write a call would cost more than most calls. Each name has one number: the time at which all
its calls would be done, were they made at the allowed pace (the generic cell rate algorithm).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mmap
import os
import stat
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SLOTS = 4096
"""Names that fall into one slot share a pace; among a few thousand providers that is bearable."""

NUMBER = struct.Struct("d")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute, of which `burst` may come at once."""

    a_minute: int
    burst: int

    @property
    def pause(self) -> float:
        """Seconds between two at the allowed pace."""
        return 60.0 / self.a_minute


class Rates:
    """The page. Threads and processes may share it; `name` tells the pages of one machine apart.

    It lies in `folder`, or among the temporary files where it cannot. `clock` counts seconds since the
    machine started, the same in all its processes.
    """

    def __init__(
        self, name: str = "", folder: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # a file's locks are between processes only
        self._file = _shared(name, folder) if name else None
        self._page = mmap.mmap(-1 if self._file is None else self._file, SLOTS * NUMBER.size)

    def take(self, name: str, rate: Rate) -> float:
        """Count one; 0.0 where it may be, or else the seconds after which the next one may."""
        at = _slot(name)
        with self._held(at):
            now = self._clock()
            (free,) = NUMBER.unpack_from(self._page, at)
            most = now + (rate.burst - 1) * rate.pause
            if free > most + rate.pause:  # of before the machine was started again, or of another rate
                free = now
            if free > most:
                return float(free - most)
            NUMBER.pack_into(self._page, at, max(free, now) + rate.pause)
            return 0.0

    def close(self) -> None:
        """Let go of the page."""
        self._page.close()
        if self._file is not None:
            os.close(self._file)

    @contextmanager
    def _held(self, at: int) -> Iterator[None]:
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX, NUMBER.size, at)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, NUMBER.size, at)


def _slot(name: str) -> int:
    """Where a name's number stands."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % SLOTS * NUMBER.size


def _shared(name: str, folder: Path | None) -> int | None:
    """The file of a page, which nobody else may touch; None where there can be none: then each process
    counts for itself."""
    mark = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    for place in filter(None, (folder, Path(tempfile.gettempdir()))):
        with contextlib.suppress(OSError):
            file = _opened(place / f"cme-gateway-{os.getuid()}-{mark}.rates")
            if file is not None:
                return file
    return None


def _opened(path: Path) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    told = os.fstat(file)
    if told.st_uid == os.getuid() and stat.S_ISREG(told.st_mode) and not told.st_mode & 0o077:
        os.ftruncate(file, SLOTS * NUMBER.size)
        return file
    os.close(file)
    return None
