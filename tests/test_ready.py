"""`cme-gateway ready`: what a container's health check asks, by the settings."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from command import Ended, run_command

pytestmark = pytest.mark.network
WELL = {"ok": True, "state": "can be read and written"}
ILL = {"ok": False, "state": "cannot be written", "remedy": "Make room."}


@contextmanager
def _served(status: int, body: bytes) -> Iterator[int]:
    """A gateway that answers so; gives its port."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/ready" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        asked = threading.Thread(target=server.handle_request)
        asked.start()
        yield server.server_port
        asked.join()


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[str], Ended]:
    """Runs the command for a gateway at an address."""
    return lambda bind: run_command(tmp_path, "ready", environment={"CME_GATEWAY_BIND": bind})


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  asked, not served
def test_a_gateway_that_is_ready(ask: Callable[[str], Ended], host: str) -> None:
    """It ends with 0, also where the gateway takes calls at all addresses."""
    with _served(200, json.dumps({"parts": {"database": WELL}}).encode()) as port:
        told = ask(f"{host}:{port}")
    assert (0, "Ready.\n", "") == (told.code, told.out, told.err)


def test_a_gateway_that_nobody_asks_the_boards_for(ask: Callable[[str], Ended]) -> None:
    """It takes calls, so it ends with 0, and says that what waits is asked by nobody."""
    workers = {"living": 0, "state": "none lives, and 1 question(s) wait for one", "remedy": "Start one."}
    with _served(200, json.dumps({"parts": {"database": WELL}, "workers": workers}).encode()) as port:
        told = ask(f"127.0.0.1:{port}")
    said = "Ready. Of workers none lives, and 1 question(s) wait for one. Start one.\n"
    assert (0, said, "") == (told.code, told.out, told.err)


def test_a_gateway_that_is_not_ready(ask: Callable[[str], Ended]) -> None:
    """It ends with 1, in one line that says what is wrong and what to do."""
    with _served(503, json.dumps({"parts": {"database": ILL, "key": WELL}}).encode()) as port:
        told = ask(f"127.0.0.1:{port}")
    assert (1, True) == (told.code, told.is_one_clear_line)
    assert "Not ready: database cannot be written. Make room." in told.err


@pytest.mark.parametrize("body", [b"", b"[]", b'{"parts": 1}', b"Bad Request"])
def test_what_is_no_gateway(ask: Callable[[str], Ended], body: bytes) -> None:
    """Whatever else answers there is not ready."""
    with _served(200, body) as port:
        told = ask(f"127.0.0.1:{port}")
    assert (1, True, True) == (told.code, told.is_one_clear_line, f":{port}" in told.err)


def test_nobody_there(ask: Callable[[str], Ended]) -> None:
    """Where nothing is served it says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    told = ask(f"127.0.0.1:{port}")
    assert (1, True, True) == (told.code, told.is_one_clear_line, "CME_GATEWAY_BIND" in told.err)
