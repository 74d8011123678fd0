"""A simulated board as a SOAP service: spyne owns the envelope, the kept contract says what goes in it.

What is sent is judged against the contract's own schema, so that a bench that passes here has sent
what the contract asks for.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lxml import etree

import gateway.spyne_shim  # noqa: F401  must come before spyne
from gateway import intake
from gateway.errors import Refused
from gateway.simulators.chunks import ABA, ABIM, ABPATH
from gateway.simulators.contract import Contract, Element, Operation
from gateway.simulators.desk import Desk, Struck
from gateway.simulators.ledger import Ledger
from gateway.simulators.magic import Mishap
from gateway.simulators.mood import Mood
from gateway.simulators.singles import ABOHNS, ABP, ABTS
from gateway.simulators.tickets import ABOS, ABPMR, ABS

from spyne import AnyXml, Application, Service, rpc
from spyne.model.fault import Fault
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

CONTRACTS = (ABA, ABIM, ABOHNS, ABOS, ABP, ABPATH, ABPMR, ABS, ABTS)
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
XSD = "{http://www.w3.org/2001/XMLSchema}"
ADDRESS = re.compile(rb'(<soap:address location=")[^"]*')
LIMITS = intake.Limits()
UNWELL = "The service is not available."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a board answers, and what befalls it on its way."""

    status: int
    body: bytes
    content_type: str
    mishap: Mishap | None = None


class SimulatedBoard:
    """One board: its contract, its mood, and its desk at the ledger."""

    def __init__(self, contract: Contract, ledger: Ledger) -> None:
        self.acronym = contract.acronym
        self.mood = Mood()
        self._kept = (files("wsdl") / "boards" / f"{self.acronym.lower()}.wsdl").read_bytes()
        schema = _schema(self._kept)
        protocols = _Envelope(schema), _Envelope(schema)
        service = _service(contract, Desk(self.acronym, ledger, self.mood))
        application = Application(
            [service], f"urn:cme-gateway:board:{self.acronym.lower()}:1", "Board", *protocols
        )
        self._spyne = WsgiApplication(application, max_content_length=LIMITS.max_call_bytes)

    def contract(self, address: str) -> bytes:
        """The board's WSDL with the address it is served at."""
        return ADDRESS.sub(rb"\g<1>" + address.encode("ascii", "xmlcharrefreplace"), self._kept)

    def answer(self, body: bytes, content_type: str | None = None, action: str | None = None) -> Answer:
        """Answer a call; whatever it is, with an envelope."""
        told: list[Any] = []
        environ = _environ(body, content_type, action)
        answer = b"".join(self._spyne(environ, lambda *status_and_headers: told.extend(status_and_headers)))
        mishap = environ.get("board.mishap")
        return Answer(int(told[0].split()[0]), answer, "text/xml; charset=utf-8", mishap)


def boards(ledger: Ledger) -> dict[str, SimulatedBoard]:
    """All nine boards, by acronym, on one ledger."""
    return {contract.acronym: SimulatedBoard(contract, ledger) for contract in CONTRACTS}


def _schema(contract: bytes) -> etree.XMLSchema:
    """The schema in a contract, written out with the prefixes around it."""
    schema = etree.fromstring(contract).find(f".//{XSD}schema")
    assert schema is not None
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema, with_tail=False)))


def _environ(body: bytes, content_type: str | None, action: str | None) -> dict[str, Any]:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_SOAPACTION": action or "",
        "board.content_type": content_type,
    }
    return environ if body else environ | {"CONTENT_LENGTH": "1", "wsgi.input": io.BytesIO(b" ")}


def _service(contract: Contract, desk: Desk) -> type[Service]:
    """The spyne service of a board: every operation takes the raw body element and gives one back."""

    def operation(name: str, run: Operation) -> Any:
        def method(ctx: Any, body: Any) -> Element:
            environ = ctx.transport.req_env
            try:
                answer, environ["board.mishap"] = run(desk, ctx.in_body_doc)
            except Struck as struck:
                environ["board.mishap"] = struck.mishap
                raise Fault("Server", UNWELL) from None
            return answer

        method.__name__ = name
        return rpc(AnyXml, _returns=AnyXml, _body_style="bare")(method)

    return type(
        "Board", (Service,), {name: operation(name, run) for name, run in contract.operations.items()}
    )


class _Envelope(Soap11):  # type: ignore[misc]  # spyne has no types
    """The SOAP 1.1 envelope of a board: opened for the operation, closed around its answer or its fault."""

    def __init__(self, schema: etree.XMLSchema) -> None:
        super().__init__()
        self._schema = schema

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        try:
            encoding = intake.read_media(ctx.transport.req_env["board.content_type"]).encoding
            ctx.in_document = intake.parse(b"".join(ctx.in_string), LIMITS, encoding).root
        except Refused as error:
            raise Fault("Client", error.text) from None

    def decompose_incoming_envelope(self, ctx: Any, message: Any = None) -> None:
        contents = ctx.in_document.findall(f"{{{SOAP11}}}Body/*")
        if ctx.in_document.tag != f"{{{SOAP11}}}Envelope" or len(contents) != 1:
            raise Fault("Client", "The message is not a SOAP 1.1 envelope with one request in its Body.")
        ctx.in_body_doc = contents[0]
        ctx.method_request_string = etree.QName(contents[0]).localname
        action = ctx.transport.req_env["HTTP_SOAPACTION"].strip('"')
        if action and action.rpartition("/")[2] != ctx.method_request_string:
            raise Fault("Client", "The SOAPAction names another operation than the body.")
        if not self._schema.validate(contents[0]):  # what is wrong is not said: it would quote a person
            raise Fault("Client", "The request does not keep the contract.")

    def deserialize(self, ctx: Any, message: Any) -> None:
        ctx.in_object = None  # the operation takes ctx.in_body_doc

    def serialize(self, ctx: Any, message: Any) -> None:
        content = ctx.out_object[0] if ctx.out_error is None else _fault(ctx.out_error)
        envelope = etree.Element(f"{{{SOAP11}}}Envelope", nsmap={"soap": SOAP11})
        etree.SubElement(envelope, f"{{{SOAP11}}}Body").append(content)
        ctx.out_document = envelope
        ctx.out_string = [etree.tostring(envelope, xml_declaration=True, encoding="utf-8")]

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        """The string stands already."""

    def fault_to_http_response_code(self, fault: Any) -> str:
        return "500 Internal Server Error"


def _fault(error: Fault) -> Element:
    """A fault, its text never more than these boards say themselves."""
    element = etree.Element(f"{{{SOAP11}}}Fault", nsmap={"soap": SOAP11})
    code = "Client" if error.faultcode.startswith("Client") else "Server"
    etree.SubElement(element, "faultcode").text = f"soap:{code}"
    etree.SubElement(element, "faultstring").text = error.faultstring[:200]
    return element
