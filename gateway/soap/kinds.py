"""The two kinds of SOAP: what each calls its parts, and the content type it comes and leaves in."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from gateway.errors import Unreadable, VersionMismatch
from gateway.intake import Media
from gateway.quoting import shown
from gateway.service import addresses_of
from gateway.service.addresses import ACTIVITIES, bare

Element = etree._Element

NEITHER = "application/xml"
"""The content type that says nothing of the kind of SOAP: the envelope alone decides."""


@dataclass(frozen=True, slots=True)
class Soap:
    """A kind of SOAP. `prefix` is what its answers use, `actor` the attribute that says for whom a
    header is, `ours` the values of it that mean this gateway."""

    version: str
    namespace: str
    media: str
    prefix: str
    actor: str
    ours: frozenset[str]

    def name(self, local: str) -> str:
        """A name in this kind's namespace."""
        return f"{{{self.namespace}}}{local}"

    @property
    def content_type(self) -> str:
        """The Content-Type of an answer."""
        return f"{self.media}; charset=utf-8"


SOAP11 = Soap(
    version="1.1",
    namespace="http://schemas.xmlsoap.org/soap/envelope/",
    media="text/xml",
    prefix="soap",
    actor="actor",
    ours=frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
)
SOAP12 = Soap(
    version="1.2",
    namespace="http://www.w3.org/2003/05/soap-envelope",
    media="application/soap+xml",
    prefix="env",
    actor="role",
    ours=frozenset(
        {
            "",
            "http://www.w3.org/2003/05/soap-envelope/role/next",
            "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
        }
    ),
)
KINDS = (SOAP12, SOAP11)
"""Both kinds, the newer first, as a caller is told which envelopes are taken."""


def of_content_type(header: str) -> Soap:
    """The kind a Content-Type belongs to: what is refused before its envelope is read is refused in it."""
    return SOAP12 if header.strip().lower().startswith(SOAP12.media) else SOAP11


def of_envelope(envelope: Element, media: Media) -> Soap:
    """The kind of an envelope. Raises Unreadable where it is none, VersionMismatch where its version is
    not known, or came in the content type of the other."""
    name = etree.QName(envelope)
    if name.localname != "Envelope":
        raise Unreadable(
            f"The message is not a SOAP envelope; its root is {shown(name.localname)}.",
            remedy="Put the request into the Body of a SOAP envelope, or send it as plain XML to "
            f"{_plain_address(name.localname)}.",
        )
    soap = next((kind for kind in KINDS if kind.namespace == name.namespace), None)
    if soap is None:
        raise VersionMismatch
    if media.kind not in {soap.media, NEITHER}:
        raise VersionMismatch(f"A SOAP {soap.version} envelope does not come as {media.kind}.")
    return soap


def _plain_address(name: str) -> str:
    """Where an element of that name would be taken as it is."""
    return next(iter(addresses_of(bare(name))), f"{ACTIVITIES}/ and its operation")
