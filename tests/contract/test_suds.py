"""suds-community, which fills objects that its factory makes from the contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import suds
import suds.client
from served import ACCOUNT, Served

pytestmark = [pytest.mark.network, pytest.mark.contract]

METRICS = "{http://ns.medbiq.org/metrics/v1/}"
LOM = "{http://ltsc.ieee.org/xsd/LOM}"
EXTENDED = "{http://ns.medbiq.org/lom/extend/v1/}"


@pytest.fixture(scope="module")
def clients(served_on_sqlite: Served) -> Callable[[str], Any]:
    """A function that gives a client of a service version."""
    return lambda version: suds.client.Client(served_on_sqlite.wsdl(version), cache=None, timeout=30)


def payload(client: Any, version: str, own_id: str, title: str) -> Any:
    """A typed payload of the version with one course in it."""
    create = client.factory.create
    record = create(f"{METRICS}MedicalEducationMetrics")
    record.ReportDescription.ReportingStartDate = date(2025, 1, 1)
    record.ReportDescription.ReportingEndDate = date(2025, 12, 31)
    identifier = create(f"{LOM}identifier")
    identifier.catalog, identifier.entry = "Provider Activity ID", own_id
    general = record.ActivityDescription.lom.general = create(f"{LOM}general")
    general.identifier = [identifier]
    general.title = {"string": title}
    education = create(f"{EXTENDED}healthcareEducationType")
    education.startDateTime = datetime.fromisoformat("2025-03-10")
    education.activityFormat = [{"string": "C" if version == "v1" else "Committee Learning"}]
    if version == "v2":
        education.endDateTime = datetime.fromisoformat("2025-03-11")
    record.ActivityDescription.lom.healthcareMetadata = {"healthcareEducation": education}
    physicians = create(f"{METRICS}ParticipantsByCategoryType")
    physicians.value, physicians._category = 12, "physician"
    record.ParticipationMetrics.ParticipantsByCategory = [physicians]
    number = "1.0" if version == "v1" else "2.1"
    activities = create(f"{{urn:cme-gateway:pars:activity:{number}}}ACCMEActivities")
    activities.MedicalEducationMetrics = [record]
    activities._schemaVersion = number
    return activities


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_typed_activity_is_saved_and_read(clients: Callable[[str], Any], version: str, own_id: str) -> None:
    """What suds sends typed is stored, and what it reads back is typed and the same."""
    client = clients(version)
    sent = payload(client, version, own_id, "Ärzte & <Pflege>")
    receipt = client.service.SaveActivity(**ACCOUNT, ACCMEActivities=sent)
    assert ("Success", "Added", False) == (receipt.Outcome, receipt.Result[0].Action, receipt.Replayed)
    answer = client.service.GetActivity(**ACCOUNT, ActivityId=receipt.Result[0].ActivityId)
    (record,) = answer.ACCMEActivities.MedicalEducationMetrics
    general = record.ActivityDescription.lom.general
    assert "Ärzte & <Pflege>" == general.title.string
    assert own_id in [identifier.entry for identifier in general.identifier]
    (physicians,) = record.ParticipationMetrics.ParticipantsByCategory
    assert ("12", "physician") == (str(physicians.value), physicians._category)
    assert date(2025, 12, 31) == record.ReportDescription.ReportingEndDate


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_refused_record_says_why(clients: Callable[[str], Any], version: str, own_id: str) -> None:
    """A record without a title comes back refused, with a finding that suds can read."""
    client = clients(version)
    receipt = client.service.SaveActivity(**ACCOUNT, ACCMEActivities=payload(client, version, own_id, " "))
    (result,) = receipt.Result
    assert ("Failure", "Refused") == (receipt.Outcome, result.Action)
    assert ("A103", "title") in [(finding.Code, finding.Field) for finding in result.Finding]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_fault_is_read(clients: Callable[[str], Any], version: str) -> None:
    """A refused call raises suds's own exception, which carries the fault's code and remedy."""
    client = clients(version)
    with pytest.raises(suds.WebFault) as caught:
        client.service.GetActivity(**{**ACCOUNT, "Password": "wrong"}, ActivityId="202600001")
    assert "soap:Client" == caught.value.fault.faultcode
    fault = caught.value.fault.detail.Fault
    assert ("S001", True, True) == (fault.Code, bool(fault.Remedy), bool(fault.TraceId))
