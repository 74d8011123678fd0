"""Odd requests on the wire, to each server as it is served: refused or closed, and nothing hides in them."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator

import pytest
from trust.stage import Stage, staged

pytestmark = [pytest.mark.network, pytest.mark.slow]

WAIT = 30.0  # seconds
PAGE = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
POST = b"POST /soap/v2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
ODD = {
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 70\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 70\r\n\r\n<a/>",
    "a negative length": POST + b"Content-Length: -4\r\n\r\n<a/>",
    "a space before the colon": POST + b"Content-Length : 4\r\n\r\n<a/>",
    "a folded line": POST + b"X-Long: a\r\n b\r\nContent-Length: 4\r\n\r\n<a/>",
    "chunks in disguise": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a bad chunk size": CHUNKED + b"four\r\n<a/>\r\n0\r\n\r\n",
    "a chunk with a sign": CHUNKED + b"+4\r\n<a/>\r\n0\r\n\r\n",
    "a chunk that is longer": CHUNKED + b"3\r\n<a/>\r\n0\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
STRICT = ("gunicorn",)
UNREAD = {
    "compressed": POST + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n<a/>",
    "of another type": POST.replace(b"text/xml", b"application/json") + b"Content-Length: 4\r\n\r\n<a/>",
    "to a page": POST.replace(b"/soap/v2", b"/nowhere") + b"Content-Length: 4\r\n\r\n<a/>",
}


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that is served by each of the servers in turn, with little patience."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    with staged(folder, server=request.param, workers=1, header_seconds=1, body_seconds=1) as stage:
        stage.start()
        yield stage


def _connect(stage: Stage) -> socket.socket:
    host, _, port = str(stage.plan["bind"]).rpartition(":")
    return socket.create_connection((host, int(port)), WAIT)


def _ask(stage: Stage, sent: bytes) -> bytes:
    """Send, and read until the connection is closed."""
    with _connect(stage) as client:
        client.sendall(sent)
        answer = b""
        try:
            while came := client.recv(65536):
                answer += came
        except ConnectionResetError:
            pass
        return answer


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD)
def test_odd_request_hides_no_other(stage: Stage, sent: bytes) -> None:
    """It gets one answer at most, and what follows it is never taken for a request."""
    answer = _ask(stage, sent + PAGE)
    assert 1 >= answer.count(b"HTTP/1.1 ")
    assert b"alive" not in answer
    if stage.environment["CME_GATEWAY_SERVER"] in STRICT:
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")) or b"Code>X001<" in answer


@pytest.mark.parametrize("sent", UNREAD.values(), ids=UNREAD)
def test_unread_body_blocks_nobody(stage: Stage, sent: bytes) -> None:
    """A body the gateway does not read is no part of the next request, which is answered or not taken."""
    answer = _ask(stage, sent + LAST)
    assert answer.startswith(b"HTTP/1.1 4")
    assert answer.endswith(b"alive\n") or 1 == answer.count(b"HTTP/1.1 ")
    assert _ask(stage, LAST).endswith(b"alive\n")


@pytest.mark.parametrize("sent", [b"", POST, POST + b"Content-Length: 9\r\n\r\n<a", CHUNKED + b"5\r\n<a"])
def test_slow_sender_is_cut_off(stage: Stage, sent: bytes) -> None:
    """A request that does not come in time is answered with a fault, or with nothing, and closed."""
    answer = _ask(stage, sent)
    assert answer == b"" or b"Client</faultcode>" in answer or answer.startswith(b"HTTP/1.1 4")
