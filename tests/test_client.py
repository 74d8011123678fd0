"""Our own client: what it sends, how it waits, and what it makes of every kind of answer."""

from __future__ import annotations

import ast
import io
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import etree
from payloads import reports
from served import PASSWORD, PROVIDER, USER, Served, serving

from gateway import assembly, client
from gateway.client import Corrections, GatewayClient, Sent, Submitted
from gateway.errors import CallFailed, CallRefused, GatewayError, Unreachable, Unreadable
from gateway.pieces import Piece, Record
from gateway.records import Credentials, Finding, Location, Severity, replace
from gateway.samples import demo_activities
from gateway.settings import Settings

GATEWAY = Path(client.__file__).parent
CREDENTIALS = Credentials(PROVIDER, USER, PASSWORD)
TODAY = assembly.now().date()
READER = assembly.reader(Settings())
VERSION = READER.named("activity", "2.0")
TIMES = {"timeout", "operation_timeout"}
FAULT = """<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>
<faultcode>soap:{kind}</faultcode><faultstring>x</faultstring><detail>{detail}</detail>
</soap:Fault></soap:Body></soap:Envelope>"""
DETAIL = """<f:Fault xmlns:f="urn:cme-gateway:fault:1"><f:Code>X012</f:Code><f:Text>Wrong.</f:Text>
<f:Remedy>Mend it.</f:Remedy><f:Finding><f:Code>X020</f:Code><f:Severity>Error</f:Severity>
<f:Field>a</f:Field><f:Path>/a</f:Path><f:Line>3</f:Line><f:Text>There.</f:Text><f:Remedy>Out.</f:Remedy></f:Finding>
<f:TraceId>1</f:TraceId></f:Fault>"""


# --- how long it waits ---------------------------------------------------------------------------------


def _given(calls: Iterable[ast.Call]) -> list[set[str | None]]:
    return [{keyword.arg for keyword in call.keywords} for call in calls]


def _calls(source: str, name: str) -> list[set[str | None]]:
    """The keyword arguments of each call of a name in a source."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return _given(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name)


def _kinds(source: str) -> Iterator[tuple[str, list[ast.Call]]]:
    """The classes made from zeep's transport, with the calls of `super().__init__` in them."""
    for made in ast.walk(ast.parse(source)):
        if isinstance(made, ast.ClassDef) and "Transport" in [getattr(of, "id", "") for of in made.bases]:
            calls = [node for node in ast.walk(made) if isinstance(node, ast.Call)]
            yield made.name, [call for call in calls if ast.unparse(call.func) == "super().__init__"]


def _waits_for_ever(source: str) -> bool:
    """Whether a source makes a zeep client whose waiting has no end."""
    ours = [name for name, begun in _kinds(source) if not begun]
    transports = [given for name in ("Transport", *ours) for given in _calls(source, name)]
    transports += [given for name, begun in _kinds(source) for given in _given(begun)]
    clients = _calls(source, "Client")
    return (
        not all(given >= TIMES for given in transports)
        or not all("transport" in given for given in clients)
        or len(transports) < bool(clients)
    )


def test_every_zeep_client_has_both_timeouts() -> None:
    """Whoever makes a zeep client says how long it waits for a contract and for an answer."""
    sources = {path: path.read_text("utf-8") for path in GATEWAY.rglob("*.py")}
    makers = {path.name for path, source in sources.items() if _calls(source, "Client")}
    assert {"board.py", "client.py"} == makers
    assert set() == {path.name for path, source in sources.items() if _waits_for_ever(source)}


@pytest.mark.parametrize(
    "source",
    [
        "Client(wsdl)",
        "Client(wsdl, transport=Transport())",
        "Client(wsdl, transport=Transport(timeout=1))",
        "Client(wsdl, transport=Transport(operation_timeout=1))",
        "Client(wsdl, transport=other)",
        "class Ours(Transport): pass\nClient(wsdl, transport=Ours())",
        "class Ours(Transport): pass\nClient(wsdl, transport=Ours(timeout=1))",
        "class Ours(Transport):\n def __init__(self):\n  super().__init__(timeout=1)",
    ],
)
def test_client_without_a_timeout_is_found(source: str) -> None:
    """The look at the sources finds a client that waits for ever."""
    assert _waits_for_ever(source)


