"""Completions by a zeep client that knows nothing but the served WSDL, to the boards and back.

A vendor's program as its author would write it: no line of ours helps it make or read a message.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import zeep
from road import Road, open_road
from served import ACCOUNT, OTHER_ACCOUNT, PROVIDER
from zeep.helpers import serialize_object

from gateway.records import RegisterRow

pytestmark = [pytest.mark.network, pytest.mark.contract, pytest.mark.slow]

TODAY = datetime.now(ZoneInfo("America/Chicago")).date()
HELD = TODAY - timedelta(days=6)
TITLE = "Ärzte & <Pflege>"
CME, BOARD_TYPE, POINTS = "AMA PRA Category 1", "Medical Knowledge", Decimal("2.25")
NOT_FOUND = "11"  # the board's magic ending for a learner it does not know
PAGED = "Pagewright"
_numbers = itertools.count(1)


@dataclass
class Learner:
    """An invented person whose board id ends as the test wants, and who is in the register or not."""

    ending: str = "01"
    number: int = field(default_factory=lambda: next(_numbers))
    family: str = "Quimby-Torres"

    @property
    def board_id(self) -> str:
        """An id that is magic by its ending."""
        return f"9{self.number:03}{self.ending}"

    @property
    def licence(self) -> str:
        """A licence of Maine."""
        return f"ZL{self.number:05}"

    @property
    def row(self) -> RegisterRow:
        """The person in the register."""
        names = ("Ada", self.family)
        return RegisterRow(
            f"z{self.number}", "ME", self.licence, "", "ABIM", self.board_id, *names, "", "02-29"
        )

    def member(self, domain: str) -> dict[str, Any]:
        """The person as a completion names them, with domains as a version writes them."""
        return {
            "UniqueID": [
                {"_value_1": self.board_id, "domain": domain.format("ABIM")},
                {"_value_1": self.licence, "domain": domain.format("ME")},
            ],
            "Name": {"GivenName": ["Ada"], "FamilyName": [self.family]},
            "PersonalInfo": {"BirthDate": {"_value_1": date(1904, 2, 29)}},
        }


@dataclass
class Vendor:
    """A program that speaks one service version, for one activity of its own."""

    road: Road
    version: str
    client: Any
    number: int = field(default_factory=lambda: next(_numbers))

    def call(self, operation: str, **asked: Any) -> Any:
        """Call an operation with the demo account."""
        return getattr(self.client.service, operation)(**{**ACCOUNT, **asked})

    def refusal(self, operation: str, **asked: Any) -> str:
        """The code of the fault a call is answered with."""
        with pytest.raises(zeep.exceptions.Fault) as caught:
            self.call(operation, **asked)
        return str(self.client.wsdl.types.deserialize(caught.value.detail[0]).Code)

    @cached_property
    def activity_id(self) -> str:
        """A course registered with the board, saved by the newest version, which alone can say so."""
        client = self.client if self.version == "v2" else _client(self.road, "v2")
        payload = {"MedicalEducationMetrics": [course(f"LEARN-{self.version}-{self.number}")]}
        (result,) = client.service.SaveActivity(**ACCOUNT, ACCMEActivities=payload).Result
        assert ("Added", "Ready to Close") == (result.Action, result.Status), result
        return str(result.ActivityId)

    def credit_id(self, learner: Learner, kind: str = "moc") -> str:
        """The vendor's own id of a learner's credit."""
        return f"ccid:vendor:{self.version}-{self.number}-{learner.number}-{kind}"

    def credit(self, learner: Learner, kind: str = "moc") -> dict[str, Any]:
        """A certificate of the board's credit or of CME."""
        return {
            "CreditReceived": {
                "activityCertification": BOARD_TYPE if kind == "moc" else CME,
                "numberOfCredits": POINTS,
            },
            "CreditID": self.credit_id(learner, kind),
        }

    def report(self, learner: Learner, action: str = "add", kinds: str = "moc") -> dict[str, Any]:
        """A completion with credits of these kinds."""
        return {
            "ReportingOrganization": "Demo Medical Society",
            "Member": learner.member("{}" if self.version == "v1" else "idd:registry.example:{}"),
            "Activity": {
                "ProviderOrganization": PROVIDER,
                "ActivityName": TITLE,
                "Module": {
                    "ModuleName": {"_value_1": TITLE, "moduleID": self.activity_id},
                    "Status": "Completed",
                    "CompletedDateTime": datetime.fromisoformat(f"{HELD}"),
                    "CreditCertificate": [self.credit(learner, kind) for kind in kinds.split()],
                },
            },
            "XtensibleInfo": {"LearnerRecordAction": action},
        }

    def save(self, *reports: Any, **asked: Any) -> Any:
        """Send completions in the version's own payload."""
        period = {"ReportingStartDate": TODAY - timedelta(days=99), "ReportingEndDate": TODAY}
        head = {"DateTimeCreated": datetime.fromisoformat(f"{TODAY}")} | (
            period if self.version == "v2" else {}
        )
        sent = {"ActivityReports": head | {"ActivityReport": list(reports)}}
        return self.call("SaveLearnerActivity", ACCMELearnerReports=sent, **asked)

    def status(self, credit_id: str) -> Any:
        """How a credit stands."""
        (credit,) = self.call("GetLearnerStatusByCreditId", CreditId=credit_id)
        return credit

    def decided(self, *learners: Learner) -> list[Any]:
        """Poll until the board has decided on the credits of learners; gives how they stand."""
        told: list[Any] = []

        def decided() -> bool:
            told[:] = [self.status(self.credit_id(learner)) for learner in learners]
            return all(credit.Status != "Submitted" for credit in told)

        self.road.wait(decided, "the board has decided")
        return told

    def credits_of(self, learner: Learner) -> dict[str, Any]:
        """The learner's credits of the activity, by type."""
        asked = {"LearnerId": learner.licence, "LearnerIdDomain": "ME", "BirthDate": "02-29"}
        answer = self.call("GetLearnerStatusByLearner", ActivityId=self.activity_id, **asked)
        return {credit.CreditType: credit for credit in answer}


