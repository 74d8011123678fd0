"""The gateway under granian, whose connections are held outside the interpreter.

granian's own WSGI gives a thread to each request whose head has come, and the thread waits for the body
without a deadline. So its asynchronous face is used: a body is awaited here, and what is whole is given
to a thread. Heads have a deadline in granian. HTTP/1.1 only, as under gunicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from gateway.accounts import Proxies
from gateway.application import Application
from gateway.assembly import application
from gateway.serving import LINGER, MOST_BEYOND, MOST_HEAD, STOPS, TURN, threads
from gateway.serving.connection import Broken, Patience
from gateway.settings import Settings

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]
RESPAWN = 0.1
CONNECTIONS = 1000
"""Connections a worker holds at most, as many as under gunicorn."""
BAD: Answer = (400, [("Content-Type", "text/plain"), ("Connection", "close")], b"Bad Request\n")
LARGE: Answer = (
    431,
    [("Content-Type", "text/plain"), ("Connection", "close")],
    b"Request Header Fields Too Large\n",
)


def run(settings: Settings, served: Callable[[], None]) -> None:
    """Serve until told to stop, and call `served` once calls are taken."""
    host, _, port = settings.bind.rpartition(":")
    server = Server(
        "gateway",
        address=host.strip("[]"),
        port=int(port),
        interface=Interfaces.RSGI,
        workers=settings.workers,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.header_seconds * 1000, max_buffer_size=MOST_HEAD
        ),
        websockets=False,
        backpressure=CONNECTIONS,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": {}, "loggers": {"_granian": {"propagate": True}}},  # as all other logs
        respawn_failed_workers=True,
        respawn_interval=RESPAWN,
        workers_kill_timeout=settings.request_timeout,
    )
    server.on_startup(served)
    server.serve(target_loader=partial(_load, settings, os.getpid()), wrap_loader=False)


def _load(settings: Settings, master: int) -> Any:
    return _Face(settings, master)


class _Face:
    """The application as granian calls it, in each worker its own."""

    def __init__(self, settings: Settings, master: int) -> None:
        self._settings = settings
        self._master = master  # which may be gone before the worker has begun
        self._patience = Patience(settings.header_seconds, settings.body_seconds, settings.body_rate)
        self._proxies = Proxies(settings.forwarded_allow_ips)
        self._pool = ThreadPoolExecutor(threads(settings))
        self._application: Application = application(settings)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._application.start()
        self._watch = loop.create_task(_end_with(self._master))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)  # held back at the fork; now they are heard

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watch.cancel()
        self._pool.shutdown()
        self._application.stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        status, headers, body = await self._answer(scope, protocol)
        protocol.response_bytes(status, headers, body)

    async def _answer(self, scope: Any, protocol: Any) -> Answer:
        if _head(scope) > MOST_HEAD:  # granian lets through twice as much as its own limit
            return LARGE
        environ = _environ(scope, self._proxies)
        if environ is None:
            return BAD
        try:
            environ["wsgi.input"] = await self._input(protocol, environ)
        except Exception:  # a wrong chunk, or the client is gone: granian has no class for either
            return BAD
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _call, self._application, environ)

    async def _input(self, protocol: Any, environ: dict[str, Any]) -> io.BytesIO | Broken:
        """The body, broken where it is coded or does not come in time: chunks do not say that more should."""
        large = self._is_large(environ)
        try:
            body = await (self._drop(protocol, environ) if large else self._body(protocol))
        except TimeoutError:
            return Broken()
        return io.BytesIO(body) if _is_plain(environ) else Broken()

    def _is_large(self, environ: dict[str, Any]) -> bool:
        """Whether the body is announced to be more than is taken: then none of it is."""
        announced = str(environ.get("CONTENT_LENGTH", ""))
        return announced.isdecimal() and int(announced) > self._settings.max_call_bytes

    async def _drop(self, protocol: Any, environ: dict[str, Any]) -> bytes:
        """Read a body that is refused, and drop it, where there is not too much of it: most clients look for
        an answer only when all is sent, and granian hangs up when it has answered."""
        if int(environ["CONTENT_LENGTH"]) > self._settings.max_call_bytes + MOST_BEYOND:
            return b""
        clock = asyncio.get_running_loop().time
        with contextlib.suppress(TimeoutError):  # who waits for a word before sending gets the answer
            async with asyncio.timeout(LINGER) as deadline:
                async for _ in protocol:
                    deadline.reschedule(clock() + LINGER)
        return b""

    async def _body(self, protocol: Any) -> bytes:
        """The body, up to one byte more than is taken. Raises TimeoutError where it does not come well."""
        body, begun = bytearray(), asyncio.get_running_loop().time()
        async with asyncio.timeout(None) as deadline:
            deadline.reschedule(self._patience.until(begun, 0))
            async for piece in protocol:
                body += piece
                if len(body) > self._settings.max_call_bytes:
                    break
                deadline.reschedule(self._patience.until(begun, len(body)))
        return bytes(body[: self._settings.max_call_bytes + 1])


async def _end_with(master: int) -> None:
    """End when the master is gone: nobody else would tell."""
    while os.getppid() == master:
        await asyncio.sleep(TURN)
    os.kill(os.getpid(), signal.SIGTERM)


def _call(application: Application, environ: dict[str, Any]) -> Answer:
    """Call the application and take its answer whole."""
    told: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, *_: object) -> None:
        told.append((status, headers))

    body = b"".join(application(environ, start_response))
    status, headers = told[-1]
    return int(status[:3]), [(name.lower(), value) for name, value in headers], body


# --- a request as WSGI has it ---------------------------------------------------------------------------


def _head(scope: Any) -> int:
    """How many bytes the head of a request has, as near as can be told from what was made of it."""
    line = len(scope.method) + len(scope.path) + len(scope.query_string) + len("  HTTP/1.1\r\n")
    return line + sum(len(name) + len(value) + len(": \r\n") for name, value in scope.headers.items())


def _environ(scope: Any, proxies: Proxies) -> dict[str, Any] | None:
    """The WSGI environment of a request without its body, None where two could read it differently."""
    fields = _fields(scope.headers.items())
    if fields is None:
        return None
    host, _, port = scope.server.rpartition(":")
    client, _, client_port = scope.client.rpartition(":")
    return {
        **fields,
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client.strip("[]"),
        "REMOTE_PORT": client_port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": _scheme(scope.scheme, client.strip("[]"), fields, proxies),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def _fields(headers: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """The header fields under their WSGI names; repeated ones are joined.

    A name with an underscore would pass for another one, and is left out. None where the length of the
    body is announced twice, as far as granian lets that be seen: of two that agree it hands on one, and of a
    length beside chunks none.
    """
    fields: dict[str, str] = {}
    for name, value in headers:
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        if key == "CONTENT_LENGTH" and key in fields:
            return None
        fields[key] = f"{fields[key]},{value}" if key in fields else value
    if "CONTENT_LENGTH" in fields and "HTTP_TRANSFER_ENCODING" in fields:
        return None
    return fields


def _is_plain(environ: dict[str, Any]) -> bool:
    """Whether a body is what was sent: granian takes chunks apart, and hands on what is coded otherwise."""
    return str(environ.get("HTTP_TRANSFER_ENCODING", "chunked")).strip().lower() == "chunked"


def _scheme(own: str, client: str, fields: dict[str, str], proxies: Proxies) -> str:
    """What the caller's address begins with, as a proxy that is trusted says."""
    said = fields.get("HTTP_X_FORWARDED_PROTO", "").lower()
    if said in {"http", "https"} and proxies.trusts(client):
        return said
    return own
