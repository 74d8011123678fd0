"""Whether a request is all there: found out without judging it, in whatever pieces it comes."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from gateway.serving import MOST_HEAD
from gateway.serving.arrival import FEW_CHUNKS, MOST_SIZE_LINE, Arrival
from gateway.serving.connection import Mailbox

MOST = 1000
POST = b"POST /soap/v2 HTTP/1.1\r\nHost: cme.example\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def _came(*pieces: bytes, most: int = MOST) -> Arrival:
    arrival = Arrival(most)
    for piece in pieces:
        arrival.take(piece)
    return arrival


def _told(arrival: Arrival) -> tuple[bool, bool, bool]:
    return arrival.over, arrival.whole, arrival.large


WHOLE = {
    "without a body": POST + b"\r\n",
    "of an empty body": POST + b"Content-Length: 0\r\n\r\n",
    "of a length": POST + b"content-length:  5 \r\n\r\nhello",
    "behind an empty line": b"\r\n" + POST + b"Content-Length: 5\r\n\r\nhello",
    "with more behind it": POST + b"Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n",
    "in chunks": CHUNKED + b"5\r\nhello\r\n1;name=value\r\n!\r\n0\r\n\r\n",
    "in chunks with trailers": CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
    "of just what is taken": POST + b"Content-Length: 1000\r\n\r\n" + b"a" * 1000,
}
PARTS = {
    "no head": POST,
    "half a head end": POST + b"\r",
    "a part of the body": POST + b"Content-Length: 5\r\n\r\nhell",
    "a chunk without its end": CHUNKED + b"5\r\nhello",
    "chunks without the last": CHUNKED + b"5\r\nhello\r\n",
    "half a size": CHUNKED + b"5",
    "half a trailer": CHUNKED + b"0\r\nX-Sum: 1\r\n",
}
ODD = {
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "a negative length": POST + b"Content-Length: -5\r\n\r\n",
    "no number": POST + b"Content-Length: five\r\n\r\n",
    "a folded line": POST + b"X-Long: a\r\n b\r\nContent-Length: 5\r\n\r\n",
    "a line that is no field": POST + b"nonsense\r\nContent-Length: 5\r\n\r\n",
    "a bad chunk": CHUNKED + b"five\r\n",
    "a negative chunk": CHUNKED + b"-5\r\n",
    "an endless head": b"X" * (MOST_HEAD + 1),
    "an endless size": CHUNKED + b"0" * 2000,
    "crumbs": CHUNKED + b"1\r\na\r\n" * (FEW_CHUNKS + 1),
}
ODD_IN_THE_END = {
    "a long head": POST + b"X-Long: " + b"a" * MOST_HEAD + b"\r\nContent-Length: 0\r\n\r\n",
    "a length of many digits": POST + b"Content-Length: 0000000000000005\r\n\r\nhello",
    "a size of many digits": CHUNKED + b"0000000000000005\r\nhello\r\n0\r\n\r\n",
    "a long extension": CHUNKED + b"5;a=" + b"b" * MOST_SIZE_LINE + b"\r\nhello\r\n0\r\n\r\n",
    "crumbs to the last": CHUNKED + b"1\r\na\r\n" * (FEW_CHUNKS + 1) + b"0\r\n\r\n",
    "long trailers": CHUNKED + b"0\r\nX-Long: " + b"a" * MOST_HEAD + b"\r\n\r\n",
}
"""What is odd although its end came with it."""
LARGE = {
    "by its length": POST + b"Content-Length: 1001\r\n\r\n",
    "by one chunk": CHUNKED + b"3E9\r\n",
    "by its chunks": CHUNKED + b"1F4\r\n" + b"a" * 500 + b"\r\n1F5\r\n",
}


@pytest.mark.parametrize("sent", WHOLE.values(), ids=WHOLE)
def test_whole_request(sent: bytes) -> None:
    """What is all there is known to be, and nothing more is waited for."""
    assert (True, True, False) == _told(_came(sent))


@pytest.mark.parametrize("sent", PARTS.values(), ids=PARTS)
def test_part_of_a_request(sent: bytes) -> None:
    """What is not all there is waited for."""
    assert (False, False, False) == _told(_came(sent))
    assert not _came(sent).odd


@pytest.mark.parametrize("sent", [*ODD.values(), *ODD_IN_THE_END.values()], ids=[*ODD, *ODD_IN_THE_END])
def test_odd_request(sent: bytes) -> None:
    """What cannot be read in one way only is not waited for, and never taken for whole, however it is cut."""
    for cut in (1, len(sent) // 2, len(sent) - 1, len(sent)):
        came = _came(sent[:cut], sent[cut:], most=10**6)
        assert (True, False, False) == _told(came)
        assert came.odd


@pytest.mark.parametrize("sent", LARGE.values(), ids=LARGE)
def test_large_request(sent: bytes) -> None:
    """A body of more than is taken is known by what announces it, and not waited for."""
    assert (True, False, True) == _told(_came(sent, most=MOST))


@pytest.mark.parametrize("sent", [*WHOLE.values(), *PARTS.values()], ids=[*WHOLE, *PARTS])
def test_pieces_make_no_difference(sent: bytes) -> None:
    """A request that comes byte by byte is known as the same."""
    first = sent[: len(sent) - len(_rest(sent))]
    assert _told(_came(first)) == _told(_came(*(first[n : n + 1] for n in range(len(first)))))


def _rest(sent: bytes) -> bytes:
    return sent.partition(b"hello")[2] if sent.endswith(b"GET / HTTP/1.1\r\n\r\n") else b""


def test_client_that_waits_is_known() -> None:
    """A client that wants to be told to go on says so in its head."""
    assert _came(POST + b"Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n").expects
    assert not _came(POST + b"Content-Length: 5\r\n\r\n").expects


BODY = st.binary(max_size=300)


@given(body=BODY, seed=st.integers(0, 999))
def test_parser_finds_what_is_whole_whole(body: bytes, seed: int) -> None:
    """Of what is called whole, gunicorn's parser reads the same body, and never wants more."""
    chance = random.Random(seed)
    sent = CHUNKED + _chunks(body, chance)
    pieces = io.BytesIO(sent)
    arrival = _came(*iter(lambda: pieces.read(chance.randint(1, 40)), b""))
    assert arrival.whole
    assert body == _parsed(arrival.data).body.read()


