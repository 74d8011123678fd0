"""Slow clients: each holds a connection as long as it is let, and opens another when it is cut off.

    python -m trust.slow BIND COUNT SECONDS

A third sends its head line by line, a third its body byte by byte, a third reads its answers a byte a
second. Prints as JSON what became of each kind: how many connections were opened, cut off, and the
longest that one was held, in seconds. Imports nothing of the gateway.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

STEP = 1.0  # seconds between bytes
HEAD, BODY, READ = "head", "body", "read"
PAGE = b"GET /xsd/activity/v2_0/activity.xsd HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /soap/v2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
SENT: dict[str, tuple[bytes, bytes]] = {
    HEAD: (POST, b"X-Slow: yes\r\n"),
    BODY: (POST + b"Content-Length: 100000\r\n\r\n<a>", b" "),
    READ: (PAGE * 200, b""),
}


@dataclass
class Fate:
    """What became of the connections of one kind."""

    opened: int = 0
    refused: int = 0
    cut: int = 0
    longest: float = 0.0


async def _hold(bind: str, kind: str, fate: Fate) -> None:
    """Hold one connection until it is cut off."""
    host, _, port = bind.rpartition(":")
    sock = socket.socket()
    if kind == READ:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    fate.opened += 1
    begun, (first, more) = time.monotonic(), SENT[kind]
    try:
        writer.write(first)
        while await _is_open(reader, kind):
            writer.write(more)
            fate.longest = max(fate.longest, time.monotonic() - begun)
        fate.cut += 1
    except OSError:
        fate.cut += 1
    finally:
        writer.transport.abort()


async def _is_open(reader: asyncio.StreamReader, kind: str) -> bool:
    """Wait a step; whether the connection is still there."""
    if kind == READ:
        await asyncio.sleep(STEP)
        return bool(await reader.read(1))
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), STEP)
        return False
    return True


async def _keep_holding(bind: str, kind: str, fate: Fate, done: Callable[[], bool]) -> None:
    while not done():
        try:
            await _hold(bind, kind, fate)
        except OSError:
            fate.refused += 1
            await asyncio.sleep(STEP)


async def main(bind: str, count: int, seconds: float) -> dict[str, Fate]:
    """Hold so many connections for so long."""
    kinds, end = {kind: Fate() for kind in SENT}, time.monotonic() + seconds
    each = [
        asyncio.ensure_future(_keep_holding(bind, kind, kinds[kind], lambda: time.monotonic() > end))
        for kind in (HEAD, BODY, READ) * -(-count // 3)
    ]
    await asyncio.sleep(seconds)
    for one in each:
        one.cancel()
    await asyncio.gather(*each, return_exceptions=True)
    return kinds


if __name__ == "__main__":
    fates = asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
    print(json.dumps({kind: asdict(fate) for kind, fate in fates.items()}))  # noqa: T201  its answer