# --- what it makes of an answer ------------------------------------------------------------------------


@contextmanager
def _answering(status: int, body: bytes, kind: str = "text/xml") -> Iterator[str]:
    """A server that gives our contracts by GET, and one answer to every POST."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            name = f"wsdl/{path.rpartition('/')[2]}.wsdl" if path.startswith("/soap/") else path[1:]
            folder, _, rest = name.partition("/")
            here = f'<soap:address location="http://{self.headers["Host"]}{path}"'.encode()
            contract = re.sub(b'<soap:address location="[^"]*"', here, (files(folder) / rest).read_bytes())
            self._answer(200, contract, "text/xml")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(status, body, kind)

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _refusal(status: int, body: bytes, kind: str = "text/xml") -> GatewayError:
    with _answering(status, body, kind) as url:
        caller = GatewayClient(url, CREDENTIALS)
        with pytest.raises(GatewayError) as caught:
            list(caller.submit(io.BytesIO(b"\n\n<ACCMEActivities>\n<a/>\n<b/></ACCMEActivities>")))
    return caught.value


@pytest.mark.network
@pytest.mark.parametrize(("kind", "error"), [("Client", CallRefused), ("Server", CallFailed)])
def test_fault_is_refusal_or_failure(kind: str, error: type[GatewayError]) -> None:
    """A fault of the sender's is a refusal, one of the gateway's a failure; code and remedy are kept."""
    raised = _refusal(500, FAULT.format(kind=kind, detail=DETAIL).encode())
    assert error is type(raised)
    assert ("X012", "Wrong.", "Mend it.") == (raised.code, raised.text, raised.remedy)


@pytest.mark.network
def test_findings_of_a_fault_have_lines_of_the_file() -> None:
    """What a fault says of the message's lines is told of the file's."""
    [finding] = _refusal(500, FAULT.format(kind="Client", detail=DETAIL).encode()).findings
    assert Finding("X020", Severity.ERROR, "There.", "Out.", "a", "/a", 6) == finding


@pytest.mark.network
@pytest.mark.parametrize("kind", ["Client", "Server"])
def test_fault_without_our_detail_is_told(kind: str) -> None:
    """A fault that is not ours, of a proxy, still is one clear sentence."""
    raised = _refusal(500, FAULT.format(kind=kind, detail="").encode())
    assert "x" == raised.text


@pytest.mark.network
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (502, b"<html>Bad Gateway", "text/html"),
        (200, b"<html>Welcome</html>", "text/html"),
        (200, b"", "text/xml"),
        (200, b"<soap", "text/xml"),
        (503, b"", "text/plain"),
    ],
)
def test_answer_that_is_no_answer_is_a_failure(status: int, body: bytes, kind: str) -> None:
    """Whatever answers in place of the gateway is reported as such."""
    raised = _refusal(status, body, kind)
    assert (Unreachable, "The gateway did not answer (it speaks no SOAP).") == (type(raised), raised.text)


@pytest.mark.network
@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/", "http://["])
def test_wrong_address_is_a_failure(url: str) -> None:
    """Where nobody listens, one sentence says so."""
    with pytest.raises(Unreachable, match="There is no gateway at"):
        GatewayClient(url, CREDENTIALS)


# --- files, against a gateway --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway to send files to."""
    folder = tmp_path_factory.mktemp("client")
    with serving(f"sqlite:///{folder / 'gateway.db'}", folder) as served:
        yield served


def _document(count: int, wrong: set[int]) -> str:
    """A file of so many activities, of which some have a country that is no code."""
    good = demo_activities(TODAY)[1]
    bad = replace(good, location=Location("Lyon", None, "FR"))
    activities = [
        replace(bad if number in wrong else good, provider_activity_id=f"CUT-{number}")
        for number in range(1, count + 1)
    ]
    wrapper, _ = READER.write(activities, VERSION)
    return etree.tostring(wrapper, encoding="unicode", pretty_print=True)


