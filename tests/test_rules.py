"""The rulebook: each rule with an example of both kinds, and what a finding shows."""

from __future__ import annotations

import dataclasses
import json
import re
import string
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
import reported

from gateway import boards
from gateway.errors import GatewayError, Refused
from gateway.records import (
    Activity,
    Board,
    CategoryCount,
    ClaimedCredit,
    Completion,
    Credit,
    CreditType,
    Finding,
    Identifier,
    InKindSupport,
    Learner,
    Location,
    MeasuredOutcome,
    MocRegistration,
    MonetarySupport,
    Participant,
    Place,
    PracticeArea,
    Severity,
    replace,
)
from gateway.rules import (
    ACTIVITY,
    LEARNER,
    NOTICES,
    RULES,
    CompletionContext,
    Context,
    Rule,
    Subject,
    breaks,
    catalogue,
    examples,
    finding,
    judge,
    quoted,
    rule,
    told,
)
from gateway.rules.accreditation import in_quarters
from gateway.rules.declaration import Changes
from gateway.vocabulary import CERTIFICATIONS

TODAY = date(2026, 11, 21)
COURSE = Activity(
    title="Asthma in Schools",
    format="Live Course",
    legacy_type="C",
    start_date=date(2026, 3, 9),
    end_date=date(2026, 3, 10),
    credits=(Credit("AMA PRA Category 1", Decimal(2)),),
)
RECORDS = {
    Subject.ACTIVITY: Activity,
    Subject.COMPLETION: Completion,
    Subject.PERSON: Learner,
    Subject.IDENTIFIER: Identifier,
    Subject.CREDITS: Completion,
    Subject.CREDIT: ClaimedCredit,
    Subject.PARTICIPANT: Participant,
}
VERSIONS = ((1, 0), (2, 0), (2, 1))
SOURCES = Path(__file__).parent.parent / "docs" / "sources.md"
every_rule = pytest.mark.parametrize("law", RULES.values(), ids=RULES.keys())


def _fields(record: type[Activity | Completion | CompletionContext]) -> set[str]:
    return {field.name for field in dataclasses.fields(record)}


def _found(activity: Activity, version: tuple[int, int] = (2, 0)) -> tuple[Finding, ...]:
    return judge(activity, Context(TODAY, "0001234", version), lambda field: Place(f"/{field}", 7))


def _after(law: Rule, changes: Changes, version: tuple[int, int]) -> tuple[Finding, ...]:
    """What is found after an example's changes, in the payload the rule is for."""
    if law.subject is Subject.ACTIVITY:
        return _found(replace(COURSE, **changes), version)
    return reported.found(changes, version)


def _codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def _version_of(law: Rule) -> tuple[int, int]:
    return law.until or max(law.since or (2, 0), (2, 0))


def test_unchanged_records_break_no_rule() -> None:
    """The records that the examples change break no rule themselves, in any version."""
    assert [] == [_codes(_found(COURSE, version)) for version in VERSIONS if _found(COURSE, version)]
    assert [] == [_codes(reported.found({}, version)) for version in VERSIONS if reported.found({}, version)]


@every_rule
def test_good_example_breaks_no_rule(law: Rule) -> None:
    """A record with a rule's good example breaks no rule at all."""
    assert [] == _codes(_after(law, law.good, _version_of(law)))


@every_rule
def test_bad_example_breaks_exactly_its_rule(law: Rule) -> None:
    """A record with a rule's bad example breaks that rule and no other."""
    assert {law.code} == set(_codes(_after(law, law.bad, _version_of(law))))


@every_rule
def test_rule_is_whole(law: Rule) -> None:
    """A rule has one sentence, a remedy, a source, both examples, and names fields that exist."""
    record = Activity if law.subject is Subject.ACTIVITY else Completion
    around = {f"{reported.AMID}{name}" for name in _fields(CompletionContext)}
    known = {field.name for field in dataclasses.fields(RECORDS[law.subject])}
    assert law.text.endswith(".")
    assert "" not in (law.remedy, law.source)
    whole = {Subject.COMPLETION: "action", Subject.IDENTIFIER: "identifiers", Subject.CREDIT: "credits"}
    assert law.field.partition(".")[0] in known | {whole.get(law.subject)}
    assert {*law.good, *law.bad} <= _fields(record) | around
    assert law.good
    assert law.bad


