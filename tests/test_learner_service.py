"""The learners' operations as elements: what is asked, and that every answer is what the contract says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from fakes import NOW, PROVIDER
from lxml import etree
from messages import Element, payload, request, text, texts
from reports import (
    ADA,
    ADA_ROW,
    BEN,
    BOARD_CREDIT,
    CME_CREDIT,
    COMPLETED,
    COURSE,
    NURSE,
    REMS_COURSE,
    completion,
)
from test_service import Counter

from gateway.errors import Malformed, NotFound, TooManyLookups, UnknownOperation, UnknownSchema
from gateway.records import Completion
from gateway.service import V1, V2, ServiceVersion

BOTH = completion(ADA, CME_CREDIT, BOARD_CREDIT)
LEARNER = """<Learner><FirstName>Ada</FirstName><LastName>Quimby Torres</LastName><BirthDate>{}</BirthDate>
<StateOfLicensure>Maine</StateOfLicensure><LicenseId>MD012345</LicenseId></Learner>"""


@pytest.fixture
def counter() -> Counter:
    """A gateway that knows two courses and one person."""
    counter = Counter()
    counter.store.write(PROVIDER, lambda unit: unit.activities.add([COURSE, REMS_COURSE]))
    counter.store.tables.enrol(ADA_ROW)
    return counter


def written(counter: Counter, *said: Completion, version: str = "2.0") -> str:
    """Completions as a sender writes them."""
    reader = counter.gateway.reader
    element, _ = reader.write(said, reader.named("learner", version), created=NOW)
    return etree.tostring(element).decode()


def save(counter: Counter, *parts: str, version: ServiceVersion = V2) -> Element:
    """Answer a SaveLearnerActivity."""
    return counter.ask(request("SaveLearnerActivity", *parts, namespace=version.namespace), version)


@pytest.mark.parametrize("version", [V1, V2], ids=lambda version: version.name)
@pytest.mark.parametrize("kind", ["1.0", "2.0"])
def test_each_endpoint_takes_each_learner_version(
    counter: Counter, version: ServiceVersion, kind: str
) -> None:
    """One result, one credit each with its own status, the version found in the receipt."""
    answer = save(counter, written(counter, BOTH, version=kind), version=version)
    assert (kind, "Success", "Added") == tuple(
        text(answer, n) for n in ("SchemaVersion", "Outcome", "Action")
    )
    credits = list(answer.iterfind(".//{*}Credit"))
    assert [("ccid:demo:1", None, "Accepted"), ("ccid:demo:2", "ABIM", "Submitted")] == [
        (text(credit, "CreditId"), text(credit, "Board"), text(credit, "Status")) for credit in credits
    ]


def test_a_wrong_credit_tells_its_finding_in_the_record_and_in_itself(counter: Counter) -> None:
    """Which record, which credit, which field, why, what to do."""
    wrong = replace(BOARD_CREDIT, credit_id="nonsense")
    answer = save(counter, written(counter, completion(ADA, CME_CREDIT, wrong)))
    assert ("Failure", "Refused") == (text(answer, "Outcome"), text(answer, "Action"))
    first, second = answer.iterfind(".//{*}Credit")
    assert [] == texts(first, "Code")
    (of_record,) = answer.iterfind(".//{*}Result/{*}Finding")
    (of_credit,) = second.iterfind("{*}Finding")
    assert etree.tostring(of_record) == etree.tostring(of_credit)
    assert "CreditCertificate[2]/r:CreditID" in (text(of_credit, "Path") or "")


def test_beside_a_wrong_shape_the_rest_is_told(counter: Counter) -> None:
    """All that is wrong at once, but for what stands in what could not be read."""
    wrong = replace(BOARD_CREDIT, credit_id="nonsense"), replace(CME_CREDIT, amount=Decimal("0.3"))
    document = written(counter, completion(ADA, *wrong)).replace(">Point<", ">Hours<", 1)
    answer = save(counter, document.replace(">Completed<", ">Done<"))
    told = [text(one, "Code") for one in answer.iterfind(".//{*}Result/{*}Finding")]
    assert ["X023", "X023", "C502", "C602"] == told


def test_participants_have_a_result_of_their_own(counter: Counter) -> None:
    """A record without learner is added, and has no credits."""
    answer = save(counter, written(counter, completion(None, activity=REMS_COURSE, participants=(NURSE,))))
    assert (["Added"], []) == (texts(answer, "Action"), texts(answer, "Credit"))


def test_a_credit_of_nobody_is_refused_though_its_id_is_stored(counter: Counter) -> None:
    """Beside participants there is no learner: it is no repetition of the credit, and no failure of ours."""
    save(counter, written(counter, completion(ADA, CME_CREDIT, activity=REMS_COURSE)))
    mixed = completion(None, CME_CREDIT, activity=REMS_COURSE, participants=(NURSE,))
    answer = save(counter, written(counter, mixed))
    assert ["Refused"] == texts(answer, "Action")
    codes = [text(one, "Code") for one in answer.iterfind(".//{*}Result/{*}Finding")]
    assert {"C302", "C902"} == set(codes)


def test_a_receipt_is_read_again_as_it_was_given(counter: Counter) -> None:
    """Credits included."""
    given = save(counter, "<SubmissionKey>K</SubmissionKey>", written(counter, BOTH))
    again = counter.ask(request("GetReceipt", "<SubmissionKey>K</SubmissionKey>"))
    assert [etree.tostring(one) for one in given[0]] == [etree.tostring(one) for one in again[0]]


@pytest.mark.parametrize(
    ("operation", "sent"), [("SaveLearnerActivity", "activity"), ("SaveActivity", "learner")]
)
def test_a_payload_of_the_other_kind_is_refused(counter: Counter, operation: str, sent: str) -> None:
    """With the name of the one that is asked for."""
    document = payload() if sent == "activity" else written(counter, BOTH)
    refusal = counter.refusal(request(operation, document))
    assert isinstance(refusal, UnknownSchema)
    assert "Send ACCME" in refusal.remedy


def test_the_payload_is_asked_for(counter: Counter) -> None:
    """By its name."""
    refusal = counter.refusal(request("SaveLearnerActivity"))
    assert ["X021"] == [finding.code for finding in refusal.findings]
    assert "ACCMELearnerReports" in refusal.findings[0].text


def test_a_status_is_asked_by_credit_id(counter: Counter) -> None:
    """Over both service versions; an unknown one is a fault."""
    save(counter, written(counter, BOTH))
    for version in (V1, V2):
        namespace = version.namespace
        asked = request("GetLearnerStatusByCreditId", "<CreditId>ccid:demo:2</CreditId>", namespace=namespace)
        answer = counter.ask(asked, version)
        assert ("ABIM", "Submitted", "11.25", str(COMPLETED), None) == tuple(
            text(answer, name) for name in ("Board", "Status", "Amount", "CompletionDate", "DecidedAt")
        )
    assert isinstance(
        counter.refusal(request("GetLearnerStatusByCreditId", "<CreditId>ccid:x:y</CreditId>")), NotFound
    )


def test_a_status_is_asked_by_learner(counter: Counter) -> None:
    """Activity, identifier and birthday; the day of completion narrows."""
    save(counter, written(counter, BOTH))
    asked = """<ActivityId>202600001</ActivityId><LearnerId>900001</LearnerId><BirthDate>02-29</BirthDate>
    <CompletionDate>{}</CompletionDate>"""
    answer = counter.ask(request("GetLearnerStatusByLearner", asked.format(COMPLETED)))
    assert ["ccid:demo:1", "ccid:demo:2"] == sorted(str(one) for one in texts(answer, "CreditId"))
    other_day = counter.refusal(request("GetLearnerStatusByLearner", asked.format("2020-01-01")))
    assert isinstance(other_day, NotFound)


def test_learners_are_matched(counter: Counter) -> None:
    """One answer each, by number; what disagrees is named, what is stored is not told."""
    answer = counter.ask(request("GetLearnerMatch", LEARNER.format("1990-02-29"), LEARNER.format("03-01")))
    matches = list(answer.iterfind(".//{*}Match"))
    assert [("1", "match", []), ("2", "none", ["BirthDate"])] == [
        (text(one, "RecordNumber"), text(one, "Outcome"), texts(one, "DisagreeingField")) for one in matches
    ]
    assert b"02-29" not in etree.tostring(answer)


@pytest.mark.parametrize(
    "birthday", ["1970-02-29T00:00:00", "1970-02-29Z", "1970-02-29T23:59:59.5-05:00", "02-29+01:00"]
)
def test_of_a_birth_date_the_part_as_written_counts(counter: Counter, birthday: str) -> None:
    """Whatever time and zone a client's program writes behind it."""
    answer = counter.ask(request("GetLearnerMatch", LEARNER.format(birthday)))
    assert ["match"] == texts(answer, "Outcome")


