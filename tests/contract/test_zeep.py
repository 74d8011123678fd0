"""A zeep client that knows nothing but the served WSDL: every version, every operation, both databases.

Not `gateway.client`: what a vendor generates from the contract must do without it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree
from offered import OPERATIONS
from served import ACCOUNT, OTHER_ACCOUNT, PASSWORD, PROVIDER, USER, Served
from zeep.helpers import serialize_object

import xsd

pytestmark = [pytest.mark.network, pytest.mark.contract]

PAYLOAD = {"v1": "1.0", "v2": "2.1"}
ADDED, REFUSED = "Added", "Refused"


@dataclass(frozen=True, slots=True)
class Caller:
    """A client of one service version."""

    version: str
    client: Any

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call an operation with the demo account, whose parts a parameter may replace or leave out."""
        return getattr(self.client.service, operation)(**{**ACCOUNT, **parameters})

    def save(self, *records: Any, **parameters: Any) -> Any:
        """Save typed records of the version's own payload."""
        payload = {"MedicalEducationMetrics": list(records)}
        return self.call("SaveActivity", ACCMEActivities=payload, **parameters)

    def refused(self, operation: str, **parameters: Any) -> Any:
        """The typed detail of the fault that a call must be answered with."""
        with pytest.raises(zeep.exceptions.Fault) as caught:
            self.call(operation, **parameters)
        assert "soap:Client" == caught.value.code
        return self.client.wsdl.types.deserialize(caught.value.detail[0])

    def record(self, own_id: str, title: str | None = "Asthma", **extension: Any) -> dict[str, Any]:
        """A typed record of the version's own payload; `extension` goes into XtensibleInfo."""
        return activity(self.version, own_id, title, extension)


def activity(version: str, own_id: str, title: str | None, extension: dict[str, Any]) -> dict[str, Any]:
    """A course of two days as the version tells it, complete but for what closing asks for."""
    education: dict[str, Any] = {
        "credits": [{"activityCertification": "AMA PRA Category 1", "numberOfCredits": "6.5"}],
        "startDateTime": datetime.fromisoformat("2025-03-10"),
        "activitySponsorship": "direct",
        "activityFormat": [{"string": "IEM" if version == "v1" else "Live Course"}],
    }
    own: dict[str, Any] = {"HoursOfInstruction": "6.5"}
    if version == "v2":
        education["endDateTime"] = datetime.fromisoformat("2025-03-11")
        own = {"DeliveryMethods": {"DeliveryMethod": ["Live-Streamed"]}, "ForPublicList": False}
    general = {
        "identifier": [{"catalog": "Provider Activity ID", "entry": own_id}],
        "title": title and {"string": title},
        "description": {"string": "Ärzte & “Pflege” <Team>\nZeile 2"},
    }
    return {
        "ReportDescription": {
            "ReportingStartDate": date(2025, 1, 1),
            "ReportingEndDate": date(2025, 12, 31),
        },
        "ActivityDescription": {
            "lom": {"general": general, "healthcareMetadata": {"healthcareEducation": education}}
        },
        "ParticipationMetrics": {"ParticipantsByCategory": [{"_value_1": 12, "category": "physician"}]},
        "XtensibleInfo": {**own, **extension},
    }


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, with the names that lead to it; `_value_1` is zeep's name for a text."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, path if name == "_value_1" else f"{path}/{name}")
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part, path)
    elif value is not None:
        yield path, str(value)


def codes(result: Any) -> list[str]:
    """The codes of what was found about a record."""
    return [finding.Code for finding in result.Finding]


@pytest.fixture(scope="session")
def connect() -> Iterator[Callable[..., Caller]]:
    """A function that gives the client of a gateway and service version, made once from its WSDL."""
    made: dict[tuple[str, ...], Caller] = {}
    sessions: list[requests.Session] = []

    def caller(served: Served, version: str, authorization: str = "") -> Caller:
        key = (served.url, version, authorization)
        if key not in made:
            session = requests.Session()
            session.headers.update({"Authorization": authorization} if authorization else {})
            sessions.append(session)
            transport = zeep.Transport(session=session, timeout=10, operation_timeout=30)
            made[key] = Caller(version, zeep.Client(served.wsdl(version), transport=transport))
        return made[key]

    yield caller
    for session in sessions:
        session.close()


