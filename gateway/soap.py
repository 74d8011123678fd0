"""The SOAP door: spyne carries the envelope and the dispatch, and never sees our data.

One protocol subclass hands the raw body element to the operation and takes its answer back as an
element: spyne's own object serialiser would cost ten times the rest of the request.
Spyne's parser, which logs bodies, and its fault writer are replaced for the same reason.
"""

from __future__ import annotations

import io
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

import gateway.spyne_shim  # noqa: F401  must come before spyne
from gateway import intake
from gateway.accounts import from_basic
from gateway.answers import failed, fault, write
from gateway.errors import (
    Failed,
    GatewayError,
    NotUnderstood,
    Refused,
    UnknownOperation,
    Unreadable,
    VersionMismatch,
)
from gateway.service import Gateway, ServiceVersion

import spyne.const
from spyne import AnyXml, Application, Service, rpc
from spyne.model.fault import Fault
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

Element = etree._Element
Environ = dict[str, Any]
StartResponse = Callable[..., Any]

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
NEXT = "http://schemas.xmlsoap.org/soap/actor/next"
STATUSES = {413: "413 Content Too Large", 415: "415 Unsupported Media Type"}
EVERY_OTHER = "500 Internal Server Error"
"""What SOAP 1.1 leaves with: every fault is 500, but for refusals made before the envelope is read."""

spyne.const.MIN_GC_INTERVAL = float("inf")  # or it collects inside requests, 38 ms each
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)  # it logs whole bodies, and a trace per refusal
logging.getLogger("spyne.application.client").setLevel(logging.CRITICAL + 1)


class _Carried(Fault):  # type: ignore[misc]
    """One of our errors on its way through spyne."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__("Server", "carried")
        self.error = error


class SoapDoor:
    """One SOAP endpoint: a service version at its path, as a WSGI application for POST."""

    def __init__(self, version: ServiceVersion, gateway: Gateway) -> None:
        application = Application(
            [_service(version, gateway)],
            tns=version.namespace,
            in_protocol=_Envelope(gateway.limits),
            out_protocol=_Envelope(gateway.limits),
        )
        self._limits = gateway.limits
        self._spyne = WsgiApplication(application, max_content_length=gateway.limits.max_call_bytes)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a POST; nothing but a well-formed envelope ever leaves."""
        trace_id = environ["gateway.trace_id"] = secrets.token_hex(8)
        try:
            environ["gateway.encoding"] = intake.declared_encoding(environ.pop("CONTENT_TYPE", None))
            body = intake.read_body(environ, self._limits)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
            return list(self._spyne(environ, start_response))
        except GatewayError as error:
            return _refuse(error, trace_id, start_response)
        except Exception as error:
            return _refuse(failed(error, trace_id), trace_id, start_response)


def _service(version: ServiceVersion, gateway: Gateway) -> type[Service]:
    """The spyne service of a version: every operation takes the raw body element and gives one back."""

    def carry(ctx: Any, _: Any) -> Element:
        environ = ctx.transport.req_env
        try:
            header = environ.get("HTTP_AUTHORIZATION", "")  # a proxy may add one that is not for us
            basic = from_basic(header) if header.lower().startswith("basic") else None
            return version.answer(ctx.in_body_doc, gateway, basic, environ["gateway.trace_id"])
        except GatewayError as error:
            raise _Carried(error) from None

    def operation(name: str) -> Any:
        def method(ctx: Any, body: Any) -> Element:
            return carry(ctx, body)

        method.__name__ = name
        return rpc(AnyXml, _returns=AnyXml, _body_style="bare")(method)

    return type("CmeGateway", (Service,), {name: operation(name) for name in version.operations})


