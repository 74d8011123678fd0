"""Payloads as senders write them: small documents put together from parts, and what is read of them."""

from __future__ import annotations

from datetime import date

from lxml import etree

from gateway import intake, schemas
from gateway.intake import Limits
from gateway.records import ActivityEntry, Finding
from gateway.schema import Reader, Reading

TODAY = date(2026, 6, 1)
READER = Reader(schemas.VERSIONS, Limits())
V1, V2, *_ = schemas.VERSIONS
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


def parse(xml: str | bytes) -> etree._Element:
    """A document as it comes through the rim."""
    return intake.parse(xml.encode() if isinstance(xml, str) else xml, Limits()).root


def read(xml: str | bytes, reader: Reader = READER) -> Reading:
    """What a document is read as, on a pinned day."""
    return reader.read(parse(xml), TODAY)


def entry(xml: str | bytes, reader: Reader = READER) -> ActivityEntry:
    """The only record of a document."""
    (only,) = read(xml, reader).entries
    return only


def told(one: ActivityEntry) -> tuple[Finding, ...]:
    """What is found in a record, and which of its fields were derived if it is a new one."""
    return (*one.findings, *(one.derived(one.activity) if one.activity else ()))


def codes(one: ActivityEntry) -> list[str]:
    """The codes found in a record, in order."""
    return [finding.code for finding in told(one)]
