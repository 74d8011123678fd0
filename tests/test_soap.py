"""The SOAP door, called in process: whatever comes in, a well-formed SOAP 1.1 envelope goes out."""

from __future__ import annotations

import base64
import logging
import re
import threading
from random import Random
from typing import Any

import pytest
from doors import Doors
from fakes import PASSWORD, PROVIDER, USER
from lxml import etree
from messages import (
    FAULT,
    SOAP,
    SVC,
    Element,
    activity,
    check_answer,
    check_fault,
    envelope,
    payload,
    request,
    text,
    texts,
)

from gateway.errors import Busy, GatewayError, StoreUnavailable, TooManyCalls, TooManyLookups
from gateway.intake import Limits

GOOD = envelope(request("SaveActivity", payload()))
INFO = request("GetServiceInfo", credentials="")
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"


class Reply:
    """A reply, checked against everything that holds for all replies."""

    def __init__(self, status: str, headers: dict[str, str], body: bytes) -> None:
        self.status = int(status.split()[0])
        self.headers = headers
        self.envelope = etree.fromstring(body)
        assert f"{{{SOAP}}}Envelope" == self.envelope.tag
        assert (str(len(body)), "text/xml; charset=utf-8") == (
            self.headers["Content-Length"],
            self.headers["Content-Type"],
        )
        (self.body,) = self.envelope.findall(f"{{{SOAP}}}Body")
        (self.content,) = self.body
        self.is_fault = self.content.tag == f"{{{SOAP}}}Fault"
        assert self.is_fault is (self.status != 200)
        if self.is_fault:
            self._check_fault()
        else:
            check_answer(self.content, etree.QName(self.content).namespace[-2:])

    def _check_fault(self) -> None:
        """Basic Profile 1.1: unqualified children in this order, one code of SOAP's four."""
        assert ["faultcode", "faultstring", "detail"] == [child.tag for child in self.content]
        prefix, _, self.code = (self.content.findtext("faultcode") or "").partition(":")
        assert SOAP == self.content.nsmap[prefix]
        assert self.code in {"Client", "Server", "VersionMismatch", "MustUnderstand"}
        (self.detail,) = self.content[-1]
        check_fault(self.detail)
        assert (text(self.detail, "Code") or "none") in (self.content.findtext("faultstring") or "")
        assert not re.search(r"Traceback|Error:|object at 0x|\.py", text(self.detail, "Text") or "")

    @property
    def ours(self) -> str | None:
        """The code of our catalogue."""
        return text(self.detail, "Code") if self.is_fault else None


class Door(Doors):
    """The two endpoints on a fake store."""

    def post(self, body: bytes, version: str = "v2", **environ: Any) -> Reply:
        """Send a body by POST, and look at the answer as at every answer."""
        return Reply(*self.send(body, version, **environ))


@pytest.fixture
def door() -> Door:
    """A gateway without records."""
    return Door()


def test_a_call_is_answered(door: Door) -> None:
    """HTTP 200, one element in the Body, the answer of the operation called."""
    reply = door.post(GOOD)
    assert (200, f"{{{SVC}}}SaveActivityResponse") == (reply.status, reply.content.tag)
    assert ["Added"] == texts(reply.content, "Action")


@pytest.mark.parametrize(
    ("declared", "start", "codec"),
    [
        ("text/xml; charset=utf-8", '<?xml version="1.0" encoding="utf-16"?>', "utf-8"),
        ("text/xml; charset=utf-16", '<?xml version="1.0" encoding="utf-8"?>', "utf-16"),
        ("text/xml", '<?xml version="1.0" encoding="utf-16"?>', "utf-16"),
        ('text/xml; charset="UTF-8"; action="x"', "", "utf-8"),
        ("text/xml", "", "utf-8"),
        ("text/xml", "", "utf-16"),
        ("text/xml", "", "utf-8-sig"),
        (None, "", "utf-8"),
    ],
)
def test_the_headers_charset_wins_over_the_declaration(
    door: Door, declared: str | None, start: str, codec: str
) -> None:
    """What HTTP says of the encoding counts; without it, what the document says."""
    body = start + GOOD.decode().replace("Asthma", "Ästhma 喘息")
    assert 200 == door.post(body.encode(codec), CONTENT_TYPE=declared).status
    assert ["Ästhma 喘息 in Schools"] == [kept.title for _, kept in door.store.tables.activities.values()]