@pytest.fixture(params=["v1", "v2"])
def either(request: pytest.FixtureRequest, served: Served, connect: Callable[..., Caller]) -> Caller:
    """A client of each service version in turn."""
    return connect(served, request.param)


@pytest.fixture
def newest(served: Served, connect: Callable[..., Caller]) -> Caller:
    """A client of the newest service version."""
    return connect(served, "v2")


# --- what the contract offers ---------------------------------------------------------------------------


def test_a_version_offers_its_operations(either: Caller) -> None:
    """The WSDL has the operations of its version; one that is new here has no test yet."""
    assert OPERATIONS[either.version] == set(either.client.service._operations)


def test_service_info_needs_no_credentials(either: Caller) -> None:
    """GetServiceInfo answers anybody, with the operations, payload versions and limits there are."""
    info = either.call("GetServiceInfo", ProviderId=None, User=None, Password=None)
    assert either.version == info.ServiceVersion
    assert OPERATIONS[either.version] == set(info.Operation)
    assert {"1.0", "2.0", "2.1"} == {v.Version for v in info.PayloadVersion if v.Payload == "activity"}
    assert {"CallBytes": 8 << 20, "CallRecords": 2000} == {
        limit.Name: limit.Value for limit in info.Limit if limit.Name in {"CallBytes", "CallRecords"}
    }


REPORT = {
    "ReportingOrganization": "Nobody",
    "Member": {},
    "Activity": {
        "ProviderOrganization": PROVIDER,
        "ActivityName": "Sleep",
        "Module": {
            "ModuleName": {"_value_1": "Sleep", "moduleID": "202600001"},
            "Status": "Completed",
            "CompletedDateTime": datetime.fromisoformat("2025-03-10"),
        },
    },
}
ASKED = {
    "ActivityId": "202600001",
    "PayloadVersion": "1.0",
    "ReceiptId": "20260101-000000000000",
    "CreditId": "ccid:nobody:1",
    "LearnerId": "000000",
    "BirthDate": "01-01",
    "LastName": "Nobody",
    "Learner": [{"LastName": "Nobody"}],
    "LearnerCounts": [{"Physicians": 1}],
    "Reason": "Nobody asked",
    "Year": 2025,
}
REPORTS = {"DateTimeCreated": datetime.fromisoformat("2025-03-11"), "ActivityReport": [REPORT]}
PERIOD = {"ReportingStartDate": date(2025, 1, 1), "ReportingEndDate": date(2025, 12, 31)}


@pytest.mark.parametrize("missing", ["ProviderId", "User", "Password"])
def test_everything_else_needs_credentials(either: Caller, missing: str) -> None:
    """Any other operation is refused where a part of the credentials is missing."""
    reports = REPORTS if either.version == "v1" else REPORTS | PERIOD
    payloads = {
        "ACCMEActivities": {"MedicalEducationMetrics": [either.record("NOBODY")]},
        "ACCMELearnerReports": {"ActivityReports": reports},
    }
    asked = ASKED | payloads
    for operation in OPERATIONS[either.version] - {"GetServiceInfo"}:
        element = either.client.get_element(f"{{urn:cme-gateway:service:{either.version}}}{operation}")
        taken = {name: value for name, value in asked.items() if name in dict(element.type.elements)}
        assert taken
        assert "S001" == either.refused(operation, **taken, **{missing: None}).Code


# --- saving and reading ---------------------------------------------------------------------------------


