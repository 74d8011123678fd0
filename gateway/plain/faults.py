"""What went wrong, as plain XML says it: the fault of every door, and the HTTP status for it."""

from __future__ import annotations

from http import HTTPStatus

from gateway.answers import fault as element
from gateway.errors import GatewayError, TooManyLookups, UnknownOperation

__all__ = ["element", "headers", "status"]

RETRY_AFTER = 30
"""Seconds after which to come back, where nothing better is known."""
AN_HOUR = 3600
"""Seconds within which learners can be looked up again."""


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
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            usual = AN_HOUR if isinstance(error, TooManyLookups) else RETRY_AFTER
            return [("Retry-After", str(error.retry_after or usual))]
    return []
