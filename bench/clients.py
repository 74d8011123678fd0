"""The clients: processes of their own, each with a few connections that are kept open where they may be."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

TIMEOUT = 120
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was answered: when it began and ended, in seconds of the machine's clock, and how."""

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
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    while True:
        with lock:
            body = next(left, None)
        if body is None:
            connection.close()
            return
        begun = time.monotonic()
        connection.request("POST", parts.path or "/", body, HEADERS)
        response = connection.getresponse()
        answer = response.read()
        answered.append(Call(begun, time.monotonic(), response.status, answer))