def test_a_charset_that_is_not_the_bodys_is_a_fault(door: Door) -> None:
    """The control: a header that lies is believed, and the message cannot be read."""
    assert "X001" == door.post(GOOD, CONTENT_TYPE="text/xml; charset=utf-16").ours


# --- envelopes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "ours"),
    [
        (b"", "Client", "X001"),
        (b" \n", "Client", "X001"),
        (b"<a", "Client", "X001"),
        (b"no xml at all", "Client", "X001"),
        (b"<a/>", "Client", "X001"),
        (request("GetServiceInfo").encode(), "Client", "X001"),
        (envelope(INFO, namespace=SOAP12), "VersionMismatch", "X004"),
        (envelope(INFO, namespace="urn:other"), "VersionMismatch", "X004"),
        (envelope(), "Client", "X001"),
        (envelope(" text "), "Client", "X001"),
        (envelope(INFO, INFO), "Client", "X001"),
        (f'<s:Envelope xmlns:s="{SOAP}"/>'.encode(), "Client", "X001"),
        (envelope(INFO).replace(b"</s:Body>", b"</s:Body><s:Body/>"), "Client", "X001"),
        (b"<!DOCTYPE x []>" + envelope(INFO), "Client", "X001"),
        (envelope("<Nonsense/>"), "Client", "X011"),
        (envelope("<GetServiceInfo.x/>"), "Client", "X011"),
        (envelope('<GetServiceInfo xmlns="urn:other"/>'), "Client", "X011"),
        (envelope(f'<s:Fault xmlns:s="{SOAP}"><faultcode>s:Client</faultcode></s:Fault>'), "Client", "X011"),
        (envelope(request("SaveActivity")), "Client", "X012"),
        (envelope(request("SaveActivity", payload(), credentials="")), "Client", "S001"),
        (envelope(request("GetActivity", "<ActivityId>1</ActivityId>")), "Client", "S003"),
    ],
)
def test_what_is_wrong_is_a_fault(door: Door, body: bytes, code: str, ours: str) -> None:
    """Each with SOAP's code, ours, and HTTP 500, whatever the refusal would be elsewhere."""
    reply = door.post(body)
    assert (500, code, ours) == (reply.status, reply.code, reply.ours)


@pytest.mark.parametrize(
    ("header", "understood"),
    [
        ("<x:h xmlns:x='urn:x' s:mustUnderstand='1'/>", False),
        ("<x:h xmlns:x='urn:x' s:mustUnderstand='true'/>", False),
        (
            f"<x:h xmlns:x='urn:x' s:mustUnderstand='1' s:actor='{SOAP.replace('envelope', 'actor')}next'/>",
            False,
        ),
        ("<x:h xmlns:x='urn:x' s:mustUnderstand='0'/>", True),
        ("<x:h xmlns:x='urn:x'/>", True),
        ("<x:h xmlns:x='urn:x' mustUnderstand='1'/>", True),
        ("<x:h xmlns:x='urn:x' s:mustUnderstand='1' s:actor='urn:somebody-else'/>", True),
        ("", True),
    ],
)
def test_a_header_that_must_be_understood_is_refused(door: Door, header: str, understood: bool) -> None:
    """Unless it is for somebody else, or not that strict."""
    reply = door.post(envelope(INFO, header=f"<s:Header>{header}</s:Header>"))
    assert (200, None) == (reply.status, reply.ours) if understood else ("MustUnderstand" == reply.code)