def test_a_record_lives_by_its_actions(either: Caller, own_id: str) -> None:
    """Added, sent again, updated, deleted: each is told, under one id, and the last leaves nothing."""
    told = [
        either.save(either.record(own_id, activityRecordAction="Add")).Result[0],
        either.save(either.record(own_id, "Asthma, again", activityRecordAction="Update")).Result[0],
        either.save(either.record(own_id, "Asthma, again")).Result[0],
        either.save(either.record(own_id, activityRecordAction="Delete")).Result[0],
    ]
    assert ["Added", "Updated", "Unchanged", "Deleted"] == [result.Action for result in told]
    assert {own_id} == {result.ProviderActivityId for result in told}
    assert 1 == len({result.ActivityId for result in told})
    assert "S003" == either.refused("GetActivity", ProviderActivityId=own_id).Code


def test_a_receipt_tells_the_call(either: Caller, own_id: str) -> None:
    """The answer names its receipt, when it came, the payload version found, and the outcome."""
    receipt = either.save(either.record(own_id))
    assert receipt.ReceiptId
    assert receipt.ReceivedAt.utcoffset().total_seconds() == 0
    assert (PAYLOAD[either.version], False, "Success") == (
        receipt.SchemaVersion,
        receipt.Replayed,
        receipt.Outcome,
    )
    assert [1] == [result.RecordNumber for result in receipt.Result]
    assert receipt.Result[0].ActivityId.isdigit() and 9 == len(receipt.Result[0].ActivityId)


@pytest.mark.parametrize("by", ["ActivityId", "ProviderActivityId"])
def test_what_was_saved_is_read_back(either: Caller, own_id: str, by: str) -> None:
    """GetActivity gives every field back as it was sent, by either id."""
    sent = either.record(own_id)
    result = either.save(sent).Result[0]
    answer = either.call("GetActivity", **{by: result[by]})
    (record,) = serialize_object(answer.ACCMEActivities.MedicalEducationMetrics, dict)
    wanted, got = set(leaves(sent)), set(leaves(record))
    assert set() == wanted - got
    assert {result.ActivityId, "ACCME Activity ID", "False"} >= {text for _, text in got - wanted}
    assert (result.ActivityId, own_id, PAYLOAD[either.version], result.Status) == (
        answer.ActivityId,
        answer.ProviderActivityId,
        answer.SchemaVersion,
        answer.Status,
    )


def test_a_status_says_what_is_missing_for_the_next(newest: Caller, own_id: str) -> None:
    """An incomplete record is a Draft, and every gate it has not passed is named by its wire name."""
    record = newest.record(own_id)
    record["ActivityDescription"]["lom"]["general"]["description"] = None
    del record["ActivityDescription"]["lom"]["healthcareMetadata"]["healthcareEducation"]["credits"]
    result = newest.save(record).Result[0]
    assert "Draft" == result.Status
    assert [("Ready to Close", ["credits", "description"])] == [
        (next_status.Status, [gate.Field for gate in next_status.MissingGate])
        for next_status in result.NextStatus
    ]


def test_one_bad_record_does_not_stop_the_others(either: Caller, new_id: Callable[[], str]) -> None:
    """Of many records the bad one is refused, with what, where and what to do; the others are stored."""
    ids = [new_id() for _ in range(3)]
    records = [either.record(ids[0]), either.record(ids[1], None), either.record(ids[2])]
    receipt = either.save(*records)
    assert "Partial success" == receipt.Outcome
    assert [(1, ids[0], ADDED), (2, ids[1], REFUSED), (3, ids[2], ADDED)] == [
        (result.RecordNumber, result.ProviderActivityId, result.Action) for result in receipt.Result
    ]
    (found,) = [finding for finding in receipt.Result[1].Finding if finding.Severity == "Error"]
    # zeep writes its declaration on a line of its own, and the first record has two lines.
    assert ("A103", "title", 3) == (found.Code, found.Field, found.Line)
    assert found.Path.startswith("/act:ACCMEActivities/m:MedicalEducationMetrics[2]/")
    assert "/lom:title" in found.Path
    assert found.Text and found.Remedy
    assert ids[2] == either.call("GetActivity", ProviderActivityId=ids[2]).ProviderActivityId
    assert "S003" == either.refused("GetActivity", ProviderActivityId=ids[1]).Code