def course(own_id: str) -> dict[str, Any]:
    """A course of last week, with all that closing asks for but the counts, registered with ABIM."""
    education = {
        "credits": [{"activityCertification": CME, "numberOfCredits": POINTS}],
        "activityLocation": {
            "City": "Duluth",
            "StateOrProvince": "MN",
            "Country": {"CountryCode": "USA"},
        },
        "startDateTime": datetime.fromisoformat(f"{HELD}"),
        "endDateTime": datetime.fromisoformat(f"{HELD}"),
        "activitySponsorship": "direct",
        "activityFormat": [{"string": "Live Course"}],
        "targetAudience": {"specialty": [{"string": "Internal Medicine"}]},
    }
    registration = {
        "boardName": "ABIM",
        "mocPoints": POINTS,
        "MOCCreditType": [BOARD_TYPE],
        "CreditClaimDate": TODAY + timedelta(days=99),
    }
    return {
        "ReportDescription": {"ReportingStartDate": HELD, "ReportingEndDate": HELD},
        "ActivityDescription": {
            "lom": {
                "general": {
                    "identifier": [
                        {"catalog": "Provider Activity ID", "entry": own_id},
                        {"catalog": "URL", "entry": "https://learn.example.org/course"},
                    ],
                    "title": {"string": TITLE},
                    "description": {"string": "A day of cases."},
                },
                "healthcareMetadata": {"healthcareEducation": education},
            }
        },
        "ParticipationMetrics": {},
        "XtensibleInfo": {
            "DeliveryMethods": {"DeliveryMethod": ["In-Person"]},
            "ForPublicList": True,
            "FeeForParticipation": "Yes",
            "ActivityRegistration": "Open to all",
            "MOCRegistrations": {"MOCRegistration": [registration]},
        },
    }


