"""The clients: processes of their own, each with a few connections that are kept open where they may be."""

from __future__ import annotations

import multiprocessing
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

TIMEOUT = 120
HEADERS = 'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: ""\r\n'
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was answered: when it began and ended, in seconds of the machine's clock, and how; 0 is
    no answer, but trouble."""

    begun: float
    ended: float
    status: int
    answer: bytes

    @property
    def took(self) -> float:
        """Seconds until the answer was there."""
        return self.ended - self.begun


class Clients:
    """Client processes that stand by; `connections` is how many calls they have under way in all."""

    def __init__(self, pipes: Sequence[Connection], connections: int) -> None:
        self._pipes = pipes
        self._each = max(1, connections // len(pipes))

    def send(self, url: str, bodies: Sequence[bytes]) -> list[Call]:
        """Send all bodies as fast as they are answered; all clients begin at once."""
        for place, pipe in enumerate(self._pipes):
            pipe.send((url, self._each, bodies[place :: len(self._pipes)]))
        for pipe in self._pipes:
            pipe.recv()
        for pipe in self._pipes:
            pipe.send(None)
        return [call for pipe in self._pipes for call in pipe.recv()]


@contextmanager
def clients(processes: int, connections: int) -> Iterator[Clients]:
    """So many client processes, ended when left."""
    spawn = multiprocessing.get_context("spawn")
    pairs = [spawn.Pipe() for _ in range(processes)]
    running = [spawn.Process(target=_serve, args=(theirs,), daemon=True) for _, theirs in pairs]
    for process in running:
        process.start()
    try:
        yield Clients([ours for ours, _ in pairs], connections)
    finally:
        for process in running:
            process.terminate()
            process.join()


def _serve(pipe: Connection) -> None:
    while True:
        url, connections, bodies = pipe.recv()
        left, answered = iter(bodies), list[Call]()
        lock = threading.Lock()
        threads = [
            threading.Thread(target=_send, args=(url, left, lock, answered)) for _ in range(connections)
        ]
        pipe.send(None)
        pipe.recv()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pipe.send(answered)


def _send(url: str, left: Iterator[bytes], lock: threading.Lock, answered: list[Call]) -> None:
    with closing(_Line(url)) as line:
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                return
            begun = time.monotonic()
            try:
                status, answer = line.post(body)
            except OSError as trouble:
                status, answer = 0, str(trouble).encode()
            answered.append(Call(begun, time.monotonic(), status, answer))


class _Line:
    """One connection, opened again when the server has closed it.

    By hand, since a client shares the processor with those it measures: `http.client` takes as long for a
    call as a quick server does.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "", parts.port or 80
        self._head = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n{HEADERS}"
        self._socket: socket.socket | None = None

    def post(self, body: bytes) -> tuple[int, bytes]:
        """The status and the answer to a call."""
        line = self._socket or socket.create_connection(self._address, TIMEOUT)
        line.sendall(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        received = line.recv(65_536)
        while received and (end := received.find(b"\r\n\r\n")) < 0:
            received += line.recv(65_536)
        head, answer = received[: end + 2], received[end + 4 :]
        length = _LENGTH.search(head)
        wanted = int(length[1]) if length else None
        while (wanted is None or len(answer) < wanted) and (more := line.recv(65_536)):
            answer += more
        self._socket = line
        if wanted is None or _CLOSES.search(head):
            self.close()
        return int(head[9:12]), answer

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
