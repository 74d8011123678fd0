"""How a request element is read, judged and answered, whichever operation it asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVarTuple

from lxml import etree

from gateway import answers, calls
from gateway.accounts import Gatekeeper, Proxies, combine
from gateway.admission import Admission
from gateway.audit import Refusals, attempting
from gateway.errors import GatewayError, Malformed, NotAllowed, UnknownOperation, UnknownSchema
from gateway.fields import DATE
from gateway.findings import finding
from gateway.intake import Limits, take_credentials
from gateway.operations import Call, Terms
from gateway.quoting import shown
from gateway.records import Caller, Credentials, Finding, Origin, Place, Receipt, Scope, replace
from gateway.schema import Reader, Reading
from gateway.service.addresses import ACTIVITIES
from gateway.service.element import canonical, take
from gateway.service.parameters import Asking, Row
from gateway.shape import Judge, elements_in
from gateway.store import Store
from gateway.version import PayloadVersion

Element = etree._Element

Said = TypeVarTuple("Said")
Act = Callable[[Call, *Said, Iterable[Finding], Store, Terms], Receipt]
"""An operation that writes: a call, what was said, what is told of it as a whole, where to, on what terms."""

FEW = 100  # parameters that may stand beside as many rows as a call may have records
NOT_CONTENT = ("User", "Password", "SubmissionKey")
"""What may differ in calls that are the same."""
MOST_IN_ROW = 8  # elements of a row, itself included
WRAPPERS = {"activity": "ACCMEActivities", "learner": "ACCMELearnerReports"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What every operation works with."""

    store: Store
    reader: Reader
    gatekeeper: Gatekeeper
    terms: Terms
    limits: Limits
    admission: Admission = field(default_factory=Admission)
    refusals: Refusals = field(default_factory=Refusals)
    proxies: Proxies = field(default_factory=Proxies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was read: `parameters` by element name, and the `lines` they stand on, records among
    them as `rows`, the payload apart."""

    gateway: Gateway
    version: ServiceVersion
    operation: str
    caller: Caller | None
    parameters: Mapping[str, str]
    lines: Mapping[str, int | None]
    rows: tuple[Row, ...]
    payload: Element | None
    notices: tuple[Finding, ...]
    raw: bytes
    trace_id: str

    def get(self, name: str) -> str | None:
        """A parameter's text; empty counts as absent."""
        return self.parameters.get(name) or None

    def place(self, name: str) -> Place:
        """Where a parameter stands, or would have to stand."""
        return Place(f"/svc:{self.operation}/svc:{name}", self.lines.get(name), field=name)

    def day(self, name: str) -> date | None:
        """A parameter as a day of the calendar: what XML Schema calls a date may lie beyond it."""
        text = self.get(name)
        try:
            return DATE.read(text) if text else None
        except ValueError as error:
            raise Malformed(f"{name} cannot be read. {error}", remedy="Write it as YYYY-MM-DD.") from None

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

    def acknowledged(self, receipt: Receipt) -> Element:
        """The response element with a receipt in it."""
        return self.answered(answers.receipt(receipt, self.gateway.reader.label))

    def saved(self, save: Act[Sequence[Any]]) -> Element:
        """The response element of an operation that writes: the receipt for the records of the payload.

        Raises what `read` and the operation raise.
        """
        reading = self.read()
        return self.done(save, reading.entries, reading=reading)

    def done(self, act: Act[*Said], *said: *Said, reading: Reading | None = None) -> Element:
        """The response element of an operation that writes what was said: its receipt, which is noted too.

        Without a payload that was read, it is a call as if it had one of the endpoint's version.
        """
        gateway = self.gateway
        version = reading.version if reading else gateway.reader.named("activity", self.version.activity)
        notices = reading.notices if reading else self.notices
        receipt = act(self.call(version), *said, notices, gateway.store, gateway.terms)
        calls.acknowledged(receipt)
        return self.acknowledged(receipt)

    def call(self, version: PayloadVersion) -> Call:
        """This request as the call of an operation that writes, with a payload of `version`."""
        return Call(
            operation=self.operation,
            caller=self.proven(),
            trace_id=self.trace_id,
            version=version.number,
            raw=self.raw,
            digest=hashlib.sha256(self.raw).digest(),
            submission_key=self.get("SubmissionKey"),
            validate_only=self.asks("ValidateOnly"),
            all_or_nothing=self.asks("AllOrNothing"),
        )

    def read(self) -> Reading:
        """The records of the payload this operation takes. Raises Malformed without one, UnknownSchema
        where it is of another kind, and what reading raises."""
        taken = self.version.operations[self.operation].payload
        assert taken is not None
        wrapper = WRAPPERS[taken]
        if self.payload is None:
            place = Place(f"/svc:{self.operation}")
            raise Malformed(findings=[finding("X021", place, name=wrapper, parent=self.operation)])
        reading = self.gateway.reader.read(self.payload, self.today())
        if reading.version.payload != taken:
            raise UnknownSchema(
                f"{self.operation} takes no {reading.version.wrapper}.", remedy=f"Send {wrapper} with it."
            )
        return replace(reading, notices=(*self.notices, *reading.notices))

    def today(self) -> date:
        """The calendar day of this call."""
        terms = self.gateway.terms
        return terms.day(terms.clock())


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the service, for accounts that have its `scope`; those without one are open, and
    need no credentials. A payload (activity, learner) is taken only where it belongs: elsewhere it is as
    unknown as any other parameter. `rows` is what records among its parameters are called. As plain XML
    it is found `at` these services."""

    answer: Callable[[Request], Element]
    scope: Scope | None
    payload: str | None = None
    rows: str | None = None
    at: tuple[str, ...] = (ACTIVITIES,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVersion:
    """One version of the service: its operations, and the payload versions its typed slots hold."""

    name: str
    operations: Mapping[str, Operation]
    activity: str
    learner: str
    judge: Judge

    @property
    def namespace(self) -> str:
        """The namespace of the operations' elements."""
        return f"urn:cme-gateway:service:{self.name}"

    @property
    def path(self) -> str:
        """Where it takes SOAP."""
        return f"/soap/{self.name}"

    @property
    def contract(self) -> str:
        """Where its contract is read."""
        return f"{self.path}?wsdl"

    def answer(
        self,
        element: Element,
        gateway: Gateway,
        shown: Credentials | None,
        trace_id: str,
        origin: Origin | None = None,
    ) -> Element:
        """Answer an operation's element with its response element; the element is used up.

        `shown` is what the caller showed beside the body, `origin` is where the call comes from. Raises
        Refused or Failed, never anything else.
        """
        try:
            return self._answer(element, gateway, shown, trace_id, origin)
        except GatewayError:
            raise
        except Exception as error:
            raise answers.failed(error, trace_id) from None

    def _answer(
        self,
        element: Element,
        gateway: Gateway,
        shown: Credentials | None,
        trace_id: str,
        origin: Origin | None,
    ) -> Element:
        operation = self._operation(element)
        name = etree.QName(element).localname
        calls.asked(name)  # what is refused from here on is told as one of it too
        _check_width(len(element), gateway.limits.max_records + FEW)
        credentials = combine(take_credentials(element), shown)
        with attempting(name, credentials.provider_id, credentials.user):
            caller = None
            if operation.scope is not None:
                caller = gateway.gatekeeper.admit(credentials, origin)
                calls.asked(name, caller.provider_id)
                _check_scope(caller, operation.scope, name)
            return self._admitted(operation, element, gateway, caller, trace_id)

    def _admitted(
        self, operation: Operation, element: Element, gateway: Gateway, caller: Caller | None, trace_id: str
    ) -> Element:
        aside = [take(element, name) for name in NOT_CONTENT]
        payload = None
        if operation.payload:
            payload = next((child for child in element if gateway.reader.is_payload(child)), None)
        beside = int(elements_in(element) - (0 if payload is None else elements_in(payload))) - 1
        _check_width(beside, gateway.limits.max_records * MOST_IN_ROW + FEW)
        raw = canonical(element)
        asking = Asking(self.judge, operation.rows, WRAPPERS.get(operation.payload or ""))
        asked = asking.read(element, payload, aside)
        request = Request(
            gateway=gateway,
            version=self,
            operation=etree.QName(element).localname,
            caller=caller,
            parameters=asked.texts,
            lines=asked.lines,
            rows=asked.rows,
            payload=payload,
            notices=asked.notices,
            raw=raw,
            trace_id=trace_id,
        )
        return operation.answer(request)

    def _operation(self, element: Element) -> Operation:
        name = etree.QName(element)
        operation = self.operations.get(name.localname)
        if name.namespace not in (None, self.namespace):
            raise UnknownOperation(
                f"{shown(name.localname)} is not in the namespace {self.namespace}.",
                remedy="Use the namespace of this endpoint, or the endpoint of that service version.",
            )
        if operation is None:
            raise UnknownOperation(
                f"Service {self.name} has no operation {shown(name.localname)}.",
                remedy=f"Use an operation that {self.contract} names, or another service version.",
            )
        element.tag = f"{{{self.namespace}}}{name.localname}"
        return operation


def _check_scope(caller: Caller, scope: Scope, name: str) -> None:
    if scope not in caller.scopes:
        raise NotAllowed(f"{name} needs the scope {scope}, which this account does not have.")


def _check_width(elements: int, most: int) -> None:
    """What is not payload is bounded too: each element that is wrong costs a look."""
    if elements > most:
        raise Malformed(f"The request has {elements:,} elements beside its payload; it may have {most:,}.")
