"""Messages as a sender writes them, by hand, and the schemas every answer has to satisfy."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from fakes import PASSWORD, PROVIDER, USER
from lxml import etree

Element = etree._Element

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SVC = "urn:cme-gateway:service:v2"
FAULT = "urn:cme-gateway:fault:1"
CREDENTIALS = f"<ProviderId>{PROVIDER}</ProviderId><User>{USER}</User><Password>{PASSWORD}</Password>"
METRICS = "http://ns.medbiq.org/metrics/v1/"


def activity(
    own_id: str = "SPRING-27", title: str = "Asthma in Schools", extension: str = "", version: str = "2.0"
) -> str:
    """One record: a Draft, or an open course of 1.0; extension elements have the prefix `act`."""
    format = "C" if version == "1.0" else "Live Course"
    end = "" if version == "1.0" else "<hx:endDateTime>2027-01-11T00:00:00</hx:endDateTime>"
    return f"""<m:MedicalEducationMetrics xmlns:m="{METRICS}">
<m:ReportDescription>
<m:ReportingStartDate>2027-01-01</m:ReportingStartDate><m:ReportingEndDate>2027-12-31</m:ReportingEndDate>
</m:ReportDescription>
<m:ActivityDescription>
<lom:lom xmlns:lom="http://ltsc.ieee.org/xsd/LOM" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/">
<lom:general>
<lom:identifier>
<lom:catalog>Provider Activity ID</lom:catalog><lom:entry>{own_id}</lom:entry>
</lom:identifier>
<lom:title><lom:string>{title}</lom:string></lom:title>
</lom:general>
<hx:healthcareMetadata><hx:healthcareEducation>
<hx:startDateTime>2027-01-10T00:00:00</hx:startDateTime>{end}
<hx:activityFormat><lom:string>{format}</lom:string></hx:activityFormat>
</hx:healthcareEducation></hx:healthcareMetadata>
</lom:lom>
</m:ActivityDescription>
<m:ParticipationMetrics/>
<m:XtensibleInfo>{extension}</m:XtensibleInfo>
</m:MedicalEducationMetrics>"""


def payload(*records: str, version: str = "2.0", namespace: str | None = None) -> str:
    """Records in their wrapper."""
    namespace = f"urn:cme-gateway:pars:activity:{version}" if namespace is None else namespace
    content = "".join(records or (activity(version=version),))
    return f'<act:ACCMEActivities xmlns:act="{namespace}">{content}</act:ACCMEActivities>'


def request(operation: str, *parts: str, credentials: str = CREDENTIALS, namespace: str = SVC) -> str:
    """An operation's element."""
    return f'<{operation} xmlns="{namespace}">{credentials}{"".join(parts)}</{operation}>'


def envelope(*bodies: str, header: str = "", namespace: str = SOAP) -> bytes:
    """A SOAP envelope in UTF-8."""
    content = f"<s:Body>{''.join(bodies)}</s:Body>"
    return f'<s:Envelope xmlns:s="{namespace}">{header}{content}</s:Envelope>'.encode()


@cache
def schema(path: str) -> etree.XMLSchema:
    """One of our schemas, compiled by libxml2."""
    with as_file(files("xsd")) as folder:
        return etree.XMLSchema(file=str(folder / path))


def check_answer(answer: Element, version: str = "v2") -> None:
    """An answer is valid by the schema of its service version, as a caller's tools will judge it."""
    copy = etree.fromstring(etree.tostring(answer))
    schema(f"service/{version}/service.xsd").assertValid(copy)


def check_fault(fault: Element) -> None:
    """A fault element is valid by its schema, and bounded."""
    copy = etree.fromstring(etree.tostring(fault))
    schema("fault/v1/fault.xsd").assertValid(copy)
    assert 100 >= len(copy.findall(f"{{{FAULT}}}Finding"))


def text(element: Element, name: str) -> str | None:
    """The text of the first element of that local name, anywhere below."""
    return element.findtext(f".//{{*}}{name}")


def texts(element: Element, name: str) -> list[str | None]:
    """The texts of all elements of that local name, anywhere below."""
    return [found.text for found in element.iterfind(f".//{{*}}{name}")]
