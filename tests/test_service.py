"""A service version: how a request element is read, and that every answer is what the contract says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

import pytest
from fakes import PASSWORD, PROVIDER, USER, Clock, FakeStore, make_gateway
from lxml import etree
from messages import (
    CREDENTIALS,
    Element,
    activity,
    check_answer,
    check_fault,
    payload,
    request,
    text,
    texts,
)

from gateway import __version__
from gateway.answers import fault, write
from gateway.errors import (
    Conflict,
    Failed,
    GatewayError,
    Malformed,
    NotAuthenticated,
    NotFound,
    Refused,
    StoreUnavailable,
    UnknownOperation,
    UnknownSchema,
)
from gateway.records import Credentials, Finding, Severity
from gateway.service import V1, V2, VERSIONS, ServiceVersion

V1_SPACE = "urn:cme-gateway:service:v1"


class Counter:
    """Where requests are answered; every answer and every fault is held against its schema."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.clock = Clock()
        self.gateway = make_gateway(self.store, self.clock)

    def ask(self, xml: str, version: ServiceVersion = V2, basic: Credentials | None = None) -> Element:
        """Answer a request, or raise what refuses it."""
        try:
            answer = version.answer(etree.fromstring(xml), self.gateway, basic, "trace-1")
        except GatewayError as error:
            check_fault(fault(error, "trace-1"))
            raise
        check_answer(answer, version.name)
        return answer

    def save(self, *parts: str) -> Element:
        """Answer a SaveActivity."""
        return self.ask(request("SaveActivity", *(parts or (payload(),))))

    def refusal(self, xml: str, version: ServiceVersion = V2, basic: Credentials | None = None) -> Refused:
        """What a request is refused with."""
        with pytest.raises(Refused) as refused:
            self.ask(xml, version, basic)
        return refused.value


@pytest.fixture
def counter() -> Counter:
    """A gateway without records."""
    return Counter()


def test_the_schema_check_can_fail(counter: Counter) -> None:
    """The control of every test here: an answer out of order is not valid."""
    answer = counter.save()
    result = answer[0]
    result.append(result[0])
    with pytest.raises(etree.DocumentInvalid):
        check_answer(answer)


# --- parameters ----------------------------------------------------------------------------------------


PARAMETERS = [
    f"<ProviderId>{PROVIDER}</ProviderId>",
    f"<User>{USER}</User>",
    f"<Password>{PASSWORD}</Password>",
    "<SubmissionKey>K</SubmissionKey>",
    "<ValidateOnly>false</ValidateOnly>",
    "<AllOrNothing>0</AllOrNothing>",
    payload(),
]


@pytest.mark.parametrize("shift", range(len(PARAMETERS)))
def test_parameters_come_in_any_order(counter: Counter, shift: int) -> None:
    """The documented order is for people; what differs is the order alone."""
    turned = [*PARAMETERS[shift:], *PARAMETERS[:shift]]
    for parts in (turned, turned[::-1]):
        answer = Counter().ask(request("SaveActivity", *parts, credentials=""))
        assert ["Added"] == texts(answer, "Action")
        assert [] == texts(answer, "Finding")


@pytest.mark.parametrize(
    "absent", ["<{0}/>", "<{0}> </{0}>", '<{0} xsi:nil="true"/>', '<{0} xsi:nil="1"></{0}>']
)
@pytest.mark.parametrize("name", ["ActivityId", "ProviderId"])
def test_an_empty_or_nil_parameter_counts_as_absent(counter: Counter, absent: str, name: str) -> None:
    """A null of node-soap, an empty string of PHP: as if it were not there."""
    counter.save()
    nil = absent.format(name).replace(
        "xsi:nil", 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil'
    )
    credentials = (
        CREDENTIALS if name != "ProviderId" else f"<User>{USER}</User><Password>{PASSWORD}</Password>"
    )
    basic = Credentials(PROVIDER) if name == "ProviderId" else None
    own = "<ProviderActivityId>SPRING-27</ProviderActivityId>"
    answer = counter.ask(request("GetActivity", nil, own, credentials=credentials), basic=basic)
    assert "202600001" == text(answer, "ActivityId")


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize(
    ("name", "value"), [("ValidateOnly", "true"), ("AllOrNothing", "true"), ("SubmissionKey", "K")]
)
def test_a_nil_parameter_with_a_value_is_refused(counter: Counter, name: str, value: str) -> None:
    """A switch that is said to be absent and true is neither: nothing is stored for real meanwhile."""
    refused = counter.refusal(
        request("SaveActivity", f'<{name} {XSI} xsi:nil="true">{value}</{name}>', payload())
    )
    assert [("X035", f"/svc:SaveActivity/svc:{name}")] == [
        (found.code, found.path) for found in refused.findings
    ]
    assert not counter.store.tables.activities


