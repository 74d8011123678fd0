"""Schema versions: found in the contract's order, read into records, laid over what is stored, written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree
from payloads import (
    ACTIVITIES,
    END,
    FORMAT,
    LEGACY_FORMAT,
    OFFICIAL,
    OURS,
    OWN_ID,
    READER,
    START,
    TITLE,
    TODAY,
    V1,
    V2,
    codes,
    document,
    entry,
    legacy,
    parse,
    read,
    record,
    told,
)

from gateway import schema, schemas
from gateway.boards import takes_part
from gateway.errors import Malformed, UnknownSchema
from gateway.intake import Limits
from gateway.lifecycle import GATES, LEGACY_GATES
from gateway.records import (
    Activity,
    ActivityEntry,
    InKindSupport,
    Location,
    MeasuredOutcome,
    RecordAction,
    Severity,
    replace,
)
from gateway.schema import Reader
from gateway.schemas.activity import ActivityVersion
from gateway.version import Lifespan, lifespans

FOREIGN = "http://example.org/pars"
INNER = re.compile(r"_|\[")
"""What is in no name on the wire."""
NEW_ONLY = "<ForPublicList>true</ForPublicList>"
OLD_ONLY = "<HoursOfInstruction>1</HoursOfInstruction>"
AUDIENCE = (
    "<hx:targetAudience><hx:profession><lom:string>Physician</lom:string></hx:profession></hx:targetAudience>"
)
COUNT_OTHER = '<m:ParticipantsByCategory category="other">3</m:ParticipantsByCategory>'
FLAG = "<m:DesignedToChangeCompetence>true</m:DesignedToChangeCompetence>"


def codes_noted(one: ActivityEntry) -> set[str]:
    """What is told of a record once it is known what is kept of it."""
    assert one.activity is not None
    return {found.code for found in one.noted(None, one.activity)}


def found(xml: str, reader: Reader = READER) -> tuple[str, list[str]]:
    """The version a document is read as, and the codes of what is told with it."""
    reading = read(xml, reader)
    return reading.version.name, [finding.code for finding in reading.notices]


# --- which version? -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_the_namespace_decides_first(version: str) -> None:
    """Where the wrapper's namespace is one of ours, neither attribute nor content is asked."""
    body = {"1.0": record(extension=""), "2.0": legacy()}[version]
    assert (version, []) == found(document(body, version=version))


@pytest.mark.parametrize(
    ("said", "told"), [("1.0", ["X042"]), ("9.9", ["X042"]), ("2.0", []), (" 2.0 ", []), ("", [])]
)
def test_a_contradicting_attribute_is_told(said: str, told: list[str]) -> None:
    """The namespace is believed, and a schemaVersion that says otherwise is a warning."""
    reading = read(document(attributes=f'schemaVersion="{said}"'))
    assert ("2.0", told) == (reading.version.name, [one.code for one in reading.notices])
    assert [] == codes(reading.entries[0])
    assert {"/act:ACCMEActivities"} >= {one.path for one in reading.notices}
    assert {Severity.WARNING} >= {one.severity for one in reading.notices}


@pytest.mark.parametrize("namespace", [FOREIGN, ""])
@pytest.mark.parametrize(
    ("version", "body"), [("1.0", record()), ("2.0", legacy(education=START + END + LEGACY_FORMAT))]
)
def test_the_attribute_decides_before_the_content(namespace: str, version: str, body: str) -> None:
    """Where the namespace is unknown or absent, schemaVersion is asked next, whatever the content."""
    xml = document(body, namespace=namespace, attributes=f'schemaVersion="{version}"')
    assert (version, ["X041"]) == found(xml)


@pytest.mark.parametrize("namespace", [FOREIGN, ""])
@pytest.mark.parametrize(
    ("body", "version"),
    [
        (record(), "2.0"),
        (legacy(), "1.0"),
        (legacy(extension=OLD_ONLY), "1.0"),
        (legacy(education=START + END + LEGACY_FORMAT, extension=OLD_ONLY), "1.0"),
        (legacy(education=START + END + LEGACY_FORMAT), "1.0"),
        (legacy(extension=NEW_ONLY), "2.0"),
        (record(education=START + END + FORMAT.replace("Live Course", "Enduring Material")), "2.0"),
        (record(education=START + END + FORMAT.replace("Live Course", "Journal-based CME / CE")), "2.0"),
        (record(education=START + END + FORMAT.replace("Live Course", "Journal-based CME")), "1.0"),
        (record(education=START), "1.0"),
        (legacy(education=START + LEGACY_FORMAT + AUDIENCE, extension=OLD_ONLY), "1.0"),
        (legacy(metrics=COUNT_OTHER), "1.0"),
        (record(education=START + FORMAT + AUDIENCE, description=FLAG), "1.0"),
        (legacy(education=START + LEGACY_FORMAT + AUDIENCE, extension=NEW_ONLY), "2.1"),
        (record(education=START + END + FORMAT + AUDIENCE), "2.1"),
        (legacy(extension="<HasStateContentTags>false</HasStateContentTags>"), "2.1"),
        (record(extension="<PharmacyContentTags/>"), "2.1"),
    ],
)
def test_the_content_decides_last(body: str, version: str, namespace: str) -> None:
    """With neither, what the document contains tells its version; nothing told is the oldest."""
    assert (version, ["X041"]) == found(document(body, namespace=namespace))


