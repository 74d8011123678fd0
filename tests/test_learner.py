"""Learner payloads: found, read leniently, told of without a word of the person, written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import etree
from payloads import (
    ADD,
    CREATED,
    DOMAINS,
    HEAD,
    L1,
    L2,
    LEARNERS,
    MEMBER,
    MODULE,
    READER,
    TODAY,
    completion,
    official,
    read,
    report,
    reports,
)

from gateway import findings, schemas
from gateway.errors import Malformed
from gateway.intake import Limits
from gateway.records import (
    ClaimedCredit,
    Completion,
    CompletionEntry,
    Identifier,
    Learner,
    LearnerAction,
    Participant,
    Regulation,
    Severity,
    replace,
)
from gateway.schema import Reader
from gateway.schemas.learner import LearnerVersion

NOW = datetime(2026, 6, 1, 8, 15, tzinfo=UTC)
REPORT = "/lrn:ACCMELearnerReports/r:ActivityReports/r:ActivityReport"
each_version = pytest.mark.parametrize("version", ["1.0", "2.0"])
NURSE = (
    '<r:Participant><r:LocalIdentifier domain="idd:demo.example:ce">P-1</r:LocalIdentifier>'
    "<r:Profession>Nurse</r:Profession></r:Participant>"
)
REMS = (
    '<r:RegulatoryInformation><r:CompliantToRegulation label="Opioid REMS">https://example.org/rems'
    "</r:CompliantToRegulation></r:RegulatoryInformation>"
)
COUNTED = report(
    version="2.0", who=f"<r:Participants>{NURSE}{NURSE}</r:Participants>", activity=REMS, credits=""
)


def codes(one: CompletionEntry) -> list[str]:
    """The codes found in a completion."""
    return [found.code for found in one.findings]


# --- what is read -------------------------------------------------------------------------------------


@each_version
def test_a_completion_is_read(version: str) -> None:
    """Learner, activity, credits and what the record asks for, the same from both versions."""
    reading = read(reports(version=version))
    (one,) = reading.entries
    assert ("learner", version, ()) == (reading.version.payload, reading.version.name, reading.notices)
    assert ((), "202600001", LearnerAction.ADD, None) == (
        one.findings,
        one.activity_id,
        one.action,
        one.provider_id,
    )
    assert one.completion == Completion(
        organization="Demo Medical Society",
        learner=Learner(
            ("Ada",),
            ("Quimby",),
            None,
            "02-28",
            (Identifier("NPI", "1234567893"), Identifier("ABIM", "900001")),
        ),
        provider_organization="0001234",
        activity_name="Stroke Update",
        activity_id="202600001",
        module_name="Stroke Update",
        status="Completed",
        completed_on=date(2026, 3, 10),
        credits=(
            ClaimedCredit("ccid:demo:1", "AMA PRA Category 1", "Point", Decimal(2)),
            ClaimedCredit("ccid:demo:2", "Medical Knowledge", "Point", Decimal("1.5")),
        ),
    )


def test_participants_without_names_are_read() -> None:
    """Since 2.0 a report may count participants of a REMS activity in place of a learner."""
    one = completion(reports(COUNTED, version="2.0"))
    nurse = Participant("P-1", "idd:demo.example:ce", profession="Nurse")
    assert one.completion is not None
    assert (None, (nurse, nurse)) == (one.completion.learner, one.completion.participants)
    assert (Regulation("Opioid REMS", "https://example.org/rems"),) == one.completion.regulations


@pytest.mark.parametrize(
    ("sent", "kept"), [("1904-02-29", "02-29"), ("1971-12-31Z", "12-31"), ("2000-01-01-05:00", "01-01")]
)
def test_of_a_birth_date_the_year_is_not_kept(sent: str, kept: str) -> None:
    """Any year is read, and nothing of the record has it."""
    one = completion(reports().replace("1971-02-28", sent))
    assert one.completion is not None
    assert one.completion.learner is not None
    assert kept == one.completion.learner.birthday


@pytest.mark.parametrize(
    ("version", "sent", "kept"),
    [
        ("1.0", "npi", "NPI"),
        ("1.0", "me", "ME"),
        ("1.0", "ABPath", "ABPATH"),
        ("1.0", "idd:cms.gov:NPI", "NPI"),
        ("2.0", "idd:cms.gov:npi", "NPI"),
        ("2.0", "idd:a.b:c:me", "ME"),
    ],
)
def test_the_kind_of_an_identifier_counts(version: str, sent: str, kept: str) -> None:
    """Of a domain what stands after the last colon is kept, in upper case."""
    one = completion(reports(version=version).replace(DOMAINS[version]["npi"], sent))
    assert one.completion is not None
    assert one.completion.learner is not None
    assert kept == one.completion.learner.identifiers[0].domain


@pytest.mark.parametrize(
    ("sent", "action"),
    [("add", LearnerAction.ADD), ("Delete", LearnerAction.DELETE), (" delete ", LearnerAction.DELETE)],
)
def test_the_action_is_read_in_any_case(sent: str, action: LearnerAction) -> None:
    """Senders write the action both ways, and what is not said is not guessed."""
    assert action is completion(reports(report(extension=ADD.replace("add", sent)))).action
    assert None is completion(reports(report(extension="<ProviderID>0001234</ProviderID>"))).action


def test_the_provider_of_a_record_is_told() -> None:
    """A transaction provider id is the record's, and no field of the completion."""
    assert "0001234" == completion(reports(report(extension="<ProviderID>0001234</ProviderID>"))).provider_id


