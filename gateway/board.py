"""The one client of all boards: zeep with all timeouts, safe and strict parsing, a cap and no redirects.

zeep reads the pinned contract, knows its operations and parses what comes back as safely as it can;
the bodies are written and read with lxml, since zeep's own way takes 175 µs a record, this one 50 µs
(docs/decisions/0011). Instead of trusting either side, both bodies are judged by the contract's schema.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import IO, Any, NoReturn, cast
from xml.sax.saxutils import escape, quoteattr

from lxml import etree
from zeep import Client, Settings, Transport
from zeep.exceptions import Error as ZeepError
from zeep.loader import parse_xml

from gateway.boards import ADAPTERS
from gateway.boards.face import Adapter, Answer, Line, narrowed
from gateway.errors import BoardRefused, BoardUnavailable
from gateway.outbound import FAULT, Answered, Caller, Waits
from gateway.records import Errand, Question, Reply

Element = etree._Element

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"
SAFE = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False)
_ENVELOPE = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>%s</soap:Body></soap:Envelope>'
# The kinds of fault there are; what else stands in a fault is the board's and may name a person.
FAULT_CODES = {"Client", "Server", "MustUnderstand", "VersionMismatch"}


class Switchboard:
    """The lines to the boards that have an address; `addresses` is by acronym. Threads may share it."""

    def __init__(self, addresses: Mapping[str, str], waits: Waits) -> None:
        self._addresses, self._waits = addresses, waits
        self._lines: dict[str, BoardLine] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question) -> Reply:
        """Put a question to its board, or come back for what it promised; raises BoardUnavailable."""
        adapter = ADAPTERS.get(question.board)
        if adapter is None:
            raise BoardUnavailable(f"There is no board {question.board}.")
        return ask(adapter, self._line(adapter), question)

    def close(self) -> None:
        """Hang up."""
        for line in self._lines.values():
            line.close()

    def _line(self, adapter: Adapter) -> BoardLine:
        acronym = adapter.board.acronym
        address = self._addresses.get(acronym)
        if not address:
            raise BoardUnavailable(f"{acronym} is not connected: CME_GATEWAY_BOARDS has no address of it.")
        with self._lock:
            if acronym not in self._lines:
                self._lines[acronym] = BoardLine(adapter, address, self._waits)
            return self._lines[acronym]


def ask(adapter: Adapter, line: Line, question: Question) -> Reply:
    """Hold the conversation a question needs; what is beyond the board's limit stays open."""
    claims = question.claims[: adapter.most]
    if question.errand is Errand.WITHDRAW:
        return narrowed(claims, partial(adapter.withdraw, line))
    if question.ticket:
        return adapter.collect(line, question.ticket, question.claims)
    return narrowed(claims, partial(adapter.report, line))


