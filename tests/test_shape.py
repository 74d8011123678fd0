"""The judge: what clients really send is accepted, and what is wrong is said whole, at its place."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
import xmlschema
from lxml import etree
from payloads import (
    CREDITS,
    DOMAINS,
    END,
    FORMAT,
    MEMBER,
    OFFICIAL,
    OWN_ID,
    READER,
    REPORT,
    START,
    TITLE,
    TODAY,
    V2,
    codes,
    completion,
    document,
    entry,
    legacy,
    parse,
    read,
    record,
    report,
    reports,
)

import xsd
from gateway import explaining, findings, rules, shape
from gateway.errors import Malformed
from gateway.model import local_name
from gateway.records import NOWHERE, ActivityEntry, Finding, Severity
from gateway.schema import sent
from gateway.schemas.activity import NAMESPACES
from gateway.shape import Judge

PATH = "/act:ACCMEActivities/m:MedicalEducationMetrics"
LOM = f"{PATH}/m:ActivityDescription/lom:lom"
EDUCATION = f"{LOM}/hx:healthcareMetadata/hx:healthcareEducation"
EXTENSION = f"{PATH}/m:XtensibleInfo"


def told(one: ActivityEntry) -> list[tuple[str, str]]:
    """What was found, and where."""
    return [(finding.code, finding.path) for finding in one.findings]


def only(one: ActivityEntry) -> Finding:
    """The one thing found."""
    (found,) = one.findings
    return found


# --- everything at once, at its place ----------------------------------------------------------------


BROKEN = f"""<ACCMEActivities xmlns="urn:cme-gateway:pars:activity:2.0" {OFFICIAL}>
<m:MedicalEducationMetrics>
<m:ReportDescription/>
<m:ActivityDescription>
<lom:lom><lom:general>
<lom:tilte><lom:string>Stroke</lom:string></lom:tilte>
</lom:general><hx:healthcareMetadata><hx:healthcareEducation>
<hx:startDateTime>2026-02-30</hx:startDateTime>
<hx:activitySponsorship>shared</hx:activitySponsorship>
</hx:healthcareEducation></hx:healthcareMetadata></lom:lom>
<m:CommercialSupportAmount currency="">5</m:CommercialSupportAmount>
</m:ActivityDescription>
<m:ParticipationMetrics>
<m:ParticipantsByCategory kind="physician">1</m:ParticipantsByCategory>
</m:ParticipationMetrics>
<m:XtensibleInfo>
<ForPublicList>true</ForPublicList>
<ForPublicList>maybe</ForPublicList>
</m:XtensibleInfo>
</m:MedicalEducationMetrics>
</ACCMEActivities>"""


def test_everything_wrong_is_said_at_once() -> None:
    """Two missing, a misspelt, a wrong date and word, two attributes, a duplicate: all are told."""
    found = entry(BROKEN).findings
    assert [
        ("X021", "ReportingStartDate", f"{PATH}/m:ReportDescription", 3),
        ("X021", "ReportingEndDate", f"{PATH}/m:ReportDescription", 3),
        ("X020", "tilte", f"{LOM}/lom:general/lom:tilte", 6),
        ("X023", "startDateTime", f"{EDUCATION}/hx:startDateTime", 8),
        ("X023", "activitySponsorship", f"{EDUCATION}/hx:activitySponsorship", 9),
        ("X027", "CommercialSupportAmount", f"{PATH}/m:ActivityDescription/m:CommercialSupportAmount", 11),
        ("X026", "ParticipantsByCategory", f"{PATH}/m:ParticipationMetrics/m:ParticipantsByCategory", 14),
        ("X022", "ForPublicList", f"{EXTENSION}/act:ForPublicList[2]", 18),
        ("X023", "ForPublicList", f"{EXTENSION}/act:ForPublicList[2]", 18),
    ] == [(one.code, one.field, one.path, one.line) for one in found]
    assert {Severity.ERROR} == {one.severity for one in found}
    assert [
        "Add ReportingStartDate.",
        "Add ReportingEndDate.",
        "Did you mean title?",
        "Write a date, YYYY-MM-DD or YYYY-MM-DDT00:00:00.",
        "Write one of: direct, joint.",
        "Write a text, with no fewer characters than 1.",
        "Leave it out.",
        "Keep one.",
        "Write true or false.",
    ] == [one.remedy for one in found]
    assert "“maybe”" in found[-1].text
    assert "“shared”" in found[4].text


def test_the_ids_of_a_broken_record_are_made_out() -> None:
    """A refused record is still told apart by its own id."""
    broken = entry(document(record(extension="<ForPublicList>maybe</ForPublicList>")))
    assert (None, "DMS-1") == (broken.activity, broken.provider_activity_id)


def test_paths_point_into_the_document_as_it_was_sent() -> None:
    """Tidying removes, sorts and renames; a finding's path still leads to its element as it was sent."""
    keywords = [f"<lom:keyword><lom:string>k{number}</lom:string></lom:keyword>" for number in range(3)]
    general = f"{keywords[0]}{OWN_ID}<lom:keyword/>{keywords[1]}{TITLE}<lom:keyword><lom:oops/></lom:keyword>"
    sent = document(record(), record(general=general))
    root = parse(sent)
    places = [(one.code, one.path) for one in READER.read(root, TODAY).entries[1].findings]
    prefixes = {"act": V2.namespace, **NAMESPACES}
    untouched = etree.fromstring(sent)
    for code, path in places:
        (element,) = cast("list[etree._Element]", untouched.xpath(path, namespaces=prefixes))
        wanted = {"X020": "oops", "X021": "keyword", "X031": "keyword"}[code]
        assert wanted == etree.QName(element).localname
    assert f"{PATH}[2]/m:ActivityDescription/lom:lom/lom:general/lom:keyword[4]" in dict(places).values()


