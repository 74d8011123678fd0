"""One client's connection, as the loop that holds all of them sees it."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gateway.serving.arrival import Arrival

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client is waited for, in seconds, and how many bytes a second it has to move after that."""

    head: float
    body: float
    rate: float
    idle: float = 5.0

    def until(self, begun: float, moved: int) -> float:
        """When a body or an answer is given up that began then and of which so many bytes have moved."""
        return begun + max(self.body, moved / self.rate)


@dataclass(slots=True, eq=False)
class Connection:
    """A socket, what comes of its request and what is still to go; `deadline` and `begun` are seconds of
    the monotonic clock. Without an arrival a thread holds it, or its answer is on its way."""

    sock: socket.socket
    peer: Any
    server: Any
    begun: float
    deadline: float
    arrival: Arrival | None
    answer: memoryview = field(default_factory=lambda: memoryview(b""))
    sent: int = 0
    keep: bool = False
    rest: bytes = b""  # of what came behind the request that is answered now
    read: int = 0  # bytes of the request that is answered now


class Mailbox:
    """Stands in for a socket, so that a thread waits for nobody: a whole request in, a whole answer out."""

    def __init__(self, request: bytearray) -> None:
        self._request = memoryview(request)
        self._answer: list[bytes] = []

    def recv(self, size: int) -> bytes:
        """The next bytes of the request, none at its end."""
        piece, self._request = self._request[:size], self._request[size:]
        return bytes(piece)

    def sendall(self, data: bytes) -> None:
        """Add to the answer."""
        self._answer.append(bytes(data))

    def send(self, data: bytes) -> int:
        """An interim response, which comes too late: whoever asked for one has long got it."""
        return len(data)

    def answer(self) -> memoryview:
        """All of the answer."""
        return memoryview(b"".join(self._answer))

    def rest(self) -> bytes:
        """What was not read of what came."""
        return bytes(self._request)

    # What a server's code asks of a socket before it writes.

    def gettimeout(self) -> float:
        """It never blocks."""
        return 0.0

    def setblocking(self, flag: bool) -> None:
        """Nor could it."""

    def shutdown(self, how: int) -> None:
        """The connection is closed by whoever holds it."""

    def close(self) -> None:
        """Likewise."""


class Broken:
    """Stands in for a body that has no end, or of which it cannot be told where it ends."""

    def read(self, size: int = -1) -> NoReturn:
        """Raises OSError, as a socket would whose sender is gone; to the application the body ended early."""
        raise ConnectionResetError(errno.ECONNRESET, "The body has no end.")
