"""Which operation a plain request asks for, and its element as every door hands it over.

The address names the operation, the namespace of the element the service version; without a namespace it
is the newest version that has the operation. What else has no namespace belongs to the element's, but
for the payload, which is judged by its own version.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from gateway.errors import Malformed, UnknownOperation, Unreadable
from gateway.quoting import shown
from gateway.service import NEWEST, OPERATIONS, VERSIONS, ServiceVersion, addresses_of
from gateway.service.addresses import bare

Element = etree._Element

SOAP = " or ".join(version.path for version in VERSIONS)
SOAP_ELSEWHERE = f"Send SOAP to {SOAP}, or what is in its Body, alone, to this address."
NEWEST_FIRST = VERSIONS[::-1]


def operation_at(service: str, name: str) -> str:
    """The operation at an address; raises UnknownOperation, saying where it is or which there are."""
    places = addresses_of(name)
    if f"{service}/{name}" in places:
        return name
    if places:
        raise UnknownOperation(f"{name} is not at this address.", remedy=f"Send it to {places[0]}.")
    known = ", ".join(known for known in OPERATIONS if f"{service}/{known}" in addresses_of(known))
    raise UnknownOperation(
        f"There is no operation {shown(name)} at this address."
        if name
        else "The address names no operation.",
        remedy=f"Add one of these to {service}/: {known}. The contract for SOAP is {NEWEST.contract}.",
    )


def opened(element: Element, operation: str, is_payload: Callable[[Element], bool]) -> ServiceVersion:
    """The service version that answers an element, which is made the operation's own.

    Raises Unreadable for a SOAP envelope, Malformed where the element is not the operation's, and
    UnknownOperation for a namespace of no service version.
    """
    name = etree.QName(element)
    if name.localname == "Envelope":
        raise Unreadable("The message is a SOAP envelope.", remedy=SOAP_ELSEWHERE)
    if bare(name.localname) != operation:
        raise Malformed(
            f"The address is that of {operation}, the root of the message is {shown(name.localname)}.",
            remedy=f"Send {operation} or {operation}Request to this address, with all else inside it.",
        )
    version = _version(name.namespace, operation)
    element.tag = f"{{{version.namespace}}}{operation}"
    _lift([child for child in element if not is_payload(child)], version.namespace)
    return version


def _version(namespace: str | None, operation: str) -> ServiceVersion:
    for version in NEWEST_FIRST:
        if version.namespace == namespace or (namespace is None and operation in version.operations):
            return version
    known = " or ".join(version.namespace for version in VERSIONS)
    raise UnknownOperation(
        f"The namespace of {operation} is that of no service version.",
        remedy=f"Use {known}, or none at all.",
    )


def _lift(children: list[Element], namespace: str) -> None:
    for child in children:
        for one in list(child.iter("{}*")):
            one.tag = f"{{{namespace}}}{one.tag}"