def test_a_later_finding_of_a_rule_points_into_the_document_as_sent() -> None:
    """What the rules find after tidying is told by the place at which it was sent as well."""
    credits = "<hx:credits/><hx:credits><hx:numberOfCredits>1</hx:numberOfCredits></hx:credits>"
    one = entry(document(record(education=END + credits + START + FORMAT)))
    assert f"{EDUCATION}/hx:credits[2]" == one.place("credits").path
    assert f"{EDUCATION}/hx:startDateTime" == one.place("start_date").path
    assert f"{EXTENSION}/act:ForPublicList" == one.place("passport").path
    assert ("ForPublicList", 1) == (one.place("passport").field, one.place("passport").line)


@pytest.mark.parametrize("before", [0, 65_533, 65_534, 65_535, 100_000])
def test_lines_are_right_however_long_the_document(before: int) -> None:
    """libxml2 keeps lines up to 65,535 in an element; beyond that they are told right all the same."""
    lines = BROKEN.split("\n")
    lines[15] += "\n" * before
    wanted = [18 + before, 18 + before]
    assert wanted == [one.line for one in entry("\n".join(lines)).findings[-2:]]
    lines = BROKEN.split("\n")
    lines[0] += "\n" * before
    wanted = [line + before for line in (3, 3, 6, 8, 9, 11, 14, 18, 18)]
    assert wanted == [one.line for one in entry("\n".join(lines)).findings]


# --- what clients really send -------------------------------------------------------------------------


def clean(xml: str) -> ActivityEntry:
    """A record that is accepted without a word."""
    one = entry(xml)
    assert [] == codes(one)
    assert one.activity is not None
    return one


def test_children_in_any_order_are_accepted() -> None:
    """Clients that know no order are read as those that keep it."""
    parts = [OWN_ID, TITLE, "<lom:description><lom:string>d</lom:string></lom:description>"]
    wanted = clean(document(record(general="".join(parts)))).activity
    assert wanted == clean(document(record(general="".join(reversed(parts))))).activity
    shuffled = etree.fromstring(document(record(general="".join(parts))))
    for element in list(shuffled.iter("{*}*"))[1:]:
        element[:] = list(reversed(element))
    assert wanted == clean(etree.tostring(shuffled, encoding="unicode")).activity


NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="{}"'


@pytest.mark.parametrize("content", ["", " \n ", "{nil}"])
@pytest.mark.parametrize(
    "element",
    [
        "<ForPublicList{}>{}</ForPublicList>",
        "<CommendationTags{}>{}</CommendationTags>",
        "<CommendationTags><CommendationTag{}>{}</CommendationTag></CommendationTags>",
        "<MOCRegistrations><MOCRegistration><boardName{}>{}</boardName></MOCRegistration></MOCRegistrations>",
        "<REMS><REMSType{}>{}</REMSType></REMS>",
    ],
)
def test_nil_and_empty_count_as_absent(element: str, content: str) -> None:
    """An optional element that is nil, empty, or holds nothing but such elements, is as if not sent."""
    nil = f" {NIL.format('true')}" if content == "{nil}" else ""
    extension = element.format(nil, "" if nil else content)
    assert clean(document()).activity == clean(document(record(extension=extension))).activity


def test_a_nil_that_must_stand_is_missing() -> None:
    """Nil means absent, also where absent is wrong."""
    report = f"<m:ReportingStartDate {NIL.format('1')}/><m:ReportingEndDate>2026-03-11</m:ReportingEndDate>"
    assert [("X021", f"{PATH}/m:ReportDescription")] == told(entry(document(record(report=report))))


