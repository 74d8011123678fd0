"""What a service version is: its operations, how a request element is read and an answer is written.

The doors hand over an operation's element and get its response element back, whatever they carry it
in. The contracts under `wsdl/` and `xsd/service/` are the source; this is their other half.
"""

from __future__ import annotations

import hashlib
import logging
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from gateway import __version__, operations, vocabulary
from gateway.accounts import Gatekeeper, combine
from gateway.errors import Failed, GatewayError, Malformed, UnknownOperation, Unreadable
from gateway.intake import Limits, take_credentials
from gateway.operations import ActivityView, Call, Terms
from gateway.records import Caller, Credentials, Finding, NextStatus, Place, Receipt, Result
from gateway.schema import Reader
from gateway.shape import Judge, finding, line_of
from gateway.store import Store

Element = etree._Element

FAULT = "urn:cme-gateway:fault:1"
XS = "{http://www.w3.org/2001/XMLSchema}"
MOST_FAULT_FINDINGS = 100
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOTICE = "An independent project, not affiliated with ACCME or any certifying board."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What every operation works with."""

    store: Store
    reader: Reader
    gatekeeper: Gatekeeper
    terms: Terms
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was read: `parameters` by element name, the payload apart."""

    gateway: Gateway
    version: ServiceVersion
    operation: str
    caller: Caller | None
    parameters: Mapping[str, str]
    payload: Element | None
    notices: tuple[Finding, ...]
    raw: bytes
    trace_id: str

    def get(self, name: str) -> str | None:
        """A parameter's text; empty counts as absent."""
        return self.parameters.get(name) or None

    def asks(self, name: str) -> bool:
        """Whether a boolean parameter is true."""
        return self.get(name) in {"true", "1"}

    def proven(self) -> Caller:
        """The caller, of an operation that needs one."""
        assert self.caller is not None
        return self.caller

    def today(self) -> date:
        """The calendar day of this call."""
        terms = self.gateway.terms
        return terms.day(terms.clock())


Answer = Callable[[Request], Element]
Label = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVersion:
    """One version of the service: its operations, and the payload version its typed slots hold."""

    name: str
    operations: Mapping[str, Answer]
    activity: str
    judge: Judge

    @property
    def namespace(self) -> str:
        """The namespace of the operations' elements."""
        return f"urn:cme-gateway:service:{self.name}"

    def answer(self, element: Element, gateway: Gateway, basic: Credentials | None, trace_id: str) -> Element:
        """Answer an operation's element with its response element; the element is used up.

        Raises Refused or Failed, never anything else.
        """
        try:
            return self._answer(element, gateway, basic, trace_id)
        except GatewayError:
            raise
        except Exception as error:
            raise failed(error, trace_id) from None

    def _answer(
        self, element: Element, gateway: Gateway, basic: Credentials | None, trace_id: str
    ) -> Element:
        answer = self._operation(element)
        credentials = combine(take_credentials(element), basic)
        caller = None if answer in OPEN else gateway.gatekeeper.admit(credentials)
        key = _take(element, "SubmissionKey")
        raw = _canonical(element)
        payload = None
        if answer in CARRYING:
            payload = next((child for child in element if gateway.reader.is_payload(child)), None)
        if payload is not None:
            element.remove(payload)
        if key is not None:
            element.append(key)
        notices = self._judged(element)
        request = Request(
            gateway=gateway,
            version=self,
            operation=etree.QName(element).localname,
            caller=caller,
            parameters={etree.QName(child).localname: (child.text or "").strip() for child in element},
            payload=payload,
            notices=notices,
            raw=raw,
            trace_id=trace_id,
        )
        return answer(request)

    def _operation(self, element: Element) -> Answer:
        name = etree.QName(element)
        answer = self.operations.get(name.localname)
        if name.namespace not in (None, self.namespace):
            raise UnknownOperation(
                f"{name.localname[:60]} is not in the namespace {self.namespace}.",
                remedy="Use the namespace of this endpoint, or the endpoint of that service version.",
            )
        if answer is None:
            raise UnknownOperation(f"Service {self.name} has no operation {name.localname[:60]}.")
        element.tag = f"{{{self.namespace}}}{name.localname}"
        return answer

    def _judged(self, element: Element) -> tuple[Finding, ...]:
        findings = self.judge.judge(element, lambda at: self._place(at, element))
        if any(found.blocks for found in findings):
            raise Malformed(findings=findings)
        return tuple(findings)

    def _place(self, at: Element, element: Element) -> Place:
        steps = (element,) if at is element else (element, at)
        names = map(etree.QName, steps)
        path = "".join(
            f"/{'svc' if name.namespace == self.namespace else '*'}:{name.localname}" for name in names
        )
        return Place(path, line_of(at))


