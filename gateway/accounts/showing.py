"""What a caller shows beside the message and within it, made one credential."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from gateway.errors import NotAuthenticated
from gateway.records import Credentials

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PROVIDER_AND_USER = re.compile(r"(\d{7})/(.+)", re.ASCII)


def from_http(environ: Mapping[str, Any]) -> Credentials | None:
    """What a request shows by HTTP; a token that a proxy added is not for us."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    return from_basic(header) if header.lower().startswith("basic") else None


def from_basic(header: str) -> Credentials:
    """Read the value of an HTTP `Authorization: Basic` header; its user may be `PROVIDERID/USER`.

    Raises NotAuthenticated where it is malformed (RFC 7617: UTF-8, no control characters).
    """
    name, password = _name_and_password(header)
    return Credentials(*provider_and_user(name), password)


def provider_and_user(name: str) -> tuple[str | None, str]:
    """Take apart a name that may be `PROVIDERID/USER`."""
    both = PROVIDER_AND_USER.fullmatch(name)
    return (both[1], both[2]) if both else (None, name)


def combine(shown: Credentials, other: Credentials | None) -> Credentials:
    """Make one credential of what stands in two places of a call.

    Each may say what the other leaves out; raises NotAuthenticated where they contradict each other, or
    prove it in two ways.
    """
    if other is None:
        return shown
    names = ("provider_id", "user", "password", "token")
    pairs = [(getattr(shown, name), getattr(other, name)) for name in names]
    digest = any(one.token and one.token.digest for one in (shown, other))
    if any(one and two and one != two for one, two in pairs) or (
        digest and (shown.password or other.password)
    ):
        error = NotAuthenticated(
            "The call shows two different credentials.",
            remedy="Send them once: in the message, in its Security header or by HTTP.",
        )
        raise refused(error, token=bool(shown.token or other.token))
    return Credentials(*(one or two for one, two in pairs))


def refused(error: NotAuthenticated, *, token: bool) -> NotAuthenticated:
    """A refusal as WS-Security calls it, where that is what the caller speaks."""
    error.wsse = "FailedAuthentication" if token else None
    return error


def _name_and_password(header: str) -> tuple[str, str]:
    scheme, _, code = header.strip().partition(" ")
    try:
        text = base64.b64decode(code.strip(), validate=True).decode("utf-8")
    except ValueError:
        raise NotAuthenticated from None
    name, colon, password = text.partition(":")
    if scheme.lower() != "basic" or not colon or CONTROL.search(text):
        raise NotAuthenticated
    return name, password
