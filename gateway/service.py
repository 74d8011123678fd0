"""What a service version is: its operations, how a request element is read and an answer is written.

The doors hand over an operation's element and get its response element back, whatever they carry it
in. The contracts under `wsdl/` and `xsd/service/` are the source; this is their other half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from lxml import etree

from gateway import __version__, answers, operations, vocabulary
from gateway.accounts import Gatekeeper, combine
from gateway.errors import GatewayError, Malformed, UnknownOperation, Unreadable
from gateway.findings import finding, shown
from gateway.intake import Limits, take_credentials
from gateway.operations import Call, Terms
from gateway.records import Caller, Credentials, Finding, Place
from gateway.schema import Reader
from gateway.shape import Judge, line_of
from gateway.store import Store

Element = etree._Element

XS = "{http://www.w3.org/2001/XMLSchema}"
NOTICE = "An independent project, not affiliated with ACCME or any certifying board."


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

    def answered(self, told: answers.Told, document: Element | None = None) -> Element:
        """The response element with what is told in it, after the document if there is one."""
        answer, result = answers.opened(self.version.namespace, self.operation)
        if document is not None:
            result.append(document)
        answers.tell(result, told)
        return answer

    def today(self) -> date:
        """The calendar day of this call."""
        terms = self.gateway.terms
        return terms.day(terms.clock())


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the service; `open` ones need no credentials, and a payload is taken only where
    it belongs: elsewhere it is as unknown as any other parameter."""

    answer: Callable[[Request], Element]
    open: bool = False
    takes_payload: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVersion:
    """One version of the service: its operations, and the payload version its typed slots hold."""

    name: str
    operations: Mapping[str, Operation]
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
            raise answers.failed(error, trace_id) from None

    def _answer(
        self, element: Element, gateway: Gateway, basic: Credentials | None, trace_id: str
    ) -> Element:
        operation = self._operation(element)
        credentials = combine(take_credentials(element), basic)
        caller = None if operation.open else gateway.gatekeeper.admit(credentials)
        key = _take(element, "SubmissionKey")
        raw = _canonical(element)
        payload = None
        if operation.takes_payload:
            payload = next((child for child in element if gateway.reader.is_payload(child)), None)
        asked = self._parameters(element, payload, key)
        request = Request(
            gateway=gateway,
            version=self,
            operation=etree.QName(element).localname,
            caller=caller,
            parameters={etree.QName(child).localname: (child.text or "").strip() for child in asked},
            payload=payload,
            notices=self._judged(asked, element),
            raw=raw,
            trace_id=trace_id,
        )
        return operation.answer(request)

    def _operation(self, element: Element) -> Operation:
        name = etree.QName(element)
        operation = self.operations.get(name.localname)
        if name.namespace not in (None, self.namespace):
            raise UnknownOperation(
                f"{name.localname[:60]} is not in the namespace {self.namespace}.",
                remedy="Use the namespace of this endpoint, or the endpoint of that service version.",
            )
        if operation is None:
            raise UnknownOperation(f"Service {self.name} has no operation {name.localname[:60]}.")
        element.tag = f"{{{self.namespace}}}{name.localname}"
        return operation

    def _parameters(self, element: Element, payload: Element | None, key: Element | None) -> Element:
        """The parameters alone, as an element of their own: to take a large payload out of its
        document costs the square of its namespaces, to leave it there nothing."""
        asked = etree.Element(element.tag, nsmap={"svc": self.namespace})
        for child in [child for child in element if child is not payload]:
            if len(child):
                raise Malformed(findings=[self._unexpected(child, element)])
            asked.append(child)
        if key is not None:
            asked.append(key)
        return asked

    def _unexpected(self, child: Element, element: Element) -> Finding:
        """What holds elements is neither a parameter nor a payload that is known."""
        name, model = etree.QName(child).localname, self.judge.model(element.tag)
        place = self._place(child, element)
        if model is not None and name in model.by_name:
            return finding("X025", place, name=name)
        takes = self._operation(element).takes_payload
        return finding(
            "X020", place, name=shown(name), known="Send ACCMEActivities." if takes else "Leave it out."
        )

    def _judged(self, asked: Element, element: Element) -> tuple[Finding, ...]:
        findings = self.judge.judge(asked, lambda at: self._place(element if at is asked else at, element))
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
    return request.answered(answers.receipt(receipt, request.gateway.reader.label))


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
    return request.answered(answers.receipt(receipt, request.gateway.reader.label))


def get_service_info(request: Request) -> Element:
    """GetServiceInfo: versions with their dates, boards, formats and limits."""
    gateway, limits = request.gateway, request.gateway.limits
    return request.answered(
        {
            "Name": "cme-gateway",
            "Version": __version__,
            "ServiceVersion": request.version.name,
            "Zone": gateway.terms.zone.key,
            "Operation": list(request.version.operations),
            "PayloadVersion": [_capitalised(row) for row in gateway.reader.catalogue()],
            "Board": [_capitalised(asdict(board)) for board in vocabulary.BOARDS],
            "Format": [format.name for format in vocabulary.FORMATS],
            "Limit": [
                {"Name": "CallBytes", "Value": limits.max_call_bytes},
                {"Name": "CallRecords", "Value": limits.max_records},
                {"Name": "CallElements", "Value": limits.max_elements},
                {"Name": "RecordElements", "Value": limits.max_record_elements},
            ],
            "Notice": NOTICE,
        }
    )


def _capitalised(row: Mapping[str, object]) -> dict[str, object]:
    return {name.capitalize(): value for name, value in row.items()}


def _activity(request: Request, version_name: str) -> Element:
    gateway = request.gateway
    version = gateway.reader.named("activity", version_name)
    view = operations.get_activity(
        request.proven(),
        request.get("ActivityId"),
        request.get("ProviderActivityId"),
        gateway.store,
        gateway.terms,
    )
    document, lost = gateway.reader.write([view.activity], version)
    return request.answered(
        {
            "ActivityId": view.activity.activity_id,
            "ProviderActivityId": view.activity.provider_activity_id,
            "SchemaVersion": version.name,
            "Status": view.status,
            "NextStatus": answers.next_statuses(view.next_statuses, gateway.reader.label),
            "Finding": answers.findings((*request.notices, *lost)),
        },
        document,
    )


FIRST = {
    "SaveActivity": Operation(save_activity, takes_payload=True),
    "GetActivity": Operation(get_activity),
    "GetServiceInfo": Operation(get_service_info, open=True),
}

V1 = ServiceVersion(
    name="v1",
    operations=FIRST,
    activity="1.0",
    judge=Judge("service/v1/service.xsd", amend=_without_payload),
)
V2 = ServiceVersion(
    name="v2",
    operations={**FIRST, "GetActivityAs": Operation(get_activity_as), "GetReceipt": Operation(get_receipt)},
    activity="2.0",
    judge=Judge("service/v2/service.xsd", amend=_without_payload),
)
VERSIONS = (V1, V2)
