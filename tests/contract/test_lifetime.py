"""The life of activities by a zeep client that knows nothing but the served WSDL: found, counted, closed,
opened again, copied, repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
import requests
import zeep
from served import ACCOUNT, ADMIN_ACCOUNT, Served

pytestmark = [pytest.mark.network, pytest.mark.contract]

FORMAT, LASTING = "Live Course", "Enduring Material"


@dataclass(frozen=True, slots=True)
class Vendor:
    """A program that speaks the newest service version."""

    client: Any

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call an operation."""
        return getattr(self.client.service, operation)(**{**ACCOUNT, **parameters})

    def save(self, own_id: str, **said: Any) -> Any:
        """Save one activity; its result."""
        answer = self.call(
            "SaveActivity", ACCMEActivities={"MedicalEducationMetrics": [record(own_id, **said)]}
        )
        return answer.Result[0]


def record(
    own_id: str,
    first: str = "2025-03-10",
    last: str = "2025-03-11",
    format: str = FORMAT,
    title: str = "Asthma",
    **extension: Any,
) -> dict[str, Any]:
    """An activity that has all but its counts."""
    education = {
        "credits": [{"activityCertification": "AMA PRA Category 1", "numberOfCredits": "6.5"}],
        "startDateTime": datetime.fromisoformat(first),
        "endDateTime": datetime.fromisoformat(last),
        "activitySponsorship": "direct",
        "activityFormat": [{"string": format}],
        "commercialSupport": "no",
    }
    general = {
        "identifier": [{"catalog": "Provider Activity ID", "entry": own_id}],
        "title": {"string": title},
        "description": {"string": "What there is to know"},
    }
    own = {
        "DeliveryMethods": {"DeliveryMethod": ["Online"]},
        "ForPublicList": False,
        "MeasuredOutcomes": {
            "MeasuredOutcome": [{"Outcome": "Learner Competence", "MeasurementType": ["Objective"]}]
        },
    }
    return {
        "ReportDescription": {
            "ReportingStartDate": date.fromisoformat(first),
            "ReportingEndDate": date.fromisoformat(last),
        },
        "ActivityDescription": {
            "lom": {"general": general, "healthcareMetadata": {"healthcareEducation": education}}
        },
        "ParticipationMetrics": {},
        "XtensibleInfo": own | extension,
    }


def codes(result: Any) -> set[str]:
    """The codes of what was found about a record."""
    return {finding.Code for finding in result.Finding}


@pytest.fixture
def vendor(served: Served) -> Iterator[Vendor]:
    """A client made of the served WSDL."""
    with requests.Session() as session:
        transport = zeep.Transport(session=session, timeout=10, operation_timeout=30)
        yield Vendor(zeep.Client(served.wsdl("v2"), transport=transport))


def test_an_activity_lives_a_year(vendor: Vendor, own_id: str) -> None:
    """SEED1: saved, its learners counted, closed; and opened again by whoever may administer."""
    saved = vendor.save(own_id)
    assert (
        "Ready to Close",
        [f"ParticipantsByCategory {who}" for who in ("physician", "non-physician")],
    ) == (
        saved.Status,
        [gate.Field for gate in saved.NextStatus[0].MissingGate][:2],
    )
    early = vendor.call("CloseActivity", ActivityId=saved.ActivityId).Result[0]
    assert ("Refused", {"A907"}) == (early.Action, codes(early))
    both = {"ProviderActivityId": own_id, "Physicians": 12, "OtherLearners": 3}
    counted = vendor.call("UpdateLearnerCounts", LearnerCounts=[both]).Result[0]
    assert ("Updated", [], ["closeActivityRecord"]) == (
        counted.Action,
        counted.LearnerCount,
        [gate.Field for gate in counted.NextStatus[0].MissingGate],
    )
    closed = vendor.call("CloseActivity", ProviderActivityId=own_id).Result[0]
    assert ("Updated", "Closed", []) == (closed.Action, closed.Status, closed.NextStatus)
    assert "A906" in codes(vendor.save(own_id, title="Asthma at School"))
    with pytest.raises(zeep.exceptions.Fault, match="admin"):
        vendor.call("ReopenActivity", ActivityId=saved.ActivityId, Reason="Wrong counts")
    office = {**ADMIN_ACCOUNT, "ActivityId": saved.ActivityId, "Reason": "Wrong counts"}
    assert "Ready to Close" == vendor.call("ReopenActivity", **office).Result[0].Status
    assert "Updated" == vendor.save(own_id, title="Asthma at School").Action


