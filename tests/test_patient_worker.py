"""The patient worker: slow clients cost a socket, odd ones a refusal, and a stop costs nobody an answer."""

from __future__ import annotations

import logging
import os
import selectors
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from waiting import until

from gateway.serving import worker as serving
from gateway.serving.connection import Patience
from gateway.serving.worker import PatientWorker

pytestmark = pytest.mark.network

WAIT = 30.0  # seconds after which a test that hangs is given up
LONG = Patience(head=WAIT, body=WAIT, rate=1.0, idle=WAIT)
GET = b"GET /page HTTP/1.1\r\nHost: cme.example\r\n\r\n"
POST = b"POST /call HTTP/1.1\r\nHost: cme.example\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = POST + b"Content-Length: 5\r\n\r\nhello"
MOST = 100_000
BIG = 40 << 20


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the clock come often, and farewells are short."""
    for name, seconds in (("TURN", 0.02), ("LINGER", 0.5), ("FAREWELL", 0.05)):
        monkeypatch.setattr(serving, name, seconds)


class App:
    """Answers with what it was sent; `/call?…` may wait, or leave its body unread."""

    def __init__(self) -> None:
        self.going = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        query, announced = environ["QUERY_STRING"], environ.get("CONTENT_LENGTH", "0")
        body = environ["wsgi.input"].read() if query != "unread" and int(announced) <= MOST else b""
        self.begun.release()
        if query == "wait":
            assert self.going.wait(WAIT)
        answer = bytes(BIG) if query == "big" else b"%s %d" % (environ["REQUEST_METHOD"].encode(), len(body))
        status = "200 OK" if int(announced) <= MOST else "413 Content Too Large"
        start_response(status, [("Content-Length", str(len(answer)))])
        return [answer]


class Served:
    """A worker in a thread of this process."""

    def __init__(self, worker: PatientWorker, app: App, address: tuple[str, int]) -> None:
        self.worker, self.app, self.address = worker, app, address
        self.thread = threading.Thread(target=worker.run)

    def connect(self) -> socket.socket:
        """A client."""
        return socket.create_connection(self.address, WAIT)

    def ask(self, *sent: bytes) -> bytes:
        """Send on a connection of its own, and read until it is closed."""
        with closing(self.connect()) as client:
            for piece in sent:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
            return _read(client)

    def stop(self) -> None:
        """Tell it to stop, as SIGTERM does, and wait until it has."""
        self.worker.handle_exit(15, None)
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


def _read(client: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def _gone(client: socket.socket) -> None:
    """The connection is closed, with a reset where something was not read."""
    with suppress(ConnectionResetError):
        assert b"" == _read(client)


def _body(client: socket.socket) -> bytes:
    """The body of one answer, which has a length; not a byte of the next one is taken."""
    with client.makefile("rb", buffering=0) as file:
        length = 0
        while (line := file.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = b""
        while len(body) < length:
            body += file.read(length - len(body)) or b""
        return body


@contextmanager
def _unlogged() -> Iterator[None]:
    """gunicorn sets up its logger anew for each worker; afterwards it is as other tests know it."""
    logger = logging.getLogger("gunicorn.error")
    level, propagate, handlers = logger.level, logger.propagate, logger.handlers[:]
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.propagate, logger.handlers[:] = propagate, handlers


@contextmanager
def _serving(threads: int = 1, patience: Patience = LONG, **more: Any) -> Iterator[Served]:
    config = Config()
    config.set("threads", threads)
    config.set("graceful_timeout", 10)
    kind = type("Worker", (PatientWorker,), {"patience": patience, "most": MOST, **more})
    with _unlogged(), socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        worker = kind(1, os.getppid(), [listener], None, 30, config, Logger(config))
        worker.wsgi = app = App()
        worker.tpool, worker.poller = worker.get_thread_pool(), selectors.DefaultSelector()
        worker.method_queue.init()
        served = Served(worker, app, listener.getsockname())
        served.thread.start()
        try:
            yield served
        finally:
            app.going.set()
            served.stop()
            worker.tpool.shutdown()
            worker.poller.close()
            worker.method_queue.close()
            worker.tmp.close()


# --- slow ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent", [b"", b"POST /call", POST, POST + b"Content-Length: 9\r\n\r\nhel", CHUNKED + b"5\r\nhe"]
)
def test_slow_sender_holds_no_thread(sent: bytes) -> None:
    """With one thread, and twenty senders in the middle of a request, a good one is answered."""
    with _serving(threads=1) as served:
        slow = [served.connect() for _ in range(20)]
        for client in slow:
            client.sendall(sent)
        assert served.ask(HELLO).endswith(b"POST 5")
        for client in slow:
            client.close()


def test_slow_reader_holds_no_thread() -> None:
    """With one thread, and an answer that nobody reads, a good request is answered."""
    with _serving(threads=1) as served, closing(served.connect()) as slow:
        slow.sendall(b"GET /page?big HTTP/1.1\r\nHost: cme.example\r\n\r\n")
        assert served.app.begun.acquire(timeout=WAIT)
        assert served.ask(HELLO).endswith(b"POST 5")
        assert BIG == len(_body(slow))


@pytest.mark.parametrize("sent", [b"", b"POST /call", POST])
def test_slow_head_is_cut_off(sent: bytes) -> None:
    """A head that does not come in time is waited for no longer."""
    with _serving(patience=replace(LONG, head=0.1)) as served, closing(served.connect()) as slow:
        slow.sendall(sent)
        assert b"" == _read(slow)


def test_slow_body_is_told_and_cut_off() -> None:
    """A body that does not come in time is what came of it, and the application tells what is missing."""
    with _serving(patience=replace(LONG, body=0.1, rate=1000.0)) as served, closing(served.connect()) as slow:
        slow.sendall(POST + b"Content-Length: 9\r\n\r\nhel")
        answer = _read(slow)
        assert answer.endswith(b"POST 3")
        assert b"Connection: close" in answer


def test_slow_chunks_are_cut_off() -> None:
    """A body in chunks that does not come in time cannot be read, and that is told."""
    with _serving(patience=replace(LONG, body=0.1, rate=1000.0)) as served, closing(served.connect()) as slow:
        slow.sendall(CHUNKED + b"5\r\nhe")
        assert _read(slow).startswith(b"HTTP/1.1 400 ")


def test_body_that_comes_well_is_waited_for() -> None:
    """The deadline moves with what has come, at the rate that is asked for."""
    patience = replace(LONG, body=30.0, rate=1000.0)
    assert (130.0, 130.0, 160.0) == tuple(patience.until(100.0, moved) for moved in (0, 30_000, 60_000))


def test_slow_reader_is_cut_off() -> None:
    """An answer that nobody takes is not offered for ever."""
    with _serving(patience=replace(LONG, body=0.1, rate=1e12)) as served, closing(served.connect()) as slow:
        slow.sendall(b"GET /page?big HTTP/1.1\r\nHost: cme.example\r\n\r\n")
        assert served.app.begun.acquire(timeout=WAIT)
        until(lambda: not served.worker._connections, "no connection is held")


def test_idle_connection_is_closed() -> None:
    """A connection that is kept and not used is closed."""
    with _serving(patience=replace(LONG, idle=0.1)) as served, closing(served.connect()) as idle:
        idle.sendall(GET)
        assert _read(idle).endswith(b"GET 0")


def test_too_many_connections_cost_the_slowest() -> None:
    """Where all places are taken, whoever has been coming the longest makes room for a good caller."""
    with _serving(threads=1) as served:
        served.worker.worker_connections = 5
        slow = [served.connect() for _ in range(10)]
        for client in slow:
            client.sendall(POST)
        assert served.ask(HELLO).endswith(b"POST 5")
        _gone(slow[0])
        for client in slow:
            client.close()


def test_too_much_held_costs_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where unfinished requests fill the memory there is for them, the largest one is let go."""
    monkeypatch.setattr(serving, "HELD", 50_000)
    with _serving() as served, closing(served.connect()) as large, closing(served.connect()) as small:
        large.sendall(POST + b"Content-Length: 90000\r\n\r\n" + bytes(45_000))
        until(lambda: served.worker._held, "the large one is held")
        small.sendall(POST + b"Content-Length: 20000\r\n\r\n" + bytes(10_000))
        _gone(large)
        small.sendall(bytes(10_000))
        assert b"POST 20000" == _body(small)