def test_a_nil_that_is_false_says_nothing() -> None:
    """`xsi:nil="false"` keeps its value."""
    extension = f"<ForPublicList {NIL.format('false')}>true</ForPublicList>"
    activity = clean(document(record(extension=extension))).activity
    assert activity is not None
    assert True is activity.passport


@pytest.mark.parametrize("nil", ["", NIL.format("true")])
def test_what_names_its_source_is_not_absent(nil: str) -> None:
    """A nil element with an attribute that says something is told like an empty one: nothing gets lost."""
    description = f'<m:CommercialSupportAmount supportSource="Northern Devices" {nil}/>'
    found = only(entry(document(record(description=description))))
    assert ("X023", "Write a whole number from 1 to 999999999999999999.") == (found.code, found.remedy)


@pytest.mark.parametrize(
    ("whole", "name"),
    [
        (f"<FeeForParticipation {NIL.format('true')}>Yes</FeeForParticipation>", "FeeForParticipation"),
        (f"<closeActivityRecord {NIL.format('1')}>true</closeActivityRecord>", "closeActivityRecord"),
        (f"<REMS {NIL.format('true')}><REMSType>x</REMSType></REMS>", "REMS"),
        (f"<REMS {NIL.format('true')}><REMSType/>x</REMS>", "REMS"),
    ],
)
def test_a_nil_that_holds_something_is_refused(whole: str, name: str) -> None:
    """What is said to be absent and is there is not dropped: nobody knows which is meant."""
    made = entry(document(record(extension=whole)))
    assert ("X035", f"{PATH}/m:XtensibleInfo/act:{name}") in told(made)
    assert made.activity is None


def test_a_nil_that_holds_something_is_refused_where_it_is_official() -> None:
    """In the parts of MedBiquitous as in ours."""
    nil = NIL.format("true")
    general = f"{OWN_ID}{TITLE}<lom:description {nil}><lom:string>d</lom:string></lom:description>"
    found = only(entry(document(record(general=general))))
    assert ("X035", "description", "Leave out xsi:nil, or the content.") == (
        found.code,
        found.field,
        found.remedy,
    )


def test_a_text_behind_what_counts_as_absent_is_told() -> None:
    """It does not leave with the empty element before it."""
    extension = (
        "<CommendationTags><CommendationTag/>lost<CommendationTag>x</CommendationTag></CommendationTags>"
    )
    assert "X046" in {code for code, _ in told(entry(document(record(extension=extension))))}


def test_an_empty_one_of_many_is_absent() -> None:
    """A list with a blank among its values is the list of the others."""
    extension = "<CommendationTags><CommendationTag/><CommendationTag>x</CommendationTag></CommendationTags>"
    activity = clean(document(record(extension=extension))).activity
    assert activity is not None
    assert ("x",) == activity.commendation_tags


@pytest.mark.parametrize(
    "time", ["", "Z", "+14:00", "T00:00:00", "T23:59:59.999999", "T00:00:00.000Z", "T24:00:00"]
)
def test_of_a_date_the_part_as_written_counts(time: str) -> None:
    """Dates come with zones, times and microseconds, or without a time where one is asked for."""
    zone = time if time in ("Z", "+14:00") else ""
    report = (
        f"<m:ReportingStartDate>2026-03-10{time}</m:ReportingStartDate>"
        f"<m:ReportingEndDate>2026-03-11{zone}</m:ReportingEndDate>"
    )
    education = f"<hx:startDateTime>2026-03-10{time}</hx:startDateTime>{END}{FORMAT}"
    assert clean(document()).activity == clean(document(record(report=report, education=education))).activity


@pytest.mark.parametrize(
    "day", ["2026-02-30Z", "2026-13-01", "2026-13-01T10:00:00-05:00", "-99999999999999999999-12-31"]
)
def test_a_wrong_date_is_shown_as_sent(day: str) -> None:
    """A date that does not exist, or is too far off to be counted, is refused as it was written."""
    education = f"<hx:startDateTime>{day}</hx:startDateTime>{END}{FORMAT}"
    found = only(entry(document(record(education=education))))
    assert ("X023", True) == (found.code, f"“{day}”" in found.text)


def test_both_apostrophes_are_free() -> None:
    """The fee's typographic apostrophe may be typed as a plain one."""
    fees = [f"<FeeForParticipation>No, it{mark}s free</FeeForParticipation>" for mark in "'\u2019"]
    plain, typographic = (clean(document(record(extension=fee))).activity for fee in fees)
    assert plain == typographic


# --- namespaces and strangers -----------------------------------------------------------------------


def test_a_wrong_namespace_is_read_with_one_warning() -> None:
    """Names that are ours in a namespace that is not are read; each such namespace is told once."""
    tags = "<x:CommendationTags xmlns:x='urn:x'><x:CommendationTag>x</x:CommendationTag></x:CommendationTags>"
    one = entry(document(record(extension=tags)))
    assert [("X030", f"{EXTENSION}/*:CommendationTags")] == told(one)
    assert "urn:cme-gateway:pars:activity:2.0" in only(one).remedy
    assert one.activity is not None
    assert ("x",) == one.activity.commendation_tags


