"""Payloads as senders write them: small documents put together from parts, and what is read of them."""

from __future__ import annotations

from datetime import date

from lxml import etree

from gateway import intake, schemas
from gateway.intake import Limits
from gateway.records import ActivityEntry, CompletionEntry, Finding
from gateway.schema import Reader, Reading
from gateway.schemas import activity_v1_0, activity_v2_0, activity_v2_1, learner_v1_0, learner_v2_0

TODAY = date(2026, 6, 1)
READER = Reader(schemas.VERSIONS, Limits())
V1, V2, V21 = ACTIVITIES = (activity_v1_0.VERSION, activity_v2_0.VERSION, activity_v2_1.VERSION)
L1, L2 = LEARNERS = (learner_v1_0.VERSION, learner_v2_0.VERSION)
OURS = "urn:cme-gateway:pars:activity:"
OFFICIAL = (
    'xmlns:m="http://ns.medbiq.org/metrics/v1/" xmlns:lom="http://ltsc.ieee.org/xsd/LOM" '
    'xmlns:hx="http://ns.medbiq.org/lom/extend/v1/" xmlns:a="http://ns.medbiq.org/address/v1/"'
)
TITLE = "<lom:title><lom:string>Stroke Update</lom:string></lom:title>"
OWN_ID = (
    "<lom:identifier><lom:catalog>Provider Activity ID</lom:catalog>"
    "<lom:entry>DMS-1</lom:entry></lom:identifier>"
)
START = "<hx:startDateTime>2026-03-10T00:00:00</hx:startDateTime>"
END = "<hx:endDateTime>2026-03-11T00:00:00</hx:endDateTime>"
FORMAT = "<hx:activityFormat><lom:string>Live Course</lom:string></hx:activityFormat>"
LEGACY_FORMAT = "<hx:activityFormat><lom:string>C</lom:string></hx:activityFormat>"
REPORT = (
    "<m:ReportingStartDate>2026-03-10</m:ReportingStartDate>"
    "<m:ReportingEndDate>2026-03-11</m:ReportingEndDate>"
)


def record(
    *,
    report: str = REPORT,
    general: str = OWN_ID + TITLE,
    education: str = START + END + FORMAT,
    description: str = "",
    metrics: str = "",
    extension: str = "",
) -> str:
    """One record, each argument the content of one element of it."""
    return (
        f"<m:MedicalEducationMetrics><m:ReportDescription>{report}</m:ReportDescription>"
        f"<m:ActivityDescription><lom:lom><lom:general>{general}</lom:general><hx:healthcareMetadata>"
        f"<hx:healthcareEducation>{education}</hx:healthcareEducation></hx:healthcareMetadata></lom:lom>"
        f"{description}</m:ActivityDescription><m:ParticipationMetrics>{metrics}</m:ParticipationMetrics>"
        f"<m:XtensibleInfo>{extension}</m:XtensibleInfo></m:MedicalEducationMetrics>"
    )


def legacy(**parts: str) -> str:
    """One record as 1.0 has it: an old type, no end."""
    return record(**{"education": START + LEGACY_FORMAT} | parts)


def document(*records: str, version: str = "2.0", namespace: str | None = None, attributes: str = "") -> str:
    """Records in their wrapper, whose namespace is the one of the version unless another is given."""
    namespace = f"{OURS}{version}" if namespace is None else namespace
    declared = f'xmlns="{namespace}"' if namespace else ""
    body = "".join(records) or record()
    return f"<ACCMEActivities {declared} {OFFICIAL} {attributes}>{body}</ACCMEActivities>"