# --- odd -----------------------------------------------------------------------------------------------

SMUGGLED = GET
REFUSED = {
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "chunks twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in disguise": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": POST + b"Content-Length : 5\r\n\r\nhello",
    "a folded line": POST + b"X-Long: a\r\n b\r\nContent-Length: 5\r\n\r\nhello",
    "a bad chunk size": CHUNKED + b"five\r\nhello\r\n0\r\n\r\n",
    "a chunk with a sign": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n",
    "a chunk with a prefix": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk that is longer": CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
    "a bare line feed": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "a bad length": POST + b"Content-Length: 5,5\r\n\r\nhello",
    "a coding beside the chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "a size of many digits": CHUNKED + b"0000000000000005\r\nhello\r\n0\r\n\r\n",
    "a long extension": CHUNKED + b"5;a=" + b"b" * 2000 + b"\r\nhello\r\n0\r\n\r\n",
    "crumbs": CHUNKED + b"1\r\na\r\n" * 1500 + b"0\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\r\n\r\n",
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_odd_request_is_refused_and_hides_nothing(sent: bytes) -> None:
    """What could be read in two ways is refused once, and what follows it is never taken for a request."""
    with _serving() as served:
        answer = served.ask(sent + SMUGGLED)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert 1 == answer.count(b"HTTP/1.1 ")


ENDLESS = {
    "line": (b"POST /" + b"a" * 70_000, b"HTTP/1.1 414 "),
    "head": (POST + b"X-Long: 1234567890\r\n" * 4000, b"HTTP/1.1 431 "),
    "head of few": (POST + (b"X-Long: " + b"a" * 8000 + b"\r\n") * 9, b"HTTP/1.1 431 "),
}


@pytest.mark.parametrize(("sent", "status"), ENDLESS.values(), ids=ENDLESS)
def test_endless_head_is_refused(sent: bytes, status: bytes) -> None:
    """A head of more than is taken is answered, and the same whether its end comes with it or not."""
    with _serving() as served, closing(served.connect()) as slow:
        slow.sendall(sent)
        assert _read(slow).startswith(status)
        assert served.ask(sent + b"\r\n\r\n").startswith(status)


def test_unread_body_does_not_stay_in_the_way() -> None:
    """A body the application leaves unread is no part of the next request on the connection."""
    unread = HELLO.replace(b"/call", b"/call?unread")
    with _serving() as served, closing(served.connect()) as client:
        for _ in range(3):
            client.sendall(unread)
            assert b"POST 0" == _body(client)
            client.sendall(HELLO)
            assert b"POST 5" == _body(client)


def test_requests_behind_one_another_are_answered_in_order() -> None:
    """Requests that are sent without waiting for answers get one each, in their order."""
    with _serving(threads=4) as served, closing(served.connect()) as client:
        client.sendall(HELLO + GET + CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + GET[:10])
        assert [b"POST 5", b"GET 0", b"POST 3"] == [_body(client) for _ in range(3)]
        client.sendall(GET[10:])
        assert b"GET 0" == _body(client)


def test_client_that_waits_is_told_to_go_on() -> None:
    """Whoever asks whether to send a body is told to, once, before the answer."""
    with _serving() as served, closing(served.connect()) as client:
        client.sendall(POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == client.recv(100)
        client.sendall(b"hello")
        assert b"POST 5" == _body(client)


@pytest.mark.parametrize(
    "sent", [POST + b"Content-Length: 100001\r\n\r\n", CHUNKED + b"186A1\r\n"], ids=["length", "chunk"]
)
def test_large_body_is_refused_before_it_comes(sent: bytes) -> None:
    """Who announces more than is taken is answered at once, sees it though still sending, and is let go."""
    with _serving() as served, closing(served.connect()) as client:
        client.sendall(sent)
        client.sendall(bytes(MOST))
        answer = _read(client)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in answer


def test_client_that_leaves_is_forgotten() -> None:
    """A client that hangs up in the middle of a request is told, once it has sent a head, and leaves nothing
    behind."""
    with _serving() as served:
        assert served.ask(POST + b"Content-Length: 9\r\n\r\nhel").endswith(b"POST 3")
        assert served.ask(CHUNKED + b"5\r\nhe").startswith(b"HTTP/1.1 400 ")
        assert b"" == served.ask(POST)
        assert served.ask(HELLO).endswith(b"POST 5")
        until(lambda: not served.worker._connections, "no connection is held")
        assert 0 == served.worker._held


# --- the end -------------------------------------------------------------------------------------------


def _taken(worker: PatientWorker) -> int:
    return sum(one.arrival is None for one in worker._connections)


def test_stop_answers_what_was_begun() -> None:
    """Told to stop, a worker answers the calls that run and that wait, and then is gone."""
    with _serving(threads=1) as served:
        clients = [served.connect() for _ in range(3)]
        for client in clients:
            client.sendall(HELLO.replace(b"/call", b"/call?wait"))
        assert served.app.begun.acquire(timeout=WAIT)
        until(lambda: _taken(served.worker) == len(clients), "all calls are taken")
        served.worker.handle_exit(15, None)
        threading.Timer(0.2, served.app.going.set).start()
        answers = [_read(client) for client in clients]
        served.thread.join(WAIT)
        for client in clients:
            client.close()
        with pytest.raises(ConnectionRefusedError):
            served.connect()
    for answer in answers:
        assert answer.endswith(b"POST 5")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_stop_waits_for_no_slow_sender() -> None:
    """Told to stop, a worker does not wait for requests that are only half there, nor for idle clients."""
    with _serving() as served, closing(served.connect()) as idle, closing(served.connect()) as slow:
        idle.sendall(GET)
        assert b"GET 0" == _body(idle)
        slow.sendall(POST)
        served.stop()
        assert (b"", b"") == (_read(idle), _read(slow))


def test_orphan_ends() -> None:
    """A worker whose master is gone stops by itself, and gives up the port."""
    with _serving() as served:
        served.worker.ppid = 1 if os.getppid() != 1 else 2
        served.thread.join(WAIT)
        assert not served.thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            served.connect()
