"""One SOAP endpoint as a WSGI application: the envelope around what every door does."""

from __future__ import annotations

from http import HTTPStatus

from lxml import etree

from gateway import intake
from gateway.answers import later
from gateway.calls import Environ, StartResponse
from gateway.door import Door, Exchange
from gateway.errors import GatewayError, VersionMismatch
from gateway.service import Gateway, ServiceVersion
from gateway.soap import envelope, faults, kinds
from gateway.soap.dispatch import Beside, Dispatch
from gateway.soap.kinds import SOAP11, Soap

Element = etree._Element


class _Exchange(Exchange):
    """A call and its answer, in the kind of SOAP that is spoken as far as one knows."""

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        super().__init__(environ, start_response)
        self.security: list[Element] = []
        self._soap = SOAP11
        self._read = False

    def read(self, limits: intake.Limits) -> tuple[bytes, intake.Media]:
        """The body, and what is said of it; spyne is not to read that too."""
        self._soap = kinds.of_content_type(self.environ.get("CONTENT_TYPE", ""))
        read = super().read(limits)
        self.environ.pop("CONTENT_TYPE", None)
        return read

    def open(self, document: intake.Document, media: intake.Media, namespace: str) -> Element:
        """The element in the Body, for the service of a namespace."""
        self._soap = self._spoken(document.root, media)
        self._read = True
        asked = envelope.opened(document, self._soap)
        self.security = envelope.security(document.root, self._soap)
        envelope.check_action(media, self.environ.get("HTTP_SOAPACTION"), self._soap, asked, namespace)
        return asked

    def _spoken(self, root: Element, media: intake.Media) -> Soap:
        try:
            return kinds.of_envelope(root, media)
        except VersionMismatch:
            if etree.QName(root).namespace == SOAP11.namespace:
                self._soap = SOAP11  # whoever sent it reads nothing else: SOAP 1.2 Part 1, appendix A
            raise

    def tell(self, answer: Element) -> list[bytes]:
        """Send the answer of an operation in an envelope."""
        return self._send(HTTPStatus.OK, self._soap.content_type, envelope.closed(self._soap, answer))

    def refuse(self, error: GatewayError) -> list[bytes]:
        """Send a fault."""
        body = envelope.closed(self._soap, *faults.parts(error, self._soap, self.trace_id))
        status, media = faults.status(error, self._soap, self._read), self._soap.content_type
        return self._send(status, media, body, *later(error))


class SoapDoor(Door[_Exchange]):
    """One SOAP endpoint: a service version at its path, as a WSGI application for POST; nothing but a
    well-formed envelope ever leaves."""

    def __init__(self, version: ServiceVersion, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._namespace = version.namespace
        self._dispatch = Dispatch(version, gateway)

    def _exchange(self, environ: Environ, start_response: StartResponse) -> _Exchange:
        return _Exchange(environ, start_response)

    def _answer(self, document: intake.Document, media: intake.Media, exchange: _Exchange) -> Element:
        asked = exchange.open(document, media, self._namespace)
        beside = Beside(exchange.environ, exchange.security, exchange.trace_id)
        return self._dispatch.answer(asked, beside)
