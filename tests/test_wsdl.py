"""The contracts load in foreign clients as they lie on disk, typed and without surprises."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import suds.client
import suds.sudsobject
import zeep
from lxml import etree
from offered import OPERATIONS
from test_xsd import schema_set

import wsdl
import xsd
from gateway.vocabulary import FREE

WSDLS, XSDS = Path(wsdl.__file__).parent, Path(xsd.__file__).parent
ZEEP: Any = zeep  # declares itself typed, but its functions are not
SHARED = {"act", "m", "lom", "hx", "a", "ar", "lrn", "f", "svc", "xs", "wsdl", "soap"}
PREFIXES = {"v1": SHARED | {"me", "n"}, "v2": SHARED | {"ar2", "me2", "n2"}}
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
BODY = ".//{http://schemas.xmlsoap.org/soap/envelope/}Body"
VALUE = "_value_1"  # zeep's name of what an element holds beside its attributes
ATTRIBUTES = {"domain", "moduleID", "schemaVersion"}
SLOTS = {
    "SaveActivity": "{{urn:cme-gateway:pars:activity:{}}}ACCMEActivities",
    "SaveLearnerActivity": "{{urn:cme-gateway:pars:learner:{}}}ACCMELearnerReports",
}
TYPED = {  # the payload version of each typed slot
    "v1": {"SaveActivity": "1.0", "SaveLearnerActivity": "1.0"},
    "v2": {"SaveActivity": "2.1", "SaveLearnerActivity": "2.0"},
}
WRITES = ["ProviderId", "User", "Password", "SubmissionKey", "ValidateOnly", "AllOrNothing"]

CREDIT = {
    "activityCertification": "AMA PRA Category 1",
    "nonAccreditedProvider": ["A", "B"],
    "numberOfCredits": Decimal("1.25"),
}
RECORD = {
    "ReportDescription": {"ReportingStartDate": date(2026, 3, 9), "ReportingEndDate": date(2026, 3, 10)},
    "ActivityDescription": {
        "lom": {
            "general": {
                "identifier": [{"catalog": "Provider Activity ID", "entry": "DMS-2026-0001"}],
                "title": {"string": "Sleep"},
            },
            "healthcareMetadata": {
                "healthcareEducation": {
                    "credits": [CREDIT],
                    "activityLocation": {"City": "Duluth", "Country": {"CountryCode": "USA"}},
                    "startDateTime": datetime(2026, 3, 9),  # noqa: DTZ001  a calendar date on the wire
                    "activityFormat": [{"string": "Live Course"}],
                    "commercialSupport": "no",
                }
            },
        },
    },
    "ParticipationMetrics": {},
}  # fmt: skip
EXTENSIONS: dict[str, dict[str, Any]] = {
    "v1": {
        "ProviderID": "0001234",
        "HoursOfInstruction": Decimal("1.25"),
        "Competencies": {"Competency": ["Medical Knowledge", "Professionalism"]},
        "InKindSupports": {"InKindSupport": [{"source": "A", "inKindType": ["Other"]}]},
    },
    "v2": {
        "activityRecordAction": "Add",
        "DeliveryMethods": {"DeliveryMethod": ["In-Person", "Online"]},
        "FeeForParticipation": FREE,
        "MeasuredOutcomes": {
            "MeasuredOutcome": [{"Outcome": "Patient Health", "MeasurementType": ["Objective", "Subjective"]}]
        },
        "MOCRegistrations": {
            "MOCRegistration": [
                {
                    "boardName": "ABIM",
                    "mocPoints": 1,
                    "MOCCreditType": ["Medical Knowledge"],
                    "MOCPracticeArea": ["Internal Medicine", "Nephrology"],
                    "MOCAttestation": True,
                }
            ]
        },
        "REMS": {"REMSType": "Mycophenolate", "REMSRelatedIdentifier": ["EG-123456-001", "EG-123456-002"]},
        "ContentOutlines": {
            "ContentOutlineSelections": [
                {
                    "ContentOutlineSource": "01_ABAMCO",
                    "ContentOutlineKeys": [{"ContentKeyword": "Tag ID", "ContentKeywordValue": "7"}],
                }
            ]
        },
        "HasStateContentTags": True,
        "StateContentTags": {"StateContent": [{"StateContentDomain": "Opioids"}]},
        "isInterprofessional": False,
        "PharmacyActivityType": "Knowledge",
        "PharmacyActivityTopic": "08-Pain Management",
        "PharmacyLiveDate": date(2026, 3, 9),
        "PharmacySequenceNumber": 17,
        "UANPharmacy": "JA0001234-0000-26-017-L08-P",
        "HasPharmacyContentTags": "not sure",
        "RepeatInstances": {
            "RepeatInstance": [
                {"StartDate": date(2026, 4, 9)},
                {"StartDate": date(2026, 5, 9), "City": "Lyon"},
            ]
        },
        "closeActivityRecord": False,
    },
}

COMPLETED = {
    "ReportingOrganization": "Demo Medical Society",
    "Activity": {
        "ProviderOrganization": "0001234",
        "ActivityName": "Sleep",
        "Module": {
            "ModuleName": {VALUE: "Sleep", "moduleID": "202600001"},
            "Status": "Completed",
            "CompletedDateTime": datetime(2026, 3, 10),  # noqa: DTZ001  a calendar date on the wire
            "CreditCertificate": [
                {
                    "CreditReceived": {"activityCertification": type, "numberOfCredits": Decimal("0.25")},
                    "CreditID": f"ccid:demo:{number}",
                }
                for number, type in enumerate(["AMA PRA Category 1", "Medical Knowledge"])
            ],
        },
    },
    "XtensibleInfo": {"LearnerRecordAction": "add", "ProviderID": "0001234"},
}
LEARNER = {
    "UniqueID": [{VALUE: "900001", "domain": "ABIM"}, {VALUE: "MD012345", "domain": "ME"}],
    "Name": {"GivenName": ["Ada"], "FamilyName": ["Quimby-Torres"]},
    "PersonalInfo": {"BirthDate": {VALUE: date(1904, 2, 29)}},
}
LEARNER_2 = LEARNER | {"UniqueID": [{VALUE: "1234567893", "domain": "idd:cms.gov:NPI"}]}
PARTICIPANT = {
    "LocalIdentifier": {VALUE: "P-1", "domain": "idd:demo.example:ce"},
    "Profession": "Advanced practice nurse",
    "PracticeArea": "Hospice and/or Palliative Care",
    "SurgicalProcedures": False,
}
REPORTS: dict[str, dict[str, Any]] = {
    "v1": {"ActivityReport": [COMPLETED | {"Member": LEARNER}]},
    "v2": {
        "ReportingStartDate": date(2026, 1, 1),
        "ReportingEndDate": date(2026, 3, 31),
        "ActivityReport": [
            COMPLETED | {"Member": LEARNER_2},
            COMPLETED | {"Participants": {"Participant": [PARTICIPANT, PARTICIPANT]}},
        ],
    },
}
CREATED = datetime(2026, 3, 20, 8, 15)  # noqa: DTZ001  without a zone it is Central time


def path_of(version: str) -> Path:
    """Where the contract of a service version lies."""
    return WSDLS / f"{version}.wsdl"


def service_schema(version: str) -> etree.XMLSchema:
    """The schema the contract of a service version refers to."""
    return etree.XMLSchema(etree.parse(str(XSDS / "service" / version / "service.xsd")))


def zeep_client(version: str) -> Any:
    """A zeep client made from the contract on disk; it never calls."""
    return ZEEP.Client(str(path_of(version)), transport=ZEEP.Transport(timeout=5, operation_timeout=5))


def suds_client(version: str) -> suds.client.Client:
    """A suds client made from the contract on disk, which renders calls and never sends them."""
    return suds.client.Client(path_of(version).as_uri(), cache=None, nosend=True)


def submissions(version: str) -> dict[str, dict[str, Any]]:
    """Typed submissions, as a client's user writes them, by the operation that takes them."""
    activity = RECORD | {"XtensibleInfo": EXTENSIONS[version]}
    reports = REPORTS[version] | {"DateTimeCreated": CREATED}
    numbers = {name: {"schemaVersion": number} for name, number in TYPED[version].items()}
    return {
        "SaveActivity": {"MedicalEducationMetrics": [activity], **numbers["SaveActivity"]},
        "SaveLearnerActivity": {"ActivityReports": reports, **numbers["SaveLearnerActivity"]},
    }


