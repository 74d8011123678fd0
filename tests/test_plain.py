"""The door for plain XML, called in process: what SOAP answers it answers too, without the envelope."""

from __future__ import annotations

import base64
import logging
import re
from random import Random
from typing import Any

import pytest
from doors import Doors
from fakes import PASSWORD, PROVIDER, USER
from lxml import etree
from messages import SVC, activity, envelope, payload, request, text, texts
from plain import Reply

from gateway import service
from gateway.errors import (
    Busy,
    Conflict,
    GatewayError,
    StoreUnavailable,
    TooManyCalls,
    TooManyLookups,
)
from gateway.intake import Limits

V1, V2 = "urn:cme-gateway:service:v1", SVC
ACTIVITIES, LEARNERS = service.SERVICES
SAVE = request("SaveActivity", payload())
SHOWN = f"<ProviderId>{PROVIDER}</ProviderId><User>{USER}</User><Password>{PASSWORD}</Password>"


class Door(Doors):
    """The doors, of which those for plain XML are called."""

    def post(self, operation: str, body: str | bytes, at: str | None = None, **environ: Any) -> Reply:
        """Call an operation, and look at the answer as at every answer."""
        sent = body.encode() if isinstance(body, str) else body
        return Reply(*self.send_plain(operation, sent, at, **environ))


@pytest.fixture
def door() -> Door:
    """A gateway without records."""
    return Door()


def test_a_call_is_answered(door: Door) -> None:
    """The response element of the operation is all there is."""
    reply = door.post("SaveActivity", SAVE)
    assert (200, f"{{{V2}}}SaveActivityResponse") == (reply.status, reply.root.tag)
    assert ["Added"] == texts(reply.root, "Action")


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(V1, V1), (V2, V2), ("", V2)],
)
@pytest.mark.parametrize("name", ["SaveActivity", "SaveActivityRequest"])
def test_a_request_is_of_v1_or_v2_or_neither(door: Door, name: str, sent: str, answered: str) -> None:
    """The answer is in the namespace asked in, without one in the newest; the root may end in Request."""
    body = request("SaveActivity", payload(), namespace=sent).replace("SaveActivity", name)
    assert f"{{{answered}}}SaveActivityResponse" == door.post("SaveActivity", body).root.tag


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("namespace", [V1, V2, ""])
def test_a_payload_is_judged_by_its_own_version(door: Door, namespace: str, version: str) -> None:
    """Whatever the request is in: the version found is that of the payload, and nothing of it is lifted."""
    reply = door.post("SaveActivity", request("SaveActivity", payload(version=version), namespace=namespace))
    assert ([version], ["Added"]) == (texts(reply.root, "SchemaVersion"), texts(reply.root, "Action"))
    assert {"X030"}.isdisjoint(texts(reply.root, "Code"))


def test_a_payload_without_namespace_is_found_by_its_content(door: Door) -> None:
    """Not a namespace of ours anywhere: read as the version it looks like, and told so."""
    bare = f"<ACCMEActivities>{activity()}</ACCMEActivities>"
    body = request("SaveActivity", bare, namespace="").replace(' xmlns=""', "")
    assert "urn:cme-gateway" not in body
    reply = door.post("SaveActivity", body)
    assert ["Added"] == texts(reply.root, "Action")


def test_children_without_namespace_are_those_of_the_request(door: Door) -> None:
    """A root with a prefix and children without: the parameters are known, and no warning is told."""
    body = (
        f'<r:GetLearnerMatchRequest xmlns:r="{V2}">{SHOWN}<Learner><FirstName>Ada</FirstName>'
        "<LastName>Quimby</LastName><BirthDate>02-28</BirthDate><LicenseId>X1</LicenseId>"
        "<StateOfLicensure>MN</StateOfLicensure></Learner></r:GetLearnerMatchRequest>"
    )
    reply = door.post("GetLearnerMatch", body)
    assert (["none"], []) == (texts(reply.root, "Outcome"), texts(reply.root, "Code"))


def test_an_unknown_child_is_named(door: Door) -> None:
    """The control of the above: what is lifted is judged like everything else."""
    reply = door.post("GetReceipt", request("GetReceipt", "<Nonsense/>", namespace=""))
    assert (400, "X012", "X020") == (reply.status, reply.ours, texts(reply.root, "Code")[1])