class _Envelope(Soap11):  # type: ignore[misc]
    """The SOAP 1.1 envelope: opened for the operation, closed around its answer or its fault."""

    def __init__(self, limits: intake.Limits) -> None:
        super().__init__()
        self._limits = limits

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        environ = ctx.transport.req_env
        try:
            document = intake.parse(b"".join(ctx.in_string), self._limits, environ["gateway.encoding"])
        except GatewayError as error:
            raise _Carried(error) from None
        ctx.in_document = document.root

    def decompose_incoming_envelope(self, ctx: Any, message: Any = None) -> None:
        try:
            ctx.in_body_doc = _opened(ctx.in_document)
            _check_action(ctx.transport.req_env.get("HTTP_SOAPACTION"), ctx.in_body_doc)
        except GatewayError as error:
            raise _Carried(error) from None
        ctx.method_request_string = etree.QName(ctx.in_body_doc).localname

    def get_call_handles(self, ctx: Any) -> list[Any]:
        """Spyne's own look-up, but an unknown operation is refused by us and in our words."""
        found: list[Any] = super().get_call_handles(ctx)
        if not found:
            name = ctx.method_request_string[:60]
            raise _Carried(UnknownOperation(f"This service version has no operation {name}."))
        return found

    def deserialize(self, ctx: Any, message: Any) -> None:
        ctx.in_object = None  # the operation takes ctx.in_body_doc

    def serialize(self, ctx: Any, message: Any) -> None:
        if ctx.out_error is None:
            content = ctx.out_object[0]
        else:
            trace_id = ctx.transport.req_env["gateway.trace_id"]
            error = getattr(ctx.out_error, "error", None) or failed(ctx.out_error, trace_id)
            content = _fault(error, trace_id)
        ctx.out_document = content
        ctx.out_string = [_closed(content)]

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        """The string stands already."""

    def fault_to_http_response_code(self, fault: Any) -> str:
        return _status(getattr(fault, "error", None) or Failed())


# --- the envelope ---------------------------------------------------------------------------------------


def _opened(envelope: Element) -> Element:
    """The one element in the Body of a SOAP 1.1 envelope."""
    name = etree.QName(envelope)
    if name.localname != "Envelope" or name.namespace != SOAP11:
        if name.localname == "Envelope":
            raise VersionMismatch()
        raise Unreadable(
            f"The message is not a SOAP envelope; its root is {name.localname[:60]}.",
            remedy="Put the request into the Body of a SOAP 1.1 envelope.",
        )
    for header in envelope.iterfind(f"{{{SOAP11}}}Header/*"):
        ours = header.get(f"{{{SOAP11}}}actor", NEXT) in {"", NEXT}
        if ours and header.get(f"{{{SOAP11}}}mustUnderstand") in {"1", "true"}:
            raise NotUnderstood(f"The header {etree.QName(header).localname[:60]} is not understood here.")
    bodies = envelope.findall(f"{{{SOAP11}}}Body")
    contents = list(bodies[0]) if len(bodies) == 1 else []
    if len(contents) != 1:
        raise Unreadable(
            f"The envelope has {len(bodies)} Body elements with {len(contents)} requests.",
            remedy="Send one Body with one request in it.",
        )
    return contents[0]


def _check_action(header: str | None, body: Element) -> None:
    """An absent or empty SOAPAction is fine; one that names another operation is not."""
    action = (header or "").strip("\"' /")
    name = etree.QName(body).localname
    ours = action.startswith("urn:cme-gateway:service:")
    named = f"{etree.QName(body).namespace}/{name}" if ours else name
    if action and (action if ours else re.split("[/#:]", action)[-1]) != named:
        raise UnknownOperation(
            f"The SOAPAction names another operation than the body, which is a {name[:60]}.",
            remedy="Send the SOAPAction of the WSDL, or an empty one.",
        )


def _closed(content: Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP11}}}Envelope", nsmap={"soap": SOAP11})
    etree.SubElement(envelope, f"{{{SOAP11}}}Body").append(content)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _fault(error: GatewayError, trace_id: str) -> Element:
    element = etree.Element(f"{{{SOAP11}}}Fault", nsmap={"soap": SOAP11})
    etree.SubElement(element, "faultcode").text = f"soap:{_code(error)}"
    reason = etree.SubElement(element, "faultstring")
    etree.SubElement(element, "detail").append(fault(error, trace_id))
    write(reason, f"{error.code}: {error.text} {error.remedy}")
    return element


def _code(error: GatewayError) -> str:
    if isinstance(error, VersionMismatch):
        return "VersionMismatch"
    if isinstance(error, NotUnderstood):
        return "MustUnderstand"
    return "Client" if isinstance(error, Refused) else "Server"


def _status(error: GatewayError) -> str:
    return STATUSES.get(error.http_status, EVERY_OTHER)


def _refuse(error: GatewayError, trace_id: str, start_response: StartResponse) -> list[bytes]:
    body = _closed(_fault(error, trace_id))
    headers = [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(_status(error), headers)
    return [body]