def _canonical(element: Element) -> bytes:
    """The request as the same bytes, however its sender writes the same XML."""
    try:
        return etree.tostring(element, method="c14n", exclusive=True)
    except etree.C14NError:
        raise Unreadable('A namespace of the message is relative, such as xmlns="pars".') from None


def _take(element: Element, name: str) -> Element | None:
    """Take a child out of the element; where it stands several times, the first."""
    for child in element:
        if etree.QName(child).localname == name:
            element.remove(child)
            return child
    return None


def _without_payload(schema: Element) -> None:
    """Leave the payload out of a service schema: it is judged by its own version's schema."""
    for slot in list(schema.iter(f"{XS}element")):
        if slot.get("ref", "").startswith("act:"):
            slot.getparent().remove(slot)  # type: ignore[union-attr]


# --- the operations ------------------------------------------------------------------------------------


def save_activity(request: Request) -> Element:
    """SaveActivity: one or many activities, in any supported payload version."""
    if request.payload is None:
        place = Place("/svc:SaveActivity")
        raise Malformed(findings=[finding("X021", place, name="ACCMEActivities", parent="SaveActivity")])
    reading = request.gateway.reader.read(request.payload, request.today())
    call = Call(
        caller=request.proven(),
        trace_id=request.trace_id,
        version=reading.version.number,
        raw=request.raw,
        digest=hashlib.sha256(request.raw).digest(),
        submission_key=request.get("SubmissionKey"),
        validate_only=request.asks("ValidateOnly"),
        all_or_nothing=request.asks("AllOrNothing"),
    )
    notices = (*request.notices, *reading.notices)
    receipt = operations.save_activity(
        call, reading.entries, notices, request.gateway.store, request.gateway.terms
    )
    return _receipt(request, receipt)


def get_activity(request: Request) -> Element:
    """GetActivity: one activity in the endpoint's payload version."""
    return _activity(request, request.version.activity)


def get_activity_as(request: Request) -> Element:
    """GetActivityAs: one activity in any payload version."""
    return _activity(request, request.get("PayloadVersion") or "")


def get_receipt(request: Request) -> Element:
    """GetReceipt: the stored result of an earlier call."""
    receipt = operations.get_receipt(
        request.proven(), request.get("ReceiptId"), request.get("SubmissionKey"), request.gateway.store
    )
    return _receipt(request, receipt)


def get_service_info(request: Request) -> Element:
    """GetServiceInfo: versions with their dates, boards, formats and limits."""
    gateway, limits = request.gateway, request.gateway.limits
    answer, result = _opened(request)
    for name, value in (
        ("Name", "cme-gateway"),
        ("Version", __version__),
        ("ServiceVersion", request.version.name),
        ("Zone", gateway.terms.zone.key),
    ):
        _put(result, name, value)
    for operation in request.version.operations:
        _put(result, "Operation", operation)
    for version in gateway.reader.versions:
        span = gateway.reader.lifespans[version.payload, version.name]
        element = _put(result, "PayloadVersion")
        _put(element, "Payload", version.payload)
        _put(element, "Version", version.name)
        _put(element, "Namespace", version.namespace)
        _put(element, "Introduced", span.introduced)
        _put(element, "Deprecated", span.deprecated)
        _put(element, "Sunset", span.sunset)
    for board in vocabulary.BOARDS:
        element = _put(result, "Board")
        _put(element, "Acronym", board.acronym)
        _put(element, "Name", board.name)
        _put(element, "Since", board.since)
        _put(element, "Until", board.until)
    for format in vocabulary.FORMATS:
        _put(result, "Format", format.name)
    for name, limit in (
        ("CallBytes", limits.max_call_bytes),
        ("CallRecords", limits.max_records),
        ("CallElements", limits.max_elements),
        ("RecordElements", limits.max_record_elements),
    ):
        element = _put(result, "Limit")
        _put(element, "Name", name)
        _put(element, "Value", limit)
    _put(result, "Notice", NOTICE)
    return answer


OPEN = frozenset({get_service_info})
"""Operations that need no credentials."""
CARRYING = frozenset({save_activity})
"""Operations that take a payload; elsewhere one is as unknown as any other parameter."""

FIRST: Mapping[str, Answer] = {
    "SaveActivity": save_activity,
    "GetActivity": get_activity,
    "GetServiceInfo": get_service_info,
}

V1 = ServiceVersion(
    name="v1",
    operations=FIRST,
    activity="1.0",
    judge=Judge("service/v1/service.xsd", amend=_without_payload),
)
V2 = ServiceVersion(
    name="v2",
    operations={**FIRST, "GetActivityAs": get_activity_as, "GetReceipt": get_receipt},
    activity="2.0",
    judge=Judge("service/v2/service.xsd", amend=_without_payload),
)
VERSIONS = (V1, V2)


