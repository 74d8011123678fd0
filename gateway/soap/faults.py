"""What went wrong, as each kind of SOAP says it: code, words, our own detail, HTTP status."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from lxml import etree

from gateway.accounts import WSSE
from gateway.answers import FAULT, fault, write
from gateway.errors import (
    GatewayError,
    NotUnderstood,
    Refused,
    TooManyCalls,
    UnknownEncodingStyle,
    VersionMismatch,
)
from gateway.soap.kinds import KINDS, SOAP11, SOAP12, Soap

Element = etree._Element

AS_THEY_ARE = {413, 415}
UNREAD = AS_THEY_ARE | {429, 503}
"""HTTP statuses of refusals that are made before the envelope is read."""

NAMED = {
    VersionMismatch: "VersionMismatch",
    NotUnderstood: "MustUnderstand",
    UnknownEncodingStyle: "DataEncodingUnknown",
}
"""Errors for which SOAP has a code of its own; DataEncodingUnknown is only in 1.2."""

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def status(error: GatewayError, soap: Soap, read: bool) -> HTTPStatus:
    """The HTTP status of a fault, by whether the envelope was `read` before."""
    if error.http_status in (AS_THEY_ARE if read else UNREAD) or isinstance(error, TooManyCalls):
        return HTTPStatus(error.http_status)
    if soap is SOAP12 and _code(error) == "Client":
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INTERNAL_SERVER_ERROR


def parts(error: GatewayError, soap: Soap, trace_id: str) -> tuple[Element, ...]:
    """The Fault element, and the headers that belong to it."""
    return _WRITERS[soap](error, trace_id)


def _code(error: GatewayError) -> str:
    """SOAP 1.1's code of an error; whoever must change something is the Client."""
    named = next((name for kind, name in NAMED.items() if isinstance(error, kind)), None)
    return named or ("Client" if isinstance(error, Refused) else "Server")


def _reason(error: GatewayError) -> str:
    return f"{error.code}: {error.text} {error.remedy}"


def _fault11(error: GatewayError, trace_id: str) -> tuple[Element, ...]:
    code, spaces = f"{SOAP11.prefix}:{_code(error)}", {SOAP11.prefix: SOAP11.namespace}
    if error.wsse:
        code, spaces["wsse"] = f"wsse:{error.wsse}", WSSE
    element = etree.Element(SOAP11.name("Fault"), nsmap=spaces)
    etree.SubElement(element, "faultcode").text = code
    reason = etree.SubElement(element, "faultstring")
    etree.SubElement(element, "detail").append(fault(error, trace_id))
    write(reason, _reason(error))
    return (element,)


ROLES = {"Client": "Sender", "Server": "Receiver"}


def _fault12(error: GatewayError, trace_id: str) -> tuple[Element, ...]:
    subcodes, spaces = [f"f:{error.code}"], {SOAP12.prefix: SOAP12.namespace, "f": FAULT}
    if error.wsse:
        subcodes, spaces["wsse"] = [f"wsse:{error.wsse}", *subcodes], WSSE
    element = etree.Element(SOAP12.name("Fault"), nsmap=spaces)
    code = etree.SubElement(element, SOAP12.name("Code"))
    value = f"{SOAP12.prefix}:{ROLES.get(_code(error), _code(error))}"
    etree.SubElement(code, SOAP12.name("Value")).text = value
    for subcode in subcodes:
        code = etree.SubElement(code, SOAP12.name("Subcode"))
        etree.SubElement(code, SOAP12.name("Value")).text = subcode
    text = etree.SubElement(etree.SubElement(element, SOAP12.name("Reason")), SOAP12.name("Text"))
    text.set(LANGUAGE, "en")
    write(text, _reason(error))
    etree.SubElement(element, SOAP12.name("Detail")).append(fault(error, trace_id))
    return (element, *_headers(error))


def _headers(error: GatewayError) -> list[Element]:
    """What SOAP 1.2 puts into the header of a fault: which headers were not understood, which envelopes
    would be."""
    if isinstance(error, NotUnderstood):
        return [_named("NotUnderstood", tag) for tag in error.headers]
    if not isinstance(error, VersionMismatch):
        return []
    upgrade = etree.Element(SOAP12.name("Upgrade"))
    upgrade.extend(_named("SupportedEnvelope", kind.name("Envelope")) for kind in KINDS)
    return [upgrade]


def _named(name: str, tag: str) -> Element:
    """An element that names another one, by a prefix that is known where it will stand."""
    other = etree.QName(tag)
    prefix = SOAP12.prefix if other.namespace == SOAP12.namespace else "q"
    named = {"qname": f"{prefix}:{other.localname}"}
    return etree.Element(SOAP12.name(name), named, nsmap={prefix: other.namespace})


_WRITERS: dict[Soap, Callable[[GatewayError, str], tuple[Element, ...]]] = {
    SOAP11: _fault11,
    SOAP12: _fault12,
}
