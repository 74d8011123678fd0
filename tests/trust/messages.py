"""Bodies of calls, prebuilt as bytes; all people in them are invented. Imports nothing of the gateway."""

from __future__ import annotations

from collections.abc import Iterable

PROVIDER, OTHER, USER, PASSWORD = "0001234", "0005678", "trust", "trust-password-of-nobody"
PEOPLE = 2_000
SVC = "urn:cme-gateway:service:v2"
TITLE = "Diabetes: from Guideline to Clinic"
CREDIT_TYPES = {"cme": "AMA PRA Category 1", "moc": "Medical Knowledge"}

_ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
_REQUEST = (
    '<{operation} xmlns="' + SVC + '"><ProviderId>{provider}</ProviderId><User>' + USER + "</User>"
    "<Password>" + PASSWORD + "</Password>{key}{content}</{operation}>"
)
_ACTIVITY = """<act:ACCMEActivities xmlns:act="urn:cme-gateway:pars:activity:2.0">
<m:MedicalEducationMetrics xmlns:m="http://ns.medbiq.org/metrics/v1/"><m:ReportDescription>
<m:ReportingStartDate>{year}-01-01</m:ReportingStartDate><m:ReportingEndDate>{year}-12-31</m:ReportingEndDate>
</m:ReportDescription><m:ActivityDescription>
<lom:lom xmlns:lom="http://ltsc.ieee.org/xsd/LOM" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/"><lom:general>
<lom:identifier><lom:catalog>Provider Activity ID</lom:catalog>
<lom:entry>{own_id}</lom:entry></lom:identifier>
<lom:title><lom:string>{title}</lom:string></lom:title></lom:general>
<hx:healthcareMetadata><hx:healthcareEducation>
<hx:startDateTime>{year}-06-10T00:00:00</hx:startDateTime>
<hx:endDateTime>{year}-06-11T00:00:00</hx:endDateTime>
<hx:activityFormat><lom:string>Live Course</lom:string></hx:activityFormat>
</hx:healthcareEducation></hx:healthcareMetadata></lom:lom></m:ActivityDescription><m:ParticipationMetrics/>
<m:XtensibleInfo><act:activityRecordAction>{action}</act:activityRecordAction></m:XtensibleInfo>
</m:MedicalEducationMetrics></act:ACCMEActivities>"""
_REPORTS = """<lrn:ACCMELearnerReports xmlns:lrn="urn:cme-gateway:pars:learner:2.0"
 xmlns:r="http://ns.medbiq.org/activityreport/v2/" xmlns:me="http://ns.medbiq.org/member/v2/"
 xmlns:n="http://ns.medbiq.org/name/v2/" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/"><r:ActivityReports>
<r:DateTimeCreated>{day}T00:00:00</r:DateTimeCreated><r:ReportingStartDate>{day}</r:ReportingStartDate>
<r:ReportingEndDate>{day}</r:ReportingEndDate>{records}</r:ActivityReports></lrn:ACCMELearnerReports>"""
_RECORD = """<r:ActivityReport><r:ReportingOrganization>Society of Examples</r:ReportingOrganization>
<r:Member><me:UniqueID domain="idd:trust.example:ABIM">{board_id}</me:UniqueID>
<me:UniqueID domain="idd:trust.example:ME">{licence}</me:UniqueID>
<me:Name><n:GivenName>Ada</n:GivenName><n:FamilyName>Benchworth</n:FamilyName></me:Name>
<me:PersonalInfo><me:BirthDate>1904-02-29</me:BirthDate></me:PersonalInfo></r:Member>
<r:Activity><r:ProviderOrganization>{provider}</r:ProviderOrganization><r:ActivityName>{title}</r:ActivityName>
<r:Module><r:ModuleName moduleID="{course}">{title}</r:ModuleName><r:Status>Completed</r:Status>
<r:CompletedDateTime>{day}T00:00:00</r:CompletedDateTime><r:CreditCertificate><r:CreditReceived>
<hx:activityCertification>{type}</hx:activityCertification><hx:creditUnit>Point</hx:creditUnit>
<hx:numberOfCredits>2.25</hx:numberOfCredits></r:CreditReceived><r:CreditID>{credit_id}</r:CreditID>
</r:CreditCertificate></r:Module></r:Activity>
<r:XtensibleInfo><lrn:LearnerRecordAction>{action}</lrn:LearnerRecordAction></r:XtensibleInfo></r:ActivityReport>"""


def call(operation: str, content: str, key: str | None = None, provider: str = PROVIDER) -> bytes:
    """A call as SOAP 1.1 for `/soap/v2`, with the account of a provider and maybe a SubmissionKey."""
    keyed = f"<SubmissionKey>{key}</SubmissionKey>" if key else ""
    request = _REQUEST.format(operation=operation, provider=provider, key=keyed, content=content)
    return _ENVELOPE.format(request).encode()


def save_activity(own_id: str, title: str, action: str, year: int, key: str | None = None) -> bytes:
    """Add, Update or Delete one activity, a draft."""
    return call("SaveActivity", _ACTIVITY.format(own_id=own_id, title=title, action=action, year=year), key)


def save_completions(
    people: Iterable[int], course: str, day: str, action: str, key: str | None = None
) -> bytes:
    """`add` or `delete` the completions of a course by these people, by turns for CME and for a board."""
    records = "".join(
        _RECORD.format(
            board_id=100_000 + number,
            licence=f"B{number:07}",
            provider=PROVIDER,
            title=TITLE,
            course=course,
            day=day,
            type=CREDIT_TYPES[_kind(number)],
            credit_id=credit_id(course, number),
            action=action,
        )
        for number in people
    )
    return call("SaveLearnerActivity", _REPORTS.format(records=records, day=day), key)


def credit_id(course: str, number: int) -> str:
    """The id of the credit that a person claims for a course."""
    return f"ccid:trust:{course}-{number}"


def get_activity(own_id: str) -> bytes:
    """Ask for an activity by the provider's own id."""
    return call("GetActivity", f"<ProviderActivityId>{own_id}</ProviderActivityId>")


def find_learners() -> bytes:
    """Search the newest credits of the courses."""
    return call("FindLearners", f"<ActivityTitle>{TITLE[:8]}</ActivityTitle><PageSize>20</PageSize>")


def _kind(number: int) -> str:
    return "moc" if number % 2 else "cme"
