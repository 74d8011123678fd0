"""One service of plain XML as a WSGI application: what every door does, without an envelope."""

from __future__ import annotations

from http import HTTPStatus

from lxml import etree

from gateway import intake
from gateway.accounts import from_http
from gateway.calls import Environ, StartResponse
from gateway.door import Door, Exchange
from gateway.errors import GatewayError, UnsupportedMedia, WrongMethod
from gateway.plain import faults, request
from gateway.service import Gateway

Element = etree._Element

MEDIA = "application/xml; charset=utf-8"
TAKEN = {"application/xml", "text/xml"}


class _Exchange(Exchange):
    """A call of the operation its address names, and its answer."""

    def __init__(self, environ: Environ, start_response: StartResponse, service: str) -> None:
        super().__init__(environ, start_response)
        self._service = service
        self._method = environ["REQUEST_METHOD"]
        self.operation = ""

    def read(self, limits: intake.Limits) -> tuple[bytes, intake.Media]:
        """The body, and what is said of it, where method and address are those of an operation."""
        body = intake.read_body(self.environ, limits)
        name = self.environ.get("PATH_INFO", "").rstrip("/").removeprefix(self._service).lstrip("/")
        self.operation = request.operation_at(self._service, name)
        if self._method != "POST":
            raise WrongMethod(f"{self.operation} is called by POST.")
        media = intake.read_media(self.environ.get("CONTENT_TYPE"))
        if media.kind not in TAKEN:
            raise UnsupportedMedia("SOAP is not taken at this address.", remedy=request.SOAP_ELSEWHERE)
        return body, media

    def tell(self, answer: Element) -> list[bytes]:
        """Send the answer of an operation as it is."""
        return self._write(HTTPStatus.OK, answer)

    def refuse(self, error: GatewayError) -> list[bytes]:
        """Send a fault."""
        return self._write(faults.status(error), faults.element(error, self.trace_id), *faults.headers(error))

    def _write(self, status: HTTPStatus, content: Element, *more: tuple[str, str]) -> list[bytes]:
        body = etree.tostring(content, xml_declaration=True, encoding="utf-8")
        sent = self._send(status, MEDIA, body, *more)
        return [] if self._method == "HEAD" else sent


class PlainDoor(Door[_Exchange]):
    """The operations under one path, each at an address of its own; nothing but a response element or a
    Fault ever leaves."""

    def __init__(self, service: str, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._service = service

    def _exchange(self, environ: Environ, start_response: StartResponse) -> _Exchange:
        return _Exchange(environ, start_response, self._service)

    def _answer(self, document: intake.Document, media: intake.Media, exchange: _Exchange) -> Element:
        gateway, element = self._gateway, document.root
        version = request.opened(element, exchange.operation, gateway.reader.is_payload)
        origin = gateway.proxies.origin(exchange.environ)
        return version.answer(element, gateway, from_http(exchange.environ), exchange.trace_id, origin)