@pytest.mark.parametrize(
    ("was", "becomes", "code", "path"),
    [
        ("<SaveActivity ", f'<SaveActivity {XSI} xsi:type="foo:Bar" ', "X024", ""),
        ("<SaveActivity ", f'<SaveActivity {XSI} xsi:nil="true" ', "X035", ""),
        ("<SaveActivity ", '<SaveActivity foo="1" ', "X026", ""),
        ("<ProviderId>", "lost<ProviderId>", "X046", ""),
        ("</User>", "</User>lost", "X046", ""),
        ("</Password>", "</Password>lost", "X046", ""),
        ("<act:ACCME", "<SubmissionKey>K</SubmissionKey>lost<act:ACCME", "X046", ""),
        ("</act:ACCMEActivities>", "</act:ACCMEActivities>lost", "X046", ""),
        ("<User>", '<User foo="1">', "X026", "/svc:User"),
        ("<Password>", f'<Password {XSI} xsi:nil="true">', "X035", "/svc:Password"),
        ("<Password>", f'<Password {XSI} xsi:type="foo:Bar">', "X024", "/svc:Password"),
        ("<act:ACCMEActivities ", f'<act:ACCMEActivities {XSI} xsi:type="foo:Bar" ', "X024", None),
        ("<act:ACCMEActivities ", f'<act:ACCMEActivities {XSI} xsi:nil="true" ', "X035", None),
        ("<act:ACCMEActivities ", '<act:ACCMEActivities foo="1" ', "X026", None),
    ],
)
def test_what_holds_a_request_is_judged_too(
    counter: Counter, was: str, becomes: str, code: str, path: str | None
) -> None:
    """The operation, the credentials, the wrapper of the payload, and the text between them all."""
    refused = counter.refusal(request("SaveActivity", payload()).replace(was, becomes, 1))
    where = "/act:ACCMEActivities" if path is None else f"/svc:SaveActivity{path}"
    assert [(code, where)] == [(found.code, found.path) for found in refused.findings]
    assert PASSWORD not in str(refused.findings)
    assert not counter.store.tables.activities


@pytest.mark.parametrize("where", ["<SaveActivity ", "<act:ACCMEActivities "])
@pytest.mark.parametrize(
    "mark",
    [
        f'{XSI} xsi:schemaLocation="urn:x x.xsd"',
        f'{XSI} xsi:noNamespaceSchemaLocation="x.xsd"',
        f'{XSI} xsi:nil="false"',
        'xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" e:encodingStyle="urn:x"',
        'xmlns:wsu="urn:utility" wsu:Id="body-1"',
        'id="o0" xmlns:c="urn:encoding" c:root="1"',
    ],
)
def test_what_toolkits_write_on_a_request_passes(counter: Counter, where: str, mark: str) -> None:
    """Where a schema lies, how it was encoded, what is signed: none of it says anything of the request."""
    answer = counter.ask(request("SaveActivity", payload()).replace(where, f"{where}{mark} ", 1))
    assert (["Added"], []) == (texts(answer, "Action"), texts(answer, "Finding"))