def test_a_foreign_wrapper_brings_its_extension_elements_along() -> None:
    """Extension elements in the wrapper's own foreign namespace are read without further words."""
    one = entry(document(record(extension=NEW_ONLY), namespace=FOREIGN))
    assert [] == codes(one)
    assert one.activity is not None
    assert True is one.activity.passport


def test_a_field_that_a_version_cannot_say_goes_by_its_newest_name() -> None:
    """What 1.0 has no element for is told at the record, by no name of our own."""
    one = read(document(legacy(), version="1.0")).entries[0]
    assert ("closeActivityRecord", one.place("").path) == (one.place("close").field, one.place("close").path)
    assert "StateOrProvince" == one.place("repeats[1].state").field


def test_what_a_gate_names_stands_at_its_own_element() -> None:
    """A joint provider is missing in the credit, and no gate is at a place that has no name on the wire."""
    credits = "<hx:credits><hx:activityCertification>IPCE</hx:activityCertification></hx:credits>"
    one = read(document(record(education=credits + START + END + FORMAT))).entries[0]
    places = [one.place(gate.field) for gate in (*GATES, *LEGACY_GATES)]
    assert ["nonAccreditedProvider"] * 2 == [
        place.field for place in places if place.path.endswith("/hx:credits/hx:nonAccreditedProvider")
    ]
    assert [] == [place.field for place in places if INNER.search(place.field)]


@pytest.mark.parametrize("version", ["2.0", "2.1"])
@pytest.mark.parametrize("said", ["ABPath", "abpath", "ABPATH"])
def test_a_board_is_known_in_any_case(said: str, version: str) -> None:
    """An acronym is read in capitals, as the boards are listed and searched for."""
    board = f"<boardName>{said}</boardName>"
    moc = f"<MOCRegistrations><MOCRegistration>{board}</MOCRegistration></MOCRegistrations>"
    activity = entry(document(record(extension=moc), version=version)).activity
    assert activity is not None
    assert ["ABPATH"] == [one.board for one in activity.moc_registrations]
    assert takes_part(activity.moc_registrations[0].board, date(2026, 3, 10))


def test_a_document_without_any_namespace_is_read() -> None:
    """A sender that knows no namespaces at all is told once, not element by element."""
    xml = document(record(extension=NEW_ONLY), namespace="").replace(f" {OFFICIAL}", "")
    for prefix in ("m:", "lom:", "hx:", "a:"):
        xml = xml.replace(f"<{prefix}", "<").replace(f"</{prefix}", "</")
    reading = read(xml)
    assert ("2.0", ["X041"]) == (reading.version.name, [one.code for one in reading.notices])
    assert ["X030"] == codes(reading.entries[0])
    assert reading.entries[0].activity == entry(document(record(extension=NEW_ONLY))).activity


def test_a_wrapper_in_an_official_namespace_is_read() -> None:
    """A default namespace that is MedBiquitous' own makes the wrapper foreign, not what is in it."""
    xml = document(namespace="http://ns.medbiq.org/metrics/v1/")
    assert ("2.0", ["X041"]) == found(xml)
    assert [] == codes(entry(xml))


@pytest.mark.parametrize(
    "body", [record(), record(extension=NEW_ONLY.replace(">", f' xmlns="{OURS}2.0">', 1))]
)
def test_a_record_without_its_wrapper_is_read(body: str) -> None:
    """A bare MedicalEducationMetrics is one record, and its paths start at it."""
    bare = body.replace("<m:MedicalEducationMetrics", f"<m:MedicalEducationMetrics {OFFICIAL}", 1)
    reading = read(bare)
    assert ("2.0", ["X041"]) == (reading.version.name, [one.code for one in reading.notices])
    (one,) = reading.entries
    assert [] == codes(one)
    assert one.place("title").path.startswith("/m:MedicalEducationMetrics/m:ActivityDescription/")
    assert "/m:MedicalEducationMetrics" == reading.notices[0].path


def test_a_bare_record_may_say_its_version() -> None:
    """The attribute counts without the wrapper as well, and is no error of the record's."""
    bare = legacy().replace("Metrics>", f'Metrics schemaVersion="2.0" {OFFICIAL}>', 1)
    assert ("2.0", ["X041"]) == found(bare)
    assert ["X033"] == codes(entry(bare))


