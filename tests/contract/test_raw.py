"""Raw HTTP: what real clients send that no toolkit of ours would, and how it is answered."""

from __future__ import annotations

import gzip
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree
from served import Served, serving
from wire import (
    Answer,
    connect,
    course,
    envelope,
    exchange,
    newest_course,
    old_course,
    parameters,
    post,
    saving,
)

pytestmark = [pytest.mark.network, pytest.mark.contract]

ADDED, UNCHANGED = (200, "Added"), (200, "Unchanged")
NIL = '<{0} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
LINGERING = 40
TIMES = 5
PAUSE = 0.3
STALLED_SECONDS = 20
"""Answers that would each wait two seconds for an idle client would, on two workers, take twice this."""


@pytest.fixture
def served(served_on_sqlite: Served) -> Served:
    """One database is enough: none of this reaches it."""
    return served_on_sqlite


def assert_same_as_plain(served: Served, own_id: str, answer: Answer) -> None:
    """What was taken is the plain course: sent plainly, it changes nothing. Negative control: a title."""
    assert ADDED == answer.told
    assert UNCHANGED == post(served, "v2", saving("v2", course(own_id))).told
    assert (200, "Updated") == post(served, "v2", saving("v2", course(own_id, "Other"))).told


# --- what is in the message -----------------------------------------------------------------------------


def test_children_come_in_any_order(served: Served, own_id: str) -> None:
    """Every element's children turned round, those of the operation included, say the same."""
    root = etree.fromstring(saving("v2", course(own_id)))
    for element in list(root.iter()):  # a list first: turning an element round moves what is walked
        element[:] = list(element)[::-1]
    assert root[0][0][-1].tag.endswith("}ProviderId")
    assert_same_as_plain(served, own_id, post(served, "v2", etree.tostring(root)))


@pytest.mark.parametrize("spelled", [NIL, "<{0}/>", "<{0}> \n </{0}>"], ids=["nil", "empty", "blank"])
def test_nil_and_empty_count_as_absent(served: Served, own_id: str, spelled: str) -> None:
    """An optional parameter or field that is nil or empty is taken as if it did not stand there."""
    switches = "".join(spelled.format(name) for name in ("SubmissionKey", "ValidateOnly", "AllOrNothing"))
    extension = "".join(
        spelled.format(name)
        for name in ("REMS", "MOCRegistrations", "FeeForParticipation", "closeActivityRecord", "ProviderID")
    )
    payload = (
        course(own_id)
        .replace("</m:XtensibleInfo>", f"{extension}</m:XtensibleInfo>")
        .replace("</lom:title>", f"</lom:title>{spelled.format('lom:description')}")
        .replace("<hx:startDateTime>", f"{spelled.format('hx:targetAudience')}<hx:startDateTime>")
        .replace("</lom:lom>", f"</lom:lom>{spelled.format('m:CommercialSupportAmount')}")
    )
    body = envelope("v2", "SaveActivity", parameters() + switches + payload)
    assert_same_as_plain(served, own_id, post(served, "v2", body))


@pytest.mark.parametrize(
    "end",
    ["T00:00:00", "", "Z", "+05:30", "T00:00:00.000Z", "T23:59:59.123456-08:00", "T00:30:00+14:00"],
)
def test_of_a_date_the_part_as_written_counts(served: Served, own_id: str, end: str) -> None:
    """Times, fractions and zones behind a date are let go, wherever the date stands; none moves the day."""
    dates = re.compile(r">(2025-03-1[01])(?:T00:00:00)?<")
    payload, count = dates.subn(rf">\g<1>{end}<", course(own_id))
    assert 4 == count
    assert_same_as_plain(served, own_id, post(served, "v2", saving("v2", payload)))


def test_a_day_that_is_none_is_refused(served: Served, own_id: str) -> None:
    """The leniency with dates ends at the calendar."""
    payload = course(own_id).replace("2025-03-11T00:00:00", "2025-02-30T00:00:00")
    answer = post(served, "v2", saving("v2", payload))
    assert ((200, "Refused"), ["endDateTime"]) == (answer.told, answer.texts("Field")[:1])