# --- which version, in which shape --------------------------------------------------------------------


SHAPES: dict[str, Callable[[str, str], str]] = {
    "foreign": lambda v, xml: xml.replace(f"urn:cme-gateway:pars:learner:{v}", "urn:example:vendor"),
    "none": lambda v, xml: xml.replace(f'xmlns="urn:cme-gateway:pars:learner:{v}"', ""),
    "without wrapper": lambda v, xml: _declared(xml, "ActivityReports", v),
    "a single report": lambda v, xml: _declared(xml, "ActivityReport", v),
}


def _declared(xml: str, name: str, version: str) -> str:
    """An element of a document as a document of its own."""
    found = re.search(rf"<r:{name}>.*</r:{name}>", xml)
    assert found is not None
    own = f'xmlns="urn:cme-gateway:pars:learner:{version}" {official(version)}'
    return found[0].replace(f"<r:{name}", f"<r:{name} {own}", 1)


@each_version
@pytest.mark.parametrize("shape", SHAPES)
def test_other_shapes_are_read(shape: str, version: str) -> None:
    """Whatever the wrapper, the version is found by the content, and the record is the same."""
    reading = read(SHAPES[shape](version, reports(version=version)))
    assert (version, ["X041"]) == (reading.version.name, [one.code for one in reading.notices])
    assert reading.entries[0].completion == completion(reports(version=version)).completion
    assert [] == codes(reading.entries[0])


@each_version
def test_a_document_without_any_namespace_is_read(version: str) -> None:
    """A sender that knows no namespaces is told so, and read: 2.0 by what only 2.0 has."""
    xml = reports(version=version).replace(official(version), "")
    bare = re.sub(r"(</?)\w+:", r"\1", re.sub(' xmlns="[^"]*"', "", xml))
    reading = read(bare)
    assert version == reading.version.name
    assert {"X041", "X030"} == {one.code for one in reading.notices}
    assert reading.entries[0].completion == completion(reports(version=version)).completion


def test_idd_domains_mean_2_0() -> None:
    """Nothing else said, the spelling of the domains tells the version."""
    sent = f"<ACCMELearnerReports><ActivityReports>{HEAD['2.0']}{report(version='2.0')}"
    xml = re.sub(r"(</?)\w+:", r"\1", f"{sent}</ActivityReports></ACCMELearnerReports>")
    xml = re.sub("<Reporting(Start|End)Date>.*?</Reporting(Start|End)Date>", "", xml)
    with pytest.raises(Malformed) as refused:  # for 2.0 they must be there
        read(xml)
    assert ["ReportingStartDate", "ReportingEndDate"] == [
        one.field for one in refused.value.findings if one.code == "X021"
    ]