def test_a_record_in_a_wrong_namespace_is_read_with_a_warning() -> None:
    """The record itself may stand in no namespace."""
    body = record().replace("m:MedicalEducationMetrics", "MedicalEducationMetrics")
    one = entry(document(body))
    assert ([("X030", "/act:ACCMEActivities/act:MedicalEducationMetrics")], True) == (
        told(one),
        bool(one.activity),
    )


def test_official_elements_that_are_not_used_are_set_aside() -> None:
    """What the official schema offers and PARS does not use is named and does no harm."""
    sent = document(
        record(
            general=f"{OWN_ID}{TITLE}<lom:language>en</lom:language>",
            metrics="<m:Comments>fine</m:Comments>",
            extension="",
        ).replace(
            "</m:ParticipationMetrics>",
            "</m:ParticipationMetrics><m:KnowledgeAssessment><m:x/></m:KnowledgeAssessment>",
        )
    )
    one = entry(sent)
    assert [
        ("X031", f"{PATH}/m:KnowledgeAssessment"),
        ("X031", f"{LOM}/lom:general/lom:language"),
        ("X031", f"{PATH}/m:ParticipationMetrics/m:Comments"),
    ] == sorted(told(one), key=lambda item: item[1].replace("ActivityDescription", "L"))
    assert bool(one.activity)


@pytest.mark.parametrize("version", ["1.0", "2.0", "2.1"])
def test_a_reporting_year_is_set_aside(version: str) -> None:
    """PARS had it until April 2025, and senders have it to this day."""
    report = "<m:ReportingYear>2026</m:ReportingYear>" + REPORT
    one = entry(document((legacy if version == "1.0" else record)(report=report), version=version))
    assert [("X031", f"{PATH}/m:ReportDescription/m:ReportingYear")] == told(one)[:1]
    assert one.activity is not None


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_what_only_1_0_asked_for_is_set_aside_since(version: str) -> None:
    """Hours, competencies and kinds of support are named in warnings; all else of the record is read."""
    support = "<InKindSupports><InKindSupport><source>A</source>{}</InKindSupport></InKindSupports>"
    plain = entry(document(record(extension=support.format("")), version=version))
    removed = "<HoursOfInstruction>6.5</HoursOfInstruction><Competencies><Competency/></Competencies>"
    kind = support.format("<inKindType>Other</inKindType>")
    one = entry(document(record(extension=removed + kind), version=version))
    names = ["HoursOfInstruction", "Competencies", "inKindType"]
    assert [("X031", name) for name in names] == [(found.code, found.field) for found in one.findings]
    assert plain.activity == one.activity


def test_a_foreign_element_is_set_aside_in_the_extension_only() -> None:
    """A vendor's own element is named in a warning where one may officially stand, and is wrong elsewhere."""
    vendor = '<v:Colour xmlns:v="urn:vendor">blue</v:Colour>'
    inside = entry(document(record(extension=vendor)))
    assert ([("X031", f"{EXTENSION}/*:Colour")], True) == (told(inside), bool(inside.activity))
    general = entry(document(record(general=OWN_ID + TITLE + vendor)))
    assert ([("X031", f"{LOM}/lom:general/*:Colour")], True) == (told(general), bool(general.activity))
    outside = entry(document(record().replace("</m:ReportDescription>", f"{vendor}</m:ReportDescription>")))
    assert ["X020"] == [code for code, _ in told(outside)]


def test_what_officially_repeats_is_used_once() -> None:
    """Of a title in two languages the first counts; the other is named in a warning."""
    twice = TITLE.replace("</lom:string>", '</lom:string><lom:string language="fr">Autre</lom:string>')
    one = entry(document(record(general=OWN_ID + twice)))
    assert ["X031"] == [code for code, _ in told(one)]
    assert one.activity is not None and one.activity.title != "Autre"


def test_an_unknown_element_of_ours_is_wrong() -> None:
    """In our own namespace nothing unknown is set aside: it is likely a slip of the pen."""
    found = only(entry(document(record(extension="<ForPublicLists>true</ForPublicLists>"))))
    assert ("X020", "Did you mean ForPublicList?") == (found.code, found.remedy)


def test_what_stands_there_already_is_not_meant() -> None:
    """An element that is there, and may be there once, is not what an unknown one was meant to be."""
    extension = "<ForPublicList>true</ForPublicList><ForPublicLists>true</ForPublicLists>"
    found = only(entry(document(record(extension=extension))))
    assert ("X020", False) == (found.code, " ForPublicList" in found.remedy)


