"""What a gateway must never touch: a listener nobody may call, and a file nobody may read."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Canary:
    """`url` leads to the listener, `file` is the file, `token` what it holds."""

    file: Path
    token: str = field(default_factory=lambda: f"canary{secrets.token_hex(8)}")
    port: int = 0
    hits: int = 0

    @property
    def url(self) -> str:
        """Where nobody may call."""
        return f"http://127.0.0.1:{self.port}/canary"

    def breaches(self, *told: bytes) -> list[str]:
        """What was touched, by what was told to anybody: answers, logs."""
        called = [f"the canary listener was called {self.hits} times"] if self.hits else []
        read = sum(self.token.encode() in text for text in told)
        return called + ([f"the canary file was told {read} times"] if read else [])


@contextmanager
def watching(folder: Path) -> Iterator[Canary]:
    """A canary, its listener open meanwhile."""
    canary = Canary(folder / "canary.txt")
    canary.file.write_text(canary.token)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        canary.port = listener.getsockname()[1]
        thread = threading.Thread(target=_count, args=(listener, canary))
        thread.start()
        try:
            yield canary
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _count(listener: socket.socket, canary: Canary) -> None:
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        canary.hits += 1
        caller.close()
