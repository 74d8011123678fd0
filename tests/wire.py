"""What a client without any toolkit puts on the wire, and what it makes of the answers."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree
from served import ACCOUNT, Served

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SECONDS = 60

COURSE = """\
<ACCMEActivities xmlns="urn:cme-gateway:pars:activity:2.0" xmlns:m="http://ns.medbiq.org/metrics/v1/"
    xmlns:lom="http://ltsc.ieee.org/xsd/LOM" xmlns:hx="http://ns.medbiq.org/lom/extend/v1/"
    xmlns:a="http://ns.medbiq.org/address/v1/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <m:MedicalEducationMetrics>
    <m:ReportDescription>
      <m:ReportingStartDate>2025-03-10</m:ReportingStartDate>
      <m:ReportingEndDate>2025-03-11</m:ReportingEndDate>
    </m:ReportDescription>
    <m:ActivityDescription>
      <lom:lom>
        <lom:general>
          <lom:identifier>
            <lom:catalog>Provider Activity ID</lom:catalog>
            <lom:entry>{own_id}</lom:entry>
          </lom:identifier>
          <lom:title><lom:string>{title}</lom:string></lom:title>
        </lom:general>
        <hx:healthcareMetadata>
          <hx:healthcareEducation>
            <hx:credits>
              <hx:activityCertification>AMA PRA Category 1</hx:activityCertification>
              <hx:nonAccreditedProvider>Lakeside Heart Club</hx:nonAccreditedProvider>
              <hx:numberOfCredits>6.50</hx:numberOfCredits>
            </hx:credits>
            <hx:activityLocation>
              <a:City>Duluth</a:City>
              <a:StateOrProvince>MN</a:StateOrProvince>
              <a:Country><a:CountryCode>USA</a:CountryCode></a:Country>
            </hx:activityLocation>
            <hx:startDateTime>2025-03-10T00:00:00</hx:startDateTime>
            <hx:endDateTime>2025-03-11T00:00:00</hx:endDateTime>
            <hx:activitySponsorship>joint</hx:activitySponsorship>
            <hx:activityFormat><lom:string>Live Course</lom:string></hx:activityFormat>
          </hx:healthcareEducation>
        </hx:healthcareMetadata>
      </lom:lom>
    </m:ActivityDescription>
    <m:ParticipationMetrics>
      <m:ParticipantsByCategory category="physician">12</m:ParticipantsByCategory>
    </m:ParticipationMetrics>
    <m:XtensibleInfo>
      <DeliveryMethods><DeliveryMethod>In-Person</DeliveryMethod></DeliveryMethods>
      <ForPublicList>false</ForPublicList>
      <MeasuredOutcomes>
        <MeasuredOutcome>
          <Outcome>Patient Health</Outcome>
          <MeasurementType>Objective</MeasurementType>
        </MeasuredOutcome>
      </MeasuredOutcomes>
    </m:XtensibleInfo>
  </m:MedicalEducationMetrics>
</ACCMEActivities>"""


def course(own_id: str, title: str = "Asthma") -> str:
    """A course in payload version 2.0."""
    return COURSE.format(own_id=escape(own_id), title=escape(title))


def newest_course(own_id: str) -> str:
    """The same course in payload version 2.1, which says no less."""
    return course(own_id).replace(":activity:2.0", ":activity:2.1")


def old_course(own_id: str) -> str:
    """The same course as version 1.0 tells it, without what came later."""
    old = course(own_id).replace(":activity:2.0", ":activity:1.0").replace("Live Course", "C")
    start, _, rest = old.partition("      <DeliveryMethods>")
    return start + "      <HoursOfInstruction>6.5</HoursOfInstruction>\n    " + rest[rest.index("</m:Xten") :]


def parameters(**values: str) -> str:
    """Parameters of a call, those of the demo account first."""
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in {**ACCOUNT, **values}.items())


def envelope(version: str, operation: str, content: str) -> bytes:
    """A SOAP 1.1 call of an operation; what is in it is written without a prefix."""
    request = plain(version, operation, content).decode()
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{request}</s:Body></s:Envelope>'.encode()


def plain(version: str | None, operation: str, content: str) -> bytes:
    """The same without the envelope, of no version if that is None."""
    declared = f' xmlns="urn:cme-gateway:service:{version}"' if version else ""
    return f"<{operation}{declared}>{content}</{operation}>".encode()


def saving(version: str, payload: str, **values: str) -> bytes:
    """A SaveActivity call with a payload as it is written."""
    return envelope(version, "SaveActivity", parameters(**values) + payload)


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer of whatever status; that it is well-formed is part of every test."""

    status: int
    root: etree._Element

    def texts(self, name: str) -> list[str]:
        """The texts of all elements of a name, in document order."""
        return [element.text or "" for element in self.root.iter(f"{{*}}{name}")]

    @property
    def findings(self) -> list[dict[str, str]]:
        """The findings, each with its parts by name."""
        parts = (
            {etree.QName(part).localname: part for part in found} for found in self.root.iter("{*}Finding")
        )
        return [{name: part.text or "" for name, part in found.items()} for found in parts]

    @property
    def told(self) -> tuple[int, str]:
        """The status, and what became of the first record or else the code of the fault."""
        return self.status, (self.texts("Action") or self.texts("Code"))[0]


def post(
    served: Served, version: str, body: bytes | Iterator[bytes], headers: dict[str, str] | None = None
) -> Answer:
    """Send a body on a connection of its own, to the endpoint of a service version or to a path."""
    connection = connect(served)
    try:
        return exchange(connection, version, body, headers)
    finally:
        connection.close()


def connect(served: Served) -> http.client.HTTPConnection:
    """A connection to a gateway, to be closed by the caller."""
    return http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=SECONDS)


def exchange(
    connection: http.client.HTTPConnection,
    version: str,
    body: bytes | Iterator[bytes],
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send a body, whole or in chunks, and read the answer, which may stand before all was sent."""
    named = {"Content-Type": "text/xml; charset=utf-8", **(headers or {})}
    chunked = not isinstance(body, bytes)
    with suppress(BrokenPipeError, ConnectionResetError):  # as urllib3 does, and so most clients in Python
        path = version if version.startswith("/") else f"/soap/{version}"
        connection.request("POST", path, body, named, encode_chunked=chunked)
    response = connection.getresponse()
    return Answer(response.status, etree.fromstring(response.read()))