def test_a_match_needs_a_learner(counter: Counter) -> None:
    """A call without any is refused; one who is no element matches nobody, and stops no other."""
    assert isinstance(counter.refusal(request("GetLearnerMatch", "")), Malformed)
    answer = counter.ask(request("GetLearnerMatch", "<Learner>Ada</Learner>", LEARNER.format("02-29")))
    assert ["none", "match"] == texts(answer, "Outcome")
    assert ["/svc:GetLearnerMatch/svc:Learner[1]"] == texts(answer, "Path")
    assert b"Ada" not in etree.tostring(answer)


def test_a_call_asks_for_so_many_learners_only(counter: Counter) -> None:
    """As many as a call may have records."""
    counter.gateway = replace(counter.gateway, limits=replace(counter.gateway.limits, max_records=1))
    refusal = counter.refusal(request("GetLearnerMatch", *[LEARNER.format("02-29")] * 2))
    assert isinstance(refusal, Malformed) and "1 learners" in refusal.text


def test_who_looks_up_too_many_is_refused(counter: Counter) -> None:
    """By a fault with a code of its own."""
    refusal = counter.refusal(request("GetLearnerMatch", *[LEARNER.format("03-01")] * 11))
    assert isinstance(refusal, TooManyLookups)


def test_learners_are_found_in_pages(counter: Counter) -> None:
    """By last name; the token of one page leads to the next."""
    save(counter, written(counter, BOTH, completion(BEN, replace(CME_CREDIT, credit_id="ccid:demo:3"))))
    name = "<LastName>quimby-torres</LastName><PageSize>1</PageSize>"
    first = counter.ask(request("FindLearners", name))
    token = text(first, "NextPageToken")
    second = counter.ask(request("FindLearners", name, f"<PageToken>{token}</PageToken>"))
    assert ["ccid:demo:2", "ccid:demo:1", None] == [
        text(first, "CreditId"),
        text(second, "CreditId"),
        text(second, "NextPageToken"),
    ]
    told = ("Board", "State", "FirstName", "BirthDate", "LearnerId")
    assert ("ABIM", None, "Ada", "02-29", "900001") == tuple(text(first, name) for name in told)
    assert (None, "ME", "Ada", "02-29", "MD012345") == tuple(text(second, name) for name in told)


