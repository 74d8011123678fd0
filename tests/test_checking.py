"""Judging a file offline: what the gateway would refuse, and where in the file it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from lxml import etree
from messages import activity, payload
from payloads import END, FORMAT, START, document, record, report, reports

from gateway import assembly, checking
from gateway.checking import Checked
from gateway.errors import Malformed, UnknownSchema, Unreadable
from gateway.records import Finding, Location, Status, replace
from gateway.samples import demo_activities
from gateway.settings import Settings

TODAY = date(2026, 11, 21)
READER = assembly.reader(Settings(), checking.WHOLE)
VERSION = READER.named("activity", "2.0")
RECORD = "<m:MedicalEducationMetrics"


def _document(*titles: str) -> str:
    """A file of activities whose country is no code, one a title."""
    activity = replace(demo_activities(TODAY)[1], location=Location("Lyon", None, "FR"))
    named = [replace(activity, title=title, provider_activity_id=title) for title in titles]
    wrapper, _ = READER.write(named, VERSION)
    return etree.tostring(wrapper, encoding="unicode", pretty_print=True)


def _checked(text: str, encoding: str = "utf-8") -> list[Checked]:
    return checking.check(text.encode(encoding), READER, TODAY)[1]


def _findings(text: str, encoding: str = "utf-8") -> list[tuple[int, Finding]]:
    return [(one.number, finding) for one in _checked(text, encoding) for finding in one.findings]


def _found_at(text: str, finding: Finding) -> tuple[int, str]:
    """The number of the record and the name of the element that begin at a finding's line and column."""
    lines = text.splitlines(keepends=True)
    assert finding.line is not None
    assert finding.column is not None
    offset = sum(map(len, lines[: finding.line - 1])) + finding.column - 1
    name = re.match(r"<(?:\w+:)?(\w+)", text[offset:])
    return text[: offset + len(RECORD)].count(RECORD), name[1] if name else text[offset : offset + 20]


def _on_one_line(text: str) -> str:
    return re.sub(r">\s+<", "><", text).strip()


def _on_many_lines(text: str) -> str:
    return text.replace("><", ">\n<").replace(" xmlns", "\n  xmlns")


def _far_down(text: str) -> str:
    return text.replace(RECORD, "\n" * 70_000 + RECORD)


LAYOUTS: dict[str, Callable[[str], str]] = {
    "as written": str,
    "one line": _on_one_line,
    "many lines": _on_many_lines,
    "Windows": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: text.replace("  ", "\t"),
    "far down": _far_down,
}


def test_good_file_has_no_findings() -> None:
    """Records that break nothing are told with their label and today's status, and without findings."""
    wrapper, _ = READER.write(demo_activities(TODAY), VERSION)
    version, checked = checking.check(etree.tostring(wrapper), READER, TODAY)
    assert VERSION is version
    assert [()] * 5 == [one.findings for one in checked]
    assert [1, 2, 3, 4, 5] == [one.number for one in checked]
    assert ["DMS-DEMO-1", "DMS-DEMO-2"] == [one.label for one in checked[:2]]
    assert [Status.DRAFT, Status.ACTIVE] == [one.status for one in checked[:2]]
    assert not any(one.refused for one in checked)


@pytest.mark.parametrize(
    ("number", "codes", "status"), [(4, 4, Status.READY_TO_CLOSE), (5, 0, Status.CLOSED)]
)
def test_closing_is_judged_too(number: int, codes: int, status: Status) -> None:
    """Who asks to close is told each missing gate, and is told Closed where there is none."""
    activity = replace(demo_activities(TODAY)[number - 1], closed=True)
    wrapper, _ = READER.write([activity], VERSION)
    [checked] = _checked(etree.tostring(wrapper, encoding="unicode"))
    assert (["A907"] * codes, status) == ([one.code for one in checked.findings], checked.status)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_finding_stands_where_its_element_begins(layout: str, encoding: str) -> None:
    """Line and column lead to the element of the right record, however the file is laid out and encoded."""
    text = LAYOUTS[layout](_document("One", "Zwölf Ärzte 𝄞 “x”", "Three"))
    found = _findings(text, encoding)
    assert [(1, "A301"), (2, "A301"), (3, "A301")] == [(number, finding.code) for number, finding in found]
    places = [_found_at(text, finding) for _, finding in found]
    assert [(number, "CountryCode") for number in (1, 2, 3)] == places


def test_missing_element_is_looked_for_at_its_record() -> None:
    """What is missing is told at the line and column of the record it is missing in."""
    text = _on_one_line(_document("One", "Two"))
    text = re.sub(r"<lom:title>.*?</lom:title>", "", text).replace(">FR<", ">FRA<")
    found = _findings(text)
    assert [1, 2] == [number for number, _ in found]
    assert [(1, "MedicalEducationMetrics"), (2, "MedicalEducationMetrics")] == [
        _found_at(text, finding) for _, finding in found
    ]


def test_record_without_wrapper_has_places() -> None:
    """A record that is a document of its own is judged, and its findings have line and column."""
    wrapper, _ = READER.write(
        [replace(demo_activities(TODAY)[1], location=Location("Lyon", None, "FR"))], VERSION
    )
    text = "\n\n" + etree.tostring(wrapper[0], encoding="unicode")
    [finding] = [finding for _, finding in _findings(text) if finding.code == "A301"]
    assert (1, "CountryCode") == _found_at(text, finding)


