"""S4: a body of a gigabyte is refused early and fills neither memory nor disk."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from trust import machine
from trust.answers import read
from trust.face import Form, Outcome
from trust.memory import forget_peak, megabytes, peak
from trust.stage import Stage, staged

GOAL = "S4"
GIGABYTE = 1 << 30
LIMIT, BEYOND = 8 << 20, 8 << 20
"""What is taken, and what is dropped so that a client who is slow to look sees its answer."""
BUFFERS = 8 << 20
"""What the kernel takes of a sender on both sides without anybody reading it."""
SECONDS, MEMORY = 1.0, 16.0
PIECE = b"x" * (256 << 10)
HEAD = "POST /soap/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n{}\r\n\r\n"
FORMS = ("announced", "announced and withheld", "in chunks")
BOUND = f"413, <= {SECONDS:.0f} s, +{MEMORY:.0f} MB at most, no file left"


def run(form: Form) -> Outcome:
    """Send it with its length announced, announce it and send nothing, and send it in chunks."""
    return _sent(form)


def _sent(form: Form, sabotage: Callable[[], None] | None = None) -> Outcome:
    breaches, late, figures = list[str](), list[str](), list[str]()
    with staged(form.folder, sabotage=sabotage, workers=1) as stage:
        stage.start()
        [worker] = stage.workers()
        slowness = machine.slowness()
        for name in FORMS:
            files, before = _files(form.folder), megabytes(worker)
            forget_peak(worker)
            status, sent, seconds = _exchange(stage, name)
            grown, left = peak(worker) - before, _files(form.folder) - files
            figures.append(
                f"{name}: {status} after {seconds:.2f} s, {sent / (1 << 20):.0f} MB sent, +{grown:.0f} MB"
            )
            breaches += _wrong(name, status, sent, grown)
            late += [f"{name}: refused after {seconds:.1f} s"] if seconds > SECONDS * slowness else []
            breaches += [f"{name}: left the file {path.name}" for path in left]
    did, figure = "a body of 1 GB, " + ", ".join(FORMS), "; ".join(figures) + machine.noted([slowness])
    return Outcome(did, figure, BOUND, tuple(breaches), late=tuple(late))


def _wrong(name: str, status: str, sent: int, grown: float) -> Iterator[str]:
    if status != "413":
        yield f"{name}: answered by {status}"
    if sent > LIMIT + BEYOND + BUFFERS:
        yield f"{name}: {sent:,} bytes were taken"
    if grown > MEMORY:
        yield f"{name}: the worker grew by {grown:.0f} MB"


def _exchange(stage: Stage, name: str) -> tuple[str, int, float]:
    """Send until nobody takes any more; gives what was answered, the bytes that went, the seconds."""
    host, _, port = str(stage.plan["bind"]).rpartition(":")
    begun, sent, chunked = time.monotonic(), 0, name == "in chunks"
    with socket.create_connection((host, int(port)), timeout=10) as client:
        coding = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIGABYTE}"
        client.sendall(HEAD.format(coding).encode())
        with contextlib.suppress(OSError):
            while name != "announced and withheld" and sent < GIGABYTE:
                client.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
                sent += len(PIECE)
        return _status(client), sent, time.monotonic() - begun


def _status(client: socket.socket) -> str:
    """The HTTP status of an answer of ours, or what was wrong with it."""
    told = b""
    with contextlib.suppress(OSError):
        while piece := client.recv(1 << 16):
            told += piece
            head, _, body = told.partition(b"\r\n\r\n")
            if body.endswith(b"Envelope>"):
                media = next(
                    line[14:] for line in head.decode().split("\r\n") if line.startswith("Content-Type:")
                )
                return str(read(int(head.split()[1]), media, body).status)
    return f"no answer of ours ({told[:40]!r})"


def _files(folder: Path) -> set[Path]:
    """What lies where a server puts bodies down."""
    return {
        path
        for room in (folder, Path(tempfile.gettempdir()))
        for path in room.glob("*")
        if "gunicorn" in path.name
    }


# --- the control -------------------------------------------------------------------------------------


def unbounded() -> None:
    """Take bodies of whatever size."""
    from gateway import settings

    known = settings.Settings

    def larger(**given: object) -> settings.Settings:
        return known(**given | {"max_call_bytes": 4 * GIGABYTE})  # type: ignore[arg-type]

    settings.Settings = larger  # type: ignore[misc,assignment]


CONTROLS = {"a body has a limit": lambda form: _sent(form, unbounded)}