@pytest.mark.parametrize(
    ("right", "wrong", "code", "field"),
    [
        ("Patient Health", "Happiness", "X023", "Outcome"),
        ("Live Course", "Lunch", "A106", "activityFormat"),
    ],
)
def test_a_finding_says_where(
    served: Served, own_id: str, right: str, wrong: str, code: str, field: str
) -> None:
    """A finding names its field, the element by its path, and the line of the message it stands on."""
    body = saving("v2", course(own_id).replace(right, wrong)).decode()
    answer = post(served, "v2", body.encode())
    found = answer.findings[0]
    lines = [number for number, line in enumerate(body.splitlines(), 1) if wrong in line]
    assert (code, field, "Error", lines) == (
        found["Code"],
        found["Field"],
        found["Severity"],
        [int(found["Line"])],
    )
    assert (200, "Refused") == answer.told
    assert found["Path"].startswith("/act:ACCMEActivities/m:MedicalEducationMetrics/")
    assert wrong in found["Text"] and found["Remedy"]


@pytest.mark.parametrize(
    ("version", "payload", "found"),
    [
        ("v2", old_course, "1.0"),
        ("v2", course, "2.0"),
        ("v1", course, "2.0"),
        ("v1", newest_course, "2.1"),
    ],
)
def test_an_endpoint_takes_the_other_versions(
    served: Served, own_id: str, version: str, payload: Callable[[str], str], found: str
) -> None:
    """Each endpoint takes payloads of each version, judges them by their own, and says which it found."""
    answer = post(served, version, saving(version, payload(own_id)))
    assert (ADDED, [found]) == (answer.told, answer.texts("SchemaVersion"))


def test_a_version_is_not_judged_by_another(served: Served, own_id: str) -> None:
    """A field that only the other version has is refused, whichever endpoint it comes to."""
    payload = course(own_id).replace(
        "<ForPublicList>", "<isInterprofessional>true</isInterprofessional><ForPublicList>"
    )
    for version in ("v1", "v2"):
        answer = post(served, version, saving(version, payload))
        assert ((200, "Refused"), "X020") == (answer.told, answer.texts("Code")[0])


FOREIGN = "http://vendor.example/pars/2019"
SET_ASIDE = ["KnowledgeAssessment", "Room", "coverage", "educational", "rights"]


def foreign(own_id: str) -> str:
    """A MedBiquitous document of a vendor: a wrapper of its own, official elements that PARS does not
    use, and elements of its own where the official schema lets anything stand."""
    return (
        course(own_id)
        .replace("urn:cme-gateway:pars:activity:2.0", FOREIGN)
        .replace("</lom:general>", "<lom:coverage><lom:string>All</lom:string></lom:coverage></lom:general>")
        .replace("<hx:healthcareMetadata>", "<lom:educational/><lom:rights/><hx:healthcareMetadata>")
        .replace("<m:XtensibleInfo>", "<m:KnowledgeAssessment/><m:XtensibleInfo>")
        .replace(
            "</m:XtensibleInfo>", '<v:Room xmlns:v="http://vendor.example/rooms">4</v:Room></m:XtensibleInfo>'
        )
    )


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_foreign_document_is_taken_with_warnings(served: Served, own_id: str, version: str) -> None:
    """A document of another vendor is read as the version it looks like; what is set aside is named."""
    answer = post(served, version, saving(version, foreign(own_id)))
    assert (ADDED, ["2.0"]) == (answer.told, answer.texts("SchemaVersion"))
    assert {"Warning"} == {found["Severity"] for found in answer.findings}
    found = sorted((found["Code"], found["Field"]) for found in answer.findings)
    assert [*(("X031", name) for name in SET_ASIDE), ("X041", "ACCMEActivities")] == found
    assert UNCHANGED == post(served, "v2", saving("v2", course(own_id))).told


# --- how it is carried ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    ['"urn:cme-gateway:service:v2/SaveActivity"', "urn:cme-gateway:service:v2/SaveActivity", '""', "", None],
    ids=["quoted", "bare", "quoted empty", "empty", "absent"],
)
def test_a_soapaction_may_be_left_out(served: Served, own_id: str, action: str | None) -> None:
    """Quoted, bare, empty or absent: the body names the operation."""
    headers = {} if action is None else {"SOAPAction": action}
    assert ADDED == post(served, "v2", saving("v2", course(own_id)), headers).told


def test_a_soapaction_of_another_operation_is_refused(served: Served, own_id: str) -> None:
    """A SOAPAction that contradicts the body is refused, and nothing is done."""
    headers = {"SOAPAction": '"urn:cme-gateway:service:v2/GetActivity"'}
    assert (500, "X011") == post(served, "v2", saving("v2", course(own_id)), headers).told
    assert ADDED == post(served, "v2", saving("v2", course(own_id))).told