def test_a_record_that_breaks_its_schema_is_refused_alone(newest: Caller, new_id: Callable[[], str]) -> None:
    """A record of the wrong shape is refused with all its X findings; its neighbour is stored."""
    bad = newest.record(new_id(), FeeForParticipation="Perhaps", ActivityRegistration="By post")
    receipt = newest.save(bad, newest.record(new_id()))
    assert [REFUSED, ADDED] == [result.Action for result in receipt.Result]
    assert [("X023", "FeeForParticipation"), ("X023", "ActivityRegistration")] == [
        (found.Code, found.Field) for found in receipt.Result[0].Finding
    ]
    assert all("MedicalEducationMetrics[1]" in found.Path for found in receipt.Result[0].Finding)


def test_all_bad_is_a_failure(either: Caller, own_id: str) -> None:
    """A call whose records are all refused is answered, as a Failure, and keeps a receipt."""
    receipt = either.save(either.record(own_id, None))
    assert ("Failure", REFUSED) == (receipt.Outcome, receipt.Result[0].Action)
    assert receipt.ReceiptId


@pytest.mark.parametrize("action", ["Update", "Delete"])
def test_the_unknown_is_neither_updated_nor_deleted(either: Caller, own_id: str, action: str) -> None:
    """Update and Delete ask for an activity that is there."""
    receipt = either.save(either.record(own_id, activityRecordAction=action))
    assert (REFUSED, True) == (receipt.Result[0].Action, "A901" in codes(receipt.Result[0]))


def test_either_version_reads_what_the_other_saved(
    served: Served, connect: Callable[..., Caller], own_id: str
) -> None:
    """An activity saved at one endpoint is read at the other, in that one's payload version."""
    old, new = connect(served, "v1"), connect(served, "v2")
    old.save(old.record(own_id))
    assert "2.1" == new.call("GetActivity", ProviderActivityId=own_id).SchemaVersion
    new.save(new.record(own_id, "Asthma, renamed", activityRecordAction="Update"))
    answer = old.call("GetActivity", ProviderActivityId=own_id)
    described = answer.ACCMEActivities.MedicalEducationMetrics[0].ActivityDescription
    assert ("1.0", "Asthma, renamed") == (answer.SchemaVersion, described.lom.general.title.string._value_1)


NEWEST: dict[str, Any] = {
    "MOCRegistrations": {
        "MOCRegistration": [
            {
                "boardName": "ABA",
                "mocPoints": "6.5",
                "MOCCreditType": ["Lifelong Learning (CME)"],
                "CreditClaimDate": date(2025, 12, 1),
                "MOCPracticeArea": ["Pain Medicine", "Trauma"],
                "MOCAttestation": True,
            }
        ]
    },
    "REMS": {"REMSType": "Opioid Analgesic", "REMSRelatedIdentifier": ["EG-123456-001", "EG-123456-002"]},
    "ContentOutlines": {
        "ContentOutlineSelections": [
            {
                "ContentOutlineSource": "01_ABAMCO",
                "ContentOutlineKeys": [
                    {"ContentKeyword": "Level 3 ID", "ContentKeywordValue": "1.1.3"},
                    {"ContentKeyword": "Tag ID", "ContentKeywordValue": "47"},
                ],
            }
        ]
    },
    "HasStateContentTags": True,
    "StateContentTags": {
        "StateContent": [{"StateContentDomain": "Opioids", "StateContentTopic": "Prescribing"}]
    },
    "isInterprofessional": True,
    "PharmacyActivityType": "Application",
    "PharmacyActivityTopic": "08-Pain Management",
    "PharmacyLiveDate": date(2025, 3, 10),
    "PharmacySequenceNumber": 17,
    "UANPharmacy": "JA0001234-0000-25-017-L08-P",
    "UANPharmacyTech": "JA0001234-0000-25-017-L08-T",
    "HasPharmacyRecertifications": "not sure",
    "HasPharmacyContentTags": "false",
}
"""Each extension element that came with 2.1."""