class BoardLine:
    """The way to one board, by its pinned contract; threads may share it."""

    def __init__(self, adapter: Adapter, address: str, waits: Waits) -> None:
        self._board = adapter.board.acronym
        self._caller = Caller(self._board, address, waits)
        self._transport = _Pinned(timeout=waits.connect, operation_timeout=waits.total)
        contract = files("wsdl") / "boards" / adapter.wsdl
        with contract.open("rb") as file:
            self._client = Client(cast("Any", file), transport=self._transport, settings=SAFE)
        with contract.open("rb") as file:
            self._form = _Form.of(file)
        self._binding: Any = next(iter(self._client.wsdl.bindings.values()))

    def call(self, operation: str, /, **values: object) -> Answer:
        """Call an operation as `gateway.boards.face.Line` says; raises BoardUnavailable."""
        bound: Any = self._binding.get(operation)
        message = _ENVELOPE % _written(self._form.tag(bound.input.body.qname), values)
        if not self._form.schema.validate(etree.fromstring(message)[0][0]):
            raise BoardRefused(f"{self._board}: the request to it does not fit its contract.")
        headers = {"SOAPAction": f'"{bound.soapaction}"', "Content-Type": "text/xml; charset=utf-8"}
        body = self._body(self._caller.post(message.encode(), headers))
        if body.tag != bound.output.body.qname:
            raise self._trouble("answer is not the one to this operation of")
        if not self._form.schema.validate(body):
            raise self._trouble("answer does not fit")
        return cast("Answer", _bared(body))

    def close(self) -> None:
        """Hang up."""
        self._caller.close()
        self._transport.session.close()

    def _trouble(self, what: str) -> BoardUnavailable:
        return BoardUnavailable(f"{self._board}: the {what} its contract.")

    def _body(self, answered: Answered) -> Element:
        """The one element in the body of an answer that is neither a fault nor nonsense."""
        envelope = self._parsed(answered.body)
        bodies = list(envelope.iterchildren(f"{{{SOAP}}}Body"))
        children = list(bodies[0].iterchildren("*")) if len(bodies) == 1 else []
        if envelope.tag != f"{{{SOAP}}}Envelope" or len(children) != 1:
            raise BoardUnavailable(f"{self._board} answered no SOAP envelope with one body.")
        if answered.status == FAULT or children[0].tag == f"{{{SOAP}}}Fault":
            raise _fault(self._board, children[0])
        return children[0]

    def _parsed(self, content: bytes) -> Element:
        try:
            return cast("Element", parse_xml(cast("Any", content), self._transport, settings=SAFE))
        except (ZeepError, etree.LxmlError, ValueError):
            pass  # and out of it: zeep's error holds the answer
        raise BoardUnavailable(f"{self._board} answered XML that cannot be read, or may not be.")


class _Pinned(Transport):
    """What zeep takes for its way to a board: all it needs is pinned, so nothing is fetched or posted."""

    def load(self, *asked: object) -> NoReturn:
        """Refuse."""
        raise BoardUnavailable("A contract of a board asks for what is not pinned.")

    get = post = load


# --- writing and reading ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Form:
    """How a contract's bodies look: its schema, and whether local elements have its namespace."""

    schema: etree.XMLSchema
    qualified: bool

    @staticmethod
    def of(contract: IO[bytes]) -> _Form:
        element = next(etree.parse(contract).iter(SCHEMA))
        alone = etree.fromstring(etree.tostring(element))
        return _Form(etree.XMLSchema(alone), element.get("elementFormDefault") == "qualified")

    def tag(self, name: etree.QName) -> str:
        """A body's name and namespace, as its start tag has them."""
        prefix = "" if self.qualified else "b:"
        return f"{prefix}{name.localname} xmlns{':b' if prefix else ''}={quoteattr(str(name.namespace))}"


def _written(tag: str, value: object) -> str:
    """An element as text, which is quicker than building a tree; names are ours and need no care."""
    if not isinstance(value, dict):
        return f"<{tag}>{escape(_text(value))}</{tag}>"
    attributes, content = [], []
    for name, inner in value.items():
        if name[0] == "@":
            attributes.append(f" {name[1:]}={quoteattr(_text(inner))}")
        elif name == "#text":
            content.append(escape(_text(inner)))
        else:
            content += [_written(name, one) for one in (inner if isinstance(inner, list) else (inner,))]
    return f"<{tag}{''.join(attributes)}>{''.join(content)}</{tag.partition(' ')[0]}>"


def _text(value: object) -> str:
    """A text, number or date as XSD writes it; what XML cannot hold becomes a space."""
    text = str(value)
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def _bared(body: Element) -> Element:
    """Take the namespaces off the names, once the schema has looked at them."""
    for element in body.iter("*"):
        element.tag = str(element.tag).rpartition("}")[2]
    return body


def _fault(board: str, fault: Element) -> BoardUnavailable:
    code = (fault.findtext("faultcode") or "").rpartition(":")[2].strip().partition(".")[0]
    kind = BoardRefused if code == "Client" else BoardUnavailable
    return kind(f"{board} answered with a SOAP fault{f' ({code})' if code in FAULT_CODES else ''}.")