def test_credentials_of_a_foreign_namespace_are_read_with_a_warning(counter: Counter) -> None:
    """As every other parameter is."""
    foreign = CREDENTIALS.replace("Password>", "x:Password>").replace(
        "<x:Password", '<x:Password xmlns:x="urn:x"'
    )
    answer = counter.ask(request("SaveActivity", payload(), credentials=foreign))
    assert (["Added"], ["X030"]) == (texts(answer, "Action"), texts(answer, "Code"))


@pytest.mark.parametrize(
    ("operation", "parameter"),
    [
        ("GetActivity", "<ActivityId>\n 202600001\t</ActivityId>"),
        ("GetActivityAs", "<ActivityId>202600001</ActivityId><PayloadVersion>\n2.0\n</PayloadVersion>"),
    ],
)
def test_space_around_a_value_does_not_count(counter: Counter, operation: str, parameter: str) -> None:
    """Who writes each on lines of its own logs in, and is answered."""
    counter.save()
    spaced = re.sub(r">(\w+)</(ProviderId|User)", r">\n\1\n</\2", CREDENTIALS)
    answer = counter.ask(request(operation, parameter, credentials=spaced))
    assert ("202600001", []) == (text(answer, "ActivityId"), texts(answer, "Finding"))


def test_credentials_are_no_content(counter: Counter) -> None:
    """A call that is sent again under another password is the same call."""
    first = counter.save("<SubmissionKey>K</SubmissionKey>", payload())
    by_http = request("SaveActivity", "<SubmissionKey>K</SubmissionKey>", payload(), credentials="").replace(
        "<SubmissionKey>", f"<ProviderId>{PROVIDER}</ProviderId><SubmissionKey>"
    )
    again = counter.ask(by_http, basic=Credentials(PROVIDER, USER, PASSWORD))
    assert ("true", text(first, "ReceiptId")) == (text(again, "Replayed"), text(again, "ReceiptId"))


def test_an_empty_submission_key_is_none(counter: Counter) -> None:
    """Two calls with an empty key are two calls, and no conflict."""
    counter.save("<SubmissionKey/>", payload())
    answer = counter.save("<SubmissionKey></SubmissionKey>", payload(activity(title="Other")))
    assert ("false", ["Updated"]) == (text(answer, "Replayed"), texts(answer, "Action"))


def test_an_unqualified_request_is_read_with_a_warning(counter: Counter) -> None:
    """A client that forgets the namespace of the children is told, and served."""
    counter.save()
    plain = f"<GetActivity>{CREDENTIALS}<ProviderActivityId>SPRING-27</ProviderActivityId></GetActivity>"
    answer = counter.ask(plain)
    assert "202600001" == text(answer, "ActivityId")
    assert {"X030"} == set(texts(answer[0], "Code"))
    saved = counter.ask(
        f"<SaveActivity>{CREDENTIALS}<AllOrNothing>true</AllOrNothing>{payload()}</SaveActivity>"
    )
    assert "X030" in texts(saved, "Code")


def test_an_unknown_parameter_is_refused_with_its_place(counter: Counter) -> None:
    """The finding names it, its path, its line, and what was meant."""
    refused = counter.refusal(request("GetActivity", "\n<ActivityID>202600001</ActivityID>"))
    assert isinstance(refused, Malformed)
    assert [("X020", "/svc:GetActivity/svc:ActivityID", 2, "Did you mean ActivityId?")] == [
        (found.code, found.path, found.line, found.remedy) for found in refused.findings
    ]


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ("<ValidateOnly>perhaps</ValidateOnly>", "X023"),
        (f"<SubmissionKey>{'k' * 101}</SubmissionKey>", "X023"),
        ("<SubmissionKey>a</SubmissionKey><SubmissionKey>b</SubmissionKey>", "X022"),
        ("<AllOrNothing><true/></AllOrNothing>", "X025"),
        ("<PayloadVersion>2.0</PayloadVersion>", "X020"),
        (payload(), "X022"),
    ],
)
def test_a_wrong_parameter_is_refused(counter: Counter, parameter: str, code: str) -> None:
    """A wrong value, a key too long, one thing twice, a stranger, a second payload."""
    refused = counter.refusal(request("SaveActivity", parameter, payload()))
    assert [code] == [found.code for found in refused.findings]
    assert all(len(found.text) < 200 for found in refused.findings)
    assert not counter.store.tables.activities