def _client(road: Road, version: str) -> Any:
    transport = zeep.Transport(timeout=10, operation_timeout=30)
    client: Any = zeep.Client(road.served.wsdl(version), transport=transport)
    return client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def road(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """A gateway with boards and one worker, on each database."""
    folder = tmp_path_factory.mktemp(f"road-{request.param}")
    database = f"sqlite:///{folder / 'gateway.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE learners")
        database = server.get_uri("learners")
    with open_road(database, folder) as road:
        road.work()
        yield road


@pytest.fixture(params=["v1", "v2"])
def vendor(request: pytest.FixtureRequest, road: Road) -> Iterator[Vendor]:
    """A vendor's program for each service version."""
    made = Vendor(road, request.param, _client(road, request.param))
    yield made
    made.client.transport.session.close()


@pytest.fixture
def newest(road: Road) -> Iterator[Vendor]:
    """A vendor's program for the newest service version."""
    made = Vendor(road, "v2", _client(road, "v2"))
    yield made
    made.client.transport.session.close()


@pytest.fixture
def known(crowd: dict[str, list[Learner]]) -> Callable[[], Learner]:
    """A function that gives a learner whom the register and the board know."""
    return crowd["01"].pop


@pytest.fixture
def unheard(crowd: dict[str, list[Learner]]) -> Callable[[], Learner]:
    """A function that gives a learner whom the register knows and the board does not."""
    return crowd[NOT_FOUND].pop


@pytest.fixture(scope="module")
def crowd(road: Road) -> dict[str, list[Learner]]:
    """People of the register, by the ending of their board ids; each test takes others."""
    people = {ending: [Learner(ending) for _ in range(40)] for ending in ("01", NOT_FOUND)}
    people[PAGED] = [Learner(family=PAGED) for _ in range(5)]
    road.enrol(learner.row for learners in people.values() for learner in learners)
    return people


def test_three_learners_have_three_fates(
    vendor: Vendor, known: Callable[[], Learner], unheard: Callable[[], Learner]
) -> None:
    """Submitted at once; then one is accepted by the board, one rejected with its reason. Who is unknown
    is rejected at once, and never asked about."""
    good, bad, stranger = known(), unheard(), Learner()
    receipt = vendor.save(*map(vendor.report, (good, bad, stranger)))
    assert ("Success", ["Added"] * 3) == (receipt.Outcome, [one.Action for one in receipt.Result]), receipt
    told = [credit for result in receipt.Result for credit in result.Credit]
    assert [("ABIM", "Submitted"), ("ABIM", "Submitted"), ("ABIM", "Rejected")] == [
        (credit.Board, credit.Status) for credit in told
    ]
    assert ["L901"] == [found.Code for found in receipt.Result[2].Finding]
    accepted, rejected, unknown = vendor.decided(good, bad, stranger)
    assert ("Accepted", None, POINTS) == (accepted.Status, accepted.Reason, Decimal(accepted.Amount))
    assert ("Rejected", "No diplomate with this board ID") == (rejected.Status, rejected.Reason)
    assert ("Rejected", told[2].Reason) == (unknown.Status, unknown.Reason)
    assert accepted.DecidedAt >= accepted.SubmittedAt
    asked = [row["verdict"] for row in vendor.road.boards.ledger()]
    vendor.save(vendor.report(stranger))
    assert asked == [row["verdict"] for row in vendor.road.boards.ledger()]


def test_accepted_board_credit_yields_cme_credit(
    vendor: Vendor, known: Callable[[], Learner], unheard: Callable[[], Learner]
) -> None:
    """Once, by the gateway, and it names the credit it came from; rejected board credit yields none."""
    good, bad = known(), unheard()
    vendor.save(vendor.report(good), vendor.report(bad))
    vendor.decided(good, bad)
    credits = vendor.credits_of(good)
    assert {BOARD_TYPE, CME} == set(credits)
    assert (vendor.credit_id(good), "Accepted", None) == (
        credits[CME].MatchedFrom,
        credits[CME].Status,
        credits[CME].Board,
    )
    assert credits[CME].CreditId.startswith("ccid:cme-gateway:")
    assert None is credits[BOARD_TYPE].MatchedFrom
    assert {BOARD_TYPE} == set(vendor.credits_of(bad))