def in_suds(value: Any) -> Any:
    """A submission as suds wants it: attributes are marked, and text that has some is a Property."""
    if isinstance(value, list):
        return [in_suds(one) for one in value]
    if not isinstance(value, dict):
        return value
    marked = {f"_{name}" if name in ATTRIBUTES else name: in_suds(one) for name, one in value.items()}
    if VALUE not in marked:
        return marked
    text = suds.sudsobject.Property(marked.pop(VALUE))
    text.__dict__.update(marked)
    text.__keylist__.extend(marked)
    return text


def complaints(version: str, envelope: etree._Element) -> list[str]:
    """What the service schema has against the call in an envelope."""
    body = envelope.find(BODY)
    assert body is not None
    schema = service_schema(version)
    return [] if schema.validate(etree.fromstring(etree.tostring(body[0]))) else [str(schema.error_log)]


@pytest.mark.parametrize("version", OPERATIONS)
def test_zeep_lists_the_operations(version: str) -> None:
    """zeep finds exactly the operations of the version, each with its soapAction."""
    binding = next(iter(zeep_client(version).wsdl.bindings.values()))
    actions = {name: operation.soapaction for name, operation in binding._operations.items()}
    assert {name: f"urn:cme-gateway:service:{version}/{name}" for name in OPERATIONS[version]} == actions