@pytest.mark.parametrize("wrapped", [True, False])
def test_metrics_of_version_2_are_refused(wrapped: bool) -> None:
    """MedBiquitous metrics version 2 is named, and the remedy is version 1, as PARS has it."""
    second = record().replace("Metrics>", f"Metrics {OFFICIAL}>", 1).replace("metrics/v1/", "metrics/v2/")
    with pytest.raises(UnknownSchema, match="version 2") as refused:
        read(document(second).replace("metrics/v1/", "metrics/v2/") if wrapped else second)
    assert "http://ns.medbiq.org/metrics/v1/" in refused.value.remedy


@pytest.mark.parametrize(
    "xml",
    [
        document(namespace=FOREIGN, attributes='schemaVersion="3.7"'),
        document(namespace=f"{OURS}3.7"),
        document(attributes='schemaVersion="3.7"', namespace=""),
    ],
)
def test_an_unknown_version_is_refused(xml: str) -> None:
    """A version that is not supported is refused, and the remedy names those that are."""
    with pytest.raises(UnknownSchema, match=r"3\.7") as refused:
        read(xml)
    assert "1.0, 2.0" in refused.value.remedy


def test_what_is_no_payload_is_refused() -> None:
    """Another document is refused by its name, cut, and told what is taken."""
    with pytest.raises(UnknownSchema) as refused:
        read(f"<{'x' * 100}/>")
    assert "x" * 61 not in refused.value.text
    assert "ACCMEActivities in version 1.0" in refused.value.remedy
    assert "version 2.0" in refused.value.remedy


@pytest.mark.parametrize("known", [True, False])
def test_a_payload_is_told_by_namespace_or_name(known: bool) -> None:
    """What may be a payload is one by its namespace or its name; anything else is none."""
    assert READER.is_payload(parse(f'<x xmlns="{OURS}1.0"/>' if known else "<ACCMEActivities/>"))
    assert READER.is_payload(parse("<MedicalEducationMetrics/>"))
    assert not READER.is_payload(parse("<Learner/>"))


# --- aliases ------------------------------------------------------------------------------------------


def aliased(**aliases: str) -> Reader:
    """A reader with an operator's aliases."""
    return Reader(schemas.VERSIONS, Limits(), aliases)


@pytest.mark.parametrize("namespace", [FOREIGN, ""])
def test_an_alias_is_read_without_a_warning(namespace: str) -> None:
    """A namespace the operator mapped, or none at all, is that version's: rewritten before it is judged."""
    reader = aliased(**{namespace: "activity:2.0"})
    reading = read(document(record(extension=NEW_ONLY), namespace=namespace), reader)
    assert ("2.0", ()) == (reading.version.name, reading.notices)
    assert [] == codes(reading.entries[0])


def test_an_alias_decides_before_attribute_and_content() -> None:
    """An alias is a namespace that is known: it wins, and a contradiction is told."""
    xml = document(namespace=FOREIGN, attributes='schemaVersion="2.0"')
    assert ("1.0", ["X042"]) == found(xml, aliased(**{FOREIGN: "activity:1.0"}))


def test_an_alias_holds_for_extension_elements_in_it() -> None:
    """Wrapper and extension may stand in two namespaces, each with its own alias."""
    xml = document(record(extension=f'<x:ForPublicList xmlns:x="{FOREIGN}">true</x:ForPublicList>'))
    assert ["X030"] == codes(entry(xml))
    one = entry(xml, aliased(**{FOREIGN: "activity:2.0"}))
    assert ([], True) == (codes(one), one.activity is not None and one.activity.passport)


def test_an_alias_to_nothing_is_refused_at_once() -> None:
    """A setting that names an unknown version fails where it is made."""
    with pytest.raises(UnknownSchema, match=r"3\.7"):
        aliased(**{FOREIGN: "activity:3.7"})


# --- lifespans ----------------------------------------------------------------------------------------


@pytest.fixture
def aging(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lifespan], Reader]:
    """A reader to whom activity 1.0 has this lifespan."""

    def made(span: Lifespan) -> Reader:
        monkeypatch.setattr(schema, "lifespans", lambda: {("activity", "1.0"): span})
        return Reader(schemas.VERSIONS, Limits())

    return made


LATER = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (Lifespan(), []),
        (Lifespan(deprecated=LATER), []),
        (Lifespan(deprecated=TODAY), ["activity 1.0 is deprecated since 2026-06-01."]),
        (
            Lifespan(deprecated=TODAY, sunset=LATER),
            ["activity 1.0 is deprecated since 2026-06-01 and is taken until 2027-01-01."],
        ),
    ],
)
def test_a_deprecated_version_is_told(
    aging: Callable[[Lifespan], Reader], span: Lifespan, told: list[str]
) -> None:
    """From the day it is deprecated a version is answered with a warning that has the dates."""
    reading = read(document(legacy(), version="1.0"), aging(span))
    assert told == [one.text for one in reading.notices]
    assert {"Use activity 2.1."} >= {one.remedy for one in reading.notices}
    assert 1 == len(reading.entries)