def test_repeats_that_cannot_be_are_found_too() -> None:
    """Enduring material is entered once, and a file that repeats it says so where it does."""
    repeat = "<RepeatInstance><StartDate>2026-05-04</StartDate></RepeatInstance>"
    enduring = record(
        education=START + END + FORMAT.replace("Live Course", "Enduring Material"),
        extension=f"<RepeatInstances>{repeat}</RepeatInstances>",
    )
    [(_, found)] = _findings(document(enduring, version="2.1"))
    assert ("A924", "RepeatInstance") == (found.code, found.field)
    assert found.path.endswith("/act:RepeatInstances/act:RepeatInstance")
    twice = record(extension=f"<RepeatInstances>{repeat * 2}</RepeatInstances>")
    [(_, found)] = [one for one in _findings(document(twice, version="2.1")) if one[1].code[0] == "A"]
    assert ("A933", True) == (found.code, found.path.endswith("/act:RepeatInstance[2]"))


def test_unreadable_record_is_refused_and_the_rest_judged() -> None:
    """A record whose shape is wrong is refused with the reason and its place; the next one is judged."""
    text = _document("One", "Two").replace(">FR<", ">FRA<").replace("<lom:title>", "<lom:tittle>", 1)
    text = text.replace("</lom:title>", "</lom:tittle>", 1)
    first, second = _checked(text)
    assert (True, None) == (first.refused, first.status)
    assert (False, ()) == (second.refused, second.findings)
    assert (1, "tittle") == _found_at(text, first.findings[0])


def test_notice_about_the_file_stands_with_its_first_record() -> None:
    """What is told once of the whole file, here that its version was guessed, is told at its wrapper."""
    text = _document("One").replace(VERSION.namespace, "urn:example:unheard-of").replace(">FR<", ">FRA<")
    [(number, finding)] = _findings(text)
    assert (1, "X041") == (number, finding.code)
    assert (0, "ACCMEActivities") == _found_at(text, finding)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", Unreadable),
        (b"<a><b></a>", Unreadable),
        (b"<!DOCTYPE a><a/>", Unreadable),
        (b"Provider\tTitle\n", Unreadable),
        (b"<a/>", UnknownSchema),
        (b'<ACCMEActivities schemaVersion="9.9"/>', UnknownSchema),
        (b"<ACCMEActivities/>", Malformed),
        (b"<ACCMEActivities><frob/></ACCMEActivities>", Malformed),
    ],
)
def test_what_cannot_be_judged_is_refused_as_a_whole(body: bytes, error: type[Exception]) -> None:
    """A file that is no XML, of no version, or without records, is one refusal."""
    with pytest.raises(error):
        checking.check(body, READER, TODAY)


def test_file_has_no_limit_of_records() -> None:
    """A file may have more records than a call, while a call's own reader refuses them."""
    many = _document("One").replace(">FR<", ">FRA<")
    start, record, end = re.split(rf"(?=  {RECORD})|(?=</ACCMEActivities)", many)
    body = (start + record * 2_001 + end).encode()
    assert 2_001 == len(checking.check(body, READER, TODAY)[1])
    with pytest.raises(Malformed):
        checking.check(body, assembly.reader(Settings()), TODAY)


# --- completions --------------------------------------------------------------------------------------


def _learners(*wrong: tuple[str, str]) -> str:
    document = reports(report(), report().replace("ccid:demo:", "ccid:demo:1"))
    for old, new in wrong:
        assert old in document
        document = document.replace(old, new)
    return document.replace("><", ">\n<").replace("2026-03-10", "2026-11-02")


def test_good_learner_file_has_no_findings() -> None:
    """Completions are judged by shape and by the rules that need no store; they have no status."""
    version, checked = checking.check(_learners().encode(), READER, TODAY)
    assert ("learner 1.0", [()] * 2) == (version.title, [one.findings for one in checked])
    assert [("ccid:demo:1", None), ("ccid:demo:11", None)] == [(one.label, one.status) for one in checked]


@pytest.mark.parametrize("fee", ["", "<act:FeeForParticipation>Free</act:FeeForParticipation>"])
def test_a_deletion_needs_only_its_id(fee: str) -> None:
    """As in a call: of what is to be deleted nothing has to be complete; its shape is looked at."""
    extension = f"{fee}<act:activityRecordAction>Delete</act:activityRecordAction>"
    (one,) = checking.check(payload(activity("A", title="", extension=extension)).encode(), READER, TODAY)[1]
    assert (["X023"] if fee else [], None) == ([found.code for found in one.findings], one.status)


def test_finding_of_a_completion_stands_where_its_element_begins() -> None:
    """A rule's and a shape's finding lead to the element of the right record, and quote nobody."""
    text = _learners(("900001", "9001"), ("1971-02-28", "28.02.1971"))
    text = text.replace("28.02.1971", "1971-02-28", 1)
    first, second = checking.check(text.encode(), READER, TODAY)[1]
    assert [["L207"], ["X023", "L207"]] == [[one.code for one in each.findings] for each in (first, second)]
    assert (True, True, "(no id)") == (first.refused, second.refused, second.label)
    for found, sought in ((first.findings[0], ">9001<"), (second.findings[0], "28.02.1971")):
        assert found.line is not None
        assert found.column is not None
        assert sought in text.splitlines()[found.line - 1][found.column - 1 :]
        assert sought.strip("<>") not in found.text


def test_missing_part_of_a_completion_is_looked_for_at_its_record() -> None:
    """What is missing is told where the record begins in which it is missing."""
    text = _learners(("<me:PersonalInfo><me:BirthDate>1971-02-28</me:BirthDate></me:PersonalInfo>", ""))
    for one in checking.check(text.encode(), READER, TODAY)[1]:
        [found] = one.findings
        assert found.line is not None
        assert text.splitlines()[found.line - 1].startswith("<r:ActivityReport>")
