"""Plain XML over HTTP as its senders meet it: under each server, and beside SOAP as one of many ways."""

from __future__ import annotations

import gzip
import http.client
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from lxml import etree
from served import Served, serving
from wire import SECONDS, Answer, course, envelope, newest_course, old_course, parameters, plain, post

pytestmark = [pytest.mark.network, pytest.mark.contract, pytest.mark.slow]

SERVICE = "/services/ACCMEActivityService.svc"
XML = {"Content-Type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Way:
    """A way of sending: to an endpoint, in a service version's namespace or none, a payload version."""

    door: str
    version: str | None
    payload: str

    def __str__(self) -> str:
        return f"{self.door} {self.version or 'none'} {self.payload}"

    def ask(self, served: Served, operation: str, content: str) -> Answer:
        """Call an operation this way."""
        if self.door == "soap":
            version = self.version or ""
            return post(served, version, envelope(version, operation, content))
        return post(served, f"{SERVICE}/{operation}", plain(self.version, operation, content), XML)

    def save(self, served: Served, own_id: str) -> Answer:
        """Send the course this way."""
        payload = SPOKEN[self.payload](own_id)
        return self.ask(served, "SaveActivity", parameters() + payload)


def _described(payload: str) -> str:
    """A course with the description that is derived for one of 1.0: then all say the same."""
    title = "<lom:title><lom:string>Asthma</lom:string></lom:title>"
    return payload.replace(title, title + title.replace("title", "description"))


SPOKEN: dict[str, Callable[[str], str]] = {
    "1.0": old_course,
    "2.0": lambda own_id: _described(course(own_id)),
    "2.1": lambda own_id: _described(newest_course(own_id)),
}

SOAP_WAYS = (Way("soap", "v1", "1.0"), Way("soap", "v2", "2.0"), Way("soap", "v2", "2.1"))
PLAIN_WAYS = (
    Way("plain", "v1", "1.0"),
    Way("plain", "v2", "2.0"),
    Way("plain", "v2", "2.1"),
    Way("plain", None, "1.0"),
    Way("plain", None, "2.1"),
)
WAYS = SOAP_WAYS + PLAIN_WAYS


# --- many ways, one truth ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", WAYS, ids=str)
def test_one_activity_whichever_way_it_comes(served: Served, own_id: str, first: Way) -> None:
    """Sent every way it is added once, under one id; sent so again, nothing changes."""
    assert (200, "Added") == first.save(served, own_id).told
    rest = [way.save(served, own_id) for way in WAYS if way is not first]
    assert {"Updated", "Unchanged"} >= {answer.told[1] for answer in rest}
    again = [way.save(served, own_id) for way in WAYS]
    assert [(200, "Unchanged")] * len(WAYS) == [answer.told for answer in again]
    assert 1 == len({id for answer in (*rest, *again) for id in answer.texts("ActivityId")})


def test_every_door_tells_the_same_truth(served: Served, own_id: str) -> None:
    """GetActivity in a service version is the same element by SOAP and by plain XML, and of no version
    that of the newest."""
    for way in WAYS:
        way.save(served, own_id)
    asked = parameters(ProviderActivityId=own_id)
    told = {way: way.ask(served, "GetActivity", asked) for way in WAYS}
    assert {200} == {answer.status for answer in told.values()}
    for version in ("v1", "v2"):
        by_soap, by_plain = (
            told[next(w for w in s if w.version == version)] for s in (SOAP_WAYS, PLAIN_WAYS)
        )
        assert _written(by_soap.root[0][0]) == _written(by_plain.root)
    none = next(answer for way, answer in told.items() if way.version is None)
    assert _written(none.root) == _written(told[SOAP_WAYS[1]].root[0][0])


def test_another_activity_has_another_id(served: Served, own_id: str) -> None:
    """The control: what is told apart by its own id stays apart."""
    ids = [PLAIN_WAYS[1].save(served, own_id + more).texts("ActivityId") for more in ("", "-2")]
    assert ids[0] != ids[1]


def _written(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


# --- under each server --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def each_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway under each of the servers in turn."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    with serving(f"sqlite:///{folder / 'gateway.db'}", folder, SERVER=request.param) as served:
        yield served


def _save(own_id: str) -> bytes:
    return plain("v2", "SaveActivity", parameters() + course(own_id))


def test_a_call_is_taken_whole_or_in_chunks(each_server: Served, own_id: str) -> None:
    """One activity, whichever way its bytes come."""
    body = _save(own_id)
    chunks = iter([body[:100], body[100:101], body[101:]])
    assert (200, "Added") == post(each_server, f"{SERVICE}/SaveActivity", body, XML).told
    assert (200, "Unchanged") == post(each_server, f"{SERVICE}/SaveActivity", chunks, XML).told


@pytest.mark.parametrize(
    ("operation", "headers", "told"),
    [
        ("SaveActivity", {"Content-Type": "application/json"}, (415, "X003")),
        ("SaveActivity", {**XML, "Content-Encoding": "gzip"}, (415, "X003")),
        ("Nonsense", XML, (404, "X011")),
        ("", XML, (404, "X011")),
        ("GetActivity", XML, (400, "X012")),
    ],
)
def test_what_is_refused_is_a_fault(
    each_server: Served, operation: str, headers: dict[str, str], told: tuple[int, str]
) -> None:
    """With its HTTP status, under each server."""
    body = _save("REFUSED")
    if "Content-Encoding" in headers:
        body = gzip.compress(body)
    assert told == post(each_server, f"{SERVICE}/{operation}", body, headers).told


def test_a_body_may_be_missing(each_server: Served) -> None:
    """Nothing sent is a message that is empty."""
    assert (400, "X001") == post(each_server, f"{SERVICE}/SaveActivity", b"", XML).told


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_another_method_is_refused(each_server: Served, method: str) -> None:
    """405 with Allow, and the connection goes on."""
    connection = http.client.HTTPConnection(urlsplit(each_server.url).netloc, timeout=SECONDS)
    try:
        for _ in range(2):
            connection.request(method, f"{SERVICE}/SaveActivity")
            response = connection.getresponse()
            assert (405, "POST") == (response.status, response.headers["Allow"])
            assert (method == "HEAD") is (response.read() == b"")
    finally:
        connection.close()