@every_rule
def test_letter_tells_the_subject(law: Rule) -> None:
    """A codes are of activities, C of completions and credits, L of people; what L finds is personal."""
    whole = {Subject.ACTIVITY: "A", Subject.COMPLETION: "C", Subject.CREDITS: "C", Subject.CREDIT: "C"}
    letter = "L" if law.field == "participants" and law.personal else whole.get(law.subject, "L")
    assert letter == law.code[0]
    assert (law.code[0] == "L") is law.personal


@every_rule
def test_rule_is_silent_outside_its_versions(law: Rule) -> None:
    """A rule with a first or last version finds nothing in payloads of the others."""
    outside = [version for version in VERSIONS if not law.applies(version, law.subject.payload)]
    assert [] == [version for version in outside if law.code in _codes(_after(law, law.bad, version))]


@every_rule
def test_rule_applies_to_one_payload(law: Rule) -> None:
    """No rule of learners applies to activities, and none of activities to learners."""
    other = LEARNER if law.subject is Subject.ACTIVITY else ACTIVITY
    assert [] == [version for version in VERSIONS if law.applies(version, other)]
    assert [] != [version for version in VERSIONS if law.applies(version, law.subject.payload)]


@pytest.mark.parametrize("code", sorted({*RULES, *NOTICES}))
def test_source_is_explained(code: str) -> None:
    """The source of a code is a key of docs/sources.md, another page, or the gateway's own reading."""
    rows = re.findall(r"^\| ([A-Z][^|]+?) \|", SOURCES.read_text("utf-8"), re.MULTILINE)
    keys = {key for row in rows for key in row.split(", ")}
    source = ({**RULES, **NOTICES}[code]).source
    named = set(re.findall(r"[A-Z]{2,}[0-9]*(?:-[A-Z]+)?", re.sub(r"FAQ-\w+", "FAQ-…", source)))
    named |= {"FAQ-…"} if "FAQ-" in source else set()
    assert named & keys or "the gateway's own" in source or "docs/wire.md" in source
    assert {"FAQ-…", "JS-LRN"} <= keys


def test_versions_are_compared_as_numbers() -> None:
    """The bounds of a rule are included, and 10.0 comes after 2.0."""
    law = replace(RULES["A105"], since=(2, 0), until=(10, 0))
    expected = [False, True, True, True, False]
    assert expected == [law.applies(version) for version in ((1, 0), (2, 0), (9, 0), (10, 0), (10, 1))]


def test_code_is_declared_once() -> None:
    """A code that is taken cannot be declared again, and the rulebook keeps the first."""
    law = RULES["A101"]
    with pytest.raises(ValueError, match="A101"):
        rule("A101", "title", remedy="r", source="s", good={}, bad={})(law.check)
    assert law is RULES["A101"]


def test_finding_says_what_where_and_how_to_mend() -> None:
    """A finding carries the rule's sentence with the offending value, its place and the remedy."""
    [only] = _found(replace(COURSE, location=Location("Duluth", "Minnesota", "USA")))
    law = RULES["A302"]
    text = 'A state of the USA is given by its two-letter postal code. Found: "Minnesota".'
    expected = Finding("A302", Severity.ERROR, text, law.remedy, "location.state", "/location.state", 7, None)
    assert expected == only


def test_finding_names_the_field_as_its_sender_does() -> None:
    """Where the place knows the sender's name of a field, the finding uses it."""
    context = Context(TODAY, "0001234", (2, 0))
    [only] = judge(replace(COURSE, physicians=-1), context, lambda field: Place(field="Physicians"))
    assert "Physicians" == only.field