def test_cme_the_sender_reports_too_is_not_doubled(vendor: Vendor, known: Callable[[], Learner]) -> None:
    """Both credits in one record: CME is accepted at once, and the board's verdict yields no second."""
    good = known()
    receipt = vendor.save(vendor.report(good, kinds="cme moc"))
    assert ["Accepted", "Submitted"] == [credit.Status for credit in receipt.Result[0].Credit]
    vendor.decided(good)
    credits = vendor.credits_of(good)
    assert (None, vendor.credit_id(good, "cme")) == (credits[CME].MatchedFrom, credits[CME].CreditId)


def test_a_wrong_one_is_corrected_by_delete_and_add(
    vendor: Vendor, known: Callable[[], Learner], unheard: Callable[[], Learner]
) -> None:
    """A rejected credit is deleted and added again under the same id with what was wrong put right."""
    wrong, right = unheard(), known()
    vendor.save(vendor.report(wrong))
    (rejected,) = vendor.decided(wrong)
    assert "Rejected" == rejected.Status
    corrected = vendor.report(right)
    corrected["Activity"]["Module"]["CreditCertificate"][0]["CreditID"] = vendor.credit_id(wrong)
    receipt = vendor.save(vendor.report(wrong, "delete"), corrected)
    assert ["Deleted", "Added"] == [result.Action for result in receipt.Result]
    (accepted,) = vendor.decided(wrong)
    assert "Accepted" == accepted.Status
    assert {BOARD_TYPE, CME} == set(vendor.credits_of(right))


def test_a_deleted_credit_is_withdrawn(vendor: Vendor, known: Callable[[], Learner]) -> None:
    """Deleting accepted credit leaves none of it, tells the board, and takes the yielded CME along; the
    same may then be reported again, and counts again."""
    good = known()
    vendor.save(vendor.report(good))
    vendor.decided(good)
    effective = {row["reference"] for row in vendor.road.boards.ledger() if row["effective"]}
    receipt = vendor.save(vendor.report(good, "delete"))
    assert "Deleted" == receipt.Result[0].Action
    assert "S003" == vendor.refusal("GetLearnerStatusByCreditId", CreditId=vendor.credit_id(good))
    asked = {"LearnerId": good.licence, "BirthDate": "02-29"}
    assert "S003" == vendor.refusal("GetLearnerStatusByLearner", ActivityId=vendor.activity_id, **asked)

    def withdrawn() -> bool:
        now = {row["reference"] for row in vendor.road.boards.ledger() if row["effective"]}
        return 1 == len(effective - now)

    vendor.road.wait(withdrawn, "the board was told of the withdrawal")
    vendor.save(vendor.report(good))
    assert ["Accepted"] == [credit.Status for credit in vendor.decided(good)]


def test_what_is_anothers_looks_unknown(vendor: Vendor, known: Callable[[], Learner]) -> None:
    """Another provider finds neither the credit nor its learner."""
    good = known()
    vendor.save(vendor.report(good))
    asked = {"ActivityId": vendor.activity_id, "LearnerId": good.licence, "BirthDate": "02-29"}
    assert ["S003", "S003"] == [
        vendor.refusal("GetLearnerStatusByCreditId", CreditId=vendor.credit_id(good), **OTHER_ACCOUNT),
        vendor.refusal("GetLearnerStatusByLearner", **asked, **OTHER_ACCOUNT),
    ]