@pytest.mark.parametrize("name", ["PharmacyContentTags", "PharmacyRecertifications"])
@pytest.mark.parametrize("content", ["", "<Any>1</Any>"])
def test_blocks_of_pharmacy_are_set_aside(name: str, content: str) -> None:
    """PARS has them and what is in them is not publicly known: they are told, and stop nothing."""
    extension = f"<Has{name}>true</Has{name}><{name}>{content}</{name}>"
    found = only(entry(document(record(extension=extension), version="2.1")))
    assert ("X031", f"{name} is not used here; it is kept with the raw message only.") == (
        found.code,
        found.text,
    )


NUMBER = r"-?[\d,]*\d(?:\.\d+)?"
NUMBERS = {
    "1.0": ("AdvertisingAndExhibitIncome", "OtherIncome", "Expenses", "CommercialSupportAmount"),
    "2.0": ("CommercialSupportAmount",),
    "2.1": ("CommercialSupportAmount", "PharmacySequenceNumber"),
}


@pytest.mark.parametrize(
    ("version", "name"), [(version, name) for version, names in NUMBERS.items() for name in names]
)
def test_a_remedy_that_names_numbers_is_true_of_them(version: str, name: str) -> None:
    """What it calls the least and the most is taken, and nothing beyond."""

    def read(value: object) -> list[Finding]:
        element = f"<m:{name}>{value}</m:{name}>" if version == "1.0" or "Support" in name else ""
        extension = "" if element else f"<{name}>{value}</{name}>"
        record_of = legacy if version == "1.0" else record
        body = record_of(
            description=element.replace("Amount>", 'Amount supportSource="X">', 1), extension=extension
        )
        found = entry(document(body, version=version)).findings
        return [one for one in found if one.blocks]

    (wrong,) = read("500.50")
    least, most = map(int, re.findall(NUMBER, wrong.remedy))
    assert [] == [*read(least), *read(most)]
    assert [name] == [one.field for one in read(most + 1)]


@pytest.mark.parametrize(
    ("extension", "version", "advice"),
    [
        ("<FeeForParticipation>No</FeeForParticipation>", "2.0", "“No, it’s free”, “No, it's free”, “Var"),  # noqa: RUF001
        ("<PharmacyActivityTopic>Pain</PharmacyActivityTopic>", "2.1", "such as 08-Pain Management."),
        ("<ProviderID>1234</ProviderID>", "2.0", "seven digits"),
        ("<ActivityRegistration>x</ActivityRegistration>", "2.0", "one of: Open to all, Limited."),
    ],
)
def test_a_remedy_can_be_followed(extension: str, version: str, advice: str) -> None:
    """Words with commas are quoted, and nobody has to read patterns."""
    found = only(entry(document(record(extension=extension), version=version)))
    assert ("X023", True) == (found.code, advice in found.remedy)


@pytest.mark.parametrize(
    "place", ["<ForPublicList {}>true</ForPublicList>", "<REMS {}><REMSType>Mycophenolate</REMSType></REMS>"]
)
def test_a_type_of_the_senders_own_is_refused(place: str) -> None:
    """`xsi:type` would let a document choose its own schema."""
    typed = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x:boolean" xmlns:x="urn:x"'
    one = entry(document(record(extension=place.format(typed))))
    assert ("X024", None) == (only(one).code, one.activity)


def test_stray_text_and_stray_elements_are_told() -> None:
    """Text among elements and elements in a text are wrong in words, not in libxml2's."""
    assert ["X046"] == codes(entry(document(record(extension="stray <ForPublicList>true</ForPublicList>"))))
    assert ["X025"] == codes(entry(document(record(extension="<ForPublicList><true/></ForPublicList>"))))


# --- bounds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extension",
    [
        "<ForPublicList>{}</ForPublicList>",
        "<{}/>",
        "<ForPublicList {}='x'>true</ForPublicList>",
        "<v:{} xmlns:v='urn:v'/>",
        "{}",
    ],
)
def test_no_value_of_the_sender_is_shown_beyond_60_characters(extension: str) -> None:
    """Values and names of the sender's are cut in texts, remedies, fields and paths."""
    (found,) = entry(document(record(extension=extension.format("y" * 250)))).findings
    for said in (found.text, found.remedy, found.field, found.path):
        assert "y" * 61 not in said
    assert "y" * 59 in found.text


def test_a_record_is_told_20_things_at_most() -> None:
    """A record with many faults is answered with the first twenty."""
    one = entry(document(record(extension="".join(f"<x{number}/>" for number in range(100)))))
    assert ["X020"] * 20 == codes(one)


