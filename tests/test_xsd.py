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


def knotty_choices(roots: Roots) -> list[str]:
    """Choices that repeat, or hold more than elements that stand once (docs/schema-style.md, rule 12)."""
    choices = [choice for root in roots for choice in root.iter(XS + "choice")]
    return [choice.tag for choice in choices if repeats(choice) or not all(map(is_plain, choice))]


def is_plain(part: etree._Element) -> bool:
    """Whether a part of a content model is an element that stands exactly once."""
    return part.tag == XS + "element" and not repeats(part) and "minOccurs" not in part.attrib


def slow_patterns(roots: Roots) -> list[str]:
    """Patterns that can take a validator more than linear time: a quantified group, or two runs of any
    characters. libxml2 gives up or takes minutes on 100 KB of dots against the official idd:x.y:z."""
    patterns = [str(part.get("value")) for root in roots for part in root.iter(XS + "pattern")]
    return [pattern for pattern in patterns if re.search(r"\)[*+?{]|\\S[*+].*\\S[*+]", pattern)]


Check = Callable[[Roots], Sequence[str | None]]
CHECKS: list[Check] = [
    undescribed,
    shifting_prefixes,
    repeated_type_names,
    arrays_of_arrays,
    knotty_choices,
    slow_patterns,
]
CROOKED = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:p="urn:1">
  <xs:complexType name="ListType"><xs:sequence>
    <xs:element name="item" type="xs:string" maxOccurs="unbounded" nillable="true"/>
  </xs:sequence></xs:complexType>
  <xs:element name="lists" type="ListType" maxOccurs="5"/>
  <xs:complexType name="EitherType"><xs:choice maxOccurs="2"/></xs:complexType>
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


@pytest.mark.parametrize(
    ("pattern", "slow"), [(r"idd:\S*\.\S*:\S*", True), ("(a+)+b", True), (r"a:\S+", False)]
)
def test_slow_patterns_are_known(pattern: str, slow: bool) -> None:
    """Negative control: the two kinds of slow patterns are seen, and a quick one passes."""
    part = etree.fromstring(f'<xs:pattern xmlns:xs="{XS[1:-1]}"/>')
    part.set("value", pattern)
    assert slow == bool(slow_patterns([part]))


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


def reached(entry: Path) -> list[Path]:
    """The files of a schema set in the order in which a reader comes by them, imports at once."""
    found: list[Path] = []

    def go(path: Path) -> None:
        if path not in found:
            found.append(path)
            for place in references(read(path)):
                go((path.parent / place).resolve())

    go(entry.resolve())
    return found


def included(path: Path) -> set[Path]:
    """A file and all that it includes, which has the same namespace."""
    places = [str(tag.get("schemaLocation")) for tag in read(path).iter(XS + "include")]
    return {path}.union(*(included((path.parent / place).resolve()) for place in places))


def split_namespaces(paths: Iterable[Path]) -> list[str]:
    """Namespaces whose first file does not include all their others: a reader that loads a namespace
    once would not see those."""
    spaces: dict[str, list[Path]] = {}
    for path in paths:
        spaces.setdefault(str(read(path).get("targetNamespace")), []).append(path)
    return [space for space, files in spaces.items() if not set(files) <= included(files[0])]


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_a_namespace_is_whole_where_it_is_first_met(entry: Path) -> None:
    """One text per namespace: where it has several files, the first one met includes the others."""
    assert [] == split_namespaces(reached(entry))


def test_a_namespace_met_by_its_part_first_is_seen() -> None:
    """Negative control: the service that imports activities before learners would be complained of."""
    entries = [ROOT / f"{name}/v1_0/{name}.xsd" for name in ("activity", "learner")]
    paths = [path for entry in entries for path in reached(entry)]
    assert ["http://ns.medbiq.org/activityreport/v1/"] == split_namespaces(dict.fromkeys(paths))


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_two_versions_never_share_a_schema_set(entry: Path) -> None:
    """No set holds two versions of a payload or a service, so every prefix stays unambiguous."""
    versions = {path.parent for path in schema_set(entry) if re.fullmatch(r"v\d+(_\d+)?", path.parent.name)}
    assert len({folder.parent for folder in versions}) == len(versions)


def test_payload_versions_are_dated() -> None:
    """versions.toml knows exactly the payload versions that have a folder, each with its first day."""
    table = tomllib.loads((ROOT / "versions.toml").read_text("utf-8"))
    assert {"activity", "learner"} == set(table)
    for payload, versions in table.items():
        entries = ROOT.glob(f"{payload}/*/{payload}.xsd")
        assert {entry.parent.name[1:].replace("_", ".") for entry in entries} == set(versions)
        assert {date} == {type(dates["introduced"]) for dates in versions.values()}