def test_each_offending_value_is_found() -> None:
    """A rule over a list tells each value that breaks it, and none that does not."""
    amounts = (Decimal("1.1"), Decimal("1.25"), Decimal("0"))
    credits = tuple(map(Credit, CERTIFICATIONS, amounts))
    shown = [finding.text.partition("Found: ")[2] for finding in _found(replace(COURSE, credits=credits))]
    assert ['"1.1".', '"0".'] == shown


_ABIM = MocRegistration("ABIM", Decimal(1), ("Medical Knowledge",))
_MONEY = MonetarySupport(5, "Northern Devices", "USD")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "moc_registrations": (
                    _ABIM,
                    replace(_ABIM, board="ABP", points=Decimal("3.1"), practice_areas=("Otology",)),
                    replace(_ABIM, board="XXX", claim_date=date.min),
                )
            },
            "A701 [2], A702 [1], A703 [1], A705 [2], A706 [1], A707 [1]",
        ),
        ({"moc_registrations": (_ABIM, replace(_ABIM, board=None), _ABIM, _ABIM)}, "A701 [1], A704 [2]"),
        ({"moc_registrations": (_ABIM,), "specialties": ("Hematology", "Otology")}, "A708 [1]"),
        ({"moc_registrations": (_ABIM,), "specialties": ("Hospice & palliative medicine",)}, ""),
        (
            {
                "credits": (
                    Credit("IPCE"),
                    Credit("CPD", Decimal(2)),
                    Credit("Nursing", Decimal("0.1")),
                    Credit("Nursing", Decimal(2)),
                )
            },
            "A401 [2], A402 [1], A404 [3]",
        ),
        (
            {"monetary_supports": (_MONEY, replace(_MONEY, amount=0), replace(_MONEY, source=None))},
            "A502 [1], A503 [2]",
        ),
        ({"monetary_supports": (_MONEY, replace(_MONEY, currency="EUR"))}, "A505 [1]"),
        ({"in_kind_supports": (InKindSupport("Harbor"), InKindSupport(None, ("Other",)))}, "A504 [1]"),
        ({"outcomes": (MeasuredOutcome("Competence"),) * 2}, "A603 [1]"),
        ({"commendation_tags": ("Engages Teams", "Engages Everybody")}, "A604 [1]"),
        (
            {
                "participants": tuple(map(CategoryCount, ("cook", "nurse", "Nurse"), (2, 3, -1))),
                "other_learners": 4,
            },
            "A605 [0], A606 [2], A607 [2]",
        ),
        ({"professions": ("Physician Assistant", "Doctor")}, "A110 [1]"),
        (
            {"rems_type": "Mycophenolate", "rems_identifiers": ("EG-123456-001", "EG-1", "EG-123456-002")},
            "A801 [1]",
        ),
    ],
)
def test_a_finding_stands_at_the_entry_that_is_wrong(changes: dict[str, Any], expected: str) -> None:
    """Of a list, each finding is at its own entry, and what stands twice at the one that repeats it."""
    found = {(one.code, one.path[one.path.find("[") :]) for one in _found(replace(COURSE, **changes), (2, 1))}
    assert expected == ", ".join(f"{code} {entry}" for code, entry in sorted(found))


def test_a_finding_stands_at_the_field_that_is_wrong() -> None:
    """Where a rule is of two fields, each finding is at its own."""
    found = _found(replace(COURSE, uan_pharmacy="26", uan_pharmacy_tech="27"), (2, 1))
    assert ["/uan_pharmacy", "/uan_pharmacy_tech"] == [one.path for one in found]


def test_credits_that_stand_twice_are_told_at_the_second() -> None:
    """Of two credits under one id, and of one type, it is the second that is wrong."""
    found = reported.found({"credits": (examples.credit(),) * 2})
    told = {(one.code, one.path) for one in found}
    assert {("C604", "/credits[1]"), ("C605", "/credits[1]")} <= told


def test_all_rules_are_told_at_once() -> None:
    """A record that breaks several rules is told all of them."""
    broken = replace(COURSE, title=None, format="Lunch", physicians=-1)
    assert ["A103", "A106", "A601"] == _codes(_found(broken))