def test_after_its_sunset_a_version_is_refused(aging: Callable[[Lifespan], Reader]) -> None:
    """From its last day on a version is refused with a pointer to its successor; the others live on."""
    reader = aging(Lifespan(deprecated=TODAY, sunset=TODAY))
    with pytest.raises(UnknownSchema, match="2026-06-01") as refused:
        read(document(legacy(), version="1.0"), reader)
    assert "Use activity 2.1." == refused.value.remedy
    assert ("2.0", []) == found(document(), reader)


def test_every_version_has_its_dates() -> None:
    """The table of dates knows each version, and each version is in the table."""
    known = {(version.payload, version.name) for version in schemas.VERSIONS}
    assert known == set(lifespans())


# --- caps ---------------------------------------------------------------------------------------------


def test_records_are_capped() -> None:
    """As many records as a call may have are read, one more is refused with a way out."""
    reader = Reader(schemas.VERSIONS, Limits(max_records=3))
    assert 3 == len(read(document(*[record()] * 3), reader).entries)
    with pytest.raises(Malformed, match="4 records; a call may have 3") as refused:
        read(document(*[record()] * 4), reader)
    assert "several calls" in refused.value.remedy


def test_an_empty_wrapper_is_refused() -> None:
    """A payload without a record has nothing to answer."""
    with pytest.raises(Malformed) as refused:
        read(f'<ACCMEActivities xmlns="{OURS}2.0"/>')
    assert [("X021", "/act:ACCMEActivities")] == [(one.code, one.path) for one in refused.value.findings]


def test_what_is_no_record_is_refused() -> None:
    """Another element among the records is refused with its name and place."""
    with pytest.raises(Malformed) as refused:
        read(document(record(), "<Learner/>"))
    assert [("X020", "/act:ACCMEActivities/act:Learner", 1)] == [
        (one.code, one.path, one.line) for one in refused.value.findings
    ]


def test_a_document_is_told_100_errors_and_its_good_records_stay_good() -> None:
    """After a hundred errors the reasons end; who is refused does not depend on that, however untidy."""
    bad = record(extension="".join(f"<x{number}/>" for number in range(30)))
    untidy = record(general=TITLE + OWN_ID + "<lom:description/>")
    entries = read(document(*[bad] * 7, untidy, bad, untidy)).entries
    assert [["X020"] * 20] * 5 + [["X045"]] * 2 + [[], ["X045"], []] == [codes(one) for one in entries]
    assert [None] * 7 == [one.activity for one in entries[:7]]
    assert entries[7].activity == entries[9].activity == entry(document(untidy)).activity
    assert "after 100 errors" in entries[5].findings[0].text


def test_warnings_do_not_use_up_the_errors() -> None:
    """A document full of warnings still says what is wrong with a later record."""
    vendor = "".join(f'<v:x{number} xmlns:v="urn:v"/>' for number in range(20))
    entries = read(document(*[record(extension=vendor)] * 6, record(extension="<oops/>"))).entries
    assert ["X020"] == codes(entries[-1])


# --- what a record says of itself ------------------------------------------------------------------------


@pytest.mark.parametrize("action", [None, *RecordAction])
def test_directives_are_told_apart_from_the_activity(action: RecordAction | None) -> None:
    """Action, provider and close switch are the record's, and leave the activity alone."""
    said = f"<activityRecordAction>{action}</activityRecordAction>" if action else ""
    said += "<ProviderID>0001234</ProviderID><closeActivityRecord>true</closeActivityRecord>"
    one = entry(document(record(extension=said)))
    assert (action, "0001234", True) == (one.action, one.provider_id, one.close)
    assert one.activity == entry(document()).activity


def test_a_blank_that_the_schema_takes_is_refused_where_it_would_be_unwritable() -> None:
    """A support in kind whose source is a blank could not be written again; it is an error with a place."""
    support = "<InKindSupport><source> </source><inKindType>Other</inKindType></InKindSupport>"
    supports = f"<InKindSupports>{support}</InKindSupports>"
    one = entry(document(legacy(extension=supports), version="1.0"))
    assert [("X032", "source cannot be read. It is blank.")] == [(f.code, f.text) for f in one.findings]
    assert one.activity is None


def test_an_unreadable_value_is_told_once() -> None:
    """What the schema refuses is not refused again by the reader, and never computed."""
    for value in ("Infinity", "1E999999999", "1" * 30, "NaN"):
        expenses = f"<m:Expenses>{value}</m:Expenses>"
        assert ["X023"] == codes(entry(document(legacy(description=expenses), version="1.0")))