@pytest.mark.parametrize("said", ["yes", "2", "TRUE", ""])
def test_must_understand_is_a_boolean(door: Door, said: str) -> None:
    """What is neither 1 nor 0 is not taken for one of them, whoever the header is for (BP 1.1, R1013)."""
    for actor in ("", " s:actor='urn:somebody-else'"):
        header = f"<s:Header><x:h xmlns:x='urn:x' s:mustUnderstand='{said}'{actor}/></s:Header>"
        reply = door.post(envelope(INFO, header=header))
        assert ("Client", "X001") == (reply.code, reply.ours)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "<x:t xmlns:x='urn:x'/>"),
        ("", "<t/>"),
        ("", "<s:Header/>"),
        ("<s:Header/><s:Header/>", ""),
        ("<x:t xmlns:x='urn:x'/><s:Header/>", ""),
        ("<s:Header/><x:t xmlns:x='urn:x'/>", ""),
    ],
)
def test_an_envelope_holds_a_header_and_a_body(door: Door, before: str, after: str) -> None:
    """In this order, each once, and nothing besides (BP 1.1, R1011)."""
    body = envelope(INFO, header=before).replace(b"</s:Body>", f"</s:Body>{after}".encode())
    reply = door.post(body)
    assert ("Client", "X001") == (reply.code, reply.ours)


@pytest.mark.parametrize(
    ("action", "taken"),
    [
        (None, True),
        ("", True),
        ('""', True),
        (f'"{SVC}/GetServiceInfo"', True),
        (f"{SVC}/GetServiceInfo", True),
        ("GetServiceInfo", True),
        ("'http://other.example/Service/GetServiceInfo'", True),
        ("urn:other#GetServiceInfo", True),
        ("urn:other:GetServiceInfo", True),
        (f'"{SVC}/SaveActivity"', False),
        ("urn:other:SaveActivity", False),
        ("\x01\xff", False),
    ],
)
def test_a_soap_action_names_the_operation_or_nothing(door: Door, action: str | None, taken: bool) -> None:
    """Absent, empty, quoted or bare; one that names another operation is refused."""
    reply = door.post(envelope(INFO), HTTP_SOAPACTION=action)
    assert (None if taken else "X011") == reply.ours


@pytest.mark.parametrize(
    ("action", "ours"),
    [
        (f'"{SVC}/GetServiceInfo"', None),
        (f'"{SVC}/SaveActivity"', "X011"),
        ('"urn:cme-gateway:service:v1/GetServiceInfo"', "X011"),
    ],
)
def test_a_soap_action_fits_a_request_without_a_namespace(door: Door, action: str, ours: str | None) -> None:
    """It is taken for one of this endpoint, and so is its action."""
    assert ours == door.post(envelope("<GetServiceInfo/>"), HTTP_SOAPACTION=action).ours


def test_an_operation_of_the_next_version_is_unknown(door: Door) -> None:
    """GetReceipt at v1: a fault in our words, not spyne's."""
    reply = door.post(envelope(request("GetReceipt", namespace="urn:cme-gateway:service:v1")), "v1")
    assert ("X011", True) == (reply.ours, "GetReceipt" in (text(reply.detail, "Text") or ""))


# --- before the envelope is read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "status", "ours"),
    [
        ({"CONTENT_TYPE": "application/json"}, 415, "X003"),
        ({"CONTENT_TYPE": "text/html; charset=utf-8"}, 415, "X003"),
        ({"CONTENT_TYPE": 'multipart/related; boundary="x"'}, 415, "X003"),
        ({"CONTENT_TYPE": "text/xml; charset=utf-7"}, 415, "X003"),
        ({"CONTENT_TYPE": "\x01/\x02"}, 415, "X003"),
        ({"CONTENT_TYPE": "application/\x01"}, 415, "X003"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "X003"),
        ({"CONTENT_LENGTH": str(9 << 20)}, 413, "X002"),
        ({"CONTENT_LENGTH": "abc"}, 500, "X001"),
        ({"CONTENT_LENGTH": "-5"}, 500, "X001"),
        ({"CONTENT_LENGTH": str(len(GOOD) + 1)}, 500, "X001"),
        ({"CONTENT_LENGTH": "0"}, 500, "X001"),
        ({"CONTENT_LENGTH": None}, 500, "X001"),
        ({"CONTENT_LENGTH": ""}, 500, "X001"),
        ({"HTTP_AUTHORIZATION": "Basic !!!"}, 500, "S001"),
        ({"CONTENT_LENGTH": None, "wsgi.input_terminated": True}, 200, None),
        ({"QUERY_STRING": None}, 200, None),
        ({"QUERY_STRING": "wsdl", "PATH_INFO": "/soap/v2.wsdl"}, 200, None),
        ({"HTTP_EXPECT": "100-continue"}, 200, None),
        ({"HTTP_HOST": "evil.example"}, 200, None),
    ],
)
def test_odd_requests_get_an_answer(
    door: Door, environ: dict[str, Any], status: int, ours: str | None
) -> None:
    """413 and 415 where nothing was read yet, all else 500; every one with a fault body."""
    reply = door.post(GOOD, **environ)
    assert (status, ours) == (reply.status, reply.ours)