def test_findings_stop_at_twenty_and_warnings_hide_no_error() -> None:
    """At most twenty findings a record that is refused, and a flood of warnings leaves every error in."""
    flood = replace(COURSE, commendation_tags=("?",) * 5000, moc_registrations=(MocRegistration("ABXX"),))
    findings = _found(flood)
    assert ["A701"] + ["A604"] * 19 == _codes(findings)


def test_what_is_not_listed_is_counted_once() -> None:
    """Of a flood of warnings alone the last of twenty says how many more there are, and keeps saying it."""
    found = told(_found(replace(COURSE, commendation_tags=("?",) * 50)))
    assert ["A604"] * 19 + ["A931"] == _codes(found)
    assert found[-1].text.endswith("Further: 21 at least.")
    assert found[-1] == told((found[0], *found))[-1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        ("", "nothing"),
        ((), "nothing"),
        (0, '"0"'),
        ("x" * 60, f'"{"x" * 60}"'),
        ("x" * 61, f'"{"x" * 59}…"'),
        ("x" * 10_000_000, f'"{"x" * 59}…"'),
        ("a\x00b\nc", '"a\ufffdb\ufffdc"'),
    ],
    ids=["none", "empty", "no list", "zero", "sixty", "sixty-one", "flood", "control"],
)
def test_value_is_shown_cut_and_clean(value: object, expected: str) -> None:
    """A sender's value is shown in at most 60 characters, none of which a reader cannot print."""
    assert expected == quoted(value)


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("JN", []),
        ("Journal-based CME/CE", []),
        ("Live Course", ["A107"]),
        ("Other/Blended Learning", ["A107"]),
    ],
)
def test_a_present_format_stands_for_the_one_type_it_was(type: str, expected: list[str]) -> None:
    """In 1.0; not where it was several types, or none."""
    assert expected == _codes(_found(replace(COURSE, legacy_type=type), (1, 0)))


@pytest.mark.parametrize(
    ("format", "start", "end", "expected"),
    [
        ("Enduring Material", date(2026, 1, 1), date(2029, 1, 1), []),
        ("Enduring Material", date(2026, 1, 1), date(2029, 1, 2), ["A204"]),
        ("Enduring Material", date(2024, 2, 29), date(2027, 2, 28), []),
        ("Enduring Material", date(2024, 2, 29), date(2027, 3, 1), []),
        ("Enduring Material", date(2024, 2, 29), date(2027, 3, 2), ["A204"]),
        ("Enduring Material", date(2025, 2, 28), date(2028, 2, 29), ["A204"]),
        ("Regularly Scheduled Series", date(2026, 7, 1), date(2027, 7, 1), []),
        ("Regularly Scheduled Series", date(2026, 7, 1), date(2027, 7, 2), ["A204"]),
        ("Live Course", date(2026, 1, 1), date(2027, 1, 1), []),
        ("Live Course", date(2026, 1, 1), date(2027, 1, 2), ["A208"]),
        (None, date(2020, 1, 1), date(2026, 1, 1), ["A105"]),
        ("Enduring Material", date(9999, 1, 1), date(9999, 12, 31), ["A205"]),
        ("Enduring Material", date(1, 1, 1), date(1, 1, 1), ["A205"]),
    ],
)
def test_length_is_counted_by_the_calendar(
    format: str | None, start: date, end: date, expected: list[str]
) -> None:
    """A limit is the same day a year or three later, also around leap days and calendar ends."""
    assert expected == _codes(_found(replace(COURSE, format=format, start_date=start, end_date=end)))


@pytest.mark.parametrize(("year", "expected"), [(1989, 1), (1990, 0), (2036, 0), (2037, 1)])
def test_start_year_has_bounds(year: int, expected: int) -> None:
    """An activity starts from 1990 to ten years after today, both years included."""
    day = date(year, 6, 1)
    assert ["A205"] * expected == _codes(_found(replace(COURSE, start_date=day, end_date=day)))