def _chunks(body: bytes, chance: random.Random) -> bytes:
    pieces, source = [], io.BytesIO(body)
    while piece := source.read(chance.randint(1, 100)):
        pieces.append(b"%x\r\n%b\r\n" % (len(piece), piece))
    return b"".join([*pieces, b"0\r\n\r\n"])


def _parsed(data: bytearray) -> Any:
    return next(RequestParser(Config(), Mailbox(data), ("127.0.0.1", 1)))


@given(head=st.binary(max_size=200), seed=st.integers(0, 99))
def test_anything_may_come(head: bytes, seed: int) -> None:
    """Whatever comes, in whatever pieces, nothing is raised."""
    chance = random.Random(seed)
    start = chance.choice([b"", POST, CHUNKED, POST + b"Content-Length: 9\r\n\r\n"])
    _came(start, head, head[::-1])


def test_mailbox_gives_all_and_then_nothing() -> None:
    """A mailbox is read to its end, keeps what is written, and forgets what comes too late."""
    mailbox = Mailbox(bytearray(b"abc"))
    assert [b"ab", b"c", b""] == [mailbox.recv(2) for _ in range(3)]
    mailbox.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    mailbox.sendall(b"HTTP/1.1 200 OK\r\n")
    mailbox.sendall(b"\r\n")
    assert b"HTTP/1.1 200 OK\r\n\r\n" == bytes(mailbox.answer())