def test_a_body_that_comes_in_chunks_is_bounded() -> None:
    """Without an announced length, reading stops beyond the limit."""
    reply = Door(Limits(max_call_bytes=2048)).post(
        GOOD + b" " * 4096, "v2", **{"CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    )
    assert (413, "X002") == (reply.status, reply.ours)


def test_basic_credentials_are_taken(door: Door) -> None:
    """HTTP Basic, its user written PROVIDERID/USER."""
    code = base64.b64encode(f"{PROVIDER}/{USER}:{PASSWORD}".encode()).decode()
    body = envelope(request("SaveActivity", payload(), credentials=""))
    assert 200 == door.post(body, HTTP_AUTHORIZATION=f"Basic {code}").status
    assert "S001" == door.post(body).ours


def test_an_authorization_of_another_kind_is_not_for_us(door: Door) -> None:
    """A proxy may add a token of its own; the credentials in the message count."""
    assert 200 == door.post(GOOD, HTTP_AUTHORIZATION="Bearer of.a.proxy").status


# --- failing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [StoreUnavailable(), Busy()])
def test_a_failure_of_ours_is_a_server_fault(door: Door, error: GatewayError) -> None:
    """HTTP 500, since the envelope was read by then."""
    door.store.broken = error
    reply = door.post(GOOD)
    assert (500, "Server", error.code) == (reply.status, reply.code, reply.ours)


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (StoreUnavailable(), "30"),
        (Busy(), "30"),
        (Busy(retry_after=7), "7"),
        (TooManyCalls(retry_after=9), "9"),
        (TooManyLookups(), "3600"),
    ],
)
def test_what_is_busy_says_when_to_come_back(door: Door, error: GatewayError, later: str) -> None:
    """By the header and in the seconds of plain XML; what nobody can wait for has none."""
    door.store.broken = error
    reply = door.post(GOOD)
    assert (error.code, later) == (reply.ours, reply.headers["Retry-After"])
    assert "Retry-After" not in door.post(envelope("<a/>")).headers