def test_the_same_key_replays(door: Door) -> None:
    """Sent again as it was, it is done once; other content under the key is a conflict."""
    body = request("SaveActivity", "<SubmissionKey>k</SubmissionKey>", payload(), namespace="")
    replies = [door.post("SaveActivity", body) for _ in range(2)]
    assert ["false", "true"] == [text(reply.root, "Replayed") for reply in replies]
    other = door.post("SaveActivity", body.replace("Asthma", "Eczema"))
    assert (409, Conflict.code) == (other.status, other.ours)


# --- which operation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "name"), [(version, name) for version in service.VERSIONS for name in version.operations]
)
def test_every_operation_has_an_address(door: Door, version: service.ServiceVersion, name: str) -> None:
    """None is unknown at the addresses it says it has; what it answers else is its own business."""
    places = [path.rpartition("/")[0] for path in service.addresses_of(name)]
    assert places and {*places} <= {ACTIVITIES, LEARNERS}
    for place in places:
        reply = door.post(name, request(name, namespace=version.namespace), place)
        assert "X011" != reply.ours
        assert "S900" != reply.ours


PARTS = {
    "SaveActivity": payload(),
    "GetActivity": "<ProviderActivityId>NONE</ProviderActivityId>",
    "GetActivityAs": "<ActivityId>202600001</ActivityId><PayloadVersion>2.0</PayloadVersion>",
    "GetReceipt": "<ReceiptId>none</ReceiptId>",
    "GetProgramSummary": "<Year>2025</Year>",
    "AcceptAgreement": "<Year>2025</Year><ContactsReviewed>true</ContactsReviewed>",
    "SubmitProgramSummary": "<Year>2025</Year>",
    "FindLearners": "<LastName>Quimby</LastName>",
    "GetLearnerMatch": "<Learner><LastName>Quimby</LastName><NPI>1234567893</NPI></Learner>",
}
ITS_OWN = re.compile(rb"<([a-z]+):(ReceiptId|TraceId)>[^<]*</")


@pytest.mark.parametrize("name", service.V2.operations)
def test_the_answer_is_that_of_soap(name: str) -> None:
    """Answer or fault: what stands in the envelope there is all there is here, byte for byte but for what
    each call has of its own."""
    asked = request(name, PARTS.get(name, ""), credentials="" if name == "GetServiceInfo" else SHOWN)
    by_plain = etree.fromstring(Door().send_plain(name, asked.encode())[2])
    by_soap = etree.fromstring(Door().send(envelope(asked))[2])
    content = next(by_soap.iter(by_plain.tag))
    written = [
        ITS_OWN.sub(b"", etree.tostring(one, method="c14n", exclusive=True)) for one in (by_plain, content)
    ]
    assert written[0] == written[1]


@pytest.mark.parametrize("name", ["\x01\xff", "a/b", "%2e%2e", "Ã©" * 60, "<a>&", "SaveActivity?x"])
def test_an_odd_address_gets_an_answer(door: Door, name: str) -> None:
    """Whatever stands in it, as servers hand it over: 404 with a fault that XML can hold."""
    reply = door.post(name, SAVE, ACTIVITIES)
    assert (404, "X011") == (reply.status, reply.ours)


@pytest.mark.parametrize(
    ("name", "place", "told"),
    [
        ("SaveActivity", LEARNERS, f"{ACTIVITIES}/SaveActivity"),
        ("FindLearners", ACTIVITIES, f"{LEARNERS}/FindLearners"),
        ("Nonsense", ACTIVITIES, "SaveActivity"),
        ("saveactivity", ACTIVITIES, "SaveActivity"),
        ("", LEARNERS, "SaveLearnerActivity"),
        ("SaveActivity/", LEARNERS, ACTIVITIES),
    ],
)
def test_a_wrong_address_names_the_right_one(door: Door, name: str, place: str, told: str) -> None:
    """404, and the remedy says where it is, or what there is."""
    reply = door.post(name, SAVE, place)
    assert (404, "X011", True) == (reply.status, reply.ours, told in reply.remedy)