@pytest.mark.parametrize("kind", ["application/xml", "text/xml", 'text/xml; charset="UTF-8"; action="x"'])
def test_kinds_of_xml_are_taken(served: Served, own_id: str, kind: str) -> None:
    """XML is XML, with or without a charset, and whatever parameters come along."""
    assert ADDED == post(served, "v2", saving("v2", course(own_id)), {"Content-Type": kind}).told


def opened(served: Served) -> socket.socket:
    """A bare connection to a gateway."""
    host, _, port = urlsplit(served.url).netloc.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=STALLED_SECONDS)


def head(body: bytes, *fields: str) -> bytes:
    """The head of a POST to v2."""
    lines = (
        "POST /soap/v2 HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: text/xml",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, *fields, "", "")).encode()


def test_a_client_that_waits_is_told_to_go_on(served: Served, own_id: str) -> None:
    """A client that sends `Expect: 100-continue` gets its 100 before it has sent a byte of the body."""
    body = saving("v2", course(own_id))
    with opened(served) as client, client.makefile("rb") as answer:
        client.sendall(head(body, "Expect: 100-continue", "Connection: close"))
        assert b" 100 " in answer.readline()
        client.sendall(body)
        assert b"<svc:Action>Added<" in answer.read()


def test_a_body_comes_in_chunks(served: Served, own_id: str) -> None:
    """A body without a length, cut anywhere, a character in two included, is read whole."""
    assert ADDED == post(served, "v2", pieces(saving("v2", course(own_id, "Ärzte")), 7)).told
    asked = envelope("v2", "GetActivity", parameters(ProviderActivityId=own_id))
    assert ["Ärzte"] == post(served, "v2", asked).texts("string")[:1]


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    """A body in pieces."""
    return (body[start : start + size] for start in range(0, len(body), size))


def test_a_connection_serves_many_calls(served: Served, new_id: Callable[[], str]) -> None:
    """One connection carries call after call, a refused one among them."""
    calls = [saving("v2", course(new_id())), b"<no/>", saving("v2", course(new_id()))]
    connection = connect(served)
    try:
        assert [ADDED, (500, "X001"), ADDED] == [exchange(connection, "v2", call).told for call in calls]
    finally:
        connection.close()


@pytest.mark.slow
def test_a_client_that_does_not_hang_up_holds_nobody_up(served: Served) -> None:
    """Clients that ask for a close and then leave their sockets open do not stall those who come after."""
    body = envelope("v2", "GetServiceInfo", "")
    deadline = time.monotonic() + STALLED_SECONDS
    with ExitStack() as stack:
        for answered in range(LINGERING):
            assert time.monotonic() < deadline, f"only {answered} of {LINGERING} answered"
            client = stack.enter_context(opened(served))
            client.sendall(head(body, "Connection: close") + body)
            assert client.recv(12).endswith(b" 200")


# --- what is refused before it is read ------------------------------------------------------------------


def test_a_compressed_body_is_refused(served: Served, own_id: str) -> None:
    """A gzip body is no XML to us, and the fault says so."""
    body = gzip.compress(saving("v2", course(own_id)))
    assert (415, "X003") == post(served, "v2", body, {"Content-Encoding": "gzip"}).told


def test_another_kind_of_content_is_refused(served: Served) -> None:
    """What does not call itself XML is not looked into."""
    assert (415, "X003") == post(served, "v2", b"{}", {"Content-Type": "application/json"}).told


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_too_large_a_body_is_refused(served: Served, own_id: str, announced: bool) -> None:
    """A call of 9 MB gets its fault, whether its length was announced or it comes in chunks."""
    body = saving("v2", course(own_id) + " " * (9 << 20))
    assert (413, "X002") == post(served, "v2", body if announced else pieces(body, 1 << 16)).told


@pytest.mark.parametrize("server", ["gunicorn", "granian"])
def test_a_client_that_sends_all_before_it_looks_is_told_it_is_too_much(tmp_path: Path, server: str) -> None:
    """A plain client of Python's own sends 9 MB whole, meets no broken pipe, and reads why not, each time."""
    pytest.importorskip(server, reason=f"{server} is not installed")
    body = envelope("v2", "GetServiceInfo", " " * (9 << 20))
    with serving(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, SERVER=server) as served:
        for _ in range(TIMES):
            with closing(connect(served)) as connection:
                connection.request("POST", "/soap/v2", body, {"Content-Type": "text/xml"})
                response = connection.getresponse()
                assert 413 == response.status
                assert b"X002" in response.read()


