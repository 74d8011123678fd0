"""SOAP 1.2 at the same doors: each message of the standard's assertions gets the answer it asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from doors import Doors
from fakes import PASSWORD
from lxml import etree
from messages import FAULT, SVC, check_answer, check_fault, payload, request
from trust import answers, soap12
from trust.soap12 import ENV, INFO, MEDIA, MESSAGES, Message, envelope

from gateway.errors import Busy, GatewayError, StoreUnavailable

CALL = envelope(request("SaveActivity", payload())).encode()


@pytest.fixture(scope="module")
def doors() -> Doors:
    """A gateway without records."""
    return Doors()


def send(doors: Doors, body: bytes, media: str = MEDIA, **http: str) -> tuple[answers.Told, etree._Element]:
    """Send a message; gives its answer taken apart, and whole."""
    environ = {f"HTTP_{name.upper()}": value for name, value in http.items()}
    status, headers, content = doors.send(body, CONTENT_TYPE=media, **environ)
    return answers.read(int(status.split()[0]), headers["Content-Type"], content), etree.fromstring(content)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_a_message_gets_its_answer(doors: Doors, message: Message) -> None:
    """Code, first subcode, HTTP status, headers of the fault, and the kind of SOAP."""
    told, _ = send(doors, message.body, message.media, **message.http)
    assert None is soap12.wrong(message, told)


def test_a_wrong_answer_is_noticed(doors: Doors) -> None:
    """Negative control: an answer that is right for one message is wrong for those with another code."""
    good, other = MESSAGES[0], next(message for message in MESSAGES if message.code)
    told, _ = send(doors, good.body)
    assert None is soap12.wrong(good, told)
    assert soap12.wrong(other, told)


def test_a_call_is_answered(doors: Doors) -> None:
    """The same answer as in SOAP 1.1, in the other envelope."""
    told, whole = send(doors, CALL)
    assert ("1.2", 200, None) == (told.kind, told.status, told.code)
    (answer,) = whole[0]
    assert f"{{{SVC}}}SaveActivityResponse" == answer.tag
    check_answer(answer)


def test_a_fault_names_few_headers(doors: Doors) -> None:
    """Of headers that are not understood, the first five names are told, once each, and no thousand."""
    headers = "".join(f"<h:A{number // 2} s:mustUnderstand='1'/>" for number in range(1_000))
    sent = f"<s:Envelope xmlns:s='{ENV}' xmlns:h='urn:h'><s:Header>{headers}</s:Header><s:Body/></s:Envelope>"
    told, whole = send(doors, sent.encode())
    assert ("MustUnderstand", "X005") == (told.code, told.ours)
    assert [f"q:A{number}" for number in range(5)] == [one.get("qname") for one in whole[0]]
    assert "the header A0, A1, A2, A3, A4." in str(etree.tostring(whole))


def test_a_fault_has_the_parts_of_its_kind(doors: Doors) -> None:
    """Code with our subcode as a qualified name, Reason in a language, Detail with our fault."""
    _, whole = send(doors, CALL.replace(PASSWORD.encode(), b"wrong"))
    (fault,) = whole[0]
    assert [f"{{{ENV}}}{name}" for name in ("Code", "Reason", "Detail")] == [part.tag for part in fault]
    code, reason, detail = fault
    assert "env:Sender" == code.findtext(f"{{{ENV}}}Value")
    subcode = code.find(f"{{{ENV}}}Subcode/{{{ENV}}}Value")
    assert subcode is not None and (FAULT, "f:S001") == (subcode.nsmap["f"], subcode.text)
    assert ["en"] == [text.get("{http://www.w3.org/XML/1998/namespace}lang") for text in reason]
    assert (reason[0].text or "").startswith("S001: ")
    check_fault(detail[0])


def test_a_version_that_is_not_known_is_told_which_are(doors: Doors) -> None:
    """Upgrade lists the envelopes of both kinds, the newer first."""
    _, whole = send(doors, envelope(space="urn:other").encode())
    ((upgrade,), _) = whole
    names = [(one.nsmap[one.get("qname", ":").partition(":")[0]], one.get("qname")) for one in upgrade]
    assert [(ENV, "env:Envelope"), ("http://schemas.xmlsoap.org/soap/envelope/", "q:Envelope")] == names


@pytest.mark.parametrize(
    ("media", "space"),
    [("application/xml", ENV), (None, ENV), ("application/xml; charset=utf-8", ENV)],
)
def test_a_content_type_of_neither_leaves_it_to_the_envelope(
    doors: Doors, media: str | None, space: str
) -> None:
    """What says nothing of the kind of SOAP, or nothing at all, is no mismatch."""
    status, headers, content = doors.send(envelope(space=space).encode(), CONTENT_TYPE=media)
    assert "1.2" == answers.read(int(status.split()[0]), headers["Content-Type"], content).kind


@pytest.mark.parametrize("error", [StoreUnavailable(), Busy()])
def test_a_failure_of_ours_is_the_receivers(error: GatewayError) -> None:
    """HTTP 500 and Receiver, since the envelope was read by then."""
    doors = Doors()
    doors.store.broken = error
    told, _ = send(doors, CALL)
    assert (500, "Receiver", (error.code,)) == (told.status, told.code, told.subcodes)


@pytest.mark.parametrize(
    "where", ["gateway.intake.parse", "gateway.soap.envelope.opened", "gateway.answers.receipt"]
)
def test_an_exception_is_the_receivers(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever our program goes wrong, the answer is a fault of the kind that was spoken."""

    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(where, stumble)
    told, _ = send(Doors(), CALL)
    assert ("1.2", 500, "Receiver", "S900") == (told.kind, told.status, told.code, told.ours)