def test_everything_wrong_is_said_at_once(counter: Counter) -> None:
    """Two wrong parameters are two findings of one answer."""
    wrong = "<ValidateOnly>x</ValidateOnly><Nonsense/>"
    refused = counter.refusal(request("SaveActivity", wrong, payload()))
    assert {"X020", "X023"} == {found.code for found in refused.findings}


def test_a_key_of_a_hundred_characters_is_taken(counter: Counter) -> None:
    """The longest key, of signs that are several bytes each."""
    key = "é" * 100
    first = counter.save(f"<SubmissionKey>{key}</SubmissionKey>", payload())
    found = counter.ask(request("GetReceipt", f"<SubmissionKey>{key}</SubmissionKey>"))
    assert text(first, "ReceiptId") == text(found, "ReceiptId")


# --- payloads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "told"),
    [("Add", ["X023", "A103", "A203"]), ("Delete", ["X023"]), ("Abb", ["X023", "X023"])],
)
def test_beside_a_wrong_shape_the_rest_is_told(counter: Counter, action: str, told: list[str]) -> None:
    """All that is wrong at once; where it is to be deleted, or nobody knows, that it is not complete is no
    news."""
    extension = (
        "<act:FeeForParticipation>Free</act:FeeForParticipation>"
        f"<act:activityRecordAction>{action}</act:activityRecordAction>"
    )
    wrong = activity("A", title="", extension=extension).replace("2027-01-11", "2027-01-09")
    answer = counter.ask(request("SaveActivity", payload(wrong)))
    assert told == [text(one, "Code") for one in answer.iterfind(".//{*}Result/{*}Finding")]


def test_a_missing_payload_is_named(counter: Counter) -> None:
    """One finding, and no trouble with what does not stand there."""
    refused = counter.refusal(request("SaveActivity"))
    assert [("X021", "/svc:SaveActivity", "Add ACCMEActivities.")] == [
        (found.code, found.path, found.remedy) for found in refused.findings
    ]


def test_a_payload_where_none_belongs_is_refused(counter: Counter) -> None:
    """An operation that takes no payload does not drop one in silence."""
    refused = counter.refusal(request("GetActivity", "<ActivityId>202600001</ActivityId>", payload()))
    assert ["X020"] == [found.code for found in refused.findings]


@pytest.mark.parametrize("sent", ["1.0", "2.0", "2.1"])
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_every_endpoint_takes_every_payload_version(
    counter: Counter, version: ServiceVersion, sent: str
) -> None:
    """The answer says which version was found, and the endpoint answers in its own."""
    document = payload(version=sent)
    saved = counter.ask(request("SaveActivity", document, namespace=version.namespace), version)
    assert (sent, ["Added"]) == (text(saved, "SchemaVersion"), texts(saved, "Action"))
    own = "<ProviderActivityId>SPRING-27</ProviderActivityId>"
    found = counter.ask(request("GetActivity", own, namespace=version.namespace), version)
    wrapper = found[0][0]
    assert f"{{urn:cme-gateway:pars:activity:{version.activity}}}ACCMEActivities" == wrapper.tag
    assert version.activity == found[0].findtext("{*}SchemaVersion")


@pytest.mark.parametrize("namespace", ["urn:vendor:accme", ""])
def test_a_foreign_wrapper_is_read_with_a_warning(counter: Counter, namespace: str) -> None:
    """Local names of ours in a foreign namespace, or in none, are read as the version they look like."""
    document = payload(namespace=namespace)
    if not namespace:  # XML knows no prefix for it
        document = document.replace("act:ACCME", "ACCME").replace(":act=", "=")
    answer = counter.save(document)
    assert ("2.0", ["Added"], True) == (
        text(answer, "SchemaVersion"),
        texts(answer, "Action"),
        "X041" in texts(answer, "Code"),
    )