@pytest.mark.parametrize("day", ["1900-01-01", "2099-12-31", "9999-12-31"])
@pytest.mark.parametrize("name", ["SubmittedFrom", "SubmittedUntil"])
def test_any_day_of_the_calendar_may_bound_a_search(counter: Counter, name: str, day: str) -> None:
    """However long ago or far ahead."""
    save(counter, written(counter, BOTH))
    asked = request("FindLearners", "<LastName>quimby-torres</LastName>", f"<{name}>{day}</{name}>")
    counter.ask(asked)


@pytest.mark.parametrize("day", ["12024-01-01", "-2024-01-01"])
def test_a_day_beyond_the_calendar_is_refused(counter: Counter, day: str) -> None:
    """XML Schema calls it a date; nobody else does."""
    found = ("<LastName>x</LastName>", f"<SubmittedFrom>{day}</SubmittedFrom>")
    learner = "<ActivityId>1</ActivityId><LearnerId>1</LearnerId><BirthDate>01-01</BirthDate>"
    asked = (learner, f"<CompletionDate>{day}</CompletionDate>")
    assert isinstance(counter.refusal(request("FindLearners", *found)), Malformed)
    assert isinstance(counter.refusal(request("GetLearnerStatusByLearner", *asked)), Malformed)


def test_a_search_without_what_it_needs_is_refused(counter: Counter) -> None:
    """A first name is no parameter; a status alone is not enough."""
    assert isinstance(counter.refusal(request("FindLearners")), Malformed)
    assert isinstance(counter.refusal(request("FindLearners", "<Status>Accepted</Status>")), Malformed)
    by_first_name = counter.refusal(request("FindLearners", "<FirstName>Ada</FirstName>"))
    assert ["X020"] == [finding.code for finding in by_first_name.findings]


@pytest.mark.parametrize("operation", ["GetLearnerMatch", "FindLearners"])
def test_the_first_service_version_has_no_search(counter: Counter, operation: str) -> None:
    """Matching and searching came with v2."""
    refusal = counter.refusal(request(operation, namespace=V1.namespace), V1)
    assert isinstance(refusal, UnknownOperation)