def test_errors_come_before_warnings() -> None:
    """What blocks is told first, so that no flood of warnings hides it."""
    strangers = "".join(f'<v:x{number} xmlns:v="urn:v"/>' for number in range(100))
    found = entry(document(record(extension=f"{strangers}<ForPublicList>maybe</ForPublicList>"))).findings
    assert ("X023", 20) == (found[0].code, len(found))


class Steps:
    """Counts the lines of our own code that run."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, work: Callable[[], object]) -> int:
        """How many lines a piece of work takes."""
        self.count = 0
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            work()
        finally:
            sys.settrace(before)
        return self.count

    def _trace(self, frame: Any, event: str, arg: object) -> Any:
        if "gateway" not in frame.f_code.co_filename:
            return None
        self.count += 1
        return self._trace


JUNK: dict[str, Callable[[int], str]] = {
    "bad values": lambda count: record(
        metrics='<m:ParticipantsByCategory category="x">y</m:ParticipantsByCategory>' * count
    ),
    "unknown elements": lambda count: record(general=OWN_ID + TITLE + "<Learner/>" * count),
    "foreign elements": lambda count: record(extension='<v:Learner xmlns:v="urn:v"/>' * count),
    "wrong namespaces": lambda count: record(
        general=OWN_ID + TITLE + "<keyword><lom:string>x</lom:string></keyword>" * (count // 2)
    ),
    "unused elements": lambda count: record(
        general=OWN_ID + TITLE + "<lom:keyword><lom:string>x</lom:string></lom:keyword>" * (count // 2)
    ),
    "wrong order": lambda count: record(general=TITLE + OWN_ID * (count // 3)),
    "many values and one error": lambda count: record(
        metrics='<m:ParticipantsByProfession profession="x">1</m:ParticipantsByProfession>' * count,
        extension="<ForPublicList>maybe</ForPublicList>",
    ),
    "bad attributes": lambda count: record(
        metrics='<m:ParticipantsByCategory kind="x">1</m:ParticipantsByCategory>' * count
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", JUNK)
def test_work_grows_with_the_document_and_not_with_its_square(kind: str) -> None:
    """Four times as much junk in a record costs about four times the work, and is told in few findings."""
    small, large = (parse(document(JUNK[kind](count))) for count in (2_400, 9_600))
    entry(document())
    few = Steps().of(lambda: READER.read(small, TODAY))
    many = Steps().of(lambda: READER.read(large, TODAY))
    assert many < 6 * few
    assert len(entry(document(JUNK[kind](2_400))).findings) <= rules.MOST_COUNTED


def test_libxml2_is_not_asked_about_a_large_record_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """libxml2's time grows with the square of the errors: of a large record the model sees them first."""
    asked: list[int] = []

    class Spy:
        error_log = V2.judge._validator.error_log

        def validate(self, element: etree._Element) -> bool:
            asked.append(len(list(element.iter())))
            return False

    monkeypatch.setattr(Judge, "_validator", Spy())
    assert ["X023"] * 20 == codes(entry(document(JUNK["bad values"](shape.LARGE))))
    assert [] == asked
    entry(document(JUNK["bad values"](10)))
    assert 2 == len(asked)  # negative control: a small one is put to libxml2, before and after tidying


def test_quadratic_work_would_be_seen() -> None:
    """Negative control: the counter of steps tells a square from a line."""

    def square(size: int) -> None:
        for _ in range(size):
            findings.shown("x " * 2)
            [local_name(element.tag) for element in elements[:size]]

    elements = list(parse(f"<a>{'<b/>' * 400}</a>"))
    assert Steps().of(lambda: square(400)) > 6 * Steps().of(lambda: square(100))


def test_a_hundred_thousand_junk_records_are_one_refusal() -> None:
    """Children of the wrapper that are no records are refused at the first, without a look at the others."""
    junk = parse(document("<Learner/>" * 100_000))

    def refused() -> None:
        with pytest.raises(Malformed):
            READER.read(junk, TODAY)

    assert Steps().of(refused) < 1_000


def test_a_record_of_too_many_elements_is_not_judged() -> None:
    """Beyond 10,000 elements a record is refused for that alone."""
    one = entry(document(JUNK["bad values"](10_000)))
    assert (["X044"], "The record has more than 10,000 elements.") == (codes(one), only(one).text)
    assert "" == only(one).field


# --- threads --------------------------------------------------------------------------------------------


def errors_in_threads(tell: Callable[[etree._Element], str], rounds: int) -> Iterator[tuple[str, str]]:
    """Bad documents in eight threads at once: what each thread sent wrong, and what it was told."""
    heard: list[tuple[str, str]] = []
    start = threading.Barrier(8)

    def work(number: int) -> None:
        name = f"wrong{number}"
        start.wait()
        for _ in range(rounds):
            heard.append((name, tell(parse(document(record(extension=f"<{name}/>" * 50))))))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield from heard


