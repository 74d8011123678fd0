"""Messages after the assertions of SOAP 1.2 (W3C, second edition), each with the answer it has to get.

P1 is Part 1, P2 Part 2. Imports nothing of the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ENV = "http://www.w3.org/2003/05/soap-envelope"
ENV11 = "http://schemas.xmlsoap.org/soap/envelope/"
SVC = "urn:cme-gateway:service:v2"
MEDIA = "application/soap+xml; charset=utf-8"
NEXT, LAST, NONE = (f"{ENV}/role/{role}" for role in ("next", "ultimateReceiver", "none"))
XSI = "http://www.w3.org/2001/XMLSchema-instance"
INFO = f'<GetServiceInfo xmlns="{SVC}"/>'
OK = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, the code of the fault that has to come (None: no fault), and its HTTP status.

    `kind` is the SOAP the answer has to be in, `subcode` the first one, `headers` what the fault's
    header has to name.
    """

    name: str
    body: bytes
    code: str | None
    status: int
    subcode: str | None = None
    media: str = MEDIA
    kind: str = "1.2"
    headers: tuple[str, ...] = ()
    http: dict[str, str] = field(default_factory=dict)


def envelope(
    body: str = INFO, header: str = "", after: str = "", attributes: str = "", space: str = ENV
) -> str:
    """An envelope of SOAP 1.2."""
    head = f"<env:Header>{header}</env:Header>" if header else ""
    content = f"{head}<env:Body>{body}</env:Body>{after}"
    return f'<env:Envelope xmlns:env="{space}"{attributes}>{content}</env:Envelope>'


def _header(attributes: str) -> str:
    return envelope(header=f'<x:known xmlns:x="urn:x" {attributes}>1</x:known>')


def _ok(name: str, body: str, **more: Any) -> Message:
    return Message(name, body.encode(), OK, 200, **more)


def _sender(name: str, body: str | bytes, subcode: str = "X001", **more: Any) -> Message:
    sent = body if isinstance(body, bytes) else body.encode()
    return Message(name, sent, "Sender", 400, subcode, **more)


def _must(name: str, body: str, *unknown: str) -> Message:
    headers = tuple(f"{{{ENV}}}NotUnderstoodq:{one}" for one in unknown)
    return Message(name, body.encode(), "MustUnderstand", 500, "X005", headers=headers)


def _version(name: str, body: str, kind: str = "1.2", media: str = MEDIA) -> Message:
    headers = (f"{{{ENV}}}Upgrade",) if kind == "1.2" else ()
    return Message(
        name, body.encode(), "VersionMismatch", 500, "X004" if kind == "1.2" else None, media, kind, headers
    )


def _encoding(name: str, body: str) -> Message:
    return Message(name, body.encode(), "DataEncodingUnknown", 500, "X007")


ENCODED = f'env:encodingStyle="{ENV.replace("envelope", "encoding")}"'
TWO = '<x:a xmlns:x="urn:x" env:mustUnderstand="1"/><y:b xmlns:y="urn:y" env:mustUnderstand="true"/>'
SAVE = f'<SaveActivity xmlns="{SVC}"/>'