@pytest.mark.network
def test_findings_have_lines_of_the_file(gateway: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the third call for a file, a finding names the record and the line it has in the file."""
    monkeypatch.setattr(client, "RECORDS_PER_CALL", 2)
    text = _document(6, {2, 5})
    caller = GatewayClient(gateway.url, CREDENTIALS)
    answers = list(caller.submit(io.BytesIO(text.encode()), validate_only=True))
    refused = [one for answer in answers for one in answer.results if one.refused]
    assert [2, 2, 2] == [len(answer.results) for answer in answers]
    assert [(2, "CUT-2"), (5, "CUT-5")] == [(one.number, one.label) for one in refused]
    at = [line for line, said in enumerate(text.splitlines(), 1) if "CountryCode>" in said]
    assert [at[1], at[4]] == [one.findings[0].line for one in refused]


@pytest.mark.network
def test_broken_file_is_sent_up_to_where_it_breaks(gateway: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole pieces before an error are sent, and the error says at which line it is."""
    monkeypatch.setattr(client, "RECORDS_PER_CALL", 1)
    text = _document(2, set()).removesuffix("</ACCMEActivities>\n")
    caller = GatewayClient(gateway.url, CREDENTIALS)
    answers = caller.submit(io.BytesIO(text.encode()), validate_only=True)
    assert 1 == len(next(answers).results)
    with pytest.raises(Unreadable, match=f"line {text.count(chr(10)) + 1}"):
        list(answers)


@pytest.mark.network
def test_corrections_are_a_new_submission(gateway: Served) -> None:
    """The refused records alone, once corrected, are a file the gateway takes; their faults stand above."""
    written = io.StringIO()
    caller = GatewayClient(gateway.url, CREDENTIALS)
    [answer] = caller.submit(io.BytesIO(_document(3, {1, 3}).encode()), validate_only=True)
    corrections = Corrections(written)
    corrections.add(answer)
    corrections.close()
    assert corrections.any
    notes = [comment.text for comment in etree.fromstring(written.getvalue()).iter(etree.Comment)]
    assert [True, True] == ["A301 CountryCode: " in (note or "") for note in notes]
    mended = written.getvalue().replace(">FR<", ">FRA<").encode()
    [again] = caller.submit(io.BytesIO(mended), validate_only=True)
    assert [("CUT-1", False), ("CUT-3", False)] == [(one.label, one.refused) for one in again.results]


def test_corrections_stay_well_formed_whatever_was_found() -> None:
    """A finding that quotes hyphens or markup does not end the comment it stands in."""
    finding = Finding("A1", Severity.ERROR, 'Found: "--><b/>---".', "-", "a")
    one = Sent(1, "x", (finding,), True, "<r/>")
    written = io.StringIO()
    corrections = Corrections(written)
    corrections.add(Submitted("", (one,), Piece("<w>", 1, (Record(1, "<r/>"),), 0, "</w>")))
    corrections.close()
    assert ["r"] == [child.tag for child in etree.fromstring(written.getvalue()).iterchildren("*")]


def test_nothing_refused_is_nothing_to_correct() -> None:
    """Where nothing was refused nothing is written."""
    written = io.StringIO()
    corrections = Corrections(written)
    corrections.add(Submitted("", (Sent(1, "x", (), False, "<r/>"),), Piece("<w>", 1, (), 0, "</w>")))
    corrections.close()
    assert ("", False) == (written.getvalue(), corrections.any)


def _answer(**said: object) -> SimpleNamespace:
    credits = [
        SimpleNamespace(CreditId="ccid:demo:1", Status="Accepted", Board=None, Reason=None),
        SimpleNamespace(CreditId="ccid:demo:2", Status="Rejected", Board="ABIM", Reason="Too late"),
    ]
    result = SimpleNamespace(
        RecordNumber=1,
        Action="Added",
        ProviderActivityId=None,
        ActivityId="202600001",
        Finding=[],
        Credit=credits,
    )
    kept = {"Outcome": "Success", "SchemaVersion": "1.0", "ReceiptId": "20260601-1", "Result": [result]}
    when = {"Replayed": False, "ReceivedAt": datetime(2026, 6, 1, 12, tzinfo=UTC)}
    return SimpleNamespace(**kept | when | said)


# --- sending again ---------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The parameters of what any client sends, which is taken each time."""
    asked: list[dict[str, object]] = []

    def send(self: GatewayClient, operation: str, payload: str, **parameters: object) -> SimpleNamespace:
        asked.append(parameters)
        return _answer(Replayed=parameters in asked[:-1])

    monkeypatch.setattr(GatewayClient, "send", send)
    monkeypatch.setattr(client, "RECORDS_PER_CALL", 1)
    return asked


def _caller(version: str = "v2") -> GatewayClient:
    """A client that is not connected."""
    caller = GatewayClient.__new__(GatewayClient)
    caller._version = version
    return caller


def test_retry_of_a_file_keeps_its_keys(sent: list[dict[str, object]]) -> None:
    """Each call for a file has a key of its own that stays when the file is sent again; with another
    record in it only that call has another."""
    files = _document(3, set()), _document(3, set()), _document(3, {2})
    first, again, other = (list(_caller().submit(io.BytesIO(text.encode()))) for text in files)
    keys = [str(said["SubmissionKey"]) for said in sent]
    assert (keys[:3], 3) == (keys[3:6], len(set(keys[:3])))
    assert [True, False, True] == [key in keys[:3] for key in keys[6:]]
    assert [False, True] == [all(answer.replayed for answer in answers) for answers in (first, again)]
    assert [True, False, True] == [answer.replayed for answer in other]
    assert all(re.fullmatch("submit-[0-9a-f]{32}", key) for key in keys)
    assert again[0].summary.endswith(f"receipt 20260601-1 again, of 2026-06-01 12:00:00 UTC; key {keys[0]}")


def test_keys_are_of_the_request(sent: list[dict[str, object]]) -> None:
    """To another service version the same file is another request, and has another key."""
    file = _document(1, set()).encode()
    for version in ("v1", "v2"):
        list(_caller(version).submit(io.BytesIO(file)))
    assert sent[0] != sent[1]


def test_keys_may_be_given(sent: list[dict[str, object]]) -> None:
    """A key of the sender's own is numbered by call; what is only judged needs none."""
    file = _document(2, set()).encode()
    list(_caller().submit(io.BytesIO(file), key="june"))
    list(_caller().submit(io.BytesIO(file), validate_only=True, key="june"))
    assert [{"SubmissionKey": "june-1"}, {"SubmissionKey": "june-2"}] == sent[:2]
    assert [{"ValidateOnly": True}] * 2 == sent[2:]


def test_lost_answer_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not know what became of a call is told that sending it again is safe."""

    def send(*_: object, **parameters: object) -> SimpleNamespace:
        raise Unreachable

    monkeypatch.setattr(GatewayClient, "send", send)
    with pytest.raises(Unreachable) as lost:
        list(_caller().submit(io.BytesIO(_document(1, set()).encode())))
    assert "submit the same again" in lost.value.remedy


def test_completions_are_told_with_the_status_of_each_credit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner file goes to its own operation; each credit is told with its board, status and reason."""
    asked: list[str] = []

    def send(self: GatewayClient, operation: str, payload: str, **parameters: object) -> SimpleNamespace:
        asked.append(operation)
        return _answer()

    monkeypatch.setattr(GatewayClient, "send", send)
    caller = GatewayClient.__new__(GatewayClient)
    [answer] = caller.submit(io.BytesIO(reports().encode()), key="june")
    assert ["SaveLearnerActivity"] == asked
    told = (
        "Success, learner 1.0: 1 added, 1 credit Accepted, 1 credit Rejected; receipt 20260601-1; key june-1"
    )
    assert told == answer.summary
    [one] = answer.results
    assert "ccid:demo:1" == one.label
    assert ("ccid:demo:1: Accepted", "ccid:demo:2: Rejected by ABIM (Too late)") == one.credits
