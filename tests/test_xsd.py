"""The schema files keep to the style that lets every client and both validators read them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

import xsd
from gateway.vocabulary import FREE

ROOT = Path(xsd.__file__).parent
FILES = sorted(ROOT.rglob("*.xsd"))
ENTRIES = [path for path in FILES if path.stem == path.parent.parent.name]
XS = "{http://www.w3.org/2001/XMLSchema}"
DESCRIBED = [XS + tag for tag in ("element", "attribute", "complexType", "simpleType")]

Roots = Iterable[etree._Element]


def name_of(path: Path) -> str:
    """A schema file as the tests' output names it."""
    return str(path.relative_to(ROOT))


def read(path: Path) -> etree._Element:
    """The root of a schema file."""
    return etree.parse(str(path)).getroot()


def references(root: etree._Element) -> list[str]:
    """Where a schema file says its imports and includes are."""
    return [str(tag.get("schemaLocation")) for tag in root.iter(XS + "import", XS + "include")]


def schema_set(entry: Path) -> dict[Path, etree._Element]:
    """An entry schema and all it imports or includes, by path."""
    found: dict[Path, etree._Element] = {}
    waiting = [entry.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = read(path)
            waiting += [(path.parent / place).resolve() for place in references(found[path])]
    return found


# --- what a schema set must not have; each gives the offences it sees --------------------------------


def undescribed(roots: Roots) -> list[str]:
    """Named elements, attributes and types without a word on what they are."""
    parts = [part for root in roots for part in root.iter(*DESCRIBED) if part.get("name")]
    said = f"{XS}annotation/{XS}documentation"
    return [str(part.get("name")) for part in parts if not (part.findtext(said) or "").strip()]


def shifting_prefixes(roots: Roots) -> list[str | None]:
    """Prefixes that mean different namespaces in different places (docs/schema-style.md, rule 1)."""
    meanings = {pair for root in roots for node in root.iter() for pair in node.nsmap.items()}
    return [prefix for prefix, times in Counter(prefix for prefix, _ in meanings).items() if times > 1]


def repeated_type_names(roots: Roots) -> list[str]:
    """Type names that differ in case only, or by namespace only (docs/schema-style.md, rule 3)."""
    types = (type for root in roots for type in root.iter(XS + "complexType", XS + "simpleType"))
    names = Counter(type.get("name", "").lower() for type in types if type.get("name"))
    return [name for name, times in names.items() if times > 1]


def unkind_features(roots: Roots) -> list[str]:
    """Wildcards, nillable, default and fixed: each fails some client (docs/schema-style.md, 8 and 10)."""
    wild = [part.tag for root in roots for part in root.iter(XS + "any", XS + "anyAttribute")]
    nodes = [node for root in roots for node in root.iter(*DESCRIBED)]
    return wild + [key for node in nodes for key in ("nillable", "default", "fixed") if key in node.attrib]


def arrays_of_arrays(roots: Roots) -> list[str]:
    """Repeating elements whose type is one repeating child (docs/schema-style.md, rule 2)."""
    everything = list(roots)
    lists = {
        type.get("name") for root in everything for type in root.iter(XS + "complexType") if is_list(type)
    }
    elements = (part for root in everything for part in root.iter(XS + "element") if repeats(part))
    return [str(part.get("name")) for part in elements if part.get("type", "").split(":")[-1] in lists]


def repeats(part: etree._Element) -> bool:
    """Whether an element may stand more than once."""
    return part.get("maxOccurs", "1") != "1"


def is_list(type: etree._Element) -> bool:
    """Whether a complex type holds one repeating child and nothing else; an extension holds more."""
    parts = [part for part in type if part.tag != XS + "annotation"]
    children = list(parts[0]) if [XS + "sequence"] == [part.tag for part in parts] else []
    return len(children) == 1 and repeats(children[0])


def slow_patterns(roots: Roots) -> list[str]:
    """Patterns with a quantified group: the only ones that can take a validator exponential time."""
    patterns = [str(part.get("value")) for root in roots for part in root.iter(XS + "pattern")]
    return [pattern for pattern in patterns if re.search(r"\)[*+?{]", pattern)]


Check = Callable[[Roots], Sequence[str | None]]
CHECKS: list[Check] = [
    undescribed,
    shifting_prefixes,
    repeated_type_names,
    arrays_of_arrays,
    slow_patterns,
]
CROOKED = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:p="urn:1">
  <xs:complexType name="ListType"><xs:sequence>
    <xs:element name="item" type="xs:string" maxOccurs="unbounded" nillable="true"/>
  </xs:sequence></xs:complexType>
  <xs:element name="lists" type="ListType" maxOccurs="5"/>
  <xs:complexType name="listtype"><xs:sequence><xs:any xmlns:p="urn:2"/></xs:sequence></xs:complexType>
  <xs:simpleType name="SlowType"><xs:restriction base="xs:string">
    <xs:pattern value="(a+)+b"/>
  </xs:restriction></xs:simpleType>
</xs:schema>"""


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_schema_set_keeps_to_the_style(entry: Path, check: Check) -> None:
    """No schema set has what the style rules forbid."""
    assert [] == check(schema_set(entry).values())


@pytest.mark.parametrize("check", [*CHECKS, unkind_features], ids=lambda check: check.__name__)
def test_each_check_sees_a_crooked_schema(check: Check) -> None:
    """Negative control: a schema that breaks every style rule is seen by every check."""
    assert check([etree.fromstring(CROOKED)])


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_unkind_features_stand_only_in_the_untyped_answer(path: Path) -> None:
    """The one wildcard is the slot of GetActivityAs, which holds any version; payloads have none."""
    root = read(path)
    slots = root.findall(f".//{XS}complexType[@name='GetActivityAsResultType']//{XS}any")
    assert [slot.tag for slot in slots] == unkind_features([root])


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_references_are_relative_and_lead_somewhere(path: Path) -> None:
    """Imports resolve from disk and from a served URL alike, so none names a host or a root."""
    places = references(read(path))
    assert [] == [place for place in places if ":" in place or place.startswith("/")]
    assert [] == [place for place in places if not (path.parent / place).exists()]


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_an_entry_schema_compiles(entry: Path) -> None:
    """libxml2 and xmlschema, which share no code, both take every entry schema."""
    etree.XMLSchema(etree.parse(str(entry)))
    assert xmlschema.XMLSchema(entry).built


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_a_namespace_has_one_text(entry: Path) -> None:
    """One document per namespace in a set, but for metrics, whose extension point is kept apart."""
    spaces = Counter(root.get("targetNamespace") for root in schema_set(entry).values())
    assert set() == {space for space, times in spaces.items() if times > 1} - {
        "http://ns.medbiq.org/metrics/v1/"
    }


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_two_versions_never_share_a_schema_set(entry: Path) -> None:
    """No set holds two versions of a payload or a service, so every prefix stays unambiguous."""
    versions = {path.parent for path in schema_set(entry) if re.fullmatch(r"v\d+(_\d+)?", path.parent.name)}
    assert len({folder.parent for folder in versions}) == len(versions)


def test_payload_versions_are_dated() -> None:
    """versions.toml knows exactly the payload versions that have a folder, each with its first day."""
    table = tomllib.loads((ROOT / "versions.toml").read_text("utf-8"))
    folders = {entry.parent.name[1:].replace("_", ".") for entry in ROOT.glob("activity/*/activity.xsd")}
    assert folders == set(table["activity"])
    assert {date} == {type(dates["introduced"]) for dates in table["activity"].values()}


# --- what the activity schemas take and refuse -----------------------------------------------------


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


TAKEN = [
    ("1.0", ""),
    ("1.0", "<HoursOfInstruction>0</HoursOfInstruction><ProviderID>0001234</ProviderID>"),
    ("1.0", "<ProviderID>0001234</ProviderID><HoursOfInstruction>6.5</HoursOfInstruction>"),
    ("1.0", in_kind("<source>A</source><inKindType>Other</inKindType><inKindType>B</inKindType>")),
    ("2.0", in_kind("<source>A</source>")),
    ("2.0", f"<FeeForParticipation>{FREE}</FeeForParticipation>"),
    ("2.0", "<FeeForParticipation>No, it's free</FeeForParticipation>"),
    ("2.0", "<REMS><REMSType>Mycophenolate</REMSType></REMS><ForPublicList>0</ForPublicList>"),
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
