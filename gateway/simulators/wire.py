"""The wire of the simulated boards: HTTP in threads, and every way in which an answer can go wrong on it.

No server for WSGI would reset, drip or be silent, so here is a small one: loopback, test benches.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gateway.simulators.board import Answer, SimulatedBoard
from gateway.simulators.ledger import Ledger
from gateway.simulators.magic import Mishap
from gateway.simulators.mood import DEAD, SILENT

HOST = re.compile(r"[\w.\-\[\]:]+", re.ASCII)
MOST_BYTES = 8 << 20
IDLE_SECONDS = 60
DRIP_SECONDS = 0.2
"""The pause after each byte of a dripping answer: less than any read timeout, more than any deadline."""
HUGE_BYTES = 64 << 20
LAST = "Connection: close"  # or a client would send its next call where nobody listens any more
ABRUPT = struct.pack("ii", 1, 0)
PAGE = b"<html><body><h1>Something is wrong</h1><p>Please call us.<br></body></html>"
XML, HTML, JSON, TEXT = (
    f"{kind}; charset=utf-8" for kind in ("text/xml", "text/html", "application/json", "text/plain")
)
FRONT = """Simulated boards. Their contracts are invented: no board publishes its service.

/boards/ACRONYM       a board's SOAP service, with ?wsdl its contract: {boards}
/ledger               what the boards have on record
/control              how the boards are; POST to /control/ACRONYM: {say}
"""


class BoardServer(ThreadingHTTPServer):
    """All boards at one address: `/boards/<acronym>`, `/ledger`, `/control/<acronym>`."""

    daemon_threads = False  # the end waits for them: none is left with an open socket
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], boards: Mapping[str, SimulatedBoard], ledger: Ledger
    ) -> None:
        self.boards = boards
        self.ledger = ledger
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """The address, without a path."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, and know of it at the end."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Let a connection go."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: that callers hang up is what they are here for."""

    def end(self) -> None:
        """Stop, and hang up on everybody."""
        for board in self.boards.values():
            board.mood.end()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self.server_close()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # gone already


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: BoardServer
    abrupt = False

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a path can hold anything."""

    def finish(self) -> None:
        """Close, abruptly where that is the mishap."""
        if self.abrupt:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
            self.connection.close()
        super().finish()

    # --- what is asked for ---

    def do_GET(self) -> None:
        """Show the front page, a contract, the ledger or the moods."""
        path, _, query = self.path.partition("?")
        board = self._board(path, "/boards/")
        if path == "/ledger":
            self._send_json(self.server.ledger.dump())
        elif path == "/control":
            self._send_json({name: board.mood.told() for name, board in self.server.boards.items()})
        elif board is not None and query.lower().startswith("wsdl"):
            self._send(Answer(HTTPStatus.OK, board.contract(self._known_as() + path), XML))
        elif not self._strayed(path):
            front = FRONT.format(boards=", ".join(self.server.boards), say="alive, dead, flaky 0.3 …")
            self._send(Answer(HTTPStatus.OK if path == "/" else HTTPStatus.NOT_FOUND, front.encode(), TEXT))

    def do_POST(self) -> None:
        """Take a SOAP call to a board, or a word to its control."""
        board, controlled = self._board(self.path, "/boards/"), self._board(self.path, "/control/")
        if board is not None and board.mood.state == DEAD:
            self._reset()
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._send(Answer(HTTPStatus.LENGTH_REQUIRED, b"", TEXT))
            return
        body = self.rfile.read(int(length))
        if board is not None:
            self._call(board, body)
        elif controlled is not None:
            self._control(controlled, body)
        elif not self._strayed(self.path):
            self._send(Answer(HTTPStatus.NOT_FOUND, b"There is no such board.\n", TEXT))

    def _known_as(self) -> str:
        """The address the caller knows these boards by."""
        host = self.headers.get("Host", "")
        return f"http://{host}" if HOST.fullmatch(host) else self.server.url

    def _board(self, path: str, room: str) -> SimulatedBoard | None:
        return self.server.boards.get(path.removeprefix(room)) if path.startswith(room) else None

    def _strayed(self, path: str) -> bool:
        board = self._board(path, "/elsewhere/")
        if board is not None:
            board.mood.stray()
            self._send(Answer(HTTPStatus.OK, b"Nobody should have come here.\n", TEXT))
        return board is not None

    def _control(self, board: SimulatedBoard, body: bytes) -> None:
        try:
            board.mood.obey(body.decode("utf-8", "replace"))
        except ValueError as error:
            self._send(Answer(HTTPStatus.BAD_REQUEST, f"{error}\n".encode(), TEXT))
        else:
            self._send_json(board.mood.told())

    def _call(self, board: SimulatedBoard, body: bytes) -> None:
        if board.mood.state == SILENT:
            self._be_silent(board)
            return
        answer = board.answer(body, self.headers.get("Content-Type"), self.headers.get("SOAPAction"))
        board.mood.count(str(answer.mishap or "answered"))
        MISHAPS.get(answer.mishap, _Handler._send_well)(self, board, answer)

    # --- how it is answered ---

    def _send_json(self, value: Any) -> None:
        self._send(Answer(HTTPStatus.OK, json.dumps(value, indent=1).encode(), JSON))

    def _send_well(self, board: SimulatedBoard, answer: Answer) -> None:
        self._send(answer)

    def _send(self, answer: Answer, *headers: str) -> None:
        """Send an answer in one piece."""
        self.wfile.write(_head(answer, len(answer.body), *headers) + answer.body)

    def _reset(self) -> None:
        self.abrupt = self.close_connection = True

    def _be_silent(self, board: SimulatedBoard) -> None:
        """Keep the connection and say nothing until the caller or the board is gone."""
        self.close_connection = True
        self.connection.settimeout(0.1)
        while not board.mood.over:
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue

    def _drip(self, board: SimulatedBoard, answer: Answer) -> None:
        self.close_connection = True
        self.wfile.write(_head(answer, len(answer.body), LAST))
        for byte in answer.body:
            self.wfile.write(bytes((byte,)))
            board.mood.pause(DRIP_SECONDS)
            if board.mood.over:
                return

    def _cut(self, board: SimulatedBoard, answer: Answer) -> None:
        self.close_connection = True
        self.wfile.write(_head(answer, len(answer.body), LAST) + answer.body[: len(answer.body) // 2])

    def _swell(self, board: SimulatedBoard, answer: Answer) -> None:
        """Send the answer, well-formed, with a long blank before its last tag."""
        self.close_connection = True
        start, mark, end = answer.body.rpartition(b"</")
        self.wfile.write(_head(answer, len(answer.body) + HUGE_BYTES, LAST) + start)
        for _ in range(HUGE_BYTES >> 16):
            self.wfile.write(b" " * (1 << 16))
        self.wfile.write(mark + end)

    def _redirect(self, board: SimulatedBoard, answer: Answer) -> None:
        elsewhere = f"Location: {self.server.url}/elsewhere/{board.acronym}"
        self._send(Answer(HTTPStatus.TEMPORARY_REDIRECT, b"", TEXT), elsewhere)


def _head(answer: Answer, length: int, *headers: str) -> bytes:
    status = HTTPStatus(answer.status)
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {length}",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _instead(make: Callable[[Answer], Answer]) -> Callable[[_Handler, SimulatedBoard, Answer], None]:
    return lambda handler, board, answer: handler._send(make(answer))


MISHAPS: Mapping[Mishap | None, Callable[[_Handler, SimulatedBoard, Answer], None]] = {
    Mishap.RESET: lambda handler, board, answer: handler._reset(),
    Mishap.SILENCE: lambda handler, board, answer: handler._be_silent(board),
    Mishap.DRIP: _Handler._drip,
    Mishap.CUT: _Handler._cut,
    Mishap.HUGE: _Handler._swell,
    Mishap.REDIRECT: _Handler._redirect,
    Mishap.ERROR: _instead(lambda answer: Answer(HTTPStatus.INTERNAL_SERVER_ERROR, PAGE, HTML)),
    Mishap.BUSY: _instead(lambda answer: Answer(HTTPStatus.SERVICE_UNAVAILABLE, b"Busy.\n", TEXT)),
    Mishap.MALFORMED: _instead(
        lambda answer: Answer(answer.status, answer.body.replace(b"</", b"<", 1), XML)
    ),
    Mishap.EMPTY: _instead(lambda answer: Answer(HTTPStatus.OK, b"", XML)),
    Mishap.HTML: _instead(lambda answer: Answer(HTTPStatus.OK, PAGE, HTML)),
}
"""What is done instead of sending the answer; a fault and wrong references stand in the answer itself."""
