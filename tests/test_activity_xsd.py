"""What the activity schemas take and refuse, extension by extension."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

import xsd
from gateway.vocabulary import FREE

ROOT = Path(xsd.__file__).parent


def document(version: str, extensions: str, general: str = "") -> etree._Element:
    """A record with nothing but what must stand, and the given extension elements."""
    return etree.fromstring(f"""
      <ACCMEActivities xmlns="urn:cme-gateway:pars:activity:{version}" schemaVersion="{version}"
                       xmlns:m="http://ns.medbiq.org/metrics/v1/" xmlns:lom="http://ltsc.ieee.org/xsd/LOM">
        <m:MedicalEducationMetrics>
          <m:ReportDescription>
            <m:ReportingStartDate>2026-01-01</m:ReportingStartDate><m:ReportingEndDate>2026-12-31</m:ReportingEndDate>
          </m:ReportDescription>
          <m:ActivityDescription><lom:lom><lom:general>{general}</lom:general></lom:lom></m:ActivityDescription>
          <m:ParticipationMetrics/>
          <m:XtensibleInfo>{extensions}</m:XtensibleInfo>
        </m:MedicalEducationMetrics>
      </ACCMEActivities>""")


def takes(version: str, extensions: str, general: str = "") -> bool:
    """Whether the activity schema of a version accepts the record."""
    path = ROOT / "activity" / f"v{version.replace('.', '_')}" / "activity.xsd"
    schema = etree.XMLSchema(etree.parse(str(path)))
    return bool(schema.validate(document(version, extensions, general)))


def in_kind(support: str) -> str:
    """One support in kind, in its container."""
    return f"<InKindSupports><InKindSupport>{support}</InKindSupport></InKindSupports>"


def registered(more: str) -> str:
    """A registration with a board, in its container."""
    one = f"<MOCRegistration><boardName>ABOHNS</boardName>{more}</MOCRegistration>"
    return f"<MOCRegistrations>{one}</MOCRegistrations>"


def outline(keys: str) -> str:
    """A selection from a content outline."""
    source = "<ContentOutlineSource>01_ABAMCO</ContentOutlineSource>"
    return f"<ContentOutlineSelections>{source}{keys}</ContentOutlineSelections>"


def state(more: str = "") -> str:
    """A subject that states ask for."""
    return f"<StateContent><StateContentDomain>Opioids</StateContentDomain>{more}</StateContent>"


def repeated(instance: str) -> str:
    """A further instance, in its container."""
    return f"<RepeatInstances><RepeatInstance>{instance}</RepeatInstance></RepeatInstances>"


EG = "<REMSRelatedIdentifier>EG-123456-001</REMSRelatedIdentifier>"
KEY = (
    "<ContentOutlineKeys><ContentKeyword>Tag ID</ContentKeyword>"
    "<ContentKeywordValue>7</ContentKeywordValue></ContentOutlineKeys>"
)
TAKEN = [
    ("1.0", ""),
    ("1.0", "<HoursOfInstruction>0</HoursOfInstruction><ProviderID>0001234</ProviderID>"),
    ("1.0", "<ProviderID>0001234</ProviderID><HoursOfInstruction>6.5</HoursOfInstruction>"),
    ("1.0", in_kind("<source>A</source><inKindType>Other</inKindType><inKindType>B</inKindType>")),
    ("2.0", in_kind("<source>A</source>")),
    ("2.0", f"<FeeForParticipation>{FREE}</FeeForParticipation>"),
    ("2.0", "<FeeForParticipation>No, it's free</FeeForParticipation>"),
    ("2.0", "<REMS><REMSType>Mycophenolate</REMSType></REMS><ForPublicList>0</ForPublicList>"),
    ("2.1", "<REMS><REMSType>Mycophenolate</REMSType></REMS><ForPublicList>0</ForPublicList>"),
    ("2.1", f"<REMS><REMSType>Mycophenolate</REMSType>{2 * EG}</REMS>"),
    ("2.1", f"<REMS>{EG}</REMS>"),
    ("2.1", registered("<MOCPracticeArea>Otology</MOCPracticeArea><MOCAttestation>1</MOCAttestation>")),
    ("2.1", f"<ContentOutlines>{outline(KEY + KEY)}{outline(KEY)}</ContentOutlines>"),
    ("2.1", "<HasStateContentTags>true</HasStateContentTags><isInterprofessional>0</isInterprofessional>"),
    (
        "2.1",
        f"<StateContentTags>{state('<StateContentTopic>B</StateContentTopic>')}{state()}</StateContentTags>",
    ),
    ("2.1", "<PharmacyActivityTopic>99-Additional Topic Areas</PharmacyActivityTopic>"),
    ("2.1", "<PharmacySequenceNumber>9999</PharmacySequenceNumber>"),
    ("2.1", "<HasPharmacyRecertifications>not sure</HasPharmacyRecertifications>"),
    ("2.1", repeated("<StartDate>2026-03-10</StartDate>")),
    ("2.1", repeated("<StartDate>2026-03-10</StartDate><City>Lyon</City><Country>FRA</Country>")),
]
REFUSED = [
    ("1.0", "<ProviderID>001234</ProviderID>"),
    ("1.0", "<HoursOfInstruction>-1</HoursOfInstruction>"),
    ("1.0", "<Competencies/>"),
    ("1.0", "<ForPublicList>true</ForPublicList>"),
    ("1.0", "<activityRecordAction>add</activityRecordAction>"),
    ("2.0", "<ForPublicList>true</ForPublicList><ForPublicList>true</ForPublicList>"),
    ("2.0", "<HoursOfInstruction>1</HoursOfInstruction>"),
    ("2.0", "<DeliveryMethods/>"),
    ("2.0", in_kind("<source/>")),
    ("2.0", in_kind("<source>A</source><inKindType>Other</inKindType>")),
    ("2.0", "<MeasuredOutcomes><MeasuredOutcome/></MeasuredOutcomes>"),
    ("2.0", "<FeeForParticipation>No</FeeForParticipation>"),
    ("2.0", registered("<MOCAttestation>1</MOCAttestation>")),
    ("2.0", repeated("<StartDate>2026-03-10</StartDate>")),
    ("2.1", "<HoursOfInstruction>1</HoursOfInstruction>"),
    ("2.1", f"<ContentOutlines>{outline('')}</ContentOutlines>"),
    ("2.1", "<StateContentTags/>"),
    ("2.1", f"<REMS>{EG}<REMSType>Mycophenolate</REMSType></REMS>"),
    ("2.1", "<PharmacyActivityTopic>09-Gardening</PharmacyActivityTopic>"),
    ("2.1", "<PharmacySequenceNumber>0</PharmacySequenceNumber>"),
    ("2.1", "<PharmacyActivityType>Theory</PharmacyActivityType>"),
    ("2.1", "<HasPharmacyContentTags>1</HasPharmacyContentTags>"),
    ("2.1", repeated("<EndDate>2026-03-10</EndDate>")),
    ("2.1", "<RepeatInstances/>"),
]


@pytest.mark.parametrize(("version", "extensions"), TAKEN)
def test_extensions_in_any_order_are_taken(version: str, extensions: str) -> None:
    """Extension elements of the version stand in any order, and none must stand."""
    assert takes(version, extensions)


@pytest.mark.parametrize(("version", "extensions"), REFUSED)
def test_wrong_extensions_are_refused(version: str, extensions: str) -> None:
    """Empty plurals, doubles, unknown words and another version's elements do not pass."""
    assert not takes(version, extensions)


@pytest.mark.parametrize(
    ("general", "taken"),
    [
        ("<lom:title><lom:string language='en'>Sleep</lom:string></lom:title>", True),
        ("<lom:title/>", False),
        ("<lom:title><lom:string>Sleep</lom:string><lom:string>Schlaf</lom:string></lom:title>", False),
        ("<lom:identifier><lom:catalog>URL</lom:catalog></lom:identifier>", False),
        ("<lom:keyword id='Tag ID' source='01_ABAMCO'><lom:string>12</lom:string></lom:keyword>", True),
    ],
)
def test_a_text_is_one_string_and_an_identifier_is_whole(general: str, taken: bool) -> None:
    """A title, description or keyword holds exactly one string; an identifier has both its parts."""
    assert taken == takes("2.0", "", general)