def joint(caller: Caller, own_id: str) -> dict[str, Any]:
    """A typed record that says what only 2.1 can."""
    record = caller.record(own_id, **NEWEST)
    education = record["ActivityDescription"]["lom"]["healthcareMetadata"]["healthcareEducation"]
    education["credits"].append({"activityCertification": "Pharmacy", "numberOfCredits": "6.5"})
    education["targetAudience"] = {"profession": [{"string": "Physician"}, {"string": "Pharmacist"}]}
    counts = {"physician": 12, "pharmacist": 7, "other": 0}
    record["ParticipationMetrics"]["ParticipantsByCategory"] = [
        {"_value_1": count, "category": category} for category, count in counts.items()
    ]
    return record


def test_what_only_2_1_can_say_outlives_an_update_of_1_0(
    served: Served, connect: Callable[..., Caller], own_id: str
) -> None:
    """Typed in every field it comes back as it was sent, also after an old system sent its part again."""
    old, new = connect(served, "v1"), connect(served, "v2")
    sent = joint(new, own_id)
    assert [] == [one.Code for one in new.save(sent).Result[0].Finding]
    asked = old.call("GetActivity", ProviderActivityId=own_id)
    (record,) = asked.ACCMEActivities.MedicalEducationMetrics
    assert {"REMSRelatedIdentifier", "profession", "ParticipantsByCategory"} <= {
        one.Field for one in asked.Finding
    }
    record.XtensibleInfo = {"HoursOfInstruction": "6.5"}
    assert "Updated" == old.save(record).Result[0].Action
    answer = new.call("GetActivity", ProviderActivityId=own_id)
    (back,) = serialize_object(answer.ACCMEActivities.MedicalEducationMetrics, dict)
    assert set() == set(leaves(sent)) - set(leaves(back))


# --- the newest version's own operations ----------------------------------------------------------------


@pytest.mark.parametrize("payload", ["1.0", "2.0", "2.1"])
def test_an_activity_is_read_in_any_version(newest: Caller, own_id: str, payload: str) -> None:
    """GetActivityAs answers in the version asked for, valid by its schema, and names what is lost."""
    newest.save(newest.record(own_id, CommendationTags={"CommendationTag": ["Engages Teams"]}))
    answer = newest.call("GetActivityAs", ProviderActivityId=own_id, PayloadVersion=payload)
    document = answer._value_1
    folder = Path(xsd.__file__).parent / "activity" / f"v{payload.replace('.', '_')}"
    etree.XMLSchema(etree.parse(str(folder / "activity.xsd"))).assertValid(document)
    assert (payload, payload) == (answer.SchemaVersion, document.get("schemaVersion"))
    lost = {finding.Field for finding in answer.Finding if finding.Code == "X040"}
    assert ("CommendationTag" in lost) == (payload == "1.0")


def test_a_version_that_is_not_there_is_named(newest: Caller, own_id: str) -> None:
    """GetActivityAs in an unknown version is refused, and the fault says which there are."""
    newest.save(newest.record(own_id))
    fault = newest.refused("GetActivityAs", ProviderActivityId=own_id, PayloadVersion="9.9")
    assert ("X010", True) == (fault.Code, "1.0" in fault.Remedy and "2.0" in fault.Remedy)


def test_a_receipt_is_found_by_its_id_and_by_its_key(newest: Caller, own_id: str) -> None:
    """GetReceipt gives the answer of the earlier call again, whole."""
    first = newest.save(newest.record(own_id), newest.record(own_id, None), SubmissionKey=own_id)
    again = [
        newest.call("GetReceipt", ReceiptId=first.ReceiptId),
        newest.call("GetReceipt", SubmissionKey=own_id),
        newest.call("GetReceipt", ReceiptId=first.ReceiptId, SubmissionKey=own_id),
    ]
    assert [serialize_object(first)] * 3 == [serialize_object(receipt) for receipt in again]


