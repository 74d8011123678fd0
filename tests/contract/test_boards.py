"""The simulated boards, spoken to by a zeep client that knows nothing but the contract each serves.

Not the gateway's adapters: what these tests know of a contract they read from it by themselves. The
adapters come last, and must get out of the same boards what the table of magic values says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from gateway import simulators
from gateway.board import Switchboard
from gateway.boards import ADAPTERS
from gateway.errors import BoardUnavailable
from gateway.outbound import Waits
from gateway.records import Claim, Errand, Question, Reply, replace
from gateway.simulators import magic, wire
from gateway.simulators.magic import Magic, Mishap, Oddity

pytestmark = [pytest.mark.network, pytest.mark.contract]

BOARDS = ("ABA", "ABIM", "ABOHNS", "ABOS", "ABP", "ABPATH", "ABPMR", "ABS", "ABTS")
WAIT_SECONDS = 0.5
DAY = date(2026, 3, 10)
BROKEN = (zeep.exceptions.Error, requests.RequestException, etree.XMLSyntaxError)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """One record of one learner; the name and birthday are those of roster id 990001."""

    board_id: str
    reference: str = field(default_factory=lambda: f"r-{next(_numbers)}")
    given: str = "Ada"
    family: str = "Quimby-Torres"
    birthday: str = "02-29"
    activity: str = "202600001"

    @property
    def month(self) -> str:
        """The month of birth, two digits."""
        return self.birthday[:2]

    @property
    def day(self) -> str:
        """The day of birth, two digits."""
        return self.birthday[3:]


Told = list[tuple[str, str]]
"""References with a board's word for each."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one board is spoken to: report gives what was told, withdraw the references that had counted."""

    report: Callable[[Any, Sequence[Person]], Told]
    withdraw: Callable[[Any, str], bool]
    yes: str
    no: str
    single: bool = False


# --- the nine ways --------------------------------------------------------------------------------------


def _aba(service: Any, people: Sequence[Person]) -> Told:
    entries = [
        {
            "reference": one.reference,
            "Physician": {
                "AbaId": one.board_id,
                "Surname": one.family,
                "Forenames": one.given,
                "MonthOfBirth": int(one.month),
                "DayOfBirth": int(one.day),
            },
            "Course": {"CourseId": one.activity, "CourseName": "T", "OfferedBy": "0001234"},
            "PointType": "Patient Safety",
            "PointCount": "1.25",
            "EarnedOn": DAY,
        }
        for one in people
    ]
    answer = service.SubmitPoints(Entry=entries)
    rejected = {one.reference for one in answer.Rejection}
    if answer.Received != len(people) or answer.Credited + len(answer.Rejection) != len(people):
        return []
    assert all(one._value_1 for one in answer.Rejection), "a rejection has a reason"
    return [(one.reference, "no" if one.reference in rejected else "yes") for one in people]


def _abim(service: Any, people: Sequence[Person]) -> Told:
    records = [
        {
            "Reference": one.reference,
            "AbimId": one.board_id,
            "FirstName": one.given,
            "LastName": one.family,
            "Birthday": one.month + one.day,
            "ActivityId": one.activity,
            "ActivityTitle": "T",
            "ProviderId": "0001234",
            "CreditCode": "MK",
            "Points": "1.25",
            "CompletionDate": DAY,
        }
        for one in people
    ]
    with service._client.settings(raw_response=True):  # zeep takes any text for a boolean
        answer = _raw(service.ReportCredits(Record=records))
    return [(one[0].text, one[1].text) for one in answer]


def _raw(response: requests.Response) -> Any:
    response.raise_for_status()
    return etree.fromstring(response.content)[0][0]


def _abohns(service: Any, people: Sequence[Person]) -> Told:
    (one,) = people
    answer = service.Credit(
        reference=one.reference,
        abohnsId=one.board_id,
        given=one.given,
        family=one.family,
        birthday=f"{one.day}/{one.month}",
        activity=one.activity,
        title="T",
        provider="0001234",
        part="Patient Safety",
        credits="1.25",
        completed=DAY,
    )
    return [(answer.reference, answer.outcome)]


def _abos(service: Any, people: Sequence[Person]) -> Told:
    receipt = service.Deposit(
        credit=[
            {
                "abosId": one.board_id,
                "givenName": [one.given],
                "familyName": [one.family],
                "birthday": one.birthday,
                "activityNumber": one.activity,
                "activityTitle": "T",
                "provider": "0001234",
                "creditType": "Accredited CME",
                "quarterHours": 5,
                "completionDate": DAY,
                "yourReference": one.reference,
            }
            for one in people
        ]
    )
    answer = service.Collect(receiptNumber=receipt)
    return [(one.yourReference, one.granted) for one in answer.decision]