@pytest.mark.parametrize("version", OPERATIONS)
def test_suds_lists_the_operations(version: str) -> None:
    """suds finds exactly the operations of the version, each with its soapAction."""
    port = suds_client(version).wsdl.services[0].ports[0]
    actions = {name: method.soap.action.strip('"') for name, method in port.methods.items()}
    assert {name: f"urn:cme-gateway:service:{version}/{name}" for name in OPERATIONS[version]} == actions


@pytest.mark.parametrize("operation", SLOTS)
@pytest.mark.parametrize("version", OPERATIONS)
def test_the_wrapper_unfolds(version: str, operation: str) -> None:
    """zeep shows an operation that writes with the documented parameters in order, and one result."""
    seen = next(iter(zeep_client(version).wsdl.bindings.values())).get(operation)
    slot = SLOTS[operation].rpartition("}")[2]
    assert [*WRITES, slot] == [name for name, _ in seen.input.body.type.elements]
    assert [f"{operation}Result"] == [name for name, _ in seen.output.body.type.elements]


@pytest.mark.parametrize("operation", SLOTS)
@pytest.mark.parametrize("version", OPERATIONS)
def test_a_call_typed_in_zeep_is_valid(version: str, operation: str) -> None:
    """The payload slot is typed: what zeep's factory makes of plain values satisfies the schema."""
    client, tag = zeep_client(version), SLOTS[operation].format(TYPED[version][operation])
    typed = client.get_element(tag)(**submissions(version)[operation])
    call = {"ProviderId": "0001234", "User": "lms", "Password": "x", tag.rpartition("}")[2]: typed}
    assert [] == complaints(version, client.create_message(client.service, operation, **call))


@pytest.mark.parametrize("operation", SLOTS)
@pytest.mark.parametrize("version", OPERATIONS)
def test_a_call_typed_in_suds_is_valid(version: str, operation: str) -> None:
    """suds, too, makes a valid call of plain values."""
    typed = {SLOTS[operation].rpartition("}")[2]: in_suds(submissions(version)[operation])}
    request = getattr(suds_client(version).service, operation)(ProviderId="0001234", **typed)
    assert [] == complaints(version, etree.fromstring(request.envelope))


@pytest.mark.parametrize("version", OPERATIONS)
def test_a_wrong_call_is_complained_of(version: str) -> None:
    """Negative control: a call that zeep lets pass though it breaks a pattern is seen."""
    client = zeep_client(version)
    message = client.create_message(client.service, "GetServiceInfo", ProviderId="12")
    assert complaints(version, message)


@pytest.mark.parametrize("version", OPERATIONS)
def test_the_contract_is_plain(version: str) -> None:
    """SOAP 1.1 only, document/literal, parts as all stacks want them, the fault on every operation."""
    root = etree.parse(str(path_of(version))).getroot()
    parts = {(part.get("name"), part.get("element")) for part in root.iter(WSDL + "part")}
    assert {"parameters", "fault"} == {name for name, _ in parts}
    assert {("fault", "f:Fault")} == {part for part in parts if part[0] == "fault"}
    assert ["document"] == [tag.get("style") for tag in root.iter(SOAP + "binding")]
    faults = [
        operation.get("name")
        for operation in root.iter(WSDL + "operation")
        if operation.find(WSDL + "fault") is not None
    ]
    assert sorted([*OPERATIONS[version]] * 2) == sorted(map(str, faults))
    assert [f"http://localhost/soap/{version}"] == [
        tag.get("location") for tag in root.iter(SOAP + "address")
    ]


@pytest.mark.parametrize("version", OPERATIONS)
def test_the_contract_declares_every_prefix(version: str) -> None:
    """Some clients look for prefixes on wsdl:definitions only, with the schemas' meaning."""
    declared = etree.parse(str(path_of(version))).getroot().nsmap
    assert PREFIXES[version] == set(declared)
    roots = schema_set(XSDS / "service" / version / "service.xsd").values()
    meanings = {pair for root in roots for node in root.iter() for pair in node.nsmap.items()}
    assert set() == meanings - set(declared.items())


@pytest.mark.parametrize("version", OPERATIONS)
def test_the_answer_of_any_version_stands_first(version: str) -> None:
    """GetActivityAs answers with the untyped payload before its own elements; v1 has no such answer."""
    path = XSDS / "service" / version / "service.xsd"
    found = etree.parse(str(path)).findall(".//{*}complexType[@name='GetActivityAsResultType']/{*}sequence")
    first = [(etree.QName(sequence[0]).localname, sequence[0].get("processContents")) for sequence in found]
    assert ([("any", "skip")] if version == "v2" else []) == first
