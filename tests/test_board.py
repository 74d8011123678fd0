"""The one client of all boards, against a board that does everything wrong, on loopback."""

from __future__ import annotations

import ast
import gzip
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from claims import a_claim

from gateway import board, client, simulators
from gateway.board import BoardLine, Switchboard
from gateway.boards import ADAPTERS
from gateway.client import GatewayClient
from gateway.errors import BoardRefused, BoardUnavailable, Unreachable
from gateway.outbound import Answered, Waits
from gateway.records import Credentials, Errand, Question, Reply, Verdict

GATEWAY = Path(board.__file__).parent
NAMESPACE = "urn:cme-gateway:board:abim:1"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
WAITS = Waits(connect=2, read=0.5, total=5, bytes=64 * 1024)
CLAIM = a_claim()
QUESTION = Question(
    id="q1",
    board="ABIM",
    errand=Errand.REPORT,
    attempt=1,
    since=datetime(2026, 3, 10, tzinfo=UTC),
    claims=(CLAIM,),
)
VERDICT = "<Verdict><Reference>r1</Reference><Accepted>true</Accepted></Verdict>"
GOOD = f"<ReportCreditsResponse xmlns='{NAMESPACE}'>{VERDICT}</ReportCreditsResponse>"
YES = Reply((Verdict("r1", True),))

Act = Callable[[socket.socket], None]


@pytest.fixture(scope="module")
def simulated() -> Iterator[simulators.Boards]:
    """All nine simulated boards."""
    with simulators.serving() as boards:
        yield boards


# --- a board of flesh and bone -----------------------------------------------------------------------