def _abp(service: Any, people: Sequence[Person]) -> Told:
    (one,) = people
    answer = service.ReportCompletion(
        Reference=one.reference,
        DiplomateId=one.board_id,
        GivenName=[one.given],
        FamilyName=[one.family],
        BirthMonth=int(one.month),
        BirthDay=int(one.day),
        ActivityId=one.activity,
        ActivityTitle="T",
        ProviderId="0001234",
        CreditType="Lifelong Learning and Self-Assessment",
        Points="1.25",
        CompletedOn=DAY,
    )
    return [(answer.Reference, answer.Decision or "")]


def _abpath(service: Any, people: Sequence[Person]) -> Told:
    items = [
        {
            "Key": one.reference,
            "AbpathId": one.board_id,
            "Name": f"{one.given} {one.family}",
            "BornOn": f"--{one.birthday}",
            "Activity": one.activity,
            "Title": "T",
            "ProviderId": "0001234",
            "Kind": "Self-Assessment",
            "Amount": "1.25",
            "Date": DAY,
        }
        for one in people
    ]
    answer = service.ReportItems(Item=items)
    credited = answer.Credited.Key if answer.Credited else []
    refused = [one.Key for one in answer.NotCredited.Refusal] if answer.NotCredited else []
    return [(key, "yes") for key in credited] + [(key, "no") for key in refused]


def _abpmr(service: Any, people: Sequence[Person]) -> Told:
    entries = [
        {
            "ref": one.reference,
            "activity": one.activity,
            "provider": "0001234",
            "type": "Self-Assessment",
            "minutes": 75,
            "Title": "T",
            "Diplomate": {
                "abpmrId": one.board_id,
                "birthMonth": int(one.month),
                "birthDay": int(one.day),
                "Given": one.given,
                "Family": one.family,
            },
            "CompletionDate": DAY,
        }
        for one in people
    ]
    answer = service.LogCredits(Entry=entries)
    told = list(answer.Standing)
    if answer.ReviewNumber:
        told += service.AskReview(ReviewNumber=answer.ReviewNumber).Standing
    return [(one.ref, one._value_1) for one in told]


def _abs(service: Any, people: Sequence[Person]) -> Told:
    ticket = service.SubmitCredits(
        Submission=[
            {
                "SubmissionRef": one.reference,
                "Surgeon": {
                    "absId": one.board_id,
                    "First": one.given,
                    "Last": one.family,
                    "BirthMonthDay": one.birthday.replace("-", "/"),
                },
                "Activity": {"id": one.activity, "provider": "0001234", "_value_1": "T"},
                "TypeCode": "SA",
                "Credits": "1.25",
                "Completed": DAY.strftime("%Y%m%d"),
            }
            for one in people
        ]
    )
    answer = service.FetchOutcomes(Ticket=ticket)
    assert (answer.State == "DONE") or not answer.Outcome
    return [(one.SubmissionRef, one.Status) for one in answer.Outcome]


def _abts(service: Any, people: Sequence[Person]) -> Told:
    (one,) = people
    answer = service.PostCredit(
        Reference=one.reference,
        Surgeon={
            "AbtsId": one.board_id,
            "FullName": f"{one.family}, {one.given}",
            "BirthDay": int(one.day),
            "BirthMonth": int(one.month),
        },
        Activity={"Number": one.activity, "Title": "T", "Provider": "0001234"},
        Category="Patient Safety",
        Hours="1.25",
        Completed=DAY,
    )
    assert bool(answer.Message) is (20 <= answer.Code < 50)
    words = {0: "posted", 1: "posted", **dict.fromkeys(range(20, 50), "not posted")}
    return [(answer.Reference, words.get(answer.Code, str(answer.Code)))]