@pytest.mark.parametrize("where", ["store", "answer", "envelope", "intake"])
def test_an_exception_is_a_server_fault_with_a_trace_id(
    door: Door, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever our program goes wrong: nothing of Python in the answer, nothing of the body in the log."""
    words = "canary: an exception may quote what was sent"

    def stumble(*_: object) -> None:
        raise ZeroDivisionError(words)

    target = {
        "store": "fakes.FakeStore.write",
        "answer": "gateway.answers.receipt",
        "envelope": "gateway.soap.envelope.check_action",
        "intake": "gateway.intake.parse",
    }[where]
    monkeypatch.setattr(target, stumble)
    with caplog.at_level(logging.DEBUG):
        reply = door.post(envelope(request("SaveActivity", payload(activity("canary", "canary")))))
    assert (500, "Server", "S900") == (reply.status, reply.code, reply.ours)
    assert (text(reply.detail, "TraceId") or "none") in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert not re.search("canary|ZeroDivision", etree.tostring(reply.envelope).decode())
    assert "canary" not in caplog.text


def test_nothing_of_a_body_is_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """Good or bad, at every level: no value of a sender in the log."""
    saved = request("SaveActivity", payload(activity("canary", "canary")))
    bodies = (
        envelope(saved),
        envelope(saved)[:-30],
        envelope(saved.replace("Live Course", "canary")),
        envelope(saved.replace(PASSWORD, "canary")),
        envelope(saved.replace("<User>", "<canary/><User>")),
        envelope("<canary>canary</canary>"),
        envelope(saved, saved),
        b"canary",
    )
    with caplog.at_level(logging.DEBUG):
        faults = [door.post(body).is_fault for body in bodies]
    assert [False, True, False, True, True, True, True, True] == faults
    assert "canary" not in caplog.text


# --- anything at all ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_garbage_gets_a_well_formed_answer(door: Door, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """Fifty mutations of a good message each: an envelope every time, never our own failure."""
    chance = Random(seed)
    replies = [door.post(_mutated(GOOD, chance)) for _ in range(50)]
    assert {500} >= {reply.status for reply in replies if reply.is_fault}
    assert "" == caplog.text
    assert any(reply.is_fault for reply in replies)


def _mutated(body: bytes, chance: Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        end = min(len(body), at + chance.choice([0, 1, 1, 7, 60]))
        kind = chance.randrange(6)
        if kind == 0:
            body = body[:at] + chance.randbytes(chance.randint(1, 4)) + body[end:]
        elif kind == 1:
            body = body[:at] + body[end:]
        elif kind == 2:
            body = body[:at] + body[at:end] * 3 + body[end:]
        elif kind == 3:
            names = re.findall(rb"[A-Za-z]{3,}", body)
            body = body.replace(chance.choice(names), chance.choice(names), 1)
        elif kind == 4:
            body = (
                body[:at]
                + chance.choice([b"&x;", b"<!--", b"<![CDATA[", b"<?p", b"\xff\xfe", b"&#0;"])
                + body[at:]
            )
        else:
            spaces = re.findall(rb'"[^"]+"', body)
            body = body.replace(chance.choice(spaces), chance.choice([*spaces, b'""', b'"urn:x"']), 1)
        if not body:
            break
    return body or b"x"


@pytest.mark.parametrize("seed", range(4))
def test_a_shuffled_tree_gets_a_well_formed_answer(
    door: Door, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Well-formed nonsense goes deeper: elements dropped, doubled, moved and renamed."""
    chance = Random(seed)
    for _ in range(25):
        tree = etree.fromstring(GOOD)
        for _ in range(chance.randint(1, 4)):
            _shake(list(tree.iter()), chance)
        door.post(etree.tostring(tree))
    assert "" == caplog.text


def _shake(elements: list[Element], chance: Random) -> None:
    one, other = chance.choice(elements), chance.choice(elements)
    parent = one.getparent()
    if parent is None:
        return
    match chance.randrange(5):
        case 0:
            parent.remove(one)
        case 1:
            parent.append(etree.fromstring(etree.tostring(one)))
        case 2:
            one.tag = other.tag
        case 3:
            one.text = chance.choice(["", "x" * 5000, "NaN", "-1", "2026-02-30", "\t", "true", "𝄞"])
        case _:
            if other not in {one, *one.iterdescendants()}:
                other.append(one)


def test_threads_share_a_door(door: Door) -> None:
    """Eight threads, each with its own activity and its own mistake: nobody gets another's answer."""
    wrong: list[str] = []

    def call(number: int) -> None:
        for turn in range(15):
            name = f"N{number}-{turn}"
            good = door.post(envelope(request("SaveActivity", payload(activity(name)))))
            bad = door.post(envelope(request("SaveActivity", f"<Wrong{number}x{turn}/>", payload())))
            if [name] != texts(good.content, "ProviderActivityId"):
                wrong.append(name)
            if f"Wrong{number}x{turn}" not in (bad.detail.findtext(f".//{{{FAULT}}}Path") or ""):
                wrong.append(f"bad {name}")

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == wrong
    assert 120 == len(door.store.tables.activities)


def test_the_good_message_is_good_by_its_password(door: Door) -> None:
    """The control of every refusal above: with another password it is refused too."""
    assert "S001" == door.post(GOOD.replace(PASSWORD.encode(), b"wrong")).ours
