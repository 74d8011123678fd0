"""The SOAP envelope: opened for the operation, closed around its answer or its fault.

SOAP 1.2 says more than 1.1 of what an envelope may hold, and asks that the rest be refused: SOAP 1.2
Part 1, sections 5.1 to 5.3 and 6. For SOAP 1.1 the Basic Profile 1.1 does, R1011 and R1013.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from lxml import etree

from gateway.accounts import SECURITY
from gateway.errors import (
    NotUnderstood,
    UnknownEncodingStyle,
    UnknownOperation,
    Unreadable,
)
from gateway.intake import Document, Media
from gateway.model import stray_text
from gateway.quoting import shown
from gateway.soap.kinds import SOAP12, Soap

Element = etree._Element

TRUE, FALSE = {"1", "true"}, {"0", "false"}
UNENCODED = "http://www.w3.org/2003/05/soap-envelope/encoding/none"
MOST_NAMED = 5  # headers a fault names: what may be sent by the thousand is not sent back so
ONE_BODY = "Send one Body with one request in it."
_encodings = etree.XPath("descendant-or-self::*/@env:encodingStyle", namespaces={"env": SOAP12.namespace})


def opened(document: Document, soap: Soap) -> Element:
    """The one element in the Body, once the headers have been looked at.

    Raises Unreadable, NotUnderstood or UnknownEncodingStyle.
    """
    envelope = document.root
    _check_parts(envelope, soap)
    if soap is SOAP12:
        _check_infoset(document)
    _check_headers(envelope, soap)
    body = envelope[-1]
    if len(body) != 1:
        raise Unreadable(f"The Body holds {len(body)} requests.", remedy=ONE_BODY)
    if soap is SOAP12:
        _check_encoding(body[0])
    return body[0]


def check_action(media: Media, header: str | None, soap: Soap, body: Element, namespace: str) -> None:
    """An absent or empty action is fine; one that names another operation is not.

    It is the SOAPAction header, in SOAP 1.2 the `action` parameter of the content type too. A body of no
    namespace is taken for one of the `namespace` of the service.
    """
    local = etree.QName(body).localname
    name = etree.QName(etree.QName(body).namespace or namespace, local)
    for action in (header, media.action if soap is SOAP12 else None):
        if not _names(action or "", name):
            label = "SOAPAction" if action is header else "action of the Content-Type"
            raise UnknownOperation(
                f"The {label} names another operation than the body, which is a {shown(local)}.",
                remedy="Send the action of the WSDL, or an empty one.",
            )


def _names(action: str, name: etree.QName) -> bool:
    action = action.strip("\"' /")
    if action.startswith("urn:cme-gateway:service:"):
        return action == f"{name.namespace}/{name.localname}"
    return not action or re.split("[/#:]", action)[-1] == name.localname


def closed(soap: Soap, content: Element, *headers: Element) -> bytes:
    """An envelope around an answer or a fault."""
    envelope = etree.Element(soap.name("Envelope"), nsmap={soap.prefix: soap.namespace})
    if headers:
        etree.SubElement(envelope, soap.name("Header")).extend(headers)
    etree.SubElement(envelope, soap.name("Body")).append(content)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _check_parts(envelope: Element, soap: Soap) -> None:
    header, body = soap.name("Header"), soap.name("Body")
    if [part.tag for part in envelope] not in ([body], [header, body]):
        raise Unreadable(
            "An Envelope holds a Header, if any, and then a Body: nothing else.", remedy=ONE_BODY
        )


# --- headers --------------------------------------------------------------------------------------------


def _check_headers(envelope: Element, soap: Soap) -> None:
    for header in envelope.iterfind(f"{soap.name('Header')}/*"):
        _check_switch(header, "mustUnderstand", soap)
    headers = (header for header in _for_us(envelope, soap) if header.tag != SECURITY)
    unknown = list(dict.fromkeys(header.tag for header in headers if _must_be_understood(header, soap)))
    if unknown:
        names = ", ".join(shown(etree.QName(tag).localname) for tag in unknown[:MOST_NAMED])
        error = NotUnderstood(f"What is not understood here, but must be: the header {names}.")
        error.headers = tuple(unknown[:MOST_NAMED])
        raise error


def security(envelope: Element, soap: Soap) -> list[Element]:
    """The Security headers that are meant for us (gateway.accounts reads them)."""
    return [header for header in _for_us(envelope, soap) if header.tag == SECURITY]


def _for_us(envelope: Element, soap: Soap) -> Iterator[Element]:
    """The headers that are meant for the last one who gets a message, or for everybody."""
    for header in envelope.iterfind(f"{soap.name('Header')}/*"):
        if header.get(soap.name(soap.actor), "").strip() in soap.ours:
            yield header


def _check_switch(header: Element, switch: str, soap: Soap) -> None:
    if header.get(soap.name(switch), "0").strip() not in TRUE | FALSE:
        local = shown(etree.QName(header).localname)
        raise Unreadable(f"{switch} of the header {local} is no boolean.", remedy="Say 1 or 0.")


def _must_be_understood(header: Element, soap: Soap) -> bool:
    return header.get(soap.name("mustUnderstand"), "").strip() in TRUE


# --- what SOAP 1.2 asks for -----------------------------------------------------------------------------


def _check_infoset(document: Document) -> None:
    envelope, name = document.root, SOAP12.name
    if document.has_instructions():
        raise Unreadable("The message has a processing instruction.", remedy="Leave it out.")
    for part in (envelope, *envelope):
        _check_part(part)
    for header in envelope.iterfind(f"{name('Header')}/*"):
        if not etree.QName(header).namespace:
            local = shown(etree.QName(header).localname)
            raise Unreadable(f"The header {local} has no namespace.", remedy="Give it one, or leave it out.")
        _check_switch(header, "relay", SOAP12)


def _check_part(part: Element) -> None:
    """The Envelope, its Header and its Body hold elements only, and what is said of them has a namespace."""
    local = etree.QName(part).localname
    if part.get(SOAP12.name("encodingStyle")) is not None:
        raise Unreadable(f"An encodingStyle stands on the {local}.", remedy="Leave it out.")
    if stray_text(part):
        raise Unreadable(f"A text stands in the {local}, beside its elements.", remedy="Leave it out.")
    for name in cast("list[str]", part.keys()):
        if not name.startswith("{"):
            raise Unreadable(
                f"The {local} has an attribute {shown(name)} without a namespace.", remedy="Leave it out."
            )


def _check_encoding(content: Element) -> None:
    if any(style != UNENCODED for style in cast("list[str]", _encodings(content))):
        raise UnknownEncodingStyle
