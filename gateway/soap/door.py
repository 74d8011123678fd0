"""One SOAP endpoint as a WSGI application: the rim, the envelope, the operation, the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from lxml import etree

from gateway import calls, intake, memory
from gateway.answers import failed
from gateway.errors import GatewayError, VersionMismatch
from gateway.service import Gateway, ServiceVersion
from gateway.soap import envelope, faults, kinds
from gateway.soap.dispatch import Dispatch
from gateway.soap.kinds import SOAP11, Soap

Element = etree._Element
Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class SoapDoor:
    """One SOAP endpoint: a service version at its path, as a WSGI application for POST."""

    def __init__(self, version: ServiceVersion, gateway: Gateway) -> None:
        self._gateway = gateway
        self._limits = gateway.limits
        self._admission = gateway.admission
        self._dispatch = Dispatch(version, gateway)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a POST; nothing but a well-formed envelope ever leaves."""
        exchange = _Exchange(environ, start_response)
        try:
            body = exchange.read_body(self._limits)
            media = exchange.read_media()
            try:
                return self._admission.run(lambda: self._answer(body, media, exchange, environ), len(body))
            finally:
                memory.give_back(len(body))
        except GatewayError as error:
            return self._refuse(error, exchange, environ)
        except Exception as error:
            return self._refuse(failed(error, exchange.trace_id), exchange, environ)

    def _answer(self, body: bytes, media: intake.Media, exchange: _Exchange, environ: Environ) -> list[bytes]:
        document = intake.parse(body, self._limits, media.encoding)
        asked = exchange.open(document, media)
        return exchange.tell(self._dispatch.answer(asked, environ, exchange.security))

    def _refuse(self, error: GatewayError, exchange: _Exchange, environ: Environ) -> list[bytes]:
        """Send a fault, and have the audit log count it."""
        calls.refused(error)
        now, origin = self._gateway.terms.clock(), self._gateway.proxies.origin(environ)
        self._gateway.refusals.note(error, now, origin.address or None, exchange.trace_id)
        return exchange.refuse(error)


class _Exchange:
    """A call and its answer, in the kind of SOAP that is spoken as far as one knows."""

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        self.trace_id = calls.trace_id(environ)
        self._environ = environ
        self._start_response = start_response
        self.security: list[Element] = []
        self._soap = SOAP11
        self._read = False

    def read_body(self, limits: intake.Limits) -> bytes:
        """The body, whatever it is: a connection on which it were left could not go on."""
        self._soap = kinds.of_content_type(self._environ.get("CONTENT_TYPE", ""))
        return intake.read_body(self._environ, limits)

    def read_media(self) -> intake.Media:
        """What the Content-Type says; spyne is not to read it too."""
        return intake.read_media(self._environ.pop("CONTENT_TYPE", None))

    def open(self, document: intake.Document, media: intake.Media) -> Element:
        """The element in the Body."""
        self._soap = self._spoken(document.root, media)
        self._read = True
        asked = envelope.opened(document, self._soap)
        self.security = envelope.security(document.root, self._soap)
        envelope.check_action(media, self._environ.get("HTTP_SOAPACTION"), self._soap, asked)
        return asked

    def _spoken(self, root: Element, media: intake.Media) -> Soap:
        try:
            return kinds.of_envelope(root, media)
        except VersionMismatch:
            if etree.QName(root).namespace == SOAP11.namespace:
                self._soap = SOAP11  # whoever sent it reads nothing else: SOAP 1.2 Part 1, appendix A
            raise

    def tell(self, answer: Element) -> list[bytes]:
        """Send the answer of an operation."""
        return self._send(HTTPStatus.OK, envelope.closed(self._soap, answer))

    def refuse(self, error: GatewayError) -> list[bytes]:
        """Send a fault."""
        body = envelope.closed(self._soap, *faults.parts(error, self._soap, self.trace_id))
        return self._send(faults.status(error, self._soap, self._read), body, error.retry_after)

    def _send(self, status: HTTPStatus, body: bytes, retry_after: int | None = None) -> list[bytes]:
        headers = [("Content-Type", self._soap.content_type), ("Content-Length", str(len(body)))]
        if retry_after:
            headers.append(("Retry-After", str(retry_after)))
        self._start_response(f"{status.value} {status.phrase}", headers)
        return [body]