@pytest.mark.parametrize("place", [ACTIVITIES, LEARNERS])
@pytest.mark.parametrize("name", ["GetServiceInfo", "GetReceipt"])
def test_what_is_asked_of_both_is_at_both(door: Door, name: str, place: str) -> None:
    """Service and receipts are told wherever one calls."""
    assert door.post(name, request(name, "<ReceiptId>none</ReceiptId>"), place).ours in {"S003", "X012"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_another_method_is_refused(door: Door, method: str) -> None:
    """405, Allow says which is taken, and HEAD tells it without a body."""
    status, headers, body = door.send_plain("SaveActivity", b"", REQUEST_METHOD=method)
    assert ("405 Method Not Allowed", "POST") == (status, headers["Allow"])
    assert (b"S013" in body) is (method != "HEAD")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("body", "status", "ours"),
    [
        (b"", 400, "X001"),
        (b" \n", 400, "X001"),
        (b"<a", 400, "X001"),
        (b"<a/>", 400, "X012"),
        (b"<!DOCTYPE x []>" + SAVE.encode(), 400, "X001"),
        (request("GetActivity").encode(), 400, "X012"),
        (payload().encode(), 400, "X012"),
        (request("SaveActivity", payload(), namespace="urn:other").encode(), 404, "X011"),
        (request("SaveActivity").encode(), 400, "X012"),
        (request("SaveActivity", payload(namespace="urn:other:v9")).encode(), 200, None),
        (request("SaveActivity", "<Wrong><a/></Wrong>", payload()).encode(), 400, "X012"),
        (request("SaveActivity", payload(), credentials="").encode(), 401, "S001"),
        (envelope(SAVE), 400, "X001"),
    ],
)
def test_what_is_wrong_is_a_fault(door: Door, body: bytes, status: int, ours: str | None) -> None:
    """With the HTTP status of its kind."""
    reply = door.post("SaveActivity", body)
    assert (status, ours) == (reply.status, reply.ours)


def test_an_operation_of_the_next_version_is_unknown(door: Door) -> None:
    """GetReceipt in the namespace of v1: its address is right, but that version has no such operation."""
    reply = door.post("GetReceipt", request("GetReceipt", namespace=V1))
    assert (404, "X011") == (reply.status, reply.ours)


def test_soap_is_told_where_it_belongs(door: Door) -> None:
    """An envelope here is sent to the SOAP address, by its root or by its content type."""
    assert "/soap/v2" in door.post("SaveActivity", envelope(SAVE)).remedy
    reply = door.post("SaveActivity", envelope(SAVE), CONTENT_TYPE="application/soap+xml")
    assert (415, True) == (reply.status, "/soap/v2" in reply.remedy)


@pytest.mark.parametrize(
    ("body", "address"),
    [
        (SAVE, f"{ACTIVITIES}/SaveActivity"),
        (request("FindLearners"), f"{LEARNERS}/FindLearners"),
        (request("FindLearnersRequest"), f"{LEARNERS}/FindLearners"),
        ("<a/>", f"{ACTIVITIES}/"),
    ],
)
def test_plain_xml_at_the_soap_address_is_told_where_it_belongs(door: Door, body: str, address: str) -> None:
    """The other way round: the remedy names the address of that very operation."""
    _, _, answer = door.send(body.encode())
    assert address in (text(etree.fromstring(answer), "Remedy") or "")


# --- what HTTP says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "status", "ours"),
    [
        ({"CONTENT_TYPE": "application/xml"}, 200, None),
        ({"CONTENT_TYPE": "text/xml; charset=utf-8"}, 200, None),
        ({"CONTENT_TYPE": "APPLICATION/XML; charset=UTF-8"}, 200, None),
        ({"CONTENT_TYPE": None}, 200, None),
        ({"CONTENT_TYPE": "application/json"}, 415, "X003"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, 415, "X003"),
        ({"CONTENT_TYPE": "application/xml; charset=utf-7"}, 415, "X003"),
        ({"CONTENT_TYPE": "application/xml; charset=utf-16"}, 400, "X001"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "X003"),
        ({"CONTENT_LENGTH": str(9 << 20)}, 413, "X002"),
        ({"CONTENT_LENGTH": "abc"}, 400, "X001"),
        ({"CONTENT_LENGTH": str(len(SAVE) + 1)}, 400, "X001"),
        ({"CONTENT_LENGTH": None}, 400, "X001"),
        ({"CONTENT_LENGTH": None, "wsgi.input_terminated": True}, 200, None),
        ({"HTTP_AUTHORIZATION": "Basic !!!"}, 401, "S001"),
        ({"HTTP_AUTHORIZATION": "Bearer of.a.proxy"}, 200, None),
        ({"HTTP_SOAPACTION": '"urn:other/GetActivity"'}, 200, None),
        ({"PATH_INFO": f"{ACTIVITIES}/SaveActivity/"}, 200, None),
    ],
)
def test_odd_requests_get_an_answer(
    door: Door, environ: dict[str, Any], status: int, ours: str | None
) -> None:
    """As at the SOAP door, each with the status of its kind."""
    reply = door.post("SaveActivity", SAVE, **environ)
    assert (status, ours) == (reply.status, reply.ours)


