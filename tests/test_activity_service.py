"""The operations on stored activities as elements: what is asked, and that answers are what the contract
says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from amended import keep
from desk import Desk
from entries import COMPLETE, DRAFT
from fakes import PASSWORD, PROVIDER, USER, Mirror
from lxml import etree
from messages import Element, activity, payload, request, text, texts
from test_service import Counter

from gateway.accounts import Gatekeeper, hash_secret
from gateway.errors import Malformed, NotAllowed, UnknownOperation, UnknownSchema
from gateway.intake import Limits
from gateway.records import Account, Activity, MocRegistration, Scope
from gateway.service import V1, V2, ServiceVersion
from gateway.shape import line_of
from gateway.version import Lifespan
from gateway.vocabulary import ENDURING

ID = "<ActivityId>202600001</ActivityId>"
LASTING = replace(
    COMPLETE, format=ENDURING, start_date=date(2024, 2, 1), end_date=date(2027, 1, 31), moc_registrations=()
)


@pytest.fixture
def counter() -> Counter:
    """A gateway without records."""
    return Counter()


@pytest.fixture
def admin() -> Counter:
    """A gateway whose user may administer."""
    counter = Counter()
    secret = hash_secret(PASSWORD, Mirror())
    account = Account(PROVIDER, USER, secret, scopes=frozenset({*Scope}))
    gatekeeper = Gatekeeper(lambda *_: account, Mirror(), seconds=3600)
    counter.gateway = replace(counter.gateway, gatekeeper=gatekeeper)
    return counter


def fill(counter: Counter, *activities: Activity) -> None:
    """Keep activities as they are."""
    desk = Desk()
    desk.store = counter.store
    keep(desk, *activities)


def located(answer: Element) -> list[tuple[str | None, str | None, str | None]]:
    """What was found: code, field and path."""
    found = answer.iterfind(".//{*}Result/{*}Finding")
    return [(text(one, "Code"), text(one, "Field"), text(one, "Path")) for one in found]


def test_version_1_does_not_have_them(counter: Counter) -> None:
    """They belong to the newest service version."""
    for name in ("FindActivities", "UpdateLearnerCounts", "CloseActivity", "ReopenActivity", "CopyActivity"):
        with pytest.raises(UnknownOperation):
            counter.ask(request(name, namespace=V1.namespace), V1)


def test_a_list_tells_where_each_activity_stands(counter: Counter) -> None:
    """Ids, title, format, dates, status, and what is missing for the next."""
    fill(counter, DRAFT, COMPLETE)
    answer = counter.ask(request("FindActivities"))
    assert ("2", ["202600002", "202600001"], None) == (
        text(answer, "Count"),
        texts(answer, "ActivityId"),
        text(answer, "NextPageToken"),
    )
    draft = list(answer.iterfind(".//{*}Activity"))[1]
    assert ("SPRING-27", "Asthma in Schools", "Live Course", "2027-01-10", "2027-01-11") == tuple(
        text(draft, name) for name in ("ProviderActivityId", "Title", "Format", "StartDate", "EndDate")
    )
    assert ["Draft", "Active"] == texts(draft, "Status")
    assert "ForPublicList" in texts(draft, "Field")


def test_a_list_comes_in_pages(counter: Counter) -> None:
    """By the token, with the same search."""
    fill(counter, DRAFT, replace(DRAFT, provider_activity_id="B"), COMPLETE)
    asked = ("<Year>2027</Year>", "<PageSize>1</PageSize>")
    first = counter.ask(request("FindActivities", *asked))
    token = f"<PageToken>{text(first, 'NextPageToken')}</PageToken>"
    second = counter.ask(request("FindActivities", *asked, token))
    assert (["202600002"], ["202600001"]) == (texts(first, "ActivityId"), texts(second, "ActivityId"))
    with pytest.raises(Malformed, match="PageToken"):
        counter.ask(request("FindActivities", "<PageSize>1</PageSize>", token))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("<Status>Draft</Status>", ["202600001"]),
        ("<Format>Live Course</Format><Title>asthma</Title>", ["202600001"]),
        ("<DateFrom>2027-01-11</DateFrom><DateUntil>2027-12-31</DateUntil>", ["202600001"]),
        ("<Board>ABIM</Board>", ["202600002"]),
        ("<RepeatsOf>202600002</RepeatsOf>", ["202600002"]),
        ("<Status/><Title/><Year/>", ["202600002", "202600001"]),
    ],
)
def test_each_parameter_is_heard(counter: Counter, asked: str, found: list[str]) -> None:
    """An empty one counts as absent."""
    fill(counter, DRAFT, replace(COMPLETE, moc_registrations=(MocRegistration("ABIM"),)))
    assert found == texts(counter.ask(request("FindActivities", asked)), "ActivityId")


@pytest.mark.parametrize(
    "asked",
    [
        "<Status>Open</Status>",
        "<Year>26</Year>",
        "<PageSize>501</PageSize>",
        "<DateFrom>--</DateFrom>",
        "<DateFrom>10000-01-01</DateFrom>",
        "<Format>Lunch</Format>",
    ],
)
def test_what_cannot_be_searched_by_is_a_fault(counter: Counter, asked: str) -> None:
    """As with every operation that reads."""
    with pytest.raises(Malformed):
        counter.ask(request("FindActivities", asked))


def test_closing_tells_the_gates_where_they_are(counter: Counter) -> None:
    """Each by its name on the wire, in the one result."""
    fill(counter, DRAFT)
    answer = counter.ask(request("CloseActivity", ID))
    assert ("Failure", ["Refused"], "202600001") == (
        text(answer, "Outcome"),
        texts(answer, "Action"),
        text(answer, "ActivityId"),
    )
    assert ("A907", "ForPublicList", "/svc:CloseActivity") in located(answer)
    assert ("A907", "MeasuredOutcome", "/svc:CloseActivity") in located(answer)


def test_closing_answers_with_a_receipt(counter: Counter) -> None:
    """Which is read back, and given again for the same key."""
    fill(counter, COMPLETE)
    key = "<SubmissionKey>K</SubmissionKey>"
    first = counter.ask(request("CloseActivity", key, ID))
    assert ("Success", "Updated", "Closed", V2.activity) == tuple(
        text(first, name) for name in ("Outcome", "Action", "Status", "SchemaVersion")
    )
    again = counter.ask(request("CloseActivity", key, ID))
    assert (text(first, "ReceiptId"), "true") == (text(again, "ReceiptId"), text(again, "Replayed"))
    read = counter.ask(request("GetReceipt", key))
    assert text(first, "ReceiptId") == text(read, "ReceiptId")
    assert 1 == len(counter.store.tables.audit)


def test_reopening_is_for_those_who_administer(counter: Counter, admin: Counter) -> None:
    """Anyone else is refused; so is an administrator without a reason."""
    fill(counter, replace(COMPLETE, closed=True))
    fill(admin, replace(COMPLETE, closed=True))
    reason = "<Reason>Closed a year too early</Reason>"
    with pytest.raises(NotAllowed, match="admin"):
        counter.ask(request("ReopenActivity", ID, reason))
    for none in ("", "<Reason/>", "<Reason> </Reason>", f"<Reason>{'x' * 501}</Reason>"):
        with pytest.raises(Malformed):
            admin.ask(request("ReopenActivity", ID, none))
    answer = admin.ask(request("ReopenActivity", ID, reason))
    assert ("Updated", "Ready to Close") == (text(answer, "Action"), text(answer, "Status"))
    assert ["Closed a year too early"] == [one.reason for one in admin.store.tables.reopenings]


def test_copying_answers_with_the_copys_ids(counter: Counter) -> None:
    """And what it still needs."""
    fill(counter, COMPLETE)
    new = "<NewProviderActivityId>NEW</NewProviderActivityId><Title>New</Title>"
    days = "<StartDate>2027-05-03</StartDate><EndDate>2027-05-04</EndDate>"
    answer = counter.ask(request("CopyActivity", ID, new, days))
    assert ("Added", "202600002", "NEW", ["Draft", "Active"]) == (
        text(answer, "Action"),
        text(answer, "ActivityId"),
        text(answer, "ProviderActivityId"),
        texts(answer, "Status"),
    )
    again = counter.ask(request("CopyActivity", ID, new, days))
    path = "/svc:CopyActivity/svc:NewProviderActivityId"
    assert [("A916", "NewProviderActivityId", path)] == [one for one in located(again) if one[0] != "A910"]


def test_a_rule_the_copy_breaks_is_found_at_its_parameter(counter: Counter) -> None:
    """What is no parameter is found with the operation."""
    fill(counter, replace(COMPLETE, url="nonsense"))
    answer = counter.ask(request("CopyActivity", ID, "<EndDate>1995-01-01</EndDate>"))
    assert ("A203", "EndDate", "/svc:CopyActivity/svc:EndDate") in located(answer)
    assert ("A109", "URL", "/svc:CopyActivity") in located(answer)


def counts(physicians: int, as_of: int | None = None, activity_id: str = "202600001") -> str:
    """The counts of one activity."""
    year = f"<AsOf>{as_of}</AsOf>" if as_of else ""
    return (
        f"<LearnerCounts><ActivityId>{activity_id}</ActivityId><Physicians>{physicians}</Physicians>"
        f"<OtherLearners>1</OtherLearners>{year}</LearnerCounts>"
    )


def test_counts_tell_their_history(counter: Counter) -> None:
    """One result a record, with all years of enduring material."""
    fill(counter, LASTING, DRAFT)
    answer = counter.ask(
        request("UpdateLearnerCounts", counts(9, 2024), counts(12, 2025), counts(3, None, "202600002"))
    )
    assert ["Updated"] * 3 == texts(answer, "Action")
    second = list(answer.iterfind(".//{*}Result"))[1]
    assert [("2024", "9"), ("2025", "12")] == [
        (text(one, "AsOf"), text(one, "Physicians")) for one in second.iterfind("{*}LearnerCount")
    ]


def test_a_wrong_count_is_found_in_its_record(counter: Counter) -> None:
    """Which record, which field, why, what to do."""
    fill(counter, LASTING)
    counter.ask(request("UpdateLearnerCounts", counts(12, 2024)))
    answer = counter.ask(request("UpdateLearnerCounts", counts(13, 2025), counts(9, 2026)))
    path = "/svc:UpdateLearnerCounts/svc:LearnerCounts[2]/svc:Physicians"
    assert [("A920", "Physicians", path)] == located(answer)
    found = answer.findtext(".//{*}Finding/{*}Text")
    assert ("Partial success", "9 as of 2026; known is 13 as of 2025") == (
        text(answer, "Outcome"),
        (found or "").partition("Sent is ")[2].rstrip("."),
    )


def test_what_was_not_done_for_the_sake_of_another_names_no_field_that_is_not_there(counter: Counter) -> None:
    """Counts have no activityRecordAction; that all or nothing was asked for is why."""
    fill(counter, LASTING)
    strange = "<LearnerCounts>\n<ActivityId>202699999</ActivityId><Physicians>1</Physicians></LearnerCounts>"
    asked = request("UpdateLearnerCounts", "<AllOrNothing>true</AllOrNothing>\n", counts(9, 2024), strange)
    path, answer = "/svc:UpdateLearnerCounts/svc:LearnerCounts", counter.ask(asked)
    assert [("A909", "AllOrNothing", f"{path}[1]"), ("A901", "ActivityId", f"{path}[2]/svc:ActivityId")] == (
        located(answer)
    )
    assert ["2", "3"] == texts(answer, "Line")


@pytest.mark.parametrize(
    ("wrong", "code", "where"),
    [
        (f"{ID}<Physicians>1,200</Physicians>", "X023", "/svc:Physicians"),
        (f"{ID}<Physicians>-1</Physicians>", "X023", "/svc:Physicians"),
        (f"{ID}<AsOf>26</AsOf><Physicians>3</Physicians>", "X023", "/svc:AsOf"),
        (f"{ID}<Doctors>3</Doctors>", "X020", "/svc:Doctors"),
        ("three", "X046", ""),
    ],
)
def test_what_the_contract_rules_out_stops_its_record_alone(
    counter: Counter, wrong: str, code: str, where: str
) -> None:
    """One result a record, in order: what cannot be read is refused, and what stands beside it is done."""
    fill(counter, DRAFT)
    wrong = f"<LearnerCounts>{wrong}</LearnerCounts>"
    answer = counter.ask(request("UpdateLearnerCounts", counts(1), wrong, counts(2), wrong))
    assert ["Updated", "Refused", "Updated", "Refused"] == texts(answer, "Action")
    path = "/svc:UpdateLearnerCounts/svc:LearnerCounts[{}]{}"
    assert [(code, path.format(n, where)) for n in (2, 4)] == [
        (found, at) for found, _, at in located(answer) if found == code
    ]
    nothing = request("UpdateLearnerCounts", "<AllOrNothing>true</AllOrNothing>", counts(1), wrong)
    assert ["Refused", "Refused"] == texts(counter.ask(nothing), "Action")


def test_a_record_that_says_nothing_is_refused_alone(counter: Counter) -> None:
    """Be it empty or said to be absent."""
    fill(counter, DRAFT)
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    answer = counter.ask(
        request("UpdateLearnerCounts", "<LearnerCounts/>", f"<LearnerCounts {nil}/>", counts(2))
    )
    assert ["Refused", "Refused", "Updated"] == texts(answer, "Action")


def test_a_record_that_is_nil_and_says_something_is_refused_alone(counter: Counter) -> None:
    """Its counts are neither taken nor dropped in silence."""
    fill(counter, DRAFT)
    nil = '<LearnerCounts xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">'
    answer = counter.ask(request("UpdateLearnerCounts", counts(1).replace("<LearnerCounts>", nil), counts(2)))
    assert ["Refused", "Updated"] == texts(answer, "Action")
    assert ("X035", "/svc:UpdateLearnerCounts/svc:LearnerCounts[1]") in {
        (code, at) for code, _, at in located(answer)
    }


def test_after_so_many_errors_the_reasons_are_listed_no_more(counter: Counter) -> None:
    """A record is refused or done all the same; to explain thousands would cost others their turn."""
    fill(counter, DRAFT)
    wrong = f"<LearnerCounts>{ID}<Physicians>x</Physicians></LearnerCounts>"
    answer = counter.ask(request("UpdateLearnerCounts", *[wrong] * 101, counts(2)))
    assert [*["Refused"] * 101, "Updated"] == texts(answer, "Action")
    path = "/svc:UpdateLearnerCounts/svc:LearnerCounts"
    assert [("X023", f"{path}[100]/svc:Physicians"), ("X045", f"{path}[101]")] == [
        (code, at) for code, _, at in located(answer)[-2:]
    ]


def test_what_is_only_warned_of_leaves_the_reasons_listed(counter: Counter) -> None:
    """A hundred records in a wrong namespace are read; what is wrong with the next is still told."""
    fill(counter, DRAFT)
    strange = counts(2).replace("<LearnerCounts>", '<LearnerCounts xmlns="urn:other">')
    wrong = f"<LearnerCounts>{ID}<Physicians>x</Physicians></LearnerCounts>"
    answer = counter.ask(request("UpdateLearnerCounts", *[strange] * 101, wrong))
    told = [code for code, _, _ in located(answer) if code != "A911"]  # it is one activity throughout
    assert (["X030"] * 101, "X023") == (told[:-1], told[-1])


def test_what_is_wrong_beside_the_records_stops_the_call(counter: Counter) -> None:
    """It is told once, however many records there are."""
    wrong = f"<LearnerCounts>{ID}<Physicians>x</Physicians></LearnerCounts>"
    with pytest.raises(Malformed) as refused:
        counter.ask(request("UpdateLearnerCounts", "<AllOrNothing>maybe</AllOrNothing>", wrong, counts(2)))
    assert ["/svc:UpdateLearnerCounts/svc:AllOrNothing"] == [found.path for found in refused.value.findings]


def test_as_many_records_as_a_call_may_have(counter: Counter) -> None:
    """More are refused before any is looked at."""
    counter.gateway = replace(counter.gateway, limits=Limits(max_records=2))
    fill(counter, DRAFT)
    assert counter.ask(request("UpdateLearnerCounts", counts(1), counts(2))) is not None
    with pytest.raises(Malformed, match="of 2 activities"):
        counter.ask(request("UpdateLearnerCounts", counts(1), counts(2), counts(3)))
    with pytest.raises(Malformed):
        counter.ask(request("UpdateLearnerCounts"))


REPEATED = (
    "<act:RepeatInstances><act:RepeatInstance><act:StartDate>2027-03-09</act:StartDate>"
    "<act:City>Duluth</act:City><act:StateOrProvince>MN</act:StateOrProvince>"
    "<act:Country>USA</act:Country></act:RepeatInstance></act:RepeatInstances>"
)


@pytest.mark.parametrize("version", [V1, V2], ids=lambda version: version.name)
def test_the_receipt_of_repeats_is_valid_at_each_endpoint(counter: Counter, version: ServiceVersion) -> None:
    """Every endpoint takes every payload, so each contract has a place for instances."""
    sent = payload(activity(extension=REPEATED, version="2.0"), version="2.1")
    answer = counter.ask(
        request("SaveActivity", sent, namespace=version.namespace),
        version,
    )
    instances = list(answer.iterfind(".//{*}Instance"))
    assert [("SPRING-27", None), ("SPRING-27#2", "Duluth")] == [
        (text(one, "ProviderActivityId"), text(one, "City")) for one in instances
    ]
    assert [None, "202600001"] == [one.repeat_of for _, one in counter.store.tables.activities.values()]
    assert ["Active", "Active"] == [one.findtext("{*}NextStatus/{*}Status") for one in instances]


def test_repeats_count_as_records(counter: Counter) -> None:
    """Each becomes an activity, of which a call may have so many; before any is stored."""
    sent = request("SaveActivity", payload(activity(extension=REPEATED, version="2.0"), version="2.1"))
    counter.gateway = replace(counter.gateway, limits=Limits(max_records=1))
    with pytest.raises(Malformed, match="2 activities with their repeats; a call may have 1"):
        counter.ask(sent)
    assert {} == counter.store.tables.activities
    counter.gateway = replace(counter.gateway, limits=Limits(max_records=2))
    assert "Success" == text(counter.ask(sent), "Outcome")


def test_reading_in_an_old_version_tells_its_age(counter: Counter) -> None:
    """Deprecated, what is read in it has a warning with the date; past its sunset nothing is read in it."""
    fill(counter, DRAFT)
    asked = request("GetActivityAs", ID, "<PayloadVersion>2.0</PayloadVersion>")
    reader, day = counter.gateway.reader, date(2026, 1, 1)
    reader.lifespans = {("activity", "2.0"): Lifespan(deprecated=day, sunset=date(2099, 1, 1))}
    assert ["X043"] == texts(counter.ask(asked), "Code")
    reader.lifespans = {("activity", "2.0"): Lifespan(deprecated=day, sunset=day)}
    with pytest.raises(UnknownSchema, match="no longer taken") as refused:
        counter.ask(asked)
    assert "Use activity 2.1." == refused.value.remedy
    assert [] == texts(counter.ask(request("GetActivity", ID)), "Code")


def test_a_request_may_stand_on_any_line(counter: Counter) -> None:
    """Also on one whose number an element cannot hold: then what is missing is told without it."""
    lines = "\n" * 70_000
    far = etree.fromstring(f"<Body>{lines}{request('CopyActivity', '<Title>A</Title>')}</Body>")[0]
    assert 70_000 < (line_of(far) or 0)
    answer = V2.answer(far, counter.gateway, None, "trace-1")
    assert ["A900"] == texts(answer, "Code")


def test_no_answer_shows_what_it_should_not(counter: Counter) -> None:
    """The reason is not in any answer; ids of others look unknown."""
    fill(counter, COMPLETE)
    answer = counter.ask(request("CloseActivity", "<ActivityId>202699999</ActivityId>"))
    assert [("A901", "ActivityId", "/svc:CloseActivity/svc:ActivityId")] == located(answer)
    assert b"Reason" not in etree.tostring(answer)


def test_an_activity_goes_by_the_id_that_was_sent(admin: Counter) -> None:
    """Who sent the own id alone is told nothing of another element, and on which line it was."""
    fill(admin, replace(COMPLETE, provider_activity_id="ONE", closed=False))
    reopen = request("ReopenActivity", "\n<ProviderActivityId>ONE</ProviderActivityId><Reason>r</Reason>")
    answer = admin.ask(reopen)
    assert [("A913", "ProviderActivityId", "/svc:ReopenActivity/svc:ProviderActivityId")] == located(answer)
    assert ["2"] == texts(answer, "Line")
    assert 'Only a closed activity is reopened. Found: "ONE".' in texts(answer, "Text")
    both = request("ReopenActivity", f"{ID}<Reason>r</Reason>")
    assert [("A913", "ActivityId", "/svc:ReopenActivity/svc:ActivityId")] == located(admin.ask(both))


@pytest.mark.parametrize(("other", "refused"), [("TWO", True), ("ONE", False)])
def test_two_ids_that_differ_name_no_activity(counter: Counter, other: str, refused: bool) -> None:
    """Which one is meant nobody knows, and a deletion may be of the wrong one; said twice it is one id."""
    sent = activity("ONE", "Two ids")
    identifier = sent[sent.index("<lom:identifier") : sent.index("</lom:identifier>") + 17]
    twice = sent.replace(identifier, identifier + identifier.replace(">ONE<", f">{other}<"))
    answer = counter.ask(request("SaveActivity", payload(twice)))
    assert ("Refused" if refused else "Added") == text(answer, "Action")
    assert refused == ("X032" in [code for code, *_ in located(answer)])


@pytest.mark.parametrize(("other", "refused"), [(6, True), (5, False)])
def test_two_counts_that_differ_count_nobody(counter: Counter, other: int, refused: bool) -> None:
    """As with ids: said twice it is one number, and of two numbers neither is taken."""
    count = '<m:ParticipantsByCategory category="physician">{}</m:ParticipantsByCategory>'
    metrics = f"<m:ParticipationMetrics>{count.format(5)}{count.format(other)}</m:ParticipationMetrics>"
    closing = "</m:ActivityDescription>"
    sent = activity("ONE").replace(closing, closing + metrics)
    answer = counter.ask(request("SaveActivity", payload(sent)))
    assert ("Refused" if refused else "Added") == text(answer, "Action")
    assert refused == ("X032" in [code for code, *_ in located(answer)])