ASKED = envelope("v2", "GetServiceInfo", "")
CHUNKED = b"POST /soap/v2 HTTP/1.1\r\nHost: cme.example\r\nContent-Type: text/xml\r\nTransfer-Encoding: "
CRUMBS = b"".join(b"1\r\n%c\r\n" % byte for byte in ASKED.ljust(2000))
UNREADABLE = {
    "a coding beside the chunks": (
        CHUNKED + b"gzip, chunked\r\n\r\n",
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(ASKED), ASKED),
    ),
    "a size of many digits": (
        CHUNKED + b"chunked\r\n\r\n" + b"%016x" % len(ASKED),
        b"\r\n%b\r\n0\r\n\r\n" % ASKED,
    ),
    "a long extension": (
        CHUNKED + b"chunked\r\n\r\n%x;a=" % len(ASKED) + b"b" * 1100,
        b"\r\n%b\r\n0\r\n\r\n" % ASKED,
    ),
    "crumbs": (CHUNKED + b"chunked\r\n\r\n" + CRUMBS[:9000], CRUMBS[9000:] + b"0\r\n\r\n"),
    "a body that ends early": (head(bytes(5000)), ASKED),
    "chunks that end early": (CHUNKED + b"chunked\r\n\r\n", b"%x\r\n%b\r\n" % (len(ASKED), ASKED)),
}
"""Requests in two pieces. None is read to its end, and each of them says what it asks."""


def told(served: Served, *sent: bytes) -> bytes:
    """What is answered to these packets, after which no more is sent."""
    with opened(served) as client, client.makefile("rb") as answer:
        for packet in sent:
            client.sendall(packet)
            time.sleep(PAUSE)  # or they might come as one
        client.shutdown(socket.SHUT_WR)
        return answer.read()


@pytest.mark.parametrize("cut", [False, True], ids=["in one packet", "in two"])
@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read_is_refused(served: Served, sent: tuple[bytes, bytes], cut: bool) -> None:
    """Whatever of it comes at once, the fault is the same. Negative control: the same call, whole."""
    answer = told(served, *sent) if cut else told(served, b"".join(sent))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b">X001<" in answer and 1 == answer.count(b"HTTP/1.1 ")
    assert told(served, head(ASKED, "Connection: close") + ASKED).startswith(b"HTTP/1.1 200 ")


def test_granian_refuses_such_a_body_too(tmp_path: Path) -> None:
    """What ends early or is coded cannot be read under either server; odd chunks granian reads, and well."""
    pytest.importorskip("granian", reason="granian is not installed")
    with serving(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, SERVER="granian") as served:
        assert b">X001<" in told(served, *UNREADABLE["a body that ends early"])
        with opened(served) as client:  # half closed, granian would take it for gone
            client.sendall(b"".join(UNREADABLE["a coding beside the chunks"]))
            assert client.recv(12).endswith(b" 500")


def test_granian_hides_nothing_behind_two_lengths(tmp_path: Path) -> None:
    """Lengths that differ are refused, and so is a large head; beside chunks a length does not count, and
    what is sent behind them is never read."""
    pytest.importorskip("granian", reason="granian is not installed")
    length, chunks = f"Content-Length: {len(ASKED)}", b"%x\r\n%b\r\n0\r\n\r\n" % (len(ASKED), ASKED)
    post = head(ASKED)
    coded = post.replace(length.encode(), f"{length}\r\nTransfer-Encoding: chunked".encode())
    with serving(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, SERVER="granian") as served:
        for sent, status in (
            (head(ASKED, "Content-Length: 3") + ASKED, b"400"),
            (head(ASKED, f"X-Large: {'a' * 70_000}") + ASKED, b"431"),
            (coded + chunks + post + ASKED, b"200"),
        ):
            with opened(served) as client, client.makefile("rb") as answer:
                client.sendall(sent)
                answers = answer.read()
            assert answers.startswith(b"HTTP/1.1 " + status)
            assert 1 == answers.count(b"HTTP/1.1 ")


def test_a_large_body_within_the_limit_is_taken(served: Served, own_id: str) -> None:
    """The limit is where it is said to be: 7 MB pass."""
    assert ADDED == post(served, "v2", saving("v2", course(own_id) + " " * (7 << 20))).told