@pytest.mark.parametrize(
    ("general", "length"),
    [
        ("<lom:title><lom:string>{}</lom:string></lom:title>", 4_096),
        ("<lom:description><lom:string>{}</lom:string></lom:description>", 65_536),
    ],
)
def test_an_overlong_text_is_refused(general: str, length: int) -> None:
    """A text beyond its cap is an error that does not show it."""
    assert [] == codes(entry(document(record(general=general.format("y" * length)))))
    (told,) = entry(document(record(general=general.format("y" * (length + 1))))).findings
    assert ("X032", f"It is longer than {length:,} characters.") == (told.code, told.text.partition(". ")[2])


# --- what 1.0 could not say ----------------------------------------------------------------------------


def old(
    type: str = "C", start: str = "2026-03-10", more: str = "", general: str = OWN_ID + TITLE
) -> Activity:
    """A 1.0 record of this type and start, as it is read."""
    education = (
        f"<hx:startDateTime>{start}T00:00:00</hx:startDateTime>{more}"
        f"<hx:activityFormat><lom:string>{type}</lom:string></hx:activityFormat>"
    )
    activity = entry(document(legacy(education=education, general=general), version="1.0")).activity
    assert activity is not None
    return activity


@pytest.mark.parametrize(
    ("type", "format", "delivery"),
    [
        ("C", "Live Course", "In-Person"),
        ("Internet Live Course", "Live Course", "Live-Streamed"),
        ("rss", "Regularly Scheduled Series", "In-Person"),
        ("EM", "Enduring Material", "Print/Other"),
        ("IEM", "Enduring Material", "Online"),
        ("JN", "Journal-based CME/CE", None),
        ("PI", "Performance/Quality Improvement", None),
    ],
)
def test_format_and_delivery_follow_from_the_old_type(type: str, format: str, delivery: str | None) -> None:
    """Each old type became a format, and where the old name told it a delivery method."""
    activity = old(type)
    assert (format, (delivery,) if delivery else ()) == (activity.format, activity.delivery_methods)
    assert {"format", "passport", "description", "end_date"} <= activity.derived
    assert (delivery is not None) == ("delivery_methods" in activity.derived)


@pytest.mark.parametrize(
    ("type", "start", "end"),
    [
        ("C", "2026-03-10", date(2026, 3, 10)),
        ("IEM", "2026-03-10", date(2029, 3, 9)),
        ("EM", "2026-01-01", date(2028, 12, 31)),
        ("EM", "2024-02-29", date(2027, 2, 28)),
        ("EM", "2021-03-01", date(2024, 2, 29)),
        ("EM", "9998-01-01", date(9998, 1, 1)),
    ],
)
def test_the_end_follows_from_the_start(type: str, start: str, end: date) -> None:
    """An activity ended on the day it started; enduring material three years later, less a day."""
    activity = old(type, start)
    assert (end, True) == (activity.end_date, "end_date" in activity.derived)


def test_title_and_passport_are_derived() -> None:
    """The description is the title, and nothing was in Passport before there was one."""
    activity = old()
    assert ("Stroke Update", False) == (activity.description, activity.passport)


def test_what_was_said_is_not_derived() -> None:
    """An end or a description that 1.0 did carry is the sender's own."""
    described = OWN_ID + TITLE + "<lom:description><lom:string>d</lom:string></lom:description>"
    activity = old(more=END, general=described)
    assert (date(2026, 3, 11), "d") == (activity.end_date, activity.description)
    assert {"format", "delivery_methods", "passport"} == activity.derived


@pytest.mark.parametrize(
    ("said", "format", "code"),
    [
        ("Internet  Searching &amp; Learning", "Internet Searching and Learning", "ISL"),
        ("journal-based CME / CE", "Journal-based CME/CE", "JN"),
        ("Performance/ Quality Improvement", "Performance/Quality Improvement", "PI"),
        ("Test-Item Writing", "Test-Item Writing", "TIW"),
        ("Other/ Blended Learning", "Other/Blended Learning", None),
        ("Live  Course", "Live Course", None),
    ],
)
def test_a_format_is_known_however_it_is_spelled(said: str, format: str, code: str | None) -> None:
    """It is kept by the name of the list; 1.0 takes it where it tells the old type, and only there."""
    for version in ("2.0", "2.1"):
        education = START + END + FORMAT.replace("Live Course", said)
        activity = entry(document(record(education=education), version=version)).activity
        assert activity is not None
        assert (format, frozenset()) == (activity.format, activity.derived)
    before = old(said)
    assert (format, code or said) == (before.format, before.legacy_type)


def test_an_unknown_type_derives_no_format() -> None:
    """What is no old type is kept as written for the rules to refuse, and nothing is made of it."""
    activity = old("Webinar")
    assert ("Webinar", None) == (activity.legacy_type, activity.format)
    assert {"passport", "description", "end_date"} == activity.derived


def test_each_derived_field_is_named_in_one_warning() -> None:
    """The warning names fields and values in the words of the newest wire."""
    (derived,) = told(entry(document(legacy(), version="1.0")))
    assert ("X033", Severity.WARNING) == (derived.code, derived.severity)
    for word in (
        "DeliveryMethod “In-Person”",
        "description “Stroke Update”",
        "endDateTime “2026-03-10”",
        "activityFormat “Live Course”",
        "ForPublicList “false”",
    ):
        assert word in derived.text


