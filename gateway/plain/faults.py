"""What went wrong, as plain XML says it: the fault of every door, and the HTTP status for it."""

from __future__ import annotations

from http import HTTPStatus

from gateway.answers import fault as element
from gateway.answers import later
from gateway.errors import GatewayError, UnknownOperation

__all__ = ["element", "headers", "status"]


def status(error: GatewayError) -> HTTPStatus:
    """The HTTP status of an error; the operation is part of the address here."""
    return HTTPStatus.NOT_FOUND if isinstance(error, UnknownOperation) else HTTPStatus(error.http_status)


def headers(error: GatewayError) -> list[tuple[str, str]]:
    """What HTTP asks to be said with a status (RFC 9110, RFC 6585)."""
    match status(error):
        case HTTPStatus.UNAUTHORIZED:
            return [("WWW-Authenticate", 'Basic realm="cme-gateway", charset="UTF-8"')]
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return [("Allow", "POST")]
    return later(error)
