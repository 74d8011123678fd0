"""The SOAP envelope: opened for the operation, closed around its answer or its fault.

SOAP 1.2 says more than 1.1 of what an envelope may hold, and asks that the rest be refused: SOAP 1.2
Part 1, sections 5.1 to 5.3 and 6.
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
from gateway.soap.kinds import SOAP12, Soap

Element = etree._Element

TRUE, FALSE = {"1", "true"}, {"0", "false"}
UNENCODED = "http://www.w3.org/2003/05/soap-envelope/encoding/none"
ONE_BODY = "Send one Body with one request in it."
_encodings = etree.XPath("descendant-or-self::*/@env:encodingStyle", namespaces={"env": SOAP12.namespace})


def opened(document: Document, soap: Soap) -> Element:
    """The one element in the Body, once the headers have been looked at.

    Raises Unreadable, NotUnderstood or UnknownEncodingStyle.
    """
    envelope = document.root
    if soap is SOAP12:
        _check_infoset(document)
    _check_headers(envelope, soap)
    bodies = envelope.findall(soap.name("Body"))
    contents = list(bodies[0]) if len(bodies) == 1 else []
    if len(contents) != 1:
        text = f"The envelope has {len(bodies)} Body elements with {len(contents)} requests."
        raise Unreadable(text, remedy=ONE_BODY)
    if soap is SOAP12:
        _check_encoding(contents[0])
    return contents[0]


def check_action(media: Media, header: str | None, soap: Soap, body: Element) -> None:
    """An absent or empty action is fine; one that names another operation is not.

    It is the SOAPAction header, in SOAP 1.2 the `action` parameter of the content type too.
    """
    name = etree.QName(body)
    for action in (header, media.action if soap is SOAP12 else None):
        if not _names(action or "", name):
            label = "SOAPAction" if action is header else "action of the Content-Type"
            raise UnknownOperation(
                f"The {label} names another operation than the body, which is a {name.localname[:60]}.",
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


# --- headers --------------------------------------------------------------------------------------------


def _check_headers(envelope: Element, soap: Soap) -> None:
    unknown = []
    for header in _for_us(envelope, soap):
        if header.tag != SECURITY and _must_be_understood(header, soap):
            unknown.append(header.tag)
    if unknown:
        names = ", ".join(etree.QName(tag).localname[:60] for tag in unknown[:5])
        error = NotUnderstood(f"What is not understood here, but must be: the header {names}.")
        error.headers = tuple(unknown)
        raise error


def security(envelope: Element, soap: Soap) -> list[Element]:
    """The Security headers that are meant for us (gateway.accounts reads them)."""
    return [header for header in _for_us(envelope, soap) if header.tag == SECURITY]


def _for_us(envelope: Element, soap: Soap) -> Iterator[Element]:
    """The headers that are meant for the last one who gets a message, or for everybody."""
    for header in envelope.iterfind(f"{soap.name('Header')}/*"):
        if header.get(soap.name(soap.actor), "").strip() in soap.ours:
            yield header


def _must_be_understood(header: Element, soap: Soap) -> bool:
    return header.get(soap.name("mustUnderstand"), "").strip() in TRUE


# --- what SOAP 1.2 asks for -----------------------------------------------------------------------------


def _check_infoset(document: Document) -> None:
    envelope, name = document.root, SOAP12.name
    if document.has_instructions():
        raise Unreadable("The message has a processing instruction.", remedy="Leave it out.")
    parts = [part.tag for part in envelope]
    if parts not in ([name("Body")], [name("Header"), name("Body")]):
        raise Unreadable(
            "An Envelope holds a Header, if any, and then a Body: nothing else.", remedy=ONE_BODY
        )
    for part in (envelope, *envelope):
        if part.get(name("encodingStyle")) is not None:
            local = etree.QName(part).localname
            raise Unreadable(f"An encodingStyle stands on the {local}.", remedy="Leave it out.")
    for header in envelope.iterfind(f"{name('Header')}/*"):
        _check_header(header)


def _check_header(header: Element) -> None:
    local = etree.QName(header).localname[:60]
    if not etree.QName(header).namespace:
        raise Unreadable(f"The header {local} has no namespace.", remedy="Give it one, or leave it out.")
    for switch in ("mustUnderstand", "relay"):
        if header.get(SOAP12.name(switch), "0").strip() not in TRUE | FALSE:
            raise Unreadable(f"{switch} of the header {local} is no boolean.", remedy="Say true or false.")


def _check_encoding(content: Element) -> None:
    if any(style != UNENCODED for style in cast("list[str]", _encodings(content))):
        raise UnknownEncodingStyle