def test_an_alias_may_name_a_learner_version() -> None:
    """An operator maps a namespace onto a learner version as onto one of activities."""
    reader = Reader(schemas.VERSIONS, Limits(), {"urn:example:vendor": "learner:1.0"})
    reading = read(reports(namespace="urn:example:vendor"), reader)
    assert ("learner 1.0", ()) == (reading.version.title, reading.notices)


def test_records_are_numbered_over_the_document() -> None:
    """One bad record does not stop the others, and each has its number and path."""
    bad = report(module=MODULE.replace("Completed<", "Registered<"))
    entries = read(reports(report(), bad, report())).entries
    assert [[], ["X023"], []] == [codes(one) for one in entries]
    assert [1, 2, 3] == [one.number for one in entries]
    assert [True, False, True] == [one.completion is not None for one in entries]
    assert entries[1].findings[0].path == f"{REPORT}[2]/r:Activity/r:Module/r:Status"
    assert "“Registered”" in entries[1].findings[0].text
    assert "202600001" == entries[1].activity_id


# --- what stands above the records --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ((CREATED, ""), "X021", ""),
        (("2026-05-01T08:15:00-05:00", "May"), "X023", "/r:DateTimeCreated"),
        ((CREATED, CREATED * 2), "X022", "/r:DateTimeCreated[2]"),
        ((CREATED, f"{CREATED}<r:frob/>"), "X020", "/r:frob"),
        ((CREATED, f"{CREATED}junk"), "X046", ""),
        (("</r:ActivityReports>", "junk</r:ActivityReports>"), "X046", ""),
    ],
)
def test_the_head_is_judged(change: tuple[str, str], code: str, path: str) -> None:
    """What stands above the records is as its schema asks, else the document is refused with its place."""
    with pytest.raises(Malformed) as refused:
        read(reports().replace(*change))
    assert [(code, f"/lrn:ACCMELearnerReports/r:ActivityReports{path}")] == [
        (one.code, one.path) for one in refused.value.findings
    ]


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ("<r:ActivityReports>", "<r:ActivityReports>", None),
        ("<ACCMELearnerReport ", "<ACCMELearnerReports ", "X020"),
        ("<r:frob/><r:ActivityReports>", "<r:ActivityReports>", "X020"),
        ("junk<r:ActivityReports>", "<r:ActivityReports>", "X046"),
    ],
)
def test_the_wrapper_is_judged(wrong: str, right: str, code: str | None) -> None:
    """The wrapper has its name and holds one ActivityReports, nothing else and no text."""
    xml = reports().replace(right, wrong)
    xml = xml.replace("</ACCMELearnerReports>", f"</{wrong[1:-1]}>") if wrong.startswith("<ACC") else xml
    if code is None:
        assert [] == codes(completion(xml))
        return
    with pytest.raises(Malformed) as refused:
        read(xml)
    assert [code] == [one.code for one in refused.value.findings]


@pytest.mark.parametrize(
    "body", ["", "<r:ActivityReports/>", f"<r:ActivityReports>{CREATED}</r:ActivityReports>"]
)
def test_a_document_without_records_is_refused(body: str) -> None:
    """A payload without a record has nothing to answer."""
    declared = f'xmlns="urn:cme-gateway:pars:learner:1.0" {official("1.0")}'
    with pytest.raises(Malformed) as refused:
        read(f"<ACCMELearnerReports {declared}>{body}</ACCMELearnerReports>")
    assert ["X021"] == [one.code for one in refused.value.findings]


def test_there_is_one_holder_of_records() -> None:
    """Two ActivityReports are two documents."""
    xml = reports()
    second = xml[xml.index("<r:ActivityReports>") : xml.index("</ACCMELearnerReports>")]
    with pytest.raises(Malformed) as refused:
        read(xml.replace("</ACCMELearnerReports>", f"{second}</ACCMELearnerReports>"))
    assert ["X022"] == [one.code for one in refused.value.findings]


# --- who, by name or by number ------------------------------------------------------------------------


def test_neither_learner_nor_participants_is_told() -> None:
    """Of a choice one must stand, and the finding names them all."""
    one = completion(reports(report(version="2.0", who=""), version="2.0"))
    assert [("X021", "Member or Participants")] == [(found.code, found.field) for found in one.findings]