WAYS = {
    "ABA": Way(_aba, lambda service, one: service.RevokePoints(Reference=one).Revoked, "yes", "no"),
    "ABIM": Way(
        _abim,
        lambda service, one: service.WithdrawCredits(Reference=[one]).Withdrawn == [one],
        "true",
        "false",
    ),
    "ABOHNS": Way(
        _abohns,
        lambda service, one: service.Cancel(reference=one).outcome == "cancelled",
        "yes",
        "no",
        single=True,
    ),
    "ABOS": Way(_abos, lambda service, one: service.Reclaim(yourReference=one).reclaimed == "Y", "Y", "N"),
    "ABP": Way(
        _abp,
        lambda service, one: service.WithdrawCompletion(Reference=one).Outcome == "Withdrawn",
        "Accepted",
        "Declined",
        single=True,
    ),
    "ABPATH": Way(_abpath, lambda service, one: service.DeleteItems(Key=[one]) == [one], "yes", "no"),
    "ABPMR": Way(
        _abpmr,
        lambda service, one: service.EraseCredits(Ref=[one]).Standing[0]._value_1 == "removed",
        "recorded",
        "refused",
    ),
    "ABS": Way(
        _abs,
        lambda service, one: service.RetractCredits(SubmissionRef=[one])[0].Status == "RETRACTED",
        "POSTED",
        "NOT POSTED",
    ),
    "ABTS": Way(
        _abts,
        lambda service, one: service.VoidCredit(Reference=one).Code in {0, 1},
        "posted",
        "not posted",
        single=True,
    ),
}


# --- the callers ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caller:
    """A plain zeep client of one board."""

    board: str
    service: Any
    boards: simulators.Boards

    @property
    def way(self) -> Way:
        """How this board is spoken to."""
        return WAYS[self.board]

    def report(self, *people: Person) -> Told:
        """Report, one a call where the board takes no more."""
        if self.way.single:
            return [told for one in people for told in self.way.report(self.service, [one])]
        return self.way.report(self.service, people)

    def verdict(self, one: Person) -> bool | None:
        """Whether a record was accepted; None where the answer does not say so, or says two things."""
        words = {word for reference, word in self.report(one) if reference == one.reference}
        known = {self.way.yes: True, self.way.no: False}
        return known.get(words.pop()) if len(words) == 1 else None

    def row(self, one: Person) -> dict[str, Any]:
        """What the ledger has of a record."""
        (row,) = (row for row in self.boards.ledger() if row["reference"] == one.reference)
        return row


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[simulators.Boards]:
    """The boards, with drips that end and a flood that is smaller."""
    folder: Path = tmp_path_factory.mktemp("boards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "DRIP_SECONDS", 0.0001)
        patch.setattr(wire, "HUGE_BYTES", 12 << 20)
        with simulators.serving(ledger=folder / "ledger.db") as boards:
            yield boards


@pytest.fixture(scope="module")
def connect(served: simulators.Boards) -> Iterator[Callable[[str], Caller]]:
    """A function that gives the caller of a board, made once from its served contract."""
    callers: dict[str, Caller] = {}
    session = requests.Session()

    def caller(board: str) -> Caller:
        if board not in callers:
            transport = zeep.Transport(session=session, timeout=5, operation_timeout=WAIT_SECONDS)
            settings = zeep.Settings(strict=True, forbid_dtd=True)
            client = zeep.Client(f"{served.url(board)}?wsdl", transport=transport, settings=settings)
            callers[board] = Caller(board, client.service, served)
        return callers[board]

    yield caller
    session.close()


@pytest.fixture(params=BOARDS)
def caller(request: pytest.FixtureRequest, connect: Callable[[str], Caller]) -> Caller:
    """Each board in turn."""
    return connect(request.param)


# --- what every board does ------------------------------------------------------------------------------


def test_the_contract_names_the_address_it_is_served_at(caller: Caller) -> None:
    """A client made from `?wsdl` calls back where it got it, and finds operations there."""
    assert caller.boards.url(caller.board) == caller.service._binding_options["address"]
    assert len(caller.service._operations) >= 2


def test_a_record_is_accepted_and_counts_once_however_often_it_comes(caller: Caller) -> None:
    """The same reference again: the same verdict, received twice, once effective."""
    one = Person("100001", activity="202600101")
    assert [True, True] == [caller.verdict(one), caller.verdict(one)]
    row = caller.row(one)
    assert (2, "accepted", True, 1) == (
        row["received"],
        row["verdict"],
        row["effective"],
        row["times_effective"],
    )


def test_the_same_credit_under_another_reference_is_a_duplicate(caller: Caller) -> None:
    """Until the first is withdrawn; withdrawn twice is withdrawn once."""
    first, second, third = (Person("100002", activity="202600102") for _ in range(3))
    assert [True, False] == [caller.verdict(first), caller.verdict(second)]
    assert [True, True] == [caller.way.withdraw(caller.service, first.reference) for _ in range(2)]
    assert caller.verdict(third) is True
    assert (False, 2, 1) == tuple(
        caller.row(first)[name] for name in ("effective", "withdrawals", "times_effective")
    )


def test_withdrawing_what_never_counted_changes_nothing(caller: Caller) -> None:
    """An unknown reference is said to be so, and one that was withdrawn first never counts."""
    one = Person("100003", activity="202600103")
    held = caller.way.withdraw(caller.service, one.reference)
    assert held is (caller.board == "ABPATH")  # its contract says of all that they do not count now
    assert caller.verdict(one) is False
    assert 0 == caller.row(one)["times_effective"]


def test_a_chunk_is_decided_record_by_record(caller: Caller) -> None:
    """Accepted and rejected beside one another, each under its own reference."""
    people = [Person(f"{number}", activity="202600104") for number in (100001, 900011, 100002, 900013)]
    told = dict(caller.report(*people))
    yes, no = caller.way.yes, caller.way.no
    assert [yes, no, yes, no] == [told[one.reference] for one in people]


@pytest.mark.parametrize(
    ("given", "family", "birthday", "accepted"),
    [
        ("Ada", "Quimby-Torres", "02-29", True),
        ("ADA", "Quimby-Tôrres", "02-29", True),
        ("Ida", "Quimby-Torres", "02-29", False),
        ("Ada", "Torres", "02-29", False),
        ("Ada", "Quimby-Torres", "02-28", False),
        ("Ada", "Quimby-Torres", "12-29", False),
    ],
)
def test_names_and_birthdays_of_the_roster_are_compared(
    caller: Caller, given: str, family: str, birthday: str, accepted: bool
) -> None:
    """Whatever the case and the accents; read from nine different forms of name and birthday."""
    one = Person("990001", given=given, family=family, birthday=birthday, activity=f"2026{next(_numbers):05}")
    assert caller.verdict(one) is accepted


def test_what_does_not_keep_the_contract_is_a_fault(caller: Caller) -> None:
    """A request without its content: a SOAP fault of the sender, which quotes nothing."""
    operation = sorted(caller.service._operations)[0]
    namespace = f"urn:cme-gateway:board:{caller.board.lower()}:1"
    body = (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation} xmlns="{namespace}"><Personal>Quimby</Personal></{operation}></s:Body></s:Envelope>'
    )
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    response = requests.post(caller.boards.url(caller.board), data=body, headers=headers, timeout=5)
    assert (500, True, False) == (
        response.status_code,
        "<faultcode>soap:Client</faultcode>" in response.text,
        "Quimby" in response.text,
    )


