"""gunicorn's threaded worker, made patient: its main loop holds all connections, its threads none.

gunicorn's own gives a connection to a thread as soon as a byte has come, and the thread waits for the
rest: as many slow senders as threads, and nobody else is served. Here the loop takes what comes, hands
a request on when it is whole, and sends the answer. gunicorn's parser judges what came, and nothing of
that parser is repeated here.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import selectors
import signal
import socket
import time
from concurrent.futures import Future
from typing import Any, NoReturn

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from gateway.serving import LINGER, MOST_BEYOND, MOST_HEAD, STOPS, TURN
from gateway.serving.arrival import Arrival
from gateway.serving.connection import NEVER, Broken, Connection, Mailbox, Patience

FAREWELL = 0.5
"""Seconds a stopping worker still waits for a request that is on its way."""
PIECE = 256 * 1024
HELD = 64 << 20
"""Bytes of unfinished requests a worker holds; beyond it whoever holds the most is let go."""


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Holds connections in its loop, and answers whole requests in threads.

    Told to quit it is gone. gunicorn's own would wait for its threads, and told twice at a time, as
    Ctrl-C does, to every process and then by the master, for a lock of its own.
    """

    patience: Patience
    most: int  # bytes of a body

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._connections: set[Connection] = set()
        self._held = 0
        self._looked = 0.0

    def init_signals(self) -> None:
        """Listen for signals, those held back at the fork included."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    def handle_quit(self, sig: int, frame: object) -> NoReturn:
        """End at once; what was being written is rolled back."""
        os._exit(0)

    def run(self) -> None:
        """Serve until told to stop, then finish what was begun."""
        waker, wake = self.method_queue.fileno(), self.method_queue.run_callbacks
        self.poller.register(waker, selectors.EVENT_READ, wake)
        self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            self._turn()
        self._finish()

    def _turn(self) -> None:
        self.notify()
        self.wait_for_and_dispatch_events(TURN)
        now = time.monotonic()
        if now - self._looked >= TURN:
            self._looked = now
            for connection in [one for one in self._connections if one.deadline <= now]:
                self._end_early(connection)

    def _finish(self) -> None:
        """Take no more connections, and answer whatever came whole within the time there is."""
        self.alive = False
        self.set_accept_enabled(False)
        for listener in self.sockets:
            self.accept(listener)
            listener.close()
        now = time.monotonic()
        for connection in self._connections:
            if connection.deadline < NEVER and not connection.answer:
                connection.deadline = min(connection.deadline, now + FAREWELL)
        while self._connections and time.monotonic() < now + self.cfg.graceful_timeout:
            self._turn()
        for connection in list(self._connections):
            self._drop(connection)
        self.tpool.shutdown(wait=False)

    # --- coming ------------------------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        """Take all connections that wait."""
        with contextlib.suppress(OSError):  # there is none any more, or it is gone already
            while True:
                sock, peer = listener.accept()
                sock.setblocking(False)
                self._take(Connection(sock, peer, listener.getsockname(), 0.0, 0.0, None))

    def _take(self, connection: Connection) -> None:
        if len(self._connections) >= self.worker_connections:
            self._make_room(min, "begun")
        self._connections.add(connection)
        self._await_request(connection, self.patience.head)

    def _await_request(self, connection: Connection, seconds: float) -> None:
        connection.begun = time.monotonic()
        connection.deadline = connection.begun + seconds
        connection.arrival, connection.sent = Arrival(self.most), 0
        self._watch(connection, selectors.EVENT_READ, self._receive)
        if connection.rest:
            came, connection.rest = connection.rest, b""
            self._add(connection, came)

    def _receive(self, connection: Connection, sock: socket.socket) -> None:
        try:
            came = sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
        else:
            if came:
                self._add(connection, came)
            else:
                self._end_early(connection)

    def _add(self, connection: Connection, came: bytes) -> None:
        arrival = connection.arrival
        assert arrival is not None
        now, headless = time.monotonic(), not arrival.head
        if not arrival.data:
            connection.begun, connection.deadline = now, now + self.patience.head
        arrival.take(came)
        self._held += len(came)
        if arrival.over:
            self._hand_over(connection)
            return
        if arrival.head and headless:
            connection.begun = now
            self._encourage(connection, arrival)
        if arrival.head:
            connection.deadline = self.patience.until(connection.begun, arrival.body)
        if self._held > HELD:
            self._make_room(max, "size")

    def _encourage(self, connection: Connection, arrival: Arrival) -> None:
        """Tell a client to go on that waits to be told so before it sends a body."""
        if arrival.expects and not arrival.body:
            with contextlib.suppress(OSError):
                connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _make_room(self, choose: Any, what: str) -> None:
        """Let go of whoever has been coming the longest, or holds the most, of those still coming."""
        coming = [one for one in self._connections if one.arrival is not None]
        if coming:
            size = {"begun": lambda one: one.begun, "size": lambda one: len(one.arrival.data)}
            self._drop(choose(coming, key=size[what]))

    # --- answering ---------------------------------------------------------------------------------

    def _hand_over(self, connection: Connection) -> None:
        arrival, connection.arrival = connection.arrival, None
        assert arrival is not None
        self._held -= len(arrival.data)
        connection.deadline, connection.read = NEVER, len(arrival.data)
        self._unwatch(connection)
        answering = self.tpool.submit(self._answer, connection, arrival)
        answering.add_done_callback(lambda done: self.method_queue.defer(self._answered, connection, done))

    def _answer(self, connection: Connection, arrival: Arrival) -> None:
        """Let gunicorn judge and answer a request, in a thread, and send as much as goes at once."""
        mailbox = Mailbox(arrival.data if arrival.head else arrival.data[:MOST_HEAD])
        exchange = TConn(self.cfg, mailbox, connection.peer, connection.server)
        exchange.data_ready, exchange.arrival = True, arrival
        connection.keep = bool(self.handle(exchange)) and arrival.whole
        if connection.keep:
            connection.rest = exchange.parser.unreader.take_buffered() + mailbox.rest()
        connection.answer = mailbox.answer() or _refusal(arrival)
        connection.begun = time.monotonic()
        self._push(connection)

    def handle_request(self, request: Any, exchange: Any) -> Any:
        """Answer one request; a body in chunks is put together first, so that a wrong chunk is refused
        before anything is done, and one that is too large is announced as that."""
        arrival = exchange.arrival
        if not arrival.whole:
            request.force_close()
        if arrival.large:
            request.headers = [field for field in request.headers if field[0] != "CONTENT-LENGTH"]
            request.headers.append(("CONTENT-LENGTH", str(self.most + 1)))
        elif arrival.odd or "TRANSFER-ENCODING" in {name for name, _ in request.headers}:
            request.body = _whole_body(request, arrival)
        return super().handle_request(request, exchange)

    def _answered(self, connection: Connection, done: Future[None]) -> None:
        if done.exception() is not None:
            self._drop(connection)
        else:
            self._go_on(connection)

    def _push(self, connection: Connection) -> None:
        """Send as much of the answer as the client takes now. Raises OSError where it is gone."""
        with contextlib.suppress(BlockingIOError):
            while connection.answer:
                sent = connection.sock.send(connection.answer)
                connection.answer = connection.answer[sent:]
                connection.sent += sent

    def _send(self, connection: Connection, sock: socket.socket) -> None:
        try:
            self._push(connection)
        except OSError:
            self._drop(connection)
        else:
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """Send the rest of the answer, or await the next request, or part."""
        if connection.answer:
            connection.deadline = self.patience.until(connection.begun, connection.sent)
            self._watch(connection, selectors.EVENT_WRITE, self._send)
        elif connection.keep:
            self._await_request(connection, self.patience.idle if self.alive else FAREWELL)
        else:
            self._part(connection)

    def _part(self, connection: Connection) -> None:
        """Close so that the client sees its answer: what it still sends is read, and dropped."""
        connection.deadline = time.monotonic() + (LINGER if self.alive else FAREWELL)
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)
        else:
            self._watch(connection, selectors.EVENT_READ, self._discard)

    def _discard(self, connection: Connection, sock: socket.socket) -> None:
        came = b""
        with contextlib.suppress(OSError):
            came = sock.recv(PIECE)
        connection.read += len(came)
        if not came or connection.read > self.most + MOST_BEYOND:
            self._drop(connection)
        elif self.alive:
            most = self.patience.until(connection.begun, connection.read)
            connection.deadline = min(time.monotonic() + LINGER, most)

    # --- ending ------------------------------------------------------------------------------------

    def _end_early(self, connection: Connection) -> None:
        """Wait for no more, or there is none; whoever has sent a head is told, as far as that can be told."""
        if connection.arrival is not None and connection.arrival.head:
            self._hand_over(connection)
        else:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        arrival, connection.arrival = connection.arrival, None
        self._held -= len(arrival.data) if arrival is not None else 0
        self._unwatch(connection)
        self._connections.discard(connection)
        connection.sock.close()

    def _watch(self, connection: Connection, event: int, callback: Any) -> None:
        self._unwatch(connection)
        self.poller.register(connection.sock, event, functools.partial(callback, connection))

    def _unwatch(self, connection: Connection) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.poller.unregister(connection.sock)


def _whole_body(request: Any, arrival: Arrival) -> Any:
    """A body in memory, broken unless it came whole and the parser finds nothing wrong with it."""
    if arrival.whole:
        with contextlib.suppress(Exception):  # gunicorn has one for each thing that can be wrong
            return io.BytesIO(request.body.read())
    request.force_close()
    return Broken()


def _refusal(arrival: Arrival) -> memoryview:
    """What is answered where gunicorn stays silent: to a head without an end, or to a body without one that
    the application did not look into."""
    mailbox = Mailbox(bytearray())
    told = (400, "Bad Request") if arrival.head else (431, "Request Header Fields Too Large")
    util.write_error(mailbox, *told, "")
    return mailbox.answer()