def test_one_bad_record_does_not_stop_the_others(counter: Counter) -> None:
    """A record that breaks its XSD is Refused with X findings, its neighbours are done."""
    broken = activity("BROKEN").replace("2027-01-10T00:00:00", "soon")
    answer = counter.save(payload(activity("A"), broken, activity("B")))
    assert ("Partial success", ["Added", "Refused", "Added"]) == (
        text(answer, "Outcome"),
        texts(answer, "Action"),
    )
    result = answer.findall(".//{*}Result")[1]
    assert ("2", "BROKEN", "X023") == (
        text(result, "RecordNumber"),
        text(result, "ProviderActivityId"),
        text(result, "Code"),
    )


def test_what_a_version_cannot_hold_is_named(counter: Counter) -> None:
    """Reading 2.0 content at v1 warns of each field left out, never silently."""
    fee = "<act:FeeForParticipation>Yes</act:FeeForParticipation>"
    counter.save(payload(activity(extension=fee)))
    own = "<ProviderActivityId>SPRING-27</ProviderActivityId>"
    lossless = counter.ask(request("GetActivity", own))
    assert [] == texts(lossless, "Finding")
    lossy = counter.ask(request("GetActivity", own, namespace=V1_SPACE), V1)
    assert any("FeeForParticipation" in (found or "") for found in texts(lossy, "Text"))


@pytest.mark.parametrize("wanted", ["1.0", "2.0", "2.1", " 2.0 "])
def test_get_activity_as_answers_in_any_version(counter: Counter, wanted: str) -> None:
    """The payload stands first and is of the version asked for."""
    counter.save()
    own = "<ProviderActivityId>SPRING-27</ProviderActivityId>"
    answer = counter.ask(request("GetActivityAs", own, f"<PayloadVersion>{wanted}</PayloadVersion>"))
    assert wanted.strip() == text(answer, "SchemaVersion")
    assert etree.QName(answer[0][0]).namespace == f"urn:cme-gateway:pars:activity:{wanted.strip()}"


@pytest.mark.parametrize("wanted", ["9.9", "", "two", "x" * 1000])
def test_an_unknown_payload_version_names_those_there_are(counter: Counter, wanted: str) -> None:
    """Empty or missing, too long or not there: refused, with the versions that can be asked for."""
    counter.save()
    own = "<ProviderActivityId>SPRING-27</ProviderActivityId>"
    refused = counter.refusal(request("GetActivityAs", own, f"<PayloadVersion>{wanted}</PayloadVersion>"))
    assert isinstance(refused, UnknownSchema)
    assert "1.0, 2.0" in refused.remedy
    assert len(refused.text) < 200


def test_a_required_parameter_that_is_missing_is_named(counter: Counter) -> None:
    """PayloadVersion left out is a finding."""
    refused = counter.refusal(request("GetActivityAs", "<ActivityId>1</ActivityId>"))
    assert [("X021", "Add PayloadVersion.", 1)] == [
        (found.code, found.remedy, found.line) for found in refused.findings
    ]


# --- operations ------------------------------------------------------------------------------------------


def test_an_operation_of_a_later_version_is_unknown_to_an_earlier_one(counter: Counter) -> None:
    """GetReceipt is of v2; v1 says which operations it has."""
    refused = counter.refusal(request("GetReceipt", namespace=V1_SPACE), V1)
    assert isinstance(refused, UnknownOperation)


def test_an_operation_of_another_namespace_is_unknown(counter: Counter) -> None:
    """The endpoint names its own namespace."""
    refused = counter.refusal(request("GetActivity", namespace=V1_SPACE), V2)
    assert isinstance(refused, UnknownOperation)
    assert "urn:cme-gateway:service:v2" in refused.text