def test_learner_and_participants_is_one_too_many() -> None:
    """Of a choice only one may stand."""
    both = f"<r:Member>{MEMBER.format(**DOMAINS['2.0'])}</r:Member><r:Participants>{NURSE}</r:Participants>"
    one = completion(reports(report(version="2.0", who=both), version="2.0"))
    assert [("X022", "Member or Participants")] == [(found.code, found.field) for found in one.findings]
    (told,) = one.findings
    assert "Member and Participants exclude one another." == told.text
    assert "in a record of its own" in told.remedy


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("sent", ["07-04", "--07-04", "1900-02-29"])
def test_a_birth_date_that_is_none_is_told_how_to_be_written(version: str, sent: str) -> None:
    """Whoever has no year, as it is not kept, learns which to write."""
    (told,) = completion(
        reports(report(version=version), version=version).replace("1971-02-28", sent)
    ).findings
    assert ("X023", "BirthDate", True) == (told.code, told.field, "1904 for 29 February" in told.remedy)
    assert sent not in told.text + told.remedy


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_there_is_no_update_of_a_completion(version: str) -> None:
    """Whoever sends one learns what to do instead."""
    xml = reports(report(version=version), version=version)
    (told,) = completion(re.sub("(RecordAction>)[a-z]+", r"\1update", xml)).findings
    assert ("X023", "LearnerRecordAction") == (told.code, told.field)
    assert "deleting it, then adding it again" in told.remedy


def test_an_empty_one_of_the_two_counts_as_absent() -> None:
    """Templates write both and fill one."""
    both = f"<r:Member>{MEMBER.format(**DOMAINS['2.0'])}</r:Member><r:Participants/>"
    assert [] == codes(completion(reports(report(version="2.0", who=both), version="2.0")))


def test_an_empty_identifier_counts_as_absent() -> None:
    """A domain alone says of whom it would tell the number."""
    one = completion(reports().replace(">900001<", "><"))
    assert one.completion is not None
    assert one.completion.learner is not None
    assert ["NPI"] == [known.domain for known in one.completion.learner.identifiers]


def test_what_pars_does_not_ask_for_is_set_aside() -> None:
    """Official elements that are not used are named in a warning, not refused."""
    gender = "<me:PersonalInfo><me:Gender>Female</me:Gender>"
    one = completion(reports().replace("<me:PersonalInfo>", gender))
    assert [("X031", "Gender")] == [(found.code, found.field) for found in one.findings]
    assert one.completion is not None


# --- nothing of a person is told ----------------------------------------------------------------------


SECRET = "Zzyzx"
WITHIN = ("Member", "Participants")


def personal(version: LearnerVersion) -> list[etree._Element]:
    """Documents with the secret, one for each text and attribute of each element that speaks of a person."""
    who = [f"<r:Member>{MEMBER.format(**DOMAINS[version.name])}</r:Member>"]
    if version is L2:
        who.append(f"<r:Participants>{NURSE}</r:Participants>")
    documents = [reports(report(version=version.name, who=one), version=version.name) for one in who]
    spoilt = []
    for document in documents:
        parts = [part for name in WITHIN for part in etree.fromstring(document).iter(f"{{*}}{name}")]
        count = sum(1 for part in parts for _ in part.iter())
        for number in range(count):
            for spoil in (_text, _tail, _attribute, _long, _child):
                root = etree.fromstring(document)
                [element] = [part for name in WITHIN for part in root.iter(f"{{*}}{name}")][:1]
                spoil(list(element.iter())[number])
                spoilt.append(root)
    return spoilt


def _text(element: etree._Element) -> None:
    element.text = SECRET


def _tail(element: etree._Element) -> None:
    element.tail = SECRET


def _long(element: etree._Element) -> None:
    element.text = SECRET * 1_000


def _child(element: etree._Element) -> None:
    etree.SubElement(element, "{urn:example:vendor}mark").text = SECRET


def _attribute(element: etree._Element) -> None:
    for name in (*element.attrib, "restrictions", "accuracy"):
        element.set(name, SECRET)