def test_what_was_said_before_is_not_told_as_derived() -> None:
    """An old document that updates a new activity derives nothing that somebody said."""
    one = entry(document(legacy(), version="1.0"))
    said = replace(
        STORED, derived=frozenset(), description="Said.", passport=True, delivery_methods=("Online",)
    )
    assert one.activity is not None
    (derived,) = one.noted(said, one.onto(said))
    assert "activityFormat" in derived.text
    assert not [word for word in ("DeliveryMethod", "description", "ForPublicList") if word in derived.text]


def test_a_location_without_a_country_is_written_validly() -> None:
    """A draft may name a city alone; the schema wants the country's element all the same."""
    place = "<hx:activityLocation><a:City>Duluth</a:City><a:Country/></hx:activityLocation>"
    activity = entry(document(record(education=START + END + FORMAT + place))).activity
    assert activity is not None
    assert Location("Duluth") == activity.location
    for version in ACTIVITIES:
        root, _ = READER.write([activity], version)
        assert version.judge.accepts(root[0])


def test_2_0_derives_nothing() -> None:
    """Negative control: a 2.0 record is what it says."""
    activity = entry(document()).activity
    assert activity is not None
    assert frozenset() == activity.derived
    assert (None, None) == (activity.description, activity.passport)


@pytest.mark.parametrize(
    ("said", "methods", "derived"),
    [
        ("IEM", ("Online",), True),
        ("Internet Live Course", ("Live-Streamed",), True),
        ("RSS", ("In-Person",), True),
        ("MR", (), False),
        ("Enduring Material", (), False),
        ("enduring material", (), False),
    ],
)
@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_an_old_type_tells_its_delivery_in_every_version(
    version: str, said: str, methods: tuple[str, ...], derived: bool
) -> None:
    """An old word for a format is read as the format, and how it is delivered is derived and told; what goes
    by its present name tells nothing more, and what was said stays."""
    education = START + END + FORMAT.replace("Live Course", said)
    one = entry(document(record(education=education), version=version))
    assert one.activity is not None
    assert (methods, derived) == (one.activity.delivery_methods, "X033" in codes_noted(one))
    method = "<DeliveryMethods><DeliveryMethod>Print/Other</DeliveryMethod></DeliveryMethods>"
    told = entry(document(record(education=education, extension=method), version=version))
    assert told.activity is not None
    assert ("Print/Other",) == told.activity.delivery_methods
    assert frozenset() == told.activity.derived


def test_a_credit_type_is_read_once_however_it_is_spelled() -> None:
    """The first is kept, and the other told at its own element."""
    types = "".join(
        f"<MOCCreditType>{type}</MOCCreditType>"
        for type in ("Medical Knowledge", "Patient Safety", "medical knowledge (Part II)")
    )
    extension = (
        f"<MOCRegistrations><MOCRegistration><boardName>ABIM</boardName>{types}"
        "</MOCRegistration></MOCRegistrations>"
    )
    one = entry(document(record(extension=extension), version="2.1"))
    assert one.activity is not None
    assert ("Medical Knowledge", "Patient Safety") == one.activity.moc_registrations[0].credit_types
    (found,) = one.noted(None, one.activity)
    assert ("A932", True) == (found.code, found.path.endswith("act:MOCCreditType[3]"))


def test_a_state_is_shown_as_it_was_sent() -> None:
    """A code is read in capitals, a name as it is."""
    place = "<hx:activityLocation><a:StateOrProvince>{}</a:StateOrProvince><a:Country/></hx:activityLocation>"
    for said, read_as in (("me", "ME"), ("Maine", "Maine")):
        activity = entry(document(record(education=place.format(said) + START + END + FORMAT))).activity
        assert activity is not None
        assert activity.location is not None
        assert read_as == activity.location.state


# --- laying a record over the stored one ---------------------------------------------------------------


STORED = Activity(
    activity_id="202600001",
    provider_activity_id="DMS-1",
    title="Before",
    description="Told at length",
    url="https://learn.example.org/1",
    start_date=date(2026, 1, 1),
    end_date=date(2026, 1, 2),
    format="Enduring Material",
    delivery_methods=("Online",),
    passport=True,
    fee="Yes",
    outcomes=(MeasuredOutcome("Patient Health", ("Objective",)),),
    mips=False,
    legacy_type="IEM",
    hours_of_instruction=Decimal("1.5"),
    competencies=("Professionalism",),
    designed_outcomes=True,
    expenses=5,
    in_kind_supports=(InKindSupport("A", ("Other",)), InKindSupport("B", ("Durable equipment",))),
    location=Location("Duluth", "MN", "USA"),
    closed=True,
    born="2.0",
)