def test_a_body_that_comes_in_chunks_is_bounded() -> None:
    """Without an announced length, reading stops beyond the limit."""
    environ: dict[str, Any] = {"CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    reply = Door(Limits(max_call_bytes=2048)).post("SaveActivity", SAVE + " " * 4096, **environ)
    assert (413, "X002") == (reply.status, reply.ours)


def test_basic_credentials_are_taken_and_asked_for(door: Door) -> None:
    """HTTP Basic as at every door; whoever shows none, or wrong ones, is told that it is taken."""
    code = base64.b64encode(f"{PROVIDER}/{USER}:{PASSWORD}".encode()).decode()
    body = request("SaveActivity", payload(), credentials="", namespace="")
    assert 200 == door.post("SaveActivity", body, HTTP_AUTHORIZATION=f"Basic {code}").status
    reply = door.post("SaveActivity", body)
    assert (401, True) == (reply.status, reply.headers["WWW-Authenticate"].startswith("Basic realm="))


def test_what_is_not_there_is_not_found(door: Door) -> None:
    """404 with the code of the operation."""
    reply = door.post("GetActivity", request("GetActivity", "<ActivityId>1</ActivityId>"))
    assert (404, "S003") == (reply.status, reply.ours)


@pytest.mark.parametrize(
    ("error", "status", "later"),
    [
        (StoreUnavailable(), 503, "30"),
        (Busy(), 503, "30"),
        (Busy(retry_after=7), 503, "7"),
        (TooManyCalls(retry_after=9), 429, "9"),
        (TooManyLookups(), 429, "3600"),
    ],
)
def test_what_is_busy_says_when_to_come_back(
    door: Door, error: GatewayError, status: int, later: str
) -> None:
    """HTTP 429 or 503 with Retry-After, always."""
    door.store.broken = error
    reply = door.post("SaveActivity", SAVE)
    assert (status, error.code, later) == (reply.status, reply.ours, reply.headers["Retry-After"])


@pytest.mark.parametrize(
    "where", ["fakes.FakeStore.write", "gateway.answers.receipt", "gateway.plain.request.opened"]
)
def test_an_exception_is_a_fault_with_a_trace_id(
    door: Door, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever our program goes wrong: nothing of Python in the answer, nothing of the body in the log."""

    words = "canary: an exception may quote what was sent"

    def stumble(*_: object) -> None:
        raise ZeroDivisionError(words)

    monkeypatch.setattr(where, stumble)
    with caplog.at_level(logging.DEBUG):
        reply = door.post("SaveActivity", request("SaveActivity", payload(activity("canary", "canary"))))
    assert (500, "S900") == (reply.status, reply.ours)
    assert (text(reply.root, "TraceId") or "none") in caplog.text
    assert not re.search("canary|ZeroDivision", etree.tostring(reply.root).decode())
    assert "canary" not in caplog.text


def test_a_trace_id_is_the_callers(door: Door) -> None:
    """A traceparent is taken over, here as everywhere."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    reply = door.post("SaveActivity", "<a/>", HTTP_TRACEPARENT=parent)
    assert "0af7651916cd43dd8448eb211c80319c" == text(reply.root, "TraceId")


def test_a_refusal_is_counted_for_the_audit_log(door: Door) -> None:
    """Whose call of what was refused, from where, by which code."""
    door.post("SaveActivity", SAVE.replace(PASSWORD, "wrong"), REMOTE_ADDR="127.0.0.1")
    [attempt] = door.gateway.refusals.take()
    assert (PROVIDER, USER, "SaveActivity", "S001", "127.0.0.1") == (
        attempt.provider_id,
        attempt.user,
        attempt.operation,
        attempt.code,
        attempt.source,
    )


@pytest.mark.parametrize("seed", range(4))
def test_garbage_gets_a_well_formed_answer(door: Door, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """Fifty mutations of a good message each: a fault or an answer every time, never our own failure."""
    chance = Random(seed)
    replies = [door.post("SaveActivity", _mutated(SAVE.encode(), chance)) for _ in range(50)]
    assert {200, 400, 401, 404} >= {reply.status for reply in replies}
    assert "" == caplog.text
    assert any(reply.is_fault for reply in replies)


def _mutated(body: bytes, chance: Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        end = min(len(body), at + chance.choice([0, 1, 7, 60]))
        bit = chance.choice([b"", body[at:end] * 3, b"&x;", b"<!--", b"\xff\xfe", b'xmlns=""', b"&#0;"])
        body = body[:at] + bit + body[end:]
    return body