def test_a_resent_report_is_unchanged_with_its_verdict(vendor: Vendor, known: Callable[[], Learner]) -> None:
    """Under its key it is replayed as it was; without one it is Unchanged and tells how it stands now."""
    good = known()
    key = f"{vendor.version}-{vendor.number}"
    first = vendor.save(vendor.report(good), SubmissionKey=key)
    vendor.decided(good)
    again, anew = vendor.save(vendor.report(good), SubmissionKey=key), vendor.save(vendor.report(good))
    assert (first.ReceiptId, True, "Submitted") == (
        again.ReceiptId,
        again.Replayed,
        again.Result[0].Credit[0].Status,
    )
    assert ("Unchanged", "Accepted") == (anew.Result[0].Action, anew.Result[0].Credit[0].Status)


# --- the newest version's own operations -----------------------------------------------------------------


def test_learners_are_matched_beforehand(newest: Vendor, known: Callable[[], Learner]) -> None:
    """By licence or by board id; who disagrees is told in which field, and not what is right."""
    good = known()
    named = {"FirstName": "Ada", "LastName": good.family, "BirthDate": "1904-02-29"}
    licence = {"StateOfLicensure": "ME", "LicenseId": good.licence}
    asked = [
        named | licence,
        named | {"Board": "ABIM", "BoardId": good.board_id},
        named | licence | {"BirthDate": "03-01"},
        named | {"StateOfLicensure": "ME", "LicenseId": Learner().licence},
    ]
    answer = newest.call("GetLearnerMatch", Learner=asked)
    assert [(1, "match"), (2, "match"), (3, "none"), (4, "none")] == [
        (one.RecordNumber, one.Outcome) for one in answer
    ]
    assert ["BirthDate"] == answer[2].DisagreeingField


def test_learners_are_found_in_pages(newest: Vendor, crowd: dict[str, list[Learner]]) -> None:
    """Five credits of a family come in pages of two, newest first, each once; the last has no token."""
    for learner in crowd[PAGED]:
        newest.save(newest.report(learner, kinds="cme"))
    pages: list[Any] = []
    token = None
    while token is not None or not pages:
        pages.append(newest.call("FindLearners", LastName=PAGED.upper(), PageSize=2, PageToken=token))
        token = pages[-1].NextPageToken
    assert [2, 2, 1] == [len(page.Learner) for page in pages]
    found = [learner for page in pages for learner in page.Learner]
    assert [newest.credit_id(learner, "cme") for learner in reversed(crowd[PAGED])] == [
        one.CreditId for one in found
    ]
    assert {("Ada", PAGED, "02-29", TITLE)} == {
        (one.FirstName, one.LastName, one.BirthDate, one.ActivityTitle) for one in found
    }
    assert "X012" == newest.refusal("FindLearners", Status="Accepted")


def test_learners_are_found_by_day_title_and_status(
    newest: Vendor, known: Callable[[], Learner], unheard: Callable[[], Learner]
) -> None:
    """A range of submission days or a part of the title finds, and status and activity narrow."""
    good, bad = known(), unheard()
    newest.save(newest.report(good), newest.report(bad))
    newest.decided(good, bad)
    for asked in ({"SubmittedFrom": TODAY - timedelta(days=1)}, {"ActivityTitle": "PFLEGE"}):
        answer = newest.call("FindLearners", ActivityId=newest.activity_id, Status="Rejected", **asked)
        assert [newest.credit_id(bad)] == [one.CreditId for one in answer.Learner]
    none = newest.call("FindLearners", ActivityId=newest.activity_id, SubmittedFrom=TODAY + timedelta(days=2))
    assert (0, []) == (none.Count, none.Learner)


def test_a_receipt_tells_its_credits_again(newest: Vendor, known: Callable[[], Learner]) -> None:
    """GetReceipt gives the answer as it was given, though the board has decided since."""
    good = known()
    first = newest.save(newest.report(good), newest.report(Learner()), SubmissionKey=f"R-{newest.number}")
    newest.decided(good)
    again = [
        newest.call("GetReceipt", ReceiptId=first.ReceiptId),
        newest.call("GetReceipt", SubmissionKey=f"R-{newest.number}"),
    ]
    assert [serialize_object(first)] * 2 == [serialize_object(one) for one in again]