class Peer:
    """A server that reads each request, counts it, and then does as it is told."""

    def __init__(self, act: Act) -> None:
        self.connections = self.requests = 0
        self.heads: list[bytes] = []
        self._act = act
        self._ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/boards/ABIM"

    def _serve(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                peer, _ = self._server.accept()
                self.connections += 1
                self._threads.append(threading.Thread(target=self._talk, args=(peer,)))
                self._threads[-1].start()

    def _talk(self, peer: socket.socket) -> None:
        peer.settimeout(2)
        with peer, suppress(OSError), peer.makefile("rb") as file:
            while _request(file, self.heads):
                self.requests += 1
                self._act(peer)

    def close(self) -> None:
        """End it and all it still talks to."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._server.close()


def _request(file: IO[bytes], heads: list[bytes]) -> bool:
    """Read one request to its end and note its header; False when there is none."""
    length, first = 0, file.readline()
    while (header := file.readline()).strip():
        heads.append(header)
        name, _, value = header.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return bool(first) and len(file.read(length)) == length


@contextmanager
def peer(act: Act) -> Iterator[Peer]:
    """A peer that is ended afterwards."""
    made = Peer(act)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def calling(url: str, waits: Waits = WAITS) -> Iterator[Switchboard]:
    """A switchboard with one board connected."""
    made = Switchboard({"ABIM": url}, waits)
    try:
        yield made
    finally:
        made.close()


def envelope(body: str, head: str = "") -> bytes:
    """An envelope round a body, with a document type before it if need be."""
    return f"{head}<s:Envelope xmlns:s='{SOAP11}'><s:Body>{body}</s:Body></s:Envelope>".encode()


def answer(
    body: bytes,
    kind: str = "text/xml; charset=utf-8",
    status: str = "200 OK",
    *more: str,
    length: int | None = None,
) -> bytes:
    """A whole HTTP answer, whose length may be a lie."""
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def says(content: bytes) -> Act:
    """Send it all."""
    return lambda peer: peer.sendall(content)


def heard(act: Act, waits: Waits = WAITS) -> Reply:
    """What our client makes of a board that acts so."""
    with peer(act) as there, calling(there.url, waits) as ours:
        return ours.ask(QUESTION)


def trouble(act: Act, waits: Waits = WAITS) -> str:
    """How our client calls what such a board does; it never quotes it, nor what was sent."""
    with pytest.raises(BoardUnavailable) as caught:
        heard(act, waits)
    refused = "(Client)" in caught.value.text
    assert ("S922" if refused else "S920") == caught.value.code
    told = f"{caught.value} {caught.value.remedy} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert not any(word in told for word in ("Zarathustra", "Quux", "900001", "02-29", "r1"))
    return caught.value.text


# --- a board that keeps its contract -----------------------------------------------------------------


@pytest.mark.network
def test_answer_is_understood_and_the_connection_is_kept() -> None:
    """A board that keeps its contract is asked again over the same connection."""
    with peer(says(answer(envelope(GOOD)))) as there, calling(there.url) as ours:
        assert [YES] * 3 == [ours.ask(replace(QUESTION, attempt=number)) for number in (1, 2, 3)]
        assert (1, 3) == (there.connections, there.requests)


@pytest.mark.network
def test_chunked_answer_is_understood() -> None:
    """An answer whose length is not told before is read to its end."""
    body = envelope(GOOD)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert YES == heard(says(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)))


@pytest.mark.network
def test_threads_share_a_line() -> None:
    """Several workers' threads ask at the same time, each gets its answer."""
    replies: list[Reply] = []
    with peer(says(answer(envelope(GOOD)))) as there, calling(there.url) as ours:
        threads = [threading.Thread(target=lambda: replies.append(ours.ask(QUESTION))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [YES] * 6 == replies


@pytest.mark.network
def test_nothing_of_a_person_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even with all loggers at their most talkative."""
    caplog.set_level(logging.DEBUG)
    bad = answer(envelope(GOOD), "text/xml", "200 OK", "Quux Zarathustra")
    with suppress(BoardUnavailable):
        heard(says(bad))
    heard(says(answer(envelope(GOOD))))
    assert not any(word in caplog.text for word in ("Zarathustra", "Quux", "900001"))


@pytest.mark.network
def test_neither_proxy_nor_netrc_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the environment says of proxies and passwords does not concern the boards."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password x")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    good = says(answer(envelope(GOOD)))
    with peer(says(b"")) as canary, peer(good) as there, calling(there.url) as ours:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, canary.url)
        assert (YES, 0) == (ours.ask(QUESTION), canary.connections)
    assert not [head for head in there.heads if head.lower().startswith((b"authorization", b"cookie"))]
    assert b"Accept-Encoding: identity\r\n" in there.heads


# --- a board that does not ---------------------------------------------------------------------------

BOMB = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))
FAULT = "<s:Fault><faultcode>s:Quux</faultcode><faultstring>Quux</faultstring></s:Fault>"
NONSENSE = {
    "html": (answer(b"<html>Quux</html>", "text/html"), "something other than XML"),
    "html called xml": (answer(b"<html><br>Quux</html>"), "cannot be read"),
    "no type": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "something other than XML"),
    "parts": (answer(envelope(GOOD), "multipart/related"), "something other than XML"),
    "nothing": (answer(b""), "cannot be read"),
    "accepted": (answer(b"", status="202 Accepted"), "HTTP 202"),
    "truncated": (answer(envelope(GOOD)[:-30]), "cannot be read"),
    "other length": (answer(envelope(GOOD), length=9999), "did not answer in time"),
    "no envelope": (answer(GOOD.encode()), "no SOAP envelope"),
    "soap 1.2": (
        answer(envelope(GOOD).replace(SOAP11.encode(), b"http://www.w3.org/2003/05/soap-envelope")),
        "no SOAP envelope",
    ),
    "no body": (answer(f"<s:Envelope xmlns:s='{SOAP11}'/>".encode()), "no SOAP envelope"),
    "two bodies": (
        answer(envelope(GOOD).replace(b"</s:Envelope>", b"<s:Body/></s:Envelope>")),
        "no SOAP envelope",
    ),
    "two answers": (answer(envelope(GOOD + GOOD)), "no SOAP envelope"),
    "fault": (answer(envelope(FAULT), status="500 Oops"), "with a SOAP fault."),
    "fault of its own": (
        answer(envelope(FAULT.replace("Quux<", "Server<", 1)), status="500 Oops"),
        "with a SOAP fault (Server).",
    ),
    "fault of ours": (
        answer(envelope(FAULT.replace("Quux<", "Client.Quux<", 1)), status="500 Oops"),
        "with a SOAP fault (Client).",
    ),
    "fault as success": (answer(envelope(FAULT)), "with a SOAP fault"),
    "success as fault": (answer(envelope(GOOD), status="500 Oops"), "with a SOAP fault"),
    "error page": (answer(b"Quux", "text/html", "500 Oops"), "HTTP 500"),
    "unavailable": (answer(b"", "text/html", "503 Busy"), "HTTP 503"),
    "not found": (answer(envelope(GOOD), status="404 Gone"), "HTTP 404"),
    "other operation": (
        answer(envelope(GOOD.replace("ReportCredits", "WithdrawCredits"))),
        "not the one to this operation",
    ),
    "other namespace": (answer(envelope(GOOD.replace(":1'", ":2'"))), "not the one to this operation"),
    "unknown element": (answer(envelope(GOOD.replace("</V", "<Quux/></V"))), "does not fit its contract"),
    "missing element": (
        answer(envelope(GOOD.replace("<Accepted>true</Accepted>", ""))),
        "does not fit its contract",
    ),
    "nonsense value": (answer(envelope(GOOD.replace("true", "Quux"))), "does not fit its contract"),
    "deep": (answer(envelope("<a>" * 5000 + "</a>" * 5000)), "cannot be read"),
    "bad bytes": (answer(envelope(GOOD).replace(b"r1", b"r\xff1")), "cannot be read"),
    "gzip": (
        answer(gzip.compress(envelope(GOOD)), "text/xml", "200 OK", "Content-Encoding: gzip"),
        "compressed",
    ),
    "doctype": (answer(envelope(GOOD, "<!DOCTYPE x>")), "may not be"),
    "entity": (
        answer(envelope(GOOD.replace(">r1<", ">&e;<"), "<!DOCTYPE x [<!ENTITY e 'r1'>]>")),
        "may not be",
    ),
    "bomb": (
        answer(envelope(GOOD.replace(">r1<", ">&e9;<"), f"<!DOCTYPE x [<!ENTITY e0 'Quux'>{BOMB}]>")),
        "may not be",
    ),
    "file": (
        answer(
            envelope(
                GOOD.replace(">r1<", ">&e;<"), "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>"
            )
        ),
        "may not be",
    ),
    "no http": (b"Quux Quux Quux\r\n\r\n", "could not be reached, or broke off"),
    "long header": (answer(b"", "x" * 100_000), "could not be reached, or broke off"),
    "many headers": (
        answer(b"", "text/xml", "200 OK", *(f"X-{n}: 1" for n in range(500))),
        "could not be reached, or broke off",
    ),
}


@pytest.mark.network
@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_trouble(case: str) -> None:
    """Whatever does not keep the contract is told as what it is, and decides nothing."""
    content, expected = NONSENSE[case]
    assert expected in trouble(says(content))


@pytest.mark.network
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Moved", "308 Moved"])
def test_redirect_leads_nowhere(status: str) -> None:
    """A redirect is trouble; nobody goes to where it points, and its body is not read."""
    with peer(says(answer(envelope(GOOD)))) as canary:
        moved = answer(b"x" * 10, "text/xml", status, f"Location: {canary.url}", length=10**10)
        assert f"ABIM answered HTTP {status[:3]}." == trouble(says(moved))
        assert 0 == canary.connections


@pytest.mark.network
@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE x SYSTEM '{url}'>",
        "<!DOCTYPE x PUBLIC 'a' '{url}'>",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM '{url}'>%p;]>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM '{url}'>]>",
        "<?xml-stylesheet href='{url}'?>",
    ],
)
def test_nothing_is_fetched_for_an_answer(head: str) -> None:
    """No address in an answer is ever called: not of a DTD, an entity, a style sheet or a schema."""
    hint = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:schemaLocation='urn:x {url}' xmlns='"
    with peer(says(b"")) as canary:
        body = GOOD.replace("xmlns='", hint, 1).replace(">r1<", ">r1&e;<" if "ENTITY e" in head else ">r1<")
        act = says(answer(envelope(body.replace("{url}", canary.url), head.replace("{url}", canary.url))))
        with suppress(BoardUnavailable):
            heard(act)
        assert 0 == canary.connections


@pytest.mark.network
@pytest.mark.parametrize("chunked", [False, True])
def test_answer_has_a_limit(chunked: bool) -> None:
    """Ten megabytes are not read to their end; an answer just within the limit is."""
    sent = 0

    def floods(peer: socket.socket) -> None:
        nonlocal sent
        how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {10 * 2**20}"
        peer.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{how}\r\n\r\n".encode())
        piece = b" " * 2**16
        for _ in range(160):
            peer.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
            sent += len(piece)

    assert "ABIM answered more than 65536 bytes." == trouble(floods)
    assert sent < 10 * 2**20
    body = envelope(GOOD)
    assert YES == heard(says(answer(body + b" " * (WAITS.bytes - len(body)))))


def drips(content: bytes, at_once: int, pause: float) -> Act:
    """Send so much at once, the rest byte by byte with a pause after each."""

    def act(peer: socket.socket) -> None:
        peer.sendall(content[:at_once])
        for number in range(at_once, len(content)):
            time.sleep(pause)
            peer.sendall(content[number : number + 1])

    return act


@pytest.mark.network
@pytest.mark.parametrize("part", ["header", "body"])
def test_dripping_board_is_left(part: str) -> None:
    """A byte now and then never trips a read timeout; the deadline of the whole call ends it."""
    content = answer(envelope(GOOD))
    at_once = 10 if part == "header" else len(content) - 60
    act = drips(content, at_once, 0.01)
    assert "ABIM did not answer in time." == trouble(act, replace(WAITS, total=0.2))
    assert YES == heard(drips(content, len(content) - 20, 0.01), replace(WAITS, total=5))


@pytest.mark.network
def test_endless_interim_answers_are_left() -> None:
    """`100 Continue` for ever is no answer either."""

    def act(peer: socket.socket) -> None:
        while True:
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    assert "ABIM did not answer in time." == trouble(act, replace(WAITS, total=0.2))


@pytest.mark.network
def test_silent_board_is_left() -> None:
    """A board that takes the question and says nothing is given up after the read timeout."""
    quiet = threading.Event()

    def act(peer: socket.socket) -> None:
        quiet.wait(2)

    with peer(act) as there, calling(there.url, replace(WAITS, read=0.1)) as ours:
        with pytest.raises(BoardUnavailable, match="ABIM did not answer in time"):
            ours.ask(QUESTION)
        quiet.set()


@pytest.mark.network
@pytest.mark.parametrize("part", [b"", answer(envelope(GOOD))[:20], answer(envelope(GOOD))[:-20]])
def test_reset_is_trouble(part: bytes) -> None:
    """A connection that is torn after the question was read, or within the answer, is trouble."""

    def act(peer: socket.socket) -> None:
        peer.sendall(part)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.shutdown(socket.SHUT_RD)
        raise OSError

    assert "ABIM could not be reached, or broke off." == trouble(act)


@pytest.mark.network
def test_board_that_is_not_there_is_trouble() -> None:
    """Where nobody listens, one sentence says so."""
    with calling("http://127.0.0.1:9/") as ours, pytest.raises(BoardUnavailable, match="ABIM could not be"):
        ours.ask(QUESTION)


# --- boards to practise on ---------------------------------------------------------------------------


def _until_settled(ours: Switchboard, question: Question) -> dict[str, Verdict]:
    """Ask, and come back with the ticket as long as there is one."""
    reply = ours.ask(question)
    told = {verdict.reference: verdict for verdict in reply.verdicts}
    if reply.ticket:
        told |= _until_settled(ours, replace(question, ticket=reply.ticket))
    return told


@pytest.mark.network
@pytest.mark.parametrize("name", ADAPTERS)
def test_conversation_with_a_simulated_board(name: str, simulated: simulators.Boards) -> None:
    """Each adapter and the simulator, written apart from the same contract, understand one another: what
    identifies a learner arrives, verdicts and reasons come back, withdrawals too."""
    known = replace(CLAIM, board_id="990001", given_names=("Ada",), family_names=("Quimby-Torres",))
    claims = (
        replace(known, reference="known"),
        replace(known, reference="birthday", birthday="03-29"),
        replace(known, reference="name", family_names=("Quux",)),
        replace(CLAIM, reference="late", board_id="900019"),
        replace(CLAIM, reference="anyone", board_id="123456"),
    )
    asked = replace(QUESTION, board=name, claims=claims)
    ours = Switchboard(simulated.urls(), WAITS)
    told = _until_settled(ours, asked)
    withdrawn = ours.ask(replace(asked, errand=Errand.WITHDRAW)).verdicts
    ours.close()
    assert {"known", "anyone"} == {reference for reference, verdict in told.items() if verdict.accepted}
    reasons = {reference: verdict.reason for reference, verdict in told.items() if not verdict.accepted}
    assert all(word in str(reasons[word]) for word in ("name", "late")) and "birth" in str(
        reasons["birthday"]
    )
    assert {claim.reference for claim in claims} == {verdict.reference for verdict in withdrawn}


# --- no board at all ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "addresses", "expected"),
    [
        ("ABIM", {}, "ABIM is not connected: CME_GATEWAY_BOARDS has no address of it."),
        ("ABIM", {"ABIM": "file:///etc/passwd"}, "The address of ABIM is neither http nor https."),
        ("ABXX", {"ABXX": "http://127.0.0.1/"}, "There is no board ABXX."),
    ],
)
def test_board_without_a_line_is_trouble(named: str, addresses: dict[str, str], expected: str) -> None:
    """A board that is not connected, or not by HTTP, is told as such and asked again later."""
    ours = Switchboard(addresses, WAITS)
    with pytest.raises(BoardUnavailable) as caught:
        ours.ask(replace(QUESTION, board=named))
    ours.close()
    assert expected == caught.value.text


# --- the conversation of a question ------------------------------------------------------------------


class Noted:
    """An adapter's three functions, which only note that they were called."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.adapter = replace(
            ADAPTERS["ABPMR"],
            report=lambda line, claims: self._note("report", len(claims)),
            collect=lambda line, ticket, claims: self._note("collect", ticket, len(claims)),
            withdraw=lambda line, claims: self._note("withdraw", len(claims)),
        )

    def _note(self, *call: object) -> Reply:
        self.calls.append(call)
        return Reply()


@pytest.mark.parametrize(
    ("errand", "ticket", "call"),
    [
        (Errand.REPORT, None, ("report", 25)),
        (Errand.REPORT, "t7", ("collect", "t7", 30)),
        (Errand.WITHDRAW, None, ("withdraw", 25)),
    ],
)
def test_question_becomes_its_conversation(
    errand: Errand, ticket: str | None, call: tuple[object, ...]
) -> None:
    """Errand and ticket decide what is said; no more records are sent than the board takes."""
    noted = Noted()
    line = BoardLine(noted.adapter, "http://127.0.0.1:9/", WAITS)
    asked = replace(QUESTION, errand=errand, ticket=ticket, claims=(CLAIM,) * 30)
    board.ask(noted.adapter, line, asked)
    line.close()
    assert [call] == noted.calls


def test_question_that_does_not_fit_is_not_sent() -> None:
    """What the contract does not allow to be asked stays here."""
    line = BoardLine(ADAPTERS["ABIM"], "http://127.0.0.1:9/", WAITS)
    with pytest.raises(BoardRefused, match="ABIM: the request to it does not fit its contract"):
        ADAPTERS["ABIM"].report(line, (replace(CLAIM, birthday="Quux"),))
    line.close()


def test_what_xml_cannot_hold_is_a_space() -> None:
    """A control character in a name does not keep a whole chunk from being asked about."""
    line = BoardLine(ADAPTERS["ABIM"], "http://127.0.0.1:9/", WAITS)
    sent: list[bytes] = []
    line._caller.post = lambda message, headers: (  # type: ignore[method-assign]  # instead of HTTP
        sent.append(message) or Answered(200, envelope(GOOD))  # type: ignore[func-returns-value]  # None, then the answer
    )
    ADAPTERS["ABIM"].report(line, (replace(CLAIM, family_names=("Qu\x00u\x0bx\ud800", "<&>")),))
    line.close()
    assert b"<LastName>Qu u x  &lt;&amp;&gt;</LastName>" in sent[0]


# --- no client waits for ever ------------------------------------------------------------------------


def _timeouts(made: object) -> tuple[object, object]:
    """The two timeouts of the zeep client within one of ours."""
    [zeep] = [part for part in vars(made).values() if type(part).__module__.startswith("zeep.client")]
    return zeep.transport.load_timeout, zeep.transport.operation_timeout


def test_line_has_both_timeouts() -> None:
    """The zeep client of every board says how long it waits; zeep's own default is for ever."""
    for adapter in ADAPTERS.values():
        line = BoardLine(adapter, "http://127.0.0.1:9/", WAITS)
        assert (WAITS.connect, WAITS.total) == _timeouts(line)
        line.close()


def test_line_fetches_nothing() -> None:
    """A contract that asks for more than what is pinned is not served."""
    line = BoardLine(ADAPTERS["ABIM"], "http://127.0.0.1:9/", WAITS)
    for name in ("load", "get", "post"):
        with pytest.raises(BoardUnavailable, match="not pinned"):
            getattr(line._transport, name)("http://127.0.0.1:9/")
    line.close()


def test_zeep_itself_calls_nobody() -> None:
    """A call by zeep's own service proxy, which would have no deadline and no cap, is not made."""
    line = BoardLine(ADAPTERS["ABIM"], "http://127.0.0.1:9/", WAITS)
    with pytest.raises(BoardUnavailable, match="not pinned"):
        line._client.service.WithdrawCredits(Reference=["r1"])
    line.close()


@pytest.mark.network
def test_gateway_client_gives_up_on_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our other zeep client does not wait for ever either, neither for a contract nor for an answer."""
    quiet = threading.Event()
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.1)

    def act(peer: socket.socket) -> None:
        quiet.wait(2)

    with peer(act) as there:
        with pytest.raises(Unreachable):
            GatewayClient(there.url.removesuffix("/boards/ABIM"), Credentials("0001234", "u", "p"))
        quiet.set()


def test_calls_over_http_are_made_in_two_places() -> None:
    """Whoever posts by other means than these would have neither deadline nor cap."""
    callers = set()
    for path in GATEWAY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in getattr(node, "names", ())] + [getattr(node, "module", "") or ""]
            if isinstance(node, ast.Import | ast.ImportFrom) and any(
                n.split(".")[0] == "requests" for n in names
            ):
                callers.add(path.name)
    assert {"outbound.py", "client.py"} == callers