# --- the magic values -----------------------------------------------------------------------------------


def _fails_first(row: Magic) -> bool:
    """Whether a client that waits half a second is left without an answer at first."""
    dripped = row.mishap is Mishap.DRIP  # which ends, here
    return (row.mishap is not None and not dripped) or row.seconds > WAIT_SECONDS


@pytest.mark.parametrize("row", magic.TABLE, ids=lambda row: row.ending)
@pytest.mark.parametrize("board", ["ABIM", "ABA", "ABP", "ABS", "ABPMR"])
def test_a_magic_value_does_what_the_table_says(
    connect: Callable[[str], Caller], board: str, row: Magic
) -> None:
    """At first what the table names, in the end a verdict, and the ledger counts it once at most."""
    caller = connect(board)
    one = Person(f"9000{row.ending}", activity=f"2027{next(_numbers):05}")
    for _ in range(row.times if row.mishap or row.oddity or row.seconds else 0):
        _assert_first(caller, one, row)
    assert caller.verdict(one) is (row.reason is None)
    ledger = caller.row(one)
    assert (str(row.reason) if row.reason else None) == ledger["reason"]
    assert (0 if row.reason else 1) == ledger["times_effective"]


def _assert_first(caller: Caller, one: Person, row: Magic) -> None:
    tickets = caller.board in {"ABS", "ABPMR"} and row.seconds
    if _fails_first(row) and not tickets:
        with pytest.raises(BROKEN):
            caller.report(one)
    elif row.mishap is Mishap.DRIP:
        assert caller.verdict(one) is True
    else:
        assert caller.verdict(one) is None
    decided = row.seconds or row.oddity or row.mishap not in magic.UNDONE
    assert bool(decided) is (caller.row(one)["verdict"] == "accepted")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("row", [row for row in magic.TABLE if row.reason], ids=lambda row: row.ending)