def laid(version: ActivityVersion, **changes: Any) -> Activity:
    """A record of this version laid over the stored one."""
    return version.update(STORED, replace(Activity(born=version.name, title="After"), **changes))


def test_an_update_by_1_0_leaves_alone_what_1_0_cannot_hold() -> None:
    """Delivery, Passport, fee, outcomes, MIPS stay; what 1.0 holds is replaced, also by nothing."""
    incoming = entry(document(legacy(), version="1.0")).activity
    assert incoming is not None
    after = V1.update(STORED, incoming)
    kept = {
        name: getattr(STORED, name) for name in ("delivery_methods", "passport", "fee", "outcomes", "mips")
    }
    assert kept == {name: getattr(after, name) for name in kept}
    assert ("Stroke Update", "C", "Live Course") == (after.title, after.legacy_type, after.format)
    assert (None, None, ()) == (after.url, after.hours_of_instruction, after.in_kind_supports)
    assert (True, "2.0") == (after.closed, after.born)


def test_what_is_merely_derived_replaces_nothing_that_was_said() -> None:
    """Description and end of a 2.0 record outlive an update by 1.0, which does not say them."""
    incoming = entry(document(legacy(), version="1.0")).activity
    assert incoming is not None
    after = V1.update(STORED, incoming)
    assert ("Told at length", date(2026, 1, 2)) == (after.description, after.end_date)
    assert frozenset({"format"}) == after.derived


def test_a_false_that_was_said_is_no_gap() -> None:
    """Passport no, said by 2.0, does not become a derived no by an update in 1.0."""
    incoming = entry(document(legacy(), version="1.0")).activity
    assert incoming is not None
    assert "passport" not in V1.update(replace(STORED, passport=False), incoming).derived
    assert "passport" in V1.update(replace(STORED, passport=None), incoming).derived


def test_what_was_derived_is_derived_anew() -> None:
    """A second report in 1.0 moves what the first one derived."""
    first, second = (
        entry(document(legacy(general=OWN_ID + TITLE.replace("Stroke", name)), version="1.0")).activity
        for name in ("Sepsis", "Asthma")
    )
    assert first is not None
    assert second is not None
    assert second == V1.update(first, second)


def test_an_update_by_2_0_leaves_alone_what_2_0_cannot_hold() -> None:
    """Hours, competencies, flags and amounts stay; what 2.0 holds is replaced."""
    after = laid(V2, in_kind_supports=())
    kept = ("hours_of_instruction", "competencies", "designed_outcomes", "expenses")
    assert [getattr(STORED, name) for name in kept] == [getattr(after, name) for name in kept]
    assert ("After", None, (), None, ()) == (
        after.title,
        after.description,
        after.outcomes,
        after.location,
        after.in_kind_supports,
    )


@pytest.mark.parametrize(
    ("format", "delivery", "kept"),
    [
        ("Enduring Material", ("Online",), "IEM"),
        ("Enduring Material", (), "IEM"),
        ("Enduring Material", ("Print/Other",), None),
        ("Live Course", ("Online",), None),
    ],
)
def test_the_old_type_stays_while_it_fits(format: str, delivery: tuple[str, ...], kept: str | None) -> None:
    """An update by 2.0 that makes something else of an activity takes its old type away."""
    assert kept == laid(V2, format=format, delivery_methods=delivery).legacy_type


def test_the_kinds_of_support_stay_with_their_sources() -> None:
    """2.0 names sources only: the kinds 1.0 told stay with the sources that stay, in any order."""
    after = laid(V2, in_kind_supports=(InKindSupport("B"), InKindSupport("C"), InKindSupport("A")))
    assert (
        InKindSupport("B", ("Durable equipment",)),
        InKindSupport("C"),
        InKindSupport("A", ("Other",)),
    ) == after.in_kind_supports


def test_two_supports_of_one_source_keep_each_its_kind() -> None:
    """Who gave twice is not made to have given the same twice."""
    twice = (InKindSupport("A", ("Other",)), InKindSupport("A", ("Durable equipment",)))
    stored = replace(STORED, in_kind_supports=twice)
    said = Activity(in_kind_supports=(InKindSupport("A"), InKindSupport("A"), InKindSupport("A")))
    assert (*twice, InKindSupport("A")) == V2.update(stored, said).in_kind_supports


@pytest.mark.parametrize("version", ACTIVITIES)
def test_an_update_never_blanks_the_identity(version: ActivityVersion) -> None:
    """The gateway's id stays; the provider's own is replaced when given and stays when not."""
    after = version.update(STORED, Activity(activity_id="202699999"))
    assert ("202600001", "DMS-1") == (after.activity_id, after.provider_activity_id)
    assert "DMS-2" == version.update(STORED, Activity(provider_activity_id="DMS-2")).provider_activity_id


