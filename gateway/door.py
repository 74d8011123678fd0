"""What every door does around an operation: the rim, its place in the queue, and whatever is refused.

How a message is opened and how an answer or a refusal looks is each door's own; limits, admission, the
audit of refusals and trace ids are the same for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from http import HTTPStatus
from typing import Generic, TypeVar

from lxml import etree

from gateway import calls, intake, memory
from gateway.answers import failed
from gateway.calls import Environ, StartResponse
from gateway.errors import GatewayError
from gateway.service import Gateway

Element = etree._Element


class Exchange(ABC):
    """A call and its answer, as one door writes them."""

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        self.trace_id = calls.trace_id(environ)
        self.environ = environ
        self._start_response = start_response

    def read(self, limits: intake.Limits) -> tuple[bytes, intake.Media]:
        """The body, and what is said of it. It is read whatever it is: a connection on which it were left
        could not go on."""
        body = intake.read_body(self.environ, limits)
        return body, intake.read_media(self.environ.get("CONTENT_TYPE"))

    @abstractmethod
    def tell(self, answer: Element) -> list[bytes]:
        """Send the answer of an operation."""

    @abstractmethod
    def refuse(self, error: GatewayError) -> list[bytes]:
        """Send what went wrong."""

    def _send(self, status: HTTPStatus, media: str, body: bytes, *more: tuple[str, str]) -> list[bytes]:
        headers = [("Content-Type", media), ("Content-Length", str(len(body))), *more]
        self._start_response(f"{status.value} {status.phrase}", headers)
        return [body]


Spoken = TypeVar("Spoken", bound=Exchange)


class Door(ABC, Generic[Spoken]):
    """A WSGI application that has each call answered by an operation."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._limits = gateway.limits
        self._admission = gateway.admission

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a call; nothing but what the door itself writes ever leaves."""
        exchange = self._exchange(environ, start_response)
        try:
            body, media = exchange.read(self._limits)
            try:
                return self._admission.run(lambda: self._tell(body, media, exchange), len(body))
            finally:
                memory.give_back(len(body))
        except GatewayError as error:
            return self._refuse(error, exchange)
        except Exception as error:
            return self._refuse(failed(error, exchange.trace_id), exchange)

    @abstractmethod
    def _exchange(self, environ: Environ, start_response: StartResponse) -> Spoken:
        """A call that has come."""

    @abstractmethod
    def _answer(self, document: intake.Document, media: intake.Media, exchange: Spoken) -> Element:
        """The response element to a message."""

    def _tell(self, body: bytes, media: intake.Media, exchange: Spoken) -> list[bytes]:
        document = intake.parse(body, self._limits, media.encoding)
        return exchange.tell(self._answer(document, media, exchange))

    def _refuse(self, error: GatewayError, exchange: Spoken) -> list[bytes]:
        """Send what went wrong, and have the audit log count it."""
        calls.refused(error)
        now, origin = self._gateway.terms.clock(), self._gateway.proxies.origin(exchange.environ)
        self._gateway.refusals.note(error, now, origin.address or None, exchange.trace_id)
        return exchange.refuse(error)
