"""Our own zeep client, for `submit`, the sandbox and the tests: what an LMS vendor would write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from lxml import etree
from zeep import Client, Settings, Transport
from zeep.exceptions import Fault as ZeepFault
from zeep.exceptions import XMLSyntaxError

from gateway.errors import Failed, Refused, Unreadable
from gateway.records import Credentials, Finding, Severity

Element = etree._Element

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
RECORDS_PER_CALL = 500
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
RECORD = "MedicalEducationMetrics"
FAULT = "{urn:cme-gateway:fault:1}"


class CallRefused(Refused):
    """The gateway refused the call."""


class Unreachable(Failed):
    """The gateway cannot be reached."""

    code = "S910"
    remedy = "Check the URL, and that a gateway is served there."


class GatewayClient:
    """A caller of one service version; `url` is the gateway's address without a path.

    Both timeouts are set, DTDs and entities are refused. Methods raise CallRefused for a fault of
    ours, Unreachable when there is no gateway.
    """

    def __init__(self, url: str, credentials: Credentials, version: str = "v2") -> None:
        self._parameters = {
            "ProviderId": credentials.provider_id,
            "User": credentials.user,
            "Password": credentials.password,
        }
        transport = Transport(timeout=CONNECT_SECONDS, operation_timeout=ANSWER_SECONDS)
        settings = Settings(forbid_dtd=True, forbid_entities=True, strict=True)
        try:
            wsdl = f"{url.rstrip('/')}/soap/{version}?wsdl"
            self._zeep = Client(wsdl, transport=transport, settings=settings)
        except (requests.RequestException, XMLSyntaxError) as error:
            raise Unreachable(f"There is no gateway at {url} ({_reason(error)}).") from None

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call an operation with typed parameters; gives the typed result."""
        method = getattr(self._zeep.service, operation)
        return self._answered(lambda: method(**self._parameters, **parameters))

    def typed(self, payload: Element) -> Any:
        """A payload of the endpoint's version as the typed object a generated client would fill."""
        typed = self._zeep.get_element(payload.tag).parse(payload, self._zeep.wsdl.types)
        for record in typed.MedicalEducationMetrics:
            record.ParticipationMetrics = record.ParticipationMetrics or {}  # zeep reads empty as absent
        return typed

    def send(self, operation: str, payload: str, **parameters: object) -> Any:
        """Call an operation with a payload as it is written, of whatever version; gives the typed result."""
        binding = self._zeep.service._binding
        namespace = etree.QName(binding.name).namespace
        request = etree.Element(f"{{{namespace}}}{operation}", nsmap={"svc": namespace})
        for name, value in {**self._parameters, **parameters}.items():
            if value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                etree.SubElement(request, f"{{{namespace}}}{name}").text = text
        start, _, end = etree.tostring(request, encoding="unicode").rpartition("</")
        body = f"<soap:Body>{start}{payload}</{end}</soap:Body>"
        envelope = f'<soap:Envelope xmlns:soap="{SOAP11}">{body}</soap:Envelope>'
        headers = {"SOAPAction": f'"{namespace}/{operation}"', "Content-Type": "text/xml; charset=utf-8"}
        address = self._zeep.service._binding_options["address"]

        def post() -> Any:
            response = self._zeep.transport.post(address, envelope.encode(), headers)
            return binding.process_reply(self._zeep, binding.get(operation), response)

        return self._answered(post)

    def submit(self, path: Path, validate_only: bool = False) -> Iterator[Submitted]:
        """Send a file of activities in as many calls as it takes, in order; gives each call's answer.

        Raises Unreadable where the file is no well-formed XML.
        """
        for piece in pieces(path, RECORDS_PER_CALL):
            answer = self.send("SaveActivity", piece.text, ValidateOnly=validate_only or None)
            yield _submitted(path, piece, answer)

    def _answered(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ZeepFault as fault:
            raise _refusal(fault) from None
        except requests.RequestException as error:
            raise Unreachable(f"The gateway did not answer ({_reason(error)}).") from None


def _refusal(fault: ZeepFault) -> CallRefused:
    ours = fault.detail.find(f"{FAULT}Fault") if fault.detail is not None else None
    if ours is None:
        return CallRefused(fault.message)
    text = {child.tag.removeprefix(FAULT): child.text or "" for child in ours}
    refusal = CallRefused(text["Text"], remedy=text["Remedy"])
    refusal.code = text["Code"]
    return refusal


def _reason(error: Exception) -> str:
    return type(error).__name__ if isinstance(error, requests.RequestException) else "it answers no contract"


# --- files ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one record of a file; `number` is its place in the file, from 1."""

    number: int
    label: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to one call of a file's submission."""

    summary: str
    refused: int
    results: tuple[Sent, ...]


def _submitted(path: Path, piece: Piece, answer: Any) -> Submitted:
    actions = Counter(result.Action for result in answer.Result)
    told = ", ".join(f"{count} {action.lower()}" for action, count in sorted(actions.items()))
    kept = f"receipt {answer.ReceiptId}" if answer.ReceiptId else "validated only, nothing stored"
    return Submitted(
        f"{path}: {answer.Outcome}, activity {answer.SchemaVersion}: {told}; {kept}",
        actions["Refused"],
        tuple(
            Sent(
                piece.first + result.RecordNumber,
                result.ProviderActivityId or result.ActivityId or "(no id)",
                tuple(map(_finding, result.Finding)),
            )
            for result in answer.Result
        ),
    )


def _finding(found: Any) -> Finding:
    return Finding(
        code=found.Code,
        severity=Severity(found.Severity),
        text=found.Text,
        remedy=found.Remedy,
        field=found.Field or "",
        path=found.Path or "",
        line=found.Line,
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that goes in one call: its records keep their lines. `first` counts from 0."""

    text: str
    first: int
    records: int


def pieces(path: Path, most: int) -> Iterator[Piece]:
    """Cut an XML file into payloads of at most so many records, reading it as a stream.

    Raises Unreadable where the file is no well-formed XML; what came before has been given out.
    """
    try:
        yield from _pieces(path, most)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"{path} is not well-formed XML, line {error.lineno}.") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.", remedy="Check the name.") from None


def _pieces(path: Path, most: int) -> Iterator[Piece]:
    depth, first, wrapper = 0, 0, None
    records: list[tuple[int, str]] = []
    with path.open("rb") as file:
        parsing = etree.iterparse(
            file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
        )
        for event, element in parsing:
            if event == "start":
                depth += 1
                wrapper = element if wrapper is None else wrapper
                continue
            depth -= 1
            assert wrapper is not None
            if depth == 0 and etree.QName(wrapper).localname == RECORD:  # a record without its wrapper
                yield Piece(etree.tostring(element, encoding="unicode", with_tail=False), 0, 1)
            elif depth == 1 and etree.QName(wrapper).localname != RECORD:
                text = etree.tostring(element, encoding="unicode", with_tail=False)
                records.append((element.sourceline or 0, text))
                element.clear()
                for done in list(element.itersiblings(preceding=True)):
                    wrapper.remove(done)
            if len(records) == most or (depth == 0 and records):
                yield Piece(_joined(wrapper, records), first, len(records))
                first, records = first + len(records), []


def _joined(wrapper: Element, records: list[tuple[int, str]]) -> str:
    """Put records into their wrapper so that each stands at the line it has in the file."""
    namespaces: Any = wrapper.nsmap
    attributes: Any = wrapper.attrib
    empty = etree.Element(wrapper.tag, attributes, nsmap=namespaces)
    empty.text = " "
    start, _, end = etree.tostring(empty, encoding="unicode").rpartition(" ")
    text, line = start, 1
    for at, record in records:
        at = at - record.partition(">")[0].count("\n")
        text += "\n" * max(0, at - line) + record
        line = max(at, line) + record.count("\n")
    return text + end
