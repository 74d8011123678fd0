"""A call to a stranger over HTTP: it ends in time, brings no more than is wanted, and leads nowhere else.

`requests` limits how long one read may take, so a peer that drips a byte now and then would hold a
worker for ever; here all reads of an answer, those of its header too, share one deadline. A redirect, a
compressed body or another media type is no answer. No proxy, no `.netrc`, no cookies.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import time
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from gateway.errors import BoardUnavailable

OK, FAULT = 200, 500
XML = ("text/xml", "application/xml")
PIECE = 2**16

# It would warn of a header it cannot parse, and quote what the peer said.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long an answer may take, in seconds: to connect, between two reads, altogether; and the most
    bytes it may have."""

    connect: float = 5
    read: float = 20
    total: float = 60
    bytes: int = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that came whole: its HTTP status, 200 or 500, and its body."""

    status: int
    body: bytes = b""


class _Clock:
    """When the time of a call is up, and whether it was too long for it."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.late = False


_clock: ContextVar[_Clock] = ContextVar("clock")


class Caller:
    """Posts XML to one address; `who` is how the peer is called in an error. Threads may share it."""

    def __init__(self, who: str, address: str, waits: Waits) -> None:
        if urlsplit(address).scheme not in {"http", "https"}:
            raise BoardUnavailable(f"The address of {who} is neither http nor https.")
        self._who, self._address, self._waits = who, address, waits
        self._adapter = _TimedAdapter()

    def post(self, message: bytes, headers: dict[str, str]) -> Answered:
        """Post a message and read the whole answer; raises BoardUnavailable, without any of its words."""
        clock = _Clock(self._waits.total)
        _clock.set(clock)
        try:
            with closing(self._sent(message, headers)) as response:
                return self._read(response)
        except requests.Timeout:
            clock.late = True
        except (OSError, http.client.HTTPException, ValueError):
            pass  # and out of it: these errors may quote the peer
        trouble = "did not answer in time" if clock.late else "could not be reached, or broke off"
        raise BoardUnavailable(f"{self._who} {trouble}.")

    def close(self) -> None:
        """Let go of the connections."""
        self._adapter.close()

    def _sent(self, message: bytes, headers: dict[str, str]) -> requests.Response:
        """Send by the adapter itself: a session would read a redirect's body to its end."""
        asked = headers | {"Accept": "text/xml", "Accept-Encoding": "identity"}
        request = requests.Request("POST", self._address, data=message, headers=asked).prepare()
        return self._adapter.send(request, stream=True, timeout=(self._waits.connect, self._waits.read))

    def _read(self, response: requests.Response) -> Answered:
        self._look_at(response)
        body = bytearray()
        for piece in response.iter_content(PIECE):
            body += piece
            if len(body) > self._waits.bytes:
                raise BoardUnavailable(f"{self._who} answered more than {self._waits.bytes} bytes.")
        return Answered(response.status_code, bytes(body))

    def _look_at(self, response: requests.Response) -> None:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.status_code not in {OK, FAULT} or (response.status_code == FAULT and kind not in XML):
            raise BoardUnavailable(f"{self._who} answered HTTP {response.status_code}.")
        if kind not in XML:
            raise BoardUnavailable(f"{self._who} answered something other than XML.")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise BoardUnavailable(f"{self._who} answered in a compressed form, which it was not asked for.")


class _Timed(io.RawIOBase):
    """What a socket brings, as long as the deadline of the call is not over."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock, self._raw = sock, raw
        self._patience = sock.gettimeout()
        self._clock = _clock.get()

    def readable(self) -> bool:
        """Whether it can be read from."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; raises TimeoutError when time is up."""
        left = self._clock.until - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(min(left, self._patience or left))
            return cast("int | None", self._raw.readinto(buffer))
        except TimeoutError:
            self._clock.late = True
            raise

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """A response whose header and body are read under the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Timed(sock, self.fp.detach()))


class _TimedAdapter(HTTPAdapter):
    """Has all connections read their answers under the deadline."""

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Give the pool for an address, its connections being of our kind."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        if pool.ConnectionCls.response_class is not _TimedResponse:
            pool.ConnectionCls = type("Timed", (pool.ConnectionCls,), {"response_class": _TimedResponse})
        return pool