def test_2_0_says_what_was_derived_for_good() -> None:
    """A field that 2.0 states is no longer derived, and outlives a later record in 1.0."""
    first = old()
    said = V2.update(first, Activity(title="Stroke Update", description="Said", end_date=date(2026, 3, 12)))
    assert frozenset() == said.derived & {"description", "end_date", "format"}
    assert "Said" == V1.update(said, old(start="2026-03-11")).description


# --- writing --------------------------------------------------------------------------------------------


def lost(activity: Activity, version: ActivityVersion) -> set[str]:
    """The fields that writing in a version names as left out."""
    _, findings = READER.write([activity], version)
    assert {("X040", Severity.WARNING)} >= {(one.code, one.severity) for one in findings}
    return {one.field for one in findings}


def test_1_0_names_what_it_has_no_place_for() -> None:
    """Each field that 1.0 cannot hold is told by its name on the wire; what it tells otherwise is not."""
    assert {
        "DeliveryMethod",
        "ForPublicList",
        "FeeForParticipation",
        "MeasuredOutcome",
        "IsMeritBasedIncentivePaymentSystem",
    } == lost(replace(STORED, delivery_methods=("Online", "Print/Other")), V1)
    assert "DeliveryMethod" not in lost(STORED, V1)


def test_2_0_names_what_it_has_no_place_for() -> None:
    """Hours, competencies, flags, amounts, kinds and an old type that says more are told."""
    assert {
        "HoursOfInstruction",
        "Competency",
        "DesignedToChangePatientOutcomes",
        "Expenses",
        "InKindSupport",
    } == lost(STORED, V2)
    assert "activityFormat" in lost(replace(STORED, delivery_methods=("Live-Streamed",)), V2)


def test_nothing_is_lost_that_was_not_there() -> None:
    """An activity in its own version loses nothing, and of an empty one nothing can be lost."""
    for activity, version in (
        (old(), V1),
        (entry(document()).activity, V2),
        (Activity(), V1),
        (Activity(), V2),
    ):
        assert activity is not None
        assert set() == lost(activity, version)


def test_a_derived_record_reads_the_same_in_both_versions() -> None:
    """What was derived from 1.0 is left out of 1.0 and said in 2.0."""
    first, second = (READER.write([old()], version)[0] for version in (V1, V2))
    for name, wanted in (("endDateTime", 1), ("description", 1), ("ForPublicList", 1)):
        assert (0, wanted) == tuple(len(list(root.iter(f"{{*}}{name}"))) for root in (first, second))


def test_a_format_without_an_old_type_is_lost() -> None:
    """Other/Blended Learning came later: 1.0 has no word for it and says so."""
    assert {"activityFormat"} == lost(replace(Activity(title="x"), format="Other/Blended Learning"), V1)


def test_a_document_declares_what_it_is() -> None:
    """What is written bears namespace, version and all prefixes, its own namespace without one."""
    for version in ACTIVITIES:
        root, _ = READER.write([STORED, STORED], version)
        assert (f"{{{OURS}{version.name}}}ACCMEActivities", version.name) == (
            root.tag,
            root.get("schemaVersion"),
        )
        assert {None, "m", "lom", "hx", "a"} <= set(root.nsmap)
        assert 2 == len(read(etree.tostring(root, encoding="unicode")).entries)


@pytest.mark.parametrize("payload", ["activity", "learner"])
def test_the_newest_version_has_the_highest_number(payload: str) -> None:
    """Whatever a reader knows of a payload, oldest first and nothing of another payload."""
    known = READER.versions_of(payload)
    assert {payload} == {version.payload for version in known}
    assert sorted(known, key=lambda version: version.number) == [*known]
    assert known[-1] is READER.newest(payload)


def test_labels_are_the_words_of_the_newest_wire() -> None:
    """A field of ours is named as senders know it; an unknown one stays as it is."""
    assert ("ForPublicList", "activityFormat", "boardName", "nonsense") == tuple(
        map(READER.label, ("passport", "format", "board", "nonsense"))
    )


def test_an_empty_count_is_an_absent_one() -> None:
    """An empty optional element counts as absent, though it says of whom it would tell the number."""
    count = '<m:ParticipantsByCategory category="physician"/>'
    counts = f"<m:ParticipationMetrics>{count}</m:ParticipationMetrics>"
    sent = document(re.sub("<m:ParticipationMetrics.*(/>|</m:ParticipationMetrics>)", counts, record()))
    assert counts in sent
    assert entry(sent).activity is not None


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ("ACCMEActivites", "ACCMEActivities", "X020"),
        (">junk<m:MedicalEducationMetrics", "><m:MedicalEducationMetrics", "X046"),
    ],
)
def test_the_wrapper_is_judged_too(wrong: str, right: str, code: str) -> None:
    """A slip in the wrapper's name and a stray text are refused, with the name that was meant."""
    xml = document(record())
    assert right in xml
    with pytest.raises(Malformed) as caught:
        read(xml.replace(right, wrong))
    assert [code] == [finding.code for finding in caught.value.findings]