def test_get_receipt_gives_the_same_answer_again(counter: Counter) -> None:
    """Byte for byte what SaveActivity answered, but for the operation's name, days later."""
    saved = counter.save("<SubmissionKey>K</SubmissionKey>", payload(activity("A"), activity("B", title="")))
    counter.clock.advance(days=30)
    number = f"<ReceiptId>{text(saved, 'ReceiptId')}</ReceiptId>"
    for parameters in (
        number,
        "<SubmissionKey>K</SubmissionKey>",
        number + "<SubmissionKey>K</SubmissionKey>",
    ):
        found = counter.ask(request("GetReceipt", parameters))
        assert _renamed(saved, "SaveActivity", "GetReceipt") == etree.tostring(found)
    replayed = counter.save(
        "<SubmissionKey>K</SubmissionKey>", payload(activity("A"), activity("B", title=""))
    )
    assert etree.tostring(saved).replace(b"Replayed>false", b"Replayed>true") == etree.tostring(replayed)


def _renamed(answer: Element, was: str, now: str) -> bytes:
    return etree.tostring(answer).replace(was.encode(), now.encode())


def test_a_conflict_is_refused_with_the_receipt_that_holds_the_key(counter: Counter) -> None:
    """Another content under the same key."""
    saved = counter.save("<SubmissionKey>K</SubmissionKey>", payload())
    refused = counter.refusal(
        request("SaveActivity", "<SubmissionKey>K</SubmissionKey>", payload(activity("OTHER")))
    )
    assert isinstance(refused, Conflict)
    assert cast(str, text(saved, "ReceiptId")) in refused.text


def test_validating_only_leaves_no_receipt(counter: Counter) -> None:
    """The answer has everything but a ReceiptId."""
    answer = counter.save("<ValidateOnly>true</ValidateOnly>", payload())
    assert (None, ["Added"], "Success") == (
        text(answer, "ReceiptId"),
        texts(answer, "Action"),
        text(answer, "Outcome"),
    )
    assert not counter.store.tables.activities


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_service_info_needs_no_credentials(counter: Counter, version: ServiceVersion) -> None:
    """Versions, operations, boards, formats and limits, for anybody."""
    answer = counter.ask(request("GetServiceInfo", credentials="", namespace=version.namespace), version)
    assert list(version.operations) == texts(answer, "Operation")
    assert [__version__, "1.0", "2.0", "2.1", "1.0", "2.0"] == texts(answer, "Version")
    assert ["8388608", "2000", "200000", "10000"] == texts(answer, "Value")
    assert ("America/Chicago", 9, 11) == (
        text(answer, "Zone"),
        len(texts(answer, "Acronym")),
        len(texts(answer, "Format")),
    )
    assert "not affiliated" in (text(answer, "Notice") or "")


# --- credentials -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", sorted(V2.operations.keys() - {"GetServiceInfo"}))
def test_every_other_operation_needs_credentials(counter: Counter, operation: str) -> None:
    """None, half of them, or a wrong password: refused alike, before anything is judged."""
    shown = ("", f"<User>{USER}</User>", CREDENTIALS.replace(PASSWORD, "wrong"))
    refused = [
        counter.refusal(request(operation, "<Nonsense/>", credentials=credentials)) for credentials in shown
    ]
    assert {NotAuthenticated} == {type(error) for error in refused}
    assert 1 == len({error.text for error in refused})


def test_credentials_may_come_by_http(counter: Counter) -> None:
    """Basic alone, or Basic and the same in the message."""
    basic = Credentials(PROVIDER, USER, PASSWORD)
    xml = request("SaveActivity", payload(), credentials="")
    assert ["Added"] == texts(counter.ask(xml, basic=basic), "Action")
    assert ["Unchanged"] == texts(counter.ask(request("SaveActivity", payload()), basic=basic), "Action")


def test_a_relative_namespace_is_refused(counter: Counter) -> None:
    """Canonical XML knows none, and without it the same content could not be told."""
    refused = counter.refusal(request("SaveActivity", '<a xmlns="pars"/>', payload()))
    assert "X001" == refused.code