NAME = "<n:GivenName>Ada</n:GivenName><n:FamilyName>Quimby</n:FamilyName>"
MEMBER = (
    '<me:UniqueID domain="{npi}">1234567893</me:UniqueID><me:UniqueID domain="{board}">900001</me:UniqueID>'
    f"<me:Name>{NAME}</me:Name><me:PersonalInfo><me:BirthDate>1971-02-28</me:BirthDate></me:PersonalInfo>"
)
DOMAINS = {
    "1.0": {"npi": "NPI", "board": "ABIM"},
    "2.0": {"npi": "idd:cms.gov:NPI", "board": "idd:abim.example:ABIM"},
}
CREDIT = (
    "<r:CreditCertificate><r:CreditReceived><hx:activityCertification>{type}</hx:activityCertification>"
    "<hx:creditUnit>Point</hx:creditUnit><hx:numberOfCredits>{amount}</hx:numberOfCredits>"
    "</r:CreditReceived><r:CreditID>ccid:demo:{number}</r:CreditID></r:CreditCertificate>"
)
CREDITS = CREDIT.format(type="AMA PRA Category 1", amount="2", number=1) + CREDIT.format(
    type="Medical Knowledge", amount="1.5", number=2
)
MODULE = (
    '<r:ModuleName moduleID="202600001">Stroke Update</r:ModuleName><r:Status>Completed</r:Status>'
    "<r:CompletedDateTime>2026-03-10T00:00:00</r:CompletedDateTime>"
)
ADD = "<LearnerRecordAction>add</LearnerRecordAction>"
CREATED = "<r:DateTimeCreated>2026-05-01T08:15:00-05:00</r:DateTimeCreated>"
REPORTED = (
    "<r:ReportingStartDate>2026-01-01</r:ReportingStartDate>"
    "<r:ReportingEndDate>2026-04-30</r:ReportingEndDate>"
)
HEAD = {"1.0": CREATED, "2.0": CREATED + REPORTED}


def official(version: str) -> str:
    """The declarations of the official namespaces of a learner version."""
    number = f"v{version[0]}"
    parts = {"r": "activityreport", "me": "member", "n": "name"}
    declared = "".join(f'xmlns:{k}="http://ns.medbiq.org/{v}/{number}/" ' for k, v in parts.items())
    return declared + 'xmlns:hx="http://ns.medbiq.org/lom/extend/v1/"'


def report(
    *,
    version: str = "1.0",
    who: str | None = None,
    activity: str = "",
    module: str = MODULE,
    credits: str = CREDITS,
    extension: str = ADD,
) -> str:
    """One completion, each argument the content of one element of it."""
    who = f"<r:Member>{MEMBER.format(**DOMAINS[version])}</r:Member>" if who is None else who
    return (
        f"<r:ActivityReport><r:ReportingOrganization>Demo Medical Society</r:ReportingOrganization>{who}"
        "<r:Activity><r:ProviderOrganization>0001234</r:ProviderOrganization>"
        f"<r:ActivityName>Stroke Update</r:ActivityName>{activity}<r:Module>{module}{credits}</r:Module>"
        f"</r:Activity><r:XtensibleInfo>{extension}</r:XtensibleInfo></r:ActivityReport>"
    )


def reports(*records: str, version: str = "1.0", namespace: str | None = None) -> str:
    """Completions in their wrapper, whose namespace is the one of the version unless another is given."""
    namespace = f"urn:cme-gateway:pars:learner:{version}" if namespace is None else namespace
    declared = f'xmlns="{namespace}"' if namespace else ""
    body = "".join(records) or report(version=version)
    return (
        f"<ACCMELearnerReports {declared} {official(version)}><r:ActivityReports>"
        f"{HEAD[version]}{body}</r:ActivityReports></ACCMELearnerReports>"
    )


def completion(xml: str | bytes, reader: Reader = READER) -> CompletionEntry:
    """The only completion of a document."""
    (only,) = read(xml, reader).entries
    assert isinstance(only, CompletionEntry)
    return only


def parse(xml: str | bytes) -> etree._Element:
    """A document as it comes through the rim."""
    return intake.parse(xml.encode() if isinstance(xml, str) else xml, Limits()).root


def read(xml: str | bytes, reader: Reader = READER) -> Reading:
    """What a document is read as, on a pinned day."""
    return reader.read(parse(xml), TODAY)


def entry(xml: str | bytes, reader: Reader = READER) -> ActivityEntry:
    """The only record of a document."""
    (only,) = read(xml, reader).entries
    assert isinstance(only, ActivityEntry)
    return only


def told(one: ActivityEntry) -> tuple[Finding, ...]:
    """What is found in a record, and which of its fields were derived if it is a new one."""
    return (*one.findings, *(one.noted(None, one.activity) if one.activity else ()))


def codes(one: ActivityEntry) -> list[str]:
    """The codes found in a record, in order."""
    return [finding.code for finding in told(one)]