@pytest.mark.parametrize(
    ("amount", "fine"),
    [
        ("0.25", True),
        ("9999.75", True),
        ("0", False),
        ("-1", False),
        ("0.3", False),
        ("10000", False),
        ("1.2500000000000000000000000000000000001", False),
        ("9" * 40, False),
        ("NaN", False),
        ("Infinity", False),
    ],
)
def test_amount_is_judged_whatever_it_is(amount: str, fine: bool) -> None:
    """Any decimal is judged, also those on which arithmetic fails."""
    credits = (Credit("AMA PRA Category 1", Decimal(amount)),)
    assert ([] if fine else ["A401"]) == _codes(_found(replace(COURSE, credits=credits)))


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://a", True),
        ("HTTPS://learn.example.org", True),
        ("https://", False),
        ("https:///path", False),
        ("ftp://learn.example.org", False),
        ("javascript:alert(1)", False),
        ("https://learn.example.org/a b", False),
        ("http://[", True),
        ("https://" + "a" * 1992, True),
        ("https://" + "a" * 1993, False),
    ],
    ids=string.ascii_lowercase[:10],
)
def test_url_has_a_scheme_a_host_and_a_limit(url: str, fine: bool) -> None:
    """A URL is taken by scheme, host, lack of blanks and length; nothing in it makes the rule fail."""
    assert ([] if fine else ["A109"]) == _codes(_found(replace(COURSE, url=url)))


@pytest.mark.parametrize(("day", "expected"), [(date(2024, 12, 31), ["A701"]), (date(2025, 1, 1), [])])
def test_board_is_taken_from_its_first_day(day: date, expected: list[str]) -> None:
    """A board that joined later takes activities that start on its first day or after."""
    moc = (MocRegistration("ABPMR", Decimal(1)),)
    assert expected == _codes(_found(replace(COURSE, start_date=day, end_date=day, moc_registrations=moc)))