@pytest.mark.parametrize("version", LEARNERS, ids=lambda version: version.name)
def test_no_finding_quotes_a_person(version: LearnerVersion) -> None:
    """Whatever is wrong with whatever element of a person, no finding shows what it holds."""
    found = 0
    for document in personal(version):
        try:
            (one,) = READER.read(document, TODAY).entries
        except Malformed as refusal:
            told = refusal.findings
        else:
            told = one.findings
        found += bool(told)
        assert SECRET not in repr(told)
    assert found > 20


def test_a_quoted_person_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: where nothing is marked as personal, the same findings quote."""
    names = replace(L1.judge.names, personal=frozenset())
    monkeypatch.setattr(L1.judge, "names", names)
    told = [repr(READER.read(document, TODAY).entries[0].findings) for document in personal(L1)]
    assert any(SECRET in one for one in told)


def test_what_is_not_personal_is_quoted() -> None:
    """An amount that is no number is shown, as it helps."""
    one = completion(reports().replace(">1.5<", ">one<"))
    assert "“one”" in one.findings[0].text
    assert findings.HIDDEN in completion(reports().replace("1971-02-28", "28/02")).findings[0].text


def test_what_is_read_has_no_face() -> None:
    """Neither an entry nor its completion shows the person in its representation."""
    shown = repr(completion(reports()))
    assert not [value for value in ("Quimby", "02-28", "1234567893", "900001") if value in shown]


# --- where things stand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "path", "label"),
    [
        ("completed_on", "r:Activity/r:Module/r:CompletedDateTime", "CompletedDateTime"),
        ("activity_id", "r:Activity/r:Module/r:ModuleName", "moduleID"),
        ("credits", "r:Activity/r:Module/r:CreditCertificate[1]", "CreditCertificate"),
        ("credits[1]", "r:Activity/r:Module/r:CreditCertificate[2]", "CreditCertificate"),
        (
            "credits[1].amount",
            "r:Activity/r:Module/r:CreditCertificate[2]/r:CreditReceived/hx:numberOfCredits",
            "numberOfCredits",
        ),
        ("credits[0].credit_id", "r:Activity/r:Module/r:CreditCertificate[1]/r:CreditID", "CreditID"),
        ("learner", "r:Member", "Member"),
        ("family_names", "r:Member/me:Name/n:FamilyName", "FamilyName"),
        ("birthday", "r:Member/me:PersonalInfo/me:BirthDate", "BirthDate"),
        ("suffix", "r:Member/me:Name/n:GenerationIdentifier", "GenerationIdentifier"),
        ("identifiers", "r:Member/me:UniqueID[1]", "UniqueID"),
        ("identifiers[1]", "r:Member/me:UniqueID[2]", "UniqueID"),
        ("identifiers[1].value", "r:Member/me:UniqueID[2]", "value"),
        ("identifiers[1].domain", "r:Member/me:UniqueID[2]", "domain"),
        ("", "", ""),
    ],
)
def test_each_field_has_its_place(field: str, path: str, label: str) -> None:
    """Rules speak of fields, senders look for elements: the two are joined, also in groups of groups."""
    place = completion(reports()).place(field)
    assert (f"{REPORT}/{path}".rstrip("/"), label, 1) == (place.path, place.field, place.line)


def test_places_survive_tidying() -> None:
    """A place leads to the element as it was sent, among the empty ones that were left out."""
    empty = '<me:UniqueID domain="NPI"/>'
    one = completion(reports().replace("<me:UniqueID", f"{empty}<me:UniqueID", 1))
    assert one.completion is not None
    assert f"{REPORT}/r:Member/me:UniqueID[2]" == one.place("identifiers[0]").path


@pytest.mark.parametrize("said", ['moduleID="\u2028"', ""])
def test_a_missing_attribute_is_told_at_its_element(said: str) -> None:
    """At its line too, whether it was blank or not there."""
    module = "\n" + MODULE.replace('moduleID="202600001"', said)
    place = completion(reports(report(module=module))).place("activity_id")
    assert (f"{REPORT}/r:Activity/r:Module/r:ModuleName", "moduleID", 2) == (
        place.path,
        place.field,
        place.line,
    )


def test_participants_have_places() -> None:
    """The n-th participant is told apart, and what one lacks stands where it would be."""
    one = completion(reports(COUNTED, version="2.0"))
    second = f"{REPORT}/r:Participants/r:Participant[2]"
    assert f"{second}/r:Profession" == one.place("participants[1].profession").path
    assert f"{second}/r:PracticeArea" == one.place("participants[1].practice_area").path


def test_labels_are_told_by_payload() -> None:
    """The same name may stand for two fields: each payload has its own words."""
    assert ("ACCME Activity ID", "moduleID") == (
        READER.label("activity_id"),
        READER.label("activity_id", "learner"),
    )
    assert ("numberOfCredits", "UniqueID", "BirthDate", "nonsense") == tuple(
        READER.label(name, "learner")
        for name in ("credits[1].amount", "identifiers[0]", "birthday", "nonsense")
    )


# --- writing ------------------------------------------------------------------------------------------


def sent(*records: Completion, version: LearnerVersion) -> etree._Element:
    """A written document."""
    return READER.write(records, version, created=NOW)[0]


def test_the_head_is_written_from_the_completions() -> None:
    """The moment is given; the reporting dates are those of the first and last completion, or given too."""
    days = [date(2026, 3, 10), date(2026, 1, 5), date(2026, 2, 1)]
    done = [Completion(completed_on=day) for day in days]
    head = [child.text for child in [*sent(*done, version=L2)[0]][:3]]
    assert ["2026-06-01T08:15:00+00:00", "2026-01-05", "2026-03-10"] == head
    period = (date(2026, 1, 1), date(2026, 3, 31))
    given = READER.write(done, L2, created=NOW, reported=period)[0][0]
    assert ["2026-01-01", "2026-03-31"] == [child.text for child in [*given][1:3]]
    assert ["DateTimeCreated"] == [etree.QName(child).localname for child in sent(version=L1)[0]]
    assert ["2026-06-01"] * 2 == [child.text for child in [*sent(version=L2)[0]][1:3]]


@each_version
def test_a_birthday_is_written_with_a_dummy_leap_year(version: str) -> None:
    """The 29 February is a date of the year that stands for none."""
    leap = replace(_person(), birthday="02-29")
    root = sent(Completion(learner=leap), version=L1 if version == "1.0" else L2)
    assert ["1904-02-29"] == [element.text for element in root.iter("{*}BirthDate")]


def _person() -> Learner:
    learner = completion(reports()).completion
    assert learner is not None
    assert learner.learner is not None
    return learner.learner


def test_domains_are_written_as_the_version_spells_them() -> None:
    """1.0 names the kind, 2.0 puts it behind a domain name."""
    known = Learner(family_names=("Quimby",), identifiers=(Identifier("NPI", "1"), Identifier("ME", "2")))
    written = [
        [
            element.get("domain")
            for element in sent(Completion(learner=known), version=version).iter("{*}UniqueID")
        ]
        for version in LEARNERS
    ]
    assert [["NPI", "ME"], ["idd:cms.gov:NPI", "idd:cme-gateway.example:ME"]] == written


def test_1_0_names_what_it_has_no_place_for() -> None:
    """Regulations are told by name; a record without a learner is left out, which is told too."""
    counted = completion(reports(COUNTED, version="2.0")).completion
    assert counted is not None
    root, lost = READER.write([counted, replace(counted, learner=_person())], L1, created=NOW)
    assert [("X047", "Member"), ("X040", "Participant"), ("X040", "CompliantToRegulation")] == [
        (one.code, one.field) for one in lost
    ]
    assert {Severity.WARNING} == {one.severity for one in lost}
    assert 1 == len(list(root.iter(L1.record)))
    assert () == READER.write([counted], L2, created=NOW)[1]


def test_a_report_may_stand_on_any_line() -> None:
    """Also where the number of its line is more than an element can keep."""
    far = reports(report()).replace("<r:ActivityReports", "\n" * 70_000 + "<r:ActivityReports", 1)
    assert completion(far).completion is not None