def test_enduring_material_is_counted_year_by_year(vendor: Vendor, own_id: str) -> None:
    """SEED2: once for its life, cumulative figures as of each 31 December, and it never falls."""
    vendor.save(own_id, first="2024-03-01", last="2027-02-28", format=LASTING)

    def count(physicians: int, year: int) -> Any:
        told = {"ProviderActivityId": own_id, "Physicians": physicians, "OtherLearners": 0, "AsOf": year}
        return vendor.call("UpdateLearnerCounts", LearnerCounts=[told]).Result[0]

    assert "Updated" == count(10, 2024).Action
    assert [(2024, 10), (2025, 25)] == [(one.AsOf, one.Physicians) for one in count(25, 2025).LearnerCount]
    assert {"A920"} == codes(count(9, 2025))
    document = vendor.call("GetActivity", ProviderActivityId=own_id).ACCMEActivities
    counts = document.MedicalEducationMetrics[0].ParticipationMetrics.ParticipantsByCategory
    assert {"physician": 25, "non-physician": 0} == {one.category: one._value_1 for one in counts}


def test_activities_are_found_page_by_page(vendor: Vendor, own_id: str, new_id: Callable[[], str]) -> None:
    """The last added first, by a part of the title; the token goes on from there, with that search alone."""
    word = f"Zebra{own_id}"
    saved = [vendor.save(new_id(), title=f"{word} {n}").ActivityId for n in range(5)]
    found: list[str] = []
    page = vendor.call("FindActivities", Title=word.lower(), Year=2025, PageSize=2)
    while page.NextPageToken:
        found += [one.ActivityId for one in page.Activity]
        token = page.NextPageToken
        page = vendor.call("FindActivities", Title=word.lower(), Year=2025, PageSize=2, PageToken=token)
    found += [one.ActivityId for one in page.Activity]
    assert saved[::-1] == found
    one = page.Activity[0]
    assert (f"{word} 0", FORMAT, date(2025, 3, 10), "Ready to Close") == (
        one.Title,
        one.Format,
        one.StartDate,
        one.Status,
    )
    assert one.NextStatus[0].MissingGate
    with pytest.raises(zeep.exceptions.Fault, match="PageToken"):
        vendor.call("FindActivities", Title=word, Year=2024, PageSize=2, PageToken=token)
    assert 0 == vendor.call("FindActivities", Title=word, Status="Closed").Count


def test_a_copy_is_a_new_draft(vendor: Vendor, own_id: str, new_id: Callable[[], str]) -> None:
    """SEED2: with new dates, and sent again with its key it is the same copy."""
    vendor.save(own_id)
    asked = {"ProviderActivityId": own_id, "NewProviderActivityId": new_id(), "SubmissionKey": own_id}
    days = {"StartDate": date(2026, 9, 1), "EndDate": date(2026, 9, 2)}
    copied = vendor.call("CopyActivity", **asked, **days)
    again = vendor.call("CopyActivity", **asked, **days)
    assert ("Added", "Draft", ["ForPublicList"]) == (
        copied.Result[0].Action,
        copied.Result[0].Status,
        [gate.Field for gate in copied.Result[0].NextStatus[0].MissingGate],
    )
    assert (True, copied.Result[0].ActivityId) == (again.Replayed, again.Result[0].ActivityId)


def test_repeats_are_told_once(vendor: Vendor, own_id: str) -> None:
    """SEED2: one submission makes linked activities, which the receipt lists; sent again, none is added."""
    further = [
        {"StartDate": date(2025, 5, 4), "EndDate": date(2025, 5, 5)},
        {"StartDate": date(2025, 6, 1), "City": "Lyon", "Country": "FRA"},
    ]
    told = {"RepeatInstances": {"RepeatInstance": further}}
    saved, again = vendor.save(own_id, **told), vendor.save(own_id, **told)
    assert [own_id, f"{own_id}#2", f"{own_id}#3"] == [one.ProviderActivityId for one in saved.Instance]
    assert ["Unchanged"] * 3 == [one.Action for one in again.Instance]
    assert (date(2025, 6, 1), date(2025, 6, 2), "Lyon") == (
        saved.Instance[2].StartDate,
        saved.Instance[2].EndDate,
        saved.Instance[2].City,
    )
    found = vendor.call("FindActivities", RepeatsOf=saved.ActivityId)
    assert [one.ActivityId for one in saved.Instance][::-1] == [one.ActivityId for one in found.Activity]
    assert [saved.ActivityId, saved.ActivityId, None] == [one.RepeatOf for one in found.Activity]