LEFT = date(2026, 3, 8)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"until": LEFT}, "A701"),
        ({"credit_types": (CreditType("Medical Knowledge", until=LEFT), CreditType("Other"))}, "A706"),
        ({"practice_areas": (PracticeArea("Hematology", until=LEFT), PracticeArea("Other"))}, "A707"),
    ],
    ids=["board", "credit type", "practice area"],
)
def test_what_left_is_one_edit_of_its_board(
    edit: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A board, a type or an area with a last day is taken to that day, and found from the next on."""
    moc = MocRegistration("ABIM", Decimal(1), ("Medical Knowledge",), practice_areas=("Hematology",))
    registered = replace(COURSE, moc_registrations=(moc,))
    day_before = replace(registered, start_date=LEFT, end_date=LEFT)
    assert [] == _codes(_found(registered, (2, 1)))
    monkeypatch.setitem(cast(dict[str, Board], boards.BOARDS), "ABIM", replace(boards.BOARDS["ABIM"], **edit))
    assert [code] == _codes(_found(registered, (2, 1)))
    assert [] == _codes(_found(day_before, (2, 1)))


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ({"AMA PRA Category 1": "2", "Nursing": "6"}, ["A703"]),
        ({"AMA PRA Category 1 Credit™": "2", "Nursing": "6"}, ["A703"]),
        ({"AMA PRA Category 1": "5", "Nursing": "2"}, []),
        ({"Nursing": "6", "Pharmacy": "2"}, []),
        ({"Nursing": "4"}, ["A703"]),
        ({}, []),
    ],
)
def test_points_are_compared_with_cme_credit(amounts: dict[str, str], expected: list[str]) -> None:
    """Points are measured by AMA PRA Category 1 credit; where there is none, by any other."""
    credits = tuple(Credit(name, Decimal(amount)) for name, amount in amounts.items())
    activity = replace(COURSE, credits=credits, moc_registrations=(replace(_ABIM, points=Decimal(5)),))
    assert expected == _codes(_found(activity))


def test_support_denied_names_each_source() -> None:
    """Where support is denied, each source named all the same is shown."""
    money = tuple(MonetarySupport(5, source, "USD") for source in ("Northern Devices", "Harbor Pharma"))
    findings = _found(replace(COURSE, commercial_support=False, monetary_supports=money))
    assert [True, True] == [
        name in finding.text for name, finding in zip(("Northern", "Harbor"), findings, strict=True)
    ]


def test_operation_finding_speaks_the_catalogue() -> None:
    """What an operation finds has the catalogue's words, with the detail after them."""
    notice = NOTICES["A910"]
    told = finding("A910", Place("/x", 3), "Receipt r1 of noon.")
    text = f"{notice.text} Receipt r1 of noon."
    expected = Finding("A910", Severity.WARNING, text, notice.remedy, notice.field, "/x", 3, None)
    assert expected == told


def test_unknown_code_is_refused() -> None:
    """A code that the catalogue lacks cannot be told."""
    with pytest.raises(KeyError):
        finding("A999", Place())


def test_breaks_offers_what_a_version_can_say() -> None:
    """Named errors for samples block, belong to the version, and need no field it cannot hold."""
    offered = dict(breaks((1, 0), {"legacy_type", "physicians", "title"}))
    assert {"A103", "A104", "A107", "A201", "A601"} == set(offered)
    assert RULES["A601"].bad == offered["A601"]


def test_breaks_of_learners_need_nothing_but_the_record() -> None:
    """Named errors of completions change the record alone, and break the rule whatever the activity."""
    offered = dict(breaks((1, 0), _fields(Completion), LEARNER))
    assert {"C101", "C202", "C502", "C602", "L101", "L104", "L205"} <= set(offered)
    assert set() == {code for code in offered if code[0] == "A"}
    later = replace(reported.COURSE, end_date=date(2026, 12, 31))
    plain = replace(reported.COURSE, moc_registrations=())
    for code, changes in offered.items():
        for activity in (plain, later, None):
            broken = examples.cme() | {**changes, "context.activity": activity}
            assert [code] == _codes(reported.found(broken, (1, 0))), code


def test_breaks_of_learners_hold_to_their_version() -> None:
    """What only 2.0 can say is no error of a 1.0 sample."""
    assert set() == {"L301", "C302"} & set(dict(breaks((1, 0), _fields(Completion), LEARNER)))


def test_catalogue_holds_every_code_once() -> None:
    """The catalogue lists rules, operation findings and refusals, each code once, in order."""
    listed = [row["code"] for row in catalogue()]
    assert sorted(set(listed)) == listed
    assert {*RULES, *NOTICES, Refused.code, GatewayError.code} <= set(listed)


def test_catalogue_is_plain_data() -> None:
    """Every row has the same keys, survives JSON unchanged, and says what and how to mend."""
    keys = {"code", "payload", "severity", "field", "since", "until", "text", "remedy", "source"}
    keys |= {"good", "bad"}
    rows = catalogue()
    assert rows == json.loads(json.dumps(rows))
    assert [keys] * len(rows) == [set(row) for row in rows]
    assert [] == [row["code"] for row in rows if not (row["text"] and row["remedy"] and row["source"])]


def test_catalogue_shows_versions_and_examples() -> None:
    """A rule's row shows its bounds as the sender writes them, and its examples as plain values."""
    [row] = [row for row in catalogue() if row["code"] == "A107"]
    assert (None, "1.0", {"legacy_type": "Lunch", "format": None}) == (row["since"], row["until"], row["bad"])


@pytest.mark.parametrize("code", ["A401", "A702", "C502"])
def test_a_remedy_that_names_a_range_is_true_of_it(code: str) -> None:
    """Both ends of it can be granted, and nothing beyond."""
    named = re.findall(r"\d[\d,]*\.\d+", RULES[code].remedy)
    least, most = (Decimal(number.replace(",", "")) for number in named)
    quarter = Decimal("0.25")
    granted = [in_quarters(amount) for amount in (least - quarter, least, most, most + quarter)]
    assert [False, True, True, False] == granted