MESSAGES = (
    # P1 5.1 to 5.3: the parts of an envelope
    _ok("P1-5.1 an envelope with a body", envelope()),
    _ok("P1-5.1 an empty header", envelope().replace("<env:Body>", "<env:Header/><env:Body>")),
    _ok("P1-5.1 white space between the parts", envelope().replace("<env:Body>", " \n<env:Body>\t")),
    _ok("P1-5.1 attributes with a namespace", envelope(attributes=' xmlns:x="urn:x" x:a="1"')),
    _ok("P1-5 another prefix", envelope().replace("env:", "e:").replace("xmlns:env", "xmlns:e")),
    _ok("P1-5 no prefix", f'<Envelope xmlns="{ENV}"><Body>{INFO}</Body></Envelope>'),
    _ok("P1-5 a comment", f"<!-- a -->{envelope()}<!-- b -->"),
    _ok("P1-5 schemaLocation", envelope(attributes=f' xmlns:i="{XSI}" i:schemaLocation="{ENV} urn:none"')),
    _sender("P1-5.1 an element after the body", envelope(after='<x:t xmlns:x="urn:x"/>')),
    _sender("P1-5.1 a header after the body", envelope(after="<env:Header/>")),
    _sender("P1-5.1 two bodies", envelope(after=f"<env:Body>{INFO}</env:Body>")),
    _sender("P1-5.1 two headers", envelope().replace("<env:Body>", "<env:Header/><env:Header/><env:Body>")),
    _sender("P1-5.1 no body", f'<env:Envelope xmlns:env="{ENV}"/>'),
    _sender("P1-5.1 a header and no body", f'<env:Envelope xmlns:env="{ENV}"><env:Header/></env:Envelope>'),
    _sender(
        "P1-5.1 an element before the body",
        envelope().replace("<env:Body>", '<x:t xmlns:x="urn:x"/><env:Body>'),
    ),
    _sender("P1-5.1 an attribute without a namespace", envelope(attributes=' a="1"')),
    _sender(
        "P1-5.2 an attribute of the header", envelope(header=" ").replace("<env:Header", "<env:Header a='1'")
    ),
    _sender("P1-5.3 an attribute of the body", envelope().replace("<env:Body", "<env:Body a='1'")),
    _sender("P1-5.1 a text before the body", envelope().replace("<env:Body", "text<env:Body")),
    _sender("P1-5.1 a text after the body", envelope(after="text")),
    _sender("P1-5.2 a text in the header", envelope(header="text")),
    _sender("P1-5.3 a text beside the request", envelope(f"{INFO}text")),
    _sender("P1-5.2 a header without a namespace", envelope(header="<plain/>")),
    _sender("P1-5.3 an empty body", envelope("")),
    _sender("P1-5.3 a body of text", envelope("text")),
    _sender("P1-5.3 two requests", envelope(INFO + INFO)),
    _sender("P1-5 a document type", "<!DOCTYPE x>" + envelope()),
    _sender("P1-5 a document type with an entity", "<!DOCTYPE x [<!ENTITY e 'v'>]>" + envelope("&e;")),
    _sender("P1-5 a processing instruction before", f"<?p i?>{envelope()}"),
    _sender("P1-5 a processing instruction within", envelope(f"<?p i?>{INFO}")),
    _sender("P1-5 not well-formed", envelope()[:-3]),
    _sender("P1-5 nothing", b""),
    _sender("P1-5 another root", INFO),
    # P1 5.2.2 to 5.2.4 and 2: roles, mustUnderstand, relay
    _ok("P1-2.4 an unknown header", _header("")),
    _ok("P1-2.4 mustUnderstand false", _header('env:mustUnderstand="false"')),
    _ok("P1-2.4 mustUnderstand 0", _header('env:mustUnderstand="0"')),
    _ok("P1-2.2 mustUnderstand for another role", _header('env:mustUnderstand="1" env:role="urn:somebody"')),
    _ok("P1-2.2 mustUnderstand for nobody", _header(f'env:mustUnderstand="1" env:role="{NONE}"')),
    _ok("P1-5.2.4 relay", _header(f'env:relay="true" env:role="{NEXT}"')),
    _ok("P1-5.2.3 mustUnderstand without a namespace", _header('mustUnderstand="1"')),
    _ok("P1-5.2.3 mustUnderstand of SOAP 1.1", _header(f's:mustUnderstand="1" xmlns:s="{ENV11}"')),
    _must("P1-2.4 mustUnderstand 1", _header('env:mustUnderstand="1"'), "known"),
    _must("P1-2.4 mustUnderstand true", _header('env:mustUnderstand="true"'), "known"),
    _must(
        "P1-2.2 mustUnderstand for the next", _header(f'env:mustUnderstand="1" env:role="{NEXT}"'), "known"
    ),
    _must(
        "P1-2.2 mustUnderstand for the last", _header(f'env:mustUnderstand="1" env:role="{LAST}"'), "known"
    ),
    _must("P1-2.2 mustUnderstand for an empty role", _header('env:mustUnderstand="1" env:role=""'), "known"),
    _must("P1-5.2.4 mustUnderstand and relay", _header('env:mustUnderstand="1" env:relay="1"'), "known"),
    _must("P1-5.4.8 two that are not understood", envelope(header=TWO), "a", "b"),
    _must("P1-2.6 before the body is looked at", envelope("<x/>", header=TWO), "a", "b"),
    _sender("P1-5.2.3 mustUnderstand is no boolean", _header('env:mustUnderstand="wrong"')),
    _sender("P1-5.2.3 mustUnderstand is another number", _header('env:mustUnderstand="9"')),
    _sender("P1-5.2.4 relay is no boolean", _header('env:relay="yes"')),
    # P1 5.1.1: encodingStyle
    _sender("P1-5.1.1 encodingStyle on the envelope", envelope(attributes=f" {ENCODED}")),
    _sender(
        "P1-5.1.1 encodingStyle on the header",
        envelope(header="<x:a xmlns:x='urn:x'/>").replace("<env:Header", f"<env:Header {ENCODED}"),
    ),
    _sender("P1-5.1.1 encodingStyle on the body", envelope().replace("<env:Body", f"<env:Body {ENCODED}")),
    _encoding("P1-5.1.1 SOAP encoding", envelope(INFO.replace("/>", f" {ENCODED}/>"))),
    _encoding("P1-5.1.1 an unknown encoding", envelope(INFO.replace("/>", ' env:encodingStyle="urn:x"/>'))),
    _encoding(
        "P1-5.1.1 within the request",
        envelope(SAVE.replace("/>", f"><User {ENCODED}>x</User></SaveActivity>")),
    ),
    _ok(
        "P1-5.1.1 no encoding is claimed",
        envelope(INFO.replace("/>", f' env:encodingStyle="{ENV}/encoding/none"/>')),
    ),
    # P1 5.4.7 and appendix A: versions
    _version("P1-5.4.7 an unknown version", envelope(space="http://www.w3.org/2099/05/soap-envelope")),
    _version("P1-5.4.7 no namespace", f"<Envelope><Body>{INFO}</Body></Envelope>"),
    _version("P1-A SOAP 1.1 in the content type of 1.2", envelope(space=ENV11), "1.1"),
    _version("P1-A SOAP 1.2 in the content type of 1.1", envelope(), "1.1", "text/xml; charset=utf-8"),
    # P2 7: HTTP
    _ok("P2-7.1.4 without a charset", envelope(), media="application/soap+xml"),
    _ok("P2-6.5 an action", envelope(), media=f'{MEDIA}; action="{SVC}/GetServiceInfo"'),
    _ok("P2-6.5 an empty action", envelope(), media=f'{MEDIA}; action=""'),
    _sender(
        "P2-6.5 the action of another operation",
        envelope(),
        "X011",
        media=f'{MEDIA}; action="{SVC}/SaveActivity"',
    ),
    _sender(
        "P2-6.5 the SOAPAction of another operation",
        envelope(),
        "X011",
        http={"SOAPAction": f'"{SVC}/SaveActivity"'},
    ),
    Message(
        "P2-7.5 another charset",
        envelope().encode(),
        "Sender",
        415,
        "X003",
        "application/soap+xml; charset=utf-7",
    ),
    # ours: operations and faults
    _sender("an unknown operation", envelope(f'<Nonsense xmlns="{SVC}"/>'), "X011"),
    _sender("a fault as a request", envelope("<env:Fault><env:Code/></env:Fault>"), "X011"),
    _sender(
        "a request of the wrong shape",
        envelope(f'<GetServiceInfo xmlns="{SVC}"><Wrong/></GetServiceInfo>'),
        "X012",
    ),
    _sender("no credentials", envelope(f'<GetReceipt xmlns="{SVC}"/>'), "S001"),
)


def wrong(message: Message, told: object) -> str | None:
    """What an answer taken apart (`answers.Told`) has got wrong; None when it is as it has to be."""
    expected = (message.kind, message.status, message.code, message.headers)
    found = tuple(getattr(told, name) for name in ("kind", "status", "code", "headers"))
    if message.kind == "1.1" and message.code:
        found = (*found[:3], ())
    if expected != found:
        return f"{message.name}: {found} instead of {expected}"
    subcodes = getattr(told, "subcodes", ())
    if message.subcode and subcodes[:1] != (message.subcode,):
        return f"{message.name}: the subcodes {subcodes} instead of {message.subcode}"
    return None
