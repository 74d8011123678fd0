"""What the learner schemas take and refuse, record by record."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import xsd

ROOT = Path(xsd.__file__).parent
MEMBER = "<me:UniqueID domain='ABIM'>900001</me:UniqueID>"
MEMBER_2 = "<me:UniqueID domain='idd:cms.gov:NPI'>1234567893</me:UniqueID>"
PARTICIPANT = """
  <r:Participant>
    <r:LocalIdentifier domain='idd:demo.example:ce'>P-1</r:LocalIdentifier><r:Profession>Nurse</r:Profession>
  </r:Participant>"""
CREDIT = """
  <r:CreditCertificate>
    <r:CreditReceived>{}</r:CreditReceived><r:CreditID>{}</r:CreditID>
  </r:CreditCertificate>"""
MODULE = "<r:ModuleName moduleID='202600001'>A</r:ModuleName><r:Status>Completed</r:Status>{}"
DONE = "<r:CompletedDateTime>2026-03-10T00:00:00</r:CompletedDateTime>"


def completion(
    version: str,
    who: str = "",
    module: str = MODULE.format(DONE),
    extensions: str = "",
    times: int = 1,
) -> etree._Element:
    """A learner document with one record, which holds nothing but what must stand and what is given."""
    number, dates = version[0], "<r:ReportingStartDate>2026-01-01</r:ReportingStartDate>"
    dates += "<r:ReportingEndDate>2026-03-31</r:ReportingEndDate>"
    modules = f"<r:Module>{module}</r:Module>" * times
    return etree.fromstring(f"""
      <ACCMELearnerReports xmlns="urn:cme-gateway:pars:learner:{version}" schemaVersion="{version}"
          xmlns:r="http://ns.medbiq.org/activityreport/v{number}/" xmlns:n="http://ns.medbiq.org/name/v{number}/"
          xmlns:me="http://ns.medbiq.org/member/v{number}/" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/">
        <r:ActivityReports>
          <r:DateTimeCreated>2026-03-20T08:15:00-06:00</r:DateTimeCreated>{dates if number == "2" else ""}
          <r:ActivityReport>
            <r:ReportingOrganization>A</r:ReportingOrganization>{who or "<r:Member/>"}
            <r:Activity>
              <r:ProviderOrganization>0001234</r:ProviderOrganization><r:ActivityName>A</r:ActivityName>{modules}
            </r:Activity>
            <r:XtensibleInfo>{extensions}</r:XtensibleInfo>
          </r:ActivityReport>
        </r:ActivityReports>
      </ACCMELearnerReports>""")


def learner_schema(version: str) -> etree.XMLSchema:
    """The learner schema of a version."""
    path = ROOT / "learner" / f"v{version.replace('.', '_')}" / "learner.xsd"
    return etree.XMLSchema(etree.parse(str(path)))


def member(inside: str) -> str:
    """A learner who is named by what is given."""
    return f"<r:Member>{inside}</r:Member>"


def born(attributes: str = "", text: str = "1904-02-29") -> str:
    """A learner with a birthday."""
    return member(f"<me:PersonalInfo><me:BirthDate {attributes}>{text}</me:BirthDate></me:PersonalInfo>")


def credit(inside: str = "", credit_id: str = "ccid:a:1") -> str:
    """A module with one credit."""
    return MODULE.format(DONE) + CREDIT.format(inside, credit_id)


NAMES = """
  <me:Name>
    <n:GivenName>A</n:GivenName><n:GivenName>B</n:GivenName>
    <n:FamilyName>C</n:FamilyName><n:FamilyName>D</n:FamilyName>
  </me:Name>"""
LEARNERS_TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("1.0", {}),
    ("1.0", {"who": member(MEMBER + MEMBER + NAMES)}),
    ("2.0", {"who": member(MEMBER_2 + NAMES)}),
    ("1.0", {"who": born("accuracy='DayMonthYear' restrictions='Confidential'")}),
    ("2.0", {"who": born("accuracy='DayMonth'")}),
    ("2.0", {"who": f"<r:Participants>{PARTICIPANT * 2}</r:Participants>"}),
    ("2.0", {"who": member("<me:UniqueID domain='idd:example.org:state:ME'>1</me:UniqueID>")}),
    ("1.0", {"module": credit("<hx:creditUnit>Point</hx:creditUnit>")}),
    ("1.0", {"module": credit("<hx:numberOfCredits>0.25</hx:numberOfCredits>", "x" * 300)}),
    ("1.0", {"extensions": "<ProviderID>0001234</ProviderID><LearnerRecordAction>add</LearnerRecordAction>"}),
    ("2.0", {"extensions": "<LearnerRecordAction>Delete</LearnerRecordAction>"}),
]
LEARNERS_REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("1.0", {"who": " "}),
    ("1.0", {"who": f"<r:Participants>{PARTICIPANT}</r:Participants>"}),
    ("2.0", {"who": " "}),
    ("2.0", {"who": f"<r:Member/><r:Participants>{PARTICIPANT}</r:Participants>"}),
    ("2.0", {"who": "<r:Participants/>"}),
    ("2.0", {"who": member(MEMBER)}),
    ("2.0", {"who": member(MEMBER_2.replace("cms.gov", "cms"))}),
    ("2.0", {"who": member(MEMBER_2.replace("NPI", ""))}),
    ("2.0", {"who": member(MEMBER_2.replace("cms.gov", "." * 200_000))}),
    ("1.0", {"who": member("<me:UniqueID>900001</me:UniqueID>")}),
    ("1.0", {"who": member("<me:UniqueID domain='ABIM'> </me:UniqueID>")}),
    ("1.0", {"who": born("accuracy='DayMonth'")}),
    ("2.0", {"who": born("accuracy='Year'")}),
    ("2.0", {"who": born(text="02-29")}),
    ("1.0", {"times": 2}),
    ("1.0", {"times": 0}),
    ("1.0", {"module": MODULE.format("")}),
    ("2.0", {"module": MODULE.format(DONE).replace("Completed", "Registered", 1)}),
    ("2.0", {"module": MODULE.format(DONE).replace("<r:Status>Completed</r:Status>", "")}),
    ("1.0", {"module": MODULE.format(DONE).replace(" moduleID='202600001'", "")}),
    ("1.0", {"module": MODULE.format(DONE).replace("202600001", "")}),
    ("1.0", {"module": credit("<hx:creditUnit>Hour</hx:creditUnit>")}),
    ("1.0", {"module": credit(credit_id="x" * 301)}),
    ("1.0", {"module": credit(credit_id="")}),
    ("1.0", {"extensions": "<LearnerRecordAction>update</LearnerRecordAction>"}),
    ("1.0", {"extensions": "<ProviderID>1234</ProviderID>"}),
]  # fmt: skip


@pytest.mark.parametrize(("version", "parts"), LEARNERS_TAKEN)
def test_completions_are_taken(version: str, parts: dict[str, Any]) -> None:
    """A record needs an organisation, somebody, one module and its completion; the rest may be left out."""
    assert learner_schema(version).validate(completion(version, **parts))


@pytest.mark.parametrize(("version", "parts"), LEARNERS_REFUSED)
def test_wrong_completions_are_refused(version: str, parts: dict[str, Any]) -> None:
    """Nobody, two kinds of somebody, no or two modules, and words PARS does not know do not pass."""
    assert not learner_schema(version).validate(completion(version, **parts))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_completion_is_judged_alone(version: str) -> None:
    """The record is a global element, so it is judged one by one, out of its document."""
    (record,) = completion(version).iter("{*}ActivityReport")
    assert learner_schema(version).validate(etree.fromstring(etree.tostring(record)))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_there_is_one_list_of_completions(version: str) -> None:
    """The wrapper holds exactly one ActivityReports, and that one completion at least."""
    document = completion(version)
    (reports,) = document.iter("{*}ActivityReports")
    document.append(copy.deepcopy(reports))
    assert not learner_schema(version).validate(document)
    document.remove(reports)
    assert learner_schema(version).validate(document)
    document[0].remove(document[0][-1])
    assert not learner_schema(version).validate(document)