def test_too_large_a_call_is_413(doors: Doors) -> None:
    """Refusals made before the envelope is read keep their HTTP status."""
    told, _ = send(doors, envelope(" " * (8 << 20) + INFO).encode())
    assert ("1.2", 413, "Sender", "X002") == (told.kind, told.status, told.code, told.ours)


TOKENS: list[tuple[str, Callable[[str], bytes]]] = [
    ("1.1", lambda body: body.replace(ENV, "http://schemas.xmlsoap.org/soap/envelope/").encode()),
    ("1.2", str.encode),
]
SECURITY = (
    '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
    "{}</w:Security>"
)


@pytest.mark.parametrize(("kind", "written"), TOKENS, ids=["1.1", "1.2"])
@pytest.mark.parametrize(
    "token",
    [
        '<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/>',
        '<x:EncryptedKey xmlns:x="http://www.w3.org/2001/04/xmlenc#"/>',
        "<w:BinarySecurityToken/>",
        "<w:UsernameToken/><UsernameToken/>",
    ],
)
def test_no_other_token_is_taken(
    doors: Doors, token: str, kind: str, written: Callable[[str], bytes]
) -> None:
    """Signatures are not offered, so none is ignored: the fault has the name WS-Security gives it."""
    body = written(envelope(header=SECURITY.format(token)))
    told, _ = send(doors, body, answers.MEDIA[kind])
    assert (kind, "S007") == (told.kind, told.ours)
    assert "UnsupportedSecurityToken" == (told.code if kind == "1.1" else told.subcodes[0])


@pytest.mark.parametrize(("kind", "written"), TOKENS, ids=["1.1", "1.2"])
def test_a_security_header_for_somebody_else_is_theirs(
    doors: Doors, kind: str, written: Callable[[str], bytes]
) -> None:
    """Negative control: a signature for another actor is none of ours."""
    actor = "actor" if kind == "1.1" else "role"
    security = SECURITY.format("<w:BinarySecurityToken/>").replace(
        "<w:Security ", f'<w:Security env:{actor}="urn:b" '
    )
    told, _ = send(doors, written(envelope(header=security)), answers.MEDIA[kind])
    assert (200, kind) == (told.status, told.kind)