def test_a_receipt_of_another_is_unknown(newest: Caller, own_id: str) -> None:
    """A receipt is its provider's own: to all others, and under another key, it does not exist."""
    first = newest.save(newest.record(own_id), SubmissionKey=own_id)
    for asked in (
        {"ReceiptId": first.ReceiptId, **OTHER_ACCOUNT},
        {"SubmissionKey": own_id, **OTHER_ACCOUNT},
        {"ReceiptId": first.ReceiptId, "SubmissionKey": f"{own_id}-other"},
    ):
        assert "S003" == newest.refused("GetReceipt", **asked).Code


# --- faults ---------------------------------------------------------------------------------------------


def test_a_fault_has_its_typed_detail(either: Caller) -> None:
    """A wrong password is refused with code, text, remedy and trace, and says nothing of what is right."""
    fault = either.refused("GetActivity", ActivityId="202600001", Password="wrong")
    assert "S001" == fault.Code
    assert fault.Text and fault.Remedy and fault.TraceId
    assert [] == fault.Finding
    assert fault.Text == either.refused("GetActivity", ActivityId="202600001", User="nobody").Text


def test_a_request_of_the_wrong_shape_names_its_field(either: Caller, own_id: str) -> None:
    """A request that breaks the service schema is a fault whose findings say where and what to do."""
    payload = {"MedicalEducationMetrics": [either.record(own_id)]}
    fault = either.refused("SaveActivity", ACCMEActivities=payload, SubmissionKey="k" * 101)
    assert "X012" == fault.Code
    (found,) = fault.Finding
    assert ("X023", "Error", "SubmissionKey", 2) == (found.Code, found.Severity, found.Field, found.Line)
    assert "SubmissionKey" in found.Path
    assert "k" * 61 not in found.Text
    assert found.Remedy


def test_an_id_must_be_given(either: Caller) -> None:
    """GetActivity without any id is refused as misshapen, not as unknown."""
    assert "X012" == either.refused("GetActivity").Code


def test_what_is_anothers_looks_unknown(newest: Caller, own_id: str) -> None:
    """An activity of another provider is refused in the very words of one that does not exist."""
    activity_id = newest.save(newest.record(own_id)).Result[0].ActivityId
    theirs = newest.refused("GetActivity", ActivityId=activity_id, **OTHER_ACCOUNT)
    nobodys = newest.refused("GetActivity", ActivityId="199900001", **OTHER_ACCOUNT)
    assert ("S003", nobodys.Text, nobodys.Remedy) == (theirs.Code, theirs.Text, theirs.Remedy)
    own = newest.save(newest.record(own_id), **OTHER_ACCOUNT).Result[0]
    assert (ADDED, True) == (own.Action, own.ActivityId != activity_id)


# --- HTTP Basic -----------------------------------------------------------------------------------------