def _last_word(validator: etree.XMLSchema) -> str:
    log: Any = validator.error_log
    return "" if log.last_error is None else str(log.last_error.message)  # another thread has just cleared it


def test_each_thread_gets_its_own_errors() -> None:
    """Eight threads with bad documents are each told of their own, by the judge and by libxml2's log."""

    def findings(root: etree._Element) -> str:
        return " ".join(one.path for one in READER.read(root, TODAY).entries[0].findings)

    def log(root: etree._Element) -> str:
        assert not V2.judge.accepts(root[0])
        return _last_word(V2.judge._validator)

    for tell in (findings, log):
        heard = list(errors_in_threads(tell, 20))
        assert 160 == len(heard)
        assert [] == [(name, said) for name, said in heard if name not in said]


@pytest.mark.slow
def test_one_schema_for_all_threads_would_mix_their_errors() -> None:
    """Negative control: the log of a schema object that threads share tells one the errors of another."""
    shared = Judge(V2.judge.entry)._validator

    def log(root: etree._Element) -> str:
        shared.validate(root[0])
        return _last_word(shared)

    mixed = (name not in said for _ in range(40) for name, said in errors_in_threads(log, 50))
    assert any(mixed)


# --- the judge alone --------------------------------------------------------------------------------------


XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@pytest.mark.parametrize("elements", [1, shape.LARGE - 1, shape.LARGE, shape.LARGE + 1])
@pytest.mark.parametrize("typed", [None, "itself", "deep within"])
def test_unusual_records_are_found_at_once(elements: int, typed: str | None) -> None:
    """What is asked of all records together is what is asked of each alone."""
    holder = etree.Element("holder")
    for _ in range(3):
        etree.SubElement(holder, "record").text = "x"
    element = holder[1]
    for _ in range(elements - 1):
        element = etree.SubElement(element if len(element) < 3 else element[-1], "part")
    if typed is not None:
        (holder[1] if typed == "itself" else element).set(XSI_TYPE, "other")
    found = V2.judge.unusual(holder)
    assert found == {record for record in holder if shape._unusual(record)}
    assert found == ({holder[1]} if typed or elements > shape.LARGE else set())


def test_an_overridden_type_is_refused_among_others() -> None:
    """Of several records the one with an xsi:type is refused, though only all together are asked for it."""
    typed = record().replace("<lom:title>", f'<lom:title xmlns:xsi="{XSI_TYPE[1:-5]}" xsi:type="lom:x">')
    told = [codes(one) for one in read(document(record(), typed, record())).entries]
    assert [[], []] == [told[0], told[2]]
    assert "X024" in told[1]


def test_an_element_the_schema_does_not_know_is_told() -> None:
    """An element that is no global one of the schema is a finding, not an exception."""
    found = V2.judge.judge(etree.Element("nothing"), lambda element: NOWHERE)
    assert ["X020"] == [one.code for one in found]
    assert found[0].remedy


def test_the_judges_word_stands_where_nothing_explains_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the two readers of a schema disagree, the record stays refused, with libxml2's own words."""
    monkeypatch.setattr(shape, "explain", lambda *arguments: iter(()))
    one = entry(document(record(extension="<ForPublicList>maybe</ForPublicList>")))
    assert ("X028", None) == (only(one).code, one.activity)
    assert "ForPublicList does not fit its schema: Element" in only(one).text
    assert f"{EXTENSION}/act:ForPublicList" == only(one).path


def test_what_nothing_explains_has_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that libxml2 refuses is told at its element and line; of a learner nothing is quoted."""
    monkeypatch.setattr(shape, "explain", lambda *arguments: iter(()))
    wrong = CREDITS.replace("<r:CreditID>ccid:demo:", "\n<r:CreditID>ccid:%zz:")
    found = completion(reports(report(credits=wrong))).findings
    place = "/lrn:ACCMELearnerReports/r:ActivityReports/r:ActivityReport/r:Activity/r:Module"
    ids = [f"{place}/r:CreditCertificate[{number}]/r:CreditID" for number in (1, 2)]
    assert [*zip(ids, (2, 3), strict=True)] == [(one.path, one.line) for one in found]
    assert {"CreditID does not fit its schema."} == {one.text for one in found}


@pytest.mark.parametrize("sent", ["ccid:t:100%", "ccid:t:a[1]", "ccid:t:a#b#c", "1a:b"])
def test_a_uri_of_wrong_signs_is_told_at_its_element(sent: str) -> None:
    """libxml2, which judges, takes fewer texts for a URI than xmlschema, which explains: it says which."""
    wrong = CREDITS.replace("<r:CreditID>ccid:demo:1", f"\n<r:CreditID>{sent}")
    (found,) = completion(reports(report(credits=wrong))).findings
    assert ("X023", 2, True) == (found.code, found.line, found.path.endswith("[1]/r:CreditID"))
    assert f"CreditID cannot be “{sent}”." == found.text and "%25" in found.remedy
    mended = wrong.replace(sent, "ccid:t:100%25")
    assert () == completion(reports(report(credits=mended))).findings


def test_an_attribute_that_is_no_uri_is_told() -> None:
    """As an element is."""
    sent = report(version="2.0").replace("<r:ActivityReport>", '<r:ActivityReport arid="100%">')
    (found,) = completion(reports(sent, version="2.0")).findings
    assert ("X027", True) == (found.code, "arid" in found.text and "%25" in found.remedy)


@pytest.mark.parametrize(
    ("right", "padded"),
    [
        ("<r:Status>Completed", "<r:Status>\n  Completed\n"),
        ("<hx:creditUnit>Point", "<hx:creditUnit> Point "),
        ("<LearnerRecordAction>add", "<LearnerRecordAction> add "),
    ],
)
def test_what_stands_around_a_word_does_not_count(right: str, padded: str) -> None:
    """As pretty-printers write it."""
    sent = reports()
    assert padded != right and right in sent
    one = completion(sent.replace(right, padded))
    assert () == one.findings and completion(sent).completion == one.completion


PLAIN = """
  <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a" type="xs:{}"/></xs:schema>
