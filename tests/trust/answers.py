"""What every answer has to be, whatever it answers: an envelope, a fault of ours or the answer asked for.

Imports nothing of the gateway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
MEDIA = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
FAULT = "{urn:cme-gateway:fault:1}"
OURS = {"Server", "Receiver"}
PYTHON = re.compile(rb"Traceback|object at 0x|\.py\b|lxml|XMLSyntax|[a-z]Error\b")
MOST_BYTES = 64 << 10
"""What a fault may have, with its hundred findings."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer taken apart. `code` is SOAP's, without prefix, `ours` the catalogue's; None if no fault."""

    kind: str
    status: int
    code: str | None
    subcodes: tuple[str, ...]
    ours: str | None
    headers: tuple[str, ...]
    text: str = ""


def read(status: int, media: str | None, body: bytes) -> Told:
    """Take an answer apart. Raises ValueError, in words, where it is no answer of ours."""
    if len(body) > MOST_BYTES and status != 200:
        raise ValueError(f"a fault of {len(body):,} bytes")
    if found := PYTHON.search(body):
        raise ValueError(f"an answer with {found[0].decode()!r} in it")
    try:
        envelope = etree.fromstring(body)
    except etree.XMLSyntaxError:
        raise ValueError(f"HTTP {status} and no XML, {len(body)} bytes") from None
    kind = next((k for k, space in ENVELOPES.items() if envelope.tag == f"{{{space}}}Envelope"), None)
    if kind is None or media != MEDIA[kind]:
        raise ValueError(f"no SOAP envelope, or in another's content type ({media})")
    return _told(kind, status, envelope)


def _told(kind: str, status: int, envelope: etree._Element) -> Told:
    space = f"{{{ENVELOPES[kind]}}}"
    content = envelope[-1][0]
    fault = content.tag == f"{space}Fault"
    if fault is (status == 200):
        raise ValueError(f"HTTP {status} with {content.tag}")
    headers = tuple(
        str(header.tag) + (header.get("qname") or "") for header in envelope.iterfind(f"{space}Header/*")
    )
    if not fault:
        return Told(kind, status, None, (), None, headers)
    codes = [_local(code, content) for code in content.iter("faultcode", f"{space}Value")]
    detail = next(content.iter(f"{FAULT}Fault"), None)
    if detail is None or not codes or not detail.findtext(f"{FAULT}TraceId"):
        raise ValueError("a fault without a code, or without our detail")
    ours, text = detail.findtext(f"{FAULT}Code"), detail.findtext(f"{FAULT}Text")
    return Told(kind, status, codes[0], tuple(codes[1:]), ours, headers, text or "")


def _local(code: etree._Element, fault: etree._Element) -> str:
    """The local name of a code, whose prefix has to be known where it stands."""
    prefix, _, name = (code.text or "").partition(":")
    if prefix not in code.nsmap:
        raise ValueError(f"the prefix {prefix} of a fault code means nothing")
    return name