def test_every_board_rejects_for_every_reason(
    connect: Callable[[str], Caller], board: str, row: Magic
) -> None:
    """Each in its own words and numbers."""
    caller = connect(board)
    assert caller.verdict(Person(f"B-9123{row.ending}", activity=f"2028{next(_numbers):05}")) is False


@pytest.mark.parametrize("oddity", list(Oddity))
@pytest.mark.parametrize("board", BOARDS)
def test_an_odd_answer_decides_nothing_and_the_next_one_does(
    connect: Callable[[str], Caller], board: str, oddity: Oddity
) -> None:
    """As far as a contract has room for it; those beside the odd one are answered well."""
    caller = connect(board)
    (row,) = (row for row in magic.TABLE if row.oddity is oddity)
    odd, beside = (
        Person(number, activity=f"2029{next(_numbers):05}") for number in (f"9000{row.ending}", "5")
    )
    told = caller.report(odd, beside)
    about = {word for reference, word in told if reference == odd.reference}
    assert about not in ({caller.way.yes}, {caller.way.no})
    if board != "ABA":  # which has only sums to be odd in
        assert (beside.reference, caller.way.yes) in told
    assert [True, True] == [caller.verdict(odd), caller.verdict(beside)]


def test_who_follows_a_redirect_is_counted(connect: Callable[[str], Caller]) -> None:
    """zeep does by default, and so is caught."""
    caller = connect("ABOS")
    before = caller.boards.told("ABOS")["strayed"]
    with pytest.raises(BROKEN):
        caller.report(Person("900042"))
    assert before + 1 == caller.boards.told("ABOS")["strayed"]


# --- the gateway's own adapters, at the same boards -------------------------------------------------------

WAITS = Waits(connect=1, read=WAIT_SECONDS, total=WAIT_SECONDS, bytes=1 << 20)


@pytest.fixture(scope="module")
def ask(served: simulators.Boards) -> Iterator[Callable[[Question], Reply]]:
    """The gateway's way to the boards, with a short patience; what a ticket is for is collected."""
    switchboard = Switchboard(served.urls(), WAITS)

    def asked(question: Question) -> Reply:
        reply = switchboard.ask(question)
        return switchboard.ask(replace(question, ticket=reply.ticket)) if reply.ticket else reply

    yield asked
    switchboard.close()


def question(board: str, errand: Errand, *people: Person) -> Question:
    """A chunk of claims on its way to a board."""
    credit_type = ADAPTERS[board].board.credit_types[0].name
    claims = tuple(
        Claim(
            reference=one.reference,
            board_id=one.board_id,
            given_names=(one.given,),
            family_names=(one.family,),
            birthday=one.birthday,
            provider_id="0001234",
            activity_id=one.activity,
            activity_title="T <&>",
            credit_type=credit_type,
            amount=Decimal("1.25"),
            completed_on=DAY,
        )
        for one in people
    )
    since = datetime(2026, 3, 10, tzinfo=UTC)
    return Question(id="q", board=board, errand=errand, attempt=1, since=since, claims=claims)


@pytest.mark.slow
@pytest.mark.parametrize("row", magic.TABLE, ids=lambda row: row.ending)
@pytest.mark.parametrize("board", BOARDS)
def test_an_adapter_gets_the_right_verdict_in_the_end(
    served: simulators.Boards, ask: Callable[[Question], Reply], board: str, row: Magic
) -> None:
    """Whatever happens at first: no wrong verdict is taken, the right one is at last, for the magic
    learner and for the one beside it, and each credit counts once; and then it can be withdrawn."""
    magical, beside = (
        Person(number, activity=f"2030{next(_numbers):05}") for number in (f"9000{row.ending}", "1")
    )
    expected = {magical.reference: row.reason is None, beside.reference: True}
    decided: dict[str, bool] = {}
    for _ in range(row.times + 2):
        try:
            reply = ask(question(board, Errand.REPORT, magical, beside))
        except BoardUnavailable:
            continue
        told = {verdict.reference: verdict.accepted for verdict in reply.verdicts}
        assert told.items() <= expected.items()
        decided |= told
    assert expected == decided
    rows = {entry["reference"]: entry["times_effective"] for entry in served.ledger()}
    assert {name: int(accepted) for name, accepted in expected.items()} == {
        name: rows[name] for name in expected
    }
    withdrawn = ask(question(board, Errand.WITHDRAW, magical, beside))
    assert dict.fromkeys(expected, True) == {one.reference: one.accepted for one in withdrawn.verdicts}
    assert not any(entry["effective"] for entry in served.ledger() if entry["reference"] in expected)
