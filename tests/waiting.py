"""Waiting for what another thread or process does, and a port that nobody listens on."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

LONG = 30.0  # seconds: so long that a busy machine turns no test red
PAUSE = 0.05


def until(holds: Callable[[], object], what: str | Callable[[], str], seconds: float = LONG) -> None:
    """Wait until something holds; `what` says, or tells when asked, what was hoped for. Fails otherwise."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {seconds:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(PAUSE)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