def basic(user: str, password: str) -> str:
    """An Authorization header as RFC 7617 has it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("user", "body"), [(USER, {"ProviderId": PROVIDER}), (f"{PROVIDER}/{USER}", {"ProviderId": None})]
)
def test_credentials_come_by_http_too(
    served: Served, connect: Callable[..., Caller], own_id: str, user: str, body: dict[str, Any]
) -> None:
    """HTTP Basic stands for User and Password, and with `PROVIDER/USER` for all three."""
    caller = connect(served, "v2", basic(user, PASSWORD))
    receipt = caller.save(caller.record(own_id), **body, User=None, Password=None)
    assert "Success" == receipt.Outcome
    wrong = connect(served, "v2", basic(user, "wrong"))
    assert "S001" == wrong.refused("GetActivity", ActivityId="1", **body, User=None, Password=None).Code


def test_two_different_credentials_are_refused(served: Served, connect: Callable[..., Caller]) -> None:
    """A call that shows one account by HTTP and another in its body is refused, right as each may be."""
    caller = connect(served, "v2", basic(f"{PROVIDER}/{USER}", PASSWORD))
    fault = caller.refused("GetActivity", ActivityId="1", **OTHER_ACCOUNT)
    assert ("S001", True) == (fault.Code, "two different" in fault.Text)


# --- switches and keys ----------------------------------------------------------------------------------


def test_validating_stores_nothing(either: Caller, own_id: str) -> None:
    """ValidateOnly tells what would become of each record, and neither keeps it nor gives a receipt."""
    receipt = either.save(either.record(own_id), SubmissionKey=own_id, ValidateOnly=True)
    assert (None, "Success", ADDED) == (receipt.ReceiptId, receipt.Outcome, receipt.Result[0].Action)
    assert "S003" == either.refused("GetActivity", ProviderActivityId=own_id).Code
    done = either.save(either.record(own_id), SubmissionKey=own_id)
    assert (ADDED, False) == (done.Result[0].Action, done.Replayed)


def test_all_or_nothing(either: Caller, new_id: Callable[[], str]) -> None:
    """With AllOrNothing one bad record has all refused, the good ones because of it, and none is stored."""
    good, bad = new_id(), new_id()
    receipt = either.save(either.record(good), either.record(bad, None), AllOrNothing=True)
    assert ("Failure", [REFUSED] * 2) == (receipt.Outcome, [result.Action for result in receipt.Result])
    assert [True, False] == ["A909" in codes(result) for result in receipt.Result]
    assert "S003" == either.refused("GetActivity", ProviderActivityId=good).Code
    both = either.save(either.record(good), either.record(bad), AllOrNothing=True)
    assert [ADDED, ADDED] == [result.Action for result in both.Result]


def test_a_key_replays_the_same_content(either: Caller, own_id: str) -> None:
    """The same call under one key is done once: the stored answer comes again, marked as replayed."""
    first, second = (either.save(either.record(own_id), SubmissionKey=own_id) for _ in range(2))
    assert (False, True) == (first.Replayed, second.Replayed)
    second.Replayed = False
    assert serialize_object(first) == serialize_object(second)


def test_a_key_is_refused_with_other_content(either: Caller, own_id: str) -> None:
    """A key that was used is refused with other content, and the fault names the earlier receipt."""
    first = either.save(either.record(own_id), SubmissionKey=own_id)
    payload = {"MedicalEducationMetrics": [either.record(own_id, "Other")]}
    fault = either.refused("SaveActivity", ACCMEActivities=payload, SubmissionKey=own_id)
    assert ("S004", True) == (fault.Code, first.ReceiptId in fault.Text)


def test_a_failure_frees_its_key(either: Caller, own_id: str) -> None:
    """A key whose call failed as a whole may be used for the corrected content."""
    failed = either.save(either.record(own_id, None), SubmissionKey=own_id)
    mended = either.save(either.record(own_id), SubmissionKey=own_id)
    assert ("Failure", "Success", False) == (failed.Outcome, mended.Outcome, mended.Replayed)


def test_a_partial_success_keeps_its_key(either: Caller, new_id: Callable[[], str]) -> None:
    """A call of which something was stored is replayed, not done again."""
    key, records = new_id(), [either.record(new_id()), either.record(new_id(), None)]
    first, second = (either.save(*records, SubmissionKey=key) for _ in range(2))
    assert ("Partial success", True, first.ReceiptId) == (first.Outcome, second.Replayed, second.ReceiptId)


def test_the_same_content_without_a_key_is_told(either: Caller, own_id: str) -> None:
    """Without a key the same content is done again, with a warning that names the earlier receipt."""
    first, second = (either.save(either.record(own_id)) for _ in range(2))
    (warning,) = [finding for finding in second.Result[0].Finding if finding.Code == "A910"]
    assert ("Warning", True) == (warning.Severity, first.ReceiptId in warning.Text + warning.Remedy)
    assert "A910" not in codes(first.Result[0])