"""
WRITTEN = {
    "boolean": ("true", "false"),
    "date": ("2026-03-10",),
    "dateTime": ("2026-03-10T00:00:00",),
    "duration": ("PT1H", "PT45M"),
    "gYear": ("2026",),
    "language": ("en", "en-US"),
    "anyURI": ("a%25", "a%5B%5D"),
    "decimal": ("11.25",),
    "integer": ("11",),
    "int": ("11",),
    "long": ("11",),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_remedy_of_each_built_in_type_holds(kind: str) -> None:
    """It names the form, and what is written so is taken."""
    source = PLAIN.format(kind)
    simple = xmlschema.XMLSchema(source).elements["a"].type
    assert "a text" not in explaining._wanted(simple)
    judge = etree.XMLSchema(etree.fromstring(source))
    for text in WRITTEN[kind]:
        assert judge.validate(etree.fromstring(f"<a>{text}</a>"))


def test_all_built_in_types_of_the_schemas_have_a_remedy() -> None:
    """What is no text of any kind is in the table of what to write."""
    texts = "".join(path.read_text("utf-8") for path in Path(xsd.__file__).parent.rglob("*.xsd"))
    assert {"string", "anyType"} >= {*re.findall(r'(?:type|base)="xs:(\w+)"', texts)} - {*explaining.WANTED}


def test_a_domain_that_is_none_gets_an_example() -> None:
    """A pattern tells nobody what to write."""
    sent = reports(version="2.0").replace("idd:cms.gov:NPI", "urn:x:DC")
    (found,) = completion(sent).findings
    assert ("X027", True) == (found.code, "idd:cme.example:DC" in found.remedy)


@pytest.mark.parametrize(
    ("empty", "name"),
    [("<LearnerRecordAction></LearnerRecordAction>", "LearnerRecordAction"), ("<hx:x/>", "")],
)
def test_an_empty_element_is_told_on_its_own_line(empty: str, name: str) -> None:
    """Path and line are of the element that is wrong, also where it says nothing; else of the record."""
    one = completion(reports(report(extension=f"\n\n{empty}")))
    place = one.place("action")
    assert place.path.endswith("/r:ActivityReport/r:XtensibleInfo/lrn:LearnerRecordAction")
    assert (3 if name else 1) == place.line


def test_an_empty_birthday_is_told_on_its_own_line() -> None:
    """As a part of the learner, who says something."""
    sent = MEMBER.format(**DOMAINS["1.0"]).replace("<me:BirthDate>1971-02-28", "\n<me:BirthDate> ")
    one = completion(reports(report(who=f"<r:Member>{sent}</r:Member>")))
    place = one.place("learner.birthday")
    assert (2, True) == (place.line, place.path.endswith("r:Member/me:PersonalInfo/me:BirthDate"))


def test_every_finding_has_words() -> None:
    """Each code of the table has a text and a remedy, and its own place in the catalogue."""
    for (code, (severity, text, remedy)), kind in product(findings.SHAPE.items(), (Severity,)):
        assert code.startswith("X")
        assert isinstance(severity, kind)
        assert text.endswith((".", "{detail}", "{reason}"))
        assert remedy


def test_an_accepted_record_costs_no_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    """What libxml2 accepts is neither tidied nor explained, nor is its place worked out."""
    for name in ("tidy", "explain"):
        monkeypatch.setattr(Judge, name, None)
    monkeypatch.setattr(sent.Sent, "place", None)
    assert [] == [finding for one in read(document(record(), record())).entries for finding in one.findings]
