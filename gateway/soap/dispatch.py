"""Spyne behind an interface: it finds the operation an element asks for, and has it answered.

One protocol subclass hands the body element to the operation and takes its answer back as an element:
spyne's own object serialiser would cost ten times the rest of the request. Its parser, which logs
bodies, its envelopes and its faults, which break in SOAP 1.2, are left out for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from lxml import etree

import gateway.spyne_shim  # noqa: F401  must come before spyne
from gateway import quoting
from gateway.accounts import combine, from_http, read_security
from gateway.calls import Environ
from gateway.errors import GatewayError, UnknownOperation
from gateway.records import Credentials
from gateway.service import Gateway, ServiceVersion

from spyne import AnyXml, Application, MethodContext, Service, rpc
from spyne.model.fault import Fault
from spyne.protocol.soap import Soap11
from spyne.server import ServerBase

Element = etree._Element


class Beside(NamedTuple):
    """What came with the element in a Body: by HTTP, and the Security headers; and the call's trace id."""

    environ: Environ
    security: Sequence[Element]
    trace_id: str


class Dispatch:
    """The operations of a service version."""

    def __init__(self, version: ServiceVersion, gateway: Gateway) -> None:
        protocols = {"in_protocol": _Carried(), "out_protocol": _Carried()}
        application = Application([_service(version, gateway)], tns=version.namespace, **protocols)
        # Its WSGI server would read the request and write the answer again; this one only dispatches.
        self._server = ServerBase(application)

    def answer(self, element: Element, beside: Beside) -> Element:
        """The response element to the element in a Body; raises what the operation raises."""
        call = MethodContext(self._server, MethodContext.SERVER)
        call.in_document, call.udc = element, beside
        try:
            return self._answer(call)
        finally:
            call.__dict__.clear()  # it holds itself, and a large tree would live until that is found out

    def _answer(self, call: Any) -> Element:
        (call,) = self._server.generate_contexts(call)
        if call.in_error is None:
            self._server.get_in_object(call)
            self._server.get_out_object(call)
        error = call.in_error or call.out_error
        if error is not None:
            raise getattr(error, "error", error)
        answer: Element = call.out_object[0]
        return answer


class _Stopped(Fault):  # type: ignore[misc]
    """One of our errors on its way through spyne."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__("Server", "stopped")
        self.error = error


def _service(version: ServiceVersion, gateway: Gateway) -> type[Service]:
    """The spyne service of a version: every operation takes the raw body element and gives one back."""

    def carry(ctx: Any, _: Any) -> Element:
        beside: Beside = ctx.udc
        try:
            origin = gateway.proxies.origin(beside.environ)
            shown = _shown(beside, gateway.terms.clock())
            return version.answer(ctx.in_body_doc, gateway, shown, beside.trace_id, origin)
        except GatewayError as error:
            raise _Stopped(error) from None

    def operation(name: str) -> Any:
        def method(ctx: Any, body: Any) -> Element:
            return carry(ctx, body)

        method.__name__ = name
        return rpc(AnyXml, _returns=AnyXml, _body_style="bare")(method)

    return type("CmeGateway", (Service,), {name: operation(name) for name in version.operations})


def _shown(beside: Beside, now: datetime) -> Credentials | None:
    """What the caller shows beside the body: by HTTP, in Security headers."""
    basic = from_http(beside.environ)
    token = read_security(beside.security, now)
    return combine(token, basic) if token else basic


class _Carried(Soap11):  # type: ignore[misc]
    """The protocol that reads and writes nothing: the element is there, and so is its answer."""

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        """It was read at the rim."""

    def decompose_incoming_envelope(self, ctx: Any, message: Any = None) -> None:
        ctx.in_body_doc = ctx.in_document
        ctx.method_request_string = etree.QName(ctx.in_body_doc).localname

    def get_call_handles(self, ctx: Any) -> list[Any]:
        """Spyne's own look-up, but an unknown operation is refused by us and in our words."""
        found: list[Any] = super().get_call_handles(ctx)
        if not found:
            name = quoting.shown(ctx.method_request_string)
            raise _Stopped(UnknownOperation(f"This service version has no operation {name}."))
        return found

    def deserialize(self, ctx: Any, message: Any) -> None:
        ctx.in_object = None  # the operation takes ctx.in_body_doc