@pytest.mark.parametrize(
    "basic", [Credentials("0005678", USER, PASSWORD), Credentials(None, "x"), Credentials(None, None, "x")]
)
def test_two_different_credentials_are_refused(counter: Counter, basic: Credentials) -> None:
    """Whichever of them would be right."""
    refused = counter.refusal(request("SaveActivity", payload()), basic=basic)
    assert isinstance(refused, NotAuthenticated)
    assert "two different" in refused.text


def test_credentials_leave_before_anything_is_kept(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """User, password and key are not in what is stored, digested, judged or shown to the operation."""
    twin = Counter()
    secret = "another-pass-word"
    monkeypatch.setattr(twin.gateway.gatekeeper, "_proves", lambda *shown: True)
    key = "<SubmissionKey>key-canary</SubmissionKey>"
    for one, xml in (
        (counter, request("SaveActivity", key, payload())),
        (twin, request("SaveActivity", payload()).replace(PASSWORD, secret)),
    ):
        one.ask(xml)
    (_, mine, raw), (_, other, _) = (one.store.tables.receipts[0] for one in (counter, twin))
    assert mine.digest == other.digest
    assert not re.search(rf"{PASSWORD}|<User|<Password|{USER}<|key-canary".encode(), raw)
    assert b"SPRING-27" in raw
    assert PROVIDER.encode() in raw


def test_other_content_has_another_digest(counter: Counter) -> None:
    """The control of the test above."""
    counter.save(payload(activity("A")))
    counter.save(payload(activity("B")))
    digests = {stored.digest for _, stored, _ in counter.store.tables.receipts}
    assert 2 == len(digests)


# --- failing ---------------------------------------------------------------------------------------------


def test_our_own_mistakes_are_answered_without_pythons_words(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer has the trace id, the log the place; neither has what was sent."""

    words = "canary: an exception may quote what was sent"

    def stumble(*_: object) -> None:
        raise ValueError(words)

    monkeypatch.setattr(FakeStore, "write", stumble)
    with pytest.raises(Failed) as failed:
        counter.save(payload(activity("canary-in-the-body")))
    told = f"{failed.value.text} {failed.value.remedy}"
    assert "trace-1" in told
    assert not re.search("canary|ValueError|Traceback", told)
    assert re.search("trace-1: ValueError", caplog.text)
    assert "operations/call.py" in caplog.text
    assert "canary" not in caplog.text


def test_a_failing_store_is_told_as_it_is(counter: Counter) -> None:
    """A failure of ours with a name passes through unchanged."""
    counter.store.broken = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        counter.save()


@pytest.mark.parametrize("count", [0, 99, 100, 250])
def test_a_fault_has_a_hundred_findings_at_most(count: int) -> None:
    """However many were found."""
    finding = Finding("X020", Severity.ERROR, "Text.", "Remedy.", "field", "/path", 1)
    element = fault(Malformed(findings=[finding] * count), "t")
    check_fault(element)
    assert min(count, 100) == len(texts(element, "Finding"))


def test_what_xml_cannot_hold_is_shown_as_missing() -> None:
    """A control character from an HTTP header must not break the answer that tells of it."""
    element = fault(Refused("a\x00b\x0bc\ud800d\ufffee\tf"), "t")
    check_fault(element)
    assert "a�b�c�d�e\tf" == text(element, "Text")
    plain = etree.Element("a")
    write(plain, "äöü € 😀")
    assert "äöü € 😀" == plain.text


def test_refusals_are_told_apart(counter: Counter) -> None:
    """Each refusal has its own code of the catalogue."""
    asked: list[Callable[[], Refused]] = [
        lambda: counter.refusal(request("Nonsense")),
        lambda: counter.refusal(request("GetActivity", "<ActivityId>1</ActivityId>")),
        lambda: counter.refusal(request("GetActivity")),
        lambda: counter.refusal(request("GetActivity", credentials="")),
        lambda: counter.refusal(
            request("GetActivityAs", "<PayloadVersion>3.0</PayloadVersion><ActivityId>1</ActivityId>")
        ),
    ]
    assert ["X011", "S003", "X012", "S001", "X010"] == [ask().code for ask in asked]
    assert isinstance(asked[1](), NotFound)