# --- writing answers -------------------------------------------------------------------------------------


def _opened(request: Request) -> tuple[Element, Element]:
    """The response element of the operation called, and the result element in it."""
    namespace, name = request.version.namespace, request.operation
    answer = etree.Element(f"{{{namespace}}}{name}Response", nsmap={"svc": namespace, "f": FAULT})
    return answer, etree.SubElement(answer, f"{{{namespace}}}{name}Result")


def _put(parent: Element, name: str, value: object = "") -> Element:
    """Append an element of the parent's namespace; nothing where the value is None."""
    tag = f"{parent.tag.partition('}')[0]}}}{name}"
    if value is None:
        return etree.Element(tag)
    element = etree.SubElement(parent, tag)
    write(element, value if isinstance(value, str) else _spelled(value))
    return element


def write(element: Element, text: str) -> None:
    """Set a text; what XML cannot hold (an HTTP header may bring it along) is shown as missing."""
    try:
        element.text = text
    except ValueError:
        element.text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return str(value)


def _receipt(request: Request, receipt: Receipt) -> Element:
    answer, result = _opened(request)
    _put(result, "ReceiptId", receipt.id)
    _put(result, "ReceivedAt", receipt.received_at)
    _put(result, "SchemaVersion", receipt.schema_version)
    _put(result, "Replayed", receipt.replayed)
    _put(result, "Outcome", receipt.outcome)
    for one in receipt.results:
        _result(_put(result, "Result"), one, request.gateway.reader.label)
    return answer


def _result(element: Element, result: Result, label: Label) -> None:
    _put(element, "RecordNumber", result.number)
    _put(element, "ActivityId", result.activity_id)
    _put(element, "ProviderActivityId", result.provider_activity_id)
    _put(element, "Action", result.action)
    _put(element, "Status", result.status)
    _next_statuses(element, result.next_statuses, label)
    _findings(element, result.findings)


def _next_statuses(parent: Element, statuses: tuple[NextStatus, ...], label: Label) -> None:
    for status in statuses:
        element = _put(parent, "NextStatus")
        _put(element, "Status", status.status)
        for gate in status.missing:
            missing = _put(element, "MissingGate")
            _put(missing, "Field", label(gate.field))
            _put(missing, "Text", gate.text)


def _findings(parent: Element, findings: tuple[Finding, ...]) -> None:
    for found in findings:
        element = _put(parent, "Finding")
        for name, value in (
            ("Code", found.code),
            ("Severity", found.severity),
            ("Field", found.field or None),
            ("Path", found.path or None),
            ("Line", found.line),
            ("Text", found.text),
            ("Remedy", found.remedy),
        ):
            if value is not None:
                write(etree.SubElement(element, f"{{{FAULT}}}{name}"), str(value))


def _activity(request: Request, version_name: str) -> Element:
    gateway = request.gateway
    version = gateway.reader.named("activity", version_name)
    view: ActivityView = operations.get_activity(
        request.proven(),
        request.get("ActivityId"),
        request.get("ProviderActivityId"),
        gateway.store,
        gateway.terms,
    )
    document, lost = gateway.reader.write([view.activity], version)
    answer, result = _opened(request)
    result.append(document)
    _put(result, "ActivityId", view.activity.activity_id)
    _put(result, "ProviderActivityId", view.activity.provider_activity_id)
    _put(result, "SchemaVersion", version.name)
    _put(result, "Status", view.status)
    _next_statuses(result, view.next_statuses, gateway.reader.label)
    _findings(result, (*request.notices, *lost))
    return answer


def fault(error: GatewayError, trace_id: str) -> Element:
    """The fault element that stands in every refused answer, whatever door it leaves by."""
    element = etree.Element(f"{{{FAULT}}}Fault", nsmap={"f": FAULT})
    _put(element, "Code", error.code)
    _put(element, "Text", error.text)
    _put(element, "Remedy", error.remedy)
    _findings(element, error.findings[:MOST_FAULT_FINDINGS])
    _put(element, "TraceId", trace_id)
    return element


def failed(error: Exception, trace_id: str) -> Failed:
    """Log where our own program went wrong, and say so without Python's words.

    An exception's text may quote what was sent, so the log has its type and lines of code only.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("trace %s: %s\n%s", trace_id, type(error).__name__, frames)
    return Failed(
        f"The gateway failed (trace {trace_id}).",
        remedy="Send the same again, with the same SubmissionKey if it had one: what was stored is then not "
        "done twice. If it stays, give the trace id to the operator.",
    )