def test_what_cannot_be_matched_says_what_is_wrong_with_it(counter: Counter) -> None:
    """A birthday that is none, a state that is none, nothing at all: a finding each, and each its number."""
    nowhere = LEARNER.format("02-29").replace("Maine", "ZZ")
    asked = (LEARNER.format("tomorrow"), "<Learner/>", nowhere, LEARNER.format("02-29"))
    answer = counter.ask(request("GetLearnerMatch", *asked))
    birthday, nothing, state, good = answer.iterfind(".//{*}Match")
    assert ["1", "2", "3", "4"] == texts(answer, "RecordNumber")
    assert ["none", "none", "none", "match"] == texts(answer, "Outcome")
    assert ["BirthDate"] == texts(birthday, "Field")
    assert {"FirstName", "LastName", "BirthDate"} == set(texts(nothing, "Field"))
    assert ["StateOfLicensure"] == texts(state, "Field")
    assert [] == texts(good, "Finding")


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ("<NPI>12</NPI>", ["NPI"]),
        ("<LicenseId>-</LicenseId>", ["LicenseId"]),
        ("<StateOfLicensure>Ontario</StateOfLicensure>", ["StateOfLicensure"]),
        (
            "<StateOfLicensure>Ontario</StateOfLicensure><LicenseId>-</LicenseId>",
            ["LicenseId", "StateOfLicensure"],
        ),
        ("<StateOfLicensure>Ontario</StateOfLicensure><NPI>-</NPI>", ["NPI", "StateOfLicensure"]),
        ("<NPI>12</NPI><Board>ABIM</Board><BoardId>90001</BoardId>", ["BoardId", "NPI"]),
        ("<Board>ABC</Board><BoardId>900001</BoardId>", ["Board"]),
        ("<BoardId>900001</BoardId>", ["Board"]),
    ],
)
def test_a_wrong_number_is_told_by_its_own_element(counter: Counter, numbers: str, wrong: list[str]) -> None:
    """Whatever stands before it: a state without a number is fine, and shifts nothing."""
    asked = LEARNER.format("02-29").replace("<LicenseId>MD012345</LicenseId>", numbers)
    if "StateOf" in numbers:
        asked = asked.replace("<StateOfLicensure>Maine</StateOfLicensure>", "")
    answer = counter.ask(request("GetLearnerMatch", asked))
    assert sorted(wrong) == sorted(field or "" for field in texts(answer, "Field"))


@pytest.mark.parametrize(
    ("numbers", "code", "field", "missing"),
    [
        ("<Board>ME</Board><BoardId>MD012345</BoardId>", "L904", "Board", False),
        ("<Board>NPI</Board><BoardId>1234567893</BoardId>", "L904", "Board", False),
        ("<Board>Maine</Board><BoardId>MD012345</BoardId>", "L904", "Board", False),
        ("<BoardId>900001</BoardId>", "L904", "Board", True),
        (
            "<StateOfLicensure>ABIM</StateOfLicensure><LicenseId>900001</LicenseId>",
            "L903",
            "StateOfLicensure",
            False,
        ),
        (
            "<StateOfLicensure>NPI</StateOfLicensure><LicenseId>1234567893</LicenseId>",
            "L903",
            "StateOfLicensure",
            False,
        ),
        ("<StateOfLicensure>ABIM</StateOfLicensure>", "L903", "StateOfLicensure", False),
        ("<LicenseId>MD012345</LicenseId>", "L903", "StateOfLicensure", True),
    ],
)
def test_a_number_in_a_wrong_field_matches_nobody(
    counter: Counter, numbers: str, code: str, field: str, missing: bool
) -> None:
    """Of a known person: it is told whose number is missing, or is none of the kind, and where it belongs."""
    asked = LEARNER.format("02-29")
    asked = asked[: asked.index("<StateOf")] + numbers + "</Learner>"
    answer = counter.ask(request("GetLearnerMatch", asked))
    assert (["none"], [code], [field]) == tuple(texts(answer, name) for name in ("Outcome", "Code", "Field"))
    assert missing == (f"{field} is not given." in (text(answer, "Text") or ""))


def test_what_is_wrong_with_a_learner_is_told_where_it_stands(counter: Counter) -> None:
    """Path and line of the element; of one that is missing, where it would stand in its learner."""
    wrong = """<Learner>
<FirstName>Ada</FirstName>
<LastName>Quimby Torres</LastName>
<BirthDate>13-31</BirthDate>
<NPI>12</NPI>
<BoardId>900001</BoardId>
</Learner>"""
    asked = request("GetLearnerMatch", LEARNER.format("02-29") + "\n", wrong)
    found = list(counter.ask(asked).iterfind(".//{*}Finding"))
    path, first = "/svc:GetLearnerMatch/svc:Learner[2]", asked[: asked.index("<Learner>\n")].count("\n") + 1
    assert {
        ("L104", f"{path}/svc:BirthDate", str(first + 3)),
        ("L205", f"{path}/svc:NPI", str(first + 4)),
        ("L904", f"{path}/svc:Board", str(first)),
    } == {tuple(text(one, name) for name in ("Code", "Path", "Line")) for one in found}


@pytest.mark.parametrize("day", ["2026-01-01T00:00:00", "2026-01-01Z", "2026-01-01T23:00:00-05:00"])
def test_a_day_to_search_by_may_have_time_and_zone(counter: Counter, day: str) -> None:
    """Of it too the date as written counts."""
    answer = counter.ask(request("FindLearners", f"<SubmittedFrom>{day}</SubmittedFrom>"))
    assert [] == texts(answer, "Finding")


def test_a_search_that_finds_nothing_says_so(counter: Counter) -> None:
    """A count of 0: an element without content is nothing at all to some clients."""
    assert "0" == text(counter.ask(request("FindLearners", "<LastName>Nemo</LastName>")), "Count")
