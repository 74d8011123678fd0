"""Sends any bytes under any headers, and says what came back. Imports nothing of the gateway."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from trust import answers
from trust.answers import Told

PATIENCE = 30.0
XML = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `status` is 0 where nothing did."""

    status: int
    media: str | None
    body: bytes
    seconds: float

    def told(self) -> Told:
        """Taken apart. Raises ValueError, in words, where it is no answer of ours."""
        if not self.status:
            raise ValueError("no answer")
        return answers.read(self.status, self.media, self.body)


@dataclass
class Poster:
    """One client with one connection, opened anew where it has to be."""

    bind: str
    path: str = "/soap/v2"
    patience: float = PATIENCE
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)

    def post(self, body: bytes, headers: Mapping[str, str] = XML) -> Reply:
        """Send a body by POST and wait for what comes."""
        begun = time.monotonic()
        try:
            connection = self._connection = self._connection or self._opened()
            with suppress(BrokenPipeError, ConnectionResetError):  # the answer may have come before the end
                connection.request("POST", self.path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return Reply(0, None, b"", time.monotonic() - begun)
        if response.will_close:
            self.close()
        return Reply(response.status, response.headers["Content-Type"], content, time.monotonic() - begun)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.bind, timeout=self.patience)
        connection.connect()
        return connection
